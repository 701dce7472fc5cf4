"""The thinking half of a worker: events in, effects out."""

from __future__ import annotations

from typing import Any

from pyfora.cluster.events import (
    Effect,
    EndWorker,
    Event,
    Measured,
    ParcelArrived,
    ParcelMissed,
    PeerAcknowledged,
    PeerJoined,
    PeerLeft,
    PeerSaid,
    ProcessDied,
    ProcessSaid,
    ProcessStarted,
    StartAgain,
    StopDaemon,
    StopRequested,
)
from pyfora.cluster.figures import WorkerFigures
from pyfora.cluster.folds import Folds
from pyfora.cluster.home import Home
from pyfora.cluster.kernel_questions import KernelQuestions
from pyfora.cluster.leaving import Leaving
from pyfora.cluster.outbox import Outbox
from pyfora.cluster.parcels import Parcels
from pyfora.cluster.processes import Process, Processes
from pyfora.cluster.reports import Reports
from pyfora.cluster.shares import fair_shares
from pyfora.cluster.slots import LeafProcess, LeafSlots
from pyfora.cluster.thief import Thief
from pyfora.limits import BEAT_PERIOD_S, FIGURES_PERIOD_S, SILENCE_LIMIT_S
from pyfora.wire.messages import (
    Beat,
    CancelProgram,
    FoldClosed,
    KernelAnswered,
    KernelBuilt,
    KernelWanted,
    Message,
    PieceDone,
    Refused,
    RegisterWorker,
    ReleaseValues,
    RunProgram,
    TermsFolded,
    WorkerRegistered,
    WorkOffered,
)

SWEEP_PERIOD_S = 0.125
"""How often a worker looks at what depends on time alone."""
FROZEN_S = 1.0
"""A gap between two events longer than this: we ourselves stood still, and cannot blame others for their silence."""
SHARE_TURN_S = 1.0
"""How long programs that have to wait for a slot wait for their turn."""


