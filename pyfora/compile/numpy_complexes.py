"""Complex numbers of numpy's (`complex128`): what numpy makes of them, which is not what CPython makes of its own.

Where numpy would warn, a kernel gives up. A number of numpy's beside a complex one of Python's is refused: of these
numpy makes arrays, whose products are rounded once where the processor can.
"""

from __future__ import annotations

import ast
import builtins
import functools
import random
import sys
from typing import Any

from pyfora.compile import complexes, numpy_numbers, scalars
from pyfora.compile.kinds import Shape
from pyfora.compile.numpy_kinds import complex_kind, is_complex_number, is_number, kind_of
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_float, constant, part_of

_OPERATIONS: dict[type[ast.operator], str] = {
    ast.Add: "finite_complex(add_complex({}, {}))",
    ast.Sub: "finite_complex(sub_complex({}, {}))",
    ast.Mult: "finite_complex(mul_complex({}, {}))",
    ast.Div: "scaled_complex({}, {})",
}
_POINTS = 200


def is_beside(left: Term, right: Term) -> bool:
    """Whether one of the two is such a number."""
    return is_complex_number(left.type) or is_complex_number(right.type)


def converted(scope: Scope, term: Term, kind: Shape, node: ast.AST) -> Term:
    """What numpy makes of an operand before it computes."""
    if is_complex_number(term.type) or complexes.is_complex(term.type):
        return Term(kind, term.text)
    value = numpy_numbers.bare(term)
    if not isinstance(value.type, str):
        raise scope.refuse(f"a {term.type} beside a complex number of numpy's", node)
    # An int of Python's that is no float may raise.
    real = as_float(value) if value is not term or value.type == "bool" else scalars.exact_float(value)
    return Term(kind, complexes.complex_of(real, constant(0.0)).text)


def binary(scope: Scope, operator: ast.operator, left: Term, right: Term, node: ast.AST) -> Term:
    """`left operator right`, one of which is such a number."""
    word = type(operator)
    if word is ast.Pow and is_complex_number(left.type) and right.type == "int":
        _must_be_usual(scope, node)
        return Term(left.type, f"numpys_power_complex({left.text}, {right.text})")
    if word not in _OPERATIONS:
        raise scope.refuse(f"operator {word.__name__} of complex numbers of numpy's", node)
    _must_be_usual(scope, node)
    kind = complex_kind()
    one, other = converted(scope, left, kind, node), converted(scope, right, kind, node)
    return Term(kind, _OPERATIONS[word].format(one.text, other.text))


def unary(scope: Scope, operator: ast.unaryop, term: Term, node: ast.AST) -> Term:
    """`operator term`."""
    _must_be_usual(scope, node)
    return complexes.unary(scope, operator, term, node)


def compare(scope: Scope, operator: ast.cmpop, left: Term, right: Term, node: ast.AST) -> Term:
    """`left == right` and `left != right`: one of numpy's bools."""
    if not isinstance(operator, ast.Eq | ast.NotEq):
        raise scope.refuse("an order of complex numbers", node)
    kind, answer = complex_kind(), _real_kind("bool_")
    one, other = converted(scope, left, kind, node), converted(scope, right, kind, node)
    text = f"equal_complex({one.text}, {other.text})"
    return numpy_numbers.number(answer, Term("bool", text if isinstance(operator, ast.Eq) else f"(not {text})"))


def attribute(scope: Scope, term: Term, name: str, node: ast.AST) -> Term:
    """`term.name`."""
    assert isinstance(term.type, Shape)
    if name not in term.type.names:
        raise scope.refuse(f"attribute {name!r} of a complex number of numpy's", node)
    return numpy_numbers.number(_real_kind("float64"), part_of(term, term.type.names.index(name)))


def method(term: Term, name: str, count: int) -> Term | None:
    """`term.name()`; None where it is not one that is compiled."""
    if is_complex_number(term.type) and name in ("conjugate", "conj") and count == 0:
        return Term(term.type, f"conjugate_complex({term.text})")
    return None


def call(scope: Scope, target: object, terms: list[Term], node: ast.AST) -> Term | None:
    """A builtin or function of numpy's of such numbers, or a new one; None where it is none that is compiled."""
    if len(terms) != 1 or "numpy" not in sys.modules:
        return None
    import numpy as np

    (term,) = terms
    if target is complex_kind().python and (complexes.is_complex(term.type) or _is_real(term)):
        return converted(scope, term, complex_kind(), node)
    if not is_complex_number(term.type):
        return None
    if target is complex_kind().python or target is builtins.complex:
        return Term(complex_kind() if target is not builtins.complex else complexes.KIND, term.text)
    if target is builtins.abs:
        # That of `numpy.abs` has other bits.
        _must_be_usual(scope, node)
        return numpy_numbers.number(_real_kind("float64"), Term("float", f"abs_complex({term.text})"))
    if target is np.conjugate:
        return method(term, "conjugate", 0)
    return complexes.truth(term) if target is builtins.bool else None


def _is_real(term: Term) -> bool:
    return isinstance(term.type, str) or is_number(term.type)


def _real_kind(name: str) -> Shape:
    import numpy as np

    found = kind_of(getattr(np, name))
    assert found is not None
    return found


def _must_be_usual(scope: Scope, node: ast.AST) -> None:
    numpy_numbers.must_be_usual(scope, node)
    if not _is_computed_as_known():
        raise scope.refuse("complex numbers of numpy: this one computes them in a way that is not known", node)


@functools.cache
def _is_computed_as_known() -> bool:
    """Whether the running numpy, as its compiler had it, rounds each product and sum."""
    import numpy as np

    draw = random.Random("numpy.complex128")
    with np.errstate(all="ignore"):
        for _ in range(_POINTS):
            one, other = (complex(draw.gauss(0, 1), draw.gauss(0, 1)) for _ in range(2))
            made: list[Any] = [np.complex128(one) * other, np.complex128(one) / other]
            if list(map(complex, made)) != [one * other, quotient(one, other)]:
                return False
    return True


def quotient(left: complex, right: complex) -> complex:
    """As `scaled_complex`, step by step."""
    if abs(right.real) >= abs(right.imag):
        ratio = right.imag / right.real
        scale = 1.0 / (right.real + right.imag * ratio)
        return complex((left.real + left.imag * ratio) * scale, (left.imag - left.real * ratio) * scale)
    ratio = right.real / right.imag
    scale = 1.0 / (right.imag + right.real * ratio)
    return complex((left.real * ratio + left.imag) * scale, (left.imag * ratio - left.real) * scale)
