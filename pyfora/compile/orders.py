"""The order of values: numbers, letters, and tuples of these, which Python compares part by part."""

from __future__ import annotations

import ast

from pyfora.compile import scalars
from pyfora.compile.functions import Function
from pyfora.compile.kinds import Kind, Shape, is_runtime
from pyfora.compile.operations import ORDERS
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_int
from pyfora.compile.words import leaves

_LESS_OR_MORE: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<", ast.Gt: ">", ast.GtE: ">"}
_METHODS = ("__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__")


def is_ordered(kind: Kind | None) -> bool:
    """Whether values of this kind have an order that is compiled."""
    if isinstance(kind, Shape):
        return _is_plain(kind.python) and is_runtime(kind) and all(map(is_ordered, kind.parts))
    return isinstance(kind, str)


def _is_plain(python: type) -> bool:
    """Whether instances are compared as tuples or texts are."""
    methods = [getattr(python, name) for name in _METHODS]
    return python is str or (issubclass(python, tuple) and methods == [getattr(tuple, name) for name in _METHODS])


def _are_alike(one: Kind, other: Kind) -> bool:
    """Whether the two are numbers, or of as many parts that are alike."""
    if not isinstance(one, Shape) or not isinstance(other, Shape):
        return isinstance(one, str) and isinstance(other, str)
    same = (one.python is str) is (other.python is str) and len(one.parts) == len(other.parts)
    return same and all(map(_are_alike, one.parts, other.parts))


def compared(scope: Scope, operator: ast.cmpop, one: Term, other: Term, node: ast.AST) -> Term:
    """`one operator other`, of which none is a scalar alone. Gives up on a nan, which is equal to itself in a tuple."""
    both = one.type, other.type
    if not is_ordered(one.type) or not is_ordered(other.type) or not _are_alike(*both):
        raise scope.refuse(f"a comparison of {one.type} and {other.type} of such parts", node)
    key = ("compared", type(operator), both)
    if key not in scope.unit.functions:
        function = Function(scope.unit.name("call_compared"), [("one", both[0]), ("other", both[1])], "bool")
        for left, right in zip(leaves(both[0], "one"), leaves(both[1], "other"), strict=True):
            texts = as_compared(Term(*left), Term(*right))
            differ = f"{_LESS_OR_MORE[type(operator)]}" if type(operator) in _LESS_OR_MORE else ""
            answer = f"{texts[0]} {differ} {texts[1]}" if differ else str(isinstance(operator, ast.NotEq))
            function.lines += [f"if {texts[0]} != {texts[1]}:", f"    return {answer}"]
        function.lines.append(f"return {isinstance(operator, ast.LtE | ast.GtE | ast.Eq)}")
        function.complete = True
        scope.unit.functions[key] = function
    return scope.unit.functions[key].call([one, other], depth="")


def as_compared(left: Term, right: Term) -> tuple[str, str]:
    """Two numbers as they are compared: an int as a float only where it is one exactly."""
    if "float" in (left.type, right.type):
        one, other = scalars.exact_float(left).text, scalars.exact_float(right).text
        return f"number_float({one})", f"number_float({other})"
    return as_int(left).text, as_int(right).text


def stands_before(scope: Scope, word: str, one: str, other: str, kind: Kind, node: ast.AST) -> str:
    """Whether `min` or `max` takes `one` rather than `other`, which came first: an expression of two variables."""
    operator: ast.cmpop = ast.Lt() if word == "min" else ast.Gt()
    if isinstance(kind, str):
        left, right = (as_int(Term(kind, text)).text for text in (one, other))
        return f"{left} {ORDERS[type(operator)]} {right}"
    return compared(scope, operator, Term(kind, one), Term(kind, other), node).text
