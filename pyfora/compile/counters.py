"""Variables that only count: begun once, changed by literals in loops, and so bounded by how often these turn."""

from __future__ import annotations

import ast
from collections.abc import Collection

LIMIT = 2**61
"""Neither what a counter begins with nor all that is added to it is more than this."""
INTERVAL = (-2 * LIMIT, 2 * LIMIT)
"""Where a counter lies, always."""
FEW_TURNS = 2**40
"""A loop over a range of unknown length gives up before its first turn where it would turn more often."""
FEW_AROUND = 2**16
"""So often at most may what is around such a loop turn."""


class Unbounded(Exception):
    """A variable that was taken for a counter may be changed too often."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def counters(node: ast.FunctionDef | ast.Lambda, but: Collection[str]) -> dict[str, int]:
    """Of a function: the names of what may be its counters, but for these, and by how much at most one turn changes it.

    Whether the loops around turn seldom enough is for the translation to see.
    """
    if isinstance(node, ast.Lambda):
        return {}
    begun: dict[str, int] = {}
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                begun[name] = begun.get(name, 0) + 1 if _is_small(value) else 2
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(names) == len(values):
                for one, value in zip(names, values, strict=True):
                    if isinstance(one, ast.Name):
                        begun[one.id] = begun.get(one.id, 0) + 1 if _is_small(value) else 2
    found: dict[str, int] = {}
    for name in {one for one, times in begun.items() if times == 1}.difference(but):
        changes = [one for one in ast.walk(node) if isinstance(one, ast.AugAssign) and _is_of(name, one)]
        stores = [one for one in ast.walk(node) if _binds(name, one)]
        sizes = [_size(one) for one in changes]
        if changes and len(stores) == len(changes) + 1 and None not in sizes:
            found[name] = sum(size or 0 for size in sizes)
    return found


def _is_small(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) <= LIMIT


def _is_of(name: str, node: ast.AugAssign) -> bool:
    return isinstance(node.target, ast.Name) and node.target.id == name


def _binds(name: str, node: ast.AST) -> bool:
    match node:
        case ast.Name(id=bound, ctx=ast.Store() | ast.Del()):
            return bound == name
        case ast.arg(arg=bound) | ast.FunctionDef(name=bound) | ast.ClassDef(name=bound):
            return bound == name
        case ast.alias() | ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar() | ast.MatchMapping():
            # None of these is compiled; rather than to ask what name each of them binds:
            return True
    return False


def _size(node: ast.AugAssign) -> int | None:
    """By how much it changes its variable at most."""
    if not isinstance(node.op, ast.Add | ast.Sub):
        return None
    match node.value:
        case ast.Constant(value=int() as number):
            return abs(number)
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return 1
    return None
