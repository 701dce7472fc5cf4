"""Bytes that mean nothing, conversations that break off, messages and frames beyond their limits."""

from __future__ import annotations

import json
import random
import socket
import struct
from contextlib import suppress
from hashlib import sha256

import pytest

from pyfora.fold.libm import libm_fingerprint
from pyfora.wire.door import MAGIC
from pyfora.wire.tickets import TICKET_BYTES
from tests.hostile.conftest import Target, closed_within, undisturbed

pytestmark = pytest.mark.cluster
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
LIBM = libm_fingerprint().encode()
RST = struct.pack("ii", 1, 0)


def send(connection: socket.socket, data: bytes) -> None:
    """As much as the other end takes before it closes."""
    with suppress(OSError):
        connection.sendall(data)


def upgraded(target: Target) -> socket.socket:
    connection = target.dial("HTTP")
    connection.sendall(UPGRADE)
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(4096)
    assert head.startswith(b"HTTP/1.1 101")
    return connection


def frame(opcode: int, payload: bytes, fin: bool = True, announced: int | None = None) -> bytes:
    """A masked WebSocket frame; `announced`: its length as the header has it, whatever follows."""
    length = len(payload) if announced is None else announced
    head = bytes([(0x80 if fin else 0) | opcode, 0x80 | 127]) + struct.pack(">Q", length)
    return head + b"\x00\x00\x00\x00" + payload


def amp_box(pairs: list[tuple[bytes, bytes]], end: bool = True) -> bytes:
    made = b"".join(struct.pack(">H", len(x)) + x for pair in pairs for x in pair)
    return made + (b"\x00\x00" if end else b"")


