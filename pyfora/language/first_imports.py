"""A module of the user's that nothing has loaded before a block imports it: loaded here, if nobody can tell.

The workers have none of its source, so it is loaded where the block is entered. Locally that would happen where the
statement is run, and not at all where it is not: what it prints would come too early, or for nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType


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
    """What is written to the terminal meanwhile, which is not written.

    Other streams in the place of these were the rejected way: a module may keep them, as `logging` does.
    """
    heard: list[str] = []

    def write(text: str) -> int:
        heard.append(text)
        return len(text)

    streams = [stream for stream in {id(one): one for one in (sys.stdout, sys.stderr)}.values() if stream is not None]
    own = [vars(stream).get("write") for stream in streams]
    for stream in streams:
        stream.write = write  # type: ignore[method-assign]
    try:
        yield heard
    finally:
        for stream, before in zip(streams, own, strict=True):
            if before is None:
                del stream.write
            else:
                stream.write = before  # type: ignore[method-assign]


def _raised(error: BaseException) -> str:
    return f"raises {type(error).__name__} as it is loaded: {error}"
