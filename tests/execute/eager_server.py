"""The fork server, but that its drivers spread every loop that lasts a fraction of a millisecond, in tiny leaves.

And they offer every call that can be put off, at once, and wait for it. Whether a loop is spread, and whether it is
compiled, still depends on the machine's speed: a test of that takes the spreading server, or the compiling one.
"""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from pyfora.execute import dividing, driver, prefix, server, stolen
from pyfora.fold import grid, plan
from pyfora.language import brief

OFFERS_LIMIT = 100
"""Offers of each program: each takes milliseconds."""


class _EagerDividing(dividing.Dividing):
    _offers = 0

    def _offer_some(self, frame: FrameType) -> None:
        self._offers += 1
        if self._offers <= OFFERS_LIMIT:
            self._tick(0, frame)

    def begin(self, *thunks: Any) -> Any:
        guard = super().begin(*thunks)
        self._under_way[-1].frame = sys._getframe(1)
        self._offer_some(sys._getframe(1))
        return guard

    def begin_row(self, *thunks: Any) -> None:
        super().begin_row(*thunks)
        self._under_way[-1].frame = sys._getframe(1)
        self._offer_some(sys._getframe(1))


def be_eager() -> None:
    """For this process, and all that are forked from it."""
    # What is known to be over at once before it is run is spread all the same.
    brief.ELEMENTS_LIMIT = -1
    prefix.PREFIX_S = 0.0001
    plan.WORTH_SPREADING_S = plan.SHIPPING_ELEMENT_S = plan.RETURNING_OBJECT_S = 0.0
    plan.WORTH_COMPILING_S = 0.05
    grid.LEAF_TARGET_S, grid.LEAF_ELEMENTS_LIMIT = 0.0005, 1024
    dividing.TICK_S = 0.0
    dividing.PACKING_SHARE = stolen.PATIENCE = 1e6
    dividing.FAILURES_LIMIT = 20
    # The one seam where a driver makes it; a parameter through four callers would be there for this file only.
    driver.Dividing = _EagerDividing  # type: ignore[misc,attr-defined]


if __name__ == "__main__":
    be_eager()
    server.main()