class Worker:
    """Home of programs and thief of runs; driven by `handle`, wants a tick at `wake_at()`."""

    def __init__(
        self,
        worker_id: str,
        host: str,
        base_port: int,
        cores: int,
        pyfora_version: str,
        python_version: str,
        libm_fingerprint: str,
    ) -> None:
        self.worker_id = worker_id
        self.host = host
        self.base_port = base_port
        self.cores = cores
        self.versions = (pyfora_version, python_version, libm_fingerprint)
        self.manager_id = ""
        self.registered = False
        self.over = False
        """This core has asked to be stopped, or replaced; it does nothing more."""
        self.outbox = Outbox()
        self.processes = Processes(worker_id, cores + 2, self.outbox)
        self.parcels = Parcels(self.outbox)
        self.slots = LeafSlots(cores, self.processes, self.outbox)
        self.reports = Reports(self.outbox)
        self.figures = WorkerFigures()
        self.kernels = KernelQuestions(self.outbox, self.processes, self.figures)
        self.folds = Folds(worker_id, self.outbox, self.parcels, self.slots, self.figures)
        self.home = Home(worker_id, self.outbox, self.parcels, self.processes, self.slots, self.folds, self.reports)
        self.thief = Thief(worker_id, (host, base_port), self.outbox, self.parcels, self.slots, self.figures)
        self.leaving = Leaving(self.outbox, self.home, self.thief, self.reports)
        self.slots.gone += [self.folds.leaf_gone, self.thief.leaf_gone]
        self._spare = 2
        """Unbound processes to be had now."""
        self._sweep_at = 0.0
        self._beat_at = 0.0
        self._figures_at = 0.0
        self._now: float | None = None
        self._manager_heard_at = 0.0
        self._manager_silent = False

    # ---- the three of the contract ---------------------------------------------------------------------

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take in what happened at `now` (seconds, monotonic); returns what is to be done, in order."""
        if self.over:
            return []
        if self._now is not None and now - self._now > FROZEN_S:
            self._forgive(now - self._now, now)
        self._now = self.outbox.now = now
        self._happened(event, now)
        if self.over:
            return self.outbox.take()
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_PERIOD_S
            self._sweep(now)
            # A fork takes milliseconds of a core, which a small program that runs now, or one whose answer is on its
            # way, would miss: two processes are ready, and the second is replaced at leisure.
            self._spare = 1 if self.home.programs else 2
        self._dispatch(now)
        self._spare = 1
        self._give_up_broken(now)
        if not self.over and self.leaving.is_over(self.manager_id, now):
            self.over = True
            self.outbox.emit(EndWorker())
        return self.outbox.take()

    def wake_at(self) -> float | None:
        """When it wants a `Ticked` at the latest."""
        return None if self.over else self._sweep_at

    def snapshot(self) -> dict[str, Any]:
        """The state in words and numbers, for status pages and tests."""
        return {
            "worker_id": self.worker_id,
            "manager_id": self.manager_id,
            "registered": self.registered,
            "leaving": self.leaving.asked,
            "cores": self.cores,
            "idle_slots": self.slots.idle_slots(),
            "processes": len(self.processes.live),
            "programs": [
                {"program_id": p.order.program_id, "attempt": p.order.attempt, "driving": bool(p.driver)}
                for p in self.home.programs.values()
            ],
            "values": len(self.home.values),
            "folds": [
                {
                    "fold_id": f.fold_id,
                    "leaves": f.runs.leaves,
                    "settled": f.runs.settled.total,
                    "pending": f.runs.pending.total,
                    "runs": len(f.runs.runs),
                    "held": len(f.runs.held),
                    "thieves": sum(1 for t in self.folds.thieves.values() if f.fold_id in t.folds),
                }
                for f in self.folds.table.values()
            ],
            "stealing": [
                {"fold_id": o.fold_id, "home_id": o.home_id, "lease": o.lease, "waiting": len(o.queue)}
                for o in self.thief.offers.values()
            ],
        }

    @property
    def ready(self) -> bool:
        """Whether it belongs to a cluster whose manager speaks."""
        return self.registered and not self._manager_silent and not self.over

    def report(self) -> dict[str, float]:
        """What it counts of its work, by the names of `pyfora.cluster.figures`."""
        return self.figures.report(
            blocks=len(self.home.programs),
            loops=len(self.folds.table),
            pending_leaves=sum(fold.runs.pending.total for fold in self.folds.table.values()),
            queued_messages=self.outbox.channels.queued(),
            idle_slots=self.slots.idle_slots(),
            processes=len(self.processes.live),
            values=len(self.home.values),
            values_bytes=sum(self.home.values.values()),
        )

    # ---- events ----------------------------------------------------------------------------------------

    def _happened(self, event: Event, now: float) -> None:
        if isinstance(event, ProcessSaid):
            self._process_said(event.process_id, event.message, now)
        elif isinstance(event, PeerSaid):
            self._heard(event.peer_id, event.role, now)
            for message in self.outbox.received(event.peer_id, event.role, event.sequence, event.message):
                self._peer_said(event.peer_id, event.role, message, now)
        elif isinstance(event, PeerAcknowledged):
            self._heard(event.peer_id, event.role, now)
            handled = self.outbox.acknowledged(event.peer_id, event.role, event.sequence, now)
            if event.role == "manager" and event.peer_id == self.manager_id:
                self.reports.handled(handled)
        elif isinstance(event, ProcessStarted):
            self.processes.started(event.process_id)
        elif isinstance(event, ProcessDied):
            self._process_died(event.process_id, event.reason, now)
        elif isinstance(event, ParcelArrived):
            self.parcels.arrived(event.name, now)
        elif isinstance(event, ParcelMissed):
            self.parcels.missed(event.name, event.reason, now)
        elif isinstance(event, Measured):
            self.figures.measured = dict(event.figures)
        elif isinstance(event, PeerJoined):
            self._peer_joined(event.peer_id, event.role, now)
        elif isinstance(event, PeerLeft):
            self._peer_left(event.peer_id, event.role, now)
        elif isinstance(event, StopRequested):
            self.leaving.begin(self.manager_id, now)

    def _heard(self, peer_id: str, role: str, now: float) -> None:
        if role == "thief":
            self.folds.thief_heard(peer_id, now)
        elif role == "home":
            self.thief.home_heard(peer_id, now)
        elif peer_id == self.manager_id:
            self._manager_heard_at = now
            if self._manager_silent:
                self._manager_silent = False
                self.outbox.log("info", "the manager speaks again")

    def _peer_joined(self, peer_id: str, role: str, now: float) -> None:
        if role != "manager":
            self.outbox.joined(peer_id, role, now)
            self._heard(peer_id, role, now)
            if role == "home":
                self.thief.home_joined(peer_id, now)
            return
        if peer_id != self.manager_id:
            if self.manager_id:
                self.outbox.channels.forget(self.manager_id, "manager")
            self.manager_id = peer_id
            self.registered = False
            self.reports.new_manager(peer_id)
        self.outbox.joined(peer_id, role, now)
        self._heard(peer_id, role, now)
        registration = RegisterWorker(
            self.worker_id,
            self.host,
            self.base_port,
            self.cores,
            *self.versions,
            [[p.order.program_id, p.order.attempt] for p in self.home.programs.values()],
            [[value_id, size] for value_id, size in self.home.values.items()],
        )
        self.outbox.send(peer_id, "manager", registration, now)
        self.leaving.tell(peer_id, now)

    def _peer_left(self, peer_id: str, role: str, now: float) -> None:
        self.outbox.left(peer_id, role)
        if role == "thief":
            self.folds.thief_left(peer_id, now)
        elif role == "home":
            self.thief.home_left(peer_id, now)

    def _peer_said(self, peer_id: str, role: str, message: Message, now: float) -> None:
        if role == "thief":
            self.folds.thief_said(peer_id, message, now)
        elif role == "home":
            self.thief.home_said(peer_id, message, now)
        elif peer_id == self.manager_id:
            self._manager_said(message, now)

    def _manager_said(self, message: Message, now: float) -> None:
        if isinstance(message, WorkOffered):
            self.thief.offered(message, now)
        elif isinstance(message, FoldClosed):
            self.thief.closed(message.fold_id, now)
        elif isinstance(message, RunProgram):
            self.home.run(message, now)
        elif isinstance(message, CancelProgram):
            self.home.cancel(message.program_id, now)
        elif isinstance(message, ReleaseValues):
            self.home.release(message.value_ids, now)
        elif isinstance(message, WorkerRegistered):
            self.registered = True
            self.kernels.alone = message.alone
        elif isinstance(message, KernelAnswered):
            self.kernels.answered(message)
        elif isinstance(message, Refused):
            self.over = True
            if message.start_again:
                self.outbox.emit(StartAgain(message.reason))
            else:
                self.outbox.emit(StopDaemon(message.reason))

    def _process_said(self, process_id: str, message: Message, now: float) -> None:
        process = self.processes.live.get(process_id)
        if process is None:
            return
        if process.role == "driver":
            self._driver_said(process, message, now)
            return
        leaf = self.slots.leaves.get(process_id)
        if leaf is None or not isinstance(message, (PieceDone, TermsFolded)):
            return
        part: Folds | Thief
        if message.fold_id in self.folds.table:
            part = self.folds
        elif message.fold_id in self.thief.offers:
            part = self.thief
        else:
            return
        if isinstance(message, TermsFolded):
            part.local_terms(leaf, message, now)
        elif self.slots.note_piece(leaf, message):
            part.local_piece(leaf, message, now)

    def _driver_said(self, process: Process, message: Message, now: float) -> None:
        if isinstance(message, KernelWanted):
            self.kernels.wanted(process.process_id, message, self.manager_id if self.ready else "")
        elif isinstance(message, KernelBuilt):
            self.kernels.built(process.process_id, message, self.manager_id)
        else:
            self.home.driver_said(process.serves, process.process_id, message, now)

    def _process_died(self, process_id: str, reason: str, now: float) -> None:
        process: Process | None = self.processes.live.get(process_id)
        leaf: LeafProcess | None = self.slots.leaves.get(process_id)
        if leaf is not None:
            block, _, _ = leaf.attempt_id.partition(".")
            self.outbox.log("warn", "a leaf process died", block=block, process=process_id, reason=reason)
            self.figures.died_processes += 1
            self.processes.died(process_id, now)
            self.folds.local_death(leaf)
            self.thief.local_death(leaf)
            self.slots.remove(process_id)
        elif process is not None:
            self.processes.died(process_id, now)
            self.figures.died_processes += 1
            if process.role == "driver":
                self.home.driver_died(process.serves, process_id, reason, now)

    # ---- time ------------------------------------------------------------------------------------------

    def _sweep(self, now: float) -> None:
        self.outbox.sweep(now)
        self.processes.sweep(now)
        self.parcels.sweep(now)
        self.folds.sweep(now)
        self.thief.sweep(now)
        self.leaving.sweep(now)
        self.home.report_progress(now)
        if self.manager_id and now - self._beat_at >= BEAT_PERIOD_S:
            self._beat_at = now
            running = [[p.order.program_id, p.order.attempt] for p in self.home.programs.values()]
            figures = {}
            if now - self._figures_at >= FIGURES_PERIOD_S:
                self._figures_at = now
                figures = self.report()
            beat = Beat(self.worker_id, self.slots.idle_slots(), running, figures)
            self.outbox.send_aside(self.manager_id, "manager", beat)
        if self.registered and not self._manager_silent and now - self._manager_heard_at > SILENCE_LIMIT_S:
            self._manager_silent = True
            self.outbox.log("warn", "the manager is silent; work goes on")

    def _forgive(self, gap_s: float, now: float) -> None:
        """We stood still for a while: nobody was silent in that time, as far as we know."""
        self._manager_heard_at += gap_s
        for thief in self.folds.thieves.values():
            thief.heard_at += gap_s
        for home in self.thief.homes.values():
            home.heard_at += gap_s

    def _dispatch(self, now: float) -> None:
        """Give every process something to do."""
        missing = self.home.drive(now)
        demands: dict[str, int] = {}
        for fold in self.folds.table.values():
            demands[fold.attempt_id] = demands.get(fold.attempt_id, 0) + fold.runs.wanting()
        for attempt_id in demands:
            demands[attempt_id] += sum(1 for leaf in self.slots.of(attempt_id) if leaf.busy)
        targets = fair_shares(demands, self.cores, int(now / SHARE_TURN_S))
        to_lease = 0 if self.leaving.asked else self.cores - sum(targets.values())
        for attempt_id, target in self.thief.lease(to_lease, now).items():
            targets[attempt_id] = targets.get(attempt_id, 0) + target
        left = self.cores - sum(targets.values())
        for attempt_id in demands:
            kept = min(left, len(self.slots.of(attempt_id)) - targets.get(attempt_id, 0))
            if kept > 0:
                targets[attempt_id] = targets.get(attempt_id, 0) + kept
                left -= kept
        missing += self.slots.allot(targets)
        self.folds.consume(now)
        self.thief.deal(now)
        self.processes.keep_spare(self._spare + missing, now)
        self.reports.folds(list(self.folds.table), self.folds.worth_offering(now), now)
        self.reports.flush(now)

    def _give_up_broken(self, now: float) -> None:
        """Peers whose channel cannot go on; with the manager's, this worker begins anew."""
        for peer_id, role, reason in self.outbox.broken:
            self.outbox.channels.forget(peer_id, role)
            if role == "manager":
                self.over = True
                self.outbox.emit(StartAgain(f"the channel to the manager is broken: {reason}"))
            elif role == "thief":
                self.folds.give_up(peer_id, reason, now)
            else:
                self.thief.give_up(peer_id, now)
        self.outbox.broken.clear()
