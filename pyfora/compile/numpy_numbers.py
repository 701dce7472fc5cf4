"""Numbers of numpy's types: what numpy makes of them, type included; where it would warn or wrap, a kernel gives up.

The type of a result is asked of numpy itself, which tells it by the types of the operands alone (NEP 50).
"""

from __future__ import annotations

import ast
import builtins
import math
import operator as operators
from collections.abc import Callable
from typing import Any

from pyfora.compile import complexes, scalars
from pyfora.compile.kinds import Becoming, Kind, Shape, names_of
from pyfora.compile.numpy_kinds import is_complex_number, is_function, is_number, kind_of, name_of
from pyfora.compile.operations import BITS, FLOATS, INTS, ORDERS
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_bool, as_float, as_int, constant, made, part_of

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operators.add,
    ast.Sub: operators.sub,
    ast.Mult: operators.mul,
    ast.Div: operators.truediv,
    ast.FloorDiv: operators.floordiv,
    ast.Mod: operators.mod,
    ast.Pow: operators.pow,
    ast.LShift: operators.lshift,
    ast.RShift: operators.rshift,
    ast.BitAnd: operators.and_,
    ast.BitOr: operators.or_,
    ast.BitXor: operators.xor,
}
COMPLEX_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div)
"""Of complex numbers, those that are compiled."""
_BOOLS: dict[type[ast.operator], str] = {**BITS, ast.Add: "|", ast.Mult: "&"}
_CALLED_FOR_DOUBLES: dict[type[ast.operator], str] = {
    ast.Div: "div_float",
    ast.FloorDiv: "floordiv_float",
    ast.Mod: "mod_float",
    ast.Pow: "libm_pow",
}
_SINGLES: dict[type[ast.operator], str] = {
    ast.Add: "add_single",
    ast.Sub: "sub_single",
    ast.Mult: "mul_single",
    ast.Div: "div_single",
}
_PYTHON: dict[str, Any] = {"int": 1, "float": 1.0, "bool": True}
"""A number of each of Python's types, for numpy to look at."""
_AS_PYTHON = frozenset(map(id, (builtins.float, builtins.int, builtins.bool, builtins.round, math.floor, math.ceil)))
_ON_FLOATS = {"floor": "floor_same", "ceil": "ceil_same", "trunc": "trunc_same"}
_QUESTIONS = {"isnan": "isnan_float", "isinf": "isinf_float", "isfinite": "isfinite_float"}


def bare(term: Term) -> Term:
    """The number as Python's that has the same value; any other term as it is."""
    return part_of(term, 0) if is_number(term.type) else term


def number(kind: Shape, term: Term) -> Term:
    """A number of this type, out of one of Python's that it holds."""
    return made(kind.python, [""], [term])


def as_index(term: Term) -> Term:
    """One of numpy's ints as an int, where an index is asked for."""
    return bare(term) if is_number(term.type) and bare(term).type == "int" else term


def _sample(kind: Kind) -> Any:
    return kind.python(1) if isinstance(kind, Shape) else _PYTHON[str(kind)]


def _limits(kind: Shape) -> tuple[int, int]:
    import numpy as np

    found = np.iinfo(kind.python)
    return int(found.min), int(found.max)


def must_be_usual(scope: Scope, node: ast.AST) -> None:
    """Refuse numbers of numpy where it is told to mind what a kernel does not look at."""
    import numpy as np

    if np.geterr()["under"] != "ignore":
        raise scope.refuse("numbers of numpy while numpy is told to mind underflow", node)


def _made_of(scope: Scope, wanted: type, node: ast.AST, function: Callable[..., Any], *operands: Term) -> Shape:
    """The kind of what a function of numpy's gives for operands of these types."""
    import numpy as np

    must_be_usual(scope, node)
    try:
        with np.errstate(all="ignore"):
            given = type(function(*[_sample(term.type) for term in operands]))
    except TypeError:
        given = None
    kind = kind_of(given)
    if kind is None:
        raise scope.refuse(f"{wanted.__name__} of {names_of([term.type for term in operands])}", node)
    return kind


def within(kind: Shape, text: str) -> str:
    """An int that this type must hold."""
    low, high = _limits(kind)
    return text if high - low == 2**64 - 1 else f"within_int({text}, {low}, {high})"


