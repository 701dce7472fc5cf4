"""Iterators of builtin containers as they are: of those of dicts, and of any at its end, pickle would make others."""

from __future__ import annotations

import gc
import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

_KINDS: dict[str, Callable[[Any], Iterator[Any]]] = {
    "keys": lambda owner: iter(dict.keys(owner)),
    "values": lambda owner: iter(dict.values(owner)),
    "items": lambda owner: iter(dict.items(owner)),
    "reversed keys": lambda owner: reversed(dict.keys(owner)),
    "reversed values": lambda owner: reversed(dict.values(owner)),
    "reversed items": lambda owner: reversed(dict.items(owner)),
}
_OF_DICTS = {type(make({})): name for name, make in _KINDS.items()}
_OF_SETS: type = type(iter(set()))

_ENDED: dict[str, Callable[[], Iterator[Any]]] = {
    "list": lambda: iter([0]),
    "reversed list": lambda: reversed([0]),
    "tuple": lambda: iter((0,)),
    "text": lambda: iter("\u0100"),
    "letters": lambda: iter("a"),
    "bytes": lambda: iter(b"0"),
    "bytearray": lambda: iter(bytearray(1)),
    "calls": lambda: iter(int, 0),
}
_ENDING = {type(make()): name for name, make in _ENDED.items()}


def ended_iterator(name: str) -> Iterator[Any]:
    """One that has nothing more to give, and never will."""
    made = _ENDED[name]()
    for _ in made:
        pass
    return made


def iterator_within(name: str | None, owner: Any, size: int, done: int) -> Any:
    """The iterator over `owner`, of so many elements, after `done` of them. Raises UnpicklingError."""
    made = _KINDS[name](owner) if name else _iterated(owner)
    if len(owner) != size:
        raise pickle.UnpicklingError("an iterator over a dict or set that holds it cannot be made")
    for _ in range(done):
        next(made, None)
    return made


def _iterated(owner: set[Any] | frozenset[Any]) -> Iterator[Any]:
    # A class of the user's may have another `__iter__`.
    return set.__iter__(owner) if isinstance(owner, set) else frozenset.__iter__(owner)


def _of_ending(iterator: Any) -> Any:
    reduced = iterator.__reduce__()
    # While there is something to come, it says where it is.
    if len(reduced) > 2 or len(reduced[1]) > 1:
        return reduced
    return ended_iterator, (_ENDING[type(iterator)],)


def _of_owned(iterator: Any) -> Any:
    kind = _OF_DICTS.get(type(iterator))
    # It holds what it goes over until it ends; that of items holds a pair, too.
    owner = next((held for held in gc.get_referents(iterator) if isinstance(held, (dict, set, frozenset))), None)
    if owner is None:
        return iterator_within, (kind, {} if kind else set(), 0, 1)
    rest = iterator.__reduce__()[1][0]
    found = (kind, owner, len(owner), len(owner) - len(rest))
    if not _same(rest, iterator_within(*found).__reduce__()[1][0]):
        raise pickle.PicklingError("an iterator over a dict or set that was changed under it cannot be sent")
    return iterator_within, found


def _same(mine: list[Any], other: list[Any]) -> bool:
    return len(mine) == len(other) and all(
        one is two or (type(one) is type(two) is tuple and one[0] is two[0])
        for one, two in zip(mine, other, strict=True)
    )


def _of_ordered(_: Any) -> Any:
    raise pickle.PicklingError("an iterator over an OrderedDict cannot be sent")


def iterator_reductions() -> dict[type, Callable[[Any], Any]]:
    """By type, for the dispatch table of a pickler."""
    return {
        **dict.fromkeys(_ENDING, _of_ending),
        **dict.fromkeys((*_OF_DICTS, _OF_SETS), _of_owned),
        type(iter(OrderedDict())): _of_ordered,
    }
