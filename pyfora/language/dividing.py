"""Independent calls: expressions and statements of which a later call can be begun before the earlier one has ended.

    f(a) + g(b)     f(a) + g(b) if not pyfora_calls.on else pyfora_calls.begin(lambda: g(b)).end(
                        f(a) + (g(b) if pyfora_calls.here() else pyfora_calls.take()))
    h(f(a), g(b))   h(f(a), g(b)) if not pyfora_calls.on else h(*pyfora_calls.begin(…).end((f(a), g(b) if … else …)))
    x = f(a)        if not pyfora_calls.on: …
    y = g(b)        else:
                        pyfora_calls.begin_row(lambda: g(b))
                        try:
                            x = f(a)
                            y = g(b) if pyfora_calls.here() else pyfora_calls.take()
                        finally:
                            pyfora_calls.end()

All that is run here is run by the code that it was written in, with no function of ours around it, so that depth,
frames and tracebacks are as ever. The lambdas are only ever called elsewhere. What they use of the function's variables
is bound to them by default values where that can be told to be the same: a variable that a lambda closes over is
slower everywhere else in its function.
(To have no original beside them would be shorter, and make every small call several times slower.)
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Sequence

from pyfora.language.primitives import CALLS
from pyfora.language.trees import all_nodes, children_of, copied, names_in, placed

_QUICK = frozenset(dir(builtins))
KEEPS_SCOPE = frozenset(("super", "__class__", "locals", "vars", "dir", "eval", "exec", "globals"))
"""Names whose meaning depends on the very scope that they are read in."""
_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_NOT_MOVED = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)


def may_be_long(node: ast.expr, around: str | None) -> bool:
    """Whether evaluating `node` calls what may be a function of the user's, and may be put off.

    `around` is the name of the function around: a method is taken for long where it calls itself.
    """
    return _calls(node, around) and can_be_moved(node)


def can_be_moved(node: ast.expr) -> bool:
    """Whether `node` means the same in a function of its own, as long as the names in it mean the same."""
    within = all_nodes(node)
    if isinstance(node, ast.Starred) or any(isinstance(child, _NOT_MOVED) for child in within):
        return False
    return not any(isinstance(child, ast.Name) and child.id in KEEPS_SCOPE for child in within)


def _calls(node: ast.AST, around: str | None) -> bool:
    # Without recursion: sums of hundreds of terms are nested as deeply.
    waiting = [node]
    while waiting:
        found = waiting.pop()
        if isinstance(found, _SCOPES):
            continue
        if isinstance(found, ast.Call):
            match found.func:
                case ast.Name(id=name) if name not in _QUICK and not name.startswith("pyfora_"):
                    return True
                case ast.Attribute(attr=name) if name == around:
                    return True
        waiting += children_of(found)
    return False


class Thunks:
    """Makes the lambdas of the calls that are pending."""

    def __init__(self, argument: str) -> None:
        """`argument` is the name by which a lambda is known for none of the user's."""
        self._argument = argument

    def of(self, value: ast.expr, bound: Collection[str]) -> ast.Lambda:
        """`value`, as it is written, to be called elsewhere; `bound` are variables that are bound for certain."""
        used = sorted(names_in([value]) & set(bound))
        arguments = ast.arguments(
            posonlyargs=[],
            args=[ast.arg(self._argument)],
            kwonlyargs=[ast.arg(name) for name in used],
            kw_defaults=[ast.Name(name, ast.Load()) for name in used],
            defaults=[ast.Constant(None)],
        )
        return placed(ast.copy_location(ast.Lambda(arguments, copied(value)), value))


def divided_operation(node: ast.BinOp, thunk: ast.Lambda) -> ast.IfExp:
    """`node`, both of whose sides may be long; `thunk` is that of the right one."""
    later = ast.copy_location(ast.BinOp(node.left, node.op, _turn(node.right)), node)
    return _choice(_guarded([thunk], later), node)


def divided_call(node: ast.Call, thunks: Sequence[ast.Lambda | None]) -> ast.IfExp:
    """`node`, some of whose arguments after the first may be long: those that have a thunk."""
    values = ast.copy_location(ast.Tuple(_turns(node.args, thunks), ast.Load()), node)
    starred = ast.copy_location(ast.Starred(_guarded(thunks, values), ast.Load()), node)
    return _choice(ast.copy_location(ast.Call(node.func, [starred], node.keywords), node), node)


def divided_display(node: ast.Tuple | ast.List, thunks: Sequence[ast.Lambda | None]) -> ast.IfExp:
    """`node`, some of whose elements after the first may be long: those that have a thunk."""
    values = ast.copy_location(type(node)(_turns(node.elts, thunks), ast.Load()), node)
    return _choice(_guarded(thunks, values), node)


def rows(body: Sequence[ast.stmt], around: str | None) -> list[list[ast.stmt]]:
    """`body` cut into rows: assignments one after the other that may be divided, or any one statement."""
    found: list[list[ast.stmt]] = []
    bound: set[str] | None = None
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if may_be_long(value, around):
                if bound is not None and bound.isdisjoint(names_in([value])) and name not in bound:
                    found[-1].append(statement)
                    bound.add(name)
                else:
                    found.append([statement])
                    bound = {name}
            case _:
                found.append([statement])
                bound = None
    return found


def divided_row(row: Sequence[ast.Assign], thunks: Sequence[ast.Lambda]) -> ast.If:
    """The assignments of `row`; `thunks` are those of all but the first."""
    head, *others = row
    later: list[ast.stmt] = [head]
    later += [ast.copy_location(ast.Assign(one.targets, _turn(one.value)), one) for one in others]
    begin = ast.copy_location(ast.Expr(_call("begin_row", thunks, head.value)), head)
    end = ast.copy_location(ast.Expr(_call("end", [], others[-1].value)), others[-1])
    trying = ast.copy_location(ast.Try(later, [], [], [end]), head)
    choice = ast.If(ast.UnaryOp(ast.Not(), _of("on")), [*row], [begin, trying])
    return placed(ast.copy_location(choice, head))


def _turns(values: Sequence[ast.expr], thunks: Sequence[ast.Lambda | None]) -> list[ast.expr]:
    return [value if thunk is None else _turn(value) for value, thunk in zip(values, thunks, strict=True)]


def _turn(value: ast.expr) -> ast.expr:
    return ast.copy_location(ast.IfExp(_call("here", [], value), value, _call("take", [], value)), value)


def _guarded(thunks: Sequence[ast.Lambda | None], value: ast.expr) -> ast.expr:
    begin = _call("begin", [thunk for thunk in thunks if thunk is not None], value)
    return ast.copy_location(ast.Call(ast.Attribute(begin, "end", ast.Load()), [value], []), value)


def _choice(later: ast.expr, plain: ast.expr) -> ast.IfExp:
    choice = ast.IfExp(ast.UnaryOp(ast.Not(), _of("on")), plain, later)
    return placed(ast.copy_location(choice, plain))


def _call(method: str, arguments: Sequence[ast.expr], node: ast.expr) -> ast.Call:
    return ast.copy_location(ast.Call(_of(method), [*arguments], []), node)


def _of(attribute: str) -> ast.Attribute:
    return ast.Attribute(ast.Name(CALLS, ast.Load()), attribute, ast.Load())
