"""Values that are nested deeper than pickle can go: taken apart, each object made first and filled later.

Pickle calls itself for each level, and CPython limits how deep that goes, since 3.12 for good. So where it gives up all
is pickled again, in another way: a list, a dict or an instance as an empty one, and what it holds afterwards, in a
pickle of its own, which refers to what is there already. (A thread with a large stack was rejected: before 3.12 the
limit that it needs is every thread's, and since then no stack helps.)
"""

from __future__ import annotations

import copyreg
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pyfora.fold.partials import are_plain
from pyfora.fold.views import ATOMS
from pyfora.language import making
from pyfora.language.stand_ins import StandIn

TUPLE_LEVELS = 100
"""A tuple cannot be made before what is in it, so of nested ones the inner go first, so many levels at a time."""
_MAKERS = (copyreg.__newobj__, making.make_raw, making.make_exception)  # type: ignore[attr-defined]
"""What makes an instance that its state may be given later."""
_SETTERS = (None, making.set_state, making.fill_raw, making.fill_exception)
"""What gives it, and is none of the user's."""


class Hollow(StandIn):
    """Stands for a list or dict, and makes an empty one."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self.original), ()


class Filling(StandIn):
    """Gives an object that is there already what it holds, as pickle would have."""

    def __init__(self, original: Any, rest: tuple[Any, ...]) -> None:
        super().__init__(original)
        self._rest = rest

    def __reduce__(self) -> tuple[Any, ...]:
        return making.itself, (self.original,), *self._rest


class Begun:
    """The pickles of one object follow, up to an `Ended`."""


class Ended:
    """All of it is there."""

    def __init__(self, value: object) -> None:
        self.value = value

    def __reduce__(self) -> tuple[Any, ...]:
        return Ended, (self.value,)


def loaded(load: Callable[[], Any]) -> Any:
    """The next object of a stream; `load` gives what the next pickle makes."""
    found = load()
    if type(found) is not Begun:
        return found
    while type(found) is not Ended:
        found = load()
    return found.value


class Depths:
    """What one pickler knows of the objects that it takes apart."""

    def __init__(self, reduce: Callable[[Any], Any], dispatch: Callable[[type], Callable[[Any], Any] | None]) -> None:
        """`reduce` and `dispatch` are the pickler's reducers: the first is asked first, and may not know."""
        self._reduce = reduce
        self._dispatch = dispatch
        self._waiting: deque[tuple[Filling, list[object]]] = deque()
        """What is to be filled, and what is in it."""
        self._reduced: dict[int, tuple[Any, tuple[Any, ...]]] = {}
        """The reductions of instances whose state can wait, by identity, with the instances."""
        self._whole: set[int] = set()
        """Objects, by identity, that are pickled whole, or have been."""
        self._is_open = False
        self._heights: dict[int, int] = {}
        """Of tuples, by identity."""

    def pickle(self, obj: object, dump: Callable[[object], None], pickled: Callable[[], Iterable[int]]) -> None:
        """Pickle `obj`, which a loader makes of `loaded`, by as many calls of `dump`.

        `pickled` gives the identities of what has been.
        """
        dump(Begun())
        self._whole.update(pickled())
        # What its making takes must be whole by then.
        for other in self._others(obj):
            dump(other)
        self._whole.update(pickled())
        self._is_open = True
        self._dump(obj, [obj], dump)
        while self._waiting:
            filling, inside = self._waiting.popleft()
            self._dump(filling, inside, dump)
        self._is_open = False
        dump(Ended(obj))

    def hollow(self, obj: Any) -> Hollow | None:
        """What to pickle in the place of a list or dict; None where that is itself."""
        kind = type(obj)
        if not self._is_open or kind not in (list, dict) or id(obj) in self._whole:
            return None
        inside = list(obj) if kind is list else [*obj.keys(), *obj.values()]
        rest = (None, iter(inside)) if kind is list else (None, None, iter(list(obj.items())))
        self._waiting.append((Filling(obj, rest), inside))
        return Hollow(obj)

    def reduce(self, obj: Any) -> Any:
        """In the place of the pickler's `reducer_override`."""
        if not self._is_open or id(obj) not in self._reduced:
            return self._reduce(obj)
        _, reduced = self._reduced[id(obj)]
        self._waiting.append((Filling(obj, reduced[2:6]), _state_of(reduced)))
        return reduced[:2]

    def _others(self, obj: object) -> list[object]:
        """All within `obj` that has to be pickled whole: what is no container, and what is hashed."""
        found: list[object] = []
        seen = set(self._whole)
        waiting: list[Any] = [obj]
        while waiting:
            value = waiting.pop()
            kind = type(value)
            if kind in ATOMS or id(value) in seen:
                continue
            seen.add(id(value))
            if kind is list or _is_tuple(value):
                waiting += value
                waiting.append(kind)
            elif kind is dict:
                found += _hashed(value)
                waiting += value.values()
            elif (reduced := self._with_state(value)) is not None:
                self._reduced[id(value)] = value, reduced
                waiting += _state_of(reduced)
                found += [key for part in _parts(reduced) if type(part) is dict for key in _hashed(part)]
                self._whole.update(map(id, _parts(reduced)))
            else:
                found.append(value)
        return found

    def _with_state(self, obj: Any) -> tuple[Any, ...] | None:
        """The reduction of an instance whose state can be given later; None for all else."""
        kind = type(obj)
        if isinstance(obj, type) or (kind.__module__ == "builtins" and not isinstance(obj, BaseException)):
            return None
        reduced = self._reduce(obj)
        if reduced is NotImplemented:
            if self._dispatch(kind) is not None:
                return None
            reduced = obj.__reduce_ex__(5)
        if not isinstance(reduced, tuple) or len(reduced) < 3 or reduced[0] not in _MAKERS:
            return None
        given = [one for one in reduced[1] if not isinstance(one, type)]
        if not isinstance(obj, (tuple, BaseException)) and not are_plain(given):
            return None
        state, *items, setter = (*reduced[2:], *(None,) * 4)[:4]
        if setter not in _SETTERS or (setter is None and hasattr(type(obj), "__setstate__")):
            return None
        # They are gone through once only.
        listed, keyed = (None if one is None else list(one) for one in items)
        return *reduced[:2], state, listed and iter(listed), keyed and iter(keyed), setter, listed, keyed

    def _dump(self, obj: object, inside: Iterable[object], dump: Callable[[object], None]) -> None:
        for part in self._high_tuples(inside):
            dump(part)
        dump(obj)

    def _high_tuples(self, values: Iterable[object]) -> Iterator[tuple[Any, ...]]:
        """Of nested tuples one in so many levels, the innermost first."""
        waiting: list[Any] = [value for value in values if _is_tuple(value)]
        while waiting:
            found = waiting[-1]
            inner = [] if id(found) in self._heights else [value for value in found if _is_tuple(value)]
            missing = [value for value in inner if id(value) not in self._heights]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            if id(found) not in self._heights:
                height = self._heights[id(found)] = 1 + max((self._heights[id(value)] for value in inner), default=0)
                if height % TUPLE_LEVELS == 0:
                    yield found


