"""What a leaf yields: the elements themselves, or something shorter that says exactly as much."""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


class Form(enum.Enum):
    """The forms that a leaf's partial can have."""

    ELEMENTS = "elements"
    """All elements in order: always right."""
    TOTAL = "total"
    """The sum of elements that are all exactly int or bool."""
    FLOATS = "floats"
    """All elements in order, all exactly float, as an array of 64-bit floats."""
    ARRAY = "array"
    """All elements in order, all exactly int, or all float, or all bool, as an array of that type."""
    TRUTH = "truth"
    """Whether the leaf decides an `any` or `all`."""
    WINNER = "winner"
    """[the first smallest or largest element], or [] of an empty leaf."""
    MERGED = "merged"
    """The dict that the leaf makes."""


@dataclass(frozen=True)
class Partial:
    """A leaf's yield."""

    form: Form
    data: Any


def partial_of(form: Form, callee: Any, items: Iterable[Any]) -> Partial:
    """The partial of a leaf whose elements are `items` (for MERGED: the dict itself).

    Where the wanted form cannot say all, the elements themselves. Whatever evaluating an element raises is raised.
    """
    if form is Form.TRUTH:
        return Partial(form, callee(items))
    if form is Form.MERGED:
        return Partial(form, items)
    elements = items if type(items) is list else list(items)
    kinds = {type(element) for element in elements}
    if form is Form.TOTAL and kinds <= {int, bool}:
        return Partial(form, sum(elements))
    if form is Form.FLOATS and kinds <= {float}:
        import numpy as np

        return Partial(form, np.array(elements, dtype=np.float64))
    if form is Form.WINNER and have_an_order(elements, kinds):
        return Partial(form, [callee(elements)] if elements else [])
    return Partial(Form.ELEMENTS, elements)


def have_an_order(elements: list[Any], kinds: set[type]) -> bool:
    """Whether comparing these elements is a total order, so that the winner of winners is the winner of all.

    NaN breaks it (every comparison with it is false), and so may any class of a user's.
    """
    if kinds <= {str} or kinds <= {bytes}:
        return True
    if not kinds <= {int, bool, float}:
        return False
    return float not in kinds or not any(type(e) is float and math.isnan(e) for e in elements)