def converted(scope: Scope, term: Term, kind: Shape, node: ast.AST) -> Term:
    """What numpy makes of an operand before it computes in this type, as one of Python's numbers."""
    source = bare(term)
    if not isinstance(source.type, str):
        raise scope.refuse(f"a {term.type} beside a number of numpy's", node)
    wanted, of_numpy = kind.parts[0], source is not term
    if wanted == "bool" or (wanted == "int" and source.type == "float"):
        if source.type != wanted:
            raise scope.refuse(f"a {term.type} as a {kind}", node)
        return source
    if wanted == "int":
        fits = source.type == "bool" or (of_numpy and _holds(kind, term.type))
        if type(source.constant) is int:
            low, high = _limits(kind)
            fits = low <= source.constant <= high
        return Term("int", as_int(source).text if fits else within(kind, as_int(source).text))
    # An int of Python's is no more than a float here, and one that it is not exactly may raise.
    real = as_float(source) if of_numpy or source.type == "bool" else scalars.exact_float(source)
    if name_of(kind) == "float32" and of_numpy and source.type == "int":
        return Term("float", f"single_from_int({source.text})")
    exact = of_numpy and name_of(term.type) in ("float32", "int8", "int16", "uint8", "uint16", "bool")
    if name_of(kind) == "float32" and not exact and source.type != "bool":
        return Term("float", f"single_float({real.text})")
    return Term("float", real.text)


def _holds(kind: Shape, other: Kind) -> bool:
    """Whether all ints of another type are of this one."""
    assert isinstance(other, Shape)
    (low, high), (least, most) = _limits(kind), (0, 1) if other.parts == ("bool",) else _limits(other)
    return low <= least and most <= high


def binary(scope: Scope, operator: ast.operator, left: Term, right: Term, node: ast.AST) -> Term:
    """`left operator right`, one of which is a number of numpy's."""
    word = type(operator)
    for term in (left, right):
        if not isinstance(bare(term).type, str):
            raise scope.refuse(f"operator {word.__name__} of {left.type} and {right.type}", node)
    if word not in _OPERATORS:
        raise scope.refuse(f"operator {word.__name__} of {left.type} and {right.type}", node)
    kind = _made_of(scope, word, node, _OPERATORS[word], left, right)
    name = name_of(kind)
    if name == "bool" and word in _BOOLS:
        return number(kind, Term("bool", f"({bare(left).text} {_BOOLS[word]} {bare(right).text})"))
    one, other = converted(scope, left, kind, node).text, converted(scope, right, kind, node).text
    if kind.parts == ("int",):
        if word in BITS:
            return number(kind, Term("int", f"({one} {BITS[word]} {other})"))
        return number(kind, Term("int", within(kind, f"{INTS[word]}({one}, {other})")))
    if name == "float32" and word in _SINGLES:
        return number(kind, Term("float", f"{_SINGLES[word]}({one}, {other})"))
    if name == "float64" and word in FLOATS:
        return number(kind, Term("float", f"finite_float({one} {FLOATS[word]} {other})"))
    if word is ast.Pow and not all(term.type in (kind, "int", "float") for term in (left, right)):
        # Such are taken for arrays, whose powers have other bits.
        raise scope.refuse(f"a power of {left.type} and {right.type}", node)
    if name == "float64" and word in _CALLED_FOR_DOUBLES:
        finite = f"finite_float({one}), finite_float({other})"
        return number(kind, Term("float", f"finite_float({_CALLED_FOR_DOUBLES[word]}({finite}))"))
    raise scope.refuse(f"operator {word.__name__} of {left.type} and {right.type}", node)


def unary(scope: Scope, operator: ast.unaryop, term: Term, node: ast.AST) -> Term:
    """`operator term`."""
    kind, value = term.type, bare(term)
    assert isinstance(kind, Shape)
    must_be_usual(scope, node)
    match operator, value.type:
        case ast.UAdd(), "int" | "float":
            return term
        case ast.USub(), "float":
            return number(kind, Term("float", f"neg_float({value.text})"))
        case ast.USub(), "int":
            return number(kind, Term("int", within(kind, f"neg_int({value.text})")))
        case ast.Invert(), "int":
            low, high = _limits(kind)
            return number(kind, Term("int", f"(~{value.text})" if low else f"({value.text} ^ {high})"))
        case ast.Invert(), "bool":
            return number(kind, Term("bool", f"(not {value.text})"))
    raise scope.refuse(f"operator {type(operator).__name__} of a {term.type}", node)


