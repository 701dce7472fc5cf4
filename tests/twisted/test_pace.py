"""Messages to a client that reads slowly, or not at all."""

from __future__ import annotations

import tracemalloc

import pytest
from twisted.internet.testing import StringTransport

from pyfora.wire.messages import Message, ProgramAccepted, ProgramPrinted, ProgramProgressed
from pyfora_twisted.web import pace as pace_module
from pyfora_twisted.web.pace import Pace

PROGRAM = "a" * 32


def printed(position: int, text: str) -> ProgramPrinted:
    return ProgramPrinted(PROGRAM, 1, position, "stdout", text)


class Client:
    """A transport, and what was sent through it."""

    def __init__(self) -> None:
        self.transport = StringTransport()
        self.transport.registerProducer(object(), True)  # type: ignore[arg-type]
        self.sent: list[Message] = []
        self.full_at = 10**9
        self.pace = Pace(self.transport, self.send)
        assert self.transport.producer is self.pace

    def send(self, message: Message) -> None:
        self.sent.append(message)
        if len(self.sent) >= self.full_at:
            self.pace.pauseProducing()


def test_all_comes_in_order_however_often_it_stops() -> None:
    client, messages = Client(), [printed(n, str(n)) for n in range(100)]
    for number, message in enumerate(messages):
        client.full_at = len(client.sent) + 1
        assert client.pace.tell(message)
        if number % 3 == 0:
            client.full_at = len(client.sent) + 5
            client.pace.resumeProducing()
    client.full_at = 10**9
    client.pace.resumeProducing()
    assert client.sent == messages


def test_what_waits_costs_no_second_copy() -> None:
    """Of 32 MB that the core holds anyhow."""
    client, texts = Client(), [printed(n, "x" * 32_000) for n in range(1000)]
    client.pace.pauseProducing()
    tracemalloc.start()
    try:
        for message in texts:
            assert client.pace.tell(message)
        grown_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert client.sent == [] and grown_bytes < 100_000
    client.pace.resumeProducing()
    assert client.sent == texts


def test_progress_is_not_kept_for_later() -> None:
    client = Client()
    client.pace.pauseProducing()
    for done in range(1000):
        assert client.pace.tell(ProgramProgressed(PROGRAM, 1, done, 1000, 1))
    assert client.pace.tell(ProgramAccepted(PROGRAM))
    client.pace.resumeProducing()
    assert client.sent == [ProgramAccepted(PROGRAM)]


def test_there_is_a_limit_to_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace_module, "WAITING_LIMIT_BYTES", 10_000)
    client = Client()
    client.pace.pauseProducing()
    assert client.pace.tell(printed(0, "x" * 9000)) and not client.pace.tell(printed(9000, "x" * 900))
    client.pace.stopProducing()
    client.pace.resumeProducing()
    assert client.sent == []
