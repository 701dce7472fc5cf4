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
        self._buffer: Any = None
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
        piece = Piece(run.lo, run.lo, False, time.perf_counter())
        self._buffer = None
        for leaf in range(run.lo, run.hi):
            while (message := self._conversation.poll()) is not None:
                self._take(message)
            if run.fold_id not in self._loops:
                return
            try:
                piece = self._leaf(run, loop, piece, leaf)
            except Exception:
                # The driver runs this leaf again in order, if it comes to that, and meets the exception itself.
                if self._report(run, loop, piece, before):
                    self._say(run, leaf, run.hi, "raised", 0.0)
                self._written = []
                return
        self._report(run, loop, piece, before)
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

    def _leaf(self, run: RunLeaves, loop: Loop, piece: Piece, leaf: int) -> Piece:
        environment = loop.environment
        start, stop = environment.grid.elements(leaf, leaf + 1)
        elements = environment.source[start:stop]
        gave_up = 0
        if loop.kernel is not None:
            assert isinstance(elements, range)
            try:
                piece = self._compiled_leaf(run, loop, loop.kernel, piece, elements)
                loop.gave_up_in_a_row = 0
                return piece
            except GaveUp:
                gave_up = 1
                loop.gave_up_in_a_row += 1
                if loop.gave_up_in_a_row == GAVE_UP_LIMIT:
                    loop.kernel = None
        self._written = []
        partial = partial_of(environment.form, environment.callee, environment.part(elements))
        if environment.object_code and partial.form is Form.FLOATS:
            piece = self._piece(run, piece, held=True)
            into = self._space(loop, piece, len(partial.data))
            if into is not None:
                into[: len(partial.data)] = partial.data
                piece.count += len(partial.data)
                piece.next += 1
                piece.gave_up += gave_up
                piece.written += self._written
                piece.interpreted = True
                return piece
        return self._note(run, piece, partial, gave_up, interpreted=True)

    def _note(self, run: RunLeaves, piece: Piece, partial: Partial, gave_up: int, *, interpreted: bool) -> Piece:
        piece = self._piece(run, piece, held=False)
        last = piece.partials[-1] if piece.partials else None
        if last is not None and last.form is partial.form is Form.TOTAL:
            piece.partials[-1] = Partial(Form.TOTAL, last.data + partial.data)
        elif last is not None and last.form is partial.form is Form.ELEMENTS:
            last.data.extend(partial.data)
        else:
            piece.partials.append(partial)
        if interpreted:
            piece.written += self._written
            self._written = []
        piece.interpreted = piece.interpreted or interpreted
        piece.gave_up += gave_up
        piece.next += 1
        return piece

    def _compiled_leaf(self, run: RunLeaves, loop: Loop, kernel: Kernel, piece: Piece, elements: range) -> Piece:
        """The piece with one more leaf in it. Raises GaveUp, with the piece as it was."""
        environment = loop.environment
        if kernel.output is not Output.TERMS:
            value = kernel.run(environment.captured, elements.start, elements.step, len(elements))
            partial = Partial(environment.form, _as_data(environment.form, value))
            return self._note(run, piece, partial, 0, interpreted=False)
        if environment.form is not Form.FLOATS:
            import numpy as np

            into = np.empty(len(elements), kernel.dtype)
            count = kernel.run(environment.captured, elements.start, elements.step, len(elements), into)
            return self._note(run, piece, Partial(Form.ARRAY, into[:count]), 0, interpreted=False)
        piece = self._piece(run, piece, held=True)
        space = self._space(loop, piece, len(elements))
        if space is None:
            raise GaveUp
        count = kernel.run(environment.captured, elements.start, elements.step, len(elements), space)
        assert count is not None
        piece.count += int(count)
        piece.next += 1
        return piece

    def _space(self, loop: Loop, piece: Piece, elements: int) -> Any:
        """Room for so many terms behind those of the piece; None where the run's array is full."""
        import numpy as np

        if piece.terms is None:
            if self._buffer is None:
                size = loop.environment.grid.leaf_elements * RUN_LEAVES_LIMIT
                self._buffer = loop.buffers.pop() if loop.buffers else np.empty(size, np.float64)
                self._used = 0
            piece.terms = self._buffer[self._used :]
        free = piece.terms[piece.count :]
        return free if len(free) >= elements else None

    # ---- reporting -----------------------------------------------------------------------------------------

    def _piece(self, run: RunLeaves, piece: Piece, *, held: bool) -> Piece:
        """The piece to go on with: a new one where terms that are held meet partials that are sent."""
        if piece.next == piece.lo:
            piece.held = held
            return piece
        if piece.held is held:
            return piece
        self._send(run, piece)
        return Piece(piece.next, piece.next, held, time.perf_counter(), interpreted=piece.interpreted)

    def _report(self, run: RunLeaves, loop: Loop, piece: Piece, before: bytes | None) -> bool:
        """Report what is left of the run; False where the part has changed what it shares with others."""
        if piece.interpreted and (before is None or fingerprint_of_state(self._guarded(loop, run)) != before):
            self._say(run, piece.lo, run.hi, "touched", 0.0)
            return False
        if piece.next > piece.lo:
            self._send(run, piece)
        return True

    def _send(self, run: RunLeaves, piece: Piece) -> None:
        elapsed_s = time.perf_counter() - piece.started_at
        if piece.held:
            terms = piece.terms[: max(piece.count, 1)]
            self._held[run.fold_id, piece.lo, piece.next] = (terms, piece.count)
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
