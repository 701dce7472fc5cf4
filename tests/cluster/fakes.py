"""Compute processes of the simulation: a driver and a leaf, which keep to the protocol of the compute socket."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol

from pyfora.limits import HELD_RUNS_LIMIT, KERNEL_WAIT_S
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
    ProgramEnded,
    ProgramPrinted,
    RunLeaves,
    TermsFolded,
)
from tests.cluster.programs import Spec, Step, add_terms, answer, answer_of_step, integer, kernel_of, value_content

COMPILE_S = 0.08


class Surroundings(Protocol):
    """What a process sees of its worker."""

    spool: dict[str, bytes]
    kernels: dict[str, bytes]
    """The worker's cache."""

    def say(self, message: Message) -> None: ...
    def later(self, delay_s: float, action: Callable[[], None]) -> None: ...
    def die(self, reason: str) -> None: ...
    def wrong(self, text: str) -> None: ...
    def random(self) -> float: ...
    def lock(self, key: str) -> bool: ...
    def unlock(self, key: str) -> None: ...


class ComputeProcess:
    """Becomes a driver or a leaf by its first message."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.part: Driver | Leaf | None = None

    def tell(self, message: Message) -> None:
        if self.part is None:
            self.part = Driver(self.around) if isinstance(message, DriveProgram) else Leaf(self.around)
        self.part.tell(message)


class Driver:
    """Runs one program: its steps in order, each as a parallel loop."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.results: list[str] = []
        self.step_at = -1
        self.fold_id = ""
        self.offer: FoldOffered | None = None
        """What waits for its kernel."""

    def tell(self, message: Message) -> None:
        if isinstance(message, DriveProgram):
            self._begin(message)
        elif isinstance(message, KernelAnswered):
            self._kernel(self.offer, message)
        elif getattr(message, "fold_id", None) == self.fold_id:
            if isinstance(message, PieceDone):
                self._piece(message)
            elif isinstance(message, PieceLost):
                self._lost(message)
            elif isinstance(message, TermsFolded):
                self._folded(message)

    def _begin(self, order: DriveProgram) -> None:
        data = self.around.spool.get(order.path)
        if data is None:
            self.around.wrong(f"the program {order.path[:8]} is not in the spool")
            return
        self.order = order
        self.spec = Spec.from_bytes(data)
        self.read = {}
        for value_id, path in order.inputs.items():
            if path not in self.around.spool:
                self.around.wrong(f"the input {value_id} is not in the spool")
                return
            self.read[value_id] = self.around.spool[path].decode()
        self.around.later(0.002, self._next_step)

    def _print(self, number: int) -> None:
        text = f"line {number}\n"
        position = sum(len(f"line {i}\n") for i in range(number))
        self.around.say(ProgramPrinted(self.order.program_id, self.order.attempt, position, "stdout", text))

    def _next_step(self) -> None:
        self.step_at += 1
        if self.step_at < self.spec.prints:
            self._print(self.step_at)
        if self.spec.crashes:
            self.around.die("signal 11 (segmentation fault)")
            return
        if self.step_at >= len(self.spec.steps):
            for number in range(self.step_at + 1, self.spec.prints):
                self._print(number)
            self._end()
            return
        self.step = self.spec.steps[self.step_at]
        self.fold_id = f"{self.order.program_id}.{self.order.attempt}.{self.step_at}"
        self.next = 0
        self.total = 0
        self.accumulator = 0.0
        self.ready: dict[int, PieceDone] = {}
        self.waiting: tuple[int, int] | None = None
        environment = json.dumps(asdict(self.step)).encode()
        name = hashlib.sha256(environment).hexdigest()
        self.around.spool[name] = environment
        guess = self.step.leaf_s * (0.3 + 2 * self.around.random())
        holds = self.step.kind == "float"
        self._with_kernel(FoldOffered(self.fold_id, self.step.leaves, guess, holds, name, len(environment)))

    def _with_kernel(self, offer: FoldOffered) -> None:
        """Offer the loop once its kernel is here: from the cache, from another worker, or compiled."""
        key, _ = kernel_of(self.step)
        if key in self.around.kernels:
            self.around.say(offer)
        elif not self.around.lock(key):
            self.around.later(0.005, lambda: self._with_kernel(offer))
        else:
            self.offer = offer
            self.around.say(KernelWanted(key))
            self.around.later(KERNEL_WAIT_S, lambda: self._kernel(offer, KernelAnswered(key, b"")))

    def _kernel(self, offer: FoldOffered | None, answer: KernelAnswered) -> None:
        key, content = kernel_of(self.step)
        if offer is None or offer is not self.offer or answer.key != key:
            return  # late
        self.offer = None
        if answer.payload:
            if answer.payload != content:
                self.around.wrong(f"another kernel than {key}")
            self._has_kernel(offer)
            return

        def built() -> None:
            self.around.say(KernelBuilt(key, True, content))
            self._has_kernel(offer)

        self.around.later(COMPILE_S, built)

    def _has_kernel(self, offer: FoldOffered) -> None:
        key, content = kernel_of(self.step)
        self.around.kernels[key] = content
        self.around.unlock(key)
        self.around.say(offer)

    def _piece(self, piece: PieceDone) -> None:
        if piece.outcome == "touched":
            self._run_in_order(self.step.leaves)
            return
        for other in self.ready.values():
            if other.lo < piece.hi and piece.lo < other.hi:
                self.around.wrong(f"{piece.lo}..{piece.hi} came while {other.lo}..{other.hi} is here")
        if piece.lo < self.next:
            self.around.wrong(f"{piece.lo}..{piece.hi} came twice, the driver is at {self.next}")
        self.ready[piece.lo] = piece
        self._advance()

    def _lost(self, lost: PieceLost) -> None:
        piece = self.ready.pop(lost.lo, None)
        if piece is None or piece.hi != lost.hi or piece.outcome != "held":
            self.around.wrong(f"{lost.lo}..{lost.hi} is lost, but was never held")
        if self.waiting == (lost.lo, lost.hi):
            self.waiting = None

    def _folded(self, folded: TermsFolded) -> None:
        if self.waiting != (folded.lo, folded.hi):
            self.around.wrong(f"{folded.lo}..{folded.hi} was folded, waiting for {self.waiting}")
            return
        self.waiting = None
        self.accumulator = json.loads(folded.payload)
        del self.ready[folded.lo]
        self.next = folded.hi
        self._advance()

    def _advance(self) -> None:
        while self.next in self.ready and self.waiting is None:
            piece = self.ready[self.next]
            if piece.outcome == "held":
                self.waiting = (piece.lo, piece.hi)
                state = json.dumps(self.accumulator).encode()
                self.around.say(FoldTerms(self.fold_id, piece.lo, piece.hi, state))
                return
            if piece.outcome == "raised":
                self._run_in_order(self.step.leaves - piece.lo)
                return
            del self.ready[self.next]
            data = piece.payload
            if piece.parcel_id:
                if piece.parcel_id not in self.around.spool:
                    self.around.wrong(f"the partial {piece.parcel_id[:8]} is not in the spool")
                    return
                data = self.around.spool[piece.parcel_id]
            partial = json.loads(data)
            self.next = piece.hi
            if self.step.kind == "any":
                if partial:
                    self._end_step(answer_of_step(self.step))
                    return
            elif self.step.kind == "float":
                self.around.wrong("a partial where terms are held")
            else:
                self.total += partial
        if self.next == self.step.leaves:
            self._end_step(self.accumulator.hex() if self.step.kind == "float" else str(self.total))

    def _run_in_order(self, leaves: int) -> None:
        result = answer_of_step(self.step)
        self.around.say(FoldClosed(self.fold_id))
        self.fold_id = ""
        self.around.later(leaves * self.step.leaf_s, lambda: self._done(result))

    def _end_step(self, result: str) -> None:
        self.around.say(FoldClosed(self.fold_id))
        self.fold_id = ""
        self._done(result)

    def _done(self, result: str) -> None:
        self.results.append(result)
        self.around.later(0.001, self._next_step)

    def _end(self) -> None:
        right = answer(self.spec, self.read)
        if self.results != [answer_of_step(step) for step in self.spec.steps]:
            right = f"wrong: {self.results}"
        values: list[list[Any]] = []
        for number in range(self.spec.values):
            value_id = f"{self.spec.program_id}.v{number}"
            content = value_content(right, number).encode()
            self.around.spool[value_id] = content
            values.append([value_id, len(content)])
        order = self.order
        self.around.say(ProgramEnded(order.program_id, order.attempt, "completed", "", {"answer": right}, values, b""))


