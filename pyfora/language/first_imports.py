"""A module of the user's that nothing has loaded before a block imports it: loaded here, if nobody can tell.

The workers have none of its source, so it is loaded where the block is entered. Locally that would happen where the
statement is run, and not at all where it is not: what it prints would come too early, or for nothing.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any


def loaded_silently(name: str, is_users: Callable[[str], bool]) -> ModuleType | str | None:
    """The module `name`, or None where there is none. A text says why its import is refused where it is run.

    `is_users` tells of a module's name whether it is one of the user's: those are as if never loaded, where it is
    refused. Libraries stay: some can be loaded once only.
    """
    before = set(sys.modules)
    module, refused = None, ""
    with _heard() as heard:
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            is_missing = error.name is not None and (name == error.name or name.startswith(error.name + "."))
            refused = "" if is_missing else _raised(error)
        except (Exception, SystemExit) as error:
            refused = _raised(error)
    if heard:
        refused = refused or "prints as it is loaded"
    if not refused:
        return module
    for loaded in filter(is_users, set(sys.modules) - before):
        parent, _, last = loaded.rpartition(".")
        with contextlib.suppress(AttributeError):
            delattr(sys.modules.get(parent), last)
        del sys.modules[loaded]
    return refused


@contextlib.contextmanager
def _heard() -> Iterator[list[str]]:
    """What is written to the terminal meanwhile, which is not written."""
    ear = _Ear()
    with _listening("stdout", ear), _listening("stderr", ear):
        yield ear.heard


class _Ear(io.TextIOBase):
    """A stream that keeps what is written."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def write(self, text: str) -> int:
        self.heard.append(text)
        return len(text)


@contextlib.contextmanager
def _listening(name: str, ear: _Ear) -> Iterator[None]:
    """Have what is written to this stream of `sys` go to `ear`; the stream stays what it is if it can.

    Another in its place is right only for one without attributes: a module may keep it, as `logging` does.
    """
    stream: Any = getattr(sys, name)
    before = getattr(stream, "__dict__", {}).get("write")
    try:
        stream.write = ear.write
    except AttributeError:
        setattr(sys, name, stream and ear)
        restore = functools.partial(setattr, sys, name, stream)
    else:
        restore = functools.partial(setattr, stream, "write", before)
        if before is None:
            restore = functools.partial(delattr, stream, "write")
    try:
        yield
    finally:
        restore()


def _raised(error: BaseException) -> str:
    return f"raises {type(error).__name__} as it is loaded: {error}"
