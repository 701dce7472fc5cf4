"""Where the daemon's log goes, and how a core's lines get into it."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO, cast

from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    Logger,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogPublisher,
    textFileLogObserver,
)
from twisted.python.logfile import LogFile

from pyfora.cluster.events import Log

ROTATE_BYTES = 10 * 1024 * 1024
FILES_KEPT = 5


def filtered(stream: object, level: str) -> ILogObserver:
    """An observer that writes lines of at least this level to `stream`."""
    predicate = LogLevelFilterPredicate(LogLevel.levelWithName(level))
    observer: ILogObserver = FilteringLogObserver(textFileLogObserver(cast(TextIO, stream)), [predicate])
    return observer


class LogDirectory:
    """DATA_DIR/logs: a file for this kind of daemon, turned over when it is full."""

    def __init__(self, data_dir: Path, name: str, level: str) -> None:
        directory = data_dir / "logs"
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = LogFile(f"{name}.log", str(directory), rotateLength=ROTATE_BYTES, maxRotatedFiles=FILES_KEPT)
        self._observer = filtered(self._file, level)
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

    def __init__(self, namespace: str, level: str) -> None:
        self._logger = Logger(namespace)
        self._least = LogLevel.levelWithName(level)

    def write(self, effect: Log) -> None:
        """Write a line; its fields follow the text."""
        level = LogLevel.levelWithName(effect.level)
        if level < self._least:
            return
        fields = " ".join(f"{key}={value}" for key, value in effect.fields.items())
        gap = " " if fields else ""
        self._logger.emit(
            level, "{text}{gap}{fields}", text=effect.text, gap=gap, fields=fields, core_fields=effect.fields
        )
