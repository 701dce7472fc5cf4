"""Generators that are made in one place of the program and consumed in another: known by what they were made of.

`g = (f(x) for x in xs)` is the generator that it was, over an iterator that is held here. A builtin that consumes all
of it gets its first elements from `g` itself, and the rest of them made elsewhere, of what `xs` has left; then `g` is
left where the builtin would have left it.
"""

from __future__ import annotations

import inspect
import itertools
import operator
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import GeneratorType
from typing import Any

from pyfora.execute.in_place import generator_in_place
from pyfora.execute.looping import Loop
from pyfora.fold.sources import Source
from pyfora.fold.views import Cursor

_SOURCES = frozenset((range, list, tuple, str, bytes))
"""What iterators can be asked of how many elements they have left; exact types, as of every source."""
Part = Callable[[Any], "GeneratorType[Any, None, None]"]


@dataclass(frozen=True)
class MadeOf:
    """What a generator was made of."""

    part: Part
    source: Source
    elements: Iterator[Any]
    """Of the source; the generator takes from it."""
    at: str

    def cursor(self, generator: Iterator[Any]) -> Cursor:
        """A cursor over what the generator gives, which tells how many elements of the source are left."""
        return Cursor(generator, lambda: operator.length_hint(self.elements))


class Generators:
    """Those of one program that nobody has asked for an element."""

    def __init__(self) -> None:
        self.made: dict[int, tuple[weakref.ref[GeneratorType[Any, None, None]], MadeOf]] = {}
        """By identity: a WeakKeyDictionary takes longer than most short loops do."""

    def make(self, part: Part, source: Any, *, at: str) -> GeneratorType[Any, None, None]:
        """The generator that `part` makes of `source`."""
        known = type(source) in _SOURCES
        elements = iter(source) if known else source
        made: GeneratorType[Any, None, None] = generator_in_place(part, elements, at=at)
        if known:
            number, forget = id(made), self.made.pop
            gone = weakref.ref(made, lambda _: forget(number, None))
            self.made[number] = gone, MadeOf(part, source, elements, at)
        return made

    def take(self, generator: GeneratorType[Any, None, None]) -> MadeOf | None:
        """What this one, which is among `made`, was made of; None where it has begun. To be asked once for each."""
        _, found = self.made.pop(id(generator))
        return found if inspect.getgeneratorstate(generator) == inspect.GEN_CREATED else None


def leave(generator: GeneratorType[Any, None, None], loop: Loop) -> None:
    """A consumer has raised: leave the generator after the last element that it was given."""
    ahead = loop.ahead
    if ahead is None:
        return
    if ahead.exhausted:
        generator.close()
        return
    # What was made elsewhere changes nothing that others see, and prints nothing where its consumer may raise.
    for _ in itertools.islice(generator, ahead.taken()):
        pass
