"""A fork server whose leaf processes give up leaves, so that another process must run these, or the driver.

`GIVE_UP` in the environment is the share of the leaves, and `GIVE_UP_SEED` says which: chosen by number, not by chance.
Its drivers spread every loop that lasts a fraction of a millisecond.
"""

from __future__ import annotations

import enum
import os
import signal
import zlib
from types import FunctionType
from typing import Any

from pyfora.compile import GaveUp, Kernel
from pyfora.execute import leaves, process, server
from pyfora.execute.leaf_loop import LeafLoop
from pyfora.execute.reporting import Made, Reporter, Unshippable
from pyfora.wire.messages import RunLeaves
from tests.execute.eager_server import be_eager


class How(enum.Enum):
    """The ways to give up a leaf; a loop has one of them."""

    KERNEL = "the compiled code gives up: the leaf is run by CPython"
    RAISED = "the leaf seems to raise: it and all after it are the driver's"
    TOUCHED = "the leaf seems to touch what its elements share: the loop is run in order"
    ENDED = "the process ends: others run its leaves again"


def is_chosen(*what: object) -> bool:
    """Whether this is among those given up."""
    number = zlib.crc32(" ".join(map(str, (os.environ["GIVE_UP_SEED"], *what))).encode())
    return number % 1000 < 1000 * float(os.environ["GIVE_UP"])


def how_of(part: FunctionType) -> How:
    """The way of the loop whose part this is."""
    place = f"{os.environ['GIVE_UP_SEED']} {part.__code__.co_name} {part.__code__.co_firstlineno}"
    return list(How)[zlib.crc32(place.encode()) % len(How)]


class UnwillingLoop(LeafLoop):
    """Gives up chosen leaves."""

    run_id = 0

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._how = how_of(self._environment.part)

    def run(self, leaf: int, hi: int) -> Made | None:
        # By the run too, which is another one at each attempt: else no attempt would go better than the one before.
        if self._how is How.ENDED and is_chosen("ended", self.run_id, leaf):
            os.kill(os.getpid(), signal.SIGKILL)
        if self._how is How.TOUCHED and is_chosen("touched", leaf):
            raise Unshippable("the leaf gave up")
        if self._how is How.RAISED and is_chosen("raised", leaf):
            return None
        return super().run(leaf, hi)

    def _compiled(self, kernel: Kernel, leaf: int, stop: int) -> Made:
        if any(is_chosen("kernel", one) for one in range(leaf, stop)):
            raise GaveUp
        return super()._compiled(kernel, leaf, stop)


class UnwillingProcess(leaves.LeafProcess):
    """Tells its loops which run it is."""

    def _run_leaves(self, run: RunLeaves, loop: LeafLoop, reporter: Reporter) -> None:
        assert isinstance(loop, UnwillingLoop)
        loop.run_id = run.run_id
        super()._run_leaves(run, loop, reporter)


if __name__ == "__main__":
    be_eager()
    leaves.LeafLoop = UnwillingLoop  # type: ignore[misc]
    process.LeafProcess = UnwillingProcess  # type: ignore[misc]
    server.main()
