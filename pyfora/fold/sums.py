"""The builtin `sum`, taken up and put down at any term: the running CPython's own states (builtin_sum_impl)."""

from __future__ import annotations

import enum
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pyfora.fold.folders import Folder, MustRunInOrder, NeedsElements
from pyfora.fold.partials import Form, Partial, Total

COMPENSATED = sys.version_info >= (3, 12)
"""Since 3.12 the float loop of `sum` keeps what rounding loses (Neumaier); before, it adds from left to right."""
_LONG_MIN, _LONG_MAX = -(2**63), 2**63 - 1
_INTS = frozenset((int, bool))

FloatState = tuple[float, ...]
"""Of the builtin: the sum so far, and the part that rounding lost (always 0.0 before CPython 3.12).

Of `+=`, one after the other: the sum so far alone. What adds to a state tells by its length how to add.
"""


def add_floats(terms: Iterable[float], state: FloatState) -> FloatState:
    """The state after these terms too, all exactly floats: some 50 ns each, with nothing to load or compile."""
    if len(state) == 1:
        (total,) = state
        for term in terms:
            total += term
        return (total,)
    total, lost = state
    for term in terms:
        summed = total + term
        if COMPENSATED:
            lost += (total - summed) + term if abs(total) >= abs(term) else (term - summed) + total
        total = summed
    return total, lost


class State(enum.Enum):
    """Which of its loops CPython's `sum` is in."""

    INT = "int"
    """The first one: exact ints that fit a C long, so far."""
    FLOAT = "float"
    """The second one: C doubles."""
    OBJECT = "object"
    """The last one: `+` of whatever comes. It is never left."""


class FloatsFolder(Folder):
    """A sum whose accumulator may be taken out, brought to where terms are, and put back further on."""

    @property
    def floats(self) -> FloatState | None:
        """The accumulator, where all that is added to it are floats; None where it is no float."""
        raise NotImplementedError

    def resume(self, floats: FloatState, terms: int) -> None:
        """Go on from where this many more terms, all floats, have brought the accumulator. Raises MustRunInOrder."""
        raise NotImplementedError


