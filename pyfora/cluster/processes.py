"""The compute processes of a worker: each serves one program in its life, a spare one is always ready."""

from __future__ import annotations

from dataclasses import dataclass

from pyfora.cluster.events import KillProcess, StartProcess
from pyfora.cluster.outbox import Outbox
from pyfora.limits import PROCESS_START_LIMIT_S

START_PAUSE_S = 0.5
"""After a process could not be started: the next try waits this long, and twice as long each time."""
START_PAUSE_LONGEST_S = 30.0


@dataclass
class Process:
    """A compute process that was asked for and is not known to be dead."""

    process_id: str
    asked_at: float
    started: bool = False
    serves: str = ""
    """The program (a driver) or the attempt (a leaf) that it serves; empty: it is a spare one."""
    role: str = ""
    """"driver" or "leaf", once it serves a program."""


class Processes:
    """Starts, hands out and kills compute processes. A killed one is forgotten at once."""

    def __init__(self, worker_id: str, start_limit: int, outbox: Outbox) -> None:
        self.live: dict[str, Process] = {}
        self.start_failures = 0
        self._prefix = worker_id
        self._start_limit = start_limit
        self._outbox = outbox
        self._count = 0
        self._not_before = 0.0

    def keep_spare(self, count: int, now: float) -> None:
        """Have at least this many unbound processes, ready or being started."""
        unbound = sum(1 for p in self.live.values() if not p.role)
        starting = sum(1 for p in self.live.values() if not p.started)
        if now < self._not_before:
            return
        for _ in range(min(count - unbound, self._start_limit - starting)):
            self._count += 1
            process_id = f"{self._prefix}-{self._count}"
            self.live[process_id] = Process(process_id, now)
            self._outbox.emit(StartProcess(process_id))

    def started(self, process_id: str) -> bool:
        """The process has spoken. False: nobody waits for it any more, and it is killed."""
        process = self.live.get(process_id)
        if process is None:
            self._outbox.emit(KillProcess(process_id))
            return False
        process.started = True
        self.start_failures = 0
        self._not_before = 0.0
        return True

    def bind(self, serves: str, role: str) -> str | None:
        """Take a spare process for this; None where none is ready."""
        for process in self.live.values():
            if process.started and not process.role:
                process.serves = serves
                process.role = role
                return process.process_id
        return None

    def died(self, process_id: str, now: float) -> Process | None:
        """The process is gone; returns what it was, or None where it had been killed by us."""
        process = self.live.pop(process_id, None)
        if process is not None and not process.started:
            self._start_failed(now)
        return process

    def kill(self, process_id: str) -> None:
        """Kill it; nothing it says counts any more."""
        if self.live.pop(process_id, None) is not None:
            self._outbox.emit(KillProcess(process_id))

    def sweep(self, now: float) -> None:
        """Kill those that never came up."""
        for process in [p for p in self.live.values() if not p.started]:
            if now - process.asked_at > PROCESS_START_LIMIT_S:
                self.kill(process.process_id)
                self._start_failed(now)

    def _start_failed(self, now: float) -> None:
        self.start_failures += 1
        pause_s = min(START_PAUSE_S * 2 ** min(self.start_failures - 1, 10), START_PAUSE_LONGEST_S)
        self._not_before = now + pause_s
        self._outbox.log("error", f"a compute process could not be started; trying again in {pause_s:.1f} s")
