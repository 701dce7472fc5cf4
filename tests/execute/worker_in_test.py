"""A worker small enough for a test: real fork server, real compute processes, runs handed out in the simplest way."""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from pyfora.wire.codec import decode_message, encode_message
from pyfora.wire.framing import FrameReader, frame
from pyfora.wire.links import Link
from pyfora.wire.messages import (
    DriveProgram,
    DropFold,
    FoldClosed,
    FoldOffered,
    FoldTerms,
    KernelAnswered,
    KernelBuilt,
    KernelWanted,
    Message,
    PieceDone,
    PieceLost,
    ProcessReady,
    ProgramEnded,
    ProgramPrinted,
    RunLeaves,
    TermsFolded,
)

LONG_S = 0.5
"""Nothing waits behind a leaf that takes longer."""


class Process:
    """One compute process, seen from the worker."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.frames = FrameReader()
        self.alive = True

    def send(self, message: Message) -> None:
        with contextlib.suppress(OSError):
            self.socket.sendall(frame(encode_message(message)))

    def receive(self) -> list[Message]:
        try:
            data = self.socket.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            self.alive = False
            return []
        return [decode_message(whole, Link.PROCESS_TO_WORKER) for whole in self.frames.receive(data)]


@dataclass
class Offered:
    """The fold under way."""

    offer: FoldOffered
    pending: list[tuple[int, int]]
    running: dict[int, tuple[Process, int, int]] = field(default_factory=dict)
    held: dict[int, tuple[Process, int]] = field(default_factory=dict)


class WorkerInTest:
    """`with WorkerInTest(leaf_processes=2) as worker: worker.drive(program_bytes)`."""

    def __init__(self, leaf_processes: int = 2, run_leaves: int = 3, server: str = "pyfora.execute.server") -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="pyfora-execute-"))
        self.spool = self.directory / "spool"
        self.spool.mkdir()
        self._server_module = server
        self._leaf_processes = leaf_processes
        self._run_leaves = run_leaves
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.directory / "compute"))
        self._listener.listen()
        self._names = itertools.count()
        self.printed: list[ProgramPrinted] = []
        self.offers: list[FoldOffered] = []
        self.kill_after_pieces: int | None = None
        """Kill a leaf process once so many pieces have come."""
        self.pids: dict[str, int] = {}
        self.others_kernels: dict[str, bytes] = {}
        """What other workers have, by key, as `KernelAnswered` brings it."""
        self.answers_late = False
        """Whether the driver hears of them only when it has compiled one itself."""
        self.built: list[KernelBuilt] = []
        self.at_offer: Callable[[], None] = lambda: None
        """Called when a driver has offered a loop, before a leaf process hears of it."""
        self.lost_pieces = 0
        """Held pieces that were lost with their holder."""

    def __enter__(self) -> WorkerInTest:
        self.server = subprocess.Popen(
            [
                *(sys.executable, "-m", self._server_module, "--socket", str(self.directory / "compute")),
                *("--spool", str(self.spool), "--cache", str(self.directory / "kernels")),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._line() == "ready"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.server.stdin is not None
        self.server.stdin.close()
        self.server.wait(10)
        self._listener.close()
        for file in sorted(self.directory.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        self.directory.rmdir()

    def _line(self) -> str:
        assert self.server.stdout is not None
        return self.server.stdout.readline().decode().strip()

    def fork(self) -> Process:
        """A fresh compute process, ready."""
        assert self.server.stdin is not None
        name = f"p{next(self._names)}"
        self.server.stdin.write(f"fork {name}\n".encode())
        self.server.stdin.flush()
        while not (line := self._line()).startswith(f"forked {name} "):
            assert line.startswith("died"), line
        self.pids[name] = int(line.split()[2])
        connection, _ = self._listener.accept()
        process = Process(connection)
        (ready,) = process.receive()
        assert ready == ProcessReady(name)
        process.name = name  # type: ignore[attr-defined]
        return process

    def kill(self, process: Process) -> None:
        os.kill(self.pids[process.name], signal.SIGKILL)  # type: ignore[attr-defined]

    def drive(
        self,
        program: bytes,
        download: str = "all",
        limit_bytes: int = 10_000,
        timeout_s: float = 60.0,
    ) -> ProgramEnded:
        """Run a program to its end."""
        (self.spool / "program").write_bytes(program)
        driver = self.fork()
        leaf_processes = [self.fork() for _ in range(self._leaf_processes)]
        cores = self._leaf_processes
        driver.send(DriveProgram("0" * 32, 1, "program", download, limit_bytes, {}, cores))
        try:
            return self._until_end(driver, leaf_processes, time.monotonic() + timeout_s)
        finally:
            for process in [driver, *leaf_processes]:
                with contextlib.suppress(ProcessLookupError):
                    self.kill(process)
                process.socket.close()

    def _until_end(self, driver: Process, leaves: list[Process], deadline: float) -> ProgramEnded:
        folds: dict[str, Offered] = {}
        run_ids = itertools.count(1)
        pieces = 0
        while time.monotonic() < deadline:
            for fold in folds.values():
                self._feed(fold, list(folds.values()), leaves, run_ids)
            sockets = {process.socket: process for process in [driver, *leaves] if process.alive}
            for ready in select.select(list(sockets), [], [], 1.0)[0]:
                process = sockets[ready]
                for message in process.receive():
                    if isinstance(message, ProgramEnded):
                        return message
                    if isinstance(message, KernelWanted) and not self.answers_late:
                        process.send(KernelAnswered(message.key, self.others_kernels.get(message.key, b"")))
                    elif isinstance(message, KernelBuilt):
                        self.built.append(message)
                        if self.answers_late:
                            process.send(KernelAnswered(message.key, self.others_kernels.get(message.key, b"")))
                    elif isinstance(message, ProgramPrinted):
                        self.printed.append(message)
                    elif isinstance(message, FoldOffered):
                        self.offers.append(message)
                        self.at_offer()
                        step = self._run_leaves
                        runs = [(lo, min(lo + step, message.leaves)) for lo in range(0, message.leaves, step)]
                        folds[message.fold_id] = Offered(message, runs)
                    elif isinstance(message, FoldClosed):
                        self._close(folds.pop(message.fold_id), leaves)
                    elif (fold := folds.get(getattr(message, "fold_id", ""))) is None:
                        continue  # late
                    elif isinstance(message, FoldTerms):
                        # Where it was lost meanwhile, the driver is about to read so.
                        if message.lo in fold.held:
                            fold.held[message.lo][0].send(message)
                    elif isinstance(message, TermsFolded):
                        fold.held.pop(message.lo, None)
                        driver.send(message)
                    elif isinstance(message, PieceDone):
                        pieces += 1
                        self._piece(fold, process, message)
                        driver.send(message)
                        if pieces == self.kill_after_pieces:
                            self.kill(process)
                if not process.alive and process in [driver, *leaves]:
                    assert process is not driver, "the driver died"
                    for fold in folds.values():
                        self._lost(fold, process, driver)
        raise AssertionError("the program did not end in time")

    def _close(self, fold: Offered, leaves: list[Process]) -> None:
        """Nobody waits for what is still run of it: as a worker does, those that run it are exchanged for others."""
        busy = {id(holder) for holder, _, _ in fold.running.values() if holder.alive}
        for number, leaf in enumerate(leaves):
            if id(leaf) in busy and fold.offer.leaf_s > LONG_S:
                self.kill(leaf)
                leaf.socket.close()
                leaves[number] = self.fork()
            else:
                leaf.send(DropFold(fold.offer.fold_id))

    def _feed(self, fold: Offered, folds: list[Offered], leaves: list[Process], run_ids: itertools.count[int]) -> None:
        for process in leaves:
            busy = sum(1 for one in folds for holder, _, _ in one.running.values() if holder is process)
            if process.alive and busy < (1 if fold.offer.leaf_s > LONG_S else 2) and fold.pending:
                lo, hi = fold.pending.pop(0)
                run_id = next(run_ids)
                fold.running[run_id] = (process, lo, hi)
                process.send(RunLeaves(fold.offer.fold_id, run_id, lo, hi, fold.offer.environment_id))

    def _piece(self, fold: Offered, process: Process, piece: PieceDone) -> None:
        _, _, hi = fold.running[piece.run_id]
        if piece.hi == hi:
            del fold.running[piece.run_id]
        else:
            fold.running[piece.run_id] = (process, piece.hi, hi)
        if piece.outcome == "held":
            fold.held[piece.lo] = (process, piece.hi)

    def _lost(self, fold: Offered, process: Process, driver: Process) -> None:
        for run_id, (holder, lo, hi) in list(fold.running.items()):
            if holder is process:
                del fold.running[run_id]
                fold.pending.append((lo, hi))
        for lo, (holder, hi) in list(fold.held.items()):
            if holder is process:
                del fold.held[lo]
                fold.pending.append((lo, hi))
                self.lost_pieces += 1
                driver.send(PieceLost(fold.offer.fold_id, lo, hi))
        fold.pending.sort()
