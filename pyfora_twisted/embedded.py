"""A private cluster in one process, for the client that started it: `python -m pyfora_twisted.embedded --data-dir DIR`.

The first line on stdin is the token; one JSON line `{"http_port": n}` on stdout says that it takes work. It ends, with
all its processes and files, when stdin does.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from pyfora.configuration.config import LOOPBACK, Config

_TOKEN_LINE_LIMIT_BYTES = 4096


class StandardInput:
    """Watches stdin: its end is ours."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._stopped = False

    def fileno(self) -> int:
        """Of stdin."""
        return 0

    def doRead(self) -> None:
        """Something is there: nothing, at the end."""
        if not os.read(0, 4096):
            self._reactor.removeReader(self)
            self._stop()

    def connectionLost(self, reason: Any) -> None:
        """The reactor saw that the pipe was hung up, before it asked us to read; or it is stopping."""
        self._stop()

    def _stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            if self._reactor.running:
                self._reactor.stop()

    def stopping(self) -> None:
        """The reactor stops for another reason."""
        self._stopped = True

    def logPrefix(self) -> str:
        """For Twisted's log."""
        return "stdin"


def read_token() -> bytes:
    """The first line of stdin, without reading beyond it."""
    token = b""
    while len(token) < _TOKEN_LINE_LIMIT_BYTES:
        byte = os.read(0, 1)
        if not byte:
            raise SystemExit("the token, one line on stdin, did not come")
        if byte == b"\n":
            return token.strip()
        token += byte
    raise SystemExit("the token's line is too long")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="A private pyfora cluster; pyfora.connect() starts it.")
    parser.add_argument("--data-dir", required=True, type=Path)
    directory: Path = parser.parse_args().data_dir.absolute()
    config = Config(
        run_manager=True,
        run_worker=True,
        manager_address=LOOPBACK,
        manager_port=0,
        http_port=0,
        own_address=LOOPBACK,
        base_port=0,
        bind_address=LOOPBACK,
        data_dir=directory,
        cores=len(os.sched_getaffinity(0)),
        token=read_token(),
        log_level="warn",
        notices=(),
    )
    try:
        run(config)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def run(config: Config) -> None:
    """Until stdin ends."""
    # Twisted would load OpenSSL (45 ms, 12 MB), for which a cluster on loopback with a token of its own has no use.
    sys.modules.setdefault("OpenSSL", cast(ModuleType, None))
    from twisted.internet import reactor as _reactor

    from pyfora_twisted.identity import prepare

    reactor: Any = _reactor
    # First of all: the fork server needs longest, and loads while we do.
    identity = prepare(reactor, config)

    from twisted.logger import globalLogBeginner

    from pyfora.cluster.events import Event, PeerJoined, ProcessStarted
    from pyfora_twisted.ending import CannotStart, Ending
    from pyfora_twisted.logs import filtered
    from pyfora_twisted.manager_service import ManagerService
    from pyfora_twisted.spool import remove_orphans
    from pyfora_twisted.worker_service import WorkerService

    globalLogBeginner.beginLoggingTo([filtered(sys.stderr, config.log_level)], redirectStandardIO=False)
    ending = Ending(reactor)
    manager = ManagerService(reactor, config, ending, durable=False)
    worker = WorkerService(reactor, config, ending, lambda: manager.registry_port, identity=identity)
    started = said = False

    def look() -> None:
        nonlocal said
        if started and not said and manager.driver.core.snapshot()["workers"]:
            said = True
            identity.watch = None
            os.write(1, json.dumps({"http_port": manager.http_port}).encode() + b"\n")

    def watch(event: Event) -> None:
        nonlocal started
        started = started or isinstance(event, ProcessStarted)
        if isinstance(event, (ProcessStarted, PeerJoined)) or started:
            look()

    identity.watch = watch
    try:
        manager.startService()
        worker.startService()
    except CannotStart as error:
        identity.end()
        raise SystemExit(str(error)) from None
    stdin = StandardInput(reactor)
    reactor.addSystemEventTrigger("before", "shutdown", stdin.stopping)
    reactor.addSystemEventTrigger("before", "shutdown", worker.stopService)
    reactor.addSystemEventTrigger("before", "shutdown", manager.stopService)
    reactor.addReader(stdin)
    reactor.callLater(0, remove_orphans, config.data_dir)
    reactor.run()


if __name__ == "__main__":
    main()
