"""Functions that are written inside others: what they see of them is taken when they are made.

Python looks at the variables when the function is called. So what is made here is forgotten as soon as one of the
variables that it sees is bound again: nobody can call it then, and nobody can see the difference.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable
from dataclasses import dataclass

from pyfora.compile.functions import bound_names
from pyfora.compile.kinds import DictOf, Kind, Known, ListOf, Optional, Record, SetOf, Shape, ViewOf
from pyfora.compile.loop import FunctionSource
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, made, part_of
from pyfora.compile.variables import Mixed

_DEFAULT = "default of "


@dataclass(frozen=True, eq=False)
class Inner:
    """A function inside another one, as it is written."""

    source: FunctionSource
    name: str
    sees: frozenset[str]
    """Names of variables around it, its own among them where it calls itself."""
    around: Scope
    written_at: tuple[str, int, int]
    """File, line and column."""


def new(scope: Scope, value: Callable[[Scope, ast.expr], Term], node: ast.FunctionDef | ast.Lambda) -> Term:
    """The function itself: what it is known by, then what it sees, then the defaults of its parameters."""
    name = node.name if isinstance(node, ast.FunctionDef) else "<lambda>"
    if isinstance(node, ast.FunctionDef) and node.decorator_list:
        raise scope.refuse("a decorator of a nested function", node)
    own = _bound_by(node)
    read = [one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)]
    free = {one for one in read if one in scope.bound and one not in own}
    if scope.instance is not None and scope.instance.name in free:
        raise scope.refuse("a nested function that sees an instance before its __init__ has ended", node)
    if name in free and name not in scope.bound_once:
        raise scope.refuse(f"the nested function {name!r}, whose name is bound twice", node)
    key = (id(node), id(scope))
    if key not in scope.unit.inner:
        # A name that has no value yet must not be looked up outside of both.
        def lookup(wanted: str) -> object:
            if wanted in free:
                raise NameError(wanted)
            return scope.lookup(wanted)

        source = FunctionSource(scope.filename, node, lookup)
        scope.unit.inner[key] = Inner(
            source, name, frozenset(free), scope, (scope.filename, node.lineno, node.col_offset)
        )
        scope.unit.held.append(node)
    inner = scope.unit.inner[key]
    seen = sorted(one for one in free - {name} if one in (scope.variables or {}))
    parts = [scope.variable_of(one, node) for one in seen]
    defaults = _defaults(node.args)
    given = [value(scope, default) for default in defaults.values()]
    names = ["", *seen, *(f"{_DEFAULT}{parameter}" for parameter in defaults)]
    return made(types.FunctionType, names, [Term(Known(inner), ""), *parts, *given])


def _bound_by(node: ast.FunctionDef | ast.Lambda) -> set[str]:
    arguments = node.args
    words = {one.arg for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]}
    words |= {one.arg for one in (arguments.vararg, arguments.kwarg) if one is not None}
    return words | (bound_names(node.body) if isinstance(node, ast.FunctionDef) else set())


def _defaults(arguments: ast.arguments) -> dict[str, ast.expr]:
    first = [one.arg for one in [*arguments.posonlyargs, *arguments.args]]
    found = dict(zip(first[len(first) - len(arguments.defaults) :], arguments.defaults, strict=True))
    only = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return found | {one.arg: default for one, default in only if default is not None}


def inner_of(kind: Kind) -> Inner | None:
    """What such a value is written as; None if it is no function inside another one."""
    if isinstance(kind, Shape) and kind.python is types.FunctionType:
        (known, *_) = kind.parts
        if isinstance(known, Known) and isinstance(known.value, Inner):
            return known.value
    return None


def default_of(term: Term, parameter: str) -> Term | None:
    """The default of one of its parameters."""
    assert isinstance(term.type, Shape)
    word = f"{_DEFAULT}{parameter}"
    return part_of(term, term.type.names.index(word)) if word in term.type.names else None


def seen_by(term: Term) -> dict[str, Term]:
    """The variables that it sees, by their names."""
    assert isinstance(term.type, Shape)
    names = [name for name in term.type.names[1:] if not name.startswith(_DEFAULT)]
    return {name: part_of(term, term.type.names.index(name)) for name in names}


def all_in(kind: Kind | Mixed | None) -> list[Inner]:
    """Every such function that a value of this kind may lead to."""
    inner = inner_of(kind) if isinstance(kind, Shape) else None
    found = [inner] if inner is not None else []
    parts: list[Kind | None] = []
    match kind:
        case Shape() | Record():
            parts = [*kind.parts]
        case Optional():
            parts = [kind.of]
        case ViewOf():
            parts = [kind.of]
        case ListOf() | SetOf():
            parts = [kind.element]
        case DictOf():
            parts = [kind.key, kind.value]
    return [*found, *(one for part in parts for one in all_in(part))]


def forget(scope: Scope, name: str) -> None:
    """Forget what sees this variable, which is bound again."""
    variables = scope.variables
    if not scope.unit.inner or variables is None:
        return
    for other, kind in list(variables.items()):
        if other != name and name in seen_of(scope, kind):
            del variables[other]


def seen_of(scope: Scope, kind: Kind | Mixed | None) -> set[str]:
    """The variables of this body that the functions see which a value of this kind may lead to."""
    return {name for one in all_in(kind) for name in one.sees if _is_of(scope, one, name)}


def _is_of(scope: Scope, inner: Inner, name: str) -> bool:
    """Whether a name that it sees is a variable of this body, which may be several functions further out."""
    if inner.around is scope:
        return True
    further = inner.around.within
    return further is not None and name in further.sees and _is_of(scope, further, name)


def must_stay(scope: Scope, kind: Kind, node: ast.AST) -> None:
    """Refuse a function that Python calls later, where variables of this one that it sees may have changed by then."""
    for name in sorted(seen_of(scope, kind) - scope.bound_once):
        raise scope.refuse(f"a function that is called meanwhile and sees {name!r}, which is bound twice", node)
