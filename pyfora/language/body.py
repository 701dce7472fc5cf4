"""The body of a block that stands in a function, as a function of what it captures."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from types import CellType, CodeType, FunctionType
from typing import Any

from pyfora.language.functions import compile_in_scope, register, with_qualname
from pyfora.language.program import Plan
from pyfora.language.trees import placed

NAMES = "pyfora_names"
"""The primitive by which a block's function hands out its names when it ends: the builtin `locals`."""
CELLS = "pyfora_cells"
"""The primitive that a block's function begins by showing its cells to."""


class BlockFunction:
    """Makes `function`: its parameters are the captured local variables, and it returns all it has at its end.

    Names of the enclosing function that are not bound yet are local to it all the same, and fail as Python says.
    Names of functions further out are in cells of their own. The cells are noted in `frame_cells`. `place` is the
    block's `with`, and `statements` its rewritten body.
    """

    def __init__(
        self,
        plan: Plan,
        place: ast.With,
        statements: Sequence[ast.stmt],
        captured: Mapping[str, Any],
        frame_cells: dict[int, tuple[CellType, str]],
    ) -> None:
        assert plan.block is not None and plan.namespace is not None
        self._plan = plan
        self._block = plan.block
        self._place = place
        code = self._compile(statements, [])
        if code.co_cellvars:
            # Only compiling tells which names inner functions share; a function of just these shows their cells.
            code = self._compile(statements, sorted(code.co_cellvars))
        register(code, self._block.segment)
        cells = []
        for name in code.co_freevars:
            cell = CellType(captured[name]) if name in captured else CellType()
            frame_cells[id(cell)] = (cell, name)
            cells.append(cell)
        names = plan.namespace.names
        self.function = FunctionType(code, names, self._block.function, None, tuple(cells) or None)

    def _compile(self, statements: Sequence[ast.stmt], shown: Sequence[str]) -> CodeType:
        block = self._block
        arguments = _arguments(self._plan.own)
        before, after = [*self._unbound(), *_show_cells(shown)], ast.Return(_call(NAMES))
        body = [*before, *statements, after]
        function = ast.FunctionDef(name=block.function, args=arguments, body=body, decorator_list=[])
        if hasattr(ast, "TypeAlias"):
            function.type_params = []  # type: ignore[attr-defined,unused-ignore]
        for node in (*arguments.args, *before, after):
            placed(ast.copy_location(node, self._place))
        ast.copy_location(function, self._place)
        code = compile_in_scope(function, self._plan.outer, block.class_name, block.segment)
        return with_qualname(code, block.qualname)

    def _unbound(self) -> list[ast.stmt]:
        """Assignments that never run, but make the names local."""
        names = [name for name in self._plan.unbound if name not in self._block.bindings.bound]
        if not names:
            return []
        assignments: list[ast.stmt] = [ast.Assign([ast.Name(n, ast.Store())], ast.Constant(None)) for n in names]
        return [ast.If(ast.Constant(False), assignments, [])]


def cell_noter(frame_cells: dict[int, tuple[CellType, str]]) -> Callable[[FunctionType], None]:
    """The primitive CELLS: it notes the cells that a function closes over in `frame_cells`."""

    def pyfora_cells(shower: FunctionType) -> None:
        for name, cell in zip(shower.__code__.co_freevars, shower.__closure__ or (), strict=True):
            frame_cells[id(cell)] = (cell, name)

    return pyfora_cells


def _show_cells(names: Sequence[str]) -> list[ast.stmt]:
    if not names:
        return []
    loads: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names]
    return [ast.Expr(_call(CELLS, ast.Lambda(_arguments(()), ast.Tuple(loads, ast.Load()))))]


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def _arguments(names: Sequence[str]) -> ast.arguments:
    parameters = [ast.arg(name) for name in names]
    return ast.arguments(posonlyargs=[], args=parameters, kwonlyargs=[], kw_defaults=[], defaults=[])
