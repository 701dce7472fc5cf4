"""What goes through a port, counted on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure


@dataclass
class Meter:
    """The counts of one port since the daemon's start."""

    received_bytes: int = 0
    sent_bytes: int = 0
    """Given to the transport; of a connection that broke, some may not have left."""
    connections: int = 0
    """Open now."""
    accepted: int = 0


class _Metered(ProtocolWrapper):
    """Between a transport and its protocol."""

    factory: Any

    def makeConnection(self, transport: Any) -> None:
        self.factory.meter.connections += 1
        self.factory.meter.accepted += 1
        super().makeConnection(transport)

    def dataReceived(self, data: bytes) -> None:
        self.factory.meter.received_bytes += len(data)
        super().dataReceived(data)

    def write(self, data: bytes) -> None:
        self.factory.meter.sent_bytes += len(data)
        super().write(data)

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        pieces = list(iovec)
        self.factory.meter.sent_bytes += sum(map(len, pieces))
        super().writeSequence(pieces)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.factory.meter.connections -= 1
        super().connectionLost(reason)


class MeteredFactory(WrappingFactory[Any]):
    """Builds what `factory` builds, with `meter` counting."""

    protocol = _Metered
    noisy = False

    def __init__(self, factory: Any, meter: Meter) -> None:
        super().__init__(factory)
        self.meter = meter

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """A counted protocol; None where the factory wants none."""
        inner = self.wrappedFactory.buildProtocol(addr)
        return None if inner is None else self.protocol(self, inner)
