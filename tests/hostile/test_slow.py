"""Peers that write a byte now and then, and peers that never read."""

from __future__ import annotations

import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

import pyfora
from pyfora.client.address import parse_address
from pyfora.limits import DOOR_TIMEOUT_S
from pyfora.wire.door import MAGIC
from tests.hostile.conftest import Target, closed_within, undisturbed
from tests.hostile.test_garbage import UPGRADE, frame, send, upgraded

pytestmark = pytest.mark.cluster
VALUE_BYTES = 64 << 20


def drip(connections: list[tuple[socket.socket, bytes]], for_s: float) -> None:
    """Each connection's text, one byte every tenth of a second, for that long."""
    until, at = time.monotonic() + for_s, 0
    while time.monotonic() < until:
        for connection, text in connections:
            if at < len(text):
                send(connection, text[at : at + 1])
        at += 1
        time.sleep(0.1)


def test_heads_hellos_and_upgrades_byte_by_byte(target: Target) -> None:
    texts = {"HTTP": UPGRADE, "registry": MAGIC * 20, "control": MAGIC + b"n" * 99, "data": MAGIC + b"n" * 99}
    with undisturbed(target, "200 connections that write a byte each tenth of a second", blocks=6):
        slow = [(target.dial(port), text) for _ in range(50) for port, text in texts.items()]
        drip(slow, DOOR_TIMEOUT_S + 2)
        assert closed_within([connection for connection, _ in slow], 1.0) == len(slow)


def test_bodies_and_frames_byte_by_byte(target: Target) -> None:
    put = b"PUT /api/v1/parcels/" + b"1" * 64 + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n"
    with undisturbed(target, "100 slow uploads and WebSocket frames", blocks=6):
        slow = []
        for _ in range(50):
            upload, socket_ = target.dial("HTTP"), upgraded(target)
            send(upload, put)
            send(socket_, frame(2, b"", announced=4000))
            slow += [(upload, b"x" * 10_000), (socket_, b"x" * 4000)]
        drip(slow, DOOR_TIMEOUT_S + 4)
        assert closed_within([connection for connection, _ in slow[1::2]], 2 * DOOR_TIMEOUT_S) == 50, "no hello in time"
        for upload, _ in slow[::2]:
            upload.close()


def test_those_who_ask_and_never_read(target: Target) -> None:
    executor = pyfora.connect(target.url)
    with executor.remotely.downloadSmall(1000):
        kept = bytes(VALUE_BYTES)
    assert isinstance(kept, pyfora.RemotePythonObject)
    found = parse_address(target.url).ask("/api/v1/values", 5)
    value_id = max(found["values"], key=lambda value: int(value["size_bytes"]))["value_id"].encode()
    with undisturbed(target, f"60 readers of {VALUE_BYTES >> 20} MiB that never read, and 40,000 requests without", 6):
        crowd = []
        for _ in range(30):
            over_http, of_worker = target.dial("HTTP"), target.through_the_door("data")
            for connection in (over_http, of_worker):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            send(over_http, b"GET /api/v1/values/" + value_id + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            send(of_worker, struct.pack(">4scB200sQ", b"pfd1", b"G", len(value_id), value_id, 0))
            crowd += [over_http, of_worker]
        for _ in range(20):
            asker = target.dial("HTTP")
            asker.setblocking(False)
            for _ in range(2000):
                try:
                    asker.send(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                except OSError:
                    break
            crowd.append(asker)
        time.sleep(3)
    for connection in crowd:
        connection.close()
    executor.close()


PRINTER = """
import sys, pyfora
executor = pyfora.connect(sys.argv[1])
with executor.remotely.downloadAll():
    print("begun")
    for _ in range(3000):
        print("x" * 10_000)
"""


def test_a_client_that_prints_and_never_reads(target: Target, tmp_path: Path) -> None:
    """What waits for it is bounded by what one program may print, and costs nobody else anything."""
    address = parse_address(target.url)
    with undisturbed(target, "a client that stands still while its block prints 30 MB"):
        (tmp_path / "printer.py").write_text(PRINTER)
        command = [sys.executable, "-u", str(tmp_path / "printer.py"), target.url]
        client = subprocess.Popen(command, stdout=subprocess.PIPE)
        try:
            assert client.stdout is not None and client.stdout.readline() == b"begun\n"
            client.send_signal(signal.SIGSTOP)
            time.sleep(5)
            assert address.ask("/readyz", 5)["status"] == "ok"
        finally:
            client.kill()
            client.wait(10)


LATE_READER = """
import sys, pyfora
executor = pyfora.connect(sys.argv[1])
with executor.remotely.downloadAll():
    print("begun")
    for number in range(1200):
        print(f"{number:04}" + "x" * 10_000)
"""


def test_a_client_that_reads_late_gets_all_in_order(target: Target, tmp_path: Path) -> None:
    with undisturbed(target, "a client that stands still while its block prints 12 MB, and then reads"):
        (tmp_path / "reader.py").write_text(LATE_READER)
        command = [sys.executable, "-u", str(tmp_path / "reader.py"), target.url]
        client = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)
        try:
            assert client.stdout is not None and client.stdout.readline() == b"begun\n"
            client.send_signal(signal.SIGSTOP)
            time.sleep(5)
            client.send_signal(signal.SIGCONT)
            said, _ = client.communicate(timeout=60)
            assert said == b"".join(f"{number:04}".encode() + b"x" * 10_000 + b"\n" for number in range(1200))
            assert client.returncode == 0
        finally:
            client.kill()
            client.wait(10)
