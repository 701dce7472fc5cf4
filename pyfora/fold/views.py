"""Views: what `zip`, `enumerate`, `reversed` and their like make of sources that can be cut, as such sources.

A view is made where the program would have made an iterator that nothing but one loop can see; iterating over the view
is iterating over what the program's own call gives.
"""

from __future__ import annotations

import gc
import itertools
import math
import operator
import sys
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_DICT_VIEWS: tuple[type, ...] = tuple(map(type, ({}.keys(), {}.values(), {}.items())))
_SWAP = operator.itemgetter(1, 0)
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


@dataclass(frozen=True)
class Zipped(View):
    """`zip(*bases)`."""

    bases: tuple[Any, ...]

    def __len__(self) -> int:
        return min(map(len, self.bases))

    def __getitem__(self, piece: slice) -> Zipped:
        return Zipped(tuple(base[piece] for base in self.bases))

    def cursor(self, index: int) -> Cursor:
        inner = [cursor_at(base, index) for base in self.bases]
        if self.functions:
            return JoinedCursor(inner, zip)
        return Cursor(zip(*(one.take(None) for one in inner), strict=False), lambda: min(one.left() for one in inner))

    @property
    def holds_state(self) -> bool:
        return any(map(holds_state, self.bases))

    @property
    def functions(self) -> tuple[Any, ...]:
        return tuple(function for base in self.bases for function in functions_of(base))

    @property
    def is_of_ranges(self) -> bool:
        return all(map(is_of_ranges, self.bases))


@dataclass(frozen=True)
class Numbered(View):
    """`enumerate(base, start)`."""

    base: Any
    start: int

    def __len__(self) -> int:
        return len(self.base)

    def __getitem__(self, piece: slice) -> Numbered:
        return Numbered(self.base[piece], self.start + piece.indices(len(self))[0])

    def cursor(self, index: int) -> Cursor:
        inner = cursor_at(self.base, index)
        if self.functions:
            return JoinedCursor([inner], self._numberer(self.start + index))
        return Cursor(enumerate(inner.take(None), self.start + index), inner.left)

    def _numberer(self, start: int) -> Callable[[Iterator[Any]], Iterator[Any]]:
        numbers = itertools.count(start)
        # The numbers stand second, so that none is lost where the elements of a chunk end.
        return lambda elements: map(_SWAP, zip(elements, numbers, strict=False))

    def __iter__(self) -> Iterator[Any]:
        return enumerate(self.base, self.start)

    @property
    def holds_state(self) -> bool:
        return holds_state(self.base)

    @property
    def functions(self) -> tuple[Any, ...]:
        return functions_of(self.base)

    @property
    def is_of_ranges(self) -> bool:
        return is_of_ranges(self.base)


@dataclass(frozen=True)
class Reversed(View):
    """`reversed(base)`."""

    base: Any

    def __len__(self) -> int:
        return len(self.base)

    def __getitem__(self, piece: slice) -> Reversed:
        start, stop, _ = piece.indices(len(self))
        return Reversed(self.base[len(self) - stop : len(self) - start])

    def cursor(self, index: int) -> Cursor:
        elements = reversed(self.base[: len(self) - index] if index else self.base)
        return Cursor(elements, lambda: operator.length_hint(elements))

    @property
    def holds_state(self) -> bool:
        return holds_state(self.base)


@dataclass(frozen=True)
class Chained(View):
    """`itertools.chain(*bases)`."""

    bases: tuple[Any, ...]

    def __len__(self) -> int:
        return sum(map(len, self.bases))

    def __getitem__(self, piece: slice) -> Chained:
        start, stop, _ = piece.indices(len(self))
        pieces = []
        for base in self.bases:
            pieces.append(base[max(0, start) : max(0, stop)])
            start, stop = start - len(base), stop - len(base)
        return Chained(tuple(pieces))

    def cursor(self, index: int) -> Cursor:
        inner = []
        for base in self.bases:
            inner.append(cursor_at(base, min(index, len(base))))
            index -= min(index, len(base))
        elements = itertools.chain.from_iterable(one.take(None) for one in inner)
        return Cursor(elements, lambda: sum(one.left() for one in inner))

    @property
    def holds_state(self) -> bool:
        return any(map(holds_state, self.bases))


@dataclass(frozen=True)
class Paired(View):
    """`itertools.pairwise(base)`."""

    base: Any

    def __len__(self) -> int:
        return max(0, len(self.base) - 1)

    def __getitem__(self, piece: slice) -> Paired:
        start, stop, _ = piece.indices(len(self))
        return Paired(self.base[start : stop + 1] if stop > start else self.base[:0])

    def cursor(self, index: int) -> Cursor:
        inner = cursor_at(self.base, index)
        most = max(0, len(self) - index)
        return Cursor(itertools.pairwise(inner.take(None)), lambda: min(most, inner.left()))

    @property
    def holds_state(self) -> bool:
        return holds_state(self.base)


@dataclass(frozen=True)
class _Ranked(View):
    """Elements that follow from their rank: [start, stop) of all of them."""

    pools: tuple[tuple[Any, ...], ...]
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, piece: slice) -> Any:
        start, stop, _ = piece.indices(len(self))
        return type(self)(self.pools, self.start + start, self.start + max(start, stop))

    def cursor(self, index: int) -> Cursor:
        # Counted by a range beside it: these iterators do not know how many elements they have left.
        ranks = iter(range(self.start + index, self.stop))
        elements = (element for element, _ in zip(self.elements_from(self.start + index), ranks, strict=False))
        return Cursor(elements, lambda: operator.length_hint(ranks))

    @abstractmethod
    def elements_from(self, rank: int) -> Iterator[Any]:
        """The elements from this rank on."""

    @property
    def holds_state(self) -> bool:
        return any(map(holds_state, self.pools))


