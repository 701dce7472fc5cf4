"""One life of a worker under one id: its core, its spool, its processes, its peers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IAddress
from twisted.logger import Logger
from twisted.python.failure import Failure

from pyfora.cluster.events import (
    DropParcel,
    DropPeer,
    Effect,
    EndWorker,
    Event,
    FetchParcel,
    JoinPeer,
    KillProcess,
    Log,
    Measured,
    ParcelArrived,
    ParcelMissed,
    StartAgain,
    StartProcess,
    StopDaemon,
    StopRequested,
    StoreParcel,
    TellProcess,
    Transmit,
)
from pyfora.configuration.config import Config
from pyfora_twisted.measuring import descendants, directory_bytes, free_bytes, memory_bytes
from pyfora_twisted.metering import Meter
from pyfora_twisted.processes import Processes
from pyfora_twisted.spool import Spool, make_worker_spool
from pyfora_twisted.tls import Tls
from pyfora_twisted.versions import PYFORA_VERSION, PYTHON_VERSION, new_id

_log = Logger()


@dataclass(frozen=True)
class Place:
    """Where a worker is, whatever its id."""

    host: str
    base_port: int
    manager_host: str
    manager_port: int
    libm_fingerprint: str


class Identity:
    """Made with its processes already starting; `begin` gives it a core, `end` leaves nothing of it."""

    def __init__(self, reactor: Any, config: Config, worker_id: str, spool: Spool, processes: Processes) -> None:
        self._reactor = reactor
        self._config = config
        self.worker_id = worker_id
        self._spool = spool
        self._processes = processes
        self.watch: Callable[[Event], None] | None = None
        """Is told of every event after the core."""
        self.has_begun = False

    def begin(
        self,
        place: Place,
        tls: Tls,
        start_again: Callable[[StartAgain], None],
        stop_daemon: Callable[[StopDaemon], None],
        end_worker: Callable[[EndWorker], None],
        ending: Any,
    ) -> None:
        """Think and connect."""
        # Imported here, so that an embedded cluster's fork server is on its way before them.
        from pyfora.cluster.worker import Worker
        from pyfora_twisted.amp.control import HomeLinks, control_factory
        from pyfora_twisted.amp.peers import Peers
        from pyfora_twisted.amp.registry import ManagerLink
        from pyfora_twisted.data.client import DataClient
        from pyfora_twisted.data.server import data_factory
        from pyfora_twisted.driver import Driver
        from pyfora_twisted.logs import CoreLog

        config, reactor = self._config, self._reactor
        core = Worker(
            self.worker_id,
            place.host,
            place.base_port,
            config.cores,
            PYFORA_VERSION,
            PYTHON_VERSION,
            place.libm_fingerprint,
        )
        core_log = CoreLog("pyfora.worker", config.log_level, self.worker_id)
        self._peers = Peers(self._happened)
        to_workers = tls.calling("worker", "worker")
        self._homes = HomeLinks(self._peers, self._happened, self.worker_id, config.token, reactor, to_workers)
        self._manager = ManagerLink(
            self._peers,
            self.worker_id,
            config.token,
            reactor,
            place.manager_host,
            place.manager_port,
            tls.calling("worker", "manager"),
        )
        self._data = DataClient(reactor, config.token, to_workers)
        self._control_factory = control_factory(self._peers, self.worker_id, config.token, reactor)
        self._data_factory = data_factory(self._spool, config.token, reactor, lambda: core.ready)
        performers: dict[type[Effect], Callable[[Any], None]] = {
            Transmit: self._peers.transmit,
            DropPeer: self._homes.drop,
            DropParcel: lambda effect: self._spool.drop(effect.name),
            Log: core_log.write,
            StartProcess: self._processes.start_process,
            KillProcess: self._processes.kill_process,
            TellProcess: self._processes.tell_process,
            StoreParcel: self._store,
            FetchParcel: self._fetch,
            JoinPeer: self._homes.join,
            StartAgain: start_again,
            StopDaemon: stop_daemon,
            EndWorker: end_worker,
        }
        self.driver = Driver(core, performers, reactor, lambda reason: ending.fail(f"the worker: {reason}"))
        self._processes.happened = self._happened
        self.has_begun = True
        self._happened_first()
        self._manager.start()

    def leave(self) -> None:
        """Have it take its leave; `end_worker` is called when it has."""
        self._happened(StopRequested())

    def end(self) -> Deferred[None]:
        """Stop thinking, part from everybody, end all processes, delete the spool."""
        stopping: list[Any] = []
        if self.has_begun:
            self.driver.stop()
            self._peers.closed = True
            stopping += [*self._homes.stop(), self._manager.stop()]
            self._peers.close()
        stopping.append(self._processes.stop())
        ended: Deferred[None] = Deferred()

        def remove(_: object) -> None:
            self._spool.remove()
            ended.callback(None)

        DeferredList(stopping, consumeErrors=True).addCallback(remove)
        return ended

    def measure(self, meters: Mapping[str, Meter]) -> None:
        """Tell the core of memory, spool and ports."""
        if not self.has_begun:
            return
        pid, directory = os.getpid(), self._spool.directory
        figures: dict[str, float] = {
            "memory_bytes": memory_bytes(pid),
            "processes_memory_bytes": sum(map(memory_bytes, descendants(pid))),
            "spool_bytes": directory_bytes(directory),
            "spool_free_bytes": free_bytes(directory),
        }
        for name, meter in meters.items():
            figures[f"{name}_received_bytes"] = meter.received_bytes
            figures[f"{name}_sent_bytes"] = meter.sent_bytes
            figures[f"{name}_connections"] = meter.connections
        self._happened(Measured(figures))

    def build_control(self, address: IAddress | None) -> Any:
        """What is behind the door of the control port."""
        return self._control_factory.build_inner(address)

    def build_data(self, address: IAddress | None) -> Any:
        """What is behind the door of the data port."""
        return self._data_factory.build_inner(address)

    def _happened(self, event: Event) -> None:
        self.driver.happened(event)
        if self.watch is not None:
            self.watch(event)

    def _happened_first(self) -> None:
        """A core says what it wants (its first processes) when it is driven for the first time."""
        from pyfora.cluster.events import Ticked

        self._happened(Ticked())

    def _store(self, effect: StoreParcel) -> None:
        try:
            self._spool.write(effect.name, effect.data)
        except OSError as error:
            # Whoever is told to read it says so, and its program is tried elsewhere; the worker lives.
            _log.error("Parcel {name} could not be stored: {error}", name=effect.name, error=error)

    def _fetch(self, effect: FetchParcel) -> None:
        from pyfora_twisted.data.client import SpoolSink

        sink = SpoolSink(self._spool, effect.name, effect.size_bytes)
        fetched = self._data.fetch(effect.host, effect.base_port, effect.name, sink)

        def failed(failure: Failure) -> None:
            self._happened(ParcelMissed(effect.name, failure.getErrorMessage()))

        fetched.addCallbacks(lambda _: self._happened(ParcelArrived(effect.name)), failed)


def prepare(reactor: Any, config: Config) -> Identity:
    """A new identity, whose fork server is starting. Raises OSError."""
    worker_id = new_id()
    spool = make_worker_spool(worker_id, config.data_dir, limit_bytes=config.disk_bytes)
    cache = config.data_dir / "cache"
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    processes = Processes(reactor, lambda event: None, spool.directory, cache, config.memory_bytes)
    try:
        processes.start()
    except BaseException:
        spool.remove()
        raise
    return Identity(reactor, config, worker_id, spool, processes)
