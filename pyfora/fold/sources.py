"""Sources that can be cut: what a parallel loop may run over."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, TypeGuard

Source = range | list[object] | tuple[object, ...]

ATOMS = frozenset((int, float, complex, bool, str, bytes, type(None)))
"""Types whose values cannot change, and lead to nothing that can."""


def can_be_cut(source: object) -> TypeGuard[Source]:
    """Whether `source` has a length and slices that mean what iterating over it means.

    Exact types only: a subclass may iterate otherwise than it is sliced. A range of more than `sys.maxsize` has no
    length.
    """
    if type(source) is range:
        # A bound from above: len() itself raises OverflowError.
        return abs(source.stop - source.start) // abs(source.step) < sys.maxsize
    return type(source) in (list, tuple)


def holds_state(source: Source) -> bool:
    """Whether an element of the source could be changed by the loop that runs over it."""
    return type(source) is not range and not set(map(type, source)) <= ATOMS


def iterate_from(source: Source, index: int) -> Iterator[Any]:
    """An iterator over the elements from `index` on; over a list as the list is when it gets there, as in Python."""
    if type(source) is list:
        live = iter(source)
        live.__setstate__(index)  # type: ignore[attr-defined]  # of list iterators; not in the stubs
        return live
    return iter(source[index:])
