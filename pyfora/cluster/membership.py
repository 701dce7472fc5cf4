"""Which workers belong to the cluster, as its manager sees it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyfora.limits import LOST_IDS_LIMIT, REJOIN_LIMIT_S, SILENCE_LIMIT_S
from pyfora.wire.messages import RegisterWorker


@dataclass
class Member:
    """A registered worker."""

    worker_id: str
    host: str
    base_port: int
    cores: int
    heard_at: float
    left_at: float | None = None
    leaving: bool = False
    """It was asked to stop: it gets nothing more."""
    idle_slots: int = 0
    programs: set[str] = field(default_factory=set)
    """Programs placed there."""
    figures: dict[str, float] = field(default_factory=dict)
    """What it last reported of its work."""

    @property
    def programs_limit(self) -> int:
        """Drivers beyond this wait at the manager."""
        return 2 * self.cores + 2


class Membership:
    """Registers workers, refuses those that cannot give the same answers, finds those that are lost."""

    def __init__(self, pyfora_version: str, python_version: str) -> None:
        self.members: dict[str, Member] = {}
        self.lost: dict[str, str] = {}
        """Ids that were given up, and why."""
        self.pyfora_version = pyfora_version
        self.python_version = python_version
        self.libm_fingerprint = ""
        """Of the workers; empty while there are none."""

    def refusal(self, message: RegisterWorker) -> str | None:
        """Why this worker cannot belong to the cluster, in words; None where it can."""
        if message.pyfora_version != self.pyfora_version:
            return (
                f"this worker runs pyfora {message.pyfora_version}, the manager {self.pyfora_version}: "
                "install the same version on both"
            )
        if message.python_version != self.python_version:
            return (
                f"this worker runs Python {message.python_version}, the manager {self.python_version}: "
                "use the same minor version on both"
            )
        if self.libm_fingerprint and message.libm_fingerprint != self.libm_fingerprint:
            return (
                "this worker's mathematical library gives other last bits than the cluster's "
                f"(fingerprint {message.libm_fingerprint[:12]}, cluster {self.libm_fingerprint[:12]}): "
                "use the same C library version and the same kind of processor on all workers"
            )
        if message.cores < 1:
            return "this worker has no cores to offer: set UFORA_WORKER_CORES to 1 or more"
        return None

    def register(self, message: RegisterWorker, now: float) -> tuple[Member, bool]:
        """Take the worker in; returns it, and whether it is new here."""
        member = self.members.get(message.worker_id)
        if member is not None:
            return member, False
        member = Member(
            message.worker_id, message.host, message.base_port, message.cores, now, idle_slots=message.cores
        )
        self.members[message.worker_id] = member
        self.libm_fingerprint = message.libm_fingerprint
        return member, True

    def heard(self, worker_id: str, now: float) -> None:
        """Something came from this worker."""
        member = self.members.get(worker_id)
        if member is not None:
            member.heard_at = now
            member.left_at = None

    def left(self, worker_id: str, now: float) -> None:
        """The connection to this worker broke."""
        member = self.members.get(worker_id)
        if member is not None:
            member.left_at = now

    def overdue(self, now: float) -> list[tuple[str, str]]:
        """Workers that have to be given up, and why."""
        found = []
        for member in self.members.values():
            if now - member.heard_at > SILENCE_LIMIT_S:
                found.append((member.worker_id, f"it was silent for {now - member.heard_at:.1f} s"))
            elif member.left_at is not None and member.leaving:
                found.append((member.worker_id, "it was stopped"))
            elif member.left_at is not None and now - member.left_at > REJOIN_LIMIT_S:
                found.append((member.worker_id, "its connection broke and it did not come back"))
        return found

    def lose(self, worker_id: str, reason: str) -> Member | None:
        """Give this worker up; should it speak again, `lost` tells why it is not one any more."""
        if worker_id not in self.lost and len(self.lost) >= LOST_IDS_LIMIT:
            del self.lost[next(iter(self.lost))]
        self.lost[worker_id] = reason
        member = self.members.pop(worker_id, None)
        if not self.members:
            self.libm_fingerprint = ""
        return member

    def forgive(self, gap_s: float) -> None:
        """The manager itself stood still for a while: nobody was silent in that time, as far as it knows."""
        for member in self.members.values():
            member.heard_at += gap_s
            if member.left_at is not None:
                member.left_at += gap_s
