"""Bytes that a loop looks at: lists of ints that nobody changes, captured ones and slices of these."""

from __future__ import annotations

import ast
import dataclasses

from pyfora.compile import intervals, lists
from pyfora.compile.functions import Function
from pyfora.compile.kinds import Kind, ListOf, Shape
from pyfora.compile.operations import ORDERS
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_int, made, part_of
from pyfora.compile.words import ARENA, arena

_BYTE = (0, 255)


def is_bytes(kind: Kind) -> bool:
    """Whether these are bytes."""
    return isinstance(kind, Shape) and kind.python is bytes


def literal(scope: Scope, value: bytes, node: ast.AST) -> Term:
    """`b"…"`."""
    return scope.captured(("bytes", value), "bytes", value, node)


def item(scope: Scope, held: Term, index: Term, node: ast.AST) -> Term:
    """`held[index]`."""
    return dataclasses.replace(lists.item(scope, part_of(held, 0), index, node), interval=_BYTE)


def part(scope: Scope, held: Term, bounds: list[Term | None], node: ast.AST) -> Term:
    """`held[low:high]`."""
    if any(bound is not None and bound.may_change for bound in bounds):
        raise scope.refuse("a slice whose bounds call something", node)
    kind = part_of(held, 0).type
    assert isinstance(kind, ListOf)
    whole = Term(kind, "held")
    texts = ["0" if bounds[0] is None else "low", lists.length(whole).text if bounds[1] is None else "high"]
    given = [(name, bound) for name, bound in zip(("low", "high"), bounds, strict=True) if bound is not None]
    key = ("part of bytes", kind, tuple(name for name, _ in given))
    arena(scope)
    if key not in scope.unit.functions:
        parameters: list[tuple[str, Kind]] = [("held", kind)]
        parameters += [(name, "int") for name, _ in given]
        function = Function(scope.unit.name("call_bytes"), parameters, ListOf("int"))
        bounds_ = [f"slice_bound(held, {text})" if text in ("low", "high") else text for text in texts]
        function.lines = [f"return slice_list({ARENA}, held, {bounds_[0]}, {bounds_[1]})"]
        function.captured, function.complete = {ARENA: Term("int", ARENA)}, True
        scope.unit.functions[key] = function
    called = scope.unit.functions[key].call([part_of(held, 0), *(as_int(bound) for _, bound in given)], depth="")
    return made(bytes, [""], [called])


def length(held: Term) -> Term:
    """`len(held)`."""
    return lists.length(part_of(held, 0))


def truth(held: Term) -> Term:
    """Whether there are any."""
    return lists.truth(part_of(held, 0))


def contains(scope: Scope, held: Term, value: Term, node: ast.AST) -> Term:
    """`value in held`, of an int; one that is no byte raises in Python."""
    interval = intervals.of(value)
    if value.type != "int" or interval is None or interval[0] < 0 or interval[1] > _BYTE[1]:
        raise scope.refuse("'in' of bytes, but for an int that is known to be one", node)
    if (held.may_change and value.may_act) or (value.may_change and held.may_act):
        # Python evaluates the value first.
        raise scope.refuse("'in' of bytes, where both sides call something", node)
    return Term("bool", f"(find_word_list({part_of(held, 0).text}, {value.text}) >= 0)")


def iteration(scope: Scope, held: Term, node: ast.AST) -> tuple[list[str], str, list[str], Term]:
    """A loop over bytes, as `lists.iteration`."""
    before, head, first_lines, element = lists.iteration(scope, part_of(held, 0), node)
    return before, head, first_lines, dataclasses.replace(element, interval=_BYTE)


def compare(scope: Scope, operator: ast.cmpop, left: Term, right: Term, node: ast.AST) -> Term:
    """`left operator right`, of bytes."""
    if not is_bytes(left.type) or not is_bytes(right.type):
        raise scope.refuse(f"a comparison of {left.type} and {right.type}", node)
    one, other = part_of(left, 0).text, part_of(right, 0).text
    if type(operator) not in ORDERS:
        raise scope.refuse("'is' or 'in' of bytes", node)
    return Term("bool", f"(order_list({one}, {other}) {ORDERS[type(operator)]} 0)")
