"""The filters of `warnings`, as JSON can say them."""

from __future__ import annotations

import re
import sys
import warnings
from typing import Any, cast


def warning_settings() -> list[Any]:
    """The filters of this process, first to last."""
    return [
        [action, _said(message), f"{category.__module__}:{category.__qualname__}", _said(module), line]
        for action, message, category, module, line in cast("list[Any]", warnings.filters)
    ]


def set_warning_settings(filters: list[Any]) -> None:
    """Let this process have these filters alone."""
    warnings.resetwarnings()
    made = [
        (action, _meant(message), _category(category), _meant(module), line)
        for action, message, category, module, line in filters
    ]
    cast("list[Any]", warnings.filters).extend(made)


def _said(text: Any) -> Any:
    """A pattern with its flags; a filter of the interpreter's own has a text in its place, or None."""
    return [text.pattern, text.flags] if isinstance(text, re.Pattern) else text


def _meant(said: Any) -> Any:
    return re.compile(*said) if isinstance(said, list) else said


def _category(said: str) -> type[Warning]:
    module_name, _, path = said.partition(":")
    found: Any = sys.modules.get(module_name)
    for part in path.split("."):
        found = getattr(found, part, None)
    if isinstance(found, type) and issubclass(found, Warning):
        return found
    # Not at hand here, so nothing here warns of it. It keeps its place for the way back.
    return type(path.rpartition(".")[2], (Warning,), {"__module__": module_name, "__qualname__": path})
