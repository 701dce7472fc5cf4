"""Takes runs of other workers' parallel loops where slots of this one would be idle."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from zlib import crc32

from pyfora.cluster.events import DropPeer, JoinPeer
from pyfora.cluster.figures import WorkerFigures
from pyfora.cluster.outbox import Outbox
from pyfora.cluster.parcels import Parcels
from pyfora.cluster.slots import LeafProcess, LeafSlots
from pyfora.limits import BEAT_PERIOD_S, OFFERS_LIMIT, SILENCE_LIMIT_S, STARVED_AFTER_S
from pyfora.wire.messages import (
    Beat,
    DropFold,
    FoldTerms,
    Message,
    PieceDone,
    RunGranted,
    RunLeaves,
    RunLost,
    StealRuns,
    TermsFolded,
    WorkOffered,
)

PAUSE_S = 1.0
"""How long an offer rests after its home sent us away or could not be reached."""
REFUSALS_LIMIT = 3
"""An offer whose home sent us away so often, and never gave anything between, is forgotten."""
UNREACHABLE_S = 10.0
PART_AFTER_S = 2.0
"""A home from which nothing is stolen any more is left after this time."""


@dataclass
class Offer:
    """A loop of another worker."""

    fold_id: str
    home_id: str
    lease: int = 0
    """Slots of this worker that are set aside for it."""
    told: int = 0
    """Runs at a time that its home was last told we take; -1: tell anew."""
    environment: str = ""
    """Name of its environment parcel, once it is here."""
    fetching: str = ""
    queue: deque[RunGranted] = field(default_factory=deque)
    """Granted, and not yet with a leaf process."""
    fed_at: float = 0.0
    not_before: float = 0.0
    refusals: int = 0
    starved: int = 0

    @property
    def attempt_id(self) -> str:
        return self.fold_id.rpartition(".")[0]

    @property
    def block(self) -> str:
        """The id of the program whose loop it is."""
        return self.fold_id.partition(".")[0]


@dataclass
class HomePeer:
    """A worker from which we steal, or could."""

    worker_id: str
    host: str
    base_port: int
    wanted_at: float | None = None
    """Since when we want to be connected."""
    joined: bool = False
    heard_at: float = 0.0
    used_at: float = 0.0


class Thief:
    """Leases idle slots to offered loops, turn by turn, and passes runs and pieces between homes and leaf processes."""

    def __init__(
        self,
        worker_id: str,
        address: tuple[str, int],
        outbox: Outbox,
        parcels: Parcels,
        slots: LeafSlots,
        figures: WorkerFigures,
    ) -> None:
        """`address`: host and base port, where homes can fetch what this worker made."""
        self.offers: dict[str, Offer] = {}
        self.homes: dict[str, HomePeer] = {}
        self._worker_id = worker_id
        self._address = address
        self._outbox = outbox
        self._parcels = parcels
        self._slots = slots
        self._figures = figures
        self._beat_at = 0.0
        self._dropping = ""
        """The loop that is just being dropped: its home need not hear what becomes of its runs."""

    # ---- from the manager ----------------------------------------------------------------------------

    def offered(self, offer: WorkOffered, now: float) -> None:
        """Another worker has runs to steal."""
        if offer.home_id == self._worker_id or offer.fold_id in self.offers or len(self.offers) >= OFFERS_LIMIT:
            return
        self.offers[offer.fold_id] = Offer(offer.fold_id, offer.home_id)
        if offer.home_id not in self.homes:
            self.homes[offer.home_id] = HomePeer(offer.home_id, offer.host, offer.base_port, used_at=now)

    def closed(self, fold_id: str, now: float) -> None:
        """The loop is over."""
        offer = self.offers.get(fold_id)
        if offer is not None:
            self._leave(offer, now)
            self._remove(offer)

    # ---- from a home ---------------------------------------------------------------------------------

    def home_joined(self, home_id: str, now: float) -> None:
        """The connection to this home stands."""
        home = self.homes.get(home_id)
        if home is None or home.wanted_at is None:
            self._outbox.emit(DropPeer(home_id, "home", "nothing is to be stolen there any more"))
            return
        home.joined, home.heard_at = True, now

    def home_left(self, home_id: str, now: float) -> None:
        """The connection to this home broke, or could not be made."""
        home = self.homes.get(home_id)
        if home is not None:
            home.joined = False

    def home_heard(self, home_id: str, now: float) -> None:
        """Something came from this home: it is alive."""
        if home_id in self.homes:
            self.homes[home_id].heard_at = now

    def home_said(self, home_id: str, message: Message, now: float) -> None:
        """A message from a home."""
        fold_id = getattr(message, "fold_id", "")
        offer = self.offers.get(fold_id)
        if offer is None or offer.home_id != home_id:
            if isinstance(message, RunGranted):
                self._outbox.send(home_id, "home", RunLost(fold_id, message.run_id, False), now)
                self._outbox.send(home_id, "home", self._steal(fold_id, 0), now)
            return
        if isinstance(message, RunGranted):
            self._granted(offer, message, now)
        elif isinstance(message, FoldTerms):
            holder = self._slots.holder(fold_id, message.lo, message.hi)
            if holder is not None:
                if not message.payload:
                    del holder.held[fold_id, message.lo, message.hi]
                self._outbox.tell(holder.process_id, message)
        elif isinstance(message, DropFold):
            self._drop(offer, now)
            offer.refusals += 1
            if offer.refusals >= REFUSALS_LIMIT:
                self._remove(offer)

    def give_up(self, home_id: str, now: float) -> None:
        """Nothing can be stolen from this home any more."""
        for offer in [offer for offer in self.offers.values() if offer.home_id == home_id]:
            offer.told = 0
            self._drop(offer, now)
            self._remove(offer)

    # ---- from own leaf processes -----------------------------------------------------------------------

    def local_piece(self, leaf: LeafProcess, piece: PieceDone, now: float) -> None:
        """A leaf process has finished a piece of a stolen run."""
        offer = self.offers[piece.fold_id]
        if piece.outcome in ("partial", "held"):
            self._figures.piece(piece.hi - piece.lo, piece.gave_up, piece.elapsed_s, stolen=True)
        at = {"block": offer.block, "fold": offer.fold_id, "run": piece.run_id, "lo": piece.lo, "hi": piece.hi}
        done = {"outcome": piece.outcome, "gave_up": piece.gave_up, "process": leaf.process_id, "home": offer.home_id}
        self._outbox.log("debug", "stolen leaves are done", **at, **done)
        if piece.parcel_id:
            self._parcels.keep(piece.parcel_id)
            self._parcels.release(piece.parcel_id, now)
        self._outbox.send(offer.home_id, "home", piece, now)

    def local_terms(self, leaf: LeafProcess, folded: TermsFolded, now: float) -> None:
        """A leaf process has added its terms."""
        if leaf.held.pop((folded.fold_id, folded.lo, folded.hi), None) is None:
            return  # another process has run these leaves since
        self._outbox.send(self.offers[folded.fold_id].home_id, "home", folded, now)

    def local_death(self, leaf: LeafProcess) -> None:
        """A leaf process died; it was running the first run of its queue."""
        if leaf.queue and leaf.queue[0].fold_id in self.offers:
            self._lost(leaf.queue[0].fold_id, leaf.queue.pop(0).run_id, died=True)

    def leaf_gone(self, leaf: LeafProcess) -> None:
        """A leaf process is no more: its homes give its runs to others."""
        runs = {(run.fold_id, run.run_id) for run in leaf.queue}
        runs |= {(key[0], run_id) for key, run_id in leaf.held.items()}
        for fold_id, run_id in sorted(runs):
            if fold_id in self.offers and fold_id != self._dropping:
                self._lost(fold_id, run_id, died=False)

    def has_runs(self) -> bool:
        """Whether anything stolen is still here."""
        return any(offer.queue or self._has_runs(offer) for offer in self.offers.values())

    def let_go(self) -> None:
        """Hand back all that was stolen, also what is running."""
        for offer in self.offers.values():
            self._give_back(offer)
            for leaf in [leaf for leaf in self._slots.of(offer.attempt_id) if leaf.has_fold(offer.fold_id)]:
                self._slots.remove(leaf.process_id)

    # ---- deciding --------------------------------------------------------------------------------------

    def lease(self, capacity: int, now: float) -> dict[str, int]:
        """Set aside up to `capacity` slots for offers; returns how many processes each attempt is to have."""
        leased = sum(offer.lease for offer in self.offers.values())
        if leased > capacity:
            for offer in reversed(self.offers.values()):
                cut = min(offer.lease, leased - capacity)
                offer.lease -= cut
                leased -= cut
        elif leased < capacity and self.offers:
            fit = [
                offer for offer in self.offers.values() if offer.not_before <= now and offer.refusals < REFUSALS_LIMIT
            ]
            while leased < capacity and fit:
                best = min(fit, key=self._rank)
                if not best.lease:
                    best.fed_at = now
                best.lease += 1
                leased += 1
        for offer in list(self.offers.values()):
            self._settle(offer, now)
        targets: dict[str, int] = {}
        for offer in self.offers.values():
            if offer.lease and (offer.queue or self._has_runs(offer)):
                targets[offer.attempt_id] = targets.get(offer.attempt_id, 0) + offer.lease
        return targets

    def deal(self, now: float) -> None:
        """Give granted runs to leaf processes."""
        for offer in self.offers.values():
            if not offer.queue or not offer.environment:
                continue
            leaves = [leaf for leaf in self._slots.of(offer.attempt_id) if not leaf.draining]
            while offer.queue and leaves:
                leaf = min(leaves, key=lambda leaf: len(leaf.queue) + leaf.held_runs)
                beyond = len(leaves) >= offer.lease and all(leaf.held_runs >= 2 for leaf in leaves)
                if not self._slots.has_room(leaf, beyond=beyond):
                    break
                run = offer.queue.popleft()
                order = RunLeaves(offer.fold_id, run.run_id, run.lo, run.hi, offer.environment)
                self._slots.assign(leaf, order)

    def sweep(self, now: float) -> None:
        """Turn from what gives nothing, leave homes that are silent or not needed, beat."""
        for offer in self.offers.values():
            idle = offer.lease and not offer.queue and not self._has_runs(offer)
            if idle and now - offer.fed_at > STARVED_AFTER_S and self._others(offer, now):
                offer.lease = 0
                offer.starved += 1
                offer.not_before = now + STARVED_AFTER_S * min(offer.starved, 100)
        for home in list(self.homes.values()):
            self._review(home, now)
        if now - self._beat_at >= BEAT_PERIOD_S:
            self._beat_at = now
            for home in self.homes.values():
                if home.joined:
                    self._outbox.send_aside(home.worker_id, "home", Beat(self._worker_id, self._slots.idle_slots()))

    # ---- inside ----------------------------------------------------------------------------------------

    def _rank(self, offer: Offer) -> tuple[int, int, int]:
        return offer.starved, offer.lease, crc32(f"{self._worker_id} {offer.fold_id}".encode())

    def _others(self, offer: Offer, now: float) -> bool:
        return any(o is not offer and not o.lease and o.not_before <= now for o in self.offers.values())

    def _has_runs(self, offer: Offer) -> bool:
        return any(leaf.has_fold(offer.fold_id) for leaf in self._slots.of(offer.attempt_id))

    def _steal(self, fold_id: str, slots: int) -> StealRuns:
        return StealRuns(fold_id, slots, *self._address)

    def _settle(self, offer: Offer, now: float) -> None:
        """Tell the home how many runs we take, where that has changed; give back what no slot is left for."""
        wanted = offer.lease * 2
        home = self.homes[offer.home_id]
        if wanted:
            home.used_at = now
            if home.wanted_at is None:
                home.wanted_at = home.heard_at = now
                self._outbox.emit(JoinPeer(home.worker_id, home.host, home.base_port))
        if offer.told != wanted and (home.joined or offer.told):
            offer.told = wanted
            self._outbox.send(offer.home_id, "home", self._steal(offer.fold_id, wanted), now)
        if not offer.lease:
            self._give_back(offer)

    def _give_back(self, offer: Offer) -> None:
        while offer.queue:
            self._lost(offer.fold_id, offer.queue.popleft().run_id, died=False)

    def _lost(self, fold_id: str, run_id: int, *, died: bool) -> None:
        self._outbox.send(self.offers[fold_id].home_id, "home", RunLost(fold_id, run_id, died), self._outbox.now)

    def _granted(self, offer: Offer, run: RunGranted, now: float) -> None:
        offer.fed_at = now
        self._figures.steals += 1
        offer.refusals = offer.starved = 0
        offer.queue.append(run)
        if offer.told == 0:
            offer.told = -1
        if offer.environment or offer.fetching:
            return
        self._outbox.log("info", "stealing from a loop", block=offer.block, fold=offer.fold_id, home=offer.home_id)
        home = self.homes[offer.home_id]
        offer.fetching = run.environment_id

        def done(missed: str | None, then: float) -> None:
            if self.offers.get(offer.fold_id) is not offer or not offer.fetching:
                if missed is None:
                    self._parcels.release(run.environment_id, then)
                return
            offer.fetching = ""
            if missed is None:
                offer.environment = run.environment_id
            else:
                self._outbox.log("warn", "the environment of a loop could not be fetched", reason=missed)
                offer.lease, offer.not_before = 0, then + PAUSE_S
                self._give_back(offer)

        self._parcels.fetch(run.environment_id, run.environment_bytes, home.host, home.base_port, done)

    def _leave(self, offer: Offer, now: float) -> None:
        """Let go of a loop that is over, or whose home believes so."""
        if offer.told:
            self._outbox.send(offer.home_id, "home", self._steal(offer.fold_id, 0), now)
        self._drop(offer, now)

    def _drop(self, offer: Offer, now: float) -> None:
        offer.queue.clear()
        offer.lease = offer.told = 0
        offer.not_before = now + PAUSE_S
        offer.fetching = ""
        self._dropping = offer.fold_id
        self._slots.drop_fold(offer.fold_id)
        self._dropping = ""
        if offer.environment:
            self._parcels.release(offer.environment, now)
            offer.environment = ""

    def _remove(self, offer: Offer) -> None:
        del self.offers[offer.fold_id]
        if not any(o.attempt_id == offer.attempt_id for o in self.offers.values()):
            self._slots.drop_attempt(offer.attempt_id)

    def _review(self, home: HomePeer, now: float) -> None:
        mine = [offer for offer in self.offers.values() if offer.home_id == home.worker_id]
        active = any(offer.lease or offer.queue or self._has_runs(offer) for offer in mine)
        if active:
            home.used_at = now
        if active and now - home.heard_at > SILENCE_LIMIT_S:
            self._outbox.log("warn", "a home is silent, its runs are dropped", home=home.worker_id)
            for offer in mine:
                offer.lease, offer.not_before = 0, now + PAUSE_S
                self._settle(offer, now)
                for leaf in [x for x in self._slots.of(offer.attempt_id) if x.has_fold(offer.fold_id)]:
                    self._slots.remove(leaf.process_id)
            if now - home.heard_at > UNREACHABLE_S:
                for offer in mine:
                    self._leave(offer, now)
                    self._remove(offer)
        elif home.wanted_at is not None and now - home.used_at > PART_AFTER_S and not self._unsaid(home):
            home.wanted_at, home.joined = None, False
            self._outbox.emit(DropPeer(home.worker_id, "home", "nothing is stolen from it now"))
        if not mine and home.wanted_at is None:
            del self.homes[home.worker_id]

    def _unsaid(self, home: HomePeer) -> bool:
        channel = self._outbox.channels.find(home.worker_id, "home")
        return home.joined and channel is not None and bool(channel.outgoing)
