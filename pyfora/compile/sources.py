"""The element of a loop's source at a position, as an expression: of ranges, columns, texts and views of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pyfora.compile import numpy_numbers
from pyfora.compile.kinds import Kind, ListOf
from pyfora.compile.loop import Element
from pyfora.compile.numpy_kinds import element_of, is_complex_number
from pyfora.compile.refusal import NotCompiled
from pyfora.compile.scope import Captured, Scope
from pyfora.compile.terms import Term, made
from pyfora.fold.calling import Called
from pyfora.fold.columns import ArrayColumn, Column
from pyfora.fold.joined import Numbered, Paired, Reversed, Zipped
from pyfora.fold.ranked import Multiplied

POSITION = "position"
"""The variable that a loop over such a source counts with."""
_ELEMENTS: dict[str, Element] = {"i": "int", "f": "float", "b": "bool"}
_BOUND = 2**63


@dataclass
class SourceReader:
    """Reads the elements of one source."""

    scope: Scope
    checks: list[str] = field(default_factory=list)
    """Lines before the loop, whose first and last positions are `start` and `start + count - 1`: nothing is read past
    the end of a column."""
    _captured: int = 0

    def element(self, source: Any) -> Term:
        """The element at `position`; of calls, their arguments. Raises NotCompiled."""
        if isinstance(source, Called):
            source = source.bases[0] if len(source.bases) == 1 else Zipped(source.bases)
        return self._at(source, lambda position: position)

    def _at(self, source: Any, place: Callable[[str], str]) -> Term:
        """The element at `place(position)`, a monotone function."""
        match source:
            case range():
                return self._of_range(source, place(POSITION))
            case ArrayColumn():
                return self._of_array(source, place)
            case Column():
                return self._of_column(source.numbers, place)
            case str():
                codes = [ord(letter) for letter in source]
                return made(str, [""], [self._of_column(_words(codes), place)])
            case bytes():
                return self._of_column(_words(list(source)), place, (0, 255))
            case Numbered():
                number = self._of_range(range(source.start, source.start + len(source)), place(POSITION))
                return made(tuple, ["", ""], [number, self._at(source.base, place)])
            case Zipped():
                parts = [self._at(base, place) for base in source.bases]
                return made(tuple, [""] * len(parts), parts)
            case Reversed():
                last = self._capture(len(source) - 1)
                return self._at(source.base, lambda position: f"({last.text} - {place(position)})")
            case Paired():
                following = self._at(source.base, lambda position: f"({place(position)} + 1)")
                return made(tuple, ["", ""], [self._at(source.base, place), following])
            case Multiplied():
                return self._of_product(source, place)
        raise NotCompiled(f"a source of type {type(source).__name__} is not compiled")

    def _capture(self, value: Captured) -> Term:
        self._captured += 1
        term = self.scope.unit.capture(("source", self._captured), "source", value)
        assert term is not None
        return term

    def _of_range(self, source: range, position: str) -> Term:
        if len(source) and not all(-_BOUND <= end < _BOUND for end in (source[0], source[-1])):
            raise NotCompiled("the loop runs over ints beyond 64 bits")
        first = self._capture(source.start)
        if source.step == 1:
            return Term("int", f"({first.text} + {position})")
        return Term("int", f"({first.text} + {position} * {self._capture(source.step).text})")

    def _of_column(self, numbers: Any, place: Callable[[str], str], interval: tuple[int, int] | None = None) -> Term:
        column = self._column(numbers)
        for position in ("start", "(start + count - 1)"):
            self.checks.append(f"must_reach({column.text}, {place(position)})")
        return self._load(column, place(POSITION), interval)

    def _of_array(self, source: ArrayColumn, place: Callable[[str], str]) -> Term:
        kind = element_of(source.numbers.dtype.type)
        assert kind is not None
        if is_complex_number(kind):
            halves = (source.numbers.real.copy(), source.numbers.imag.copy())
            return made(kind.python, kind.names, [self._of_column(half, place) for half in halves])
        words = "float64" if kind.parts[0] == "float" else "bool" if kind.parts[0] == "bool" else "int64"
        return numpy_numbers.number(kind, self._of_column(source.numbers.astype(words, copy=False), place))

    def _column(self, numbers: Any) -> Term:
        element = _ELEMENTS[numbers.dtype.kind]
        self._captured += 1
        words = numbers.astype("int64") if element == "bool" else numbers
        return self.scope.unit.capture_words(("source", self._captured), "source", words, element)

    def _load(self, column: Term, position: str, interval: tuple[int, int] | None = None) -> Term:
        assert isinstance(column.type, ListOf)
        kind: Kind | None = column.type.element
        assert kind is not None
        return Term(kind, f"get_known_{kind}({column.text}, {position})", interval=interval)

    def _of_product(self, source: Multiplied, place: Callable[[str], str]) -> Term:
        """The last pool changes fastest."""
        parts: list[Term] = []
        rank, below = f"({self._capture(source.start).text} + {place(POSITION)})", 1
        for pool in reversed(source.pools):
            column, length = self._column(pool.numbers), self._capture(len(pool))
            self.checks.append(f"must_reach({column.text}, {length.text} - 1)")
            parts.insert(
                0,
                self._load(
                    column, f"mod_natural(floordiv_natural({rank}, {self._capture(below).text}), {length.text})"
                ),
            )
            below *= len(pool)
        return made(tuple, [""] * len(parts), parts)


def _words(numbers: list[int]) -> Any:
    import numpy as np

    return np.array(numbers, np.int64)
