"""Functions of `math` and `cmath` that are compiled from Python, held against those of the running CPython before.

CPython computes them itself, in a way that may be another one in its next version, or as its compiler had it. So each
process that compiles one asks once whether it has CPython's bits at some hundred points, and refuses it where not.
"""

from __future__ import annotations

import ast
import builtins
import cmath
import copy
import functools
import inspect
import math
import random
import textwrap
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pyfora.compile import complexes, counterparts_cmath, counterparts_math, numpy_numbers
from pyfora.compile.functions import Function, must_keep_their_order
from pyfora.compile.kinds import Kind, ListOf, Shape
from pyfora.compile.loop import FunctionSource
from pyfora.compile.numpy_kinds import ArrayOf, axes_of, is_complex_number, is_number
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_float, constant, part_of

CallOwn = Callable[[Scope, ast.AST, str, FunctionSource, list[Term]], Term]

_POINTS = 150
_MODULES = (counterparts_math, counterparts_cmath)
_COORDINATES_LIMIT = 32


@dataclass(frozen=True, eq=False)
class Counterpart:
    """One of CPython's functions, and the same in Python."""

    name: str
    theirs: Callable[..., Any]
    ours: Callable[..., Any]
    takes: str
    """A letter for each argument: f float, c complex, v list of floats, i list of ints."""
    as_theirs: Callable[..., Any] | None = None
    """Theirs, called as ours is."""

    @functools.cached_property
    def agrees(self) -> bool:
        """Whether the running CPython gives the same bits wherever ours gives any."""
        draw = random.Random(self.name)
        return all(self._agrees_at([_DRAWN[letter](draw) for letter in self.takes]) for _ in range(_POINTS))

    def _agrees_at(self, arguments: list[Any]) -> bool:
        try:
            found = self.ours(*arguments)
        except (ArithmeticError, ValueError):
            return True
        try:
            return repr(found) == repr((self.as_theirs or self.theirs)(*arguments))
        except (ArithmeticError, ValueError):
            return False


def _drawn_float(draw: random.Random) -> float:
    sign = draw.choice((1.0, -1.0))
    match draw.randrange(4):
        case 0:
            return sign * draw.choice((0.0, 1.0, 0.5, 3.0, 1e-310, 1e-30, 1e300, 1.7e308, 709.5, 171.5))
        case 1:
            return sign * draw.randrange(800) / draw.choice((1, 2, 4, 10))
        case 2:
            return sign * draw.random() * 10.0 ** draw.randrange(-20, 20)
    return sign * draw.random() * 2.0


def _drawn_complex(draw: random.Random) -> complex:
    return complex(_drawn_float(draw), _drawn_float(draw))


def _drawn_vector(draw: random.Random) -> list[float]:
    """Seven numbers, of which most cancel out."""
    some = [_drawn_float(draw) for _ in range(3)]
    found = [*some, *(-number for number in some), _drawn_float(draw)]
    draw.shuffle(found)
    return found


_DRAWN: dict[str, Callable[[random.Random], Any]] = {
    "f": _drawn_float,
    "c": _drawn_complex,
    "v": _drawn_vector,
    "i": lambda draw: [draw.randrange(-1000, 1000) for _ in range(3)],
}


def _all() -> Iterator[Counterpart]:
    yield Counterpart("math.hypot", math.hypot, counterparts_math.norm, "v", lambda vector: math.hypot(*vector))
    for name, takes in {"dist": "vv", "fsum": "v", "gamma": "f", "lgamma": "f"}.items():
        yield Counterpart(f"math.{name}", getattr(math, name), getattr(counterparts_math, name), takes)
    if hasattr(math, "sumprod"):
        yield Counterpart("math.sumprod", math.sumprod, counterparts_math.sumprod_floats, "vv")
    for name, ours in vars(counterparts_cmath).items():
        theirs = getattr(cmath, name, None)
        if isinstance(ours, types.FunctionType) and theirs not in (None, cmath.rect, cmath.isclose):
            yield Counterpart(f"cmath.{name}", theirs, ours, "c")
    yield Counterpart("cmath.rect", cmath.rect, counterparts_cmath.rect, "ff")
    yield Counterpart(
        *("cmath.isclose", cmath.isclose, counterparts_cmath.isclose, "ccff"),
        lambda one, other, relative, absolute: cmath.isclose(one, other, rel_tol=relative, abs_tol=absolute),
    )


