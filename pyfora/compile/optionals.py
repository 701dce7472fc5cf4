"""Values that may be None: a bool that says whether there is one, beside it.

That a variable or what a function returns is one of these is found out where two paths meet; then all is translated
again. Whatever is asked of None, but whether it is None or true, raises: there the kernel gives up.
"""

from __future__ import annotations

import ast

from pyfora.compile import numpy_numbers
from pyfora.compile.functions import Function
from pyfora.compile.kinds import Becoming, InMemory, Kind, Known, Optional, Shape, display, is_runtime
from pyfora.compile.learning import ElementLearned
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_bool, constant

NOTHING = Known(None)


def together(one: Kind, other: Kind) -> Optional | Becoming | None:
    """The kind of what is of one kind here and of another there; None if there is none."""
    if (becoming := numpy_numbers.becoming(one, other)) is not None:
        return becoming
    bare = [kind.of if isinstance(kind, Optional) else kind for kind in (one, other) if kind != NOTHING]
    if not bare or any(kind != bare[0] for kind in bare) or not is_runtime(bare[0]):
        return None
    return Optional(bare[0])


def fits(kind: Optional | Becoming, other: Kind) -> bool:
    """Whether a value of another kind is one of this kind, too."""
    return other in (kind.of, kind.python if isinstance(kind, Becoming) else NOTHING)


def as_optional(term: Term, kind: Optional | Becoming) -> Term:
    """A value, None, or what may be None already, as one that may be None; so of what may be Python's still."""
    if term.type == kind:
        return term
    if isinstance(kind, Becoming) and term.type == kind.python:
        return Term(kind, f"(False, {numpy_numbers.begun(term, kind.of).text})")
    if term.type == NOTHING:
        return Term(kind, f"(False, {zero(kind.of)})")
    assert term.type == kind.of
    return Term(kind, f"(True, {term.text})")


def zero(kind: Kind) -> str:
    """Some value of this kind, as an expression."""
    if isinstance(kind, Shape):
        return display(zero(part) for part in kind.parts if is_runtime(part))
    if isinstance(kind, Optional | Becoming):
        return f"(False, {zero(kind.of)})"
    if isinstance(kind, InMemory):
        return "0"
    return {"int": "0", "float": "0.0", "bool": "False"}[str(kind)]


def learn(scope: Scope, name: str, one: Kind, other: Kind) -> None:
    """Where a variable, or with an empty name what the function returns, may be None: raise ElementLearned."""
    found = together(one, other)
    place = (scope.place, "optional", name)
    if found is not None and scope.place is not None and place not in scope.unit.elements:
        scope.unit.elements[place] = found
        raise ElementLearned


def declared(scope: Scope, name: str) -> Optional | Becoming | None:
    """What was found out of a variable."""
    found = scope.unit.elements.get((scope.place, "optional", name))
    return found if isinstance(found, Optional | Becoming) else None


def given(scope: Scope, term: Term) -> Term:
    """The value itself; gives up on None, and on what is Python's still."""
    kind = term.type
    if not isinstance(kind, Optional | Becoming):
        return term
    key = ("given", kind)
    if key not in scope.unit.functions:
        function = Function(scope.unit.name("call_given"), [("value", kind)], kind.of)
        # (a give-up of whatever kind leaves this function and all that called it)
        function.lines = ["if not value[0]:", "    found_none_int()", "return value[1]"]
        function.complete = True
        scope.unit.functions[key] = function
    return scope.unit.functions[key].call([term], depth="")


def is_none(term: Term) -> Term | None:
    """`term is None`, None where it can be told beforehand."""
    return Term("bool", f"(not {term.text}[0])") if isinstance(term.type, Optional) else None


def truth(scope: Scope, term: Term, node: ast.AST) -> Term:
    """Whether there is one, and it is true."""
    kind = term.type
    if isinstance(kind, Becoming):
        return numpy_numbers.truth(numpy_numbers.meanwhile(term))
    assert isinstance(kind, Optional)
    if not isinstance(kind.of, str):
        raise scope.refuse(f"the truth of {kind}", node)
    key = ("truth", kind)
    if key not in scope.unit.functions:
        function = Function(scope.unit.name("call_truth"), [("value", kind)], "bool")
        test = as_bool(Term(kind.of, "value[1]")).text
        function.lines, function.complete = [f"return value[0] and {test}"], True
        scope.unit.functions[key] = function
    return scope.unit.functions[key].call([term], depth="")


def equals_none(scope: Scope, operator: ast.cmpop, left: Term, right: Term, node: ast.AST) -> Term | None:
    """A comparison with None; None if it is another one."""
    for one, other in ((left, right), (right, left)):
        if other.type == NOTHING and isinstance(operator, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
            positive = isinstance(operator, ast.Is | ast.Eq)
            scope.must_not_act(other, node)
            test = is_none(one)
            if test is not None:
                return test if positive else Term("bool", f"(not {test.text})")
            if isinstance(one.type, str):
                scope.must_not_act(one, node)
                return constant(not positive)
    return None
