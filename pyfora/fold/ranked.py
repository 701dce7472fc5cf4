"""Views whose elements follow from their rank: products and combinations."""

from __future__ import annotations

import itertools
import math
import operator
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyfora.fold.views import Cursor, View, holds_state


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
