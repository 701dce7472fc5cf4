"""The books of one parallel loop at its home: which leaves are pending, issued, settled or moot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pyfora.cluster.intervals import Intervals
from pyfora.limits import ATTEMPTS_LIMIT, HELD_RUNS_LIMIT, RUN_LEAVES_LIMIT, RUN_LONGEST_S, RUN_SHORTEST_S, RUN_TARGET_S

FIRST_RUN_SHARE = 0.125
"""A consumer's first run is this much of a usual one: its speed is not known yet."""
LONG_RUN_SHARE = 0.125
"""A run is longer than a usual one where it is still no more than this part of what is left for its slot, of two."""
RUN_AHEAD_LIMIT_S = 0.5
"""Nothing waits behind a run that takes longer than this: somebody idle may come for it."""
OVERDUE_S = 2.0
OVERDUE_FACTOR = 4.0
"""A run is overdue after the longer of OVERDUE_S and OVERDUE_FACTOR times what was expected."""

Verdict = Literal["news", "late", "broken"]


@dataclass
class Run:
    """Leaves [lo, hi) given to a consumer; those below `next` are answered."""

    run_id: int
    lo: int
    hi: int
    consumer: str
    issued_at: float
    expected_s: float
    next: int
    moved_at: float


@dataclass
class Consumer:
    """A leaf process of this worker, or a thief with several."""

    name: str
    slots: int
    """Runs it takes at a time: two for each of its processes, one running and one ahead."""
    runs: dict[int, Run] = field(default_factory=dict)
    held: dict[int, int] = field(default_factory=dict)
    """Run id -> pieces of it whose terms wait at this consumer."""
    most_slots: int = 0
    """The most that it ever took: after it took fewer, it may hold more than it would be given now."""
    served: int = 0
    moved_at: float = 0.0

    @property
    def processes(self) -> int:
        return (self.slots + 1) // 2


@dataclass
class HeldPiece:
    """Terms of [lo, hi) that wait in a consumer's memory for the accumulator."""

    lo: int
    hi: int
    consumer: str
    run_id: int
    folding: bool = False
    """The accumulator is on its way to the holder, or back."""
    folding_since: float = 0.0


@dataclass
class Losses:
    """What the driver has to be told after a consumer or a run was lost."""

    held: list[tuple[int, int]] = field(default_factory=list)
    raised: tuple[int, int] | None = None
    """Leaves that killed process after process: the driver runs them itself, in order."""


