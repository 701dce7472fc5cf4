"""Folding: partials in index order into exactly what the builtin gives for all elements."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from pyfora.fold.partials import Form, Partial

FloatState = tuple[float, float]
"""The sum so far, and the part that rounding lost (always 0.0 before CPython 3.12)."""


class MustRunInOrder(Exception):
    """These partials cannot be folded to Python's answer; the loop is run in order instead."""


class Folder:
    """One fold in progress. `form` is what leaves are asked for; `absorb` takes their partials in index order."""

    form = Form.ELEMENTS
    decided = False
    """No further element can change the answer."""

    def absorb(self, partial: Partial) -> None:
        """Take the next partial. Raises MustRunInOrder where its form does not go with those before."""
        raise NotImplementedError

    def finish(self) -> Any:
        """The answer."""
        raise NotImplementedError


class ElementsFolder(Folder):
    """Collects all elements and hands them to the builtin itself: right for every callee."""

    def __init__(self, callee: Callable[..., Any], elements: list[Any]) -> None:
        self._callee = callee
        self._pieces: list[Iterable[Any]] = [elements]

    def absorb(self, partial: Partial) -> None:
        self._pieces.append(partial.data.tolist() if partial.form in (Form.ARRAY, Form.FLOATS) else partial.data)

    def finish(self) -> Any:
        return self._callee(itertools.chain.from_iterable(self._pieces))


class WinnerFolder(ElementsFolder):
    """`min` and `max`: the builtin over the winners of leaves, which stand in the order of their leaves."""

    form = Form.WINNER


class MergedFolder(Folder):
    """A dict comprehension: updating in order keeps the first key, its place, and the last value, as Python does."""

    form = Form.MERGED

    def __init__(self, merged: dict[Any, Any]) -> None:
        self._merged = merged

    def absorb(self, partial: Partial) -> None:
        self._merged.update(partial.data)

    def finish(self) -> Any:
        return self._merged


class TruthFolder(Folder):
    """`any` and `all`: the first leaf that decides."""

    form = Form.TRUTH

    def __init__(self, decisive: bool) -> None:
        self._decisive = decisive
        self.decided = False

    def absorb(self, partial: Partial) -> None:
        self.decided = self.decided or partial.data is self._decisive

    def finish(self) -> Any:
        return self._decisive if self.decided else not self._decisive


class TotalFolder(Folder):
    """`sum` of ints: exact, in any order."""

    form = Form.TOTAL

    def __init__(self, total: int) -> None:
        self._total = total

    def absorb(self, partial: Partial) -> None:
        if partial.form is not Form.TOTAL:
            raise MustRunInOrder("the terms of the sum are ints first, and something else later")
        self._total += partial.data

    def finish(self) -> Any:
        return self._total


class FloatsFolder(Folder):
    """`sum` of floats: term by term in index order, by the rule of the running CPython.

    `state` may also be taken out, brought to where terms are, and put back further on.
    """

    form = Form.FLOATS

    def __init__(
        self,
        state: FloatState,
        fold_terms: Callable[[Any, int, FloatState], FloatState],
        finish: Callable[[FloatState], float],
    ) -> None:
        self.state = state
        self._fold_terms = fold_terms
        self._finish = finish

    def absorb(self, partial: Partial) -> None:
        if partial.form is not Form.FLOATS:
            if not partial.data:
                return
            raise MustRunInOrder("the terms of the sum are floats first, and something else later")
        self.state = self._fold_terms(partial.data, len(partial.data), self.state)

    def finish(self) -> Any:
        return self._finish(self.state)


def start_of_floats(
    start: int | float, terms: list[float], fold_terms: Callable[[Any, int, FloatState], FloatState]
) -> FloatState:
    """The state after the first terms of a float sum that began with `start`.

    An int start meets the first term in a plain addition; only from then on does CPython 3.12 keep what is lost
    (Python/bltinmodule.c, builtin_sum_impl).
    """
    import numpy as np

    if type(start) is int:
        state, terms = (start + terms[0], 0.0), terms[1:]
    else:
        state = (float(start), 0.0)
    return fold_terms(np.array(terms, dtype=np.float64), len(terms), state)
