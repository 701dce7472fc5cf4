"""What the names of a program's text mean, as far as the text alone tells: nothing of it is run."""

from __future__ import annotations

import ast
import builtins
import cmath
import functools
import itertools
import math
import operator
import random
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from pyfora.compile import FunctionSource

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
_BIGGEST_POWER = 64
_MODULES = {module.__name__: module for module in (cmath, functools, itertools, math, operator, random)}
"""Those of Python's that the compiler knows: to import them runs nothing of the text's."""


class Variable(Exception):
    """The name is bound to a value that only a run would tell."""


class TextMeanings:
    """The names of one module's text."""

    def __init__(self, tree: ast.Module, filename: str) -> None:
        self._filename = filename
        self._around: dict[ast.AST, ast.AST] = {}
        self._find_scopes(tree, tree)
        self._nodes: dict[FunctionType, ast.FunctionDef] = {}
        self._scopes: dict[ast.AST, dict[str, Any]] = {}
        self._tree = tree

    def lookup_at(self, node: ast.AST) -> Callable[[str], object]:
        """What a name means where `node` stands. The function raises Variable, or NameError where nobody can tell."""
        scope = self._around[node]

        def lookup(name: str) -> object:
            at: ast.AST | None = scope
            while at is not None:
                # A class body's names are not seen by what is inside it.
                if not isinstance(at, ast.ClassDef) or at is scope:
                    values = self._values(at)
                    if name in values:
                        return _told(name, values[name])
                at = self._around.get(at)
            try:
                return getattr(builtins, name)
            except AttributeError:
                raise NameError(name) from None

        return lookup

    def source(self, function: FunctionType) -> FunctionSource | None:
        """The source of one of the text's functions."""
        node = self._nodes.get(function)
        return None if node is None else FunctionSource(self._filename, node, self.lookup_at(node))

    def _find_scopes(self, node: ast.AST, scope: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            self._around[child] = scope
            self._find_scopes(child, child if isinstance(child, _SCOPES) else scope)

    def _values(self, scope: ast.AST) -> dict[str, Any]:
        if scope not in self._scopes:
            values: dict[str, Any] = {}
            # Before it is filled: the functions in it may refer to each other.
            self._scopes[scope] = values
            for name, value in self._bound_in(scope):
                values[name] = _VARIABLE if name in values else value
        return self._scopes[scope]

    def _bound_in(self, scope: ast.AST) -> Iterator[tuple[str, Any]]:
        """(name, value) for every binding; _VARIABLE and _UNKNOWN stand for values that are not told."""
        if isinstance(scope, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            for argument in ast.walk(scope.args):
                if isinstance(argument, ast.arg):
                    yield argument.arg, _VARIABLE
        waiting: list[ast.AST] = [self._tree] if scope is self._tree else [scope]
        while waiting:
            node = waiting.pop(0)
            if node is scope or not isinstance(node, (*_SCOPES, *_COMPREHENSIONS)):
                waiting += ast.iter_child_nodes(node)
            if node is scope:
                continue
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                number = _number(node.value)
                yield node.targets[0].id, _VARIABLE if number is None else number
                waiting.remove(node.targets[0])
            elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                yield node.id, _VARIABLE
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield node.name, self._function(node)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                yield from _imported(node)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                yield node.name, _UNKNOWN
        for inner in ast.walk(scope):
            if isinstance(inner, ast.Global) and scope is self._tree:
                for name in inner.names:
                    yield name, _VARIABLE

    def _function(self, node: ast.AST) -> Any:
        """A function object that stands for `node`, where calling it means to run just its body."""
        if not isinstance(node, ast.FunctionDef) or node.decorator_list:
            return _UNKNOWN
        if node.args.defaults or any(default is not None for default in node.args.kw_defaults):
            return _UNKNOWN
        function = FunctionType(_stand_in.__code__, {}, node.name)
        self._nodes[function] = node
        return function


_VARIABLE = object()
_UNKNOWN = object()


def _stand_in() -> None:
    """The code of function objects that are never called: the compiler asks for their source."""


def _told(name: str, value: object) -> object:
    if value is _VARIABLE:
        raise Variable(name)
    if value is _UNKNOWN:
        raise NameError(name)
    return value


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Any]]:
    for alias in node.names:
        if isinstance(node, ast.Import):
            name = alias.asname or alias.name.partition(".")[0]
            yield name, _MODULES.get(alias.name, _UNKNOWN)
        else:
            module = None if node.level else _MODULES.get(node.module or "")
            yield alias.asname or alias.name, getattr(module, alias.name, _UNKNOWN)


def _number(node: ast.expr) -> int | float | bool | None:
    """The value of an expression of plain numbers, None for any other."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, (int, float)) else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _number(node.operand)
        return None if inner is None else -inner
    if not isinstance(node, ast.BinOp):
        return None
    left, right = _number(node.left), _number(node.right)
    if left is None or right is None:
        return None
    try:
        if isinstance(node.op, ast.Pow):
            small = abs(left) <= 2**_BIGGEST_POWER and 0 <= right <= _BIGGEST_POWER
            power: int | float | None = left**right if small else None
            return power
        operation = _OPERATORS.get(type(node.op))
        result: int | float | None = None if operation is None else operation(left, right)
        return result
    except ArithmeticError:
        return None
