"""Independent calls: expressions and statements of which a later call can be begun before the earlier one has ended.

    f(a) + g(b)         f(a) + g(b) if not pyfora_calls.on else
                            pyfora_calls.first(lambda source=None: f(a), lambda source=None: g(b)) + pyfora_calls.next()
    h(f(a), g(b))       h(f(a), g(b)) if not pyfora_calls.on else h(*pyfora_calls.calls(lambda …, lambda …))
    x = f(a)            if pyfora_calls.on:
    y = g(b)                x = pyfora_calls.first(lambda …, lambda …)
                            y = pyfora_calls.next()
                        else: …

Between `first` and the last `next` nothing else is evaluated that could raise: each `first` has its `next`s.
(To have no original beside them would be shorter, and make every small call several times slower.)
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Sequence

CALLS = "pyfora_calls"

_QUICK = frozenset(dir(builtins))
_KEEPS_SCOPE = frozenset(("super", "__class__", "locals", "vars", "dir", "eval", "exec", "globals"))
_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_NOT_MOVED = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)


def may_be_long(node: ast.expr, around: str | None) -> bool:
    """Whether evaluating `node` calls what may be a function of the user's, and may be put off.

    `around` is the name of the function around: a method is taken for long where it calls itself.
    """
    if isinstance(node, ast.Starred) or any(isinstance(child, _NOT_MOVED) for child in ast.walk(node)):
        return False
    if any(isinstance(child, ast.Name) and child.id in _KEEPS_SCOPE for child in ast.walk(node)):
        return False
    return _calls(node, around)


def _calls(node: ast.AST, around: str | None) -> bool:
    if isinstance(node, _SCOPES):
        return False
    if isinstance(node, ast.Call):
        match node.func:
            case ast.Name(id=name) if name not in _QUICK and not name.startswith("pyfora_"):
                return True
            case ast.Attribute(attr=name) if name == around:
                return True
    return any(_calls(child, around) for child in ast.iter_child_nodes(node))


def divided_operation(node: ast.BinOp, argument: str) -> ast.IfExp:
    """`node`, both of whose sides may be long; they are rewritten already."""
    first = _call("first", [_thunk(node.left, argument), _thunk(node.right, argument)], node.left)
    later = ast.copy_location(ast.BinOp(first, node.op, _call("next", [], node.right)), node)
    return _choice(later, node)


def divided_call(node: ast.Call, argument: str) -> ast.IfExp:
    """`node`, at least two of whose arguments may be long; all are positional."""
    values = _call("calls", [_thunk(value, argument) for value in node.args], node)
    later = ast.Call(node.func, [ast.copy_location(ast.Starred(values, ast.Load()), node)], [])
    return _choice(ast.copy_location(later, node), node)


def divided_display(node: ast.Tuple | ast.List, argument: str) -> ast.IfExp:
    """`node`, at least two of whose elements may be long."""
    values = _call("calls", [_thunk(value, argument) for value in node.elts], node)
    later = type(node)([ast.copy_location(ast.Starred(values, ast.Load()), node)], ast.Load())
    return _choice(ast.copy_location(later, node), node)


def divided_statements(body: Sequence[ast.stmt], around: str | None, argument: str) -> list[ast.stmt]:
    """`body`, whose assignments in a row of what may be long are divided where they stand for themselves."""
    found: list[ast.stmt] = []
    row: list[ast.Assign] = []
    for statement in [*body, None]:
        if statement is not None and _joins(statement, row, around):
            assert isinstance(statement, ast.Assign)
            row.append(statement)
            continue
        found += [_divided_row(row, argument)] if len(row) > 1 else row
        row = []
        if statement is not None and _joins(statement, row, around):
            assert isinstance(statement, ast.Assign)
            row = [statement]
        elif statement is not None:
            found.append(statement)
    return found


def _joins(statement: ast.stmt, row: list[ast.Assign], around: str | None) -> bool:
    match statement:
        case ast.Assign(targets=[ast.Name()], value=value) if may_be_long(value, around):
            bound = {target.id for one in row for target in one.targets if isinstance(target, ast.Name)}
            return not any(isinstance(node, ast.Name) and node.id in bound for node in ast.walk(statement))
    return False


def _divided_row(row: list[ast.Assign], argument: str) -> ast.stmt:
    head, *others = row
    first = _call("first", [_thunk(one.value, argument) for one in row], head.value)
    later: list[ast.stmt] = [ast.copy_location(ast.Assign(head.targets, first), head)]
    later += [ast.copy_location(ast.Assign(one.targets, _call("next", [], one.value)), one) for one in others]
    choice = ast.If(_of("on"), later, [*row])
    return ast.fix_missing_locations(ast.copy_location(choice, head))


def _choice(later: ast.expr, plain: ast.expr) -> ast.IfExp:
    choice = ast.IfExp(ast.UnaryOp(ast.Not(), _of("on")), plain, later)
    choice.plain = plain  # type: ignore[attr-defined]
    return ast.fix_missing_locations(ast.copy_location(choice, plain))


def _thunk(value: ast.expr, argument: str) -> ast.Lambda:
    """With the argument that says that it is no function of the user's."""
    arguments = ast.arguments(
        posonlyargs=[], args=[ast.arg(argument)], kwonlyargs=[], kw_defaults=[], defaults=[ast.Constant(None)]
    )
    return ast.copy_location(ast.Lambda(arguments, value), value)


def _call(method: str, arguments: list[ast.Lambda], node: ast.expr) -> ast.Call:
    return ast.copy_location(ast.Call(_of(method), [*arguments], []), node)


def _of(attribute: str) -> ast.Attribute:
    return ast.Attribute(ast.Name(CALLS, ast.Load()), attribute, ast.Load())
