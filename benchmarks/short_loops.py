"""What it costs a program of short loops that they might have been long ones."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import pyfora
from benchmarks.table import Row
from tests.daemons import Cluster


@dataclass
class Widget:
    """As in the benchmark `comprehensions` of pyperformance."""

    number: int
    creator: int
    derived: list[int]
    has_knob: bool
    is_big: bool


def widgets() -> list[Widget]:
    """24 of them."""
    made: list[Widget] = []
    for number in range(24):
        derived = [widget.number for widget in made[:: number // 8 + 1]]
        made.append(Widget(number, number // 8, derived, number % 4 < 2, number % 2 == 0))
    return made


def sorted_on_trays(rounds: int) -> int:
    """Some fifty loops a round, of at most 24 elements each."""
    given, total = widgets(), 0
    for _ in range(rounds):
        wanted = [w for w in given if not (w.is_big and w.number % 3 == 0)]
        by_number = {w.number: w for w in wanted}
        derived = {w.number: [by_number.get(number) for number in w.derived] for w in wanted}
        places = [(w.creator == 1, any(d.has_knob for d in derived[w.number] if d), w.number) for w in wanted]
        total += len([by_number[place[-1]] for place in sorted(places)])
    return total


def short_loops_against_cpython(rounds: int, pairs: int) -> Row:
    """The block on a worker against the same call here, in interleaved pairs."""
    ratios, ours, peers = [], [], []
    with Cluster(workers=1) as cluster, pyfora.connect(cluster.url, progress=False) as executor:
        for _ in range(pairs):
            started_at = time.perf_counter()
            expected = sorted_on_trays(rounds)
            between = time.perf_counter()
            with executor.remotely.downloadAll():
                found = sorted_on_trays(rounds)
            ended_at = time.perf_counter()
            assert found == expected
            peers.append(between - started_at)
            ours.append(ended_at - between)
            ratios.append(ours[-1] / peers[-1])
    return Row(
        what=f"{rounds:,} × 50 short comprehensions in a block",
        ours=f"{min(ours):.2f} s",
        peer=f"CPython: {min(peers):.2f} s",
        measured=statistics.median(ratios),
        unit="times CPython",
        least=1.5,
        aim=1.2,
    )
