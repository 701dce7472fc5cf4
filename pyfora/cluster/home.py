"""The programs whose home this worker is: each has its inputs brought here, then a driver process."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pyfora.cluster.events import StoreParcel
from pyfora.cluster.folds import Folds
from pyfora.cluster.outbox import Outbox
from pyfora.cluster.parcels import Parcels
from pyfora.cluster.processes import Processes
from pyfora.cluster.reports import Reports
from pyfora.cluster.slots import LeafSlots
from pyfora.limits import ATTEMPTS_LIMIT
from pyfora.wire.messages import (
    DriveProgram,
    FoldClosed,
    FoldOffered,
    FoldTerms,
    Message,
    ProgramEnded,
    ProgramPrinted,
    ProgramProgressed,
    RunProgram,
)


@dataclass
class HomeProgram:
    """One attempt of a program, from its arrival to its end."""

    order: RunProgram
    missing: set[str] = field(default_factory=set)
    """Inputs that are still on their way."""
    kept: list[str] = field(default_factory=list)
    """Parcels that are here for its sake."""
    driver: str = ""
    leaves_done: int = 0
    """Of the loops that have ended."""

    @property
    def attempt_id(self) -> str:
        return f"{self.order.program_id}.{self.order.attempt}"

    @property
    def key(self) -> tuple[str, int]:
        return self.order.program_id, self.order.attempt


class Home:
    """All programs that run here, the values that they left."""

    def __init__(
        self,
        worker_id: str,
        outbox: Outbox,
        parcels: Parcels,
        processes: Processes,
        slots: LeafSlots,
        folds: Folds,
        reports: Reports,
    ) -> None:
        self.programs: dict[str, HomeProgram] = {}
        self.values: dict[str, int] = {}
        self._worker_id = worker_id
        self._outbox = outbox
        self._parcels = parcels
        self._processes = processes
        self._slots = slots
        self._folds = folds
        self._reports = reports

    # ---- from the manager ----------------------------------------------------------------------------

    def run(self, order: RunProgram, now: float) -> None:
        """Be the home of this program."""
        known = self.programs.get(order.program_id)
        if known is not None:
            if known.order.attempt >= order.attempt:
                return
            self._clear(known, now)
            self._reports.forget(known.key)
        program = self.programs[order.program_id] = HomeProgram(order)
        self._outbox.log("info", "a block is at home here", block=order.program_id, attempt=order.attempt)
        self._reports.begin(order.program_id, order.attempt)
        if order.payload:
            self._outbox.emit(StoreParcel(order.fingerprint, order.payload))
        self._keep(program, order.fingerprint)
        for value_id, size_bytes, holder_id, host, base_port in order.inputs:
            if self._parcels.has(value_id):
                self._keep(program, value_id)
            elif holder_id == self._worker_id:
                self._end(program, "lost", f"the input {value_id} is not here", now)
                return
            else:
                self._fetch_input(program, value_id, size_bytes, host, base_port)

    def cancel(self, program_id: str, now: float) -> None:
        """Stop the program."""
        program = self.programs.get(program_id)
        if program is not None:
            self._end(program, "cancelled", "the program was cancelled", now)

    def hand_back(self, now: float) -> None:
        """Give up all programs: their manager places them elsewhere."""
        for program in list(self.programs.values()):
            self._end(program, "returned", "its worker is being stopped", now)

    def release(self, value_ids: list[str], now: float) -> None:
        """Nobody needs these values any more."""
        for value_id in value_ids:
            if self.values.pop(value_id, None) is None:
                continue
            if self._parcels.users.get(value_id) == 1 and value_id.partition(".")[0] not in self.programs:
                self._parcels.drop(value_id)
            else:
                self._parcels.release(value_id, now)

    # ---- from the driver -----------------------------------------------------------------------------

    def driver_said(self, program_id: str, process_id: str, message: Message, now: float) -> None:
        """A message from a driver process."""
        program = self.programs.get(program_id)
        if program is None or program.driver != process_id:
            return
        if isinstance(message, FoldOffered):
            if not self._folds.open(program.attempt_id, process_id, message, now):
                self._crash(program, f"it offered the loop {message.fold_id}, which cannot be taken", now)
        elif isinstance(message, FoldTerms):
            if self._is_fold_of(program, message.fold_id):
                self._folds.terms_from_driver(message, now)
        elif isinstance(message, FoldClosed):
            if self._is_fold_of(program, message.fold_id):
                self._close_fold(program, message.fold_id, now)
        elif isinstance(message, ProgramPrinted):
            self._reports.printed(replace(message, program_id=program_id, attempt=program.order.attempt))
        elif isinstance(message, ProgramEnded):
            self._completed(program, message, now)

    def driver_died(self, program_id: str, process_id: str, reason: str, now: float) -> None:
        """A driver process is gone without having said how its program ended."""
        program = self.programs.get(program_id)
        if program is not None and program.driver == process_id:
            self._crash(program, f"the process that ran the program died: {reason}", now)

    # ---- giving --------------------------------------------------------------------------------------

    def waiting(self) -> list[HomeProgram]:
        """Programs that could be driven if there were a process."""
        return [program for program in self.programs.values() if not program.driver and not program.missing]

    def drive(self, now: float) -> int:
        """Give waiting programs their drivers; returns how many processes are missing for that."""
        waiting = self.waiting()
        for at, program in enumerate(waiting):
            process_id = self._processes.bind(program.order.program_id, "driver")
            if process_id is None:
                if self._processes.start_failures >= ATTEMPTS_LIMIT:
                    self._crash(program, "no process for the program could be started on this worker", now)
                    continue
                return len(waiting) - at
            program.driver = process_id
            self._outbox.log("info", "a block is driven", block=program.order.program_id, process=process_id)
            order = program.order
            inputs = {value_id: value_id for value_id, *_ in order.inputs}
            drive = DriveProgram(
                order.program_id,
                order.attempt,
                order.fingerprint,
                order.download,
                order.download_limit_bytes,
                inputs,
                self._slots.cores,
            )
            self._outbox.tell(process_id, drive)
        return 0

    def report_progress(self, now: float) -> None:
        """Tell the manager how far each program is."""
        for program in self.programs.values():
            done = total = program.leaves_done
            for fold in self._folds.table.values():
                if fold.attempt_id == program.attempt_id:
                    done += fold.runs.settled.total
                    total += fold.runs.leaves
            if total:
                workers = 1 + self._folds.at_work(program.attempt_id)
                self._reports.progressed(ProgramProgressed(*program.key, done, total, workers), now)

    # ---- inside --------------------------------------------------------------------------------------

    def _is_fold_of(self, program: HomeProgram, fold_id: str) -> bool:
        fold = self._folds.table.get(fold_id)
        return fold is not None and fold.driver == program.driver

    def _keep(self, program: HomeProgram, name: str) -> None:
        self._parcels.keep(name)
        program.kept.append(name)

    def _fetch_input(self, program: HomeProgram, value_id: str, size: int, host: str, base_port: int) -> None:
        program.missing.add(value_id)

        def done(missed: str | None, now: float) -> None:
            if self.programs.get(program.order.program_id) is not program:
                if missed is None:
                    self._parcels.release(value_id, now)
            elif missed is None:
                program.kept.append(value_id)
                program.missing.discard(value_id)
            else:
                self._end(program, "lost", f"the input {value_id} could not be fetched: {missed}", now)

        self._parcels.fetch(value_id, size, host, base_port, done)

    def _close_fold(self, program: HomeProgram, fold_id: str, now: float) -> None:
        fold = self._folds.close(fold_id, now)
        if fold is not None:
            program.leaves_done += fold.runs.leaves

    def _completed(self, program: HomeProgram, end: ProgramEnded, now: float) -> None:
        program_id = program.order.program_id
        values = [[v, size] for v, size in end.values if str(v).partition(".")[0] == program_id]
        for value_id, size_bytes in values:
            if value_id not in self.values:
                self._parcels.keep(value_id)
            self.values[value_id] = size_bytes
        end = replace(end, program_id=program_id, attempt=program.order.attempt, values=values)
        self._outbox.log("info", "a block has completed", block=program_id, attempt=end.attempt, values=len(values))
        self._clear(program, now)
        self._reports.ended(end)

    def _crash(self, program: HomeProgram, reason: str, now: float) -> None:
        self._end(program, "crashed", reason, now)

    def _end(self, program: HomeProgram, outcome: str, reason: str, now: float) -> None:
        block, attempt = program.key
        self._outbox.log("warn", "a block has ended", block=block, attempt=attempt, outcome=outcome, reason=reason)
        self._clear(program, now)
        self._reports.ended(ProgramEnded(*program.key, outcome, reason, {}, [], b""))

    def _clear(self, program: HomeProgram, now: float) -> None:
        """Stop all that runs for this program here or at thieves."""
        program_id = program.order.program_id
        for fold_id in [f.fold_id for f in self._folds.table.values() if f.attempt_id == program.attempt_id]:
            self._folds.close(fold_id, now)
        if program.driver:
            self._processes.kill(program.driver)
        self._slots.drop_attempt(program.attempt_id)
        for name in program.kept:
            self._parcels.release(name, now)
        del self.programs[program_id]
