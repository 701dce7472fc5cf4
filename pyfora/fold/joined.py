"""Views that give the elements of their bases side by side, in turn, numbered, or from the end."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pyfora.fold.views import Cursor, JoinedCursor, View, cursor_at, functions_of, holds_state, is_of_ranges

_SWAP = operator.itemgetter(1, 0)


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
