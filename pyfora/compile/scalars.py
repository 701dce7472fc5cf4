"""Builtins and functions of `math` of ints, floats and bools: the primitives that they become."""

from __future__ import annotations

import ast
import builtins
import math
import types

from pyfora.compile import intervals
from pyfora.compile.kinds import DictOf, Kind, Known, ListOf, Record, SetOf, Shape
from pyfora.compile.libm import ONE_ARGUMENT
from pyfora.compile.loop import Element
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_bool, as_float, as_int, constant

_ONE_FLOAT = {
    id(getattr(math, name)): f"{name}_float" for name in [*ONE_ARGUMENT, "sqrt", "fabs"] if hasattr(math, name)
}
_ONE_FLOAT[id(math.fabs)] = "abs_float"
_ONE_FLOAT[id(math.ulp)] = "ulp_float"
_TWO_FLOATS = {
    id(math.atan2): "atan2_float",
    id(math.fmod): "fmod_float",
    id(math.pow): "libm_pow",
    id(math.copysign): "copysign_float",
    id(math.remainder): "remainder_float",
    id(math.nextafter): "nextafter_float",
}
_QUESTIONS = {id(math.isnan): "isnan_float", id(math.isinf): "isinf_float", id(math.isfinite): "isfinite_float"}
_TO_INT = {
    id(math.floor): "floor_float",
    id(math.ceil): "ceil_float",
    id(math.trunc): "int_from_float",
    id(builtins.round): "round_float",
    id(builtins.int): "int_from_float",
}
_TO_WHOLE = {
    "floor_float": "floor_whole",
    "ceil_float": "ceil_whole",
    "int_from_float": "trunc_whole",
    "round_float": "round_whole",
}
"""The same of a float that is known to be small enough."""
_FMA = getattr(math, "fma", None)
"""Since 3.13."""
_INTS = {
    id(math.isqrt): ("isqrt_int", 1),
    id(math.perm): ("perm_int", 2),
    id(math.comb): ("comb_int", 2),
    id(math.factorial): ("factorial_int", 1),
    id(builtins.pow): ("pow_mod_int", 3),
}
_OF_SEVERAL_INTS = {id(math.gcd): ("gcd_int", 0), id(math.lcm): ("lcm_int", 1)}
"""The primitive of two, and what is that of none."""
EXTREMES = {id(builtins.min): "min", id(builtins.max): "max"}
"""By identity, as all functions are known here."""
MATH = {id(value): name for name, value in vars(math).items() if callable(value)}
"""The names of the functions of `math`."""


def exact_float(term: Term) -> Term:
    """A number as a float of the same value; the kernel gives up where there is none."""
    if term.type == "float":
        return term
    if term.constant is not None and abs(term.constant) <= 2**53:
        return constant(float(term.constant))
    if intervals.is_exact(term):
        return as_float(term)
    return Term("float", f"exact_float({as_int(term).text})")


def of_scalars(target: object, terms: list[Term]) -> Term | None:
    """The value of a builtin or of a function of `math` of these; None where it is not one that is compiled."""
    key, count = id(target), len(terms)
    if key in _ONE_FLOAT and count == 1:
        return Term("float", f"{_ONE_FLOAT[key]}({as_float(terms[0]).text})")
    if key in _TWO_FLOATS and count == 2:
        return Term("float", f"{_TWO_FLOATS[key]}({as_float(terms[0]).text}, {as_float(terms[1]).text})")
    if key in _QUESTIONS and count == 1:
        return Term("bool", f"{_QUESTIONS[key]}({as_float(terms[0]).text})")
    if key in _TO_INT and count == 1:
        if terms[0].type == "float":
            small = intervals.is_whole(intervals.of_float(terms[0]))
            word = _TO_WHOLE[_TO_INT[key]] if small else _TO_INT[key]
            return Term("int", f"{word}({terms[0].text})", interval=intervals.of_whole(terms[0]) if small else None)
        return as_int(terms[0])
    if key in _INTS and count == _INTS[key][1] and all(term.type != "float" for term in terms):
        return Term("int", f"{_INTS[key][0]}({', '.join(as_int(term).text for term in terms)})")
    if key in _OF_SEVERAL_INTS and all(term.type != "float" for term in terms):
        word, of_none = _OF_SEVERAL_INTS[key]
        return _of_several_ints(word, [constant(of_none), *terms] if count < 2 else terms)
    if target is math.perm and count == 1 and terms[0].type != "float":
        return Term("int", f"factorial_int({as_int(terms[0]).text})")
    if target is _FMA and count == 3:
        return Term("float", f"fma_float({', '.join(as_float(term).text for term in terms)})")
    if target is builtins.divmod and count == 2:
        is_float = any(term.type == "float" for term in terms)
        kind: Element = "float" if is_float else "int"
        given = [(as_float(term) if is_float else as_int(term)).text for term in terms]
        return Term(Shape(tuple, ("", ""), (kind, kind)), f"divmod_{kind}({', '.join(given)})")
    if target is builtins.float and count == 1:
        return as_float(terms[0])
    if target is builtins.bool and count == 1:
        return as_bool(terms[0])
    if target is builtins.abs and count == 1:
        size = intervals.of_size(terms[0])
        if terms[0].type == "float":
            return Term("float", f"abs_float({terms[0].text})", interval=size)
        return Term("int", f"abs_int({as_int(terms[0]).text})", interval=size if size and size[1] < 2**63 else None)
    if target is math.log and count == 2:
        logs = [f"log_float({as_float(term).text})" for term in terms]
        return Term("float", f"div_float({', '.join(logs)})")
    if target is builtins.round and count == 2:
        return _rounded(*terms)
    if target is math.modf and count == 1:
        return Term(Shape(tuple, ("", ""), ("float", "float")), f"modf_float({as_float(terms[0]).text})")
    if target is math.frexp and count == 1:
        return Term(Shape(tuple, ("", ""), ("float", "int")), f"frexp_float({as_float(terms[0]).text})")
    if target is math.ldexp and count == 2 and terms[1].type != "float":
        return Term("float", f"ldexp_float({as_float(terms[0]).text}, {as_int(terms[1]).text})")
    if target is math.isclose and count == 2:
        return is_close(terms, {})
    if target is math.degrees and count == 1:
        return Term("float", f"({as_float(terms[0]).text} * {180.0 / math.pi!r})")
    if target is math.radians and count == 1:
        return Term("float", f"({as_float(terms[0]).text} * {math.pi / 180.0!r})")
    return None


