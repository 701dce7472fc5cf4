"""Sets in a pickle, where filling them again in their order would make them iterate in another."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from pyfora.language import making
from pyfora.language.instances import reduce_raw
from pyfora.language.stand_ins import StandIn
from pyfora.values.set_order import Recipe, recipe_for

SETS = (set, frozenset)
"""The kinds that pickle asks no reducer about."""
# As pickle writes every set that it makes, and remembers it at once: EMPTY_SET or FROZENSET, then MEMOIZE.
_MARKS = (b"\x8f\x94", b"\x91\x94")


def holds_sets(stream: bytes) -> bool:
    """Whether there may be sets in a pickle stream."""
    return any(mark in stream for mark in _MARKS)


class MadeSet(StandIn):
    """Stands for a set, and makes it."""

    def __init__(self, original: Set[Any], recipe: Recipe) -> None:
        super().__init__(original)
        self._recipe = recipe

    def __reduce__(self) -> tuple[Any, ...]:
        if isinstance(self.original, frozenset):
            order, *others = self._recipe.parts
            # A list of its own each time: where an element leads back to the frozenset, that is made inside of it.
            return making.make_frozenset, (list(order), *others)
        # Empty at first: an element may lead back to it.
        return set, (), self._recipe.parts, None, None, making.fill_set


def made_set(original: Set[Any]) -> MadeSet | None:
    """What to pickle in its place where it would come back in another order. Raises SetOrderError."""
    recipe = recipe_for(original)
    return None if recipe is None else MadeSet(original, recipe)


def reduce_set(obj: Any) -> Any:
    """The reduction of an instance of a subclass that has none of its own; NotImplemented where the inherited does."""
    return NotImplemented if recipe_for(obj) is None else reduce_raw(obj)
