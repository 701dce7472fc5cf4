"""How a set is made again so that it iterates in the same order: CPython's follows from how the set came about.

A set is an open table. An element whose slot was taken lies further on its probe sequence, so that the order tells
which of two came first; and the size of the table tells what the set has been through, as do the slots of elements
that were removed, which stay taken. Filling a set with its elements in their order leads to another table.

So the table is read, and rebuilt: each element after those that it had to go past, ints ("fillers") for a while in
the slots of what was removed. What is found is tried before it is told. Searching for some order by the hashes alone
was rejected: it calls the `__hash__` of the user's more often, and cannot tell where something was removed.
"""

from __future__ import annotations

import ctypes
import graphlib
import itertools
import operator
import struct
import sys
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from pyfora.errors import UnconvertibleValueError

_HEADER = struct.Struct("nnnP")
"""What follows the head of a set object: slots taken, elements, the last slot, the table."""
_ENTRY_BYTES = 16
_REMOVED = -1
"""Stands for the hash where an element was removed; no hash is -1."""
_LINEAR_PROBES = 9
_PERTURB_SHIFT = 5
_SMALLEST = 8
"""Slots of the smallest table. A merge of 5 makes one of 16, from which on tables grow to 64, 256, …"""
_FILLERS_FROM = 1 << 59


@dataclass(frozen=True)
class Recipe:
    """How to fill an empty set: with the first `merged` elements of `order` at once, then with the others one by one.

    A dict that is merged makes the table large enough for twice its keys, and goes in in its order. `fillers` are
    removed in the end.
    """

    order: list[Any]
    merged: int = 0
    fillers: tuple[int, ...] = ()

    @property
    def parts(self) -> tuple[list[Any], int, tuple[int, ...]]:
        """What `Recipe` is called with to have it again."""
        return self.order, self.merged, self.fillers

    def fill(self, target: set[Any]) -> None:
        """Fill a set that was just made."""
        for step in self._steps():
            set.update(target, step)
        for filler in self.fillers:
            set.discard(target, filler)

    def frozen(self) -> frozenset[Any]:
        """A new frozenset."""
        if self.fillers:
            # What is in both is removed in place; everything else would make a table of another size.
            return frozenset(self.fillers).symmetric_difference(self.only_step())
        return frozenset().union(*self._steps())

    def _steps(self) -> list[Iterable[Any]]:
        steps: list[Iterable[Any]] = []
        if self.merged:
            steps.append(dict.fromkeys(self.order[: self.merged]))
        if self.merged < len(self.order):
            steps.append(self.order[self.merged :])
        return steps

    def only_step(self) -> Iterable[Any]:
        """What to fill a set with where it is filled in one step."""
        (step,) = self._steps()
        return step

    def can_freeze(self, kind: type) -> bool:
        """Whether a frozenset can be made by it, which nothing is added to or removed from in place.

        A subclass can only be called with one iterable; the methods that do more make no instances of it.
        """
        if kind is not frozenset and self.fillers:
            return False
        in_one_step = self.merged in (0, len(self.order))
        return in_one_step or (kind is frozenset and not self.fillers)


def recipe_for(original: Set[Any]) -> Recipe | None:
    """How to make a set or frozenset again in its order; None where filling it in its order does.

    Raises UnconvertibleValueError where nothing was found that does.
    """
    if sys.flags.hash_randomization and _is_text(next(_iterate(original), None)):
        return None  # elsewhere their hashes are others
    elements = list(_iterate(original))
    if len(elements) < 2 and sys.getsizeof(original) == sys.getsizeof(type(original)()):
        return None
    table = _Table(original)
    try:
        if _Table(_kind(original)(elements)).image() == table.image():
            return None
        return _found(original, elements, table)
    except UnconvertibleValueError:
        raise
    except Exception:
        # Hashing or comparing an element raised, as it will elsewhere.
        return None


def _found(original: Set[Any], elements: list[Any], table: _Table) -> Recipe | None:
    second_best: Recipe | None = None
    for recipe in _candidates(elements, table):
        made: Any = set()
        if isinstance(original, set):
            recipe.fill(made)
        elif recipe.can_freeze(type(original)):
            made = recipe.frozen()
        else:
            continue
        again = _Table(made)
        if again.image() == table.image():
            return recipe
        same = again.slots == table.slots and len(made) == len(elements) and all(map(operator.is_, made, elements))
        if same and second_best is None:
            second_best = recipe
    if second_best is None and not any(map(_has_own_hash, elements)):
        shown = ", ".join(map(repr, elements[:5])) + (", …" if len(elements) > 5 else "")
        raise UnconvertibleValueError(
            f"the {_kind(original).__name__} {{{shown}}} of {len(elements)} elements cannot be made again in its "
            "order; send a sorted list of it"
        )
    return second_best