COUNTERPARTS = {id(one.theirs): one for one in _all()}
"""By identity, as all functions are known here."""
OF_LISTS = frozenset(key for key, one in COUNTERPARTS.items() if one.name in ("math.fsum", "math.sumprod"))
"""Those that go through what they are given."""
_LOG_OF_BASE = Counterpart("cmath.log", cmath.log, counterparts_cmath.log_of_base, "cc")


# ---- sources ---------------------------------------------------------------------------------------------------------


def source_of(function: Callable[..., Any]) -> FunctionSource | None:
    """The source of one of ours; None for any other function."""
    for module in _MODULES:
        if isinstance(function, types.FunctionType) and function.__globals__ is vars(module):
            return _source(function, module)
    return None


@functools.cache
def _source(function: types.FunctionType, module: types.ModuleType) -> FunctionSource:
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(node, ast.FunctionDef)
    names = {**vars(builtins), **vars(module)}

    def lookup(name: str) -> object:
        if name not in names:
            raise NameError(name)
        return names[name]

    return FunctionSource(f"{module.__name__.rpartition('.')[2]}.py", node, lookup, is_the_users=False)


@functools.cache
def _norm_of(count: int) -> FunctionSource:
    """`norm` of so many numbers instead of a list: its loops over them are written out."""
    source = source_of(counterparts_math.norm)
    assert source is not None and isinstance(source.node, ast.FunctionDef)
    node = copy.deepcopy(source.node)
    names = [f"coordinate_{number}" for number in range(count)]
    node.args.args = [ast.copy_location(ast.arg(name), node) for name in names]
    node.body = [line for statement in node.body for line in _written_out(statement, names)]
    return replace(source, node=node)


def _written_out(statement: ast.stmt, names: list[str]) -> list[ast.stmt]:
    if not isinstance(statement, ast.For) or not isinstance(statement.target, ast.Name):
        return [statement]
    found = []
    for name in names:
        for line in copy.deepcopy(statement.body):
            for one in ast.walk(line):
                if isinstance(one, ast.Name) and one.id == statement.target.id:
                    one.id = name
            found.append(line)
    return found


# ---- calls -----------------------------------------------------------------------------------------------------------


def call(
    scope: Scope, call_own: CallOwn, target: object, terms: list[Term], keywords: dict[str, Term], node: ast.AST
) -> Term | None:
    """The value of one of these functions; None where it is another one, or of something that is not compiled."""
    if target is counterparts_math.lost_in_product:
        return Term("float", f"lost_float({terms[0].text}, {terms[1].text})")
    found = COUNTERPARTS.get(id(target))
    if found is None:
        return None
    if target is cmath.log and len(terms) == 2:
        found = _LOG_OF_BASE
    given = _arguments(scope, found, [_bare(term) for term in terms], keywords, node)
    if given is None:
        return None
    if not found.agrees:
        raise scope.refuse(f"{found.name}: this Python computes it in a way that is not known", node)
    if target is math.hypot:
        return _hypot(scope, call_own, given, node)
    if target is math.dist and _is_point(given[0]):
        return _dist_of_tuples(scope, call_own, given[0], given[1], node)
    ours = found.ours
    if ours is counterparts_math.sumprod_floats and all(_element(term) == "int" for term in given):
        ours = counterparts_math.sumprod_ints
    source = source_of(ours)
    assert source is not None
    return call_own(scope, node, ours.__name__, source, given)


