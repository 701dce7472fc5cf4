"""What the tests of the worker have in common: a registered worker, and ways to speak as its peers and processes."""

from __future__ import annotations

from typing import Any

from pyfora.cluster.events import (
    PeerJoined,
    PeerSaid,
    ProcessDied,
    ProcessSaid,
    ProcessStarted,
    StartProcess,
    TellProcess,
    Transmit,
)
from pyfora.cluster.worker import Worker
from pyfora.wire.messages import (
    Beat,
    DriveProgram,
    FoldOffered,
    Message,
    PieceDone,
    RunGranted,
    RunLeaves,
    RunProgram,
    StealRuns,
    WorkerRegistered,
    WorkOffered,
)
from tests.cluster.playbook import Book

P = "p" * 32
FOLD = f"{P}.1.0"
FOREIGN = f"{'f' * 32}.1.0"


class WorkerBook(Book):
    """The worker w1 with two cores, registered with the manager m1; its compute processes start at once."""

    def __init__(self, cores: int = 2) -> None:
        super().__init__(Worker("w1", "host1", 30009, cores, "0.1.0", "3.11", "f"))
        self.starting = True
        self.wait(0.2)
        self << ...
        self.join_manager("m1")
        self << ...
        self.say("m1", "manager", WorkerRegistered("m1", alone=True))
        self << ...

    def _happen(self, event: Any) -> None:
        super()._happen(event)
        while self.starting:
            started = [effect for effect in self._open if isinstance(effect, StartProcess)]
            self._open = [effect for effect in self._open if not isinstance(effect, StartProcess)]
            if not started:
                return
            for effect in started:
                super()._happen(ProcessStarted(effect.process_id))

    # ---- peers -----------------------------------------------------------------------------------------

    def join_manager(self, manager_id: str) -> WorkerBook:
        self >> PeerJoined(manager_id, "manager")
        return self

    def say(self, peer_id: str, role: str, message: Message) -> WorkerBook:
        """The peer says this, under its next number."""
        number = self.sequences[peer_id, role] = self.sequences.get((peer_id, role), 0) + 1
        self >> PeerSaid(peer_id, role, number, message)
        return self

    def manager(self, message: Message) -> WorkerBook:
        return self.say(self.core.manager_id, "manager", message)

    def thief(self, message: Message, thief_id: str = "t1") -> WorkerBook:
        if (thief_id, "thief") not in self.sequences:
            self >> PeerJoined(thief_id, "thief")
            self << ...
        return self.say(thief_id, "thief", message)

    def steal(self, slots: int, thief_id: str = "t1") -> WorkerBook:
        return self.thief(StealRuns(FOLD, slots, thief_id, 40009), thief_id)

    def home(self, message: Message) -> WorkerBook:
        return self.say("h1", "home", message)

    def beat(self, peer_id: str, role: str) -> PeerSaid:
        return PeerSaid(peer_id, role, 0, Beat(peer_id))

    # ---- processes -------------------------------------------------------------------------------------

    def process(self, process_id: str, message: Message) -> WorkerBook:
        self >> ProcessSaid(process_id, message)
        return self

    def die(self, process_id: str, reason: str = "signal 9 (killed)") -> WorkerBook:
        self >> ProcessDied(process_id, reason)
        return self

    def drive(self, program_id: str = P, attempt: int = 1, **fields: Any) -> str:
        """The manager sends a program; returns its driver."""
        self.manager(order(program_id, attempt, **fields))
        return self.told(DriveProgram)

    def offer(self, driver: str, leaves: int = 40, leaf_s: float = 0.05, holds: bool = False, fold: str = FOLD) -> None:
        """The driver offers a loop."""
        self.process(driver, FoldOffered(fold, leaves, leaf_s, holds, "env", 3))

    def told(self, kind: type[Any]) -> str:
        """Pass over everything up to a message of this kind to a process; returns the process."""
        while self._open:
            effect = self._open.pop(0)
            if isinstance(effect, TellProcess) and isinstance(effect.message, kind):
                self.last = effect.message
                return effect.process_id
        self._fail(f"expected a process to be told {kind.__name__}")
        raise AssertionError

    def runs(self) -> list[tuple[str, RunLeaves]]:
        """All runs that leaf processes were given now."""
        given = [(e.process_id, e.message) for e in self._open if isinstance(e, TellProcess)]
        return [(process_id, message) for process_id, message in given if isinstance(message, RunLeaves)]

    def grants(self) -> list[RunGranted]:
        """All runs that thieves were given now."""
        return [e.message for e in self._open if isinstance(e, Transmit) and isinstance(e.message, RunGranted)]

    def finish(self, process_id: str, run: RunLeaves, outcome: str = "partial", **fields: Any) -> PieceDone:
        """The leaf process finishes the run."""
        done = piece_of(run, outcome, **fields)
        self.process(process_id, done)
        return done

    # ---- stealing --------------------------------------------------------------------------------------

    def foreign(self) -> None:
        """The manager offers a loop of h1, and the worker has connected to it."""
        self.manager(WorkOffered(FOREIGN, "h1", "host2", 50009))
        self << ...
        self >> PeerJoined("h1", "home")


def order(
    program_id: str = P, attempt: int = 1, inputs: list[list[Any]] | None = None, payload: bytes = b"x"
) -> RunProgram:
    return RunProgram(program_id, attempt, f"fp-{program_id[0]}", 1, "all", 0, inputs or [], payload)


def piece_of(run: RunLeaves | RunGranted, outcome: str = "partial", parcel_id: str = "", hi: int = 0) -> PieceDone:
    payload = b"" if parcel_id or outcome != "partial" else b"partial"
    return PieceDone(run.fold_id, run.run_id, run.lo, hi or run.hi, outcome, 0.05, parcel_id, 9, payload)
