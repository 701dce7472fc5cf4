"""`functools.reduce` written in Python, as it is translated into kernels."""

from __future__ import annotations

import ast
import builtins
import functools
from typing import Any

from pyfora.compile.loop import FunctionSource

_BEGUN = """
def reduce(function, elements, total):
    for element in elements:
        total = function(total, element)
    return total
"""
_UNBEGUN = """
def reduce(function, elements):
    total = elements[0]
    position = 1
    while position < len(elements):
        total = function(total, elements[position])
        position += 1
    return total
"""


@functools.cache
def source(*, begun: bool) -> FunctionSource:
    """With what it begins, or without: then with the first element."""
    (node,) = ast.parse(_BEGUN if begun else _UNBEGUN).body
    assert isinstance(node, ast.FunctionDef)

    def lookup(name: str) -> Any:
        return getattr(builtins, name)

    return FunctionSource("functools.py", node, lookup, is_the_users=False)
