"""Intervals against plain sets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pyfora.cluster.intervals import Intervals

SPANS = st.tuples(st.booleans(), st.integers(0, 30), st.integers(0, 12))


@given(st.lists(SPANS, max_size=25), st.integers(0, 30), st.integers(0, 12))
def test_intervals_are_a_set(spans: list[tuple[bool, int, int]], lo: int, length: int) -> None:
    intervals, plain = Intervals(), set[int]()
    for add, start, size in spans:
        numbers = range(start, start + size)
        if add:
            intervals.add(start, start + size)
            plain.update(numbers)
        else:
            intervals.remove(start, start + size)
            plain.difference_update(numbers)
    assert {n for a, b in intervals for n in range(a, b)} == plain
    assert intervals.total == len(plain)
    assert bool(intervals) == bool(plain)
    ends = [edge for pair in intervals for edge in pair]
    assert ends == sorted(set(ends)), "disjoint, not touching, none empty"
    assert intervals.touches(lo, lo + length) == bool(plain & set(range(lo, lo + length)))
    assert intervals.covers(lo, lo + length) == (set(range(lo, lo + length)) <= plain)
    if plain:
        assert intervals.first()[0] == min(plain)
