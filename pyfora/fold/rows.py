"""Rows: values that are made of numbers and letters, all of one shape, as columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Spec = str | tuple["Spec", ...]
"""The shape of a value: `int`, `float`, `bool`, `complex`, `letter` (a text of one letter), a number of numpy's by its
type as `numpy.int32`, or a tuple of such."""
_NUMPY = "numpy."
_NUMPY_COMPLEX = "numpy.complex128"
_KINDS = {"f": "float", "i": "int", "u": "int", "b": "bool"}


@dataclass(frozen=True, eq=False)
class Rows:
    """Values in order. No float is a NaN."""

    spec: Spec
    columns: tuple[Any, ...]
    """An array for each number: int64, float64, bool; of a letter its code point, of a complex its two floats."""

    def __len__(self) -> int:
        return len(self.columns[0])

    def values(self) -> list[Any]:
        """The values themselves."""
        return _values(self.spec, iter(self.columns))

    def part(self, number: int) -> Rows:
        """Of tuples: this element of each."""
        assert isinstance(self.spec, tuple)
        before = sum(map(width, self.spec[:number]))
        return Rows(self.spec[number], self.columns[before : before + width(self.spec[number])])

    def at(self, positions: Any) -> Rows:
        """Those at these positions, in their order."""
        return Rows(self.spec, tuple(column[positions] for column in self.columns))


def side_by_side(*parts: Rows) -> Rows:
    """Tuples of these."""
    return Rows(tuple(part.spec for part in parts), tuple(column for part in parts for column in part.columns))


def _values(spec: Spec, columns: Any) -> list[Any]:
    if isinstance(spec, tuple):
        return list(zip(*[_values(one, columns) for one in spec], strict=True))
    if spec.startswith(_NUMPY):
        if spec == _NUMPY_COMPLEX:
            return list(_together(next(columns), next(columns)))
        return list(next(columns).astype(spec.removeprefix(_NUMPY)))
    numbers: list[Any] = next(columns).tolist()
    if spec == "complex":
        return list(map(complex, numbers, next(columns).tolist()))
    return list(map(chr, numbers)) if spec == "letter" else numbers


def _together(real: Any, imag: Any) -> Any:
    import numpy as np

    found = np.empty(len(real), np.complex128)
    found.real, found.imag = real, imag
    return found


def width(spec: Spec) -> int:
    """How many columns there are."""
    return sum(map(width, spec)) if isinstance(spec, tuple) else len(list(scalars(spec)))


def scalars(spec: Spec) -> Iterable[str]:
    """The shapes of the columns."""
    if not isinstance(spec, tuple):
        # numpy's names of types begin with what kind they are.
        named = spec.removeprefix(_NUMPY)
        if spec in ("complex", _NUMPY_COMPLEX):
            yield from ("float", "float")
        else:
            yield spec if named == spec else _KINDS[named[0]]
        return
    for one in spec:
        yield from scalars(one)


# ---- fewer rows that add as much ------------------------------------------------------------------------------------


def first_of_each(keys: Rows) -> Any:
    """The positions at which a key is met for the first time, in order: these alone make the same set."""
    import numpy as np

    first, _, _ = _groups(keys)
    return np.sort(first)


def counted(keys: Rows) -> tuple[Any, Any]:
    """The positions at which a key is met for the first time, in order; and how often each of these keys is there."""
    import numpy as np

    first, _, counts = _groups(keys)
    order = np.argsort(first, kind="stable")
    return first[order], counts[order]


def last_of_each(keys: Rows) -> tuple[Any, Any]:
    """The positions at which a key is met for the first time, in order; and where each of these is met for the last."""
    import numpy as np

    first, group, _ = _groups(keys)
    last = np.empty(len(first), np.int64)
    # Of several that are written to one place, the last one stays.
    last[group] = np.arange(len(keys))
    order = np.argsort(first, kind="stable")
    return first[order], last[order]


_DENSE = 4
"""Keys are counted in an array where it has no more than so many places for each."""


def _groups(keys: Rows) -> tuple[Any, Any, Any]:
    """For each different key its first position, and how often it is there; for each position its key's number.

    -0.0 and 0.0 are one key, as in a dict.
    """
    import numpy as np

    if len(keys.columns) > 1:
        numbers = [np.unique(column, return_inverse=True)[1].reshape(-1) for column in keys.columns]
        joined = numbers[0].astype(np.int64)
        for more in numbers[1:]:
            # Numbered anew each time: no product of the counts of keys is ever beyond 64 bits.
            joined = np.unique(joined * (int(more.max(initial=0)) + 1) + more, return_inverse=True)[1].reshape(-1)
        column = joined
    else:
        column = keys.columns[0]
    if column.dtype.kind in "ib" and len(column):
        low, high = int(column.min()), int(column.max())
        if high - low < max(_DENSE * len(column), 1024):
            places = column.astype(np.int64) - low
            counts = np.bincount(places, minlength=high - low + 1)
            first = np.empty(high - low + 1, np.int64)
            first[places[::-1]] = np.arange(len(column) - 1, -1, -1)
            present = counts > 0
            number = np.cumsum(present) - 1
            return first[present], number[places], counts[present]
    _, first, group, counts = np.unique(column, return_index=True, return_inverse=True, return_counts=True)
    return first, group.reshape(-1), counts


def first_winner(values: Any, *, largest: bool, last: bool = False) -> int:
    """The position of the first (or the last) largest or smallest number; there is no NaN among them."""
    import numpy as np

    chosen = values[::-1] if last else values
    position = int(np.argmax(chosen) if largest else np.argmin(chosen))
    return len(values) - 1 - position if last else position


def exact_sum(numbers: Any) -> int:
    """The sum of ints of 64 bits, or of bools."""
    import numpy as np

    if numbers.dtype.kind == "b":
        return int(np.count_nonzero(numbers))
    # No more than 2**31 of each half: neither sum is beyond 64 bits.
    pieces = [numbers[start : start + (1 << 30)] for start in range(0, len(numbers), 1 << 30)]
    return sum((int((one >> 32).sum()) << 32) + int((one & 0xFFFFFFFF).sum()) for one in pieces)
