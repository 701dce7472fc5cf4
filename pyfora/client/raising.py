"""Raising in the frame of a block what came back, as if the block's own statement had raised it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn

from pyfora.client.withblock import raise_as_it_is
from pyfora.language.reach import is_user_module

_OWN_FILES = str(Path(__file__).resolve().parent.parent) + "/"


def raise_in_frame(error: BaseException, frame: FrameType) -> NoReturn:
    """Raise `error` from `__exit__`, so that its traceback goes from `frame`'s `with` line straight to the user's code.

    The frames of `__exit__` and below are added while the exception passes them; they are cut out again when it
    arrives in `frame`, by the tracing that a debugger would use. Where one does, they stay.
    """
    previous = sys.gettrace()
    if previous is None:
        _cut_on_arrival(error, frame)
    raise_as_it_is(error)


def _cut_on_arrival(error: BaseException, frame: FrameType) -> None:
    remote = error.__traceback__
    before = frame.f_trace, frame.f_trace_lines, frame.f_trace_opcodes

    def arrived(at: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        if event == "exception" and argument[1] is error:
            sys.settrace(None)
            at.f_trace, at.f_trace_lines, at.f_trace_opcodes = before
            argument[2].tb_next = remote
        return arrived

    frame.f_trace, frame.f_trace_lines, frame.f_trace_opcodes = arrived, False, False
    sys.settrace(_trace_nothing)


def _trace_nothing(frame: FrameType, event: str, argument: object) -> None:
    return None


def without_our_frames(error: BaseException, private: BaseException | None) -> BaseException:
    """`error`, which was caught here: its traceback without the frames of this package, its chain without `private`.

    `private` is the exception that skipped the body: Python chained it to whatever was raised since.
    """
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        member = waiting.pop()
        if any(member is known for known in seen):
            continue
        seen.append(member)
        if member.__context__ is private:
            member.__context__ = None
        member.__traceback__ = _users_part(member.__traceback__)
        waiting += [linked for linked in (member.__context__, member.__cause__) if linked is not None]
    return error


def _users_part(trace: TracebackType | None) -> TracebackType | None:
    """From the user's first frame on: that of a progress function, or of a class that came back."""
    while trace is not None and not _is_users(trace.tb_frame):
        trace = trace.tb_next
    return trace


def _is_users(frame: FrameType) -> bool:
    name = str(frame.f_globals.get("__name__", ""))
    return not frame.f_code.co_filename.startswith(_OWN_FILES) and is_user_module(name)
