"""What a view is: a source that `zip`, `enumerate` or their like make of others, and that is cut as they are.

A view is made where the program would have made an iterator that nothing but one loop can see; iterating over the view
is iterating over what the program's own call gives.
"""

from __future__ import annotations

import itertools
import operator
import sys
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

ATOMS = frozenset((int, float, complex, bool, str, bytes, type(None)))
"""Types whose values cannot change, and lead to nothing that can."""


class Cursor:
    """Where a loop is in its source: `take` gives the next elements, `left` says how many there are left.

    What `take` gave must be gone through before the next is taken. A dict or a set that was changed on the way says
    that none are left, and raises, or goes on, when it is asked for one more.
    """

    ended = True
    """What was taken came to its own end: no function that it calls raised StopIteration before. Good afterwards."""

    def __init__(self, elements: Iterator[Any], left: Callable[[], int]) -> None:
        self._elements = elements
        self.left = left

    def take(self, count: int | None) -> Iterator[Any]:
        """The next `count` elements; None: all that are left."""
        return self._elements if count is None else itertools.islice(self._elements, count)


class JoinedCursor(Cursor):
    """A cursor over what `join` makes of the elements of others, side by side, some of which call functions.

    It came to its own end when its first one was asked for one element more than there are: all others had given
    theirs by then.
    """

    def __init__(self, inner: list[Cursor], join: Callable[..., Iterator[Any]]) -> None:
        self.left = lambda: min(one.left() for one in inner)
        self._inner = inner
        self._join = join
        self._asked = False

    def take(self, count: int | None) -> Iterator[Any]:
        self._asked = False
        first, *others = (one.take(count) for one in self._inner)
        return self._join(itertools.chain(first, self._end()), *others)

    def _end(self) -> Iterator[Any]:
        self._asked = True
        yield from ()

    @property
    def ended(self) -> bool:  # type: ignore[override]
        """As of any cursor."""
        return self._asked and self._inner[0].ended


class View:
    """A source made of others. Its slices are views of the same kind."""

    @abstractmethod
    def __len__(self) -> int:
        """How many elements of its bases it runs over."""

    @abstractmethod
    def __getitem__(self, piece: slice) -> Any:
        """The view of elements [piece.start, piece.stop)."""

    @abstractmethod
    def cursor(self, index: int) -> Cursor:
        """A cursor at this element."""

    @property
    @abstractmethod
    def holds_state(self) -> bool:
        """Whether the loop that runs over it could change what it is made of."""

    @property
    def functions(self) -> tuple[Any, ...]:
        """The functions of the user's that are called for its elements."""
        return ()

    @property
    def read(self) -> tuple[Any, ...]:
        """What it is made of."""
        held = vars(self)
        return held["bases"] if "bases" in held else held["pools"] if "pools" in held else (held["base"],)

    @property
    def is_even(self) -> bool:
        """Whether each element of its bases makes one of its own."""
        return True

    @property
    def is_of_ranges(self) -> bool:
        """Whether it is made of ranges only, so that no elements travel with it."""
        return False

    def __iter__(self) -> Iterator[Any]:
        return self.cursor(0).take(None)


def cursor_at(source: Any, index: int) -> Cursor:
    """A cursor at element `index` of any source; over a list as the list is when it gets there, as in Python."""
    if isinstance(source, View):
        return source.cursor(index)
    if type(source) is list:
        elements = iter(source)
        elements.__setstate__(index)  # type: ignore[attr-defined]  # of list iterators; not in the stubs
    else:
        elements = iter(source[index:] if index else source)
    return Cursor(elements, lambda: operator.length_hint(elements))


def is_array(value: Any) -> bool:
    """Whether this is a numpy array of one dimension."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(value) is numpy.ndarray and bool(value.ndim == 1)


def holds_state(source: Any) -> bool:
    """Whether an element of the source could be changed by the loop that runs over it."""
    if isinstance(source, View):
        return source.holds_state
    if is_array(source):
        return source.dtype.kind in "OV"
    return type(source) is not range and not set(map(type, source)) <= ATOMS


def functions_of(source: Any) -> tuple[Any, ...]:
    """The functions of the user's that are called for the elements of a source."""
    return source.functions if isinstance(source, View) else ()


def read_by(source: Any) -> Iterator[Any]:
    """The objects that a loop over a source looks into: what adds to one of them may change what comes next."""
    if isinstance(source, View):
        for base in source.read:
            yield from read_by(base)
    elif type(source) is not range:
        yield source


def is_of_ranges(source: Any) -> bool:
    """Whether no elements travel with the source."""
    return source.is_of_ranges if isinstance(source, View) else type(source) is range
