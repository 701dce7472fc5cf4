"""Folding: partials in index order into exactly what the builtin gives for all elements."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pyfora.fold.partials import Form, Partial


class MustRunInOrder(Exception):
    """The partials so far cannot be folded to Python's answer; the loop is run in order instead."""


class NeedsElements(Exception):
    """This partial cannot follow those before it, but the elements of its leaves can."""


class Folder:
    """One fold in progress. `form` is what leaves are asked for; `absorb` takes their partials in index order."""

    decided = False
    """No further element can change the answer."""

    @property
    def form(self) -> Form:
        """What leaves are asked for."""
        return Form.ELEMENTS

    def absorb(self, partial: Partial) -> None:
        """Take the next partial.

        Raises NeedsElements (and has taken nothing) or MustRunInOrder where its form does not go with those before.
        """
        raise NotImplementedError

    def absorb_rest(self, rest: Iterable[Any]) -> None:
        """Take all that is left, element by element as they are made. Raises what making them raises."""
        raise NotImplementedError

    def finish(self) -> Any:
        """The answer."""
        raise NotImplementedError


class ElementsFolder(Folder):
    """Keeps the elements, in order, for whoever iterates over them at the end."""

    def __init__(self) -> None:
        self._pieces: list[Iterable[Any]] = []

    def absorb(self, partial: Partial) -> None:
        self._pieces.append(partial.elements())

    def absorb_rest(self, rest: Iterable[Any]) -> None:
        self._pieces.append(rest)

    def finish(self) -> Iterable[Any]:
        """The elements: an iterable that can be gone through once."""
        return itertools.chain.from_iterable(self._pieces)


class WinnerFolder(ElementsFolder):
    """`min` and `max`: the builtin over the winners of leaves, which stand in the order of their leaves.

    `callee` is the builtin with its keywords, `elements` the first elements; they have an order.
    """

    @property
    def form(self) -> Form:
        return Form.WINNER

    def __init__(self, callee: Callable[..., Any], elements: list[Any]) -> None:
        super().__init__()
        self._callee = callee
        self._pieces.append(elements)

    def finish(self) -> Any:
        return self._callee(super().finish())


class FirstFolder(Folder):
    """`next`: the first element of the first leaf that has any. `callee` is the builtin with its default."""

    @property
    def form(self) -> Form:
        return Form.FIRST

    def __init__(self, callee: Callable[[Iterator[Any]], Any]) -> None:
        self._callee = callee
        self._found: Iterator[Any] = iter(())
        self.decided = False

    def absorb(self, partial: Partial) -> None:
        # A piece may bring several partials: of leaves behind the one that decided, too.
        if not self.decided:
            self.absorb_rest(partial.elements())

    def absorb_rest(self, rest: Iterable[Any]) -> None:
        for element in rest:
            self._found, self.decided = iter((element,)), True
            return

    def finish(self) -> Any:
        return self._callee(self._found)


class MergedFolder(Folder):
    """A dict comprehension: updating in order keeps the first key, its place, and the last value, as Python does."""

    @property
    def form(self) -> Form:
        return Form.MERGED

    def __init__(self, merged: dict[Any, Any]) -> None:
        self._merged = merged

    def absorb(self, partial: Partial) -> None:
        self._merged.update(partial.elements() if partial.form is Form.ROWS else partial.data)

    def absorb_rest(self, rest: Iterable[Any]) -> None:
        """`rest` is the dict of all that is left."""
        self._merged.update(rest)

    def finish(self) -> dict[Any, Any]:
        return self._merged


class CountsFolder(Folder):
    """`collections.Counter` of what is equal to itself, and hashed without code of the user's."""

    @property
    def form(self) -> Form:
        return Form.COUNTS

    def __init__(self, elements: list[Any]) -> None:
        """`elements` are the first ones, which may be counted so."""
        self._counts = Counter(elements)

    def absorb(self, partial: Partial) -> None:
        if partial.form is not Form.COUNTS:
            self.absorb_rest(partial.elements())
            return
        for element, count in partial.data:
            self._counts[element] += count

    def absorb_rest(self, rest: Iterable[Any]) -> None:
        """Raises what hashing raises."""
        self._counts.update(rest)

    def finish(self) -> Counter[Any]:
        return self._counts


class TruthFolder(Folder):
    """`any` and `all`: the first leaf that decides."""

    @property
    def form(self) -> Form:
        return Form.TRUTH

    def __init__(self, callee: Callable[..., bool]) -> None:
        self._callee = callee
        self._decisive = callee is any
        self.decided = False

    def absorb(self, partial: Partial) -> None:
        self.decided = self.decided or partial.data is self._decisive

    def absorb_rest(self, rest: Iterable[Any]) -> None:
        self.absorb(Partial(Form.TRUTH, self._callee(rest)))

    def finish(self) -> bool:
        return self._decisive if self.decided else not self._decisive
