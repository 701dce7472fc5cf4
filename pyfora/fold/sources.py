"""Sources that can be cut: what a parallel loop may run over."""

from __future__ import annotations

from typing import TypeGuard

Source = range | list[object] | tuple[object, ...]

_ATOMS = frozenset((int, float, complex, bool, str, bytes, type(None)))


def can_be_cut(source: object) -> TypeGuard[Source]:
    """Whether `source` has a length and slices that mean what iterating over it means.

    Exact types only: a subclass may iterate otherwise than it is sliced.
    """
    return type(source) in (range, list, tuple)


def holds_state(source: Source) -> bool:
    """Whether an element of the source could be changed by the loop that runs over it."""
    return type(source) is not range and any(type(element) not in _ATOMS for element in source)
