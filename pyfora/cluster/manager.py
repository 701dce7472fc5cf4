"""The thinking half of a manager: events in, effects out."""

from __future__ import annotations

from typing import Any

from pyfora.cluster.clients import Clients
from pyfora.cluster.events import (
    CancelAsked,
    ClientJoined,
    ClientLeft,
    ClientSaid,
    DropPeer,
    Effect,
    Event,
    JournalRead,
    KernelsRead,
    ParcelPushed,
    ParcelPushFailed,
    PeerAcknowledged,
    PeerJoined,
    PeerLeft,
    PeerSaid,
    TellClient,
    ValueWanted,
)
from pyfora.cluster.figures import ManagerFigures, accepted
from pyfora.cluster.jobs import Job, State
from pyfora.cluster.kernels import Kernels
from pyfora.cluster.lineage import Lineage
from pyfora.cluster.membership import Membership
from pyfora.cluster.offers import Offers
from pyfora.cluster.outbox import Outbox
from pyfora.cluster.parcels import Parcels
from pyfora.cluster.programs import Programs
from pyfora.limits import ADOPTION_GRACE_S
from pyfora.wire.messages import (
    AnswerTaken,
    Beat,
    CancelProgram,
    FoldClosed,
    FoldOpened,
    KernelBuilt,
    KernelWanted,
    Message,
    ProgramEnded,
    ProgramPrinted,
    ProgramProgressed,
    Refused,
    RegisterWorker,
    ReleaseValues,
    SubmitProgram,
    Welcome,
    WorkerLeaving,
    WorkerRegistered,
)

SWEEP_PERIOD_S = 0.125
"""How often a manager looks at what depends on time alone."""
FROZEN_S = 1.0
"""A gap between two events longer than this: we ourselves stood still, and cannot blame others for their silence."""


