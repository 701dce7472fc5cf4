"""Objects of the standard library that pickle does not know, and how each is made again."""

from __future__ import annotations

import struct
from collections.abc import Callable
from types import BuiltinMethodType, MethodType
from typing import Any

from pyfora.language import making
from pyfora.language.chance import by_name


def _of_struct(layout: struct.Struct) -> Any:
    return struct.Struct, (layout.format,)


def _of_method(method: MethodType) -> Any:
    return _of_hidden_generator(method) or (MethodType, (method.__func__, method.__self__))


def _of_builtin(function: BuiltinMethodType) -> Any:
    return _of_hidden_generator(function) or function.__reduce__()


def _of_hidden_generator(method: MethodType | BuiltinMethodType) -> Any:
    # Not as a method of a copy of the generator: drawing from the copy would leave the generator as it was.
    found = by_name(method)
    return found and (making.function_of, found)


REDUCTIONS: dict[type, Callable[[Any], Any]] = {
    struct.Struct: _of_struct,
    MethodType: _of_method,
    BuiltinMethodType: _of_builtin,
}
"""By type, for a pickler's dispatch table."""
