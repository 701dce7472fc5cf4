"""A worker: one identity after another, each with a core, and the two ports that outlive them."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IAddress, IProtocol
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from pyfora.certificates.roles import Role
from pyfora.cluster.events import EndWorker, StartAgain, StopDaemon
from pyfora.configuration.config import Config
from pyfora.fold.libm import libm_fingerprint
from pyfora.wire.door import KEEPER
from pyfora_twisted.admission import guarded
from pyfora_twisted.amp.peers import settled
from pyfora_twisted.door import DoorFactory
from pyfora_twisted.ending import CannotStart, Ending
from pyfora_twisted.identity import Identity, Place, prepare
from pyfora_twisted.listening import listen_pair
from pyfora_twisted.metering import Meter
from pyfora_twisted.spool import remove_orphans
from pyfora_twisted.tls import PLAIN, Tls

MEASURE_PERIOD_S = 2.0
"""How often memory, spool and ports are looked at, for the figures in the beats."""
_log = Logger()


class WorkerService(Service):
    """Listens on the control port and the data port, and keeps one `Identity` at a time behind them."""

    def __init__(
        self,
        reactor: Any,
        config: Config,
        ending: Ending,
        manager_port: Any,
        tls: Tls = PLAIN,
        identity: Identity | None = None,
    ) -> None:
        """`manager_port`: a function, as the port may be known only once the manager listens.

        `identity`: one whose processes were started already.
        """
        self._reactor = reactor
        self._config = config
        self._ending = ending
        self._manager_port = manager_port
        self._tls = tls
        self.identity = identity
        self._stopping = False
        self._meters = {"control": Meter(), "data": Meter()}
        self._measuring = LoopingCall(self._measure)
        self._left: Deferred[None] | None = None
        """Fires when the worker has taken its leave; None while nobody has asked for that."""

    def startService(self) -> None:
        """Open the ports, then begin. Raises CannotStart."""
        super().startService()
        config = self._config
        host = config.own_address or own_address(config.manager_address, config.manager_port, config.bind_address)
        control = self._factory(Identity.build_control, ("worker",), "control")
        # The manager brings programs and fetches values; workers fetch from each other.
        data = self._factory(Identity.build_data, ("worker", "manager"), "data")
        factories = (control, data)
        self._ports = listen_pair(self._reactor, config.base_port, factories, config.bind_address)
        self._place = Place(
            host, self._ports[0].getHost().port, config.manager_address, self._manager_port(), libm_fingerprint()
        )
        try:
            if self.identity is None:
                remove_orphans(config.data_dir)
                self.identity = prepare(self._reactor, config)
        except OSError as error:
            raise CannotStart(
                f"The data directory {config.data_dir} cannot be used ({error.strerror or error}): "
                "set UFORA_DATA_DIR to one that can be written."
            ) from None
        self._begin(self.identity)
        self._measuring.clock = self._reactor
        self._measuring.start(MEASURE_PERIOD_S, now=False)

    def turns(self) -> int:
        """How many events its driver has dealt with; -1 between two identities."""
        return self.identity.driver.turns if self.identity is not None and self.identity.has_begun else -1

    def is_ready(self) -> bool:
        """Whether its ports listen and its manager has taken it in."""
        return self.turns() >= 0 and bool(self._seen()["registered"])

    def status(self) -> str:
        """One line: whose worker it is, what it is busy with."""
        if self.turns() < 0:
            return "beginning anew"
        seen = self._seen()
        manager = f"the manager at {self._place.manager_host}:{self._place.manager_port}"
        if not seen["registered"]:
            return f"waiting for {manager}"
        busy = seen["cores"] - seen["idle_slots"]
        return (
            f"{'leaving' if seen['leaving'] else 'registered with'} {manager}, {busy} of {seen['cores']} cores busy, "
            f"{len(seen['programs'])} blocks at home"
        )

    def leave(self) -> Deferred[None]:
        """Finish or hand back what it has (in bounded time). The Deferred fires when nothing is left."""
        if self._left is None:
            self._left = Deferred()
            if self.turns() < 0:
                self._has_left()
            else:
                assert self.identity is not None
                self.identity.leave()
        return self._left

    def stopService(self) -> Any:
        """End everything that was started."""
        super().stopService()
        self._stopping = True
        if self._measuring.running:
            self._measuring.stop()
        stopping: list[Deferred[None]] = [settled(port.stopListening()) for port in self._ports]
        if self.identity is not None:
            stopping.append(self.identity.end())
        return DeferredList(stopping)

    def _begin(self, identity: Identity) -> None:
        self.identity = identity
        identity.begin(self._place, self._tls, self._start_again, self._stop_daemon, self._has_left, self._ending)
        _log.info(
            "Worker {id} is ready: {host}, control port {control}, data port {data}, manager {manager}:{port}",
            id=identity.worker_id,
            host=self._place.host,
            control=self._place.base_port,
            data=self._place.base_port + 1,
            manager=self._place.manager_host,
            port=self._place.manager_port,
        )

    def _start_again(self, effect: StartAgain) -> None:
        assert self.identity is not None
        _log.warn("Starting again under a new id: {reason}", reason=effect.reason)
        old, self.identity = self.identity, None
        if self._left is not None:
            self._has_left()

        def ended(_: object) -> None:
            if not self._stopping:
                self._begin(prepare(self._reactor, self._config))

        # The old one's ending is waited for: two sets of processes would share the cores.
        old.end().addCallback(ended).addErrback(lambda failure: self._ending.fail(failure.getErrorMessage()))

    def _has_left(self, effect: EndWorker | None = None) -> None:
        assert self._left is not None
        if not self._left.called:
            self._left.callback(None)

    def _seen(self) -> dict[str, Any]:
        assert self.identity is not None
        return self.identity.driver.core.snapshot()

    def _stop_daemon(self, effect: StopDaemon) -> None:
        self._ending.fail(effect.reason)

    def _measure(self) -> None:
        if self.identity is not None:
            self.identity.measure(self._meters)

    def _factory(self, build: Any, callers: tuple[Role, ...], what: str) -> Any:
        def build_inner(address: IAddress | None) -> IProtocol:
            if self.identity is None:
                return _Closed()  # type: ignore[return-value]
            inner: IProtocol = build(self.identity, address)
            return inner

        door = DoorFactory(KEEPER, self._config.token, build_inner, self._reactor, what.encode())
        secured = self._tls.listening("worker", callers, door, self._reactor)
        return guarded(secured, f"{what} port", self._reactor, self._meters[what])


class _Closed:
    """Between two identities nobody is served."""

    def makeConnection(self, transport: Any) -> None:
        transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        """Nobody listens."""

    def connectionLost(self, reason: Any) -> None:
        """It was never open."""


def own_address(manager: str, port: int, listening_at: str) -> str:
    """The address of this machine's name; where that is loopback, the one from which the manager is reached.

    It is of a version of IP that this worker listens at. Raises CannotStart where there is neither.
    """
    # Who listens at "::" listens at the addresses of version 4, too.
    version = socket.AF_UNSPEC if listening_at == "::" else socket.AF_INET6 if ":" in listening_at else socket.AF_INET
    try:
        named = socket.gethostbyname(socket.getfqdn())
        if version != socket.AF_INET6 and not ip_address(named).is_loopback:
            return named
        # Debian gives a machine's name 127.0.1.1, at which no other machine reaches it.
        family, kind, _, _, place = socket.getaddrinfo(manager, port, version, socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as probe:
            probe.connect(place)  # a datagram's: nothing is sent
            found = str(probe.getsockname()[0])
    except OSError as error:
        raise CannotStart(
            f"This machine's own address is not known ({error.strerror or error}): set UFORA_WORKER_OWN_ADDRESS to the "
            "address at which other machines reach it."
        ) from None
    if ip_address(found).is_loopback:
        _log.warn(
            "This worker is known as {found}, where no other machine reaches it: where there are others, set "
            "UFORA_WORKER_OWN_ADDRESS",
            found=found,
        )
    return found