class FoldRuns:
    """Hands out leaves [0, leaves), lowest first, and takes the pieces back; the first answer for a leaf counts."""

    def __init__(self, leaves: int, leaf_s: float, holds_terms: bool) -> None:
        self.leaves = leaves
        self.leaf_s = max(leaf_s, 1e-9)
        self.holds_terms = holds_terms
        self.pending = Intervals((0, leaves))
        self.settled = Intervals()
        self.runs: dict[int, Run] = {}
        self.consumers: dict[str, Consumer] = {}
        self.held: dict[tuple[int, int], HeldPiece] = {}
        self.moot_from = leaves
        self.chain_at = 0
        """Where the accumulator stands: all leaves below are folded (where terms are held)."""
        self._hungry: dict[str, None] = {}
        self._folded: dict[int, int] = {}
        self._deaths: dict[int, int] = {}
        self._next_run_id = 1
        self.slots = 0
        """Of all consumers together."""
        self._measured = False
        self._overdue_count = 0

    # ---- consumers -----------------------------------------------------------------------------------

    def set_consumer(self, name: str, slots: int, now: float) -> None:
        """This consumer takes up to `slots` runs at a time from now on; 0: none, but it keeps what it has."""
        consumer = self.consumers.get(name)
        if consumer is None:
            if slots == 0:
                return
            consumer = self.consumers[name] = Consumer(name, 0, moved_at=now)
        self.slots += slots - consumer.slots
        consumer.slots = slots
        consumer.most_slots = max(slots, consumer.most_slots)
        self._refresh(consumer)
        if slots == 0 and not consumer.runs and not consumer.held:
            del self.consumers[name]

    def drop_consumer(self, name: str) -> Losses:
        """The consumer is gone, with its runs and the terms that it held: their leaves are pending again."""
        consumer = self.consumers.pop(name, None)
        losses = Losses()
        if consumer is None:
            return losses
        self.slots -= consumer.slots
        self._hungry.pop(name, None)
        lost = list(consumer.runs.values())
        for run in lost:
            self._end_run(run, consumer)
        # Not before all are ended: each looks at every run that is left.
        for run in lost:
            self._reclaim(run.next, run.hi)
        self._lose_held(name, None, losses)
        return losses

    def lose_run(self, name: str, run_id: int, *, died: bool) -> Losses:
        """The process that had this run, or held terms of it, is gone; `died`: while it was running it."""
        losses = Losses()
        consumer = self.consumers.get(name)
        if consumer is None:
            return losses
        run = consumer.runs.get(run_id)
        if run is not None:
            self._end_run(run, consumer)
            if died:
                losses.raised = self._count_death(run)
            self._reclaim(run.next, run.hi)
        self._lose_held(name, run_id, losses)
        self._refresh(consumer)
        return losses

    # ---- giving --------------------------------------------------------------------------------------

    def feed(self, now: float) -> list[Run]:
        """Give pending leaves to consumers that have room."""
        issued: list[Run] = []
        while self.pending:
            lo, hi = self.pending.first()
            consumer = self._hungriest() or (self._for_head() if lo == self.chain_at else None)
            if consumer is None:
                break
            hi = min(hi, lo + self._length(consumer, now))
            for death in self._deaths:
                if lo < death < hi:
                    hi = death
            self.pending.remove(lo, hi)
            issued.append(self._issue(consumer, lo, hi, now))
        return issued

    def copies(self, now: float) -> list[Run]:
        """Give leaves that are overdue elsewhere to idle consumers, too; whichever answers first counts."""
        issued: list[Run] = []
        overdue = [run for run in self.runs.values() if run.next < self.moot_from and self._overdue(run, now)]
        self._overdue_count = len(overdue)
        for run in sorted(overdue, key=lambda r: r.next):
            is_head = self.holds_terms and run.next <= self.chain_at < run.hi
            if (self.pending and not is_head) or self.settled.touches(run.next, run.hi):
                continue
            if any(r is not run and r.next < run.hi and run.next < r.hi for r in self.runs.values()):
                continue
            idle = [c for c in map(self.consumers.__getitem__, self._hungry) if c.name != run.consumer and not c.runs]
            if not idle and not is_head:
                break
            consumer = idle[0] if idle else (self._for_head(but=run.consumer) if is_head else None)
            if consumer is not None:
                issued.append(self._issue(consumer, run.next, run.hi, now))
        return issued

    def wanting(self) -> int:
        """How many more processes could be given something: pending leaves, and runs that were overdue of late."""
        return self.pending.total + self._overdue_count

    # ---- taking --------------------------------------------------------------------------------------

    def accept(
        self, name: str, run_id: int, lo: int, hi: int, outcome: str, elapsed_s: float, now: float, arriving: bool
    ) -> Verdict:
        """A piece came: "news" for the driver, "late" (drop it, and its terms) or "broken" (its sender is confused).

        `arriving`: its bytes are still to be fetched; `arrived` or `unsettle` follows.
        """
        consumer = self.consumers.get(name)
        run = consumer.runs.get(run_id) if consumer else None
        if consumer is None or run is None:
            return "late"
        if lo != run.next or not lo < hi <= run.hi or (outcome == "held" and not self.holds_terms):
            self._end_run(run, consumer)
            self._reclaim(run.next, run.hi)
            self._refresh(consumer)
            return "broken"
        run.next = hi
        run.moved_at = consumer.moved_at = now
        stopped = outcome in ("raised", "touched")
        if stopped or hi == run.hi:
            self._end_run(run, consumer)
        if outcome in ("partial", "held"):
            self._measure(elapsed_s / (hi - lo))
        if self.settled.touches(lo, hi) or lo >= self.moot_from:
            self._reclaim(lo, run.hi if stopped else hi)
            self._refresh(consumer)
            return "late"
        self.settled.add(lo, hi)
        if outcome == "touched":
            self._make_moot(0)
        elif outcome == "raised":
            self._make_moot(lo)
        elif outcome == "held":
            self.held[lo, hi] = HeldPiece(lo, hi, name, run_id)
            consumer.held[run_id] = consumer.held.get(run_id, 0) + 1
        elif not arriving:
            self._fold(lo, hi)
        self._refresh(consumer)
        return "news"

    def arrived(self, lo: int, hi: int) -> None:
        """The bytes of an accepted piece are here."""
        self._fold(lo, hi)

    def unsettle(self, lo: int, hi: int) -> None:
        """An accepted piece cannot be had after all: its leaves are pending again."""
        self.settled.remove(lo, hi)
        self._reclaim(lo, hi)

    def fold_terms(self, lo: int, hi: int, now: float) -> str | None:
        """The accumulator goes to whoever holds [lo, hi): its name, or None where it is lost or already under way."""
        piece = self.held.get((lo, hi))
        if piece is None or piece.folding:
            return None
        piece.folding = True
        piece.folding_since = now
        return piece.consumer

    def terms_folded(self, name: str, lo: int, hi: int) -> bool:
        """The holder has added its terms; False where it was not asked, or is no longer the holder."""
        piece = self.held.get((lo, hi))
        if piece is None or not piece.folding or piece.consumer != name:
            return False
        self._release(piece)
        self._fold(lo, hi)
        self._refresh(self.consumers[name])
        return True

    def stuck(self, now: float) -> tuple[list[HeldPiece], list[str]]:
        """What hangs: held pieces whose holder does not add them, and consumers whose overdue run nobody needs."""
        pieces = []
        for piece in self.held.values():
            runs = self.consumers[piece.consumer].runs.values()
            expected_s = max((run.expected_s for run in runs), default=0.0)
            if piece.folding and now - piece.folding_since > max(OVERDUE_S, OVERDUE_FACTOR * expected_s):
                pieces.append(piece)
        idle_talk = [
            run.consumer
            for run in self.runs.values()
            if self._overdue(run, now) and self.settled.covers(run.next, min(run.hi, self.moot_from))
        ]
        return pieces, idle_talk

    def lose_piece(self, piece: HeldPiece) -> None:
        """The terms of this piece will not be had from its holder."""
        consumer = self.consumers[piece.consumer]
        self._release(piece)
        self.unsettle(piece.lo, piece.hi)
        self._refresh(consumer)

    # ---- inside --------------------------------------------------------------------------------------

    def _room(self, consumer: Consumer) -> bool:
        outstanding = len(consumer.runs)
        capacity = consumer.slots
        if self.leaf_s > RUN_AHEAD_LIMIT_S:
            capacity = consumer.processes
        if outstanding >= capacity:
            return False
        if not self.holds_terms:
            return True
        return self._load(consumer) < HELD_RUNS_LIMIT * consumer.processes

    def _load(self, consumer: Consumer) -> int:
        """Runs that it has, or holds terms of."""
        return len(consumer.runs) + sum(1 for run_id in consumer.held if run_id not in consumer.runs)

    def _refresh(self, consumer: Consumer) -> None:
        """Note whether the consumer has room, after anything about it has changed."""
        if self._room(consumer):
            self._hungry[consumer.name] = None
        else:
            self._hungry.pop(consumer.name, None)

    def _hungriest(self) -> Consumer | None:
        while self._hungry:
            best = min((self.consumers[name] for name in self._hungry), key=lambda c: len(c.runs) / c.slots)
            if self._room(best):
                return best
            del self._hungry[best.name]  # the leaves turned out to be longer than was thought
        return None

    def _for_head(self, but: str = "") -> Consumer | None:
        """A full consumer that may still have the run at the head of the chain, for which it always has room."""
        if not self.holds_terms:
            return None
        fit = [
            c
            for c in self.consumers.values()
            if c.name != but and len(c.runs) < c.slots and self._load(c) <= HELD_RUNS_LIMIT * c.processes
        ]
        return min(fit, key=lambda c: len(c.runs) / c.slots, default=None)

    def _length(self, consumer: Consumer, now: float) -> int:
        balanced = -(-self.pending.total // max(1, self.slots))
        if consumer.served:
            target_s = min(max(RUN_TARGET_S, balanced * self.leaf_s * LONG_RUN_SHARE), RUN_LONGEST_S)
        else:
            target_s = RUN_TARGET_S * FIRST_RUN_SHARE
        # Towards the end runs get shorter, so that all finish together, but never so short that handing them out and
        # back takes as long as running them.
        shortest = int(RUN_SHORTEST_S / self.leaf_s)
        return max(1, min(int(target_s / self.leaf_s), RUN_LEAVES_LIMIT, max(balanced, shortest)))

    def _issue(self, consumer: Consumer, lo: int, hi: int, now: float) -> Run:
        run = Run(self._next_run_id, lo, hi, consumer.name, now, (hi - lo) * self.leaf_s, lo, now)
        self._next_run_id += 1
        self.runs[run.run_id] = consumer.runs[run.run_id] = run
        consumer.served += 1
        self._refresh(consumer)
        return run

    def _overdue(self, run: Run, now: float) -> bool:
        moved_at = max(run.moved_at, self.consumers[run.consumer].moved_at)
        return now - moved_at > max(OVERDUE_S, OVERDUE_FACTOR * run.expected_s)

    def _end_run(self, run: Run, consumer: Consumer) -> None:
        self.runs.pop(run.run_id, None)
        consumer.runs.pop(run.run_id, None)

    def _measure(self, leaf_s: float) -> None:
        leaf_s = max(leaf_s, 1e-9)
        self.leaf_s = 0.7 * self.leaf_s + 0.3 * leaf_s if self._measured else leaf_s
        self._measured = True

    def _reclaim(self, lo: int, hi: int) -> None:
        """Make pending what of [lo, hi) is neither settled, nor moot, nor issued to somebody else as well."""
        free = Intervals((lo, min(hi, self.moot_from)))
        for settled in self.settled:
            if settled[0] < hi and lo < settled[1]:
                free.remove(*settled)
        for run in self.runs.values():
            free.remove(run.next, run.hi)
        for gap in free:
            self.pending.add(*gap)

    def _make_moot(self, leaf: int) -> None:
        self.moot_from = min(self.moot_from, leaf)
        self.pending.remove(self.moot_from, self.leaves)

    def _count_death(self, run: Run) -> tuple[int, int] | None:
        count = self._deaths[run.next] = self._deaths.get(run.next, 0) + 1
        if count < ATTEMPTS_LIMIT or run.next >= self.moot_from or self.settled.touches(run.next, run.hi):
            return None
        self.settled.add(run.next, run.hi)
        self._make_moot(run.next)
        return run.next, run.hi

    def _lose_held(self, name: str, run_id: int | None, losses: Losses) -> None:
        for piece in [p for p in self.held.values() if p.consumer == name and run_id in (None, p.run_id)]:
            self._release(piece)
            losses.held.append((piece.lo, piece.hi))
            self.unsettle(piece.lo, piece.hi)

    def _release(self, piece: HeldPiece) -> None:
        del self.held[piece.lo, piece.hi]
        consumer = self.consumers.get(piece.consumer)
        if consumer is not None:
            consumer.held[piece.run_id] -= 1
            if not consumer.held[piece.run_id]:
                del consumer.held[piece.run_id]

    def _fold(self, lo: int, hi: int) -> None:
        if not self.holds_terms:
            return
        self._folded[lo] = hi
        while self.chain_at in self._folded:
            self.chain_at = self._folded.pop(self.chain_at)
