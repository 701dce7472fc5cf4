"""Views that call a function of the user's for their elements: `map`, `filter` and `itertools.starmap`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pyfora.fold.views import Cursor, JoinedCursor, View, cursor_at, functions_of, holds_state, is_of_ranges


@dataclass(frozen=True)
class Called(View):
    """`maker(function, *bases)`, where `maker` is `map`, `filter` or `itertools.starmap`.

    A StopIteration out of the function ends it, and the whole loop with it; so whoever runs a piece asks the cursor
    whether the piece came to its own end. (A function around the user's would see it, too, at a frame an element.)
    """

    maker: Callable[..., Iterator[Any]]
    function: Any
    bases: tuple[Any, ...]

    def __len__(self) -> int:
        return min(map(len, self.bases))

    def __getitem__(self, piece: slice) -> Called:
        return Called(self.maker, self.function, tuple(base[piece] for base in self.bases))

    def cursor(self, index: int) -> Cursor:
        inner = [cursor_at(base, index) for base in self.bases]
        return JoinedCursor(inner, lambda *elements: self.maker(self.function, *elements))

    @property
    def holds_state(self) -> bool:
        return any(map(holds_state, self.bases))

    @property
    def functions(self) -> tuple[Any, ...]:
        return (self.function, *(function for base in self.bases for function in functions_of(base)))

    @property
    def is_even(self) -> bool:
        return self.maker is not filter and all(not isinstance(base, View) or base.is_even for base in self.bases)

    @property
    def is_of_ranges(self) -> bool:
        return all(map(is_of_ranges, self.bases))


def range_called_over(source: Any) -> range | None:
    """The range for whose elements `map` or `filter` calls its function, where the source is just that."""
    if isinstance(source, Called) and source.maker in (map, filter) and len(source.bases) == 1:
        return source.bases[0] if type(source.bases[0]) is range else None
    return None
