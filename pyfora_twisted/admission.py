"""In front of every port: counts who connects, closes what the decision says is too many, too fast or too slow."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure

from pyfora.wire.admission import Admission, Close
from pyfora_twisted.metering import Meter

_log = Logger()
_SAID_AT = (1, 10, 100)
"""Which of the connections closed here are worth a line; after that every thousandth: a flood must not fill the log."""


class GuardedConnection(ProtocolWrapper):
    """One connection, from before TLS and before its first byte."""

    factory: GuardedPort
    transport: Any
    number = 0
    _inside = False

    def makeConnection(self, transport: Any) -> None:
        """Let it in, unless there are too many: then nothing behind this ever hears of it."""
        self.transport = transport
        self.factory.meter.connections += 1
        self.factory.meter.accepted += 1
        peer = transport.getPeer()
        if self.factory.let_in(self, getattr(peer, "host", str(peer))):
            self._inside = True
            super().makeConnection(transport)

    def dataReceived(self, data: bytes) -> None:
        """Count what comes in, and pass it on, unless we are parting: what is behind has said its last word then."""
        self.factory.meter.received_bytes += len(data)
        if not self.disconnecting:
            super().dataReceived(data)

    def write(self, data: bytes) -> None:
        """Count what goes out, and pass it on."""
        self.factory.meter.sent_bytes += len(data)
        super().write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """The same for several pieces."""
        self.write(b"".join(data))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The end of it."""
        self.factory.meter.connections -= 1
        self.factory.left(self)
        if self._inside:
            super().connectionLost(reason)


class GuardedPort(WrappingFactory):
    """A port's factory with an `Admission` in front of it; `what` is the port's name for the log."""

    protocol = GuardedConnection
    noisy = False

    def __init__(self, factory: Any, what: str, reactor: Any, meter: Meter) -> None:
        super().__init__(factory)
        self.meter = meter
        self.admission = Admission()
        self._what = what
        self._reactor = reactor
        self._numbers = itertools.count(1)
        self._connections: dict[int, GuardedConnection] = {}
        self._timer: Any = None
        self._closed = 0

    def doStop(self) -> None:
        """The port is closed: no timer outlives it."""
        super().doStop()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def let_in(self, connection: GuardedConnection, address: str) -> bool:
        """A connection stands; False where it is closed at once."""
        connection.number = next(self._numbers)
        self._connections[connection.number] = connection
        self._perform(self.admission.arrived(connection.number, address, self._reactor.seconds()))
        self._set_timer()
        return connection.number in self._connections

    def proved(self, connection: GuardedConnection) -> None:
        """Its peer is known."""
        self._perform(self.admission.proved(connection.number))

    def left(self, connection: GuardedConnection) -> None:
        """It is over."""
        self._connections.pop(connection.number, None)
        self.admission.left(connection.number)

    def _perform(self, closes: list[Close]) -> None:
        for close in closes:
            connection = self._connections.pop(close.number, None)
            if connection is None:
                continue
            self._closed += 1
            if self._closed in _SAID_AT or self._closed % 1000 == 0:
                _log.warn(
                    "A connection to the {what} from {peer} was closed: {reason} (number {count})",
                    what=self._what,
                    peer=connection.transport.getPeer(),
                    reason=close.reason,
                    count=self._closed,
                )
            self.meter.refused += 1
            connection.transport.abortConnection()

    def _set_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            return
        wake_at = self.admission.wake_at()
        if wake_at is not None:
            self._timer = self._reactor.callLater(max(0.0, wake_at - self._reactor.seconds()), self._tick)

    def _tick(self) -> None:
        self._perform(self.admission.overdue(self._reactor.seconds()))
        self._set_timer()


def guarded(factory: Any, what: str, reactor: Any, meter: Meter | None = None) -> GuardedPort:
    """`factory` behind an admission of its own; `meter` counts what goes through."""
    return GuardedPort(factory, what, reactor, meter or Meter())


def unsent_bytes(transport: Any) -> int:
    """What waits in `transport` until its other end reads, whatever lies between here and the socket."""
    return int(getattr(transport, "_tempDataLen", 0)) + len(getattr(transport, "dataBuffer", b""))


def proved(transport: Any) -> None:
    """Whoever has found out who is at the other end of `transport` says so here, through whatever lies between."""
    while transport is not None and not isinstance(transport, GuardedConnection):
        transport = getattr(transport, "transport", None)
    if transport is not None:
        transport.factory.proved(transport)
