"""How a set is made again so that it iterates in the same order: CPython's follows from how the set came about.

A set is an open table. An element whose slot was taken lies further on its probe sequence, so that the order tells
which of two came first; and the size of the table tells what the set has been through, as do the slots of elements
that were removed, which stay taken. Filling a set with its elements in their order leads to another table.

So the table is read, and rebuilt: each element after those that it had to go past, ints ("fillers") for a while in
the slots of what was removed. What is found is tried before it is told. Searching for some order by the hashes alone
was rejected: it calls the `__hash__` of the user's more often, and cannot tell where something was removed.
"""

from __future__ import annotations

import array
import ctypes
import functools
import itertools
import operator
import pickle
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from pyfora.values.hash_seed import fixed_hash_seed

_HEADER = struct.Struct("nnnPnn")
"""What follows the head of a set object: slots taken, elements, the last slot, the table, the hash, the finger."""
_ENTRY_BYTES = 16
_REMOVED = -1
"""Stands for the hash where an element was removed; no hash is -1."""
_LINEAR_PROBES = 9
_PERTURB_SHIFT = 5
_SMALLEST = 8
"""Slots of the smallest table, a part of the object. A merge of 5 makes one of 16, which grows to 64, 256, …"""
_WITHIN_BYTES = _HEADER.size + _SMALLEST * _ENTRY_BYTES
_FILLERS_FROM = 1 << 59


class SetOrderError(pickle.PicklingError):
    """No way was found to make a set again in its order."""


Parts = tuple[list[Any], int, "array.array[int] | tuple[()]", int, int]


@dataclass(frozen=True)
class Recipe:
    """How to fill an empty set: with `fillers`, then `order`; the first `merged` of these at once, then one by one.

    A dict that is merged makes the table large enough for twice its keys, and goes in in its order. The last `late` of
    `order` come after all that, each into the slot of a filler that is removed just before it. The other fillers are
    removed in the end.
    """

    order: list[Any]
    merged: int = 0
    fillers: array.array[int] | tuple[()] = ()
    late: int = 0
    finger: int = 0
    """The slot at which `pop` begins to look: behind the one of what it gave last."""

    @property
    def parts(self) -> Parts:
        """What `Recipe` is called with to have it again."""
        return self.order, self.merged, self.fillers or (), self.late, self.finger

    def fill(self, target: set[Any]) -> None:
        """Fill a set that was just made."""
        if self.finger:
            _put_finger(target, self.finger)
        for step in self._steps():
            set.update(target, step)
        gone = len(self.fillers) - self.late
        for filler, element in zip(self.fillers[gone:], self.order[len(self.order) - self.late :], strict=True):
            set.discard(target, filler)
            set.add(target, element)
        for filler in self.fillers[:gone]:
            set.discard(target, filler)

    def frozen(self) -> frozenset[Any]:
        """A new frozenset."""
        if self.late:
            made: set[Any] = set()
            self.fill(made)
            return frozenset(made)
        if self.fillers:
            # What is in both is removed in place; everything else would make a table of another size.
            return frozenset(self.fillers).symmetric_difference(self.only_step())
        return frozenset().union(*self._steps())

    def _steps(self) -> list[Iterable[Any]]:
        all_in_order = [*self.fillers, *self.order[: len(self.order) - self.late]]
        steps: list[Iterable[Any]] = []
        if self.merged:
            steps.append(dict.fromkeys(all_in_order[: self.merged]))
        if self.merged < len(all_in_order):
            steps.append(all_in_order[self.merged :])
        return steps

    def only_step(self) -> Iterable[Any]:
        """What to fill a set with where it is filled in one step."""
        (step,) = self._steps()
        return step

    def can_freeze(self, kind: type) -> bool:
        """Whether a frozenset can be made by it, which nothing is added to or removed from in place.

        A subclass can only be called with one iterable; the methods that do more make no instances of it.
        """
        if self.fillers and (self.late or kind is not frozenset):
            return kind is frozenset
        in_one_step = self.merged in (0, len(self.fillers) + len(self.order))
        return in_one_step or (kind is frozenset and not self.fillers)


