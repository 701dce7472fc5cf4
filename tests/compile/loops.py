"""Loops for tests, made from their text, and what CPython makes of them."""

from __future__ import annotations

import ast
import builtins
import inspect
import struct
import sys
import textwrap
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from pyfora.compile import FunctionSource, GaveUp, Kernel, KernelCache, Loop, Output, compile_loop

FILENAME = "user.py"


def looker(names: dict[str, Any]) -> Callable[[str], object]:
    def lookup(name: str) -> object:
        if name in names:
            return names[name]
        try:
            return getattr(builtins, name)
        except AttributeError:
            raise NameError(name) from None

    return lookup


def function_source(function: types.FunctionType) -> FunctionSource | None:
    nodes = function.__globals__.get("__nodes__", {})
    node = nodes.get(function.__qualname__)
    if node is None and not nodes:
        (node, *_) = _functions(ast.parse(textwrap.dedent(inspect.getsource(function)).strip())).values()
    names = function.__globals__
    if function.__closure__:
        cells = zip(function.__code__.co_freevars, (cell.cell_contents for cell in function.__closure__), strict=True)
        names = {**names, **dict(cells)}
    return None if node is None else FunctionSource(FILENAME, node, looker(names))


def _functions(node: ast.AST, around: str = "") -> dict[str, ast.FunctionDef | ast.Lambda]:
    """All functions by their qualified names."""
    found: dict[str, ast.FunctionDef | ast.Lambda] = {}
    for child in ast.iter_child_nodes(node):
        within = around
        if isinstance(child, ast.FunctionDef):
            found[around + child.name] = child
            within = f"{around}{child.name}.<locals>."
        elif isinstance(child, ast.Lambda):
            found[around + "<lambda>"] = child
        elif isinstance(child, ast.ClassDef):
            within = f"{around}{child.name}."
        found.update(_functions(child, within))
    return found


def module(text: str, **names: Any) -> dict[str, Any]:
    """The globals of a module with this text, its functions with known source."""
    import math

    text = textwrap.dedent(text)
    scope: dict[str, Any] = {"math": math, "__name__": "user", **names}
    # Where `dataclass` looks for what annotations mean.
    sys.modules.setdefault("user", types.ModuleType("user"))
    exec(text, scope)
    scope["__nodes__"] = _functions(ast.parse(text))
    return scope


def loop(text: str, names: dict[str, Any]) -> Loop:
    node = ast.parse(text.strip(), mode="eval").body
    assert isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp)
    return Loop(FILENAME, node, looker(names), function_source)


def run_terms(kernel: Kernel, indices: range, room: int | None = None) -> list[Any]:
    """The elements as Python values. Raises GaveUp."""
    buffer = np.empty(len(indices) if room is None else room, kernel.dtype)
    count = kernel.run(kernel.captured, indices.start, indices.step, len(indices), buffer)
    assert type(count) is int
    values: list[Any] = buffer[:count].tolist()
    return values


def compiled(text: str, names: dict[str, Any], cache: KernelCache, output: Output = Output.TERMS) -> Kernel:
    return compile_loop(loop(text, names), output, cache)


def bits(value: Any) -> tuple[type, Any]:
    """A value so that equality means: of the same type, to the last bit."""
    if isinstance(value, float):
        return float, struct.pack("<d", value)
    return type(value), value


def same(left: list[Any], right: list[Any]) -> bool:
    return [bits(value) for value in left] == [bits(value) for value in right]


def matches_or_gave_up(kernel: Kernel, text: str, names: dict[str, Any], index: int) -> bool | None:
    """For one index: True if the kernel gives CPython's very elements, None if it gave up, False if it is wrong."""
    try:
        got = run_terms(kernel, range(index, index + 1))
    except GaveUp:
        return None
    try:
        expected = list(eval(text, dict(names), {"source": range(index, index + 1)}))
    except Exception:
        return False
    return same(got, expected)


def times_given_up(name: str, names: dict[str, Any], cache: KernelCache, indices: range) -> int:
    """Run a function of one int for all of these: its values must be CPython's. How often the kernel gave up."""
    text = f"({name}(i) for i in source)"
    kernel = compiled(text, names, cache)
    verdicts = [matches_or_gave_up(kernel, text, names, index) for index in indices]
    wrong = [index for index, verdict in zip(indices, verdicts, strict=True) if verdict is False]
    assert not wrong, (name, wrong, kernel.source)
    return verdicts.count(None)
