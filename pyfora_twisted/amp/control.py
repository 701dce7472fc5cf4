"""The control port: a thief and the home worker that it takes runs from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyfora.cluster.events import DropPeer, Event, JoinPeer, PeerLeft
from pyfora.wire.door import CALLER, KEEPER
from pyfora.wire.links import Link
from pyfora.wire.messages import Message
from pyfora_twisted.amp.connection import Connection
from pyfora_twisted.amp.dialling import Dialler
from pyfora_twisted.amp.peers import Peers, inner_builder, settled
from pyfora_twisted.door import DoorFactory
from pyfora_twisted.tls import Secured


def control_factory(peers: Peers, worker_id: str, token: bytes, reactor: Any) -> DoorFactory:
    """What a worker listens with, as a home."""
    inner = inner_builder(peers, worker_id, "thief", Link.THIEF_TO_HOME, reactor, peers, calls=False)
    return DoorFactory(KEEPER, token, inner, reactor, b"control")


class HomeLink:
    """A thief's connection to one home."""

    def __init__(
        self,
        peers: Peers,
        happened: Callable[[Event], None],
        worker_id: str,
        token: bytes,
        reactor: Any,
        secured: Secured,
        effect: JoinPeer,
    ) -> None:
        self._peers = peers
        self._happened = happened
        self._home_id = effect.worker_id
        self.place = (effect.host, effect.base_port)
        inner = inner_builder(peers, worker_id, "home", Link.HOME_TO_THIEF, reactor, self, calls=True)
        factory = DoorFactory(CALLER, token, inner, reactor, b"control", shut=self._shut)
        self._dialler = Dialler(
            reactor, effect.host, effect.base_port, factory, f"worker {effect.worker_id}", secured, self._failed
        )
        self._stopped = False

    def start(self) -> None:
        """Dial."""
        self._dialler.start()

    def stop(self) -> Any:
        """Close, and dial no more. Returns a Deferred."""
        self._stopped = True
        return self._dialler.stop()

    def joined(self, connection: Connection) -> bool:
        """Somebody answered: the home, or another worker that has its port now."""
        if connection.peer_id != self._home_id:
            self._dialler.failed(f"worker {connection.peer_id} listens there now")
            return False
        self._dialler.succeeded()
        return self._peers.joined(connection)

    def left(self, connection: Connection) -> None:
        """The connection is over."""
        if not connection.peer_id:
            self._dialler.failed("it did not introduce itself")
        self._peers.left(connection)

    def said(self, connection: Connection, sequence: int, message: Message) -> None:
        """The home sent a message."""
        self._peers.said(connection, sequence, message)

    def acknowledged(self, connection: Connection, sequence: int) -> None:
        """The home answered for a message."""
        self._peers.acknowledged(connection, sequence)

    def _shut(self, reason: str) -> None:
        self._dialler.failed(reason)

    def _failed(self, _reason: str) -> None:
        if not self._stopped:
            self._happened(PeerLeft(self._home_id, "home"))


class HomeLinks:
    """All homes that this worker takes runs from; performs `JoinPeer`, and `DropPeer` for them."""

    def __init__(
        self,
        peers: Peers,
        happened: Callable[[Event], None],
        worker_id: str,
        token: bytes,
        reactor: Any,
        secured: Secured,
    ) -> None:
        self._peers = peers
        self._happened = happened
        self._worker_id = worker_id
        self._token = token
        self._reactor = reactor
        self._secured = secured
        self._links: dict[str, HomeLink] = {}

    def join(self, effect: JoinPeer) -> None:
        """Connect to this home, and stay connected."""
        known = self._links.get(effect.worker_id)
        if known is not None:
            if known.place == (effect.host, effect.base_port):
                return
            known.stop()
        link = HomeLink(self._peers, self._happened, self._worker_id, self._token, self._reactor, self._secured, effect)
        self._links[effect.worker_id] = link
        # Not at once: a refusal that is known without waiting would be an event before JoinPeer is performed.
        self._reactor.callLater(0, self._start, link)

    def drop(self, effect: DropPeer) -> None:
        """Part from this peer, for good where it is a home."""
        self._peers.drop(effect)
        if effect.role == "home":
            link = self._links.pop(effect.peer_id, None)
            if link is not None:
                link.stop()

    def stop(self) -> list[Any]:
        """Part from all. Returns Deferreds."""
        links, self._links = self._links, {}
        return [settled(link.stop()) for link in links.values()]

    def _start(self, link: HomeLink) -> None:
        if link in self._links.values():
            link.start()
