"""What is known of a function's variables at one point of it: which are surely bound, to which type."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyfora.compile.kinds import Kind


@dataclass(frozen=True)
class Mixed:
    """A variable that is of one type on one path and of another on a different path: it cannot be read."""

    first: Kind
    second: Kind


Variables = dict[str, Kind | Mixed]
"""Name -> type, for the names that are bound on every path. A name that is not in it may be unbound."""


def join(paths: Iterable[Variables | None]) -> Variables | None:
    """What is known where several paths meet; None stands for a path that never gets there."""
    joined: Variables | None = None
    for path in paths:
        if path is None:
            continue
        if joined is None:
            joined = dict(path)
            continue
        joined = {name: _either(known, path[name]) for name, known in joined.items() if name in path}
    return joined


def _either(first: Kind | Mixed, second: Kind | Mixed) -> Kind | Mixed:
    if first == second or isinstance(first, Mixed):
        return first
    if isinstance(second, Mixed):
        return second
    return Mixed(first, second)
