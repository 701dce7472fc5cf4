"""The statements by which a turn of a loop adds to variables: what is added, to which of them, in which way."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from pyfora.language.trees import all_nodes

ADDING_METHODS = frozenset(("append", "add", "extend"))
_ORDERS: dict[type[ast.cmpop], str] = {ast.Gt: ">", ast.Lt: "<", ast.GtE: ">=", ast.LtE: "<="}
_TOGETHER = (frozenset(("+=", "append", "extend")),)


@dataclass(frozen=True)
class Step:
    """One way in which a turn adds: `kind` to the variables `names` what `yielded` evaluates to."""

    kind: str
    names: tuple[str, ...]
    yielded: ast.expr


def step_of(node: ast.stmt) -> Step | None:
    """How `node` adds to variables, if this is what it does."""
    match node:
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value):
            return Step("+=", (name,), value)
        case ast.AugAssign(target=ast.Subscript(value=ast.Name(id=name), slice=key), op=ast.Add(), value=value):
            return _keyed("[]+=", name, key, value)
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=key)], value=value):
            return _counting(name, key, value) or _putting(name, key, value)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=target, attr=method), args=[value], keywords=[])) if (
            method in ADDING_METHODS and not isinstance(value, ast.Starred)
        ):
            return _adding(target, method, value)
        case ast.Assign(
            targets=[ast.Name(id=name)],
            value=ast.Call(func=ast.Name(id="min" | "max" as which), args=[ast.Name(id=first), value], keywords=[]),
        ) if first == name and not isinstance(value, ast.Starred):
            # With the function, as the name may mean another one.
            return Step(which, (name,), ast.Tuple([ast.Name(which, ast.Load()), value], ast.Load()))
        case ast.If(
            test=ast.Compare(left=ast.Name() as value, ops=[order], comparators=[ast.Name(id=name)]),
            body=body,
            orelse=[],
        ) if type(order) in _ORDERS:
            return _winning(_ORDERS[type(order)], name, value, body)
    return None


def _adding(target: ast.expr, method: str, value: ast.expr) -> Step | None:
    match target:
        case ast.Name(id=name):
            return Step(method, (name,), value)
        case ast.Subscript(value=ast.Name(id=name), slice=key) if method == "append":
            return _keyed("[]append", name, key, value)
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=name), attr="setdefault"),
            args=[key, ast.List(elts=[])],
            keywords=[],
        ) if method == "append":
            return _keyed("setdefault", name, key, value)
    return None


def _keyed(kind: str, name: str, key: ast.expr, value: ast.expr) -> Step | None:
    if any(isinstance(node, ast.Slice) for node in all_nodes(key)):
        return None
    return Step(kind, (name,), ast.Tuple([key, value], ast.Load()))


def _putting(name: str, key: ast.expr, value: ast.expr) -> Step | None:
    """`name[key] = value`: the value is evaluated first."""
    if any(isinstance(node, ast.Slice) for node in all_nodes(key)):
        return None
    return Step("[]=", (name,), ast.Tuple([value, key], ast.Load()))


def _counting(name: str, key: ast.expr, value: ast.expr) -> Step | None:
    """`name[key] = name.get(asked, 0) + value`, each evaluated in this order: asked, value, key."""
    if any(isinstance(node, ast.Slice) for node in all_nodes(key)):
        return None
    match value:
        case ast.BinOp(
            left=ast.Call(
                func=ast.Attribute(value=ast.Name(id=got), attr="get"),
                args=[asked, ast.Constant(value=0)],
                keywords=[],
            ),
            op=ast.Add(),
            right=added,
        ) if got == name and not isinstance(asked, ast.Starred):
            return Step("get+", (name,), ast.Tuple([asked, added, key], ast.Load()))
    return None


def _winning(order: str, name: str, value: ast.Name, body: list[ast.stmt]) -> Step | None:
    """`if value > name: name = value`, and other names are set along with it."""
    names: list[str] = []
    taken: list[ast.Name | ast.Constant] = []
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Name() | ast.Constant() as given):
                names.append(bound)
                taken.append(given)
            case ast.Assign(
                targets=[ast.Tuple(elts=[*bounds])],
                value=ast.Tuple(elts=[*givens]),
            ) if len(bounds) == len(givens):
                for target, one in zip(bounds, givens, strict=True):
                    if not isinstance(target, ast.Name) or not isinstance(one, (ast.Name, ast.Constant)):
                        return None
                    names.append(target.id)
                    taken.append(one)
            case _:
                return None
    if name not in names or len(set(names)) < len(names) or not _same(taken[names.index(name)], value):
        return None
    first = names.index(name)
    names.insert(0, names.pop(first))
    taken.insert(0, taken.pop(first))
    if set(names) & {one.id for one in taken if isinstance(one, ast.Name)}:
        return None
    return Step(order, tuple(names), ast.Tuple([*taken], ast.Load()))


def _same(one: ast.expr, other: ast.expr) -> bool:
    return ast.dump(one) == ast.dump(other)


def go_together(steps: list[Step]) -> bool:
    """Whether no way of adding to a variable could change what another way finds there."""
    for name in {name for step in steps for name in step.names}:
        ways = {step.kind for step in steps if name in step.names}
        if len(ways) > 1 and not any(ways <= together for together in _TOGETHER):
            return False
        # Set along with a winner, it is none itself.
        if len({step.names for step in steps if name in step.names}) > 1:
            return False
    return True
