"""A manager: its core, and the ports, the journal and the store around it."""

from __future__ import annotations

import fcntl
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import DeferredList
from twisted.logger import Logger
from twisted.python.failure import Failure

from pyfora.certificates.roles import Role
from pyfora.cluster.events import (
    DropKernel,
    DropParcel,
    DropPeer,
    Effect,
    Forget,
    JournaledProgram,
    JournalRead,
    KeepKernel,
    KernelsRead,
    Log,
    ParcelPushed,
    ParcelPushFailed,
    PushParcel,
    Record,
    TellClient,
    Transmit,
    ValueFound,
    ValueMissed,
)
from pyfora.cluster.manager import Manager
from pyfora.configuration.config import Config
from pyfora.limits import DISK_SPARE_BYTES
from pyfora.wire.messages import SubmitProgram
from pyfora_twisted.admission import guarded
from pyfora_twisted.amp.peers import Peers, settled
from pyfora_twisted.amp.registry import registry_factory
from pyfora_twisted.data.client import DataClient
from pyfora_twisted.driver import Driver
from pyfora_twisted.ending import CannotStart, Ending
from pyfora_twisted.journal import Journal
from pyfora_twisted.kernel_store import KernelStore
from pyfora_twisted.listening import adopt, listen
from pyfora_twisted.logs import CoreLog
from pyfora_twisted.measuring import free_bytes
from pyfora_twisted.metering import Meter
from pyfora_twisted.spool import Spool
from pyfora_twisted.tls import PLAIN, Tls
from pyfora_twisted.versions import PYFORA_VERSION, PYTHON_VERSION, new_id
from pyfora_twisted.web.gate import Gate
from pyfora_twisted.web.health import Health
from pyfora_twisted.web.metrics import Sources
from pyfora_twisted.web.sessions import Sessions
from pyfora_twisted.web.site import make_site
from pyfora_twisted.web.values import Values

_log = Logger()


