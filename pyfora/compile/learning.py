"""What is found out late about a kind, so that all is translated again with it known: what an empty list will hold."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from pyfora.compile.kinds import DictOf, Kind, Known, ListOf, Record, SetOf, Shape
from pyfora.compile.numpy_kinds import ArrayOf

if TYPE_CHECKING:
    from pyfora.compile.scope import Unit


class ElementLearned(Exception):
    """Something was found out: all is translated again, with that known."""


def lasting(kind: Kind | None) -> object:
    """What stands for a kind when all is translated again, and functions inside others are new ones."""
    match kind:
        case Known(value=value) if hasattr(value, "written_at"):
            return value.written_at
        case ArrayOf():
            return kind
        case Shape() | Record():
            return kind.python, kind.names, tuple(map(lasting, kind.parts))
        case ListOf() | SetOf():
            return type(kind), lasting(kind.element)
    return kind


def learned(unit: Unit, place: object) -> Kind | None:
    """What is known by now of what is put into what is made at this place."""
    found = unit.elements.get(place)
    return None if found is None else resolved(unit, found)


def resolved(unit: Unit, kind: Kind) -> Kind:
    """A kind with all that is known by now."""
    match kind:
        case ListOf(element=None, origin=origin) if origin is not None:
            return dataclasses.replace(kind, element=learned(unit, origin))
        case ListOf(element=element) if element is not None:
            return dataclasses.replace(kind, element=resolved(unit, element))
        case SetOf(element=None, origin=origin) if origin is not None:
            return dataclasses.replace(kind, element=learned(unit, (origin, "key")))
        case DictOf(key=key, value=value, origin=origin) if origin is not None:
            key = learned(unit, (origin, "key")) if key is None else key
            value = learned(unit, (origin, "value")) if value is None else resolved(unit, value)
            return dataclasses.replace(kind, key=key, value=value)
    return kind


def agree(unit: Unit, one: Kind, other: Kind) -> None:
    """Where the two would be one kind if an empty list or dict in them held something: raise ElementLearned."""
    match one, other:
        case ListOf(), ListOf():
            _agree_on(unit, one.origin, one.element, other.origin, other.element)
        case SetOf(), SetOf():
            _agree_on(unit, (one.origin, "key"), one.element, (other.origin, "key"), other.element)
        case DictOf(), DictOf():
            _agree_on(unit, (one.origin, "key"), one.key, (other.origin, "key"), other.key)
            _agree_on(unit, (one.origin, "value"), one.value, (other.origin, "value"), other.value)


def _agree_on(unit: Unit, place: object, kind: Kind | None, other_place: object, other: Kind | None) -> None:
    if kind is not None and other is not None:
        agree(unit, kind, other)
    elif kind is not None or other is not None:
        where = place if kind is None else other_place
        has_origin = where is not None and where not in ((None, "key"), (None, "value"))
        if has_origin and where not in unit.elements:
            unit.elements[where] = kind or other  # type: ignore[assignment]
            raise ElementLearned
