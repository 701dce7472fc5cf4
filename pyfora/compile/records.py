"""Instances that are changed after their `__init__`: their attributes in memory, so that all who have one see it.

Whether those of a class are changed is found out when something sets an attribute; then all is translated again, and
every new instance of that class is one of these. A captured one never is: what a block captures is frozen.
"""

from __future__ import annotations

import ast

from pyfora.compile import optionals
from pyfora.compile.classes import is_plain_class, is_set_plainly
from pyfora.compile.functions import Function
from pyfora.compile.kinds import Kind, Optional, Record, Shape
from pyfora.compile.learning import ElementLearned, agree
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, instance_of
from pyfora.compile.words import keeper, leaves, part_in_memory, stored


def of_attributes(scope: Scope, cls: type, attributes: dict[str, Term]) -> Term:
    """An instance with these attributes, of which some are known to become None, or something else than None."""
    found = dict(attributes)
    for name, term in attributes.items():
        kind = scope.unit.elements.get(("attribute", cls, name))
        if isinstance(kind, Optional) and optionals.fits(kind, term.type):
            found[name] = optionals.as_optional(term, kind)
    return instance_of(cls, found)


def made_here(scope: Scope, term: Term) -> Term:
    """A new instance, in memory if those of its class are changed."""
    kind = term.type
    if not isinstance(kind, Shape) or ("changed", kind.python) not in scope.unit.elements:
        return term
    return Term(Record(kind.python, kind.names, kind.parts), keeper(scope, kind).call([term], depth="").text)


def part(scope: Scope, term: Term, number: int) -> Term:
    """Attribute `number` of one."""
    kind = term.type
    assert isinstance(kind, Record)
    found, first = kind.parts[number], _first(kind, number)
    if term.text.isidentifier() or len(leaves(found, "")) <= 1:
        return part_in_memory(found, term.text, first)
    key = ("part of a record", kind, number)
    if key not in scope.unit.functions:
        function = Function(scope.unit.name("call_part"), [("address", "int")], found)
        function.lines, function.complete = [f"return {part_in_memory(found, 'address', first).text}"], True
        scope.unit.functions[key] = function
    return scope.unit.functions[key].call([Term("int", term.text)], depth="")


def _first(kind: Record, number: int) -> int:
    return sum(len(leaves(before, "")) for before in kind.parts[:number])


def set_part(scope: Scope, owner: Term, name: str, value: Term, node: ast.AST) -> list[str]:
    """Lines that do `owner.name = value`, of a value that is held in a variable."""
    kind = owner.type
    if isinstance(kind, Shape | Record) and not _can_be_set(kind.python, name):
        raise scope.refuse(f"setting {name!r} of a {kind.python.__name__}, which calls a function", node)
    if isinstance(kind, Shape) and is_plain_class(kind.python):
        place = ("changed", kind.python)
        if place in scope.unit.elements:
            raise scope.refuse(f"a change of a captured {kind.python.__name__}", node)
        scope.unit.held.append(kind.python)
        scope.unit.elements[place] = "bool"
        raise ElementLearned
    if not isinstance(kind, Record):
        raise scope.refuse(f"setting an attribute of a {kind}", node)
    if name not in kind.names:
        raise scope.refuse(f"setting {name!r}, which the __init__ of {kind.python.__name__!r} does not set", node)
    number = kind.names.index(name)
    wanted = kind.parts[number]
    if isinstance(wanted, Optional) and optionals.fits(wanted, value.type):
        value = optionals.as_optional(value, wanted)
    _learn(scope, kind.python, name, wanted, value.type)
    agree(scope.unit, wanted, value.type)
    if wanted != value.type:
        raise scope.refuse(f"{name!r} is {wanted} first and {value.type} then", node)
    held = scope.fresh("held")
    # It stands once for each of its words.
    kept = Term(value.type, scope.fresh("kept"))
    lines = [f"{held} = {owner.text}"] + ([f"{kept.text} = {value.text}"] if value.text else [])
    return [*lines, *stored(kept, held, _first(kind, number))]


def _learn(scope: Scope, cls: type, name: str, one: Kind, other: Kind) -> None:
    """Where the two are one kind, or None: raise ElementLearned."""
    place, found = ("attribute", cls, name), optionals.together(one, other)
    if one != other and isinstance(found, Optional) and place not in scope.unit.elements:
        scope.unit.elements[place] = found
        raise ElementLearned


def _can_be_set(cls: type, name: str) -> bool:
    plain: object = object.__setattr__
    return cls.__setattr__ is plain and is_set_plainly(cls, name)
