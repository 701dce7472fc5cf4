"""The leaf processes of a worker: what each serves, which runs wait at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pyfora.cluster.outbox import Outbox
from pyfora.cluster.processes import Processes
from pyfora.limits import HELD_RUNS_LIMIT
from pyfora.wire.messages import DropFold, PieceDone, RunLeaves

QUEUE_LIMIT = 2
"""Unfinished runs at one leaf process: one running and one ahead, so that it never waits for its next."""


@dataclass
class LeafProcess:
    """One leaf process and what it has been given."""

    process_id: str
    attempt_id: str
    """The attempt of a program that it serves; a later one, maybe of another home, has other processes."""
    queue: list[RunLeaves] = field(default_factory=list)
    held: dict[tuple[str, int, int], int] = field(default_factory=dict)
    """(fold id, lo, hi) of terms in its memory -> the run they are of."""
    folds: set[str] = field(default_factory=set)
    """Folds it has been given runs of, and was not told to drop."""
    draining: bool = False
    """Is to be given nothing more: its slot is needed elsewhere."""

    @property
    def busy(self) -> bool:
        return bool(self.queue or self.held)

    @property
    def held_runs(self) -> int:
        return len(set(self.held.values()))

    def has_fold(self, fold_id: str) -> bool:
        """Whether runs or terms of this fold are with it."""
        return any(run.fold_id == fold_id for run in self.queue) or any(key[0] == fold_id for key in self.held)


class LeafSlots:
    """At most `cores` leaf processes, dealt out to programs by `allot`."""

    def __init__(self, cores: int, processes: Processes, outbox: Outbox) -> None:
        self.cores = cores
        self.leaves: dict[str, LeafProcess] = {}
        self.gone: list[Callable[[LeafProcess], None]] = []
        """Called for each leaf process that is no more, killed or dead."""
        self._processes = processes
        self._outbox = outbox

    def of(self, attempt_id: str) -> list[LeafProcess]:
        """The leaf processes of one attempt of a program."""
        return [leaf for leaf in self.leaves.values() if leaf.attempt_id == attempt_id]

    def idle_slots(self) -> int:
        """How many slots have nothing to do."""
        return self.cores - sum(1 for leaf in self.leaves.values() if leaf.busy)

    def allot(self, targets: dict[str, int]) -> int:
        """Give each program this many processes, as far as that is possible now.

        Returns how many spare processes are missing for that. A process too many takes no further runs; it is killed
        when it is idle and its slot is needed.
        """
        missing = 0
        bound: dict[str, list[LeafProcess]] = {}
        for leaf in self.leaves.values():
            bound.setdefault(leaf.attempt_id, []).append(leaf)
        surplus: list[LeafProcess] = []
        for attempt_id, leaves in bound.items():
            leaves.sort(key=lambda leaf: (not leaf.busy, leaf.draining))
            for at, leaf in enumerate(leaves):
                leaf.draining = at >= targets.get(attempt_id, 0)
                if leaf.draining and not leaf.busy:
                    surplus.append(leaf)
        for attempt_id, target in targets.items():
            for _ in range(target - len(bound.get(attempt_id, []))):
                if len(self.leaves) >= self.cores:
                    if not surplus:
                        return missing
                    self.remove(surplus.pop().process_id)
                process_id = self._processes.bind(attempt_id, "leaf")
                if process_id is None:
                    missing += 1
                    if missing + len(self.leaves) >= self.cores:
                        return missing
                else:
                    self.leaves[process_id] = LeafProcess(process_id, attempt_id)
        return missing

    def has_room(self, leaf: LeafProcess, *, beyond: bool = False) -> bool:
        """Whether it can take one more run; `beyond`: the one that the accumulator waits for."""
        if leaf.draining or len(leaf.queue) >= QUEUE_LIMIT:
            return False
        return len(leaf.queue) + leaf.held_runs < HELD_RUNS_LIMIT + beyond

    def assign(self, leaf: LeafProcess, run: RunLeaves) -> None:
        """Give it a run."""
        leaf.queue.append(run)
        leaf.folds.add(run.fold_id)
        self._outbox.tell(leaf.process_id, run)

    def note_piece(self, leaf: LeafProcess, piece: PieceDone) -> bool:
        """It has finished a piece. False: it was never asked for it."""
        for run in leaf.queue:
            if run.fold_id == piece.fold_id and run.run_id == piece.run_id:
                break
        else:
            return False
        if piece.hi >= run.hi or piece.outcome in ("raised", "touched"):
            leaf.queue.remove(run)
        if piece.outcome == "held":
            key = (piece.fold_id, piece.lo, piece.hi)
            for other in self.leaves.values():
                other.held.pop(key, None)  # its home gave that one up, perhaps because the process hangs
            leaf.held[key] = piece.run_id
        return True

    def holder(self, fold_id: str, lo: int, hi: int) -> LeafProcess | None:
        """The process with these terms in its memory."""
        for leaf in self.leaves.values():
            if (fold_id, lo, hi) in leaf.held:
                return leaf
        return None

    def drop_fold(self, fold_id: str) -> None:
        """The fold is over: those busy with it are killed, the others forget it."""
        for leaf in list(self.leaves.values()):
            if any(run.fold_id == fold_id for run in leaf.queue):
                self.remove(leaf.process_id)
            elif fold_id in leaf.folds:
                leaf.folds.discard(fold_id)
                leaf.held = {key: run_id for key, run_id in leaf.held.items() if key[0] != fold_id}
                self._outbox.tell(leaf.process_id, DropFold(fold_id))

    def drop_attempt(self, attempt_id: str) -> None:
        """The attempt is over: its processes are killed."""
        for leaf in self.of(attempt_id):
            self.remove(leaf.process_id)

    def remove(self, process_id: str) -> None:
        """Kill a leaf process, or take away one that died."""
        leaf = self.leaves.pop(process_id)
        self._processes.kill(process_id)
        for gone in self.gone:
            gone(leaf)
