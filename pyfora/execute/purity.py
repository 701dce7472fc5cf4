"""What Pure Python does not allow, refused in words when it is executed in a compute process."""

from __future__ import annotations

import builtins
import functools
import importlib
import io
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from pyfora.errors import InvalidPyforaOperation
from pyfora.language.rewrite import FOLD

_CLOCK = "reads a clock, so its answer would be another one each time; read it before the block and use the value"
_CHANCE = (
    "draws from a hidden random state, so its answer would be another one each time; "
    "make a generator of your own in the block: random.Random(seed)"
)
_ENTROPY = "draws random bits from the system; draw them before the block and use the value"
_PROCESS = "starts a process on the worker; do that outside of the block"
_SOCKET = "opens a network connection on the worker; do that outside of the block"
_THREAD = "starts a thread; loops over ranges and lists are spread over all cores by themselves"
_INPUT = "reads from the keyboard, which is not at the worker; read it before the block"

REFUSED: dict[str, str] = {
    **{f"time.{name}": _CLOCK for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter")},
    **{
        f"time.{name}": _CLOCK for name in ("perf_counter_ns", "process_time", "process_time_ns", "localtime", "gmtime")
    },
    **{
        f"random.{name}": _CHANCE
        for name in (
            *("random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "gauss"),
            *("normalvariate", "expovariate", "betavariate", "triangular", "getrandbits", "randbytes", "seed"),
        )
    },
    **{f"os.{name}": _ENTROPY for name in ("urandom", "getrandom")},
    **{f"uuid.{name}": _ENTROPY for name in ("uuid1", "uuid4")},
    **{
        f"os.{name}": _PROCESS
        for name in ("fork", "system", "popen", "posix_spawn", "execv", "execve", "_exit", "kill")
    },
    "subprocess.Popen.__init__": _PROCESS,
    "socket.socket.__init__": _SOCKET,
    "socket.create_connection": _SOCKET,
    "threading.Thread.start": _THREAD,
    "builtins.input": _INPUT,
}
"""Dotted name -> why it is refused, and what to do instead."""

_WRITING = frozenset("wax+")


def install() -> None:
    """Guard the functions of REFUSED, and `open` for writing, in this process and all that are forked from it.

    They refuse user code only: the standard library and pyfora itself go on using them.
    """
    for name, reason in REFUSED.items():
        owner_name, _, attribute = name.rpartition(".")
        try:
            owner: Any = importlib.import_module(owner_name)
        except ImportError:
            module, _, kind = owner_name.rpartition(".")
            owner = getattr(importlib.import_module(module), kind)
        if hasattr(owner, attribute):
            setattr(owner, attribute, _guarded(name, reason, getattr(owner, attribute)))
    builtins.open = io.open = _reading_only(open)


def _is_user_code(frame: FrameType) -> bool:
    """User code is what sees the parallel primitives among its builtins."""
    return FOLD in frame.f_builtins


def _guarded(name: str, reason: str, original: Callable[..., Any]) -> Callable[..., Any]:
    shown = name.removeprefix("builtins.").removesuffix(".__init__")

    @functools.wraps(original)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1)
        if _is_user_code(caller):
            raise InvalidPyforaOperation(f"{shown}() {reason} ({_place(caller)}).")
        return original(*args, **kwargs)

    return guarded


def _reading_only(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def open(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1)
        if _WRITING & set(mode) and _is_user_code(caller):
            raise InvalidPyforaOperation(
                f"open(…, {mode!r}) writes a file on whichever worker it happens to run; "
                f"return the data and write it after the block ({_place(caller)})."
            )
        return original(file, mode, *args, **kwargs)

    return open


def _place(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
