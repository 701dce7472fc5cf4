"""The peers that one core is connected to, by id and role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.logger import Logger

from pyfora.cluster.events import DropPeer, Event, PeerAcknowledged, PeerJoined, PeerLeft, PeerSaid, Transmit
from pyfora.wire.messages import Message
from pyfora_twisted.amp.connection import Connection

_log = Logger()


class Peers:
    """Reports what peers do as events; performs `Transmit` and `DropPeer`."""

    def __init__(self, happened: Callable[[Event], None]) -> None:
        self._happened = happened
        self._joined: dict[tuple[str, str], Connection] = {}
        self._all: set[Connection] = set()
        self.closed = False

    def made(self, connection: Connection) -> None:
        """A connection stands; nobody knows yet whose."""
        self._all.add(connection)

    def joined(self, connection: Connection) -> bool:
        """The peer is known. A newer connection of the same peer takes the place of the older one."""
        if self.closed:
            return False
        key = (connection.peer_id, connection.role)
        older = self._joined.get(key)
        if older is not None:
            self._forget(older)
            older.abort("the same peer has connected anew")
        self._joined[key] = connection
        _log.info("Connected to {role} {peer}", role=connection.role, peer=connection.peer_id)
        # Before the core hears of it: what it transmits at once must find the connection joined.
        connection.is_joined = True
        self._happened(PeerJoined(connection.peer_id, connection.role))
        return True

    def left(self, connection: Connection) -> None:
        """The connection is over."""
        self._all.discard(connection)
        if self._joined.get((connection.peer_id, connection.role)) is connection:
            self._forget(connection)

    def said(self, connection: Connection, sequence: int, message: Message) -> None:
        """The peer sent a message."""
        self._happened(PeerSaid(connection.peer_id, connection.role, sequence, message))

    def acknowledged(self, connection: Connection, sequence: int) -> None:
        """The peer answered for a message."""
        self._happened(PeerAcknowledged(connection.peer_id, connection.role, sequence))

    def transmit(self, effect: Transmit) -> None:
        """Send, if the peer is connected."""
        connection = self._joined.get((effect.peer_id, effect.role))
        if connection is not None:
            connection.send(effect.sequence, effect.message)

    def drop(self, effect: DropPeer) -> None:
        """Close the connection to this peer."""
        connection = self._joined.get((effect.peer_id, effect.role))
        if connection is not None:
            _log.info("Parting from {role} {peer}: {why}", role=effect.role, peer=effect.peer_id, why=effect.reason)
            connection.close()

    def close(self) -> None:
        """Close all connections; those that come later are turned away."""
        self.closed = True
        for connection in list(self._all):
            connection.close()

    def _forget(self, connection: Connection) -> None:
        del self._joined[connection.peer_id, connection.role]
        _log.info("Connection to {role} {peer} is over", role=connection.role, peer=connection.peer_id)
        self._happened(PeerLeft(connection.peer_id, connection.role))


def inner_builder(
    peers: Peers, our_id: str, role: str, receives: tuple[type[Message], ...], reactor: Any, listener: Any, calls: bool
) -> Callable[[IAddress | None], Connection]:
    """What a door puts behind itself: connections of this kind, known to `peers`."""

    def build(_address: IAddress | None) -> Connection:
        connection = Connection(our_id, role, receives, listener, reactor, calls)
        peers.made(connection)
        return connection

    return build


def settled(deferred: Any) -> Deferred[None]:
    """`stopService` and `stopListening` give a Deferred or None; this gives a Deferred."""
    done: Deferred[None] = Deferred()
    if isinstance(deferred, Deferred):
        deferred.addBoth(lambda _: done.callback(None))
    else:
        done.callback(None)
    return done
