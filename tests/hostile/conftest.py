"""A daemon under attack, an honest client beside the attackers, and what the daemon's memory does meanwhile."""

from __future__ import annotations

import itertools
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import pyfora
from pyfora.client.address import parse_address
from pyfora.wire.door import CALLER, NONCE_BYTES, Door
from tests.daemons import Daemon, free_ports, wait_for

GROWTH_LIMIT_BYTES = 96 * 1024 * 1024
"""What the daemon's memory may grow by under attack."""
_numbers = itertools.count(1)


class Target:
    """A manager with a worker in one process, without a token: whoever reaches the ports may try everything."""

    def __init__(self, directory: Path) -> None:
        self.ports = {"HTTP": free_ports(1), "registry": free_ports(1)}
        self.ports["control"] = free_ports(2)
        self.ports["data"] = self.ports["control"] + 1
        settings = {
            "UFORA_WEB_HTTP_PORT": str(self.ports["HTTP"]),
            "UFORA_MANAGER_PORT": str(self.ports["registry"]),
            "UFORA_WORKER_BASE_PORT": str(self.ports["control"]),
            "UFORA_WORKER_CORES": "1",
        }
        self.daemon = Daemon("target", directory, settings)
        self.url = f"http://127.0.0.1:{self.ports['HTTP']}"

    def status(self, name: str) -> int:
        """VmRSS or VmHWM of the daemon, in bytes."""
        for line in Path(f"/proc/{self.daemon.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"no {name}")

    def dial(self, port: str, timeout_s: float = 10.0) -> socket.socket:
        """A connection from one of some dozens of addresses, none of them the honest client's."""
        address = f"127.0.1.{next(_numbers) % 50 + 1}"
        return socket.create_connection(("127.0.0.1", self.ports[port]), timeout_s, source_address=(address, 0))

    def through_the_door(self, port: str) -> socket.socket:
        """A connection whose door is open."""
        connection, door = self.dial(port), Door(CALLER, b"", secrets.token_bytes(NONCE_BYTES), port.encode())
        connection.sendall(door.start())
        while not door.open:
            data = connection.recv(4096)
            assert data, "the door stayed shut"
            connection.sendall(door.receive(data))
        return connection


def expected(count: int) -> int:
    return sum(x * x % 7 for x in range(count))


class Honest:
    """Runs blocks until it is told to stop; keeps every answer that was wrong, every error."""

    def __init__(self, url: str) -> None:
        self.done = 0
        self.faults: list[str] = []
        self._answers = {count: expected(count) for count in (10, 1000, 400_000)}
        self._stop = threading.Event()
        self._executor = pyfora.connect(url)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            for count, answer in self._answers.items():
                try:
                    with self._executor.remotely.downloadAll():
                        found = sum(x * x % 7 for x in range(count))
                    if found != answer:
                        self.faults.append(f"{found} for {answer}")
                except Exception as error:
                    self.faults.append(repr(error))
                self.done += 1

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(30)
        assert not self._thread.is_alive(), "a block of the honest client never ended"
        self._executor.close()


@contextmanager
def undisturbed(target: Target, what: str, blocks: int = 3) -> Iterator[None]:
    """What happens inside must leave the daemon up, its memory bounded and an honest client's answers right."""
    honest = Honest(target.url)
    try:
        wait_for("an honest block", lambda: honest.done, 20)
        before, done = target.status("VmRSS"), honest.done
        Path(f"/proc/{target.daemon.process.pid}/clear_refs").write_text("5")  # VmHWM counts from now on
        yield
        wait_for("honest blocks under attack", lambda: honest.done >= done + blocks, 30)
        peak = target.status("VmHWM")
    finally:
        honest.stop()
    print(f"{what}: memory {before >> 20} MiB, at most {peak >> 20} MiB; {honest.done - done} honest blocks")
    assert target.daemon.process.poll() is None
    assert honest.faults == []
    assert peak - before < GROWTH_LIMIT_BYTES
    assert parse_address(target.url).ask("/readyz", 5)["status"] == "ok"
    said = target.daemon.log.read_text()
    assert said.partition("Traceback")[2][:3000] == ""


def closed_within(connections: list[socket.socket], timeout_s: float) -> int:
    """How many of these the other end has closed after at most `timeout_s`."""
    open_still = set(connections)

    def sweep() -> bool:
        for connection in list(open_still):
            connection.setblocking(False)
            try:
                while connection.recv(1 << 16):
                    pass
            except BlockingIOError:
                continue
            except OSError:
                pass
            open_still.discard(connection)
        return not open_still

    with suppress(AssertionError):
        wait_for("all to be closed", sweep, timeout_s)
    for connection in connections:
        connection.close()
    return len(connections) - len(open_still)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    target = Target(tmp_path_factory.mktemp("target"))
    try:
        wait_for("the daemon", lambda: "a worker has joined" in target.daemon.log.read_text(), 30)
        yield target
    finally:
        assert target.daemon.stop(20) == 0