def compare(scope: Scope, operator: ast.cmpop, left: Term, right: Term, node: ast.AST) -> Term:
    """`left operator right`, one of which is a number of numpy's: one of its bools."""
    if type(operator) not in ORDERS or not all(isinstance(bare(term).type, str) for term in (left, right)):
        raise scope.refuse(f"a comparison of {left.type} and {right.type}", node)
    common = _made_of(scope, type(operator), node, operators.add, left, right)
    if common.parts == ("float",):
        one, other = (converted(scope, term, common, node).text for term in (left, right))
    else:
        # Whatever the types: those of Python's that numpy's does not hold are compared as they are.
        one, other = (as_int(bare(term)).text for term in (left, right))
    answer = kind_of(type(_sample(common) == _sample(common)))
    assert answer is not None
    return number(answer, Term("bool", f"({one} {ORDERS[type(operator)]} {other})"))


def truth(term: Term) -> Term:
    """Whether it is true, for Python."""
    return complexes.truth(term) if is_complex_number(term.type) else as_bool(bare(term))


def call(scope: Scope, target: object, terms: list[Term], node: ast.AST) -> Term | None:
    """A builtin, a function of `math` or one of numpy's of numbers; None where it is none that is compiled."""
    values = [bare(term) for term in terms]
    if not terms or not all(isinstance(value.type, str) for value in values):
        return None
    if (wanted := kind_of(target)) is not None:
        return _cast(wanted, terms[0]) if len(terms) == 1 else None
    if is_function(target):
        return _ufunc(scope, target, terms, node)
    if all(isinstance(term.type, str) for term in terms):
        return None
    if target is builtins.abs:
        return _size(scope, terms[0], node)
    if id(target) in scalars.EXTREMES and len(terms) >= 2:
        return _extreme(scope, scalars.EXTREMES[id(target)], terms, node)
    if any(value.type == "bool" for value in values) and target not in (builtins.bool, builtins.int, builtins.float):
        return None
    if id(target) in _AS_PYTHON:
        # `math.floor` and its like ask an int of numpy's for a float first.
        exact = target in (builtins.float, builtins.int, builtins.bool) or values[0].type == "float"
        return scalars.of_scalars(target, values) if exact and len(terms) == 1 else None
    # `math.ldexp` takes none of numpy's ints.
    if id(target) in scalars.MATH and target not in (math.trunc, math.ldexp):
        return scalars.of_scalars(target, values)
    if target is builtins.pow and len(terms) == 2:
        return binary(scope, ast.Pow(), terms[0], terms[1], node)
    return None


def _cast(kind: Shape, term: Term) -> Term:
    """`numpy.float64(term)` and its like."""
    value = bare(term)
    match kind.parts[0], value.type:
        case "float", "int" if name_of(kind) == "float32" and value is not term:
            return number(kind, Term("float", f"single_from_int({value.text})"))
        case "float", _:
            real = as_float(value)
            return number(kind, real if name_of(kind) == "float64" else Term("float", f"single_float({real.text})"))
        case "int", "float":
            return number(kind, Term("int", within(kind, f"int_from_float({value.text})")))
        case "int", _:
            return number(kind, Term("int", within(kind, as_int(value).text)))
    return number(kind, as_bool(value))


def _ufunc(scope: Scope, function: Any, terms: list[Term], node: ast.AST) -> Term | None:
    """A function of numpy's whose bits are sure: it is exact, or correctly rounded."""
    import numpy as np

    name = function.__name__
    if len(terms) != 1 or name not in vars(np) or vars(np)[name] is not function:
        return None
    if name in _QUESTIONS:
        kind = _made_of(scope, np.ufunc, node, function, terms[0])
        return number(kind, Term("bool", f"{_QUESTIONS[name]}({as_float(bare(terms[0])).text})"))
    if name == "absolute":
        return None if isinstance(terms[0].type, str) else _size(scope, terms[0], node)
    if name not in ("sqrt", *_ON_FLOATS):
        return None
    kind = _made_of(scope, np.ufunc, node, function, terms[0])
    if kind.parts != ("float",):
        return None
    value = converted(scope, terms[0], kind, node).text
    if name == "sqrt":
        return number(kind, Term("float", f"{'sqrt_float' if name_of(kind) == 'float64' else 'sqrt_single'}({value})"))
    return number(kind, Term("float", f"{_ON_FLOATS[name]}({value})"))


