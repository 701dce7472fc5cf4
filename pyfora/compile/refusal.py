"""The two ways in which the compiler says no: before a kernel exists, or while one runs."""

from __future__ import annotations

import ast

from pyfora.compile.sites import Site


class NotCompiled(Exception):
    """The loop cannot be made into a kernel that is exactly Python; `str()` says why, in one sentence with its line."""

    def __init__(self, reason: str, site: Site | None = None) -> None:
        super().__init__(reason, site)
        self.reason = reason
        self.site = site

    def __str__(self) -> str:
        if self.site is None or not self.site.filename:
            return self.reason
        return f"{self.reason} (line {self.site.line} of {self.site.filename})"


class Unlearned(NotCompiled):
    """What an empty list or dict will hold is not known where it is read; a statement further down may show it."""

    @classmethod
    def at(cls, refusal: NotCompiled) -> Unlearned:
        """The same refusal as one of these."""
        return cls(refusal.reason, refusal.site)


class GaveUp(Exception):
    """The kernel met something that it cannot do exactly; the same elements are to be run by CPython, which decides.

    `str()` names the primitive whose check it was, and what that had met.
    """

    def __init__(self, check: str = "", call: int = 0) -> None:
        """`call`: the number of the call in the kernel's source; 0 where that is not known."""
        super().__init__(check)
        self.call = call


def refuse(reason: str, filename: str, node: ast.AST) -> NotCompiled:
    """The `NotCompiled` for a construct at its original place in the user's file."""
    return NotCompiled(reason, Site(filename, node))
