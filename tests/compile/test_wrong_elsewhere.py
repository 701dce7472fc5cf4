"""What others get wrong, through kernels: CPython's answer, or the kernel gives up, or there is none."""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Callable
from typing import Any

import pytest

from pyfora.compile import FunctionSource, GaveUp, KernelCache, NotCompiled, Output, compile_loop
from tests.compile import wrong_elsewhere
from tests.compile.loops import FILENAME, bits, looker, loop, run_terms

NEVER_COMPILED = {"negative_power", "complex_power", "rounded"}
"""What may be no kernel; every other must be one, or the table would prove nothing."""


def _source(function: types.FunctionType) -> FunctionSource:
    (node,) = ast.parse(inspect.getsource(function)).body
    assert isinstance(node, ast.FunctionDef)
    return FunctionSource(FILENAME, node, looker(function.__globals__))


@pytest.mark.parametrize("function", wrong_elsewhere.CASES, ids=lambda function: function.__name__)
def test_through_kernels(function: Callable[[int], Any], cache: KernelCache) -> None:
    asked = loop("(function(i) for i in source)", {"function": function})
    asked = type(asked)(**{**vars(asked), "function_source": _source})
    try:
        kernel = compile_loop(asked, Output.TERMS, cache)
    except NotCompiled:
        assert function.__name__ in NEVER_COMPILED
        return
    for index in (0, 1, 2, wrong_elsewhere.LAST - 1, wrong_elsewhere.LAST):
        try:
            (found,) = run_terms(kernel, range(index, index + 1))
        except GaveUp:
            continue
        assert bits(found) == bits(function(index)), index
