"""`total += term`, term after term: taken up and put down at any of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from pyfora.fold.folders import MustRunInOrder, NeedsElements
from pyfora.fold.partials import NUMBERS, Form, Partial, Total
from pyfora.fold.sums import FloatsFolder, FloatState

INT_BITS_LIMIT = 900
"""Of ints that are added to floats: no sum of so many as there can be is too large for a float."""
_INTS = frozenset((int, bool))


class LeftToRightFolder(FloatsFolder):
    """What `+=` makes of a total that is exactly an int or a float, and of terms that are numbers.

    The builtin `sum` is no such: since CPython 3.12 it makes good what rounding loses, and it tells ints of 64 bits
    from others. Here ints are ints, and the first float makes a float of the total for good.
    """

    def __init__(self, start: int | float, fold_terms: Callable[[Any, int, FloatState], FloatState]) -> None:
        self._start = start
        self._total: Any = start
        self._fold_terms = fold_terms
        self._expects = False
        """The total is an int still, kept as a float for the floats that are expected."""

    @property
    def form(self) -> Form:
        return Form.FLOATS if type(self._total) is float else Form.TOTAL

    @property
    def floats(self) -> FloatState | None:
        return (self._total,) if type(self._total) is float else None

    def expect_floats(self) -> None:
        """Before any term: let leaves make floats. An int is made a float by the first one that is added to it."""
        if type(self._total) is int and self._total.bit_length() <= INT_BITS_LIMIT:
            self._total, self._expects = float(self._total), True

    def resume(self, floats: FloatState, terms: int) -> None:
        (total,) = floats
        if math.isnan(total):
            # Where two NaNs meet, which one is passed on, with its sign, was the choice of the compiler of CPython.
            raise MustRunInOrder("the sum is a NaN, and only Python itself knows which")
        self._total = total
        self._expects = self._expects and not terms

    def absorb(self, partial: Partial) -> None:
        if partial.form is Form.TOTAL:
            self._absorb_total(partial.data)
        elif partial.form in (Form.ARRAY, Form.FLOATS) and partial.data.dtype.kind == "f" and self.floats is not None:
            self.resume(self._fold_terms(partial.data, len(partial.data), self.floats), len(partial.data))
        else:
            self.absorb_rest(partial.elements())

    def absorb_rest(self, rest: Iterable[Any]) -> None:
        """Term by term. Raises MustRunInOrder where adding one may raise, or run code of the program's."""
        terms = rest if type(rest) is list else list(rest)
        kinds = set(map(type, terms))
        if not kinds <= NUMBERS:
            raise MustRunInOrder("to add what a turn gives may raise, or run code of the program's")
        if not terms:
            return
        self._meet_a_term()
        if type(self._total) is int and kinds <= _INTS:
            self._total += sum(terms)
            return
        total = self._total
        try:
            for term in terms:
                total += term
        except OverflowError as error:
            raise MustRunInOrder(f"to add what a turn gives raises: {error}") from None
        if total != total:
            raise MustRunInOrder("the sum is a NaN, and only Python itself knows which")
        self._total = total

    def _absorb_total(self, total: Total) -> None:
        if total.empty:
            return
        self._meet_a_term()
        if type(self._total) is float:
            # Adding floats is not associative.
            raise NeedsElements
        self._total += total.value

    def _meet_a_term(self) -> None:
        """The next term is perhaps no float."""
        if self._expects:
            self._total, self._expects = self._start, False

    def finish(self) -> tuple[int | float]:
        """The total, as the one variable that the loop sets."""
        return (self._start if self._expects else self._total,)