def _candidates(elements: list[Any], table: _Table) -> Iterator[Recipe]:
    """Ways that may do, the plainer first; the last of them has dummies that the original has not."""
    slots = table.slots
    order, dead = table.insertion_order(elements)
    fillers = tuple(_fillers(dead, slots, elements))
    filled = [*fillers, *order]
    large = max(slots // 4, 5)
    for merged in (0, 5, large, len(filled)):
        if merged <= len(filled):
            yield Recipe(filled, merged, fillers)
    if len(filled) < large:
        free = table.free_slots()
        more = (*fillers, *_fillers(itertools.islice(free, large - len(filled)), slots, elements))
        yield Recipe([*more, *order], large, more)


def _fillers(places: Iterable[int], slots: int, elements: list[Any]) -> Iterator[int]:
    """For each of these slots an int that goes there."""
    others = {element for element in elements if type(element) is int and element >= _FILLERS_FROM}
    base = _FILLERS_FROM
    for place in places:
        while base + place in others:
            base += slots
        yield base + place


class _Table:
    """The table of a set."""

    def __init__(self, owner: Set[Any]) -> None:
        head = ctypes.string_at(id(owner) + object.__basicsize__, _HEADER.size)
        self._taken, used, mask, address = _HEADER.unpack(head)
        self.slots: int = mask + 1
        """How many there are: a power of two."""
        length = set.__len__(owner) if isinstance(owner, set) else frozenset.__len__(owner)  # type: ignore[arg-type]
        if used != length:
            raise UnconvertibleValueError(f"sets cannot be sent: this Python ({sys.version}) keeps them in another way")
        self._bytes = ctypes.string_at(address, self.slots * _ENTRY_BYTES)

    def image(self) -> bytes:
        """Equal for sets that have the same objects in the same slots, and the same slots free."""
        return self._bytes

    def _columns(self) -> tuple[list[int], list[int]]:
        words = memoryview(self._bytes).cast("q").tolist()
        return words[0::2], words[1::2]

    def free_slots(self) -> Iterator[int]:
        """Those that nothing is or was in."""
        keys, _ = self._columns()
        return (slot for slot, key in enumerate(keys) if not key)

    def insertion_order(self, elements: list[Any]) -> tuple[list[Any], list[int]]:
        """An order in which `elements` go to their slots, in a table of this size; the slots of what was removed.

        Those that are in their first slot come first: in the smaller tables that a set has been, they may lie
        anywhere.
        """
        keys, hashes = self._columns()
        mask = self.slots - 1
        places = [slot for slot, key in enumerate(keys) if key and hashes[slot] != _REMOVED]
        dead = [slot for slot, key in enumerate(keys) if key and hashes[slot] == _REMOVED]
        element_at = dict(zip(places, elements, strict=True))
        moved = {slot for slot in places if hashes[slot] & mask != slot}
        passed = {slot: [other for other in _passed(slot, hashes[slot], mask) if other in moved] for slot in moved}
        order = [*(slot for slot in places if slot not in moved), *graphlib.TopologicalSorter(passed).static_order()]
        return [element_at[slot] for slot in order], dead


def _passed(slot: int, hashed: int, mask: int) -> Iterator[int]:
    """The slots that an element goes past before it comes to `slot`: set_add_entry of CPython's setobject.c."""
    place = hashed & mask
    perturb = hashed & (1 << 64) - 1
    while True:
        run = _LINEAR_PROBES + 1 if place + _LINEAR_PROBES <= mask else 1
        for probed in range(place, place + run):
            if probed == slot:
                return
            yield probed
        perturb >>= _PERTURB_SHIFT
        place = (place * 5 + 1 + perturb) & mask


def _kind(original: Set[Any]) -> type[set[Any] | frozenset[Any]]:
    return set if isinstance(original, set) else frozenset


def _iterate(original: Set[Any]) -> Iterator[Any]:
    return set.__iter__(original) if isinstance(original, set) else frozenset.__iter__(original)  # type: ignore[arg-type]


def _is_text(value: object) -> bool:
    """Whether the hash of a value depends on the seed of its process."""
    return type(value) in (str, bytes) or (type(value) is tuple and any(map(_is_text, value)))


def _has_own_hash(value: object) -> bool:
    """Whether code of the user's makes a value's hash, or its address does: it may be another one elsewhere."""
    made = type(value).__hash__
    return made is object.__hash__ or isinstance(made, FunctionType)
