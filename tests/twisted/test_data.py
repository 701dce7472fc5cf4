"""Parcels through a data port, over wires in memory."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.test import iosim

from pyfora.wire.door import CALLER
from pyfora.wire.tickets import PUT, Ticket
from pyfora_twisted.data.client import SpoolSink, TransferFailed, _Fetch, _Push, _Transfer
from pyfora_twisted.data.server import data_factory
from pyfora_twisted.door import DoorFactory
from pyfora_twisted.spool import Spool

CONTENT = bytes(range(256)) * 5000
CONTENT_ID = hashlib.sha256(CONTENT).hexdigest()


class Port:
    """A data port with a spool behind it."""

    def __init__(self, directory: Path) -> None:
        self.clock: Any = Clock()
        self.spool = Spool(directory / "far")
        self.near = Spool(directory / "near")
        self.factory = data_factory(self.spool, b"t", self.clock, lambda: True)

    def run(self, transfer: _Transfer) -> str:
        """The end of a transfer: "" or why it failed."""
        ends: list[str] = []
        transfer.done.addCallbacks(lambda _: ends.append(""), lambda failure: ends.append(str(failure.value)))
        caller = DoorFactory(CALLER, b"t", lambda _: transfer, self.clock, b"data", shut=transfer._end)
        server, client = self.factory.buildProtocol(None), caller.buildProtocol(None)
        pump = iosim.connect(server, iosim.makeFakeServer(server), client, iosim.makeFakeClient(client), greet=False)
        pump.flush()
        if not ends:
            self.clock.advance(60)
            pump.flush()
        (end,) = ends
        return end

    def push(self, name: str, content: bytes, said_bytes: int | None = None) -> str:
        path = self.near.directory / "outgoing"
        path.write_bytes(content)
        size_bytes = len(content) if said_bytes is None else said_bytes
        return self.run(_Push(Ticket(PUT, name, size_bytes), path.open("rb"), self.clock))

    def fetch(self, name: str, size_bytes: int) -> str:
        return self.run(_Fetch(name, SpoolSink(self.near, name, size_bytes), self.clock))


@pytest.fixture
def port(tmp_path: Path) -> Port:
    return Port(tmp_path)


@pytest.mark.parametrize(("name", "content"), [("p.x", CONTENT), (CONTENT_ID, CONTENT), ("empty", b"")])
def test_there_and_back(port: Port, name: str, content: bytes) -> None:
    assert port.push(name, content) == ""
    assert port.spool.path(name).read_bytes() == content
    assert port.fetch(name, len(content)) == ""
    assert port.near.path(name).read_bytes() == content


def test_a_parcel_that_is_there_already_is_not_sent(port: Port) -> None:
    port.spool.write(CONTENT_ID, CONTENT)
    before = port.spool.path(CONTENT_ID).stat().st_ino
    assert port.push(CONTENT_ID, CONTENT) == ""
    assert port.spool.path(CONTENT_ID).stat().st_ino == before


def test_what_is_not_there(port: Port) -> None:
    assert "not there" in port.fetch("p.y", 3)


def test_another_size_than_expected(port: Port) -> None:
    port.spool.write("p.x", CONTENT)
    assert "bytes" in port.fetch("p.x", 3)
    assert [path.name for path in port.near.directory.iterdir()] == []


def test_content_that_is_not_what_its_name_says(port: Port) -> None:
    assert "could not store" in port.push(CONTENT_ID, b"x" * 100)
    assert [path.name for path in port.spool.directory.iterdir()] == []


def test_a_transfer_that_stands_still_is_given_up(port: Port) -> None:
    assert port.push("p.x", b"abc", said_bytes=10) != ""
    assert [path.name for path in port.spool.directory.iterdir()] == []


def test_a_cancelled_transfer_ends(port: Port) -> None:
    transfer = _Fetch("p.x", SpoolSink(port.near, "p.x", 3), port.clock)
    ends: list[Any] = []
    transfer.done.addErrback(lambda failure: ends.append(failure.value))
    transfer.done.cancel()
    assert isinstance(ends[0], TransferFailed)


@pytest.mark.parametrize("what", ["pipe", "link", "directory"])
def test_what_is_no_file_is_not_there(port: Port, tmp_path: Path, what: str) -> None:
    """Users' code may put anything into the spool of its worker; opening a pipe would stop the whole daemon."""
    place = port.spool.directory / "v"
    secret = tmp_path / "secret"
    secret.write_text("of the daemon's user")
    {"pipe": os.mkfifo, "link": lambda place: place.symlink_to(secret), "directory": Path.mkdir}[what](place)
    assert "not there" in port.run(_Fetch("v", SpoolSink(port.near, "v", 20), port.clock))
