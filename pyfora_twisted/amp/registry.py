"""The registry port: workers and their manager."""

from __future__ import annotations

from typing import Any

from pyfora.wire.door import CALLER, KEEPER
from pyfora.wire.links import Link
from pyfora.wire.messages import Message
from pyfora_twisted.amp.connection import Connection
from pyfora_twisted.amp.dialling import Dialler
from pyfora_twisted.amp.peers import Peers, inner_builder
from pyfora_twisted.door import DoorFactory
from pyfora_twisted.tls import Secured


def registry_factory(peers: Peers, manager_id: str, token: bytes, reactor: Any) -> DoorFactory:
    """What the manager listens with."""
    inner = inner_builder(peers, manager_id, "worker", Link.WORKER_TO_MANAGER, reactor, peers, calls=False)
    return DoorFactory(KEEPER, token, inner, reactor, b"registry")


class ManagerLink:
    """A worker's connection to its manager, kept for as long as the worker has this id."""

    def __init__(
        self, peers: Peers, worker_id: str, token: bytes, reactor: Any, host: str, port: int, secured: Secured
    ) -> None:
        self._peers = peers
        inner = inner_builder(peers, worker_id, "manager", Link.MANAGER_TO_WORKER, reactor, self, calls=True)
        factory = DoorFactory(CALLER, token, inner, reactor, b"registry", shut=self._shut)
        self._dialler = Dialler(reactor, host, port, factory, "the manager", secured)

    def start(self) -> None:
        """Dial."""
        self._dialler.start()

    def stop(self) -> Any:
        """Close, and dial no more. Returns a Deferred."""
        return self._dialler.stop()

    def joined(self, connection: Connection) -> bool:
        """The manager is known."""
        self._dialler.succeeded()
        return self._peers.joined(connection)

    def left(self, connection: Connection) -> None:
        """The connection is over."""
        if not connection.peer_id:
            self._dialler.failed("it did not introduce itself")
        self._peers.left(connection)

    def said(self, connection: Connection, sequence: int, message: Message) -> None:
        """The manager sent a message."""
        self._peers.said(connection, sequence, message)

    def acknowledged(self, connection: Connection, sequence: int) -> None:
        """The manager answered for a message."""
        self._peers.acknowledged(connection, sequence)

    def _shut(self, reason: str) -> None:
        self._dialler.failed(reason)