class Multiplied(_Ranked):
    """`itertools.product(*pools)`."""

    @staticmethod
    def of(pools: tuple[tuple[Any, ...], ...]) -> Multiplied:
        """All of it."""
        return Multiplied(pools, 0, math.prod(map(len, pools)))

    def elements_from(self, rank: int) -> Iterator[tuple[Any, ...]]:
        return _product_from(self.pools, rank)


def _product_from(pools: Sequence[tuple[Any, ...]], rank: int) -> Iterator[tuple[Any, ...]]:
    if rank == 0:
        return itertools.product(*pools)
    first, rest = pools[0], pools[1:]
    at, below = divmod(rank, math.prod(map(len, rest)))
    if at >= len(first):
        return iter(())
    beginning = ((first[at], *others) for others in _product_from(rest, below))
    return itertools.chain(beginning, itertools.product(first[at + 1 :], *rest))


class Chosen(_Ranked):
    """`itertools.combinations(pool, count)`, where `pools` is (pool, (count,))."""

    @staticmethod
    def of(pool: tuple[Any, ...], count: int) -> Chosen:
        """All of it."""
        return Chosen((pool, (count,)), 0, math.comb(len(pool), count))

    def elements_from(self, rank: int) -> Iterator[tuple[Any, ...]]:
        return _combinations_from(self.pools[0], self.pools[1][0], rank)


def _combinations_from(pool: tuple[Any, ...], count: int, rank: int) -> Iterator[tuple[Any, ...]]:
    """In lexicographic order of positions, as `itertools.combinations` gives them, from `rank` on."""
    if rank == 0 or count == 0:
        return iter(()) if rank else itertools.combinations(pool, count)
    for at, first in enumerate(pool):
        with_first = math.comb(len(pool) - at - 1, count - 1)
        if rank < with_first:
            beginning = ((first, *others) for others in _combinations_from(pool[at + 1 :], count - 1, rank))
            return itertools.chain(beginning, itertools.combinations(pool[at + 1 :], count))
        rank -= with_first
    return iter(())


class Accumulated(View):
    """`itertools.accumulate(base, function)` of numbers: iterated over live, cut as it was when it was first cut."""

    def __init__(self, base: Any, function: Any) -> None:
        self._base = base
        self._function = function
        self._elements: tuple[Any, ...] | None = None

    def __len__(self) -> int:
        return len(self._base)

    @property
    def read(self) -> tuple[Any, ...]:
        return (self._base,)

    def __getitem__(self, piece: slice) -> tuple[Any, ...]:
        if self._elements is None:
            self._elements = tuple(self)
        return self._elements[piece]

    def cursor(self, index: int) -> Cursor:
        inner = cursor_at(self._base, 0)
        elements = itertools.accumulate(inner.take(None), self._function)
        for _ in itertools.islice(elements, index):
            pass
        return Cursor(elements, inner.left)

    @property
    def holds_state(self) -> bool:
        return False

    def __reduce__(self) -> tuple[Any, ...]:
        # Wherever this goes it is cut, in many places; a tuple is a source, too.
        return tuple, (self[:],)


def is_as_it_began(source: Any) -> bool:
    """Whether the dicts and sets of a source, which is to be cut now, have the elements that they began with."""
    if isinstance(source, Snapshot):
        return source.cut_anew()
    return all(map(is_as_it_began, source.read)) if isinstance(source, View) else True


class Snapshot(View):
    """A dict, a set, or a view of a dict: iterated over live, cut as it was when it was first cut."""

    def __init__(self, live: Any) -> None:
        self._live: Any = live
        self._elements: tuple[Any, ...] | None = None
        self._began: tuple[Any, ...] | None = None
        """Its keys, or elements, when a loop over it began."""

    @property
    def read(self) -> tuple[Any, ...]:
        # A view of a dict says of which only through a proxy.
        return (self._live, *gc.get_referents(self._live)) if isinstance(self._live, _DICT_VIEWS) else (self._live,)

    def __len__(self) -> int:
        return len(self._live)

    def __getitem__(self, piece: slice) -> tuple[Any, ...]:
        return self._cut()[piece]

    def cursor(self, index: int) -> Cursor:
        if self._began is None:
            self._began = tuple(self._keys())
        elements = iter(self._live)
        for _ in itertools.islice(elements, index):
            pass
        # Less than none of a set that was changed on the way, which `operator.length_hint` would not let through.
        return Cursor(elements, lambda: max(0, elements.__length_hint__()))

    def cut_anew(self) -> bool:
        """Forget how it was cut, as values may be others now; False where other elements are gone through than began.

        A live iterator goes on from its place in the table; which elements come then cannot be told from outside.
        """
        self._elements = None
        began, keys = self._began, tuple(self._keys())
        return began is None or (len(began) == len(keys) and all(map(operator.is_, began, keys)))

    def _keys(self) -> Any:
        live: Any = self._live
        return live.mapping if type(live) in _DICT_VIEWS else live

    @property
    def holds_state(self) -> bool:
        return holds_state(self._cut())

    def _cut(self) -> tuple[Any, ...]:
        if self._elements is None:
            self._elements = tuple(self._live)
        return self._elements

    def __reduce__(self) -> tuple[Any, ...]:
        # Views of dicts cannot be pickled; and wherever this goes it is cut.
        return Snapshot, (self._cut(),)
