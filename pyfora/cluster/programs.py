"""What happens to accepted programs: placed, lost, tried again, ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pyfora.cluster.clients import Clients
from pyfora.cluster.events import PushParcel, Record
from pyfora.cluster.figures import ManagerFigures
from pyfora.cluster.jobs import Job, State, Turn
from pyfora.cluster.lineage import Availability, Lineage
from pyfora.cluster.membership import Member, Membership
from pyfora.cluster.offers import Offers
from pyfora.cluster.outbox import Outbox
from pyfora.cluster.placement import choose_home
from pyfora.limits import (
    ATTEMPTS_LIMIT,
    INLINE_LIMIT_BYTES,
    INPUTS_LIMIT,
    PARCEL_LIMIT_BYTES,
    PRINTS_LIMIT_BYTES,
    PROGRAMS_LIMIT,
    RETRY_AFTER_S,
)
from pyfora.wire.messages import (
    CancelProgram,
    ProgramAccepted,
    ProgramEnded,
    ProgramPrinted,
    ProgramProgressed,
    RunProgram,
    SubmitProgram,
)

RETRY_LONGEST_S = 10.0
"""Pauses between tries grow up to this."""


class Programs:
    """Takes each accepted program to its one end."""

    def __init__(
        self,
        outbox: Outbox,
        clients: Clients,
        membership: Membership,
        lineage: Lineage,
        offers: Offers,
        figures: ManagerFigures,
    ) -> None:
        self.printed_bytes = 0
        self._outbox = outbox
        self._clients = clients
        self._membership = membership
        self._lineage = lineage
        self._offers = offers
        self._figures = figures

    # ---- from clients ----------------------------------------------------------------------------------

    def submit(self, session_id: str, submission: SubmitProgram, now: float) -> None:
        """Accept the program, once; or refuse it in words."""
        program_id = submission.program_id
        if program_id not in self._lineage.jobs:
            refusal = self._refusal(submission)
            if refusal:
                self._outbox.log("warn", "a block is refused", block=program_id, reason=refusal)
                end = ProgramEnded(program_id, 0, "crashed", refusal, {}, [], b"")
                self._clients.tell(session_id, end)
                return
            if len(submission.payload) > INLINE_LIMIT_BYTES:
                submission = replace(submission, payload=b"")
            job = Job(program_id, session_id, submission, accepted_at=now)
            self._figures.accepted_blocks += 1
            self._outbox.log("info", "a block is accepted", block=program_id, size_bytes=submission.size_bytes)
            self._lineage.add(job)
            self._outbox.emit(Record(job.journaled()))
        self._clients.tell(session_id, ProgramAccepted(program_id))

    def _refusal(self, submission: SubmitProgram) -> str:
        if len(self._lineage.jobs) >= PROGRAMS_LIMIT:
            return f"the cluster holds {PROGRAMS_LIMIT:,} programs already: release values, or submit it again later"
        if submission.size_bytes > PARCEL_LIMIT_BYTES:
            return f"the program has {submission.size_bytes:,} bytes with all it captures, limit {PARCEL_LIMIT_BYTES:,}"
        if len(submission.inputs) > INPUTS_LIMIT:
            return f"the program reads {len(submission.inputs):,} values on the cluster, limit {INPUTS_LIMIT:,}"
        return ""

    def cancel(self, program_id: str, now: float) -> None:
        """Stop the program. One that has ended stays as it is."""
        job = self._lineage.jobs.get(program_id)
        if job is not None and job.ended is None:
            self._outbox.log("info", "a block is cancelled", block=program_id)
            self._stop_at_home(job, now)
            self._finish(job, self._end(job, "cancelled", "the program was cancelled"), now)

    def take(self, program_id: str, now: float) -> None:
        """The client has the answer."""
        job = self._lineage.jobs.get(program_id)
        if job is None or job.ended is None or job.taken:
            return
        job.taken = True
        job.ended = replace(job.ended, payload=b"", end={})
        self._drop_prints(job)
        if job.values or job.unfinished:
            self._outbox.emit(Record(job.journaled()))
        self._lineage.settle(job, now)

    def forget_session(self, session_id: str, now: float) -> None:
        """The client will not come back: stop its programs, release its values."""
        for job in [job for job in self._lineage.jobs.values() if job.session_id == session_id]:
            self.cancel(job.program_id, now)
            self._lineage.release(list(job.values), now)
            self.take(job.program_id, now)

    def tell_again(self, session_id: str) -> None:
        """The client is back: tell it what it may have missed."""
        for job in self._lineage.jobs.values():
            if job.session_id == session_id and not job.taken:
                for printed in job.prints:
                    self._clients.tell(session_id, printed)
                if job.ended is not None:
                    self._clients.tell(session_id, job.ended)

    # ---- from workers ----------------------------------------------------------------------------------

    def found_running(self, member: Member, program_id: str, attempt: int, now: float) -> None:
        """A worker that has just registered says that it runs this program: it keeps it, if nobody else has it."""
        job = self._lineage.jobs.get(program_id)
        if job is not None and job.state is State.WAITING and job.ended is None and attempt >= job.attempt:
            job.turn(Turn.SEEN)
            self._lineage.waiting.pop(program_id, None)
            job.home_id, job.attempt = member.worker_id, attempt
            member.programs.add(program_id)
        else:
            self._outbox.send(member.worker_id, "worker", CancelProgram(program_id), now)

    def lose_worker(self, member: Member, now: float) -> None:
        """A worker is lost: its programs are placed anew."""
        self._lineage.whereabouts.lose_worker(member.worker_id)
        for program_id in sorted(member.programs):
            job = self._lineage.jobs.get(program_id)
            if job is not None and job.live and job.home_id == member.worker_id:
                self._place_again(job)
        self._offers.close_where(lambda _, home_id: home_id == member.worker_id, now)
        self._lineage.changed = True

    def pushed(self, worker_id: str, name: str, now: float) -> None:
        """A parcel is in that worker's spool."""
        for job in self._pushing(worker_id, name):
            self._tell_home(job, now)

    def push_failed(self, worker_id: str, name: str, now: float) -> None:
        """A parcel could not be brought there: try elsewhere, a little later."""
        for job in self._pushing(worker_id, name):
            job.turn(Turn.PUSH_FAILED)
            self._leave_home(job)
            job.avoid = worker_id
            job.not_before = now + RETRY_AFTER_S
            self._lineage.waiting[job.program_id] = None

    def seen(self, worker_id: str, program_id: str, attempt: int) -> Job | None:
        """A worker says something of an attempt; returns the program if it is the attempt that counts."""
        job = self._lineage.jobs.get(program_id)
        if job is None or job.home_id != worker_id or job.attempt != attempt:
            return None
        if job.state not in (State.PLACED, State.RUNNING):
            return None
        job.turn(Turn.SEEN)
        return job

    def progressed(self, worker_id: str, message: ProgramProgressed) -> None:
        """How far a program is."""
        job = self.seen(worker_id, message.program_id, message.attempt)
        if job is not None and job.ended is None:
            job.progress = message
            self._clients.tell(job.session_id, message)

    def printed(self, worker_id: str, message: ProgramPrinted) -> None:
        """The program wrote text. Any attempt will do: each writes the same, from the beginning."""
        self.seen(worker_id, message.program_id, message.attempt)
        job = self._lineage.jobs.get(message.program_id)
        if job is None or job.ended is not None:
            return
        news = job.add_print(message)
        if news is not None:
            if self.printed_bytes + len(news.text) <= PRINTS_LIMIT_BYTES:
                self.printed_bytes += len(news.text)
                job.prints.append(news)
            self._clients.tell(job.session_id, news)

    def ended(self, worker_id: str, end: ProgramEnded, now: float) -> None:
        """A worker says how an attempt of a program ended."""
        member = self._membership.members[worker_id]
        job = self._lineage.jobs.get(end.program_id)
        self._lineage.changed = True
        if job is None or not job.unfinished:
            self._note_values(worker_id, end, now)
            return
        current = job.live and job.home_id == worker_id and job.attempt == end.attempt
        if current:
            member.programs.discard(job.program_id)
        if end.outcome == "completed":
            # Whoever completes it is right: programs are pure. Another attempt, if there is one, is in vain.
            if job.live and not current:
                self._stop_at_home(job, now)
            job.home_id = worker_id
            self._finish(job, end, now)
        elif current and end.outcome == "unloadable":
            self._finish(job, end, now)
        elif current and end.outcome == "crashed":
            job.crashes += 1
            if job.crashes >= ATTEMPTS_LIMIT:
                reason = f"it was tried {job.crashes} times, and each time in vain; the last time, {end.reason}"
                self._finish(job, replace(end, reason=reason), now)
            else:
                self._place_again(job)
        elif current and end.outcome == "returned":
            self._place_again(job)
        elif current:
            self._input_missed(job, now)

    # ---- placing ---------------------------------------------------------------------------------------

    def place(self, now: float) -> None:
        """Give waiting programs their homes, as far as there are workers and inputs."""
        members = self._membership.members.values()
        has_room = any(len(m.programs) < m.programs_limit for m in members)
        for program_id in list(self._lineage.waiting):
            job = self._lineage.jobs[program_id]
            if self._lineage.is_regained(job):
                self._finish(job, self._end(job, "completed", ""), now)
                continue
            if not has_room:
                break
            if now < job.not_before:
                continue
            if not self._inputs_here(job, now):
                continue
            held = self._lineage.whereabouts.held_bytes(job.submission.inputs)
            home = choose_home(members, held, job.avoid)
            if home is None:
                has_room = False
                continue
            self._place(job, home, now)

    def _inputs_here(self, job: Job, now: float) -> bool:
        here = True
        for value_id in job.submission.inputs:
            availability, reason = self._lineage.availability(value_id, now)
            if availability is Availability.LOST:
                self._finish(job, self._end(job, "lost", f"its input {value_id} cannot be had: {reason}"), now)
                return False
            here = here and availability is Availability.HERE
        return here

    def _place(self, job: Job, home: Member, now: float) -> None:
        del self._lineage.waiting[job.program_id]
        job.home_id = home.worker_id
        job.attempt += 1
        self._figures.placed_blocks += 1
        self._outbox.log("info", "a block is placed", block=job.program_id, attempt=job.attempt, worker=home.worker_id)
        if job.attempt == 1 and job.accepted_at is not None:
            self._figures.waiting.note(now - job.accepted_at)
        if job.attempt > 1:
            self._outbox.emit(Record(job.journaled()))
        home.programs.add(job.program_id)
        home.idle_slots = max(0, home.idle_slots - 1)
        if job.submission.payload:
            self._tell_home(job, now)
        else:
            job.turn(Turn.BYTES_SENT)
            name = job.submission.fingerprint
            self._outbox.emit(PushParcel(home.worker_id, home.host, home.base_port, name))

    def _tell_home(self, job: Job, now: float) -> None:
        inputs: list[list[Any]] = []
        for value_id in job.submission.inputs:
            holder = self._lineage.whereabouts.holder(value_id, job.home_id)
            if holder is None:
                self._place_again(job)
                return
            member = self._membership.members[holder[0]]
            inputs.append([value_id, holder[1], member.worker_id, member.host, member.base_port])
        job.turn(Turn.HOME_TOLD)
        submission = job.submission
        order = RunProgram(
            job.program_id,
            job.attempt,
            submission.fingerprint,
            submission.size_bytes,
            submission.download,
            submission.download_limit_bytes,
            inputs,
            submission.payload,
        )
        self._outbox.send(job.home_id, "worker", order, now)

    # ---- inside ----------------------------------------------------------------------------------------

    def _pushing(self, worker_id: str, name: str) -> list[Job]:
        return [
            job
            for job in self._lineage.jobs.values()
            if job.state is State.PUSHING and job.home_id == worker_id and job.submission.fingerprint == name
        ]

    def _end(self, job: Job, outcome: str, reason: str) -> ProgramEnded:
        return ProgramEnded(job.program_id, job.attempt, outcome, reason, {}, [], b"")

    def _leave_home(self, job: Job) -> None:
        member = self._membership.members.get(job.home_id)
        if member is not None:
            member.programs.discard(job.program_id)
        job.home_id = ""

    def _stop_at_home(self, job: Job, now: float) -> None:
        if job.state in (State.PLACED, State.RUNNING):
            self._outbox.send(job.home_id, "worker", CancelProgram(job.program_id), now)
        if job.live:
            self._leave_home(job)

    def _place_again(self, job: Job) -> None:
        """Its home is lost, or let it go: it waits for another one."""
        job.turn(Turn.HOME_LOST)
        self._leave_home(job)
        self._lineage.waiting[job.program_id] = None
        self._lineage.changed = True

    def _input_missed(self, job: Job, now: float) -> None:
        """Its home could not get its inputs: try again, later and later. Giving up would lose what was accepted."""
        job.misses += 1
        self._place_again(job)
        job.not_before = now + min(RETRY_AFTER_S * 2 ** min(job.misses - 1, 10), RETRY_LONGEST_S)
        if job.misses % ATTEMPTS_LIMIT == 0:
            for value_id in job.submission.inputs:  # whoever is said to have them does not give them
                self._lineage.drop_copies(value_id, now)

    def _note_values(self, worker_id: str, end: ProgramEnded, now: float) -> None:
        for value_id, size_bytes in end.values:
            self._lineage.found(value_id, worker_id, size_bytes, now)

    def _finish(self, job: Job, end: ProgramEnded, now: float) -> None:
        """The program is at its end: told to its client if it is the first, else only its values count."""
        job.turn(Turn.ENDED)
        self._lineage.waiting.pop(job.program_id, None)
        self._lineage.changed = True
        self._offers.close_where(lambda fold_id, _: fold_id.partition(".")[0] == job.program_id, now)
        first = job.ended is None
        if job.ended is None:
            job.ended = end
            job.values = {str(made): int(size_bytes) for made, size_bytes in end.values}
        elif end.outcome != "completed":
            job.hopeless = end.reason
        self._note_values(job.home_id, end, now)
        if not job.taken or job.values:
            self._outbox.emit(Record(job.journaled()))
        if first:
            lasted_s = None if job.accepted_at is None else now - job.accepted_at
            self._figures.ended(end.outcome, lasted_s)
            at = {"block": job.program_id, "attempt": job.attempt, "worker": job.home_id}
            self._outbox.log("info", "a block has ended", **at, outcome=end.outcome, reason=end.reason)
            self._clients.tell(job.session_id, end)
        job.wanted.clear()
        self._lineage.settle(job, now)

    def _drop_prints(self, job: Job) -> None:
        self.printed_bytes -= sum(len(printed.text) for printed in job.prints)
        job.prints.clear()