def _is_tuple(value: object) -> bool:
    """Whether `value` is a tuple, or made as one (a named tuple), and holds nothing else."""
    if type(value) is tuple:
        return True
    if not isinstance(value, tuple) or type(value).__reduce_ex__ is not object.__reduce_ex__:
        return False
    return not getattr(value, "__dict__", None) and type(value).__new__.__module__ != type(value).__module__


def _parts(reduced: tuple[Any, ...]) -> list[Any]:
    """The dicts and lists that a state is made of, and which are gone through when it is given."""
    found, waiting = [], [reduced[2]]
    while waiting:
        part = waiting.pop()
        if type(part) is tuple:
            waiting += part
        elif type(part) in (list, dict):
            found.append(part)
    return found


def _state_of(reduced: tuple[Any, ...]) -> list[object]:
    """All that an instance holds."""
    *_, listed, keyed = reduced
    found = [*reduced[1], *(listed or ())]
    for part in _parts(reduced):
        found += part.values() if type(part) is dict else part
    for key, value in keyed or ():
        found += (key, value)
    return found


def _hashed(value: dict[Any, Any]) -> list[object]:
    """The keys whose hash may follow from what they hold."""
    return [] if ATOMS.issuperset(map(type, value)) else [key for key in value if not are_plain([key])]
