"""What a leaf yields: the elements themselves, or something shorter that says exactly as much."""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from pyfora.fold.views import ATOMS

NUMBERS = frozenset((int, bool, float))
_HOLDERS = frozenset((tuple, frozenset, list))


class Form(enum.Enum):
    """The forms that a leaf's partial can have."""

    ELEMENTS = "elements"
    """All elements in order: always right."""
    TOTAL = "total"
    """The sum of elements that are all exactly int or bool: a `Total`."""
    FLOATS = "floats"
    """All elements in order, all exactly float, as an array of 64-bit floats."""
    ARRAY = "array"
    """All elements in order, all exactly int, or all float, or all bool, as an array of that type."""
    TRUTH = "truth"
    """Whether the leaf decides an `any` or `all`."""
    WINNER = "winner"
    """[the first smallest or largest element], or [] of an empty leaf."""
    FIRST = "first"
    """[the first element], or [] of an empty leaf."""
    MERGED = "merged"
    """The dict that the leaf makes."""


@dataclass(frozen=True)
class Total:
    """The sum of ints, and how far from zero the sum may have been on the way."""

    value: int
    reach: int | None
    """The sum of their absolute values; None where it is not known."""
    empty: bool = False
    """There were no elements: not the same as a sum of 0, which turns -0.0 into 0.0."""

    def plus(self, later: Total) -> Total:
        """The total of these elements and of later ones."""
        reach = None if self.reach is None or later.reach is None else self.reach + later.reach
        return Total(self.value + later.value, reach, self.empty and later.empty)


@dataclass(frozen=True)
class Partial:
    """A leaf's yield."""

    form: Form
    data: Any

    def elements(self) -> list[Any]:
        """The elements that it lists, in the forms that list them."""
        listed: list[Any] = self.data.tolist() if self.form in (Form.ARRAY, Form.FLOATS) else self.data
        return listed


def partial_of(form: Form, callee: Any, items: Iterable[Any]) -> Partial:
    """The partial of a leaf whose elements are `items` (for MERGED: the dict itself).

    Where the wanted form cannot say all, the elements themselves. Whatever evaluating an element raises is raised.
    """
    if form is Form.TRUTH:
        return Partial(form, callee(items))
    if form is Form.MERGED:
        return Partial(form, items)
    if form is Form.FIRST:
        return Partial(form, list(itertools.islice(items, 1)))
    elements = items if type(items) is list else list(items)
    kinds = set(map(type, elements))
    if form is Form.TOTAL and kinds <= {int, bool}:
        return Partial(form, Total(sum(elements), sum(map(abs, elements)), not elements))
    if form is Form.FLOATS and kinds <= {float}:
        import numpy as np

        return Partial(form, np.array(elements, dtype=np.float64))
    if form is Form.WINNER and have_an_order(elements, kinds):
        return Partial(form, [callee(elements)] if elements else [])
    return Partial(Form.ELEMENTS, elements)


def have_an_order(elements: list[Any], kinds: set[type] | None = None) -> bool:
    """Whether comparing these elements is a total order, so that the winner of winners is the winner of all.

    NaN breaks it (every comparison with it is false), and so may any class of a user's. `kinds`: their types.
    """
    kinds = set(map(type, elements)) if kinds is None else kinds
    if kinds <= {str} or kinds <= {bytes}:
        return True
    if not kinds <= {int, bool, float}:
        return False
    return float not in kinds or not any(type(e) is float and math.isnan(e) for e in elements)


def hold_nan(partial: Partial) -> bool:
    """Whether a NaN is among the elements, or within their tuples; of a dict: among its keys.

    Sets and dicts tell one NaN from another by identity, which does not outlive the journey between processes.
    """
    if partial.form in (Form.ARRAY, Form.FLOATS):
        return partial.data.dtype.kind == "f" and bool((partial.data != partial.data).any())
    return _hold_nan(list(partial.data))


def hold_inner_nan(partial: Partial) -> bool:
    """Whether a NaN is within the tuples or lists that it lists.

    Comparing these takes one NaN for equal to itself, and to no other.
    """
    return partial.form is Form.ELEMENTS and _hold_nan(_inner(partial.data))


def may_hold_nan(elements: Collection[Any]) -> bool:
    """Whether a NaN may be among them, or within their tuples; quick where all are floats."""
    if set(map(type, elements)) == {float}:
        # Infinities of both signs make one, too.
        return math.isnan(sum(elements))
    return _hold_nan(list(elements))


def _hold_nan(elements: list[Any]) -> bool:
    kinds = set(map(type, elements))
    if float in kinds and any(type(e) is float and math.isnan(e) for e in elements):
        return True
    if complex in kinds and any(type(e) is complex and e != e for e in elements):
        return True
    return not kinds.isdisjoint(_HOLDERS) and _hold_nan(_inner(elements))


def _inner(elements: list[Any]) -> list[Any]:
    return _within(elements, *_HOLDERS)


def _within(elements: Iterable[Any], *holders: type) -> list[Any]:
    return list(itertools.chain.from_iterable(e for e in elements if type(e) in holders))


def are_plain(elements: Collection[Any]) -> bool:
    """Whether these are numbers, texts and so on, or tuples of such: nothing whose identity could matter."""
    kinds = set(map(type, elements))
    if tuple not in kinds:
        return kinds <= ATOMS
    # Listed, as it is gone through twice there.
    return kinds <= ATOMS | {tuple} and are_plain(_within(elements, tuple))
