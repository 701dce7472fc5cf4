"""What the tests of the manager have in common: a manager with workers and a client, and ways to speak as them."""

from __future__ import annotations

from typing import Any

from pyfora.cluster.events import ClientJoined, ClientSaid, JournalRead, PeerJoined, PeerLeft, PeerSaid
from pyfora.cluster.manager import Manager
from pyfora.wire.messages import Beat, Message, ProgramEnded, RegisterWorker, SubmitProgram, WorkerRegistered
from tests.cluster.playbook import Book

P, Q, R = "p" * 32, "q" * 32, "r" * 32


class ManagerBook(Book):
    """A manager that has read its journal; the clients s1 and, if asked for, the workers are there."""

    def __init__(self, *workers: str, journal: JournalRead | None = None) -> None:
        super().__init__(Manager("m1", "0.1.0", "3.11"))
        self >> (journal or JournalRead([]))
        self << ...
        self.join("s1")
        self << ...
        for worker_id in workers:
            self.register(worker_id)
            self << ...

    def join(self, session_id: str) -> ManagerBook:
        self >> ClientJoined(session_id, "3.11", "0.1.0", "f")
        return self

    def client(self, message: Message, session_id: str = "s1") -> ManagerBook:
        self >> ClientSaid(session_id, message)
        return self

    def submit(self, program_id: str, payload: bytes = b"x", **fields: Any) -> ManagerBook:
        return self.client(submission(program_id, payload, **fields))

    def register(self, worker_id: str, **fields: Any) -> ManagerBook:
        self >> PeerJoined(worker_id, "worker")
        self << ...
        return self.say(worker_id, registration(worker_id, **fields))

    def say(self, worker_id: str, message: Message) -> ManagerBook:
        """The worker says this, under its next number."""
        number = self.sequences[worker_id, "worker"] = self.sequences.get((worker_id, "worker"), 0) + 1
        self >> PeerSaid(worker_id, "worker", number, message)
        return self

    def beat(self, worker_id: str, idle_slots: int = 1, programs: list[list[Any]] | None = None) -> PeerSaid:
        return PeerSaid(worker_id, "worker", 0, Beat(worker_id, idle_slots, programs or []))

    def end(self, worker_id: str, program_id: str, attempt: int = 1, **fields: Any) -> ManagerBook:
        return self.say(worker_id, ended(program_id, attempt, **fields))

    def lose(self, worker_id: str, *others: str) -> ManagerBook:
        """The connection to this worker breaks for good; the others go on beating."""
        self >> PeerLeft(worker_id, "worker")
        self << ...
        self.wait(1.5, *[self.beat(other) for other in others])
        return self

    def state(self, program_id: str) -> str:
        job = self.core.lineage.jobs.get(program_id)
        return job.state.value if job is not None else "forgotten"

    def home(self, program_id: str) -> str:
        home_id: str = self.core.lineage.jobs[program_id].home_id
        return home_id


def submission(
    program_id: str, payload: bytes = b"x", inputs: list[str] | None = None, size: int = 1, fingerprint: str = ""
) -> SubmitProgram:
    return SubmitProgram(program_id, fingerprint or f"fp-{program_id[0]}", size, inputs or [], "all", 0, payload)


def registration(worker_id: str, **fields: Any) -> RegisterWorker:
    known: dict[str, Any] = {
        "host": worker_id,
        "base_port": 30009,
        "cores": 1,
        "pyfora_version": "0.1.0",
        "python_version": "3.11",
        "libm_fingerprint": "f",
        "programs": [],
        "values": [],
    }
    return RegisterWorker(worker_id, **{**known, **fields})


def ended(
    program_id: str, attempt: int = 1, outcome: str = "completed", reason: str = "", values: list[str] | None = None
) -> ProgramEnded:
    made = [[value_id, 10] for value_id in values or []]
    return ProgramEnded(program_id, attempt, outcome, reason, {}, made, b"")


__all__ = ["ManagerBook", "P", "Q", "R", "WorkerRegistered", "ended", "registration", "submission"]