def first_bytes(port: str, around: random.Random) -> bytes:
    noise = around.randbytes(around.choice([1, 7, 41, 200, 5000, 70_000]))
    real = {"HTTP": b"PUT /api/v1/parcels/" + b"0" * 64 + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n"}
    beginning = real.get(port, MAGIC)
    return around.choice([noise, beginning + noise, beginning[: around.randrange(len(beginning))] + noise])


def test_random_bytes_on_every_port(target: Target) -> None:
    around = random.Random(2026)
    with undisturbed(target, "1200 connections with random bytes"):
        crowd = []
        for _ in range(300):
            for port in target.ports:
                connection = target.dial(port)
                send(connection, first_bytes(port, around))
                crowd.append(connection)
        assert closed_within(crowd, 20) >= len(crowd) - 300 // 4, "all but those whose noise made a whole request"


def test_random_bytes_behind_the_doors(target: Target) -> None:
    around = random.Random(7)
    with undisturbed(target, "450 connections with random bytes behind the doors"):
        crowd = []
        for _ in range(150):
            for port in ("registry", "control", "data"):
                connection = target.through_the_door(port)
                send(connection, around.randbytes(around.choice([1, TICKET_BYTES, 5000])))
                crowd.append(connection)
        assert closed_within(crowd, 45) == len(crowd)


def test_random_frames_on_the_websocket(target: Target) -> None:
    around = random.Random(11)
    with undisturbed(target, "200 WebSockets with random bytes and frames"):
        crowd = []
        for number in range(200):
            connection = upgraded(target)
            noise = around.randbytes(around.choice([1, 50, 3000]))
            send(connection, noise if number % 2 else frame(around.choice([1, 2, 8, 9]), noise))
            crowd.append(connection)
        assert closed_within(crowd, 30) == len(crowd)


def test_connections_that_break_off_in_the_middle(target: Target) -> None:
    with undisturbed(target, "400 connections that break off"):
        crowd = []
        for number in range(100):
            for port in target.ports:
                connection = target.dial(port)
                send(connection, MAGIC[: number % 9] if port != "HTTP" else UPGRADE[:number])
                if number % 2:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
                    connection.close()
                else:
                    connection.shutdown(socket.SHUT_WR)
                    crowd.append(connection)
        assert closed_within(crowd, 15) == len(crowd)


def test_what_is_beyond_its_limit_is_cut_off_at_once(target: Target) -> None:
    oversize = {
        "a head of 1 MB": ("HTTP", b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * (1 << 20)),
        "a thousand headers": ("HTTP", b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * 1000 + b"\r\n"),
        "a line without end": ("HTTP", b"G" * (1 << 20)),
        "a parcel of an exabyte": (
            "HTTP",
            b"PUT /api/v1/parcels/" + b"0" * 64 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            b"Content-Length: 1000000000000000000\r\n\r\n",
        ),
    }
    with undisturbed(target, "oversize heads, frames, messages, boxes and tickets"):
        crowd = []
        for port, data in oversize.values():
            connection = target.dial(port)
            send(connection, data)
            if b"PUT" in data:
                connection.shutdown(socket.SHUT_WR)
            crowd.append(connection)
        for data in (
            frame(2, b"x" * 100, announced=1 << 40),
            frame(2, b"x" * 5000),  # over what a hello may have
            b"".join(frame(0 if n else 2, b"x" * 1000, fin=False) for n in range(6)),
            frame(9, b"x" * 126),
        ):
            crowd.append(upgraded(target))
            send(crowd[-1], data)
        hello = {"session_id": "s" * 32, "pyfora_version": "0.1.0", "python_version": "3.11", "libm_fingerprint": ""}
        header = json.dumps(["ClientHello", hello]).encode()
        known = upgraded(target)
        send(known, frame(2, struct.pack(">I", len(header)) + header))
        send(known, frame(2, b"x" * 100, announced=200_000))
        crowd.append(known)
        for port in ("registry", "control"):
            for box in (
                amp_box([(b"k%d" % n, b"x" * 65_535) for n in range(600)], end=False),
                struct.pack(">H", 300) + b"k" * 300,
                amp_box([(b"_ask", b"1"), (b"_command", b"Introduce"), (b"peer_id", b"p" * 1000)]),
                amp_box([(b"_ask", b"1"), (b"_command", b"NoSuchCommand")]),
            ):
                connection = target.through_the_door(port)
                send(connection, box)
                crowd.append(connection)
        for size in (1 << 63, 1 << 37):
            connection = target.through_the_door("data")
            name = b"a" * 64
            send(connection, struct.pack(">4scB200sQ", b"pfd1", b"P", len(name), name, size))
            crowd.append(connection)
        assert closed_within(crowd, 20) == len(crowd)


def test_what_is_absurd_in_itself_costs_its_sender_alone(target: Target) -> None:
    """Well-formed messages of peers that are known, which a core could not count with: each once ended a daemon."""
    worker = {"worker_id": b"w", "host": b"h", "base_port": b"1", "cores": b"1", "libm_fingerprint": LIBM}
    worker |= {"pyfora_version": b"0.1.0", "python_version": b"3.11", "programs": b"[]", "values": b"[]"}
    beat = {"sender_id": b"w", "idle_slots": b"0", "programs": b"[]", "figures": b"{}"}
    piece = {"fold_id": b"f", "run_id": b"1", "lo": b"0", "hi": b"1", "outcome": b"partial", "elapsed_s": b"nan"}
    piece |= {"parcel_id": b"", "size_bytes": b"0", "payload": b"", "gave_up": b"0"}
    boxes = [
        ("registry", "RegisterWorker", worker | {"programs": b'[["p"]]'}),
        ("registry", "RegisterWorker", worker | {"values": b"[[{}, 1]]"}),
        ("registry", "RegisterWorker", worker | {"host": b"a\nb"}),
        ("registry", "RegisterWorker", worker | {"base_port": b"99999999"}),
        ("registry", "RegisterWorker", worker | {"cores": b"1" + b"0" * 400}),
        ("registry", "Beat", beat | {"figures": b'{"leaves": 1' + b"0" * 400 + b"}", "programs": b"[[1]]"}),
        ("registry", "FoldOpened", {"program_id": b"p", "fold_id": "p.\u00b2.0".encode()}),
        ("registry", "Beat", beat | {"programs": b"[" * 60_000}),
        ("control", "StealRuns", {"fold_id": b"f", "slots": b"9" * 30, "host": b"h", "base_port": b"1"}),
        ("control", "PieceDone", piece),
    ]
    hello = {"session_id": "s" * 32, "pyfora_version": "0.1.0", "python_version": "3.11", "libm_fingerprint": ""}
    program = {"program_id": "a" * 32, "fingerprint": sha256(b"x").hexdigest(), "size_bytes": 1, "inputs": []}
    program |= {"download": "all", "download_limit_bytes": 0}
    sent = [
        [("ClientHello", hello | {"session_id": "\ud800"})],  # a name that the journal cannot hold
        [("ClientHello", hello), ("SubmitProgram", program | {"program_id": "../\ud800"})],
        [("ClientHello", hello), ("SubmitProgram", program | {"inputs": ["\x1b[2J"]})],
        [("ClientHello", hello), ("ReleaseValues", {"value_ids": ["../../etc/passwd"]})],
    ]
    with undisturbed(target, "absurd messages of known peers"):
        crowd = []
        for number, (port, kind, fields) in enumerate(boxes):
            connection, peer_id = target.through_the_door(port), b"w%d" % number
            fields = {name: peer_id if name == "worker_id" else value for name, value in fields.items()}
            send(connection, amp_box([(b"_ask", b"1"), (b"_command", b"Introduce"), (b"peer_id", peer_id)]))
            assert b"_answer" in connection.recv(4096), "it is known now"
            pairs = [(b"_command", kind.encode()), (b"sequence", b"0")]
            pairs += [(b"_ask", b"2")] if kind != "Beat" else []
            send(connection, amp_box(pairs + [(name.encode(), value) for name, value in fields.items()]))
            crowd.append(connection)
        for pairs in ([(b"_answer", b"9")], [(b"_error", b"9")], [(b"nothing", b"at all")], [(b"_error", b"1")]):
            for port in ("registry", "control"):
                crowd.append(target.through_the_door(port))
                send(crowd[-1], amp_box(pairs))
        for messages in sent:
            crowd.append(upgraded(target))
            for name, body in messages:
                header = json.dumps([name, body]).encode()
                payload = b"x" if name == "SubmitProgram" else b""
                send(crowd[-1], frame(2, struct.pack(">I", len(header)) + header + payload))
        assert closed_within(crowd, 20) == len(crowd)
