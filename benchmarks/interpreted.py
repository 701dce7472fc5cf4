"""A loop that no compiler takes: texts, regular expressions, dicts of lists, on two cores against CPython on one."""

from __future__ import annotations

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


def interpreted_loop(count: int, pairs: int) -> Row:
    """The block on two workers of one core against the same loop here, in interleaved pairs."""
    ratios, ours, peers = [], [], []
    with Cluster(workers=2) as cluster, pyfora.connect(cluster.url, progress=False) as executor:
        for _ in range(pairs):
            started_at = time.perf_counter()
            expected = [described(i) for i in range(count)]
            between = time.perf_counter()
            with executor.remotely.downloadAll():
                found = [described(i) for i in range(count)]
            ended_at = time.perf_counter()
            assert found == expected
            peers.append(between - started_at)
            ours.append(ended_at - between)
            ratios.append(ours[-1] / peers[-1])
    return Row(
        what=f"{count:,} elements that are not compiled, 2 cores",
        ours=f"{min(ours):.2f} s",
        peer=f"CPython on one: {min(peers):.2f} s",
        measured=statistics.median(ratios),
        unit="times CPython",
        least=round(1 / 1.8, 3),
        aim=round(1 / 1.95, 3),
    )
