"""Translated expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyfora.compile.kinds import Kind, Shape, display, is_runtime, position


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
