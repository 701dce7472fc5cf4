"""Where the daemon's log goes, and how a core's lines get into it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO, cast

from twisted.logger import (
    FileLogObserver,
    FilteringLogObserver,
    ILogObserver,
    Logger,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogPublisher,
)
from twisted.python.logfile import LogFile

from pyfora.cluster.events import Log
from pyfora.configuration.config import Config, read_config
from pyfora.configuration.reading import ConfigError
from pyfora_twisted.log_lines import FIELDS, FORMATS

ROTATE_BYTES = 10 * 1024 * 1024
FILES_KEPT = 5


def filtered(stream: object, level: str, log_format: str = "text", daemon: str = "") -> ILogObserver:
    """An observer that writes lines of at least this level to `stream`; `daemon` names this one in each JSON line."""
    form = FORMATS[log_format]

    def line(event: Any) -> str | None:
        return form(event, daemon)

    predicate = LogLevelFilterPredicate(LogLevel.levelWithName(level))
    observer: ILogObserver = FilteringLogObserver(FileLogObserver(cast(TextIO, stream), line), [predicate])
    return observer


def to_terminal() -> ILogObserver:
    """For `twistd --logger=pyfora_twisted.logs.to_terminal`: stdout in the format and of the level that is configured.

    twistd's own logger writes text of every level. Raises SystemExit where the configuration is none.
    """
    config = configured()
    return filtered(sys.stdout, config.log_level, config.log_format, daemon_name(config))


def configured() -> Config:
    """What the environment says, before twistd reads it. Raises SystemExit, with a line, where it is bad."""
    try:
        return read_config(os.environ)
    except ConfigError as error:
        print(f"pyfora: {error}", file=sys.stderr)
        raise SystemExit(1) from None


def daemon_name(config: Config) -> str:
    """What this daemon is called in its log's file name and lines."""
    return "manager" if config.run_manager else f"worker-{config.base_port}"


class _Lines:
    """A log file that may be full: what cannot be written is counted and dropped, and said once on the terminal.

    Raising was the rejected way: Twisted would report each failed line, at length, to every other observer.
    """

    def __init__(self, file: LogFile, log_format: str, daemon: str) -> None:
        self._file = file
        self._form = FORMATS[log_format]
        self._daemon = daemon
        self._dropped = 0

    def write(self, text: str) -> None:
        """A line, or how many are missing before it."""
        try:
            if self._dropped:
                self._file.write(self._gap())
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            if not self._dropped:
                print(
                    f"pyfora: the log {self._file.path} cannot be written ({error.strerror}); lines are dropped until "
                    "there is room",
                    file=sys.stderr,
                    flush=True,
                )
            self._dropped += 1
        else:
            self._dropped = 0

    def flush(self) -> None:
        """Every line is flushed already."""

    def _gap(self) -> str:
        told = {"log_time": time.time(), "log_level": LogLevel.warn, "log_namespace": "pyfora_twisted.logs"}
        text = {"log_format": "{dropped} lines could not be written here", "dropped": self._dropped}
        return self._form({**told, **text}, self._daemon) or ""


class LogDirectory:
    """DATA_DIR/logs: a file for this kind of daemon, turned over when it is full."""

    def __init__(self, data_dir: Path, name: str, level: str, log_format: str) -> None:
        directory = data_dir / "logs"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = LogFile(f"{name}.log", str(directory), rotateLength=ROTATE_BYTES, maxRotatedFiles=FILES_KEPT)
        self._observer = filtered(_Lines(self._file, log_format, name), level, log_format, name)
        globalLogPublisher.addObserver(self._observer)

    def reopen(self) -> None:
        """Go on in a file of the same name: another program may have moved the old one away."""
        self._file.reopen()

    def close(self) -> None:
        """Write no more."""
        globalLogPublisher.removeObserver(self._observer)
        self._file.close()


class CoreLog:
    """Performs `Log`."""

    def __init__(self, namespace: str, level: str, own_id: str) -> None:
        """`own_id`: of the manager or worker whose lines these are; `by` in each JSON line."""
        self._logger = Logger(namespace)
        self._least = LogLevel.levelWithName(level)
        self._own_id = own_id

    def write(self, effect: Log) -> None:
        """Write a line; its fields follow the text."""
        level = LogLevel.levelWithName(effect.level)
        if level < self._least:
            return
        fields = " ".join(f"{key}={value}" for key, value in effect.fields.items())
        told = {FIELDS: {"by": self._own_id, **effect.fields}}
        self._logger.emit(
            level, "{text}{gap}{fields}", text=effect.text, gap=" " if fields else "", fields=fields, **told
        )
