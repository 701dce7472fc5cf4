"""The leaf process: runs of leaves, compiled or interpreted, and the terms that wait here for the accumulator."""

from __future__ import annotations

import pickle
import struct
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyfora.compile import GaveUp, Kernel, NotCompiled, Output, fold_float_terms, load_kernel
from pyfora.execute.conversation import Conversation
from pyfora.execute.environment import Environment, unpack
from pyfora.execute.output import Written, redirect
from pyfora.execute.spool import Spool
from pyfora.fold.partials import Form, Partial, partial_of
from pyfora.fold.sources import holds_state
from pyfora.language.frozen import fingerprint_of_state
from pyfora.limits import INLINE_LIMIT_BYTES, RUN_LEAVES_LIMIT
from pyfora.wire.messages import DropFold, FoldTerms, Message, PieceDone, RunLeaves, TermsFolded

GAVE_UP_LIMIT = 8
"""A kernel that gave up on so many leaves in a row is not asked again here: each time costs time for nothing."""
TOGETHER_S = 0.002
"""How long one call of a kernel is meant to take: it cannot be interrupted, and each call costs microseconds."""
STATE = struct.Struct("<dd")
"""The accumulator of a float sum, as it travels."""


@dataclass(frozen=True)
class LeafReport:
    """The payload of a partial or held piece: read by the driver, opaque to all in between."""

    partials: list[Partial]
    written: Written
    gave_up: int


@dataclass
class Loop:
    """One loop in this process."""

    environment: Environment
    kernel: Kernel | None
    guarded: dict[str, Any]
    """What an interpreted leaf could change and must not."""
    gave_up_in_a_row: int = 0
    leaves_together: int = 1
    """Leaves that one call of the kernel does."""
    buffers: list[Any] = field(default_factory=list)
    """Free arrays for terms, each for a whole run: memory that was touched once is used again."""


@dataclass
class Piece:
    """Leaves of the current run that were not reported yet."""

    lo: int
    next: int
    held: bool
    started_at: float
    partials: list[Partial] = field(default_factory=list)
    written: Written = field(default_factory=list)
    gave_up: int = 0
    interpreted: bool = False
    terms: Any = None
    count: int = 0