class SumFolder(FloatsFolder):
    """`sum`, for a start that is exactly an int or a float.

    Ints may come as totals, floats as arrays, anything as elements. While it is in its float loop its `floats` may be
    taken out, brought to where terms are, and put back further on.
    """

    def __init__(
        self,
        start: int | float,
        fold_terms: Callable[[Any, int, FloatState], FloatState],
        finish_floats: Callable[[FloatState], float],
    ) -> None:
        self._start = start
        self._fold_terms = fold_terms
        self._finish_floats = finish_floats
        self._sum: Any = start
        self._floats: FloatState = (0.0, 0.0)
        self._sure = True
        """In the state INT: no sum on the way was beyond a C long, after which CPython would be in its last loop."""
        self._terms = 0
        """Float terms so far, where floats were expected before there was any term."""
        self._expected = False
        if type(start) is float:
            self._floats = (start, 0.0)
            self.state = State.FLOAT
        else:
            self.state = State.INT if _LONG_MIN <= start <= _LONG_MAX else State.OBJECT

    @property
    def form(self) -> Form:
        """What leaves are asked for: it depends on the terms so far."""
        if self.state is State.OBJECT:
            return Form.TOTAL if type(self._sum) is int else Form.ELEMENTS
        return Form.TOTAL if self.state is State.INT else Form.FLOATS

    @property
    def floats(self) -> FloatState | None:
        """The state of the float loop; None where another one is under way."""
        return self._floats if self.state is State.FLOAT else None

    def expect_floats(self) -> bool:
        """Before any term: let leaves make floats. False where that is not the same as waiting for the first.

        From an int start CPython enters its float loop with the first term added, nothing lost; from 0 that is just
        what its float loop makes of 0.0 and that term.
        """
        if self.state is State.INT and self._start == 0 and self._sure and self._sum == 0:
            self.state, self._expected = State.FLOAT, True
        return self.state is State.FLOAT

    def resume(self, floats: FloatState, terms: int) -> None:
        """Go on from where this many more terms, all floats, have brought the float loop. Raises MustRunInOrder."""
        assert self.state is State.FLOAT
        if math.isnan(floats[0]):
            # Where two NaNs meet, which one is passed on, with its sign, was the choice of the compiler of CPython.
            raise MustRunInOrder("the sum is a NaN, and only `sum` itself knows which")
        self._floats = floats
        self._terms += terms

    # ---- absorbing ---------------------------------------------------------------------------------------------

    def absorb(self, partial: Partial) -> None:
        if partial.form is Form.TOTAL:
            self._absorb_total(partial.data)
        elif partial.form is Form.ELEMENTS:
            self.absorb_elements(partial.data)
        elif partial.data.dtype.kind == "f" and self.state is State.FLOAT:
            self.resume(self._fold_terms(partial.data, len(partial.data), self._floats), len(partial.data))
        else:
            self.absorb_rest(partial.elements())

    def absorb_elements(self, elements: list[Any]) -> None:
        """Take a list of terms; quickly where they are all of one kind."""
        if not elements:
            return
        kinds = set(map(type, elements))
        if self.state is State.INT and kinds <= _INTS:
            reach = max(map(abs, elements)) * len(elements)
            if abs(self._sum) + reach <= _LONG_MAX:
                self._absorb_total(Total(sum(elements), reach))
                return
        if self.state is State.FLOAT and kinds == {float}:
            import numpy as np

            self.resume(self._fold_terms(np.array(elements, np.float64), len(elements), self._floats), len(elements))
            return
        self.absorb_rest(elements)

    def _absorb_total(self, total: Total) -> None:
        if total.empty:
            return
        if self.state is State.FLOAT and self._expected and not self._terms:
            self.state, self._expected = State.INT, False
        if self.state is State.FLOAT or (self.state is State.OBJECT and type(self._sum) is not int):
            raise NeedsElements
        reach = None if total.reach is None else abs(self._sum) + total.reach
        self._sum += total.value
        if self.state is State.INT and not _LONG_MIN <= self._sum <= _LONG_MAX:
            self.state = State.OBJECT
        elif self.state is State.INT and (reach is None or reach > _LONG_MAX):
            self._sure = False

    def absorb_rest(self, rest: Iterable[Any]) -> None:
        """Term by term, through CPython's three loops. Raises MustRunInOrder."""
        terms = iter(rest)
        if self.state is State.FLOAT and self._expected and not self._terms:
            self.state, self._expected = State.INT, False
        if self.state is State.INT:
            self._int_loop(terms)
        if self.state is State.FLOAT:
            self._float_loop(terms)
        if self.state is State.OBJECT:
            for term in terms:
                self._sum = self._sum + term

    def _int_loop(self, terms: Iterator[Any]) -> None:
        total = self._sum
        for term in terms:
            if type(term) in _INTS:
                if _LONG_MIN <= total + term <= _LONG_MAX and _LONG_MIN <= term <= _LONG_MAX:
                    total += term
                    continue
                if not self._sure:
                    # Whichever loop CPython is in, ints add up to the same.
                    total += term
                    continue
            elif not self._sure and COMPENSATED:
                raise MustRunInOrder(
                    "the terms of the sum are ints first, perhaps beyond 64 bits, and something else later"
                )
            self._sum = total + term
            self.state = State.OBJECT
            if type(self._sum) is float:
                self._floats, self.state = (self._sum, 0.0), State.FLOAT
            return
        self._sum = total

    def _float_loop(self, terms: Iterator[Any]) -> None:
        (total, lost), count = self._floats, 0
        for term in terms:
            count += 1
            if type(term) is float:
                summed = total + term
                if COMPENSATED:
                    lost += (total - summed) + term if abs(total) >= abs(term) else (term - summed) + total
                total = summed
                continue
            if isinstance(term, int):
                # As C sees it: a subclass may have another idea of its own value.
                whole = int.__add__(term, 0)
                if _LONG_MIN <= whole <= _LONG_MAX:
                    total += whole
                    continue
            if lost and math.isfinite(lost):
                total += lost
            self.state = State.OBJECT
            self._sum = total + term
            return
        self.resume((total, lost), count)

    def finish(self) -> Any:
        if self.state is not State.FLOAT:
            return self._sum
        if self._expected and not self._terms:
            return self._start
        return self._finish_floats(self._floats)
