"""The fork server, but that its drivers spread every loop that lasts a fraction of a millisecond, in tiny leaves."""

from __future__ import annotations

from pyfora.execute import prefix, server
from pyfora.fold import grid, plan


def be_eager() -> None:
    """For this process, and all that are forked from it."""
    prefix.PREFIX_S = 0.0001
    plan.WORTH_SPREADING_S = plan.SHIPPING_ELEMENT_S = plan.RETURNING_OBJECT_S = 0.0
    plan.WORTH_COMPILING_S = 0.05
    grid.LEAF_TARGET_S, grid.LEAF_ELEMENTS_LIMIT = 0.0005, 1024


if __name__ == "__main__":
    be_eager()
    server.main()