class LeafProcess:
    """Takes runs, reports pieces, folds held terms; looks at its messages between any two leaves."""

    def __init__(self, conversation: Conversation, spool: Spool, primitives: Mapping[str, Callable[..., Any]]) -> None:
        self._conversation = conversation
        self._spool = spool
        self._primitives = primitives
        self._runs: deque[RunLeaves] = deque()
        self._loops: dict[str, Loop] = {}
        self._held: dict[tuple[str, int, int], tuple[Any, int]] = {}
        """(fold, lo, hi) -> (terms, how many)."""
        self._written: Written = []
        self._piece = Piece(0, 0, False, 0.0)
        self._buffer: Any = None
        self._used = 0
        """Terms in the run's buffer that belong to pieces which were reported."""
        redirect(lambda stream, text: self._written.append((stream, text)))

    def serve(self, first: Message) -> None:
        """Work until the worker is gone (WorkerGone is raised then)."""
        self._take(first)
        while True:
            if self._runs:
                self._run(self._runs.popleft())
            else:
                self._take(self._conversation.receive())

    def _take(self, message: Message) -> None:
        if isinstance(message, RunLeaves):
            self._runs.append(message)
        elif isinstance(message, FoldTerms):
            self._fold_terms(message)
        elif isinstance(message, DropFold):
            self._loops.pop(message.fold_id, None)
            self._runs = deque(run for run in self._runs if run.fold_id != message.fold_id)
            for key in [key for key in self._held if key[0] == message.fold_id]:
                del self._held[key]

    def _fold_terms(self, message: FoldTerms) -> None:
        """Add held terms to the accumulator that came; an empty payload means that they are not wanted."""
        terms, count = self._held.pop((message.fold_id, message.lo, message.hi), (None, 0))
        if terms is None:
            return
        if message.payload:
            state = fold_float_terms(terms, count, STATE.unpack(message.payload))
            answer = TermsFolded(message.fold_id, message.lo, message.hi, STATE.pack(*state))
            self._conversation.send(answer)
        loop = self._loops.get(message.fold_id)
        if loop is not None and terms.base is not None and not self._shared(terms.base):
            loop.buffers.append(terms.base)

    def _shared(self, buffer: Any) -> bool:
        return buffer is self._buffer or any(terms.base is buffer for terms, _ in self._held.values())

    # ---- running -----------------------------------------------------------------------------------------

    def _run(self, run: RunLeaves) -> None:
        loop = self._loops.get(run.fold_id) or self._open(run)
        before = fingerprint_of_state(self._guarded(loop, run))
        self._piece = Piece(run.lo, run.lo, False, time.perf_counter())
        self._buffer = None
        leaf = run.lo
        while leaf < run.hi:
            while (message := self._conversation.poll()) is not None:
                self._take(message)
            if run.fold_id not in self._loops:
                return
            together = loop.leaves_together if loop.kernel is not None else 1
            started = time.perf_counter()
            try:
                self._leaves(run, loop, leaf, min(leaf + together, run.hi))
            except Exception:
                # The driver runs this leaf again in order, if it comes to that, and meets the exception itself.
                if self._report(run, loop, before):
                    self._say(run, leaf, run.hi, "raised", 0.0)
                self._written = []
                return
            leaf_s = (time.perf_counter() - started) / (self._piece.next - leaf)
            loop.leaves_together = max(1, min(int(TOGETHER_S / max(leaf_s, 1e-9)), RUN_LEAVES_LIMIT))
            leaf = self._piece.next
        self._report(run, loop, before)
        self._buffer = None

    def _open(self, run: RunLeaves) -> Loop:
        environment = unpack(self._spool.read(run.environment_path), self._primitives)
        kernel = None
        if environment.object_code:
            try:
                kernel = load_kernel(environment.object_code)
            except (NotCompiled, ValueError):
                # Another processor than the driver's: interpreted leaves give the same answer.
                kernel = None
        guarded: dict[str, Any] = {"part": environment.part}
        loop = self._loops[run.fold_id] = Loop(environment, kernel, guarded)
        return loop

    def _guarded(self, loop: Loop, run: RunLeaves) -> dict[str, Any]:
        start, stop = loop.environment.grid.elements(run.lo, run.hi)
        elements = loop.environment.source[start:stop]
        return {**loop.guarded, "elements": elements if holds_state(elements) else None}

    def _leaves(self, run: RunLeaves, loop: Loop, leaf: int, stop: int) -> None:
        """Leaves [leaf, stop), or only the first of them where it takes CPython. Raises what the first one raises."""
        if loop.kernel is None:
            self._interpreted(run, loop, leaf, gave_up=0)
            return
        for end in (stop, leaf + 1):
            try:
                self._compiled(run, loop, loop.kernel, leaf, end)
            except GaveUp:
                continue
            loop.gave_up_in_a_row = 0
            return
        loop.gave_up_in_a_row += 1
        if loop.gave_up_in_a_row == GAVE_UP_LIMIT:
            loop.kernel = None
        self._interpreted(run, loop, leaf, gave_up=1)

    def _compiled(self, run: RunLeaves, loop: Loop, kernel: Kernel, leaf: int, stop: int) -> None:
        """Leaves [leaf, stop) by one call of the kernel. Raises GaveUp, with nothing of them in a piece."""
        environment = loop.environment
        start, end = environment.grid.elements(leaf, stop)
        elements = environment.source[start:end]
        assert isinstance(elements, range)
        place = (elements.start, elements.step, len(elements))
        if kernel.output is not Output.TERMS:
            value = kernel.run(environment.captured, *place)
            self._note(run, Partial(environment.form, _as_data(environment.form, value)), stop)
        elif environment.form is Form.FLOATS:
            space = self._space(run, loop, len(elements))
            if space is None:
                raise GaveUp
            count = kernel.run(environment.captured, *place, space)
            self._piece.count += int(count or 0)
            self._piece.next = stop
        else:
            import numpy as np

            into = np.empty(len(elements), kernel.dtype)
            count = kernel.run(environment.captured, *place, into)
            self._note(run, Partial(Form.ARRAY, into[:count]), stop)

    def _interpreted(self, run: RunLeaves, loop: Loop, leaf: int, gave_up: int) -> None:
        """One leaf by CPython. Raises what its elements raise."""
        environment = loop.environment
        start, stop = environment.grid.elements(leaf, leaf + 1)
        self._written = []
        partial = partial_of(environment.form, environment.callee, environment.part(environment.source[start:stop]))
        space = None
        if environment.object_code and environment.form is partial.form is Form.FLOATS:
            space = self._space(run, loop, len(partial.data))
        if space is None:
            self._note(run, partial, leaf + 1)
        else:
            space[: len(partial.data)] = partial.data
            self._piece.count += len(partial.data)
            self._piece.next = leaf + 1
        self._piece.written += self._written
        self._piece.interpreted = True
        self._piece.gave_up += gave_up
        self._written = []

    # ---- pieces -------------------------------------------------------------------------------------------

    def _note(self, run: RunLeaves, partial: Partial, next_leaf: int) -> None:
        """Put a partial into the piece, which then reaches up to `next_leaf`."""
        self._piece_for(run, held=False)
        partials = self._piece.partials
        last = partials[-1] if partials else None
        if last is not None and last.form is partial.form is Form.TOTAL:
            partials[-1] = Partial(Form.TOTAL, last.data + partial.data)
        elif last is not None and last.form is partial.form is Form.ELEMENTS:
            last.data.extend(partial.data)
        else:
            partials.append(partial)
        self._piece.next = next_leaf

    def _space(self, run: RunLeaves, loop: Loop, elements: int) -> Any:
        """Room for so many terms behind those of the held piece; None where the run's array is full."""
        import numpy as np

        self._piece_for(run, held=True)
        piece = self._piece
        if piece.terms is None:
            if self._buffer is None:
                size = loop.environment.grid.leaf_elements * RUN_LEAVES_LIMIT
                self._buffer = loop.buffers.pop() if loop.buffers else np.empty(size, np.float64)
                self._used = 0
            piece.terms = self._buffer[self._used :]
        free = piece.terms[piece.count :]
        return free if len(free) >= elements else None

    def _piece_for(self, run: RunLeaves, *, held: bool) -> None:
        """Begin a new piece where terms that are held meet partials that are sent."""
        piece = self._piece
        if piece.next == piece.lo:
            piece.held = held
        elif piece.held is not held:
            self._send(run, piece)
            self._piece = Piece(piece.next, piece.next, held, time.perf_counter(), interpreted=piece.interpreted)

    def _report(self, run: RunLeaves, loop: Loop, before: bytes | None) -> bool:
        """Report what is left of the run; False where the part has changed what it shares with others."""
        piece = self._piece
        if piece.interpreted and (before is None or fingerprint_of_state(self._guarded(loop, run)) != before):
            self._say(run, piece.lo, run.hi, "touched", 0.0)
            return False
        if piece.next > piece.lo:
            self._send(run, piece)
        return True

    def _send(self, run: RunLeaves, piece: Piece) -> None:
        elapsed_s = time.perf_counter() - piece.started_at
        if piece.held:
            self._held[run.fold_id, piece.lo, piece.next] = (piece.terms[: piece.count], piece.count)
            self._used += piece.count
        payload = pickle.dumps(LeafReport(piece.partials, piece.written, piece.gave_up), 5)
        self._say(run, piece.lo, piece.next, "held" if piece.held else "partial", elapsed_s, payload)

    def _say(self, run: RunLeaves, lo: int, hi: int, outcome: str, elapsed_s: float, payload: bytes = b"") -> None:
        parcel_id, size_bytes = "", len(payload)
        if size_bytes > INLINE_LIMIT_BYTES:
            # Not by content: equal pieces would be one file, and the first to be read would take it from the others.
            parcel_id, payload = self._spool.write([payload], f"piece-{run.fold_id}.{run.run_id}.{lo}"), b""
        self._conversation.send(
            PieceDone(run.fold_id, run.run_id, lo, hi, outcome, elapsed_s, parcel_id, size_bytes, payload)
        )


def _as_data(form: Form, value: int | float | bool | None) -> Any:
    if form is Form.WINNER:
        return [] if value is None else [value]
    return value
