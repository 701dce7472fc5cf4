"""Going through syntax trees, copying them and giving them places: as the module `ast` does, several times as fast."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any, TypeVar

Node = TypeVar("Node", bound=ast.AST)
BARE = frozenset(
    kind
    for group in (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
    for kind in group.__subclasses__()
)
"""What has no place in the text (an operator, a context) is one object for all of a tree, with nothing in it."""
_FIRST = ast.Pass(lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)
"""The place of what has nothing around it."""


def children_of(node: ast.AST) -> list[ast.AST]:
    """The nodes right within `node`, in order, but for operators and contexts."""
    found: list[ast.AST] = []
    for value in vars(node).values():
        if isinstance(value, ast.AST):
            if type(value) not in BARE:
                found.append(value)
        elif type(value) is list:
            found += [item for item in value if isinstance(item, ast.AST) and type(item) not in BARE]
    return found


def all_nodes(*roots: ast.AST) -> list[ast.AST]:
    """The roots and all that is within them, but for operators and contexts; those that are nearer come first."""
    found = list(roots)
    # The lines of `children_of`, as a call for each node would double the time.
    for node in found:
        for value in vars(node).values():
            if isinstance(value, ast.AST):
                if type(value) not in BARE:
                    found.append(value)
            elif type(value) is list:
                found += [item for item in value if isinstance(item, ast.AST) and type(item) not in BARE]
    return found


def all_statements(root: ast.AST) -> list[ast.stmt]:
    """The statements within `root`, those that are nearer first."""
    found: list[ast.stmt] = []
    waiting = [root]
    for node in waiting:
        for name in ("body", "handlers", "orelse", "finalbody", "cases"):
            inner = getattr(node, name, None)
            if type(inner) is list:
                waiting += inner
                found += [one for one in inner if isinstance(one, ast.stmt)]
    return found


def names_in(nodes: Iterable[ast.AST]) -> set[str]:
    """The plain names in these nodes, in whatever role."""
    return {node.id for node in all_nodes(*nodes) if type(node) is ast.Name}


def copied(node: Node) -> Node:
    """A copy of `node` and of all within it, but for operators and contexts."""
    kind = type(node)
    found = kind.__new__(kind)  # a call asks for fields, which come below
    for name, value in vars(node).items():
        if isinstance(value, ast.AST):
            value = value if type(value) in BARE else copied(value)
        elif type(value) is list:
            value = [copied(item) if isinstance(item, ast.AST) and type(item) not in BARE else item for item in value]
        setattr(found, name, value)
    return found


def placed(root: Node) -> Node:
    """`root`, once every node within it that has no place in the text was given that of the node around it."""
    nodes: list[ast.AST] = [root]
    around: list[Any] = [_FIRST]
    for node, place in zip(nodes, around, strict=False):  # both grow
        own = vars(node)
        if "lineno" in own:
            place = node
        elif node._attributes:
            own["lineno"], own["col_offset"] = place.lineno, place.col_offset
            own["end_lineno"], own["end_col_offset"] = place.end_lineno, place.end_col_offset
        before = len(nodes)
        for value in own.values():
            if isinstance(value, ast.AST):
                if type(value) not in BARE:
                    nodes.append(value)
            elif type(value) is list:
                nodes += [item for item in value if isinstance(item, ast.AST) and type(item) not in BARE]
        around += [place] * (len(nodes) - before)
    return root
