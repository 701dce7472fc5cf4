"""What a loop yields where it is more than a scalar, or yields at several places: columns of words."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pyfora.compile.complexes import is_complex
from pyfora.compile.kinds import Kind, Known, Shape, is_runtime
from pyfora.compile.numpy_kinds import is_complex_number, is_number, name_of
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, part_of
from pyfora.compile.texts import LETTER
from pyfora.fold.rows import Spec, scalars, width


def spec_of(scope: Scope, kind: Kind, node: ast.AST) -> Spec:
    """The shape of a value, as it is told to whoever makes it again. Raises NotCompiled."""
    if isinstance(kind, str):
        return kind
    if kind == LETTER:
        return "letter"
    if is_number(kind) or is_complex_number(kind):
        return f"numpy.{name_of(kind)}"
    if isinstance(kind, Shape) and kind.python is tuple and kind.parts:
        return tuple(spec_of(scope, part, node) for part in kind.parts)
    if is_complex(kind):
        return "complex"
    what = "an empty tuple" if isinstance(kind, Shape) and kind.python is tuple else f"a {kind}"
    raise scope.refuse(f"{what} where a number, a letter or a tuple of such is needed", node)


def said(spec: Spec) -> str:
    """A shape as a person reads it."""
    if not isinstance(spec, tuple):
        return "str" if spec == "letter" else spec
    return f"({', '.join(map(said, spec))}{',' if len(spec) == 1 else ''})"


@dataclass
class _Stream:
    number: int
    first_column: int
    spec: Spec

    @property
    def written(self) -> str:
        """The variable that counts its rows."""
        return f"written_{self.number}"


@dataclass
class RowWriter:
    """The lines that write rows into the buffer, of which `capacity` is the room of each column.

    The buffer begins with the number of rows of each stream.
    """

    scope: Scope
    streams_of_steps: Sequence[int]
    """For each place where the loop yields: its stream, whose rows are in one order."""
    _streams: dict[int, _Stream] = field(default_factory=dict)

    def write(self, step: int, term: Term, node: ast.AST) -> list[str]:
        """One row. Raises NotCompiled."""
        number = self.streams_of_steps[step]
        spec = spec_of(self.scope, term.type, node)
        columns = sum(width(stream.spec) for stream in self._streams.values())
        stream = self._streams.setdefault(number, _Stream(number, columns, spec))
        if stream.spec != spec:
            raise self.scope.refuse(f"the loop adds {said(stream.spec)} at one place and {said(spec)} at another", node)
        held = self.scope.fresh("row")
        lines = [f"if {stream.written} >= capacity:", "    return no_room_int()", f"{held} = {term.text}"]
        for place, (kind, text) in enumerate(_scalars(Term(term.type, held)), stream.first_column):
            if kind == "float":
                value = self.scope.fresh("number")
                # Whether one was a nan is asked at the end, as it is of terms.
                lines += [f"{value} = {text}", f"odd = odd_float(odd, {value})"]
                text = f"word_float({value})"
            elif kind == "bool":
                text = f"int_from_bool({text})"
            at = f"{len(set(self.streams_of_steps))} + {place} * capacity + {stream.written}"
            lines.append(f"store_int(buffer, {at}, {text})")
        return [*lines, f"{stream.written} = {stream.written} + 1"]

    def specs(self) -> tuple[tuple[int, Spec], ...]:
        """The streams that anything is written into, and their shapes, in the order of their columns."""
        return tuple((stream.number, stream.spec) for stream in self._streams.values())

    def frame(self) -> tuple[list[str], list[str]]:
        """The lines before and after the loop."""
        numbers = range(len(set(self.streams_of_steps)))
        before = [f"written_{number} = 0" for number in numbers]
        after = [f"store_int(buffer, {number}, written_{number})" for number in numbers]
        if any(kind == "float" for stream in self._streams.values() for kind in scalars(stream.spec)):
            before.append("odd = False")
            after = ["if odd:", "    return odd_terms_int()", *after]
        return before, [*after, "return 0"]


def _scalars(term: Term) -> Iterator[tuple[Kind, str]]:
    if not isinstance(term.type, Shape):
        yield term.type, term.text
        return
    for number in range(len(term.type.parts)):
        yield from _scalars(part_of(term, number))


def without_functions(scope: Scope, term: Term, node: ast.AST) -> Term:
    """Of `(max, value)`, which says what a turn does with a value, the value."""
    match term.type:
        case Shape(parts=(Known(value=function), kind)) if is_runtime(kind):
            if function is not min and function is not max:
                raise scope.refuse("another `min` or `max` than the builtin", node)
            return part_of(term, 1)
    return term
