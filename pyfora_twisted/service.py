"""What `twistd pyfora` runs: a manager, a worker, or both."""

from __future__ import annotations

import os
import resource
import signal
import sys
from typing import Any

from twisted.application.service import MultiService, Service
from twisted.logger import Logger

from pyfora.configuration.config import Config
from pyfora_twisted.ending import CannotStart, Ending
from pyfora_twisted.logs import LogDirectory, daemon_name
from pyfora_twisted.options import Options
from pyfora_twisted.tls import read_tls

__all__ = ["Options", "makeService"]
_log = Logger()
OPEN_FILES_WANTED = 16_384


class DaemonService(MultiService):
    """The daemon's services; one that cannot start ends it with one line and status 1."""

    def __init__(self, reactor: Any, config: Config, notices: tuple[str, ...]) -> None:
        super().__init__()
        self._notices = notices
        self._reactor = reactor
        self._config = config

    def startService(self) -> None:
        """Start the log, then the services in order."""
        config = self._config
        try:
            try:
                config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._logs = LogDirectory(config.data_dir, daemon_name(config), config.log_level, config.log_format)
            except OSError as error:
                raise CannotStart(
                    f"The data directory {config.data_dir} cannot be used ({error.strerror or error}): "
                    "set UFORA_DATA_DIR to one that can be written."
                ) from None
            for notice in (*config.notices, *self._notices):
                _log.warn("{notice}", notice=notice)
            super().startService()
            self._reactor.callWhenRunning(signal.signal, signal.SIGTERM, self._asked_to_stop)
        except CannotStart as error:
            _log.critical("{error}", error=error)
            raise SystemExit(1) from None

    def _asked_to_stop(self, *_: object) -> None:
        # Twisted's own handler would have twistd die of the signal: an orderly end is status 0.
        self._reactor.callFromThread(self._stop_reactor)

    def _stop_reactor(self) -> None:
        if self._reactor.running:
            self._reactor.stop()


def makeService(options: Options) -> Service:
    """twistd asks for this."""
    from twisted.internet import reactor

    return make_daemon(reactor, options.config)


def _allow_open_files() -> None:
    """Each connection is an open file, and a login's usual limit is less than the ports let in."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def make_daemon(reactor: Any, config: Config) -> DaemonService:
    """The services that this configuration asks for. Raises SystemExit, with a line, where its certificates are bad."""
    try:
        tls, notices = read_tls(config)
    except CannotStart as error:
        # A log is not there yet.
        print(f"pyfora: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    _allow_open_files()
    # Programs, values and logs are nobody else's on this machine, whatever the data directory's own mode.
    os.umask(0o077)
    daemon = DaemonService(reactor, config, notices)
    ending = Ending(reactor)
    manager = None
    if config.run_manager:
        from pyfora_twisted.manager_service import ManagerService

        manager = ManagerService(reactor, config, ending, tls)
        manager.setServiceParent(daemon)
    if config.run_worker:
        from pyfora_twisted.worker_service import WorkerService

        def manager_port() -> int:
            return manager.registry_port if manager is not None else config.manager_port

        WorkerService(reactor, config, ending, manager_port, tls).setServiceParent(daemon)
    return daemon