def recipe_for(original: Set[Any]) -> Recipe | None:
    """How to make a set or frozenset again in its order; None where filling it in its order does.

    Raises SetOrderError where nothing was found that does.
    """
    elements = list(_iterate(original))
    if elements and _hashes_otherwise(elements[0]):
        return None
    table = _Table(original)
    try:
        if not table.finger and _Table(_kind(original)(elements)).image == table.image:
            return None
        return _found(original, elements, table)
    except SetOrderError:
        raise
    except Exception:
        # Hashing or comparing an element raised, as it will elsewhere.
        return None


def _put_finger(target: set[Any], finger: int) -> None:
    """Of an empty set that stays empty: by a pop of the one element of a table, as the finger outlives the clearing."""
    last = finger - 1
    others = range(last // 2, last) if last >= _SMALLEST else range(0)
    set.update(target, dict.fromkeys((*others, last)))
    for other in others:
        set.discard(target, other)
    set.pop(target)
    set.clear(target)


def _found(original: Set[Any], elements: list[Any], table: _Table) -> Recipe | None:
    second_best: Recipe | None = None
    for recipe in _candidates(original, elements, table):
        made: Any = set()
        if isinstance(original, set):
            recipe.fill(made)
        elif recipe.can_freeze(type(original)):
            made = recipe.frozen()
        else:
            continue
        again = _Table(made)
        if again.image == table.image and again.finger == table.finger:
            return recipe
        same = again.slots == table.slots and len(made) == len(elements) and all(map(operator.is_, made, elements))
        if same and second_best is None:
            second_best = recipe
    if second_best is None and not any(map(_may_hash_otherwise, elements)):
        shown = ", ".join(map(repr, elements[:5])) + (", …" if len(elements) > 5 else "")
        raise SetOrderError(
            f"the {_kind(original).__name__} {{{shown}}} of {len(elements)} elements cannot be made again in its "
            "order; send a sorted list of it"
        )
    return second_best


def _candidates(original: Set[Any], elements: list[Any], table: _Table) -> Iterator[Recipe]:
    """Ways that may do, the plainer first; the last of them has dummies that the original has not."""
    slots = table.slots
    order, late = table.insertion_order(elements)
    fillers = _fillers([*table.dead_slots(), *late], slots, original)
    length = len(fillers) + len(order) - len(late)
    large = max(slots // 4, 5)
    for merged in (0, 5, large, length):
        if merged <= length:
            yield Recipe(order, merged, fillers, len(late), table.finger)
    if length < large:
        more = _fillers(itertools.islice(table.free_slots(), large - length), slots, original)
        yield Recipe(order, large, more + fillers, len(late), table.finger)


def _fillers(places: Iterable[int], slots: int, original: Set[Any]) -> array.array[int]:
    """For each of these slots an int that goes there."""
    contains: Callable[..., bool] = set.__contains__ if isinstance(original, set) else frozenset.__contains__
    fillers = array.array("q")
    for place in places:
        filler = _FILLERS_FROM + place
        while contains(original, filler):
            filler += slots
        fillers.append(filler)
    return fillers


class _Table:
    """The table of a set."""

    def __init__(self, owner: Set[Any]) -> None:
        data = ctypes.string_at(id(owner) + object.__basicsize__, _WITHIN_BYTES)
        _, used, mask, address, _, finger = _HEADER.unpack_from(data)
        if used != (set.__len__(owner) if isinstance(owner, set) else frozenset.__len__(owner)):  # type: ignore[arg-type]
            raise SetOrderError(f"sets cannot be sent: this Python ({sys.version}) keeps them in another way")
        self.slots: int = mask + 1
        """How many there are: a power of two."""
        self.finger: int = finger & mask
        small = self.slots == _SMALLEST
        self.image = data[_HEADER.size :] if small else ctypes.string_at(address, self.slots * _ENTRY_BYTES)
        """Equal for sets that have the same objects in the same slots, and the same slots free."""

    @functools.cached_property
    def _keys(self) -> list[int]:
        """Of each slot: 0 where nothing is or was in it."""
        return memoryview(self.image).cast("q")[0::2].tolist()

    @functools.cached_property
    def _hashes(self) -> list[int]:
        return memoryview(self.image).cast("q")[1::2].tolist()

    def free_slots(self) -> Iterator[int]:
        """Those that nothing is or was in."""
        return (slot for slot, key in enumerate(self._keys) if not key)

    def dead_slots(self) -> list[int]:
        """Those of elements that were removed."""
        if _REMOVED not in self._hashes:
            return []
        return [slot for slot, hashed in enumerate(self._hashes) if hashed == _REMOVED]

    def insertion_order(self, elements: list[Any]) -> tuple[list[Any], list[int]]:
        """An order in which `elements` go to their slots, in a table of this size where the dead slots are taken.

        Those that are in their first slot come first: in the smaller tables that a set has been, they may lie
        anywhere.

        Where an element took the slot of one that had been removed, elements may each have had to go past the other:
        one of them comes last. The slots of those are given too.
        """
        hashes, mask = self._hashes, self.slots - 1
        places = list(itertools.compress(range(self.slots), self._keys))
        if dead := set(self.dead_slots()):
            places = [slot for slot in places if slot not in dead]
        element_at = dict(zip(places, elements, strict=True))
        moved = [slot for slot in places if hashes[slot] & mask != slot]
        waiting = bytearray(self.slots)
        for slot in moved:
            waiting[slot] = 1
        order = [slot for slot in places if not waiting[slot]]
        entered = bytearray(self.slots)
        late: list[int] = []
        for slot in moved:
            # First those that it had to go past, and before them those that these had to.
            chain = [slot] if waiting[slot] else []
            while chain:
                first = chain[-1]
                if not waiting[first]:
                    chain.pop()
                    continue
                entered[first] = 1
                passed = _waiting_before(first, hashes[first], mask, waiting)
                if passed is None:
                    chain.pop()
                    waiting[first] = 0
                    order.append(first)
                elif entered[passed]:
                    # It waits for this one, too.
                    waiting[passed] = 0
                    late.append(passed)
                else:
                    chain.append(passed)
        return [element_at[slot] for slot in (*order, *late)], late


def _waiting_before(slot: int, hashed: int, mask: int, waiting: bytearray) -> int | None:
    """A slot marked in `waiting` that an element goes past before it comes to `slot`, by setobject.c of CPython."""
    place = hashed & mask
    perturb = hashed & (1 << 64) - 1
    while True:
        end = place + (_LINEAR_PROBES + 1 if place + _LINEAR_PROBES <= mask else 1)
        here = place <= slot < end
        found = waiting.find(1, place, slot if here else end)
        if found >= 0:
            return found
        if here:
            return None
        perturb >>= _PERTURB_SHIFT
        place = (place * 5 + 1 + perturb) & mask


def _kind(original: Set[Any]) -> type[set[Any] | frozenset[Any]]:
    return set if isinstance(original, set) else frozenset


def _iterate(original: Set[Any]) -> Iterator[Any]:
    return set.__iter__(original) if isinstance(original, set) else frozenset.__iter__(original)  # type: ignore[arg-type]


def _hashes_otherwise(value: Any) -> bool:
    """Whether the hash of a value surely is another one in another process: its address, or made with its seed."""
    kind = type(value)
    if kind is str or kind is bytes:
        return fixed_hash_seed() is None
    hashing: object = kind.__hash__
    return hashing is object.__hash__ or (kind is tuple and any(map(_hashes_otherwise, value)))


def _may_hash_otherwise(value: object) -> bool:
    """The same, or that code of the user's makes the hash."""
    return _hashes_otherwise(value) or isinstance(type(value).__hash__, FunctionType)
