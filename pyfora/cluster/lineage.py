"""Which values there are, who still needs them, how a lost one is computed again."""

from __future__ import annotations

from enum import Enum

from pyfora.cluster.events import Forget, Record, ValueFound, ValueMissed
from pyfora.cluster.jobs import Job, State, Turn
from pyfora.cluster.membership import Membership
from pyfora.cluster.outbox import Outbox
from pyfora.cluster.parcels import Parcels
from pyfora.cluster.whereabouts import Whereabouts
from pyfora.limits import WANTS_LIMIT
from pyfora.wire.messages import ReleaseValues

_ENDS = {
    "unloadable": "could not be loaded",
    "crashed": "crashed",
    "cancelled": "was cancelled",
    "lost": "lacked an input",
}


class Availability(Enum):
    """Whether a value can be had."""

    HERE = "here"
    COMING = "coming"
    LOST = "lost"


def maker_of(value_id: str) -> str:
    """The id of the program that makes this value."""
    return value_id.partition(".")[0]


class Lineage:
    """Keeps a program as long as its values, or values made from its values, may have to be computed again."""

    def __init__(self, outbox: Outbox, membership: Membership, parcels: Parcels) -> None:
        self.jobs: dict[str, Job] = {}
        self.waiting: dict[str, None] = {}
        """Jobs in the state WAITING, oldest first."""
        self.whereabouts = Whereabouts()
        self.wants: dict[str, str] = {}
        """Request id -> value id."""
        self.grace_until = 0.0
        """Until then workers that the last manager knew may still come with their values."""
        self.changed = False
        """Something happened that may let a waiting program or request go on."""
        self._readers: dict[str, set[str]] = {}
        """Value id -> the kept programs that read it."""
        self._outbox = outbox
        self._membership = membership
        self._parcels = parcels

    # ---- programs --------------------------------------------------------------------------------------

    def add(self, job: Job) -> None:
        """A program is accepted, or was read from the journal."""
        self.jobs[job.program_id] = job
        self._parcels.keep(job.submission.fingerprint)
        for value_id in job.submission.inputs:
            self._readers.setdefault(value_id, set()).add(job.program_id)
        if job.state is State.WAITING:
            self.waiting[job.program_id] = None
            self.changed = True

    def settle(self, job: Job, now: float) -> None:
        """Free what is not needed any more because of a change to this program, and forget it where nothing is left."""
        changed = [job]
        while changed:
            job = changed.pop()
            if self.jobs.get(job.program_id) is not job or job.unfinished:
                continue
            for value_id in job.submission.inputs:
                self._free_if_unneeded(value_id, now)
            if job.taken and not job.values and not self._has_heirs(job):
                self._forget(job, now)
                makers = dict.fromkeys(map(maker_of, job.submission.inputs))
                changed += [self.jobs[program_id] for program_id in makers if program_id in self.jobs]

    def _forget(self, job: Job, now: float) -> None:
        del self.jobs[job.program_id]
        self._outbox.emit(Forget(job.program_id))
        self._parcels.release(job.submission.fingerprint, now)
        for value_id in dict.fromkeys(job.submission.inputs):
            readers = self._readers[value_id]
            readers.discard(job.program_id)
            if not readers:
                del self._readers[value_id]

    def _has_heirs(self, job: Job) -> bool:
        """Whether a program whose values (or whose answer) may still have to be computed reads this one's values."""
        made = [value[0] for value in job.ended.values] if job.ended is not None else []
        return any(self.jobs[reader].needs_lineage for value_id in made for reader in self._readers.get(value_id, ()))

    # ---- values ----------------------------------------------------------------------------------------

    def found(self, value_id: str, worker_id: str, size_bytes: int, now: float) -> None:
        """A worker has this value: note it if it is needed, else tell the worker to release it."""
        if self._needed(value_id):
            self.whereabouts.add(value_id, worker_id, size_bytes)
            self.changed = True
        else:
            self._outbox.send(worker_id, "worker", ReleaseValues([value_id]), now)

    def release(self, value_ids: list[str], now: float) -> None:
        """The client refers to these values no more."""
        changed: dict[str, Job] = {}
        for value_id in value_ids:
            job = self.jobs.get(maker_of(value_id))
            if job is not None and job.values.pop(value_id, None) is not None:
                self._free_if_unneeded(value_id, now)
                changed[job.program_id] = job
        for job in changed.values():
            self.settle(job, now)
            if job.program_id in self.jobs:
                self._outbox.emit(Record(job.journaled()))

    def _needed(self, value_id: str) -> bool:
        job = self.jobs.get(maker_of(value_id))
        if job is None:
            return False
        if job.ended is None or value_id in job.values:
            return True
        return any(self.jobs[reader].unfinished for reader in self._readers.get(value_id, ()))

    def _free_if_unneeded(self, value_id: str, now: float) -> None:
        if not self._needed(value_id):
            self.drop_copies(value_id, now)

    def drop_copies(self, value_id: str, now: float) -> None:
        """Nobody keeps this value any more; where it is needed, it is computed again."""
        for worker_id in self.whereabouts.discard(value_id):
            self._outbox.send(worker_id, "worker", ReleaseValues([value_id]), now)

    # ---- wanting ---------------------------------------------------------------------------------------

    def want(self, request_id: str, value_id: str) -> None:
        """Somebody asks for a value; `answer` answers."""
        if len(self.wants) >= WANTS_LIMIT:
            reason = f"{WANTS_LIMIT:,} requests for values are waiting already; ask again later"
            self._outbox.emit(ValueMissed(request_id, value_id, reason))
            return
        self.wants[request_id] = value_id
        self.changed = True

    def answer(self, now: float) -> None:
        """Answer the requests that can be answered."""
        for request_id, value_id in list(self.wants.items()):
            job = self.jobs.get(maker_of(value_id))
            if job is not None and job.ended is not None and value_id not in job.values:
                availability, reason = Availability.LOST, "it was never made, or it was released"
            else:
                availability, reason = self.availability(value_id, now)
            if availability is Availability.COMING:
                continue
            del self.wants[request_id]
            holder = self.whereabouts.holder(value_id)
            if availability is Availability.LOST or holder is None:
                self._outbox.emit(ValueMissed(request_id, value_id, reason))
                continue
            member = self._membership.members[holder[0]]
            self._outbox.emit(ValueFound(request_id, value_id, holder[1], member.host, member.base_port))

    def availability(self, value_id: str, now: float) -> tuple[Availability, str]:
        """Whether the value can be had, and if not, why; one that was lost is set going to be computed again."""
        if self.whereabouts.has(value_id):
            return Availability.HERE, ""
        maker = self.jobs.get(maker_of(value_id))
        if maker is None:
            return Availability.LOST, "it was never made, or it was released"
        if maker.unfinished:
            if maker.ended is not None:
                maker.wanted.add(value_id)
            return Availability.COMING, ""
        if not maker.made(value_id):
            outcome = maker.ended.outcome if maker.ended is not None else ""
            how = _ENDS.get(outcome)
            reason = f"the program that should have made it {how}" if how else "it was never made"
            return Availability.LOST, reason
        if maker.hopeless:
            return Availability.LOST, f"it was lost, and could not be computed again: {maker.hopeless}"
        maker.turn(Turn.WANTED)
        maker.wanted = {value_id}
        maker.crashes = maker.misses = 0
        maker.not_before = self.grace_until
        self.waiting[maker.program_id] = None
        self.changed = True
        return Availability.COMING, ""

    def is_regained(self, job: Job) -> bool:
        """Whether a program that runs again for its values' sake need not: somebody turned out to have them."""
        return job.ended is not None and all(map(self.whereabouts.has, job.wanted))
