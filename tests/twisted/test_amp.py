"""Two daemons' connections against each other over wires in memory, with everything really serialised."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.test import iosim

from pyfora.cluster.events import DropPeer, Event, PeerAcknowledged, PeerJoined, PeerLeft, PeerSaid, Transmit
from pyfora.wire.door import CALLER
from pyfora.wire.links import Link
from pyfora.wire.messages import Beat, Message, ProgramEnded, RegisterWorker, RunProgram, StealRuns
from pyfora_twisted.amp import connection
from pyfora_twisted.amp.peers import Peers, inner_builder
from pyfora_twisted.amp.registry import registry_factory
from pyfora_twisted.door import DoorFactory


class Pair:
    """A manager's end and a worker's end."""

    def __init__(self, worker_token: bytes = b"t") -> None:
        self.clock: Any = Clock()
        self.manager_saw: list[Event] = []
        self.worker_saw: list[Event] = []
        self.manager = Peers(self.manager_saw.append)
        self.worker = Peers(self.worker_saw.append)
        self.shut: list[str] = []
        self.keeper = registry_factory(self.manager, "m1", b"t", self.clock)
        inner = inner_builder(self.worker, "w1", "manager", Link.MANAGER_TO_WORKER, self.clock, self.worker, calls=True)
        self.caller = DoorFactory(CALLER, worker_token, inner, self.clock, b"registry", shut=self.shut.append)
        self.connect()

    def connect(self) -> None:
        server, client = self.keeper.buildProtocol(None), self.caller.buildProtocol(None)
        self.pump = iosim.connect(
            server, iosim.makeFakeServer(server), client, iosim.makeFakeClient(client), greet=False
        )
        self.run()

    def run(self) -> None:
        for _ in range(5):
            self.pump.flush()
            self.clock.advance(0)


def test_they_join_talk_and_part() -> None:
    pair = Pair()
    assert pair.manager_saw == [PeerJoined("w1", "worker")] and pair.worker_saw == [PeerJoined("m1", "manager")]
    register = RegisterWorker("w1", "h", 1, 2, "0", "3.11", "l", [["p", 1]], [[f"value-{n}", n] for n in range(9000)])
    pair.worker.transmit(Transmit("m1", "manager", 7, register))
    pair.worker.transmit(Transmit("m1", "manager", 0, Beat("w1", 1, [])))
    pair.run()
    assert pair.manager_saw[1:] == [
        PeerSaid("w1", "worker", 7, register),
        PeerSaid("w1", "worker", 0, Beat("w1", 1, [])),
    ]
    assert pair.worker_saw[1:] == [PeerAcknowledged("m1", "manager", 7)]
    pair.manager.drop(DropPeer("w1", "worker", "enough"))
    pair.run()
    assert pair.manager_saw[-1] == PeerLeft("w1", "worker") and pair.worker_saw[-1] == PeerLeft("m1", "manager")


@pytest.mark.parametrize(
    "message",
    [
        ProgramEnded(
            "p", 1, "completed", "é\ud800" * 50_000, {"n": [None, 1.5, "x"]}, [["v", 3]], bytes(range(256)) * 1000
        ),
        ProgramEnded("p", 0, "lost", "", {}, [], b""),
    ],
)
def test_a_message_of_any_size_arrives_as_it_was(message: Message) -> None:
    pair = Pair()
    pair.worker.transmit(Transmit("m1", "manager", 1, message))
    pair.run()
    assert pair.manager_saw[-1] == PeerSaid("w1", "worker", 1, message)


@pytest.mark.parametrize(
    "message",
    [StealRuns("f", 1), RunProgram("p", 1, "f", 1, "all", 0, [], b""), Beat("w1", 1, "no list")],  # type: ignore[arg-type]
)
def test_what_does_not_belong_there_ends_the_connection(message: Message) -> None:
    pair = Pair()
    pair.worker.transmit(Transmit("m1", "manager", 1, message))
    pair.run()
    assert pair.manager_saw[1:] == [PeerLeft("w1", "worker")]
    assert PeerAcknowledged("m1", "manager", 1) not in pair.worker_saw


def test_another_token_is_not_let_in() -> None:
    pair = Pair(worker_token=b"other")
    assert pair.manager_saw == [] and pair.worker_saw == [] and pair.shut


def test_who_says_nothing_is_sent_away() -> None:
    pair = Pair()
    server = pair.keeper.buildProtocol(None)
    transport = iosim.makeFakeServer(server)
    server.makeConnection(transport)
    pair.clock.advance(6)
    assert transport.disconnecting or transport.aborting


def test_a_newer_connection_takes_the_place_of_the_older() -> None:
    pair = Pair()
    pair.connect()
    assert pair.manager_saw == [PeerJoined("w1", "worker"), PeerLeft("w1", "worker"), PeerJoined("w1", "worker")]


def test_to_a_peer_that_does_not_read_nothing_more_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The channel sends again what is not acknowledged: without an end, to a peer that only beats."""
    pair = Pair()
    waiting = {"bytes": 0}
    monkeypatch.setattr(connection, "unsent_bytes", lambda transport: waiting["bytes"])
    for waiting["bytes"], arrives in ((connection.UNSENT_LIMIT_BYTES + 1, False), (0, True)):
        pair.worker.transmit(Transmit("m1", "manager", 1, Beat("w1", 1, [])))
        pair.run()
        assert (pair.manager_saw[1:] != []) is arrives
