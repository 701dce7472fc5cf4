"""How long the elements of each loop took when it last ran, so that a loop that is always short costs no look-out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from pyfora.fold.plan import PREFIX_S

QUICK_S = 0.0002
"""A loop that is expected to take less than this is run as it stands."""
QUICK_ELEMENTS = 4096
"""Of at most so many elements: should they take longer this time, the loss has a bound."""
SHORT_ELEMENTS = 64
"""Loops of at most so many elements, which looking at the clock would double, are not even timed each time."""
SHORT_TIMES_LIMIT = 64
"""How often such a loop runs until it is timed again."""
_TRIED = 3
"""So often a loop is found quick, one time after the other, before it is not timed for the first time."""
_LOOPS_LIMIT = 10_000
_NEVER: Iterator[int] = iter(())


class Paces:
    """Seconds an element, by the place of the loop."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, int]] = {}
        """Seconds an element, and how often in a row the loop was quick."""
        self.short: dict[str, Iterator[int]] = {}
        """Up to how many elements the loop is short; one for each time that it need not be timed."""

    def element_s(self, at: str) -> float:
        """Of the loop at this place; that of a slow one where it has not run yet."""
        known = self._known.get(at)
        return PREFIX_S if known is None else known[0]

    def is_quick(self, at: str, elements: int) -> bool:
        """Whether so many elements are not worth looking at the clock between them."""
        return elements <= QUICK_ELEMENTS and elements * self.element_s(at) < QUICK_S

    def is_short(self, at: str, elements: int) -> bool:
        """Whether this time it need not even be timed."""
        return elements <= next(self.short.get(at, _NEVER), -1)

    def note(self, at: str, element_s: float) -> None:
        """The loop has just run, at this pace."""
        known = self._known.get(at)
        if known is None and len(self._known) >= _LOOPS_LIMIT:
            return
        # One that is twice as slow as before may be on its way to be worth spreading.
        row = known[1] + 1 if known is not None and element_s < 2 * known[0] + QUICK_S / SHORT_ELEMENTS else 0
        self._known[at] = (element_s, row)
        length = min(SHORT_ELEMENTS, int(QUICK_S / max(element_s, 1e-9)))
        # More often the longer it has been quick: it is never run untimed more often than it was timed, by much.
        times = min(1 << min(row - _TRIED, 30), SHORT_TIMES_LIMIT) if row >= _TRIED else 0
        self.short[at] = itertools.repeat(length, times)