def _bare(term: Term) -> Term:
    value = numpy_numbers.bare(term)
    # One of numpy's bools is no number here, and is refused.
    return term if value.type == "bool" else value


def _element(term: Term) -> Kind | None:
    return term.type.element if isinstance(term.type, ListOf) else None


def _arguments(
    scope: Scope, counterpart: Counterpart, terms: list[Term], keywords: dict[str, Term], node: ast.AST
) -> list[Term] | None:
    """What ours is given; None where that is something else than numbers, or lists or tuples of such."""
    if counterpart.theirs is cmath.isclose and not keywords.keys() - {"rel_tol", "abs_tol"}:
        must_keep_their_order(scope, node, [*keywords], ["rel_tol", "abs_tol"], keywords)
        terms = [*terms, keywords.get("rel_tol", constant(1e-09)), keywords.get("abs_tol", constant(0.0))]
    elif keywords:
        return None
    if counterpart.theirs is math.hypot:
        return [as_float(term) for term in terms] if all(isinstance(term.type, str) for term in terms) else None
    if len(terms) != len(counterpart.takes):
        return None
    if counterpart.theirs is math.dist and all(_is_point(term) for term in terms):
        return terms
    given = []
    for one, letter in zip(terms, counterpart.takes, strict=True):
        term = one
        if letter == "v" and counterpart.name == "math.sumprod":
            # It does otherwise with what is no int or float exactly.
            fits = _element(term) in ("int", "float")
        elif letter == "v":
            fits = _is_vector(term)
        else:
            fits = isinstance(term.type, str) or (letter == "c" and _is_complex(term))
        if not fits:
            return None
        if letter == "f":
            term = as_float(term)
        elif letter == "c":
            term = complexes.as_complex(scope, term, node)
        given.append(term)
    return given


def _is_vector(term: Term) -> bool:
    """Whether it is gone through as real numbers."""
    if isinstance(term.type, ArrayOf):
        return axes_of(term.type) == 1 and is_number(term.type.element)
    element = _element(term)
    return element is not None and (isinstance(element, str) or is_number(element))


def _is_complex(term: Term) -> bool:
    return complexes.is_complex(term.type) or is_complex_number(term.type)


def _is_point(term: Term) -> bool:
    kind = term.type
    return isinstance(kind, Shape) and issubclass(kind.python, tuple) and all(isinstance(p, str) for p in kind.parts)


def _hypot(scope: Scope, call_own: CallOwn, numbers: list[Term], node: ast.AST) -> Term:
    if not numbers:
        return constant(0.0)
    if len(numbers) > _COORDINATES_LIMIT:
        raise scope.refuse(f"more than {_COORDINATES_LIMIT} coordinates", node)
    return call_own(scope, node, "hypot", _norm_of(len(numbers)), numbers)


def _dist_of_tuples(scope: Scope, call_own: CallOwn, one: Term, other: Term, node: ast.AST) -> Term:
    """`math.dist` of two tuples: a function, as each of them is looked at more than once."""
    assert isinstance(one.type, Shape) and isinstance(other.type, Shape)
    if len(one.type.parts) != len(other.type.parts):
        raise scope.refuse("points of different numbers of dimensions", node)
    key = ("dist", one.type, other.type)
    if key not in scope.unit.functions:
        points = Term(one.type, "one"), Term(other.type, "other")
        differences = []
        for number in range(len(one.type.parts)):
            left, right = (as_float(part_of(point, number)) for point in points)
            differences.append(Term("float", f"({left.text} - {right.text})"))
        distance = _hypot(scope, call_own, differences, node)
        function = Function(scope.unit.name("call_dist"), [("one", one.type), ("other", other.type)], "float")
        function.lines, function.complete = [f"return {distance.text}"], True
        scope.unit.functions[key] = function
    return scope.unit.functions[key].call([one, other], depth="")
