"""Tracebacks that a program prints, or makes texts of: without frames of pyfora's own, as those that leave the block.

Who goes along `__traceback__` by hand still meets them.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable, Iterator
from types import FrameType, SimpleNamespace, TracebackType
from typing import Any

from pyfora.language.tracebacks import is_of_code_around, is_own_file, named_for_its_set

Walked = Iterator[tuple[FrameType, Any]]
"""Frames, and where in them: a line, or a line and columns."""
_WALKS = ("walk_tb", "_walk_tb_with_full_positions")
"""Functions of the standard library by which all of its others go along a traceback."""


def watch() -> None:
    """Hide them from now on. Once for a process."""
    module: Any = traceback
    for name in _WALKS:
        walk = getattr(module, name)
        if getattr(walk, "__wrapped__", None) is None:
            setattr(module, name, _hiding(walk))


def _hiding(walk: Callable[[TracebackType | None], Walked]) -> Callable[[TracebackType | None], Walked]:
    @functools.wraps(walk)
    def walk_what_is_shown(trace: TracebackType | None) -> Walked:
        shown: list[tuple[Any, Any]] = []
        for frame, place in walk(trace):
            code = frame.f_code
            if is_of_code_around(code):
                if shown:
                    shown[-1] = shown[-1][0], place
            elif not is_own_file(code.co_filename):
                named = named_for_its_set(code)
                shown.append((frame if named is code else _as_if_of(frame, named), place))
        yield from shown

    return walk_what_is_shown


def _as_if_of(frame: FrameType, code: Any) -> Any:
    return SimpleNamespace(f_code=code, f_globals=frame.f_globals, f_locals=frame.f_locals)
