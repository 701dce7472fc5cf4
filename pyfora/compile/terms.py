"""Translated expressions, and one kind of number as another."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyfora.compile.kinds import Kind, Shape, display, is_runtime, position

Interval = tuple[int, int]
FloatInterval = tuple[float, float]

_CALL = re.compile(r"\w\(")
_CHANGE = re.compile(r"\b(call|pop|draw|take|default|put|set|append|extend|reverse|remove|clear|sort)_\w*\(")
"""The functions of the user's, and the primitives that change what is in memory."""


@dataclass(frozen=True)
class Term:
    """A translated expression."""

    type: Kind
    text: str
    """Its generated source; an operand as it stands, in parentheses where it needs them."""
    constant: int | float | bool | None = None
    """Its value, where it is a literal."""
    zero_text: str = ""
    """A cheaper expression that is zero exactly where this one is, if there is one."""
    interval: Interval | FloatInterval | None = None
    """Between which two it lies, these included. None: an int anywhere in 64 bits, a float that may be anything."""
    length: int | None = None
    """Of a captured list: how many elements it has at least."""
    affine: tuple[str, int, int] | None = None
    """Of an int: (x, a, b) where it is a * x + b and x a variable."""
    harmless: bool = False
    """Whether it can be evaluated at any time: it does nothing, and cannot fail."""
    each_once: bool = False
    """Of a loop's element: whether no two turns have the same, as with ranges; elements of lists may repeat."""

    @property
    def may_change(self) -> bool:
        """Whether evaluating it may change what is in memory, so that how often and when it is done is not free."""
        return _CHANGE.search(self.text) is not None

    @property
    def may_act(self) -> bool:
        """Whether evaluating it may change a list or give up, so that it must not be left out."""
        return _CALL.search(self.text) is not None


def made(python: type, names: Sequence[str], parts: Sequence[Term]) -> Term:
    """A value that is made of others."""
    shape = Shape(python, tuple(names), tuple(part.type for part in parts))
    return Term(shape, display(part.text for part in parts if is_runtime(part.type)) if shape.is_runtime else "")


def part_of(term: Term, number: int) -> Term:
    """Part `number` of such a value."""
    assert isinstance(term.type, Shape)
    kind = term.type.parts[number]
    return Term(kind, f"{term.text}[{position(term.type, number)}]" if is_runtime(kind) else "")


def instance_of(cls: type, attributes: Mapping[str, Term]) -> Term:
    """An instance with these attributes; in the order of their names, whichever they were set in."""
    return made(cls, sorted(attributes), [attributes[name] for name in sorted(attributes)])


def constant(value: int | float | bool) -> Term:
    """A literal."""
    if isinstance(value, bool):
        return Term("bool", str(value), value)
    if isinstance(value, int):
        return Term("int", str(value) if value >= 0 else f"({value})", value)
    if math.isnan(value):
        return Term("float", "nan")
    if math.isinf(value):
        return Term("float", "inf" if value > 0 else "(-inf)", value)
    return Term("float", repr(value) if math.copysign(1.0, value) > 0 else f"({value!r})", value)


def as_int(term: Term) -> Term:
    """A bool or int as an int."""
    if term.type != "bool":
        return term
    if term.constant is not None:
        return constant(int(term.constant))
    return Term("int", f"int_from_bool({term.text})", interval=(0, 1))


def as_float(term: Term) -> Term:
    """A number as a float, rounded as `float()` rounds."""
    if term.type == "float":
        return term
    if term.constant is not None:
        return constant(float(term.constant))
    interval = (0.0, 1.0) if term.type == "bool" else term.interval
    if interval is not None:
        interval = (float(interval[0]), float(interval[1]))
    return Term("float", f"float_from_int({as_int(term).text})", interval=interval)


def as_bool(term: Term) -> Term:
    """The truth of a value."""
    if term.type == "bool":
        return term
    return Term("bool", f"({term.zero_text or term.text} != {'0' if term.type == 'int' else '0.0'})")
