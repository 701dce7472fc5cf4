"""What a leaf process says about the leaves of a run: as few pieces as can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from pyfora.execute.conversation import Conversation
from pyfora.execute.output import Written
from pyfora.execute.pieces import GaveUpAt, PieceReport, pack_piece
from pyfora.execute.spool import Spool
from pyfora.execute.terms import Terms
from pyfora.fold.partials import Form, Partial
from pyfora.limits import INLINE_LIMIT_BYTES
from pyfora.wire.messages import PieceDone, RunLeaves

CACHED = "a cached function that the loop calls keeps objects, which would be others in each process"

CACHED_AND_PRINTED = "it prints, and so may a cached function that it calls, which would do so again in each process"


class Unshippable(Exception):
    """What a leaf made cannot get to the driver; the text says why. The loop is run in order then."""


@dataclass(frozen=True)
class Made:
    """What one leaf, or several by one call of a kernel, came to."""

    leaves: int
    partial: Partial | None
    """None: its terms are held."""
    terms: int = 0
    """How many float terms it wrote to the run's array."""
    gave_up: GaveUpAt | None = None
    """Where the kernel gave up on it; None where it did not."""
    decided: bool = False
    """Later leaves cannot change the answer."""


class Reporter:
    """The pieces of one run. Consecutive leaves are one piece, unless some are held, and others are not."""

    def __init__(self, run: RunLeaves, conversation: Conversation, spool: Spool, terms: Terms) -> None:
        self._run = run
        self._conversation = conversation
        self._spool = spool
        self._terms = terms
        self._lo = self._next = run.lo
        self._begin()

    def _begin(self) -> None:
        self._lo = self._next
        self._held = False
        self._partials: list[Partial] = []
        self._written: Written = []
        self._gave_up: Counter[GaveUpAt] = Counter()
        self._count = 0
        self._started_at = perf_counter()

    def add(self, made: Made, written: Written, known: Mapping[int, Any]) -> None:
        """The next leaves are done. Raises Unshippable."""
        held = made.partial is None
        if self._next > self._lo and held is not self._held:
            self.flush(known)
        self._held = held
        self._count += made.terms
        if made.partial is not None:
            self._merge(made.partial)
        self._written += written
        if made.gave_up is not None:
            self._gave_up[made.gave_up] += 1
        self._next += made.leaves

    def _merge(self, partial: Partial) -> None:
        last = self._partials[-1] if self._partials else None
        if last is not None and last.form is partial.form is Form.TOTAL:
            self._partials[-1] = Partial(Form.TOTAL, last.data.plus(partial.data))
        elif last is not None and last.form is partial.form is Form.ELEMENTS:
            last.data.extend(partial.data)
        else:
            self._partials.append(partial)

    def cover_all(self) -> None:
        """The leaves that are left need not be run."""
        self._next = self._run.hi

    def flush(self, known: Mapping[int, Any]) -> None:
        """Report the leaves since the last report. `known`: what the driver has, too. Raises Unshippable."""
        if self._next == self._lo:
            return
        elapsed_s = perf_counter() - self._started_at
        report = PieceReport(self._partials, self._written, dict(self._gave_up), self._count)
        parcel_id = ""
        try:
            parcel = pack_piece(report, known)
            if parcel.size_bytes > INLINE_LIMIT_BYTES:
                # Not by content: equal pieces would be one file, and the first that is read takes it from the others.
                name = f"piece-{self._run.fold_id}.{self._run.run_id}.{self._lo}"
                parcel_id, payload = self._spool.write(parcel.pieces(), name), b""
            else:
                payload = parcel.to_bytes()
        except Exception as error:
            raise Unshippable(f"what the loop makes cannot leave its process: {error}") from None
        if self._held:
            self._terms.hold((self._run.fold_id, self._lo, self._next), self._count)
        outcome = "held" if self._held else "partial"
        self._say(
            self._lo, self._next, outcome, elapsed_s, parcel_id, parcel.size_bytes, payload, self._gave_up.total()
        )
        self._begin()

    def raised(self, leaf: int) -> None:
        """This leaf raised; it and all after it are the driver's."""
        self._say(leaf, self._run.hi, "raised", 0.0)

    def touched(self, reason: str = "") -> None:
        """The loop must be run in order: because it changes what its elements share, or for `reason`."""
        text = reason.encode()[:1000]
        self._say(self._lo, self._run.hi, "touched", 0.0, size_bytes=len(text), payload=text)

    def _say(
        self,
        lo: int,
        hi: int,
        outcome: str,
        elapsed_s: float,
        parcel_id: str = "",
        size_bytes: int = 0,
        payload: bytes = b"",
        gave_up: int = 0,
    ) -> None:
        fold_id, run_id = self._run.fold_id, self._run.run_id
        piece = PieceDone(fold_id, run_id, lo, hi, outcome, elapsed_s, parcel_id, size_bytes, payload, gave_up)
        self._conversation.send(piece)
