"""The static rules of a block, checked before anything is sent."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from pyfora.errors import BadWithBlockError
from pyfora.language.trees import all_nodes

_ADVICE = "Only names leave a block: assign the value to a name, and use it after the block."
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LOOPS = (ast.For, ast.While, ast.AsyncFor)
_CHECKED = frozenset(
    (
        *(ast.Return, ast.Yield, ast.YieldFrom, ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Raise, ast.Break),
        *(ast.Continue, ast.ImportFrom, ast.With),
    )
)
"""What may break a rule, but for asynchronous comprehensions."""


def check_block(statements: Iterable[ast.stmt], filename: str) -> None:
    """Raise BadWithBlockError, naming file and line, at the first statement that a block may not hold."""
    for statement in statements:
        if _is_plain(statement):
            continue
        for node, reason in _violations(statement, in_loop=False, in_handler=False):
            raise BadWithBlockError(f"{filename}:{getattr(node, 'lineno', statement.lineno)}: {reason}")


def _is_plain(statement: ast.stmt) -> bool:
    """Whether nothing is in it that may break a rule."""
    nodes = all_nodes(statement)
    if not _CHECKED.isdisjoint(map(type, nodes)):
        return False
    return not any(node.is_async for node in nodes if isinstance(node, ast.comprehension))


def _violations(node: ast.AST, *, in_loop: bool, in_handler: bool) -> Iterator[tuple[ast.AST, str]]:
    reason = _reason(node, in_loop, in_handler)
    if reason is not None:
        yield node, reason
    if isinstance(node, (ast.With, ast.AsyncWith)):
        for item in node.items:
            if is_remote_block(item.context_expr):
                yield node, "a remote block cannot be opened inside a remote block; put them one after the other."
    if isinstance(node, _FUNCTIONS):
        # Within a function of its own `return` and `yield` stay in it; its defaults and decorators do not matter here.
        return
    handling = in_handler or isinstance(node, ast.ExceptHandler)
    for name, children in ast.iter_fields(node):
        # `break` in the else clause of a loop belongs to the loop around it.
        inside = in_loop if not isinstance(node, _LOOPS) else (in_loop or name != "orelse")
        if isinstance(node, ast.ClassDef):
            inside = False
        for child in children if isinstance(children, list) else [children]:
            if isinstance(child, ast.AST):
                yield from _violations(child, in_loop=inside, in_handler=handling)


def _reason(node: ast.AST, in_loop: bool, in_handler: bool) -> str | None:
    if isinstance(node, ast.Return):
        return f"`return` cannot leave a remote block. {_ADVICE}"
    if isinstance(node, (ast.Yield, ast.YieldFrom)):
        return f"`yield` cannot leave a remote block. {_ADVICE}"
    if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)) or (
        isinstance(node, ast.comprehension) and node.is_async
    ):
        return "`await`, `async for` and `async with` cannot be used in a remote block; await before it or after it."
    if isinstance(node, ast.Raise) and node.exc is None and not in_handler:
        return "`raise` alone cannot raise in a remote block what is being handled outside it; name the exception."
    if isinstance(node, (ast.Break, ast.Continue)) and not in_loop:
        word = "break" if isinstance(node, ast.Break) else "continue"
        return (
            f"`{word}` cannot leave a remote block for a loop outside it. "
            f"Set a name inside the block and `{word}` after it."
        )
    if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
        return "`from … import *` cannot be used in a remote block, as its names are not known; name what you need."
    return None


def is_remote_block(expression: ast.expr) -> bool:
    """Whether `expression`, of a `with`, reads like `executor.remotely`, `….remotely.downloadAll()` and so on."""
    return any(isinstance(node, ast.Attribute) and node.attr == "remotely" for node in ast.walk(expression))
