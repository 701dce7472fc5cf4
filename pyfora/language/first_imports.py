"""A module of the user's that nothing has loaded before a block imports it: loaded here, if nobody can tell.

The workers have none of its source, so it is loaded where the block is entered. Locally that would happen where the
statement is run, and not at all where it is not: what it prints would come too early, or for nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from types import ModuleType


def loaded_silently(name: str) -> ModuleType | str | None:
    """The module `name`, or None where there is none. A text says why its import is refused where it is run."""
    before = set(sys.modules)
    heard = io.StringIO()
    try:
        with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
            module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            return None
        return _raised(error)
    except Exception as error:
        return _raised(error)
    if not heard.getvalue():
        return module
    # As if nothing had been loaded: it is to be heard where the user imports it.
    for loaded in set(sys.modules) - before:
        parent, _, last = loaded.rpartition(".")
        with contextlib.suppress(AttributeError):
            delattr(sys.modules.get(parent), last)
        del sys.modules[loaded]
    return "prints as it is loaded"


def _raised(error: Exception) -> str:
    return f"raises {type(error).__name__} as it is loaded: {error}"
