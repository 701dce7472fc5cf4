"""Which names some statements read, bind and delete in the scope that they stand in."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pyfora.language.trees import all_nodes, children_of

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass
class Bindings:
    """Names in order of first appearance; dicts stand for ordered sets, each name with its first line."""

    mentioned: dict[str, int] = field(default_factory=dict)
    """Every plain name, in whatever role, in nested scopes too."""
    attributes: dict[str, int] = field(default_factory=dict)
    """Every attribute, imported name and name-like string, in nested scopes too."""
    loaded: dict[str, int] = field(default_factory=dict)
    """Every plain name that is read, in nested scopes too."""
    bound: dict[str, int] = field(default_factory=dict)
    """Names that the statements themselves may bind, or delete."""
    deleted: dict[str, int] = field(default_factory=dict)
    declared: dict[str, int] = field(default_factory=dict)
    """Names that the statements declare `global` or `nonlocal`."""
    imported: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    """(module, level) of each import, with the names taken from it."""
    written: dict[str, int] = field(default_factory=dict)
    """Names that the statements always bind before anything in them reads the name."""
    uses_super: bool = False


def bindings(statements: Iterable[ast.stmt], class_name: str | None) -> Bindings:
    """The bindings of `statements`, private names mangled for the class around them."""
    collector = _Collector(class_name)
    found = collector.found
    for statement in statements:
        first = None
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            (target,) = statement.targets
            if isinstance(target, ast.Name) and mangled(target.id, class_name) not in found.mentioned:
                first = mangled(target.id, class_name)
        collector.visit(statement)
        if first is not None and first not in found.loaded:
            found.written[first] = statement.lineno
    for name in found.deleted:
        found.written.pop(name, None)
    return found


def mangled(name: str, class_name: str | None) -> str:
    """`name` as the compiler sees it inside the class named `class_name`."""
    if class_name is None or not name.startswith("__") or name.endswith("__"):
        return name
    stripped = class_name.lstrip("_")
    return f"_{stripped}{name}" if stripped else name


class _Collector:
    """Goes through nodes as `ast.NodeVisitor` does, several times as fast."""

    def __init__(self, class_name: str | None) -> None:
        self.found = Bindings()
        self._class_name = class_name
        self._depth = 0
        """How many scopes lie between the statements and the node that is visited."""
        self._comprehension_targets: set[int] = set()

    def visit(self, node: ast.AST) -> None:
        method = _METHODS.get(type(node))
        if method is None:
            self.generic_visit(node)
        else:
            method(self, node)

    def generic_visit(self, node: ast.AST) -> None:
        for child in children_of(node):
            self.visit(child)

    def _note(self, names: dict[str, int], name: str, node: ast.AST) -> None:
        names.setdefault(mangled(name, self._class_name), getattr(node, "lineno", 0))

    def _bind(self, name: str, node: ast.AST) -> None:
        self._note(self.found.mentioned, name, node)
        if self._depth == 0:
            self._note(self.found.bound, name, node)

    def visit_Name(self, node: ast.Name) -> None:
        self._note(self.found.mentioned, node.id, node)
        if node.id in ("super", "__class__"):
            self.found.uses_super = True
        if isinstance(node.ctx, ast.Load):
            self._note(self.found.loaded, node.id, node)
        elif id(node) not in self._comprehension_targets:
            self._bind(node.id, node)
            if isinstance(node.ctx, ast.Del) and self._depth == 0:
                self._note(self.found.deleted, node.id, node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._note(self.found.loaded, node.target.id, node)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._note(self.found.attributes, node.attr, node)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        # getattr(module, "name") reaches a member by a string.
        if isinstance(node.value, str) and node.value.isidentifier():
            self._note(self.found.attributes, node.value, node)

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> None:
        for name in node.names:
            self._note(self.found.mentioned, name, node)
            if self._depth == 0:
                self._note(self.found.declared, name, node)

    visit_Nonlocal = visit_Global

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name, node)
            if self._depth == 0:
                self._note(self.found.deleted, node.name, node)
        self.generic_visit(node)

    def _visit_pattern_name(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self._bind(node.name, node)
        self.generic_visit(node)

    visit_MatchAs = _visit_pattern_name
    visit_MatchStar = _visit_pattern_name

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self._bind(node.rest, node)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._bind(alias.asname or alias.name.split(".")[0], node)
            self.found.imported.setdefault((alias.name, 0), [])
            for part in alias.name.split("."):
                self._note(self.found.attributes, part, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        taken = self.found.imported.setdefault((node.module or "", node.level), [])
        for alias in node.names:
            self._bind(alias.asname or alias.name, node)
            self._note(self.found.attributes, alias.name, node)
            taken.append(alias.name)

    def _visit_scope(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self._bind(node.name, node)
        for decorator in node.decorator_list:
            self.visit(decorator)
        self._visit_inner(node)

    visit_FunctionDef = _visit_scope
    visit_AsyncFunctionDef = _visit_scope
    visit_ClassDef = _visit_scope

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_inner(node)

    def _visit_inner(self, node: ast.AST) -> None:
        outer = self._class_name
        if isinstance(node, ast.ClassDef):
            self._class_name = node.name
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1
        self._class_name = outer

    def _visit_comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        for generator in node.generators:
            for target in all_nodes(generator.target):
                self._comprehension_targets.add(id(target))
        # A walrus within binds in the scope around the comprehension, so the depth stays.
        self.generic_visit(node)

    visit_ListComp = _visit_comprehension
    visit_SetComp = _visit_comprehension
    visit_GeneratorExp = _visit_comprehension
    visit_DictComp = _visit_comprehension


_METHODS: dict[type[ast.AST], Callable[[_Collector, Any], None]] = {
    getattr(ast, name.removeprefix("visit_")): method
    for name, method in vars(_Collector).items()
    if name.startswith("visit_")
}
