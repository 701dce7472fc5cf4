"""Warnings that a leaf shows: whether Python shows one again is told by what it has shown, which the driver knows."""

from __future__ import annotations

import functools
import warnings
from typing import Any

shown: list[str] = []
"""Texts of those that this process has shown."""


def watch() -> None:
    """Note from now on what is shown. Once for a process."""
    module: Any = warnings
    show = module._showwarnmsg_impl
    if getattr(show, "__wrapped__", None) is not None:
        return

    # Where `catch_warnings(record=True)` puts its own: what is recorded is not shown.
    @functools.wraps(show)
    def noted(message: Any) -> None:
        shown.append(str(message.message))
        show(message)

    module._showwarnmsg_impl = noted