class Manager:
    """Knows workers, clients and programs; driven by `handle`, wants a tick at `wake_at()`."""

    def __init__(self, manager_id: str, pyfora_version: str, python_version: str) -> None:
        self.manager_id = manager_id
        self.pyfora_version = pyfora_version
        self.python_version = python_version
        self.outbox = Outbox()
        self.parcels = Parcels(self.outbox)
        self.membership = Membership(pyfora_version, python_version)
        self.clients = Clients(self.outbox)
        self.lineage = Lineage(self.outbox, self.membership, self.parcels)
        self.offers = Offers(self.outbox, self.membership)
        self.kernels = Kernels(self.outbox)
        self.figures = ManagerFigures()
        self.programs = Programs(self.outbox, self.clients, self.membership, self.lineage, self.offers, self.figures)
        self._sweep_at = 0.0
        self._now: float | None = None

    # ---- the three of the contract ---------------------------------------------------------------------

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take in what happened at `now` (seconds, monotonic); returns what is to be done, in order."""
        if self._now is not None and now - self._now > FROZEN_S:
            self.membership.forgive(now - self._now)
        self._now = self.outbox.now = now
        self._happened(event, now)
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_PERIOD_S
            self._sweep(now)
        self._give_up_broken(now)
        while self.lineage.changed:
            self.lineage.changed = False
            self.programs.place(now)
            self.lineage.answer(now)
        return self.outbox.take()

    def wake_at(self) -> float | None:
        """When it wants a `Ticked` at the latest."""
        return self._sweep_at

    def snapshot(self) -> dict[str, Any]:
        """The state in words and numbers, for status pages and tests."""
        members = self.membership.members.values()
        return {
            "manager_id": self.manager_id,
            "pyfora_version": self.pyfora_version,
            "python_version": self.python_version,
            "cores": sum(member.cores for member in members),
            "clients": self.clients.connected(),
            "workers": [
                {
                    "worker_id": member.worker_id,
                    "host": member.host,
                    "base_port": member.base_port,
                    "cores": member.cores,
                    "programs": len(member.programs),
                }
                for member in members
            ],
            "programs": [
                {
                    "program_id": job.program_id,
                    "state": job.state.value,
                    "attempt": job.attempt,
                    "home_id": job.home_id,
                    "leaves_done": job.progress.leaves_done if job.progress else 0,
                    "leaves_total": job.progress.leaves_total if job.progress else 0,
                    "workers": job.progress.workers if job.progress else int(job.live),
                }
                for job in self.lineage.jobs.values()
            ],
        }

    # ---- events ----------------------------------------------------------------------------------------

    def _happened(self, event: Event, now: float) -> None:
        if isinstance(event, PeerSaid):
            self._peer_said(event, now)
        elif isinstance(event, PeerAcknowledged):
            self.membership.heard(event.peer_id, now)
            self.outbox.acknowledged(event.peer_id, "worker", event.sequence, now)
        elif isinstance(event, ClientSaid):
            self._client_said(event.session_id, event.message, now)
        elif isinstance(event, PeerJoined):
            if not self._is_lost(event.peer_id):
                self.outbox.joined(event.peer_id, "worker", now)
                self.membership.heard(event.peer_id, now)
        elif isinstance(event, PeerLeft):
            self._peer_left(event.peer_id, now)
        elif isinstance(event, ClientJoined):
            self._client_joined(event)
        elif isinstance(event, ClientLeft):
            self.clients.leave(event.session_id, now)
        elif isinstance(event, ParcelPushed):
            self.programs.pushed(event.worker_id, event.name, now)
        elif isinstance(event, ParcelPushFailed):
            self.programs.push_failed(event.worker_id, event.name, now)
        elif isinstance(event, CancelAsked):
            self.programs.cancel(event.program_id, now)
        elif isinstance(event, ValueWanted):
            self.lineage.want(event.request_id, event.value_id)
        elif isinstance(event, JournalRead):
            self._journal_read(event, now)
        elif isinstance(event, KernelsRead):
            self.kernels.read(event.kernels)

    def _journal_read(self, event: JournalRead, now: float) -> None:
        """Go on with what the last manager had: workers that run its programs have a while to say so."""
        if event.programs:
            self.lineage.grace_until = now + ADOPTION_GRACE_S
        for kept in event.programs:
            if not isinstance(kept.submission, SubmitProgram):
                continue
            ended = kept.ended if isinstance(kept.ended, ProgramEnded) else None
            job = Job(
                kept.program_id,
                kept.session_id,
                kept.submission,
                State.ENDED if ended else State.WAITING,
                kept.home_id,
                # Attempt 1 is never written down before it is placed, so it may have been.
                max(1, kept.attempt),
                not_before=self.lineage.grace_until,
                ended=ended,
                taken=kept.taken,
                prints=[printed for printed in kept.printed if isinstance(printed, ProgramPrinted)],
            )
            if ended is not None:
                job.values = {made: size for made, size in ended.values if made not in kept.released}
            self.lineage.add(job)
            self.clients.expect(kept.session_id, now)

    # ---- workers ---------------------------------------------------------------------------------------

    def _is_lost(self, worker_id: str) -> bool:
        """Whether this worker was given up; it is told to begin anew."""
        reason = self.membership.lost.get(worker_id)
        if reason is None:
            return False
        self.outbox.emit_aside(worker_id, "worker", Refused(f"you were given up for lost: {reason}", True))
        return True

    def _peer_left(self, worker_id: str, now: float) -> None:
        self.outbox.left(worker_id, "worker")
        self.membership.left(worker_id, now)  # the channel stays, also before registration: it may hold early messages

    def _peer_said(self, event: PeerSaid, now: float) -> None:
        if self._is_lost(event.peer_id):
            return
        self.membership.heard(event.peer_id, now)
        for message in self.outbox.received(event.peer_id, "worker", event.sequence, event.message):
            if isinstance(message, RegisterWorker):
                self._register(event.peer_id, message, now)
            elif event.peer_id in self.membership.members:
                self._worker_said(event.peer_id, message, now)

    def _register(self, worker_id: str, message: RegisterWorker, now: float) -> None:
        reason = self.membership.refusal(message) if worker_id not in self.membership.members else None
        if reason is None and message.worker_id != worker_id:
            reason = "this worker does not register under the id that it introduced itself with"
        if reason is not None:
            self.outbox.log("warn", "a worker is refused", worker=worker_id, host=message.host, reason=reason)
            self.outbox.send(worker_id, "worker", Refused(reason), now)
            return
        member, is_new = self.membership.register(message, now)
        self._tell_registered(worker_id, now)
        if not is_new:
            return
        if len(self.membership.members) == 2 and not self.membership.lost:
            self._tell_registered(next(iter(self.membership.members)), now)
        self.figures.joined_workers += 1
        self.outbox.log("info", "a worker has joined", worker=worker_id, host=member.host, cores=member.cores)
        for program_id, attempt in message.programs:
            self.programs.found_running(member, program_id, attempt, now)
        for value_id, size_bytes in message.values:
            self.lineage.found(value_id, worker_id, size_bytes, now)
        self.offers.joined(member, now)
        self.lineage.changed = True
        self.clients.tell_all(self._welcome())

    def _tell_registered(self, worker_id: str, now: float) -> None:
        alone = len(self.membership.members) == 1 and not self.membership.lost and not self.kernels.kept
        self.outbox.send(worker_id, "worker", WorkerRegistered(self.manager_id, alone), now)

    def _worker_said(self, worker_id: str, message: Message, now: float) -> None:
        if isinstance(message, Beat):
            member = self.membership.members[worker_id]
            member.idle_slots = message.idle_slots
            if message.figures:
                member.figures = accepted(message.figures)
            for program_id, attempt in message.programs:
                self.programs.seen(worker_id, program_id, attempt)
            self.outbox.send_aside(worker_id, "worker", Beat(self.manager_id))
        elif isinstance(message, WorkerLeaving):
            self.membership.members[worker_id].leaving = True
            self.outbox.log("info", "a worker was asked to stop", worker=worker_id)
        elif isinstance(message, ProgramProgressed):
            self.programs.progressed(worker_id, message)
        elif isinstance(message, ProgramPrinted):
            self.programs.printed(worker_id, message)
        elif isinstance(message, ProgramEnded):
            self.programs.ended(worker_id, message, now)
        elif isinstance(message, KernelWanted):
            self.kernels.wanted(worker_id, message.key, now)
        elif isinstance(message, KernelBuilt):
            self.kernels.built(message)
        elif isinstance(message, FoldOpened):
            attempt = message.fold_id.split(".")[1] if message.fold_id.count(".") >= 2 else ""
            if attempt.isdigit() and self.programs.seen(worker_id, message.program_id, int(attempt)):
                self.offers.opened(message.fold_id, worker_id, now)
        elif isinstance(message, FoldClosed):
            self.offers.close_where(lambda fold_id, home: (fold_id, home) == (message.fold_id, worker_id), now)

    def _lose(self, worker_id: str, reason: str, now: float) -> None:
        self.outbox.channels.forget(worker_id, "worker")
        member = self.membership.lose(worker_id, reason)
        self.outbox.emit(DropPeer(worker_id, "worker", f"given up for lost: {reason}"))
        if member is not None:
            self.figures.lost_workers += 1
            self.outbox.log("warn", "a worker is lost", worker=worker_id, host=member.host, reason=reason)
            self.programs.lose_worker(member, now)
            self.clients.tell_all(self._welcome())

    def _give_up_broken(self, now: float) -> None:
        for worker_id, _, reason in self.outbox.broken:
            self._lose(worker_id, reason, now)
        self.outbox.broken.clear()

    # ---- clients ---------------------------------------------------------------------------------------

    def _client_joined(self, event: ClientJoined) -> None:
        reason = ""
        if event.pyfora_version != self.pyfora_version:
            reason = (
                f"this client runs pyfora {event.pyfora_version}, the cluster {self.pyfora_version}: "
                "install the same version on both"
            )
        elif event.python_version != self.python_version:
            reason = (
                f"this client runs Python {event.python_version}, the cluster {self.python_version}: "
                "use the same minor version on both"
            )
        elif not self.clients.join(event.session_id):
            reason = "too many clients are connected to this manager: close some executors, or try again later"
        if reason:
            self.outbox.emit(TellClient(event.session_id, Refused(reason)))
            return
        self.clients.tell(event.session_id, self._welcome())
        self.programs.tell_again(event.session_id)

    def _client_said(self, session_id: str, message: Message, now: float) -> None:
        if session_id not in self.clients.sessions:
            return
        if isinstance(message, SubmitProgram):
            self.programs.submit(session_id, message, now)
        elif isinstance(message, CancelProgram):
            self.programs.cancel(message.program_id, now)
        elif isinstance(message, AnswerTaken):
            self.programs.take(message.program_id, now)
        elif isinstance(message, ReleaseValues):
            self.lineage.release(message.value_ids, now)

    def _welcome(self) -> Welcome:
        members = self.membership.members.values()
        return Welcome(
            self.manager_id,
            self.pyfora_version,
            self.python_version,
            self.membership.libm_fingerprint,
            len(members),
            sum(member.cores for member in members),
        )

    # ---- time ------------------------------------------------------------------------------------------

    def _sweep(self, now: float) -> None:
        self.outbox.sweep(now)
        self.parcels.sweep(now)
        self.kernels.sweep(now)
        for worker_id, reason in self.membership.overdue(now):
            self._lose(worker_id, reason, now)
        for session_id in self.clients.gone(now):
            self.programs.forget_session(session_id, now)
        self.lineage.changed = True  # pauses may have passed
