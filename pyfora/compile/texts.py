"""Texts that a loop looks at: read letter by letter, each of which is its code point."""

from __future__ import annotations

import ast

from pyfora.compile import lists
from pyfora.compile.functions import Function
from pyfora.compile.kinds import Kind, Known, Shape
from pyfora.compile.operations import ORDERS
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, constant, made, part_of

LETTER = Shape(str, ("",), ("int",))
"""A text of one letter."""
_ALPHABET = 128


def is_text(kind: Kind) -> bool:
    """Whether this is a text, which is known beforehand."""
    return isinstance(kind, Known) and isinstance(kind.value, str)


def is_letter(kind: Kind) -> bool:
    """Whether this is a letter of one."""
    return kind == LETTER


def letters(scope: Scope, term: Term, node: ast.AST) -> Term:
    """The code points of a text, as a captured list."""
    assert isinstance(term.type, Known) and isinstance(term.type.value, str)
    text = term.type.value
    if not text:
        raise scope.refuse("an empty text", node)
    return scope.captured(("text", text), "text", [ord(letter) for letter in text], node)


def item(scope: Scope, term: Term, index: Term, node: ast.AST) -> Term:
    """`term[index]`."""
    return made(str, [""], [lists.item(scope, letters(scope, term, node), index, node)])


def iteration(scope: Scope, term: Term, node: ast.AST) -> tuple[list[str], str, list[str], Term]:
    """A loop over the letters, as `lists.iteration`."""
    before, head, first_lines, code = lists.iteration(scope, letters(scope, term, node), node)
    return before, head, first_lines, made(str, [""], [code])


def length(term: Term) -> Term:
    """`len(term)`."""
    assert isinstance(term.type, Known) and isinstance(term.type.value, str)
    return constant(len(term.type.value))


def code_point(scope: Scope, term: Term, node: ast.AST) -> Term:
    """`ord(term)`."""
    one = isinstance(term.type, Known) and isinstance(term.type.value, str) and len(term.type.value) == 1
    if not is_letter(term.type) and not one:
        raise scope.refuse(f"ord() of a {term.type}", node)
    return _code_of(scope, term, node)


def compare(scope: Scope, operator: ast.cmpop, left: Term, right: Term, node: ast.AST) -> Term:
    """`left operator right`, one of which is a letter."""
    if isinstance(operator, ast.Eq | ast.NotEq):
        for letter, other in ((left, right), (right, left)):
            if is_text(other.type) and isinstance(other.type, Known) and len(str(other.type.value)) != 1:
                # No code point is below 0; that there is a letter is still to be seen.
                sign = ">=" if isinstance(operator, ast.NotEq) else "<"
                return Term("bool", f"({_code_of(scope, letter, node).text} {sign} 0)")
    codes = [_code_of(scope, term, node) for term in (left, right)]
    if type(operator) not in ORDERS:
        raise scope.refuse("'is' or 'in' of texts", node)
    return Term("bool", f"({codes[0].text} {ORDERS[type(operator)]} {codes[1].text})")


def as_letter(scope: Scope, term: Term, node: ast.AST) -> Term:
    """A letter, also one that is known beforehand."""
    return made(str, [""], [_code_of(scope, term, node)])


def one_of(scope: Scope, letter: Term, held: Term, node: ast.AST) -> Term:
    """`letter in held`, of a text that is known beforehand."""
    assert isinstance(held.type, Known) and isinstance(held.type.value, str)
    codes = sorted(set(map(ord, held.type.value)))
    if len(codes) > _ALPHABET:
        raise scope.refuse(f"'in' of a text of more than {_ALPHABET} different letters", node)
    key = ("one of letters", tuple(codes))
    if key not in scope.unit.functions:
        function = Function(scope.unit.name("call_letter"), [("code", "int")], "bool")
        function.lines = [f"return {' or '.join(f'code == {code}' for code in codes) or 'False'}"]
        function.complete = True
        scope.unit.functions[key] = function
    return scope.unit.functions[key].call([part_of(letter, 0)], depth="")


def one_of_words(scope: Scope, value: Term, words: list[str], node: ast.AST) -> Term:
    """`value in (…)`, of texts that are known beforehand."""
    if is_text(value.type):
        assert isinstance(value.type, Known)
        return constant(value.type.value in words)
    if not is_letter(value.type):
        raise scope.refuse(f"'in' of a tuple of texts, but for a {value.type}", node)
    return one_of(scope, value, Term(Known("".join(word for word in words if len(word) == 1)), ""), node)


def _code_of(scope: Scope, term: Term, node: ast.AST) -> Term:
    if is_letter(term.type):
        return part_of(term, 0)
    if isinstance(term.type, Known) and isinstance(term.type.value, str) and len(term.type.value) == 1:
        return constant(ord(term.type.value))
    raise scope.refuse("a comparison of a letter with something else than a letter", node)
