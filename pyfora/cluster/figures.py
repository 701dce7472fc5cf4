"""What daemons count of their work for those who look from outside: named, bounded, in one table."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

BLOCK_BOUNDS_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
RUN_BOUNDS_S = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
COMPILE_BOUNDS_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
FIGURE_LIMIT = 1e18
"""More than this nobody has counted: what would not be a number of the metrics' format, or of the API's."""
OUTCOMES = ("completed", "unloadable", "crashed", "cancelled", "lost")


class Histogram:
    """How many of the noted durations were at most as long as each bound."""

    def __init__(self, bounds_s: tuple[float, ...]) -> None:
        self.bounds_s = bounds_s
        self.counts = [0] * (len(bounds_s) + 1)
        """Of each bucket alone; the last is for what is longer than all bounds."""
        self.sum_s = 0.0

    def note(self, duration_s: float) -> None:
        """One more duration in seconds; less than nothing counts as nothing."""
        duration_s = max(0.0, duration_s)
        self.counts[bisect_left(self.bounds_s, duration_s)] += 1
        self.sum_s += duration_s


@dataclass(frozen=True)
class Figure:
    """One number that a worker reports in its beats."""

    name: str
    counts: bool
    """True: it only grows, from 0 at the worker's start; False: it goes up and down."""
    text: str


WORKER_FIGURES = (
    Figure("leaves", True, "Leaves that this worker's processes have finished, for its own blocks or for others"),
    Figure("stolen_leaves", True, "Leaves among them that were of loops at home elsewhere"),
    Figure("given_leaves", True, "Leaves of loops at home here that other workers have finished"),
    Figure("gave_up_leaves", True, "Leaves on which the kernel gave up, so that CPython ran them"),
    Figure("compiled_kernels", True, "Kernels that this worker's processes have compiled"),
    Figure("fetched_kernels", True, "Kernels that another worker had compiled, and that its manager gave to this one"),
    Figure("steals", True, "Runs of leaves that other workers have granted to this one"),
    Figure("died_processes", True, "Compute processes that died without having been told to"),
    Figure("blocks", False, "Blocks at home here"),
    Figure("loops", False, "Parallel loops open here"),
    Figure("pending_leaves", False, "Leaves of the open loops that nobody has been given yet"),
    Figure("queued_messages", False, "Messages to other daemons that were not acknowledged yet"),
    Figure("idle_slots", False, "Leaf processes that could be given something to do"),
    Figure("processes", False, "Compute processes"),
    Figure("values", False, "Values of blocks that are kept here"),
    Figure("values_bytes", False, "Size of these values"),
    Figure("memory_bytes", False, "Resident memory of the daemon"),
    Figure("processes_memory_bytes", False, "Resident memory of its compute processes; shared pages count in each"),
    Figure("spool_bytes", False, "Size of all parcels in the spool"),
    Figure("spool_free_bytes", False, "What is free where the spool is"),
    Figure("control_received_bytes", True, "Bytes received on the control port"),
    Figure("control_sent_bytes", True, "Bytes sent on the control port"),
    Figure("control_connections", False, "Open connections of the control port"),
    Figure("data_received_bytes", True, "Bytes received on the data port"),
    Figure("data_sent_bytes", True, "Bytes sent on the data port"),
    Figure("data_connections", False, "Open connections of the data port"),
)
WORKER_HISTOGRAMS = {
    "run": (RUN_BOUNDS_S, "Time that pieces of runs took, in seconds"),
    "compile": (COMPILE_BOUNDS_S, "Time to have the kernel of a loop, compiled or from the store, in seconds"),
}
_NAMES = {figure.name for figure in WORKER_FIGURES} | {
    f"{name}.{at}" for name, (bounds_s, _) in WORKER_HISTOGRAMS.items() for at in [*range(len(bounds_s) + 1), "sum_s"]
}


def accepted(reported: Mapping[str, float]) -> dict[str, float]:
    """Of what a worker says of itself, the figures that there are: numbers from 0 to FIGURE_LIMIT."""
    return {
        name: value
        for name, value in reported.items()
        if name in _NAMES and isinstance(value, (int, float)) and 0 <= value <= FIGURE_LIMIT
    }


@dataclass
class WorkerFigures:
    """A worker's own counts, with what its shell measures."""

    leaves: int = 0
    stolen_leaves: int = 0
    given_leaves: int = 0
    gave_up_leaves: int = 0
    compiled_kernels: int = 0
    fetched_kernels: int = 0
    steals: int = 0
    died_processes: int = 0
    run: Histogram = field(default_factory=lambda: Histogram(RUN_BOUNDS_S))
    compile: Histogram = field(default_factory=lambda: Histogram(COMPILE_BOUNDS_S))
    measured: dict[str, float] = field(default_factory=dict)
    """Memory, spool and ports, as the shell has seen them last."""

    def piece(self, leaves: int, gave_up: int, elapsed_s: float, *, stolen: bool) -> None:
        """A process of this worker has finished leaves; `stolen`: of a loop at home elsewhere."""
        self.leaves += leaves
        self.gave_up_leaves += max(0, min(gave_up, leaves))
        self.run.note(elapsed_s)
        if stolen:
            self.stolen_leaves += leaves

    def report(self, **now: float) -> dict[str, float]:
        """All figures for a beat; `now`: those that the worker's parts know."""
        figures: dict[str, float] = {**self.measured, **now}
        figures |= {figure.name: getattr(self, figure.name) for figure in WORKER_FIGURES if hasattr(self, figure.name)}
        for name in WORKER_HISTOGRAMS:
            histogram: Histogram = getattr(self, name)
            figures |= {f"{name}.{at}": count for at, count in enumerate(histogram.counts)}
            figures[f"{name}.sum_s"] = round(histogram.sum_s, 6)
        return figures


@dataclass
class ManagerFigures:
    """A manager's own counts."""

    accepted_blocks: int = 0
    placed_blocks: int = 0
    """Attempts that were given a home."""
    ended_blocks: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    joined_workers: int = 0
    lost_workers: int = 0
    waiting: Histogram = field(default_factory=lambda: Histogram(BLOCK_BOUNDS_S))
    """From being accepted to the first home."""
    block: Histogram = field(default_factory=lambda: Histogram(BLOCK_BOUNDS_S))
    """From being accepted to the end."""

    def ended(self, outcome: str, lasted_s: float | None) -> None:
        """A block has ended; `lasted_s`: None where a manager before this one accepted it."""
        if outcome in self.ended_blocks:
            self.ended_blocks[outcome] += 1
        if lasted_s is not None:
            self.block.note(lasted_s)
