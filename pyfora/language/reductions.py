"""Objects of the standard library that pickle does not know, and how each is made again."""

from __future__ import annotations

import contextlib
import datetime
import functools
import io
import pickle
import re
import struct
import sys
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from types import BuiltinMethodType, MethodType
from typing import Any

from pyfora.language import making
from pyfora.language.chance import by_name
from pyfora.language.dispatching import reduce_dispatching_method
from pyfora.language.iterators import iterator_reductions
from pyfora.language.matches import match_reducer
from pyfora.language.reach import is_user_module


def _of_struct(layout: struct.Struct) -> Any:
    return struct.Struct, (layout.format,)


def _of_method(method: MethodType) -> Any:
    return _of_hidden_generator(method) or (MethodType, (method.__func__, method.__self__))


def _of_builtin(function: BuiltinMethodType) -> Any:
    return _of_hidden_generator(function) or function.__reduce__()


def _of_hidden_generator(method: MethodType | BuiltinMethodType) -> Any:
    # Not as a method of a copy of the generator: drawing from the copy would leave the generator as it was.
    found = by_name(method)
    return found and (making.attribute_of, found)


def _of_file(file: Any) -> Any:
    if file is sys.stdout or file is sys.stderr:
        return getattr, (sys, "stdout" if file is sys.stdout else "stderr")
    if not file.closed:
        raise pickle.PicklingError(f"an open file ({getattr(file, 'name', '?')!r}) cannot leave its process")
    buffer = file.buffer if isinstance(file, io.TextIOWrapper) else file
    raw = buffer if isinstance(buffer, io.FileIO) else getattr(buffer, "raw", None)
    if type(raw) is not io.FileIO:
        raise pickle.PicklingError("a closed file that was none of the file system's cannot leave its process")
    text = (file.mode, file.encoding, file.errors) if file is not buffer else None
    return making.closed_file, (raw.name, raw.mode, None if buffer is raw else type(buffer), text)


def _of_iso_calendar(date: Any) -> Any:
    # A tuple to pickle.
    return making.iso_calendar, tuple(date)


def _of_memory_file(file: io.StringIO | io.BytesIO) -> Any:
    return (making.closed_memory_file, (type(file),)) if file.closed else file.__reduce_ex__(5)


def _of_context_variable(variable: ContextVar[Any]) -> Any:
    value: tuple[Any, ...] = (variable.get(),) if variable in copy_context() else ()
    made: tuple[Any, ...] | None = _place_in_a_library(variable)
    if made is None:
        default: tuple[Any, ...] = ()
        with contextlib.suppress(LookupError):
            default = (Context().run(variable.get),)
        made = making.make_context_variable, (variable.name, *default)
    return *made, value, None, None, making.set_context_variable


def _place_in_a_library(value: object) -> tuple[Any, ...] | None:
    # The library's own code looks at the very variable.
    for module_name, module in list(sys.modules.items()):
        for name, member in list(getattr(module, "__dict__", {}).items()):
            if member is value and not is_user_module(module_name):
                return making.attribute_of, (module_name, name)
    return None


def reductions() -> dict[type, Callable[[Any], Any]]:
    """By type, for the dispatch table of one pickler."""
    return {
        struct.Struct: _of_struct,
        functools.singledispatchmethod: reduce_dispatching_method,
        ContextVar: _of_context_variable,
        re.Match: match_reducer(),
        type(datetime.date.min.isocalendar()): _of_iso_calendar,
        MethodType: _of_method,
        BuiltinMethodType: _of_builtin,
        **iterator_reductions(),
        **dict.fromkeys(_FILES, _of_file),
        **dict.fromkeys((io.StringIO, io.BytesIO), _of_memory_file),
    }


_FILES = (io.FileIO, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.TextIOWrapper)
