"""The parallel loops whose driver runs at this worker: their runs go to its own leaf processes, as to thieves."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyfora.cluster.figures import WorkerFigures
from pyfora.cluster.outbox import Outbox
from pyfora.cluster.parcels import Parcels
from pyfora.cluster.runs import RUN_AHEAD_LIMIT_S, FoldRuns, Losses, Run
from pyfora.cluster.slots import LeafProcess, LeafSlots
from pyfora.limits import BEAT_PERIOD_S, FOLDS_LIMIT, RUN_TARGET_S, SILENCE_LIMIT_S, THIEF_REJOIN_LIMIT_S
from pyfora.wire.messages import (
    Beat,
    DropFold,
    FoldOffered,
    FoldTerms,
    Message,
    PieceDone,
    PieceLost,
    RunGranted,
    RunLeaves,
    RunLost,
    StealRuns,
    TermsFolded,
)

OFFER_AFTER_S = 0.1
"""A loop that is expected to be over sooner than this is not offered to others before it has lasted so long."""


@dataclass
class Fold:
    """One open loop."""

    fold_id: str
    attempt_id: str
    driver: str
    offer: FoldOffered
    runs: FoldRuns
    opened_at: float
    parcels: list[str] = field(default_factory=list)
    arriving: dict[tuple[int, int], tuple[str, PieceDone]] = field(default_factory=dict)
    """Pieces of thieves whose bytes are being fetched: (lo, hi) -> (thief, piece)."""

    @property
    def block(self) -> str:
        """The id of the program whose loop it is."""
        return self.fold_id.partition(".")[0]


@dataclass
class Thief:
    """A worker that takes runs from here."""

    worker_id: str
    host: str
    base_port: int
    heard_at: float
    left_at: float | None = None
    folds: set[str] = field(default_factory=set)


class Folds:
    """All open loops of the programs at home here."""

    def __init__(
        self, worker_id: str, outbox: Outbox, parcels: Parcels, slots: LeafSlots, figures: WorkerFigures
    ) -> None:
        self.table: dict[str, Fold] = {}
        self.thieves: dict[str, Thief] = {}
        self._worker_id = worker_id
        self._outbox = outbox
        self._parcels = parcels
        self._slots = slots
        self._figures = figures
        self._beat_at = 0.0

    # ---- from the driver -----------------------------------------------------------------------------

    def open(self, attempt_id: str, driver: str, offer: FoldOffered, now: float) -> bool:
        """The driver offers a loop; False where it cannot be taken."""
        if offer.fold_id in self.table or len(self.table) >= FOLDS_LIMIT or offer.leaves < 1:
            return False
        runs = FoldRuns(offer.leaves, offer.leaf_s, offer.holds_terms)
        fold = Fold(offer.fold_id, attempt_id, driver, offer, runs, now, [offer.environment_id])
        self._parcels.keep(offer.environment_id)
        self.table[offer.fold_id] = fold
        if offer.compile_s > 0:
            self._figures.compile.note(offer.compile_s)
        block, _, _ = offer.fold_id.partition(".")
        self._outbox.log("debug", "a loop is open", block=block, fold=offer.fold_id, leaves=offer.leaves)
        return True

    def close(self, fold_id: str, now: float) -> Fold | None:
        """The loop is over: everybody forgets it."""
        fold = self.table.pop(fold_id, None)
        if fold is None:
            return None
        done = fold.runs.settled.total
        self._outbox.log("debug", "a loop is closed", block=fold.block, fold=fold_id, leaves_done=done)
        self._slots.drop_fold(fold_id)
        for thief in list(self.thieves.values()):
            if fold_id in thief.folds:
                self._outbox.send(thief.worker_id, "thief", DropFold(fold_id), now)
                self._part(thief, fold_id)
        for name in fold.parcels:
            self._parcels.release(name, now)
        return fold

    def terms_from_driver(self, terms: FoldTerms, now: float) -> None:
        """The accumulator is on its way to whoever holds the terms."""
        fold = self.table.get(terms.fold_id)
        holder = fold.runs.fold_terms(terms.lo, terms.hi, now) if fold else None
        if holder is not None:
            self._say(holder, terms, now)

    # ---- from own leaf processes -----------------------------------------------------------------------

    def local_piece(self, leaf: LeafProcess, piece: PieceDone, now: float) -> None:
        """A leaf process of this worker has finished a piece."""
        fold = self.table[piece.fold_id]
        if piece.parcel_id:
            self._parcels.keep(piece.parcel_id)
            fold.parcels.append(piece.parcel_id)
        verdict = fold.runs.accept(
            leaf.process_id, piece.run_id, piece.lo, piece.hi, piece.outcome, piece.elapsed_s, now, arriving=False
        )
        if verdict == "news":
            self._figures.piece(piece.hi - piece.lo, piece.gave_up, piece.elapsed_s, stolen=False)
            self._log_piece(fold, piece, process=leaf.process_id)
            self._outbox.tell(fold.driver, piece)
        elif piece.outcome == "held":
            self._discard(leaf.process_id, piece, now)

    def local_terms(self, leaf: LeafProcess, folded: TermsFolded, now: float) -> None:
        """A leaf process of this worker has added its terms."""
        leaf.held.pop((folded.fold_id, folded.lo, folded.hi), None)
        fold = self.table[folded.fold_id]
        if fold.runs.terms_folded(leaf.process_id, folded.lo, folded.hi):
            self._outbox.tell(fold.driver, folded)

    def local_death(self, leaf: LeafProcess) -> None:
        """A leaf process of this worker died; it was running the first run of its queue."""
        for run in leaf.queue[:1]:
            self._lose_run(run.fold_id, leaf.process_id, run.run_id, True)

    def leaf_gone(self, leaf: LeafProcess) -> None:
        """A leaf process of this worker is no more."""
        for fold in self.table.values():
            self._settle(fold, fold.runs.drop_consumer(leaf.process_id))

    # ---- from thieves ----------------------------------------------------------------------------------

    def thief_said(self, peer_id: str, message: Message, now: float) -> None:
        """A message from a thief."""
        thief = self.thieves.get(peer_id)
        if isinstance(message, StealRuns):
            self._steal(peer_id, message, now)
            return
        fold = self.table.get(getattr(message, "fold_id", ""))
        if fold is None or thief is None or fold.fold_id not in thief.folds:
            return
        if isinstance(message, PieceDone):
            self._stolen_piece(fold, thief, message, now)
        elif isinstance(message, TermsFolded):
            if fold.runs.terms_folded(peer_id, message.lo, message.hi):
                self._outbox.tell(fold.driver, message)
        elif isinstance(message, RunLost):
            self._lose_run(fold.fold_id, peer_id, message.run_id, message.died)

    def thief_heard(self, peer_id: str, now: float) -> None:
        """Something came from this thief: it is alive."""
        if peer_id in self.thieves:
            self.thieves[peer_id].heard_at = now
            self.thieves[peer_id].left_at = None

    def thief_left(self, peer_id: str, now: float) -> None:
        """The connection to this thief broke."""
        if peer_id in self.thieves:
            self.thieves[peer_id].left_at = now

    def give_up(self, peer_id: str, reason: str, now: float) -> None:
        """This thief is lost: what it had goes elsewhere. Should it live, it is told to drop what it has."""
        thief = self.thieves.pop(peer_id, None)
        if thief is None:
            return
        self._outbox.log("warn", "a thief is lost, its runs go elsewhere", thief=peer_id, reason=reason)
        for fold_id in sorted(thief.folds):
            fold = self.table[fold_id]
            self._outbox.send(peer_id, "thief", DropFold(fold_id), now)
            for (lo, hi), (sender, _) in list(fold.arriving.items()):
                if sender == peer_id:
                    del fold.arriving[lo, hi]
                    fold.runs.unsettle(lo, hi)
            self._settle(fold, fold.runs.drop_consumer(peer_id))

    # ---- giving ----------------------------------------------------------------------------------------

    def consume(self, now: float) -> None:
        """Let each program's leaf processes work for the oldest of its loops that still has something to give."""
        served: set[str] = set()
        for fold in self.table.values():
            open_to_all = fold.attempt_id not in served
            if open_to_all and fold.runs.wanting():
                served.add(fold.attempt_id)
            for leaf in self._slots.of(fold.attempt_id):
                mine = open_to_all and not leaf.draining and not self._is_long_busy(leaf, fold)
                fold.runs.set_consumer(leaf.process_id, 2 if mine else 0, now)
            for run in fold.runs.feed(now):
                self._deliver(fold, run, now)

    def _is_long_busy(self, leaf: LeafProcess, fold: Fold) -> bool:
        """Whether it is running something of another fold that takes long: nothing of this one waits behind that."""
        others = (self.table.get(run.fold_id, fold) for run in leaf.queue)
        return any(other is not fold and other.runs.leaf_s > RUN_AHEAD_LIMIT_S for other in others)

    def sweep(self, now: float) -> None:
        """Give up silent thieves, copy overdue runs, beat."""
        for thief in list(self.thieves.values()):
            if now - thief.heard_at > SILENCE_LIMIT_S:
                self.give_up(thief.worker_id, f"silent for {now - thief.heard_at:.1f} s", now)
            elif thief.left_at is not None and now - thief.left_at > THIEF_REJOIN_LIMIT_S:
                self.give_up(thief.worker_id, "its connection broke", now)
            else:
                self._part_where_done(thief)
        for fold in list(self.table.values()):
            for run in fold.runs.copies(now):
                self._outbox.log("info", "a run is overdue and is copied", fold=fold.fold_id, lo=run.lo, hi=run.hi)
                self._deliver(fold, run, now)
            self._free_from_stuck(fold, now)
        if now - self._beat_at >= BEAT_PERIOD_S:
            self._beat_at = now
            for worker_id in self.thieves:
                self._outbox.send_aside(worker_id, "thief", Beat(self._worker_id))

    def worth_offering(self, now: float) -> list[str]:
        """Loops that other workers should hear of."""
        return [
            fold.fold_id
            for fold in self.table.values()
            if fold.offer.leaves * fold.offer.leaf_s > max(OFFER_AFTER_S, 2 * RUN_TARGET_S)
            or now - fold.opened_at > OFFER_AFTER_S
        ]

    def at_work(self, attempt_id: str) -> int:
        """Thieves that have runs of this program now."""
        busy = set()
        for fold in self.table.values():
            if fold.attempt_id == attempt_id:
                for consumer in fold.runs.consumers.values():
                    if consumer.name in self.thieves and (consumer.runs or consumer.held):
                        busy.add(consumer.name)
        return len(busy)

    # ---- inside ----------------------------------------------------------------------------------------

    def _free_from_stuck(self, fold: Fold, now: float) -> None:
        """A leaf process here that hangs is killed; from one at a thief, only the piece is given up."""
        pieces, consumers = fold.runs.stuck(now)
        for piece in pieces:
            self._outbox.log("warn", "held terms are overdue", fold=fold.fold_id, lo=piece.lo, hi=piece.hi)
            if piece.consumer in self._slots.leaves:
                consumers.append(piece.consumer)
            elif fold.runs.held.get((piece.lo, piece.hi)) is piece:
                fold.runs.lose_piece(piece)
                self._outbox.tell(fold.driver, PieceLost(fold.fold_id, piece.lo, piece.hi))
        for process_id in consumers:
            if process_id in self._slots.leaves:
                self._outbox.log("warn", "a leaf process hangs and is killed", process=process_id)
                self._slots.remove(process_id)

    def _steal(self, peer_id: str, steal: StealRuns, now: float) -> None:
        fold = self.table.get(steal.fold_id)
        if fold is None:
            if steal.slots:
                self._outbox.send(peer_id, "thief", DropFold(steal.fold_id), now)
            return
        thief = self.thieves.get(peer_id)
        if thief is None:
            if not steal.slots:
                return
            thief = self.thieves[peer_id] = Thief(peer_id, steal.host, steal.base_port, now)
        if steal.slots and fold.fold_id not in thief.folds:
            self._outbox.log("info", "a worker takes runs", block=fold.block, fold=fold.fold_id, thief=peer_id)
        thief.folds.add(fold.fold_id)
        fold.runs.set_consumer(peer_id, max(0, steal.slots), now)

    def _stolen_piece(self, fold: Fold, thief: Thief, piece: PieceDone, now: float) -> None:
        verdict = fold.runs.accept(
            thief.worker_id,
            piece.run_id,
            piece.lo,
            piece.hi,
            piece.outcome,
            piece.elapsed_s,
            now,
            arriving=bool(piece.parcel_id),
        )
        if verdict != "news":
            if piece.outcome == "held":
                self._discard(thief.worker_id, piece, now)
            return
        self._figures.given_leaves += piece.hi - piece.lo
        self._log_piece(fold, piece, thief=thief.worker_id)
        if not piece.parcel_id:
            self._outbox.tell(fold.driver, piece)
            return
        fold.arriving[piece.lo, piece.hi] = (thief.worker_id, piece)

        def done(missed: str | None, then: float) -> None:
            self._piece_fetched(fold.fold_id, piece, missed, then)

        self._parcels.fetch(piece.parcel_id, piece.size_bytes, thief.host, thief.base_port, done)

    def _piece_fetched(self, fold_id: str, piece: PieceDone, missed: str | None, now: float) -> None:
        fold = self.table.get(fold_id)
        waiting = fold.arriving.get((piece.lo, piece.hi)) if fold else None
        if fold is None or waiting is None or waiting[1] is not piece:
            if missed is None:
                self._parcels.release(piece.parcel_id, now)
            return
        del fold.arriving[piece.lo, piece.hi]
        if missed is None:
            fold.parcels.append(piece.parcel_id)
            fold.runs.arrived(piece.lo, piece.hi)
            self._outbox.tell(fold.driver, piece)
        else:
            self._outbox.log("warn", "a thief's piece could not be fetched", fold=fold_id, reason=missed)
            fold.runs.unsettle(piece.lo, piece.hi)

    def _log_piece(self, fold: Fold, piece: PieceDone, **by: object) -> None:
        at = {"block": fold.block, "fold": fold.fold_id, "run": piece.run_id, "lo": piece.lo, "hi": piece.hi}
        self._outbox.log("debug", "leaves are done", **at, outcome=piece.outcome, gave_up=piece.gave_up, **by)

    def _lose_run(self, fold_id: str, consumer: str, run_id: int, died: bool) -> None:
        fold = self.table.get(fold_id)
        if fold is not None:
            self._settle(fold, fold.runs.lose_run(consumer, run_id, died=died))

    def _settle(self, fold: Fold, losses: Losses) -> None:
        for lo, hi in losses.held:
            self._outbox.tell(fold.driver, PieceLost(fold.fold_id, lo, hi))
        if losses.raised is not None:
            lo, hi = losses.raised
            self._outbox.log("warn", "leaves killed process after process; their driver runs them", lo=lo, hi=hi)
            self._outbox.tell(fold.driver, PieceDone(fold.fold_id, 0, lo, hi, "raised", 0.0, "", 0, b""))

    def _deliver(self, fold: Fold, run: Run, now: float) -> None:
        leaf = self._slots.leaves.get(run.consumer)
        environment_id = fold.offer.environment_id
        if leaf is not None:
            self._slots.assign(leaf, RunLeaves(fold.fold_id, run.run_id, run.lo, run.hi, environment_id))
            return
        granted = RunGranted(fold.fold_id, run.run_id, run.lo, run.hi, environment_id, fold.offer.environment_bytes)
        self._outbox.send(run.consumer, "thief", granted, now)

    def _discard(self, consumer: str, piece: PieceDone, now: float) -> None:
        leaf = self._slots.leaves.get(consumer)
        if leaf is not None:
            leaf.held.pop((piece.fold_id, piece.lo, piece.hi), None)
        self._say(consumer, FoldTerms(piece.fold_id, piece.lo, piece.hi, b""), now)

    def _say(self, consumer: str, message: Message, now: float) -> None:
        if consumer in self._slots.leaves:
            self._outbox.tell(consumer, message)
        else:
            self._outbox.send(consumer, "thief", message, now)

    def _part_where_done(self, thief: Thief) -> None:
        """A thief that wants nothing more of a fold, and has nothing of it, has no more to do with it."""
        for fold_id in sorted(thief.folds):
            runs = self.table[fold_id].runs
            consumer = runs.consumers.get(thief.worker_id)
            arriving = any(sender == thief.worker_id for sender, _ in self.table[fold_id].arriving.values())
            if (consumer is None or not (consumer.slots or consumer.runs or consumer.held)) and not arriving:
                runs.drop_consumer(thief.worker_id)
                self._part(thief, fold_id)

    def _part(self, thief: Thief, fold_id: str) -> None:
        thief.folds.discard(fold_id)
        if not thief.folds:
            del self.thieves[thief.worker_id]