def _size(scope: Scope, term: Term, node: ast.AST) -> Term | None:
    kind, value = term.type, bare(term)
    assert isinstance(kind, Shape)
    must_be_usual(scope, node)
    if value.type == "float":
        return number(kind, Term("float", f"abs_float({value.text})"))
    return number(kind, Term("int", within(kind, f"abs_int({value.text})"))) if value.type == "int" else None


def _extreme(scope: Scope, word: str, terms: list[Term], node: ast.AST) -> Term:
    kind = terms[0].type
    if any(term.type != kind for term in terms) or not isinstance(kind, Shape) or kind.parts == ("bool",):
        raise scope.refuse(f"{word}() of {names_of([term.type for term in terms])}", node)
    text = bare(terms[0]).text
    for term in terms[1:]:
        text = f"{word}_{kind.parts[0]}({text}, {bare(term).text})"
    return number(kind, Term(kind.parts[0], text))


def summed(scope: Scope, element: Term, node: ast.AST) -> tuple[Shape, Callable[[str], str]]:
    """For a `sum` of such numbers: the type that it has after the first, and the sum with one more, from one before."""
    kind = element.type
    assert isinstance(kind, Shape)
    total = _made_of(scope, ast.Add, node, operators.add, constant(0), element)

    def plus(before: str) -> str:
        return bare(binary(scope, ast.Add(), number(total, Term(total.parts[0], before)), element, node)).text

    return total, plus


# ---- variables that begin as Python's -------------------------------------------------------------------------------


def becoming(one: Kind, other: Kind) -> Becoming | None:
    """The kind of what is Python's number at first, and numpy's once one of numpy's was added."""
    for first, then in ((one, other), (other, one)):
        if isinstance(then, Becoming) and first in (then.of, then.python):
            return then
        if is_complex_number(then) and (first in ("int", "float") or complexes.is_complex(first)):
            assert isinstance(then, Shape)
            return Becoming(then, first)
        if isinstance(first, str) and isinstance(then, Shape) and is_number(then):
            if first != then.parts[0] and (first, then.parts[0]) != ("int", "float"):
                return None
            return Becoming(then, first)
    return None


def begun(term: Term, kind: Shape) -> Term:
    """A number of Python's as numpy's of the same value; gives up where there is none."""
    if is_complex_number(kind):
        whole = (
            term if complexes.is_complex(term.type) else complexes.complex_of(scalars.exact_float(term), constant(0.0))
        )
        return Term(kind, whole.text)
    if kind.parts == ("int",):
        return number(kind, Term("int", within(kind, as_int(term).text)))
    if kind.parts == ("bool",):
        return number(kind, term)
    real = scalars.exact_float(term)
    return number(kind, real if name_of(kind) == "float64" else Term("float", f"exact_single({real.text})"))


def meanwhile(term: Term) -> Term:
    """What it is or will be, as numpy's."""
    assert isinstance(term.type, Becoming)
    return Term(term.type.of, f"{term.text}[1]")


def hides(kind: Becoming, other: Kind, operator: type[ast.operator]) -> bool:
    """Whether nobody can tell what it is beside another operand: the result is of the same type, and so the same."""
    if is_complex_number(kind.of):
        # Beside any other, numpy makes arrays of Python's complex numbers, whose products have other bits.
        return other == kind.of and operator in COMPLEX_OPERATORS
    if not is_number(other) or operator not in _OPERATORS or kind.of.parts == ("bool",):
        return False
    types = []
    for one in (kind.python, kind.of):
        try:
            types.append(type(_OPERATORS[operator](_sample(one), _sample(other))))
        except TypeError:
            return False
    return types[0] is types[1]
