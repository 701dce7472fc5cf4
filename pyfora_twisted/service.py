"""What `twistd pyfora` runs: a manager, a worker, or both."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.application.service import MultiService, Service
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from pyfora.configuration.config import Config
from pyfora_twisted.ending import CannotStart, Ending
from pyfora_twisted.logs import LogDirectory, daemon_name
from pyfora_twisted.options import Options
from pyfora_twisted.pulse import Part, Pulse
from pyfora_twisted.systemd import Supervision, take_supervision
from pyfora_twisted.tls import Tls, read_tls

__all__ = ["Options", "makeService"]
_log = Logger()
OPEN_FILES_WANTED = 16_384
USUAL_DIRECTORY = Path("/var/ufora")


class DaemonService(MultiService):
    """The daemon's services; one that cannot start ends it with one line and status 1."""

    def __init__(
        self, reactor: Any, config: Config, supervision: Supervision, tls: Tls, notices: tuple[str, ...]
    ) -> None:
        super().__init__()
        self._tls = tls
        self._notices = notices
        self._reactor = reactor
        self._config = config
        self._supervision = supervision
        self._notifier = supervision.notifier
        self.parts: list[Part] = []
        self.leave: Callable[[], Deferred[None]] | None = None
        """What is done before the end where there is time; None: nothing."""
        self._is_leaving = False
        self._pulse: Pulse | None = None

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
            about = _about_the_usual_directory(config.data_dir)
            for notice in (*config.notices, *self._notices, *about):
                _log.warn("{notice}", notice=notice)
            super().startService()
        except CannotStart as error:
            _log.critical("{error}", error=error)
            raise SystemExit(1) from None
        self._reactor.callWhenRunning(self._running)

    def stopService(self) -> Any:
        """Stop the services; systemd is told."""
        self._notifier.stopping("closing")
        if self._pulse is not None:
            self._pulse.stop()
        return super().stopService()

    def _running(self) -> None:
        signal.signal(signal.SIGTERM, self._from_signal(self._asked_to_stop))
        if self._notifier.is_heard:
            self._pulse = Pulse(self._reactor, self.parts, self._supervision)
            self._pulse.start()
            # Without a service manager SIGHUP means that the terminal was closed, and ends the daemon as ever.
            signal.signal(signal.SIGHUP, self._from_signal(self._asked_to_reload))

    def _from_signal(self, act: Callable[[], None]) -> Callable[..., None]:
        # Twisted's own handler would have twistd die of the signal: an orderly end is status 0.
        return lambda *_: self._reactor.callFromThread(act)

    def _asked_to_stop(self) -> None:
        """The first time there is time to take leave; the second time there is none."""
        if self.leave is None or self._is_leaving:
            self._stop_reactor()
            return
        self._is_leaving = True
        _log.info("Asked to stop: finishing or handing back what is under way")
        self._notifier.stopping("finishing or handing back what is under way")
        self.leave().addCallback(lambda _: self._stop_reactor())

    def _asked_to_reload(self) -> None:
        is_ready = self._pulse is not None and self._pulse.was_ready
        if is_ready:
            self._notifier.reloading()
        self._logs.reopen()
        _log.info("The log was opened anew")
        self._renew_certificates()
        if is_ready:
            self._notifier.ready()

    def _renew_certificates(self) -> None:
        if self._config.tls_dir is None:
            return
        try:
            found, notices = read_tls(self._config)
        except CannotStart as error:
            _log.error("The certificates from before stay in use. {error}", error=error)
            return
        self._tls.renew(found)
        _log.info("The certificates were read anew, for connections from now on")
        for notice in notices:
            _log.warn("{notice}", notice=notice)

    def _stop_reactor(self) -> None:
        if self._reactor.running:
            self._reactor.stop()


def _about_the_usual_directory(data_dir: Path) -> list[str]:
    """What to say where /var/ufora is there (a volume that somebody has mounted), and is not what is used."""
    if data_dir == USUAL_DIRECTORY or not USUAL_DIRECTORY.is_dir() or os.environ.get("UFORA_DATA_DIR"):
        return []
    return [
        f"{USUAL_DIRECTORY} cannot be written by user {os.getuid()}: logs, journal and cache go to {data_dir}. "
        f"To keep them there, give it to that user: chown {os.getuid()} DIRECTORY."
    ]


def makeService(options: Options) -> Service:
    """twistd asks for this."""
    from twisted.internet import reactor

    return make_daemon(reactor, options.config, take_supervision(os.environ))


def _allow_open_files() -> None:
    """Each connection is an open file, and a login's usual limit is less than the ports let in."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def make_daemon(reactor: Any, config: Config, supervision: Supervision) -> DaemonService:
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
    daemon = DaemonService(reactor, config, supervision, tls, notices)
    ending = Ending(reactor)
    manager = None
    if config.run_manager:
        from pyfora_twisted.manager_service import ManagerService

        manager = ManagerService(reactor, config, ending, tls, http_socket=supervision.sockets.get("http"))
        manager.setServiceParent(daemon)
        daemon.parts.append(manager)
    if config.run_worker:
        from pyfora_twisted.worker_service import WorkerService

        def manager_port() -> int:
            return manager.registry_port if manager is not None else config.manager_port

        worker = WorkerService(reactor, config, ending, manager_port, tls)
        worker.setServiceParent(daemon)
        daemon.parts.append(worker)
        daemon.leave = worker.leave
    return daemon
