"""`match` of numbers, letters and tuples, as the `if`s that it is."""

from __future__ import annotations

import ast
from typing import TypeVar

from pyfora.compile.kinds import Shape, is_runtime
from pyfora.compile.scope import Scope
from pyfora.compile.terms import part_of

Node = TypeVar("Node", bound=ast.AST)


def as_ifs(scope: Scope, node: ast.Match, subject: ast.Name) -> tuple[list[str], list[ast.stmt]]:
    """Lines, then the statements that do what `node` does; `subject` holds the value. Raises NotCompiled."""
    following: list[ast.stmt] = []
    lines: list[str] = []
    for case in reversed(node.cases):
        test, captures = _pattern(scope, case.pattern, subject, lines)
        bound: list[ast.stmt] = [_at(case.pattern, ast.Assign([target], value)) for target, value in captures]
        if case.guard is not None and captures and test is not None:
            raise scope.refuse("a guard of a pattern that may fail and binds names", case.pattern)
        if case.guard is not None:
            # Names are bound before the guard is asked, whatever it says.
            both = case.guard if test is None else ast.BoolOp(ast.And(), [test, case.guard])
            following = [*bound, _at(case.pattern, ast.If(_at(case.pattern, both), case.body, following))]
        elif test is None:
            following = [*bound, *case.body]
        else:
            following = [_at(case.pattern, ast.If(test, [*bound, *case.body], following))]
    return lines, following


def _at(place: ast.AST, node: Node) -> Node:
    """A node that says it stands there."""
    for inner in ast.walk(node):
        if "lineno" in inner._attributes and not hasattr(inner, "lineno"):
            ast.copy_location(inner, place)
    return node


def _pattern(
    scope: Scope, pattern: ast.pattern, subject: ast.Name, lines: list[str]
) -> tuple[ast.expr | None, list[tuple[ast.Name, ast.expr]]]:
    """The test of a pattern, None if it always fits; and what it binds."""
    match pattern:
        case ast.MatchValue(value=value):
            return _at(pattern, ast.Compare(subject, [ast.Eq()], [value])), []
        case ast.MatchSingleton(value=value):
            return _at(pattern, ast.Compare(subject, [ast.Is()], [ast.Constant(value)])), []
        case ast.MatchOr(patterns=patterns):
            tests: list[ast.expr] = []
            for one in patterns:
                test, captures = _pattern(scope, one, subject, lines)
                if captures or test is None:
                    raise scope.refuse("alternatives that bind names or always fit", pattern)
                tests.append(test)
            return _at(pattern, ast.BoolOp(ast.Or(), tests)), []
        case ast.MatchAs(pattern=inner, name=name):
            test, captures = (None, []) if inner is None else _pattern(scope, inner, subject, lines)
            own = [] if name is None else [(_at(pattern, ast.Name(name, ast.Store())), subject)]
            return test, [*captures, *own]
        case ast.MatchSequence(patterns=patterns) if not any(isinstance(one, ast.MatchStar) for one in patterns):
            return _sequence(scope, pattern, patterns, subject, lines)
    raise scope.refuse(f"{type(pattern).__name__} in a match", pattern)


def _sequence(
    scope: Scope, pattern: ast.pattern, patterns: list[ast.pattern], subject: ast.Name, lines: list[str]
) -> tuple[ast.expr | None, list[tuple[ast.Name, ast.expr]]]:
    kind = scope.read(subject).type
    if not isinstance(kind, Shape) or kind.python is not tuple or not is_runtime(kind):
        raise scope.refuse(f"a sequence in a match of a {kind}", pattern)
    if len(kind.parts) != len(patterns):
        return _at(pattern, ast.Constant(False)), []
    tests: list[ast.expr] = []
    captures: list[tuple[ast.Name, ast.expr]] = []
    for number, one in enumerate(patterns):
        held, name = scope.hold(part_of(scope.read(subject), number))
        lines += held
        test, bound = _pattern(scope, one, name, lines)
        tests += [] if test is None else [test]
        captures += bound
    if not tests:
        return None, captures
    return tests[0] if len(tests) == 1 else _at(pattern, ast.BoolOp(ast.And(), tests)), captures
