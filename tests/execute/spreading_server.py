"""The eager fork server, but that no clock decides: what has more than two elements is spread, and not compiled."""

from __future__ import annotations

from pyfora.execute import jumping, prefix, server
from pyfora.fold import plan
from tests.execute.eager_server import be_eager


def spread_at_once() -> None:
    """For this process, and all that are forked from it."""
    be_eager()
    # Each look at the clock finds that enough time has passed: the second one plans the rest.
    prefix.PREFIX_S = jumping.PREFIX_S = 0.0
    plan.WORTH_COMPILING_S = float("inf")


if __name__ == "__main__":
    spread_at_once()
    server.main()
