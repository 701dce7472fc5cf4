"""The door on a Twisted connection: what is behind it is built once both ends have proved themselves."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IAddress, IProtocol, ITCPTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from pyfora.errors import WireError
from pyfora.limits import DOOR_TIMEOUT_S
from pyfora.wire.door import CALLER, NONCE_BYTES, Door
from pyfora_twisted.admission import proved
from pyfora_twisted.tls import loss_in_words

_log = Logger()
_CLOSED = (
    "the other end closed the connection at the door (does it have the same token, and speak TLS where this does?)"
)


class DoorProtocol(Protocol):
    """Speaks the hello, then hands every byte on to the protocol behind it.

    It stays in between (rather than put another protocol in its place at the transport), because ClientService watches
    the protocol that it made.
    """

    transport: Any

    def __init__(self, factory: DoorFactory, address: IAddress | None) -> None:
        self._factory = factory
        self._address = address
        self._inner: Any = None
        self._refused = False

    def connectionMade(self) -> None:
        """Send our hello; give the peer DOOR_TIMEOUT_S for its proof."""
        assert self.transport is not None
        self._door = Door(self._factory.role, self._factory.token, secrets.token_bytes(NONCE_BYTES), self._factory.port)
        self._deadline = self._factory.reactor.callLater(DOOR_TIMEOUT_S, self._too_late)
        # Small messages must not wait for the acknowledgement of the one before (Nagle), which comes 40 ms late.
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpNoDelay(True)
        self.transport.write(self._door.start())

    def dataReceived(self, data: bytes) -> None:
        """Bytes: of the hello, or of what is behind it."""
        if self._inner is not None:
            self._inner.dataReceived(data)
            return
        if self._refused:
            return
        assert self.transport is not None
        try:
            answer = self._door.receive(data)
        except WireError as error:
            self._refuse(str(error))
            return
        if answer:
            self.transport.write(answer)
        if self._door.open:
            self._deadline.cancel()
            proved(self.transport)
            self._inner = self._factory.build_inner(self._address)
            self._inner.makeConnection(self.transport)
            rest = self._door.rest()
            if rest:
                self._inner.dataReceived(rest)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell what is behind the door, or whoever waits for it to open."""
        if self._inner is not None:
            self._inner.connectionLost(reason)
            return
        if self._deadline.active():
            self._deadline.cancel()
        if not self._refused:
            self._factory.shut(loss_in_words(self.transport, reason) or _CLOSED)

    def _too_late(self) -> None:
        self._refuse(f"the other end did not prove itself within {DOOR_TIMEOUT_S:g} s")

    def _refuse(self, reason: str) -> None:
        assert self.transport is not None
        self._refused = True
        if self._deadline.active():
            self._deadline.cancel()
        _log.warn("{peer} was not let in: {reason}", peer=self._address, reason=reason)
        self._factory.shut(reason)
        self.transport.abortConnection()


class DoorFactory(Factory):
    """Puts a door in front of the protocols of `build_inner`.

    `role`: CALLER or KEEPER. `port`: one of `pyfora.wire.door.PORTS`. `shut(reason)` is called when a connection ends
    before it was through the door.
    """

    noisy = False

    def __init__(
        self,
        role: bytes,
        token: bytes,
        build_inner: Callable[[IAddress | None], IProtocol],
        reactor: Any,
        port: bytes,
        shut: Callable[[str], None] | None = None,
    ) -> None:
        self.role = role
        self.token = token
        self.build_inner = build_inner
        self.reactor = reactor
        self.port = port
        self._shut = shut

    def buildProtocol(self, addr: IAddress | None) -> DoorProtocol:
        """A door for this connection."""
        return DoorProtocol(self, addr)

    def shut(self, reason: str) -> None:
        """A connection ended before the door was open."""
        if self._shut is not None:
            self._shut(reason)
        elif self.role == CALLER:
            _log.warn("A connection ended at the door: {reason}", reason=reason)
