"""Views that are iterated over live, and cut as they were when they were first cut."""

from __future__ import annotations

import gc
import itertools
import operator
from typing import Any

from pyfora.fold.views import Cursor, View, cursor_at, holds_state

_DICT_VIEWS: tuple[type, ...] = tuple(map(type, ({}.keys(), {}.values(), {}.items())))


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
