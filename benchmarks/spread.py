"""Loops on all cores of this machine, beside every peer that can run them at all."""

from __future__ import annotations

import math
import time
from typing import Any

import pyfora
from benchmarks import peer_processes
from benchmarks.in_peer import REPEATS
from benchmarks.spread_loops import LOOPS, Loop
from benchmarks.table import Row
from tests.daemons import Cluster


def beside_peers() -> list[Row]:
    """A row for each loop; the ratio is to the quickest peer whose answer is CPython's, but for the last bits."""
    with Cluster(workers=2) as cluster, pyfora.connect(cluster.url, progress=False) as executor:
        ours = [_ours(executor, loop) for loop in LOOPS]
    found = {peer: peer_processes.outcomes(peer, "loops", len(LOOPS)) for peer in peer_processes.NAMES}
    return [
        _row(loop, value, took_s, {peer: said and said[at] for peer, said in found.items()})
        for at, (loop, (value, took_s)) in enumerate(zip(LOOPS, ours, strict=True))
    ]


def _ours(executor: Any, loop: Loop) -> tuple[Any, float]:
    element, count = loop.element, loop.count
    took = math.inf
    for _ in range(REPEATS + 1):
        started = time.perf_counter()
        with executor.remotely.downloadAll():
            value = sum(element(i) for i in range(count))
        took = min(took, time.perf_counter() - started)
    return value, took


def _row(loop: Loop, value: Any, took_s: float, peers: dict[str, dict[str, Any] | None]) -> Row:
    told, times = [], []
    expected = sum(loop.element(i) for i in range(loop.count))
    for peer, said in peers.items():
        if said is None:
            told.append(f"{peer}: not installed")
        elif "value" not in said:
            told.append(f"{peer}: " + ("crashed" if "crashed" in said else "cannot"))
        elif math.isclose(float(said["value"]), expected, rel_tol=1e-9):
            exact = "" if said["value"] == repr(expected) else ", other bits"
            told.append(f"{peer}: {said['took_s']:.2f} s{exact}")
            times.append(said["took_s"])
        else:
            told.append(f"{peer}: wrong")
    right = "CPython's bits" if repr(value) == repr(expected) else "OTHER BITS"
    ratio = took_s / min(times) if times else None
    what = f"{loop.what}, {loop.count:,} of them, 2 cores, of all peers the quickest"
    return Row(what, f"{took_s:.2f} s, {right}", "; ".join(told), ratio, "x", None, None)
