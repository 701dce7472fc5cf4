"""Why a loop is left as it was written, to be run in order."""

from __future__ import annotations

import ast

OF_KEYS = "keys for `sorted`, `min` and `max` are made by calls, which are not compiled"


class InOrder(Exception):
    """Raised while a loop is looked at, and kept for whoever asks."""

    def __init__(self, reason: str, construct: ast.AST) -> None:
        """`construct` is what in the loop's text is the reason."""
        super().__init__(reason)
        self.reason = reason
        self.construct = construct


class Brief(InOrder):
    """The loop is over at once, and there is nothing in it that could be rewritten."""
