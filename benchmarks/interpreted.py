"""A loop that no compiler takes: texts, regular expressions, dicts of lists, on two cores against CPython on one."""

from __future__ import annotations

import multiprocessing
import re
import statistics
import time

import pyfora
from benchmarks.table import Row
from tests.daemons import Cluster

WORD = re.compile(r"(\d)(\d)")


def described(i: int) -> int:
    """Some 30 microseconds of formatting, matching and counting."""
    text = WORD.sub(r"\2-\1", f"{i:012d} {i * 7919:x} item {i % 97}")
    counts: dict[str, list[int]] = {}
    for position, letter in enumerate(text):
        counts.setdefault(letter, []).append(position)
    return sum(len(places) * places[0] for places in counts.values())


def described_all(numbers: range) -> list[int]:
    """The loop itself."""
    return [described(i) for i in numbers]


def interpreted_loop(count: int, pairs: int) -> list[Row]:
    """The block on two workers of one core against the same loop here, in interleaved groups of three.

    The third is two bare processes that wait for their halves, cut beforehand: what two cores of this machine can do.
    """
    ratios, limits, ours, peers, halves = [], [], [], [], []
    halved = [range(count // 2), range(count // 2, count)]
    with (
        multiprocessing.Pool(2) as pool,
        Cluster(workers=2) as cluster,
        pyfora.connect(cluster.url, progress=False) as executor,
    ):
        for _ in range(pairs):
            started_at = time.perf_counter()
            expected = described_all(range(count))
            plain_s = time.perf_counter() - started_at
            started_at = time.perf_counter()
            with executor.remotely.downloadAll():
                found = [described(i) for i in range(count)]
            our_s = time.perf_counter() - started_at
            started_at = time.perf_counter()
            assert expected == [number for half in pool.map(described_all, halved, 1) for number in half]
            halves_s = time.perf_counter() - started_at
            assert found == expected
            ours.append(our_s)
            peers.append(plain_s)
            halves.append(halves_s)
            ratios.append(our_s / plain_s)
            limits.append(halves_s / plain_s)
    what = f"{count:,} elements that are not compiled, 2 cores"
    measured, limit = statistics.median(ratios), statistics.median(limits)
    peer = f"CPython on one: {min(peers):.2f} s"
    beside = f"{peer}; in halves: {min(halves):.2f} s"
    return [
        Row(what, f"{min(ours):.2f} s", peer, measured, "times CPython", round(1 / 1.8, 3), round(1 / 1.95, 3)),
        Row(f"{what}, beside halves cut by hand", "", beside, measured / limit, "times the halves", None, None),
    ]