class ManagerService(Service):
    """Listens on the registry port and the HTTP port; `registry_port` and `http_port` are known once it is started."""

    def __init__(
        self,
        reactor: Any,
        config: Config,
        ending: Ending,
        tls: Tls = PLAIN,
        durable: bool = True,
        http_socket: int | None = None,
    ) -> None:
        """`http_socket`: a listening socket for the HTTP port, where a service manager has opened it."""
        self._reactor = reactor
        self._tls = tls
        self._config = config
        self._durable = durable
        self._http_socket = http_socket
        self._listens = False
        self.manager_id = new_id()
        self._data = DataClient(reactor, config.token, tls.calling("manager", "worker"))
        self._core = Manager(self.manager_id, PYFORA_VERSION, PYTHON_VERSION)
        self._ports: dict[str, Any] = {}
        self.driver = Driver(
            self._core, self._performers(), reactor, lambda reason: ending.fail(f"the manager: {reason}")
        )
        self._peers = Peers(self.driver.happened)
        self._core_log = CoreLog("pyfora.manager", config.log_level, self.manager_id)

    def startService(self) -> None:
        """Open the store and the journal, then the ports. Raises CannotStart."""
        super().startService()
        config = self._config
        directory = config.data_dir
        try:
            self._lock()
            self._store = Spool(directory / "parcels")
            self._kernels = KernelStore(directory / "kernels")
            kernels = self._kernels.read()
            self._journal = Journal(directory / "journal.sqlite", self._durable)
        except OSError as error:
            raise CannotStart(
                f"The data directory {directory} cannot be used ({error.strerror or error}): "
                "set UFORA_DATA_DIR to one that can be written."
            ) from None
        self._sessions = Sessions(
            self._reactor, self.driver.happened, self._store, PYFORA_VERSION, PYTHON_VERSION, self._no_room
        )
        self._values = Values(self.driver.happened, self._data)
        registry = registry_factory(self._peers, self.manager_id, config.token, self._reactor)
        meters = {"registry": Meter(), "HTTP": Meter()}
        sources = Sources(self._core, self.driver, self._journal, self._store, meters)
        health = Health(self.driver, self._ports, self._journal.fault)
        gate = Gate(config.token, config.host_names, self._reactor.seconds)
        site = make_site(sources, health, self._sessions, self._values, gate, bool(config.token), self._reactor)
        handed_over = {"HTTP": self._http_socket}
        for number, factory, callers, name, variable in _doors(config, registry, site):
            what = f"{name} port"
            secured = self._tls.listening("manager", callers, factory, self._reactor)
            opened = guarded(secured, what, self._reactor, meters[name])
            descriptor = handed_over.get(name)
            self._ports[name] = (
                listen(self._reactor, number, opened, config.bind_address, what, variable)
                if descriptor is None
                else adopt(self._reactor, descriptor, opened, what)
            )
        self.registry_port, self.http_port = (port.getHost().port for port in self._ports.values())
        programs = self._journal.read()
        self._tidy(programs)
        self.driver.happened(JournalRead(programs))
        self.driver.happened(KernelsRead(kernels))
        self._listens = True
        _log.info(
            "Manager {id} is ready: clients connect to {scheme}://{host}:{http}, workers to port {registry}",
            id=self.manager_id,
            scheme=self._tls.scheme,
            host=config.bind_address,
            http=self.http_port,
            registry=self.registry_port,
        )

    def turns(self) -> int:
        """How many events its driver has dealt with."""
        return self.driver.turns

    def is_ready(self) -> bool:
        """Whether its ports listen and its journal is read."""
        return self._listens

    def status(self) -> str:
        """One line: workers, cores, blocks."""
        seen = self.driver.core.snapshot()
        blocks = sum(1 for program in seen["programs"] if program["state"] != "ended")
        return f"{len(seen['workers'])} workers with {seen['cores']} cores, {blocks} blocks under way"

    def stopService(self) -> Any:
        """Close everything."""
        super().stopService()
        self._listens = False
        self.driver.stop()
        self._sessions.close()
        stopping = [settled(port.stopListening()) for port in self._ports.values()]
        self._peers.close()
        self._journal.close()
        self._lock_file.close()
        return DeferredList(stopping)

    def _performers(self) -> dict[type[Effect], Any]:
        return {
            Transmit: lambda effect: self._peers.transmit(effect),
            DropPeer: lambda effect: self._peers.drop(effect),
            DropParcel: lambda effect: self._store.drop(effect.name),
            Log: lambda effect: self._core_log.write(effect),
            TellClient: lambda effect: self._sessions.tell(effect),
            PushParcel: self._push,
            Record: lambda effect: self._journal.record(effect),
            Forget: lambda effect: self._journal.forget(effect),
            KeepKernel: lambda effect: self._kernels.keep(effect),
            DropKernel: lambda effect: self._kernels.drop(effect),
            ValueFound: lambda effect: self._values.found(effect),
            ValueMissed: lambda effect: self._values.missed(effect),
        }

    def _push(self, effect: PushParcel) -> None:
        pushed = self._data.push(effect.host, effect.base_port, effect.name, self._store.path(effect.name))

        def failed(failure: Failure) -> None:
            self.driver.happened(ParcelPushFailed(effect.worker_id, effect.name, failure.getErrorMessage()))

        pushed.addCallbacks(lambda _: self.driver.happened(ParcelPushed(effect.worker_id, effect.name)), failed)

    def _no_room(self, program_id: str) -> str:
        """Before a block is acknowledged: what was accepted before must still fit into journal and store."""
        left_bytes = free_bytes(self._config.data_dir)
        if program_id in self._core.lineage.jobs or left_bytes >= DISK_SPARE_BYTES:
            return ""
        return (
            f"the manager accepts no block while its data directory {self._config.data_dir} has less than "
            f"{DISK_SPARE_BYTES >> 20} MiB free ({left_bytes:,} bytes are): make room there"
        )

    def _lock(self) -> None:
        self._config.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock_file = (self._config.data_dir / "manager.lock").open("wb")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"Another manager uses the data directory {self._config.data_dir}: stop it, or set UFORA_DATA_DIR."
            ) from None

    def _tidy(self, programs: list[JournaledProgram]) -> None:
        """Delete parcels that no program of the journal needs: uploads that were never submitted."""
        self._store.clean()
        needed = {
            program.submission.fingerprint for program in programs if isinstance(program.submission, SubmitProgram)
        }
        for path in self._store.directory.iterdir():
            if path.name not in needed:
                path.unlink(missing_ok=True)


def _doors(config: Config, registry: Any, site: Any) -> list[tuple[int, Any, tuple[Role, ...], str, str]]:
    """Each port with what listens there, the roles that may call it, its name, and the variable that says where."""
    return [
        (config.manager_port, registry, ("worker",), "registry", "UFORA_MANAGER_PORT"),
        # A manager may ask itself how it is: `pyfora health` beside it has no other certificate.
        (config.http_port, site, ("client", "manager"), "HTTP", "UFORA_WEB_HTTP_PORT"),
    ]