class Leaf:
    """Runs leaves, one run after the other; holds terms until the accumulator comes."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.queue: list[RunLeaves] = []
        self.errands: list[FoldTerms] = []
        self.held: dict[tuple[str, int, int], tuple[int, Step]] = {}
        self.busy = False

    def tell(self, message: Message) -> None:
        if isinstance(message, RunLeaves):
            self.queue.append(message)
            if len(self.queue) > 2:
                self.around.wrong("more than two runs at a leaf process")
        elif isinstance(message, FoldTerms):
            self.errands.append(message)
        elif isinstance(message, DropFold):
            if any(run.fold_id == message.fold_id for run in self.queue):
                self.around.wrong("a fold is dropped at a busy process")
            self.held = {key: kept for key, kept in self.held.items() if key[0] != message.fold_id}
        self._work()

    def _work(self) -> None:
        while self.errands and not self.busy:
            self._fold(self.errands.pop(0))
        if not self.busy and self.queue:
            self.busy = True
            run = self.queue[0]
            data = self.around.spool.get(run.environment_path)
            if data is None:
                self.around.wrong(f"the environment of {run.fold_id} is not in the spool")
                return
            step = Step(**json.loads(data))
            key, content = kernel_of(step)
            self.around.kernels[key] = content
            self._piece(run, step, run.lo)

    def _fold(self, message: FoldTerms) -> None:
        key = (message.fold_id, message.lo, message.hi)
        if key not in self.held:
            self.around.wrong(f"terms {message.lo}..{message.hi} are asked for, but not held")
            return
        _, step = self.held.pop(key)
        if message.payload:
            state = add_terms(step, message.lo, message.hi, json.loads(message.payload))
            self.around.say(TermsFolded(*key, json.dumps(state).encode()))

    def _piece(self, run: RunLeaves, step: Step, lo: int) -> None:
        hi = run.hi
        if hi - lo > 1 and self.around.random() < 0.2:
            hi = lo + 1 + int(self.around.random() * (hi - lo - 1))
        special = lo <= step.at < hi
        if special and step.kind == "raised" and step.at > lo:
            hi, special = step.at, False
        elapsed_s = (hi - lo) * step.leaf_s * (0.7 + 0.6 * self.around.random())
        if special and step.kind == "poison":
            self.around.later(elapsed_s, lambda: self.around.die("signal 9 (killed)"))
            return
        outcome, payload, parcel_id, size = "partial", b"0", "", 0
        if special and step.kind in ("raised", "touched"):
            outcome, payload, hi = step.kind, b"", run.hi
        elif step.kind == "float":
            outcome, payload = "held", b""
        elif step.kind == "any":
            payload = b"true" if special else b"false"
        elif step.kind != "raised" or hi <= step.at:
            payload = str(sum(integer(step, leaf) for leaf in range(lo, hi))).encode()
        if step.kind == "big" and outcome == "partial":
            parcel_id = hashlib.sha256(payload).hexdigest()
            payload, size, data = b"", len(payload), payload
            self.around.spool[parcel_id] = data

        def done() -> None:
            piece = PieceDone(run.fold_id, run.run_id, lo, hi, outcome, elapsed_s, parcel_id, size, payload)
            if outcome == "held":
                self.held[run.fold_id, lo, hi] = (run.run_id, step)
                runs = {(key[0], kept[0]) for key, kept in self.held.items()}
                if len(runs) > HELD_RUNS_LIMIT + 1:
                    self.around.wrong(f"{len(runs)} runs are held at one process")
            if hi == run.hi:
                self.queue.pop(0)
                self.busy = False
            self.around.say(piece)
            if hi < run.hi:
                self._piece(run, step, hi)
            else:
                self._work()

        self.around.later(elapsed_s, done)
