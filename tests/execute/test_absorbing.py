"""The driver's side of an offered loop, with a worker that says what it is told to."""

from __future__ import annotations

from typing import Any, cast

import pytest

from pyfora.execute.absorbing import Absorber
from pyfora.execute.conversation import WorkerGone
from pyfora.execute.loops import LoopRun
from pyfora.execute.offering import Offering
from pyfora.execute.offers import Offer, TakenBack
from pyfora.execute.output import ProgramOutput
from pyfora.fold.folders import ElementsFolder
from pyfora.fold.grid import Grid
from pyfora.wire.messages import Message, PieceDone


class Script:
    """Offers of which the worker says these messages, and is gone then."""

    def __init__(self, *messages: Message) -> None:
        self._messages = list(messages)

    def receive(self, fold_id: str) -> Message:
        if not self._messages:
            raise WorkerGone
        return self._messages.pop(0)


def absorber(script: Script) -> Absorber:
    source = range(64)
    offer = Offer(cast(Any, lambda source: source), source, 0, 64, ElementsFolder(), list, False, False, "", 0.001, 1.0)
    return Absorber(
        offer,
        Grid(0, 64, 4),
        LoopRun("program.py", 1),
        "fold",
        {},
        cast(Offering, script),
        cast(ProgramOutput, None),
    )


def piece(lo: int, hi: int, outcome: str, text: bytes = b"") -> PieceDone:
    return PieceDone("fold", 1, lo, hi, outcome, 0.01, "", len(text), text)


def test_a_piece_that_was_touched_ends_the_loop_wherever_it_is() -> None:
    # The worker hands out nothing more of the loop then: the pieces before this one never come.
    with pytest.raises(TakenBack, match="its elements share"):
        absorber(Script(piece(8, 16, "touched"))).absorb_all()


def test_what_a_piece_says_of_why_it_was_touched_is_told() -> None:
    with pytest.raises(TakenBack, match="cannot leave"):
        absorber(Script(piece(4, 8, "touched", b"it cannot leave"))).absorb_all()


def test_a_piece_that_raised_waits_for_those_before_it() -> None:
    script = Script(piece(8, 16, "raised"))
    with pytest.raises(WorkerGone):
        absorber(script).absorb_all()
    assert absorber(Script(piece(8, 16, "raised"), piece(0, 16, "raised"))).absorb_all() == 0
