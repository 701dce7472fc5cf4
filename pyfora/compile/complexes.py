"""Complex numbers of the user's code: pairs of floats, and calls of the primitives for them."""

from __future__ import annotations

import ast

from pyfora.compile import scalars
from pyfora.compile.kinds import Kind, Shape
from pyfora.compile.numpy_kinds import is_complex_number
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_float, constant, made

_NAMES = ("real", "imag")
_OPERATIONS: dict[type[ast.operator], str] = {
    ast.Add: "add_complex",
    ast.Sub: "sub_complex",
    ast.Mult: "mul_complex",
    ast.Div: "div_complex",
}
_LARGEST_POWER = 100
"""Up to it, CPython multiplies."""


KIND = Shape(complex, _NAMES, ("float", "float"))
"""That of Python's complex numbers."""


def is_complex(kind: Kind) -> bool:
    """Whether this is a complex number of Python's."""
    return kind == KIND


def complex_of(real: Term, imag: Term) -> Term:
    """The number of these parts, two floats."""
    return made(complex, _NAMES, [real, imag])


def as_complex(scope: Scope, term: Term, node: ast.AST) -> Term:
    """A number as a complex one."""
    if is_complex(term.type):
        return term
    if is_complex_number(term.type):
        return Term(KIND, term.text)
    if not isinstance(term.type, str):
        raise scope.refuse(f"a {term.type} beside a complex number", node)
    return complex_of(as_float(term), constant(0.0))


def binary(scope: Scope, operator: ast.operator, left: Term, right: Term, node: ast.AST) -> Term:
    """`left operator right`, one of which is complex."""
    if isinstance(operator, ast.Pow):
        if not is_complex(left.type) or right.type != "int":
            raise scope.refuse("a power of complex numbers, but for exponents that are ints", node)
        power = right.constant
        is_small = power is not None and 0 <= power <= _LARGEST_POWER
        return Term(left.type, f"{'pow' if is_small else 'power'}_complex({left.text}, {right.text})")
    if type(operator) not in _OPERATIONS:
        raise scope.refuse(f"operator {type(operator).__name__} of complex numbers", node)
    one, other = as_complex(scope, left, node), as_complex(scope, right, node)
    return Term(one.type, f"{_OPERATIONS[type(operator)]}({one.text}, {other.text})")


def unary(scope: Scope, operator: ast.unaryop, term: Term, node: ast.AST) -> Term:
    """`operator term`."""
    if isinstance(operator, ast.UAdd):
        return term
    if isinstance(operator, ast.USub):
        return Term(term.type, f"neg_complex({term.text})")
    raise scope.refuse("'~' of a complex number", node)


def compare(scope: Scope, operator: ast.cmpop, left: Term, right: Term, node: ast.AST) -> Term:
    """`left == right` and `left != right`."""
    if not isinstance(operator, ast.Eq | ast.NotEq):
        raise scope.refuse("a comparison of complex numbers, but for equality", node)
    # An int is compared as it is, not rounded to a float.
    pair = [scalars.exact_float(term) if isinstance(term.type, str) else term for term in (left, right)]
    text = f"equal_complex({', '.join(as_complex(scope, term, node).text for term in pair)})"
    return Term("bool", text if isinstance(operator, ast.Eq) else f"(not {text})")


def size(term: Term) -> Term:
    """`abs(term)`."""
    return Term("float", f"abs_complex({term.text})")


def method(term: Term, name: str, count: int) -> Term | None:
    """`term.name()`; None where it is not one that is compiled."""
    if is_complex(term.type) and name == "conjugate" and count == 0:
        return Term(term.type, f"conjugate_complex({term.text})")
    return None


def truth(term: Term) -> Term:
    """Whether it is not zero."""
    return Term("bool", f"(not equal_complex({term.text}, (0.0, 0.0)))")


def new(scope: Scope, terms: list[Term], node: ast.AST) -> Term:
    """`complex(…)` of one or two real numbers, or of a complex one."""
    if len(terms) == 1 and is_complex(terms[0].type):
        return terms[0]
    if not 1 <= len(terms) <= 2 or not all(isinstance(term.type, str) for term in terms):
        raise scope.refuse("complex() of something else than one or two real numbers", node)
    imag = as_float(terms[1]) if len(terms) == 2 else constant(0.0)
    return complex_of(as_float(terms[0]), imag)
