"""Tracebacks as the frames of the user's code that they tell of, and made of such again in another process."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

from pyfora.language.functions import is_part, is_set_comprehension

_OWN_FILES = str(Path(__file__).resolve().parent.parent) + "/"
_FRAMES_LIMIT = 1000
"""Frames of one traceback that are sent: of a deeper one the first and the last halves."""
_INLINED = sys.version_info >= (3, 12)
"""Comprehensions have no frame of their own."""


@dataclass(frozen=True)
class Frame:
    """One line of a traceback."""

    filename: str
    name: str
    qualname: str
    module: str
    line: int
    end_line: int
    column: int | None
    end_column: int | None


def is_own_file(filename: str) -> bool:
    """Whether code of this file is pyfora's own, whose frames are no part of a user's traceback."""
    return filename.startswith(_OWN_FILES)


def is_of_code_around(code: CodeType) -> bool:
    """Whether what `code` does is done by the code around it where there are no parts, as they are not the user's."""
    return is_part(code) or (_INLINED and is_set_comprehension(code))


def named_for_its_set(code: CodeType) -> CodeType:
    """`code`; where the rewriting made it of a set comprehension that has a frame of its own, as that is called."""
    if _INLINED or not is_set_comprehension(code):
        return code
    return code.replace(co_name="<setcomp>", co_qualname=code.co_qualname.replace("<genexpr>", "<setcomp>"))


def frames_of(trace: TracebackType | None, hidden: frozenset[str] = frozenset()) -> tuple[Frame, ...]:
    """The user's frames of a traceback; `hidden` are files whose frames are not, beside pyfora's own."""
    frames: list[Frame] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        named = named_for_its_set(code)
        positions = list(code.co_positions())[trace.tb_lasti // 2] if trace.tb_lasti >= 0 else (None,) * 4
        line = trace.tb_lineno
        frame = Frame(
            filename=code.co_filename,
            name=named.co_name,
            qualname=named.co_qualname,
            module=str(trace.tb_frame.f_globals.get("__name__", "?")),
            line=line,
            end_line=positions[1] or line,
            column=positions[2],
            end_column=positions[3],
        )
        if is_of_code_around(code):
            if frames:
                frames[-1] = _moved(frames[-1], frame)
        elif code.co_filename not in hidden and not is_own_file(code.co_filename):
            frames.append(frame)
        trace = trace.tb_next
    if len(frames) > _FRAMES_LIMIT:
        half = _FRAMES_LIMIT // 2
        frames = frames[:half] + frames[-half:]
    return tuple(frames)


def _moved(frame: Frame, inner: Frame) -> Frame:
    return replace(frame, line=inner.line, end_line=inner.end_line, column=inner.column, end_column=inner.end_column)


class _Stub(Exception):
    """Raised in a stub to have a frame of it."""


def traceback_of(frames: tuple[Frame, ...]) -> TracebackType | None:
    """A traceback that tells of these frames."""
    trace: TracebackType | None = None
    for frame in reversed(frames):
        stub = _stub_traceback(frame)
        trace = TracebackType(trace, stub.tb_frame, stub.tb_lasti, frame.line)
    return trace


@functools.lru_cache(maxsize=1024)
def _stub_code(frame: Frame) -> CodeType:
    """A statement that raises just where `frame` did."""
    statement = ast.Raise(ast.Name("error", ast.Load()), None)
    for node in _nodes(statement):
        node.lineno, node.end_lineno = frame.line, frame.end_line
        node.col_offset, node.end_col_offset = frame.column or 0, frame.end_column or 0
    code = compile(ast.Module([statement], []), frame.filename, "exec", dont_inherit=True)
    return code.replace(co_name=frame.name, co_qualname=frame.qualname)


def _stub_traceback(frame: Frame) -> TracebackType:
    """The traceback of that statement."""
    try:
        exec(_stub_code(frame), {"__name__": frame.module, "error": _Stub()})
    except _Stub as error:
        trace = error.__traceback__
        assert trace is not None and trace.tb_next is not None
        return trace.tb_next
    raise AssertionError("a raise statement raised nothing")


def _nodes(statement: ast.Raise) -> Iterator[Any]:
    for node in ast.walk(statement):
        if isinstance(node, (ast.stmt, ast.expr)):
            yield node
