"""One loop offered to the cluster: its pieces absorbed in index order."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

from pyfora.compile import FunctionSource, KernelCache, Loop, NotCompiled, Output, compile_loop
from pyfora.execute.conversation import Conversation
from pyfora.execute.environment import Environment
from pyfora.execute.leaves import STATE, LeafReport
from pyfora.execute.loops import LoopRun
from pyfora.execute.output import ProgramOutput
from pyfora.execute.spool import Spool
from pyfora.fold.folders import FloatsFolder, Folder, MustRunInOrder
from pyfora.fold.grid import Grid, grid_for
from pyfora.fold.partials import Form, partial_of
from pyfora.fold.plan import KERNEL_SPEEDUP
from pyfora.fold.sources import Source
from pyfora.language.functions import function_source, loop_source
from pyfora.language.running import LoadedProgram
from pyfora.wire.messages import FoldClosed, FoldOffered, FoldTerms, Message, PieceDone, PieceLost, TermsFolded

KERNEL_CACHE_LIMIT_BYTES = 256 * 1024 * 1024
_OUTPUTS: dict[Any, Output] = {any: Output.ANY, all: Output.ALL, min: Output.MIN, max: Output.MAX}


class TakenBack(Exception):
    """The loop is to be run in order after all; the text says why."""


@dataclass(frozen=True)
class Offer:
    """The rest of a loop."""

    part: FunctionType
    source: Source
    first: int
    """Elements before this one are folded already."""
    folder: Folder
    callee: Callable[..., Any]
    compiled: bool
    element_s: float
    """Seconds for an element, interpreted."""


class Spreader:
    """Offers loops to the worker, one after the other, and waits for their pieces."""

    def __init__(
        self, conversation: Conversation, spool: Spool, cache: Path, output: ProgramOutput, fold_prefix: str
    ) -> None:
        self._conversation = conversation
        self._spool = spool
        self._cache = KernelCache(cache, KERNEL_CACHE_LIMIT_BYTES)
        self._output = output
        self._fold_prefix = fold_prefix
        self._numbers = itertools.count(1)
        self.program: LoadedProgram | None = None
        """Set before anything is spread."""

    def spread(self, offer: Offer, run: LoopRun) -> Any:
        """The answer of the whole loop. Raises TakenBack, or what its first failing element raises."""
        kernel, captured = self._kernel(offer, run) if offer.compiled else (b"", ())
        element_s = offer.element_s / KERNEL_SPEEDUP if kernel else offer.element_s
        grid = grid_for(offer.first, len(offer.source), element_s)
        environment = Environment(offer.part, offer.source, grid, offer.folder.form, offer.callee, kernel, captured)
        assert self.program is not None
        try:
            parcel = environment.pack(self.program)
        except Exception as error:
            raise TakenBack(f"the loop uses something that cannot leave the process: {error}") from error
        name = self._spool.write(parcel.pieces())
        fold_id = f"{self._fold_prefix}.{next(self._numbers)}"
        holds_terms = bool(kernel) and isinstance(offer.folder, FloatsFolder)
        run.how, run.leaves = "compiled" if kernel else "interpreted", grid.leaves
        self._output.flush()
        self._conversation.send(
            FoldOffered(
                fold_id,
                grid.leaves,
                grid.leaf_elements * element_s,
                holds_terms,
                name,
                self._spool.path(name).stat().st_size,
            )
        )
        try:
            return _Absorber(offer, grid, run, fold_id, self._conversation, self._spool, self._output).absorb_all()
        finally:
            self._conversation.send(FoldClosed(fold_id))

    def _kernel(self, offer: Offer, run: LoopRun) -> tuple[bytes, tuple[int | float | bool, ...]]:
        source = loop_source(offer.part)
        if source is None:
            run.reason = "the source of the loop is not known"
            return b"", ()
        if offer.folder.form is Form.TOTAL:
            output = Output.TOTAL
        elif offer.folder.form in (Form.TRUTH, Form.WINNER):
            output = _OUTPUTS[offer.callee]
        else:
            output = Output.TERMS
        if offer.folder.form is Form.MERGED:
            run.reason = "a dict comprehension has no kernel yet"
            return b"", ()

        def sources(function: FunctionType) -> FunctionSource | None:
            found = function_source(function)
            return None if found is None else FunctionSource(found.filename, found.node, found.lookup)

        try:
            loop = Loop(source.filename, source.node, source.lookup, sources)  # type: ignore[arg-type]
            kernel = compile_loop(loop, output, self._cache)
        except NotCompiled as refusal:
            run.reason = str(refusal)
            return b"", ()
        if offer.folder.form is Form.FLOATS and kernel.element != "float":
            run.reason = f"the terms began as floats, but the kernel yields {kernel.element}s"
            return b"", ()
        return kernel.object_code, kernel.captured


class _Absorber:
    """The pieces of one offered loop, on their way into its folder."""

    def __init__(
        self,
        offer: Offer,
        grid: Grid,
        run: LoopRun,
        fold_id: str,
        conversation: Conversation,
        spool: Spool,
        output: ProgramOutput,
    ) -> None:
        self._offer = offer
        self._grid = grid
        self._run = run
        self._fold_id = fold_id
        self._conversation = conversation
        self._spool = spool
        self._output = output
        self._pieces: dict[int, PieceDone] = {}

    def absorb_all(self) -> Any:
        """Take every piece in index order. Raises TakenBack, or what the loop raises."""
        offer, leaf = self._offer, 0
        while leaf < self._grid.leaves and not offer.folder.decided:
            piece = self._piece(leaf)
            if piece.outcome == "touched":
                raise TakenBack("the loop changes something that its elements share")
            try:
                if piece.outcome == "raised":
                    self._run_here(leaf)
                    break
                if piece.outcome == "held" and not self._fold_held(piece):
                    continue
                self._absorb(piece)
            except MustRunInOrder as reason:
                raise TakenBack(str(reason)) from reason
            leaf = piece.hi
        return offer.folder.finish()

    def _piece(self, leaf: int) -> PieceDone:
        while leaf not in self._pieces:
            self._take(self._conversation.receive())
        return self._pieces.pop(leaf)

    def _take(self, message: Message) -> None:
        if isinstance(message, PieceDone) and message.fold_id == self._fold_id:
            self._pieces[message.lo] = message
        elif isinstance(message, PieceLost) and message.fold_id == self._fold_id:
            self._pieces.pop(message.lo, None)

    def _fold_held(self, piece: PieceDone) -> bool:
        """Bring the accumulator to the terms of this piece; False where they were lost, and are made again."""
        folder = self._offer.folder
        assert isinstance(folder, FloatsFolder)
        self._conversation.send(FoldTerms(self._fold_id, piece.lo, piece.hi, STATE.pack(*folder.state)))
        while True:
            message = self._conversation.receive()
            if isinstance(message, TermsFolded) and (message.fold_id, message.lo) == (self._fold_id, piece.lo):
                folder.state = STATE.unpack(message.payload)
                return True
            if isinstance(message, PieceLost) and (message.fold_id, message.lo) == (self._fold_id, piece.lo):
                return False
            self._take(message)

    def _absorb(self, piece: PieceDone) -> None:
        if piece.parcel_id:
            path = self._spool.path(piece.parcel_id)
            data = path.read_bytes()
            path.unlink(missing_ok=True)
        else:
            data = piece.payload
        report: LeafReport = pickle.loads(data)
        for stream, text in report.written:
            self._output.write(stream, text)
        self._run.gave_up += report.gave_up
        for partial in report.partials:
            self._offer.folder.absorb(partial)

    def _run_here(self, leaf: int) -> None:
        """From this leaf on in order and in place: it raised elsewhere, and now raises here, as itself."""
        offer = self._offer
        start, _ = self._grid.elements(leaf, leaf)
        partial = partial_of(offer.folder.form, offer.callee, offer.part(offer.source[start:]))
        offer.folder.absorb(partial)
