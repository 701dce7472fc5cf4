"""`random.Random(seed)` in the user's code: its draws as primitives, and all else by CPython's own Python source.

What is not written in C in CPython is read from the running CPython's `random.py`, so that it is that of its version.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import random
import textwrap
import types

from pyfora.compile.kinds import Kind, RandomState
from pyfora.compile.loop import FunctionSource
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_float, as_int, constant
from pyfora.compile.words import arena

_FROM_SOURCE = frozenset(
    [
        "choice",
        "shuffle",
        "randint",
        "uniform",
        "triangular",
        "normalvariate",
        "lognormvariate",
        "expovariate",
        "paretovariate",
        "weibullvariate",
        "gammavariate",
        "betavariate",
        "vonmisesvariate",
        "binomialvariate",
    ]
)


def is_generator(kind: Kind) -> bool:
    """Whether this is a `random.Random`."""
    return isinstance(kind, RandomState)


def new(scope: Scope, terms: list[Term], node: ast.AST) -> Term:
    """`random.Random(seed)`."""
    if len(terms) != 1 or terms[0].type not in ("int", "bool"):
        raise scope.refuse("random.Random() of something else than one int", node)
    return Term(RandomState(), f"seeded_random({arena(scope)}, {as_int(terms[0]).text})")


def method(name: str) -> types.FunctionType | None:
    """The method of this name where CPython has it in Python, and it draws by other methods only."""
    found = vars(random.Random).get(name)
    return found if name in _FROM_SOURCE and isinstance(found, types.FunctionType) else None


def draw(scope: Scope, state: Term, name: str, terms: list[Term], node: ast.AST) -> Term:
    """What a method gives that is a primitive."""
    ints = [as_int(term).text for term in terms]
    all_ints = all(term.type in ("int", "bool") for term in terms)
    match name:
        case "random" if not terms:
            return Term("float", f"draw_float({state.text})")
        case "getrandbits" if len(terms) == 1 and all_ints:
            return Term("int", f"draw_bits({state.text}, {ints[0]})")
        case "_randbelow" if len(terms) == 1 and all_ints:
            return Term("int", f"draw_below({state.text}, {ints[0]})")
        case "randrange" if len(terms) == 1 and all_ints:
            return Term("int", f"draw_below({state.text}, {ints[0]})")
        case "randrange" if len(terms) in (2, 3) and all_ints:
            step = ints[2] if len(terms) == 3 else "1"
            return Term("int", f"draw_range({state.text}, {ints[0]}, {ints[1]}, {step})")
        case "gauss" if len(terms) <= 2 and all(isinstance(term.type, str) for term in terms):
            mu, sigma = [*map(as_float, terms), *[constant(0.0), constant(1.0)][len(terms) :]]
            return Term("float", f"draw_gauss({state.text}, {mu.text}, {sigma.text})")
    raise scope.refuse(f"random.Random.{name} of these arguments", node)


@functools.cache
def source_of(function: types.FunctionType) -> FunctionSource | None:
    """The source of a function of CPython's `random.py`; None for any other, or where it cannot be read."""
    if function.__globals__ is not vars(random):
        return None
    try:
        (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, TypeError, SyntaxError):
        return None
    if not isinstance(node, ast.FunctionDef):
        return None

    def lookup(name: str) -> object:
        names = {**vars(builtins), **vars(random)}
        if name not in names:
            raise NameError(name)
        return names[name]

    return FunctionSource("random.py", node, lookup, is_the_users=False)
