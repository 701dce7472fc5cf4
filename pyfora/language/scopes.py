"""Going through a tree with the scope at hand: what is around a node, and which variables are bound there."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pyfora.language.sources import FunctionNode
from pyfora.language.trees import BARE, all_nodes, names_in

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_SCOPES = (ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Scope:
    """What is around a node."""

    space: ast.AST
    """The function, module or block."""
    function: ast.AST | None = None
    """The function, where no code but its own sees its variables."""
    name: str | None = None
    """That of the function."""
    in_class_body: bool = False
    class_name: str | None = None
    in_comprehension: bool = False
    runs_once: bool = False
    """It stands in the block itself, and in no loop there."""
    in_with: bool = False
    """It stands in a `with`, which may be the block itself, and in no loop there."""
    divided: int = 0
    """How many divided expressions there are around."""
    certain: frozenset[str] = frozenset()
    """Of the function's variables, those that are bound for good where they are bound."""
    bound: frozenset[str] = frozenset()
    """Those of them that are bound here."""


class ScopedTransformer:
    """A transformer, as `ast.NodeTransformer` is one, that knows the scope of the node that it visits."""

    _methods: dict[type[ast.AST], Any]

    def __init_subclass__(cls) -> None:
        # Found once for all nodes; and all nodes are gone through by lines that are several times as fast.
        names = [name for name in dir(cls) if name.startswith("visit_") and hasattr(ast, name.removeprefix("visit_"))]
        cls._methods = {getattr(ast, name.removeprefix("visit_")): getattr(cls, name) for name in names}

    def __init__(self, root: ast.AST) -> None:
        self.scope = Scope(root, runs_once=isinstance(root, ast.With))
        self.has_changed = False
        """Something stands in the place of a node."""

    def visit(self, node: ast.AST) -> Any:
        """What stands in the place of `node`: a node, or of a statement several."""
        method = self._methods.get(type(node))
        if method is None:
            return self.generic_visit(node)
        found = method(self, node)
        self.has_changed = self.has_changed or found is not node
        return found

    @contextmanager
    def within(self, **changes: Any) -> Iterator[None]:
        """A scope within this one; what it binds is bound in it only."""
        outer, self.scope = self.scope, dataclasses.replace(self.scope, **changes)
        yield
        self.scope = outer

    def bind(self, *targets: ast.expr) -> None:
        """Names in these are bound from here on."""
        names = names_in(targets)
        self.scope = dataclasses.replace(self.scope, bound=self.scope.bound | names & self.scope.certain)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list = [self.visit(child) for child in node.decorator_list]
        node.bases = [self.visit(child) for child in node.bases]
        node.keywords = [self.visit(child) for child in node.keywords]
        with self.within(in_class_body=True, class_name=node.name):
            self.visit_body(node.body)
        return node

    def _visit_function(self, node: FunctionNode) -> ast.AST:
        # Decorators, defaults and annotations belong to the scope around the function.
        if not isinstance(node, ast.Lambda):
            node.decorator_list = [self.visit(child) for child in node.decorator_list]
        node.args.defaults = [self.visit(child) for child in node.args.defaults]
        node.args.kw_defaults = [child and self.visit(child) for child in node.args.kw_defaults]
        certain = certain_names(node)
        inner = Scope(
            node,
            node,
            getattr(node, "name", self.scope.name),
            class_name=self.scope.class_name,
            certain=certain,
            bound=certain & parameters(node),
        )
        outer, self.scope = self.scope, inner
        if isinstance(node, ast.Lambda):
            node.body = self.visit(node.body)
        else:
            self.visit_body(node.body)
        self.scope = outer
        return node

    visit_FunctionDef = _visit_function
    visit_AsyncFunctionDef = _visit_function
    visit_Lambda = _visit_function

    def visit_With(self, node: ast.With) -> ast.AST:
        # It may be the block itself, whose names go back to the client; and some of which cannot be read.
        with self.within(function=None, certain=frozenset(), bound=frozenset(), in_with=True):
            return self.generic_visit(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        with self.within(runs_once=False, in_with=False):
            return self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Visit all that is in `node`, bodies by `visit_body`."""
        own = vars(node)
        for name, value in [*own.items()]:
            if isinstance(value, ast.AST):
                if type(value) not in BARE:
                    own[name] = self.visit(value)
            elif type(value) is list and value:
                if isinstance(value[0], ast.stmt):
                    self.visit_body(value, node.target if name == "body" and isinstance(node, ast.For) else None)
                else:
                    value[:] = [self.visit(child) if isinstance(child, ast.AST) else child for child in value]
        return node

    def visit_body(self, body: list[ast.stmt], target: ast.expr | None = None) -> None:
        """Visit statements in a row. `target` is that of the loop of which this is the body."""
        raise NotImplementedError


def parameters(function: FunctionNode) -> set[str]:
    """The names of the parameters of `function`."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return {one.arg for one in every if one is not None}


def certain_names(function: FunctionNode) -> frozenset[str]:
    """The variables of `function` that nobody but its own statements binds, and that are never unbound again."""
    found = parameters(function)
    body: Sequence[ast.AST] = [function.body] if isinstance(function, ast.Lambda) else function.body
    uncertain: set[str] = set()
    waiting = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (*_FUNCTIONS, *_SCOPES)):
            # What another scope uses of them may be bound there, and is closed over in any case.
            within = all_nodes(node)
            uncertain |= {one.id for one in within if isinstance(one, ast.Name)}
            uncertain |= {name for one in within if isinstance(one, ast.Nonlocal) for name in one.names}
            continue
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Del()) | ast.ExceptHandler(name=str(name)):
                uncertain.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                uncertain.update(names)
        waiting += ast.iter_child_nodes(node)
    return frozenset(found - uncertain)
