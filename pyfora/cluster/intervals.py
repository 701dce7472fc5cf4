"""A set of leaves, kept as sorted disjoint intervals."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator


class Intervals:
    """Whole numbers as half-open intervals [lo, hi); touching ones are merged."""

    def __init__(self, *intervals: tuple[int, int]) -> None:
        self._los: list[int] = []
        self._his: list[int] = []
        self.total = 0
        """How many numbers are in the set."""
        for lo, hi in intervals:
            self.add(lo, hi)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(list(zip(self._los, self._his, strict=True)))

    def __bool__(self) -> bool:
        return bool(self._los)

    def __repr__(self) -> str:
        return f"Intervals({', '.join(f'{lo}..{hi}' for lo, hi in self)})"

    def first(self) -> tuple[int, int]:
        """The lowest interval. Raises IndexError when there is none."""
        return self._los[0], self._his[0]

    def touches(self, lo: int, hi: int) -> bool:
        """Whether any of [lo, hi) is in the set."""
        at = bisect_right(self._his, lo)
        return lo < hi and at < len(self._los) and self._los[at] < hi

    def covers(self, lo: int, hi: int) -> bool:
        """Whether all of [lo, hi) is in the set."""
        at = bisect_right(self._his, lo)
        return lo >= hi or (at < len(self._los) and self._los[at] <= lo and hi <= self._his[at])

    def add(self, lo: int, hi: int) -> None:
        """Put [lo, hi) in."""
        if lo >= hi:
            return
        start = bisect_left(self._his, lo)
        stop = bisect_right(self._los, hi)
        for at in range(start, stop):
            self.total -= self._his[at] - self._los[at]
        if start < stop:
            lo = min(lo, self._los[start])
            hi = max(hi, self._his[stop - 1])
        self._los[start:stop] = [lo]
        self._his[start:stop] = [hi]
        self.total += hi - lo

    def remove(self, lo: int, hi: int) -> None:
        """Take [lo, hi) out, as far as it is in."""
        if lo >= hi:
            return
        start = bisect_right(self._his, lo)
        stop = bisect_left(self._los, hi)
        if start >= stop:
            return
        left = (self._los[start], lo)
        right = (hi, self._his[stop - 1])
        for at in range(start, stop):
            self.total -= self._his[at] - self._los[at]
        kept = [(a, b) for a, b in (left, right) if a < b]
        self._los[start:stop] = [a for a, _ in kept]
        self._his[start:stop] = [b for _, b in kept]
        self.total += sum(b - a for a, b in kept)
