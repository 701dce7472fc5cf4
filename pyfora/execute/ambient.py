"""Settings of the interpreter on which the answer of a loop may depend, from the driver to its leaf processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from pyfora.errors import InvalidPyforaOperation
from pyfora.language.settings import Settings, current_settings, make_settings

OWN_FRAMES = 40
"""About how deep a compute process' own frames are."""


class Ambient:
    """Taken in a driver, set in leaf processes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._set: Settings = {}

    @classmethod
    def of_this_process(cls) -> Ambient:
        """The settings as they are now."""
        return cls(current_settings())

    def set(self) -> None:
        """Let this process have them. Raises InvalidPyforaOperation where it cannot."""
        make_settings(self._settings)
        self._set = current_settings(by_code_alone=True)

    def is_as_it_was(self) -> bool:
        """Whether no code has changed them since."""
        try:
            return current_settings(by_code_alone=True) == self._set
        except InvalidPyforaOperation:
            return False


def leave_out_own_frames() -> None:
    """What runs above the user's code is not to count towards the depth that its recursion limit allows it."""
    get_limit, set_limit = sys.getrecursionlimit, sys.setrecursionlimit

    def getrecursionlimit() -> int:
        return get_limit() - _own.frames

    def setrecursionlimit(limit: int, /) -> None:
        set_limit(limit + _own.frames if limit > 0 else limit)

    setrecursionlimit(get_limit())
    sys.getrecursionlimit, sys.setrecursionlimit = getrecursionlimit, setrecursionlimit


class _Own:
    frames = OWN_FRAMES


_own = _Own()


@contextmanager
def as_deep_as(depth: int) -> Iterator[None]:
    """Let what is called here find as little room as it would have from a frame with so many above it, and itself.

    Raises RecursionError where that is none.
    """
    limit, frames = sys.getrecursionlimit(), _own.frames
    # Below this frame, and below the two that enter it, a call from the `with` statement has one to come.
    _own.frames = frames - (depth - depth_of(sys._getframe()) + 1)
    try:
        sys.setrecursionlimit(limit)
        yield
    finally:
        limit, _own.frames = sys.getrecursionlimit(), frames
        sys.setrecursionlimit(limit)


def depth_of(frame: FrameType | None) -> int:
    """How many frames there are down to this one."""
    depth = 0
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    return depth
