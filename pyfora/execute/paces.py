"""How long the elements of each loop took when it last ran, so that a loop that is always short costs no look-out."""

from __future__ import annotations

from types import CodeType, FunctionType

from pyfora.fold.plan import PREFIX_S

QUICK_S = 0.0002
"""A loop that is expected to take less than this is run as it stands."""
QUICK_ELEMENTS = 4096
"""Of at most so many elements: should they take longer this time, the loss has a bound."""
_LOOPS_LIMIT = 10_000


class Paces:
    """Seconds an element, by loop."""

    def __init__(self) -> None:
        # By identity: code objects compare by value, and hashing one costs more than a short loop. It is held, so that
        # its identity stays its own.
        self._known: dict[int, tuple[CodeType, float]] = {}

    def element_s(self, part: FunctionType) -> float:
        """Of this part's loop; that of a slow one where it has not run yet."""
        known = self._known.get(id(part.__code__))
        return PREFIX_S if known is None else known[1]

    def is_quick(self, part: FunctionType, elements: int) -> bool:
        """Whether so many elements are not worth looking at the clock between them."""
        return elements <= QUICK_ELEMENTS and elements * self.element_s(part) < QUICK_S

    def note(self, part: FunctionType, element_s: float) -> None:
        """The loop has just run."""
        code = part.__code__
        if id(code) in self._known or len(self._known) < _LOOPS_LIMIT:
            self._known[id(code)] = (code, element_s)
