"""Settings of the interpreter on which the answer of a loop may depend, from the driver to its leaf processes."""

from __future__ import annotations

import sys

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
        return current_settings(by_code_alone=True) == self._set


def leave_out_own_frames() -> None:
    """What runs above the user's code is not to count towards the depth that its recursion limit allows it."""
    get_limit, set_limit = sys.getrecursionlimit, sys.setrecursionlimit

    def getrecursionlimit() -> int:
        return get_limit() - OWN_FRAMES

    def setrecursionlimit(limit: int, /) -> None:
        set_limit(limit + OWN_FRAMES if limit > 0 else limit)

    setrecursionlimit(get_limit())
    sys.getrecursionlimit, sys.setrecursionlimit = getrecursionlimit, setrecursionlimit
