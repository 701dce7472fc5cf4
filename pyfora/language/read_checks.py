"""Names whose value could not be sent: whoever reads one is told so, and nobody else."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from pyfora.language.primitives import READ


class ReadChecker(ast.NodeTransformer):
    """Wraps every read of the given names in `pyfora_read(…)`, which raises where the value could not be sent."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        # What a choice shares between its two sides is met twice.
        checked = isinstance(node.func, ast.Name) and node.func.id == READ
        return node if checked else self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if not isinstance(node.ctx, ast.Load) or node.id not in self._names:
            return node
        call = ast.Call(ast.copy_location(ast.Name(READ, ast.Load()), node), [node], [])
        return ast.copy_location(call, node)
