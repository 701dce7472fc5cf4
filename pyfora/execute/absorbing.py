"""The pieces of one offered loop, on their way into its folder in index order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyfora.execute.loops import LoopRun
from pyfora.execute.offering import Offering
from pyfora.execute.offers import Offer, TakenBack
from pyfora.execute.output import ProgramOutput, is_redirected
from pyfora.execute.pieces import PieceReport, piece_data, unpack_piece
from pyfora.execute.terms import pack_state, unpack_state
from pyfora.fold.folders import MustRunInOrder, NeedsElements
from pyfora.fold.grid import Grid
from pyfora.fold.partials import NUMBERS, Form, Partial, are_plain, partial_of
from pyfora.fold.sums import FloatsFolder
from pyfora.wire.messages import FoldTerms, Message, PieceDone, PieceLost, TermsFolded

_SILENT = frozenset((Form.TRUTH, Form.TOTAL, Form.FLOATS, Form.WINNER, Form.FIRST, Form.ROWS, Form.ADDED, Form.COUNTS))
"""Forms whose partials are folded without code of the user's."""


class Absorber:
    """Receives pieces in any order, and absorbs them in that of their leaves."""

    def __init__(
        self,
        offer: Offer,
        grid: Grid,
        run: LoopRun,
        fold_id: str,
        known: Mapping[int, Any],
        offering: Offering,
        output: ProgramOutput,
    ) -> None:
        self._offer = offer
        self._grid = grid
        self._run = run
        self._fold_id = fold_id
        self._known = known
        self._offering = offering
        self._output = output
        self._pieces: dict[int, PieceDone] = {}

    def absorb_all(self) -> int | None:
        """Absorb every piece, up to where one raised: returns the index of that piece's first element, or None.

        Raises TakenBack where the loop must be run in order.
        """
        folder, leaf = self._offer.folder, 0
        while leaf < self._grid.leaves and not folder.decided:
            piece = self._piece(leaf)
            if piece.outcome == "raised":
                return self._grid.elements(leaf, leaf)[0]
            needs_elements = False
            try:
                if piece.outcome == "partial":
                    self._absorb(piece)
                elif not self._fold_held(piece):
                    continue
            except NeedsElements:
                needs_elements = True
            except MustRunInOrder as reason:
                raise TakenBack(str(reason)) from None
            if needs_elements:
                self._run_here(piece)
            leaf = piece.hi
        return None

    # ---- receiving -----------------------------------------------------------------------------------------

    def _piece(self, leaf: int) -> PieceDone:
        while leaf not in self._pieces:
            self._take(self._offering.receive(self._fold_id))
        return self._pieces.pop(leaf)

    def _take(self, message: Message) -> None:
        if isinstance(message, PieceDone) and message.fold_id == self._fold_id:
            if message.outcome == "touched":
                # Wherever it is: the worker hands out nothing more of this loop, also of what comes before.
                reason = message.payload.decode("utf-8", "replace")
                raise TakenBack(reason or "the loop changes something that its elements share")
            self._pieces[message.lo] = message
        elif isinstance(message, PieceLost) and message.fold_id == self._fold_id:
            self._pieces.pop(message.lo, None)

    def _report(self, piece: PieceDone) -> PieceReport:
        try:
            return unpack_piece(piece_data(piece, self._offering.spool), self._known)
        except Exception as error:
            reason = f"what the loop makes cannot be brought back: {type(error).__name__}: {error}"
            raise TakenBack(reason) from None

    # ---- absorbing -----------------------------------------------------------------------------------------

    def _absorb(self, piece: PieceDone) -> None:
        report = self._report(piece)
        if report.written and not all(self._is_silent(partial) for partial in report.partials):
            raise TakenBack("the loop prints, and so may the comparing or adding of what it yields")
        self._check_written(report)
        for number, partial in enumerate(report.partials):
            try:
                self._offer.folder.absorb(partial)
            except NeedsElements:
                if number:
                    # Only the whole piece could be run here, and part of it is in.
                    raise MustRunInOrder("the terms of the sum change their kind too often") from None
                raise
        self._note(report)

    def _check_written(self, report: PieceReport) -> None:
        """Raises TakenBack where what was printed is to go to another place than the client."""
        if any(is_redirected(stream) for stream, _ in report.written):
            raise TakenBack("the loop prints, and the program has redirected what is printed")

    def _is_silent(self, partial: Partial) -> bool:
        """Whether folding it can neither print nor raise, so that what its leaves printed stays in its place."""
        callee, form = self._offer.callee, partial.form
        if callee in (list, tuple, sorted) or form in _SILENT:
            return True
        if form is Form.MERGED or (callee in (set, frozenset) and form is Form.ELEMENTS):
            return are_plain(partial.data)
        return callee is sum and (form is Form.ARRAY or set(map(type, partial.data)) <= NUMBERS)

    def _note(self, report: PieceReport) -> None:
        for stream, text in report.written:
            self._output.write(stream, text)
        self._run.note_given_up(report.gave_up)

    def _fold_held(self, piece: PieceDone) -> bool:
        """Bring the accumulator to the terms of this piece; False where they were lost, and are made again."""
        folder = self._offer.folder
        assert isinstance(folder, FloatsFolder)
        floats = folder.floats
        if floats is None:
            raise NeedsElements
        self._offering.send(FoldTerms(self._fold_id, piece.lo, piece.hi, pack_state(floats)))
        while True:
            message = self._offering.receive(self._fold_id)
            if isinstance(message, TermsFolded) and (message.fold_id, message.lo) == (self._fold_id, piece.lo):
                break
            if isinstance(message, PieceLost) and (message.fold_id, message.lo) == (self._fold_id, piece.lo):
                return False
            self._take(message)
        report = self._report(piece)
        folder.resume(unpack_state(message.payload), report.terms)
        self._note(report)
        return True

    def _run_here(self, piece: PieceDone) -> None:
        """The elements of this piece, in this process: its partial says too little."""
        start, stop = self._grid.elements(piece.lo, piece.hi)
        elements = self._offer.part(self._offer.source[start:stop])
        self._offer.folder.absorb(partial_of(Form.ELEMENTS, self._offer.callee, elements))
