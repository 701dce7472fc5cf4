"""Who is ended where the compute processes hold too much, and what is said of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest
from twisted.internet.task import Clock

from pyfora_twisted import memory
from pyfora_twisted.memory import PERIOD_S, MemoryWatch, held_bytes, too_large

MB = 1 << 20


def test_what_is_shared_with_the_server_counts_once() -> None:
    held = {f"p{number}": 110 * MB for number in range(10)}
    assert too_large(100 * MB, held, 200 * MB) is None
    assert too_large(100 * MB, held, 199 * MB) is not None


def test_the_largest_is_ended_in_words() -> None:
    found = too_large(50 * MB, {"a": 60 * MB, "b": 260 * MB, "c": 60 * MB}, 256 * MB)
    assert found is not None and found[0] == "b"
    assert "held 210 MB" in found[1] and "280 MB" in found[1] and "UFORA_WORKER_MEMORY_MB allows them 256" in found[1]


def test_without_processes_nobody_is_ended() -> None:
    assert too_large(500 * MB, {}, 256 * MB) is None


def test_our_own_memory_grows_with_what_we_write() -> None:
    before = held_bytes(os.getpid())
    data = bytearray(os.urandom(1)) * (64 * MB)
    assert 60 * MB < held_bytes(os.getpid()) - before < 80 * MB
    assert len(data) == 64 * MB and held_bytes(2**22 + 1) == 0


def test_it_looks_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    held: dict[int, int] = {1: 0, 7: 10 * MB}
    pids: dict[str, int] = {"p": 7}
    ended: list[str] = []

    def end(process_id: str, reason: str) -> None:
        ended.append(process_id)
        del pids[process_id]

    def look() -> tuple[int | None, Mapping[str, int]]:
        return 1, pids

    monkeypatch.setattr(memory, "held_bytes", lambda pid: held[pid])
    clock: Any = Clock()
    watch = MemoryWatch(100 * MB, clock, look, end)
    watch.start()
    clock.advance(PERIOD_S)
    assert ended == []
    held[7] = 101 * MB
    clock.advance(PERIOD_S)
    clock.advance(PERIOD_S)
    assert ended == ["p"]
    watch.stop()
    assert clock.getDelayedCalls() == []
