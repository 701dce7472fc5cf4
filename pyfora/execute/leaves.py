"""The leaf process: runs of leaves, one after the other, with a look at the messages in between."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pyfora.compile import KernelCache, fold_float_terms
from pyfora.errors import ResultTooLargeError
from pyfora.execute.conversation import Conversation
from pyfora.execute.leaf_loop import LeafLoop
from pyfora.execute.output import Written, redirect
from pyfora.execute.reporting import Reporter, Unshippable
from pyfora.execute.spool import Spool
from pyfora.execute.terms import Terms, pack_state, unpack_state
from pyfora.limits import KERNEL_CACHE_LIMIT_BYTES, PRINT_LIMIT_BYTES
from pyfora.wire.messages import DropFold, FoldTerms, Message, RunLeaves, TermsFolded


class LeafProcess:
    """Takes runs, reports pieces, folds held terms."""

    def __init__(
        self, conversation: Conversation, spool: Spool, cache: Path, primitives: Mapping[str, Callable[..., Any]]
    ) -> None:
        self._conversation = conversation
        self._spool = spool
        self._cache = KernelCache(cache, KERNEL_CACHE_LIMIT_BYTES)
        self._primitives = primitives
        self._runs: deque[RunLeaves] = deque()
        self._loops: dict[str, LeafLoop] = {}
        self._terms = Terms()
        self._written: Written = []
        self._written_characters = 0
        redirect(self._write)

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
            self._terms.drop_fold(message.fold_id)

    def _fold_terms(self, message: FoldTerms) -> None:
        """Add held terms to the accumulator that came; an empty payload means that they are not wanted."""
        terms = self._terms.release((message.fold_id, message.lo, message.hi))
        if terms is not None and message.payload:
            state = fold_float_terms(terms, len(terms), unpack_state(message.payload))
            self._conversation.send(TermsFolded(message.fold_id, message.lo, message.hi, pack_state(state)))

    def _write(self, stream: str, text: str) -> None:
        self._written_characters += len(text)
        if self._written_characters > PRINT_LIMIT_BYTES:
            raise ResultTooLargeError(
                f"the program printed more than {PRINT_LIMIT_BYTES:,} characters; return the text instead"
            )
        self._written.append((stream, text))

    # ---- running -----------------------------------------------------------------------------------------

    def _run(self, run: RunLeaves) -> None:
        reporter = Reporter(run, self._conversation, self._spool, self._terms)
        try:
            loop = self._loops.get(run.fold_id) or self._open(run)
            self._run_leaves(run, loop, reporter)
        except Unshippable as reason:
            reporter.touched(str(reason))
        finally:
            self._terms.end_run()

    def _open(self, run: RunLeaves) -> LeafLoop:
        loop = self._loops[run.fold_id] = LeafLoop(
            self._spool.read(run.environment_path), self._primitives, self._terms, self._cache
        )
        return loop

    def _run_leaves(self, run: RunLeaves, loop: LeafLoop, reporter: Reporter) -> None:
        loop.begin_run(run.lo, run.hi)
        leaf, raised = run.lo, False
        while leaf < run.hi:
            while (message := self._conversation.poll()) is not None:
                self._take(message)
            if run.fold_id not in self._loops:
                return
            self._written, self._written_characters = [], 0
            made = loop.run(leaf, run.hi)
            if made is None:
                # The driver runs this leaf again in order, if it comes to that, and meets the exception itself.
                raised = True
                break
            if self._written:
                loop.check_output()
            reporter.add(made, self._written, loop.known)
            if made.decided:
                reporter.cover_all()
                break
            leaf += made.leaves
        if not loop.is_untouched():
            reporter.touched()
            return
        reporter.flush(loop.known)
        if raised:
            reporter.raised(leaf)
