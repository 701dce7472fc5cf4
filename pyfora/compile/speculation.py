"""Ints that may be computed before it is known whether they are wanted: a choice of two such needs no branch."""

from __future__ import annotations

import ast
from dataclasses import replace

from pyfora.compile.terms import Term

_LOW, _HIGH = -(2**63), 2**63 - 1
_WIDEST = 2**31
"""Beyond it factors and offsets are left to the usual primitives."""


def affine_of(term: Term) -> tuple[str, int, int] | None:
    """(x, a, b) where the term is a * x + b, as Python's ints have it, and x is a variable."""
    if term.type != "int":
        return None
    return (term.text, 1, 0) if term.text.isidentifier() else term.affine


def of_operation(operator: type[ast.operator], left: Term, right: Term) -> Term | None:
    """`left operator right` of two ints with one check only, where it is affine and has had more of them."""
    if operator not in (ast.Add, ast.Sub, ast.Mult):
        return None
    found = _combined(operator, left, right)
    if found is None or not 0 < abs(found[1]) <= _WIDEST or abs(found[2]) > _WIDEST:
        return None
    return Term("int", f"affine_int({_arguments(found)})", affine=found)


def _combined(operator: type[ast.operator], left: Term, right: Term) -> tuple[str, int, int] | None:
    if type(right.constant) is not int:
        if operator is ast.Sub or type(left.constant) is not int:
            return None
        left, right = right, left
    affine, number = affine_of(left), right.constant
    if affine is None or type(number) is not int:
        return None
    name, factor, offset = affine
    if operator is ast.Mult:
        return name, factor * number, offset * number
    return name, factor, offset + number if operator is ast.Add else offset - number


def _arguments(affine: tuple[str, int, int]) -> str:
    """The variable, factor and offset, and between which two the variable must lie for the result to be of 64 bits."""
    name, factor, offset = affine
    ends = sorted([(_LOW - offset, factor), (_HIGH - offset, factor)], key=lambda end: end[0] * factor)
    low, high = -(-ends[0][0] // factor), ends[1][0] // factor
    return f"{name}, {factor}, {offset}, {max(low, _LOW)}, {min(high, _HIGH)}"


def harmless(term: Term, *operands: Term) -> Term:
    """Note that the term cannot fail where none of its operands can."""
    return replace(term, harmless=all(map(is_harmless, operands)))


def is_harmless(term: Term) -> bool:
    """Whether the term can be evaluated at any time, for nothing."""
    return term.constant is not None or term.text.isidentifier() or term.harmless


def choice(test: Term, one: Term, other: Term) -> str | None:
    """`one if test else other`, two ints, without a branch; None where that cannot be, or LLVM does it by itself."""
    if one.type != "int" or other.type != "int" or (is_harmless(one) and is_harmless(other)):
        return None
    early = [_early(term) for term in (one, other)]
    if early[0] is None or early[1] is None:
        return None
    return f"chosen_int({test.text}, {', '.join(text for pair in early if pair for text in pair)})"


def _early(term: Term) -> tuple[str, str] | None:
    """The int, maybe not Python's, and whether it is not."""
    if is_harmless(term):
        return term.text, "False"
    if term.affine is None:
        return None
    name, factor, offset, low, high = _arguments(term.affine).split(", ")
    return f"affine_wrapped({name}, {factor}, {offset})", f"is_outside({name}, {low}, {high})"


def as_choice(node: ast.If) -> ast.Assign | None:
    """`x = a if test else b` for the statement `if test: x = a` with `else: x = b` or none."""
    values = [_only_value(node.body), _only_value(node.orelse) if node.orelse else None]
    if values[0] is None or (node.orelse and (values[1] is None or values[1][0].id != values[0][0].id)):
        return None
    target = values[0][0]
    before = ast.copy_location(ast.Name(target.id, ast.Load()), target)
    either = ast.IfExp(node.test, values[0][1], values[1][1] if values[1] else before)
    made = ast.Assign([target], ast.copy_location(either, node))
    return ast.copy_location(made, node)


def _only_value(body: list[ast.stmt]) -> tuple[ast.Name, ast.expr] | None:
    """The variable and its new value, where that is arithmetic of variables and literals and all that is done."""
    match body:
        case [ast.Assign(targets=[ast.Name() as target], value=value)]:
            pass
        case [ast.AugAssign(target=ast.Name() as target, op=operator, value=right)]:
            left = ast.copy_location(ast.Name(target.id, ast.Load()), target)
            value = ast.copy_location(ast.BinOp(left, operator, right), right)
        case _:
            return None
    plain = (ast.Name, ast.Constant, ast.BinOp, ast.operator, ast.expr_context)
    return (target, value) if all(isinstance(one, plain) for one in ast.walk(value)) else None