def _of_several_ints(word: str, terms: list[Term]) -> Term:
    first, *others = [as_int(term) for term in terms]
    for other in others:
        first = Term("int", f"{word}({first.text}, {other.text})")
    return first


def _rounded(value: Term, digits: Term) -> Term | None:
    """`round(value, digits)`."""
    if digits.type == "float":
        return None
    if value.type == "float":
        return Term("float", f"digits_float({value.text}, {as_int(digits).text})")
    if digits.constant is not None and digits.constant >= 0:
        return as_int(value)
    return Term("int", f"digits_int({as_int(value).text}, {as_int(digits).text})")


def is_close(terms: list[Term], keywords: dict[str, Term]) -> Term | None:
    """`math.isclose(a, b, rel_tol=…, abs_tol=…)`."""
    given = {"rel_tol": constant(1e-09), "abs_tol": constant(0.0), **keywords}
    if len(given) > 2 or len(terms) != 2 or not all(isinstance(term.type, str) for term in (*terms, *given.values())):
        return None
    texts = [as_float(term).text for term in (*terms, given["rel_tol"], given["abs_tol"])]
    return Term("bool", f"isclose_float({', '.join(texts)})")


def method(term: Term, name: str, count: int) -> Term | None:
    """`term.name()`; None where it is not one that is compiled."""
    if count or not isinstance(term.type, str):
        return None
    if term.type == "float":
        whole = Term("bool", f"is_integral_float({term.text})")
        return whole if name == "is_integer" else term if name == "conjugate" else None
    if name in ("bit_length", "bit_count"):
        return Term("int", f"{name}_int({as_int(term).text})")
    return as_int(term) if name in ("conjugate", "__index__") else None


def python_type(kind: Kind) -> type | None:
    """The class of values of this kind, None where it is not one only."""
    if isinstance(kind, str):
        return {"int": int, "float": float, "bool": bool}[kind]
    match kind:
        case Shape(python=python) | Record(python=python) | DictOf(python=python):
            return python if python not in (types.FunctionType, types.MethodType) else None
        case ListOf():
            return list
        case SetOf(python=python):
            return python
    return None


def classes_of(node: ast.expr) -> list[ast.expr]:
    """What `isinstance` is given, one by one: `int | float`, a tuple of classes, or one class."""
    match node:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return [*classes_of(left), *classes_of(right)]
        case ast.Tuple(elts=elts):
            return [one for element in elts for one in classes_of(element)]
    return [node]


def is_instance(scope: Scope, term: Term, classes: Term, node: ast.AST) -> Term:
    """`isinstance(…)`, which can be told beforehand."""
    kinds = classes.type.parts if isinstance(classes.type, Shape) else (classes.type,)
    found = python_type(term.type)
    wanted = [kind.value for kind in kinds if isinstance(kind, Known) and type(kind.value) is type]
    if found is None or len(wanted) != len(kinds) or not term.text.replace("_", "").isalnum():
        raise scope.refuse("isinstance() that cannot be told beforehand", node)
    return constant(any(isinstance(one, type) and issubclass(found, one) for one in wanted))


def extreme(scope: Scope, node: ast.Call, word: str, terms: list[Term]) -> Term:
    """`min(…)` or `max(…)` of several."""
    kinds = {term.type for term in terms}
    if len(kinds) > 1 or kinds == {"bool"}:
        raise scope.refuse(f"{word}() of arguments that are not all int or all float", node)
    kind = terms[0].type
    text = terms[0].text
    for term in terms[1:]:
        text = f"{word}_{kind}({text}, {term.text})"
    return Term(kind, text, interval=intervals.hull(terms))
