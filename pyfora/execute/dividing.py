"""Independent calls, of one expression or of statements in a row: some are run elsewhere while the first one runs here.

`f(a) + g(b)` is `f(a) + g(b) if not pyfora_calls.on else pyfora_calls.first(lambda: f(a), lambda: g(b)) +
pyfora_calls.next()`. While `f(a)` runs in place, `g(b)` is *pending*; where `f` divides itself, too, so are the second
calls of all that it is in the midst of. After some time a timer finds which calls are pending, and offers them to the
cluster, the oldest of which are the largest: lazy task creation (Mohr, Kranz and Halstead, 1991), in which calls cost
something only where there is time. A call's turn comes in any case where it stands in the program: its value is taken
if everything that it can look at is as it was when it was offered; else it is run, here and then.
"""

from __future__ import annotations

import functools
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter
from types import FrameType
from typing import Any

from pyfora.execute.absorbing import Absorber
from pyfora.execute.loops import LoopReport, LoopRun
from pyfora.execute.offers import Offer, TakenBack
from pyfora.execute.output import ProgramOutput
from pyfora.execute.purity import is_user_code
from pyfora.execute.spreading import Spreader
from pyfora.fold.folders import Folder
from pyfora.fold.partials import Partial
from pyfora.language.frozen import fingerprint_of_state
from pyfora.language.settings import Settings, current_settings

TICK_S = 0.02
"""How often it is looked what is pending; a call that takes less is never offered."""
DEEPEST = 8
"""Divided expressions within each other: a tree of calls that is halved so often has pieces enough for many cores."""
IDLE_TICKS = 10
"""After so many without anything pending the timer is stopped."""
FAILURES_LIMIT = 3
"""So often calls are offered in vain until they are not offered any more."""

Thunk = Callable[[], Any]


@dataclass
class _Pending:
    """A call whose turn will come."""

    thunk: Thunk
    group: int
    """Calls of the same expression whose turn comes after this one's."""
    since: float
    offered: _Offered | None = None
    state: bytes | None = None
    """The fingerprint of all that it can look at, when it was offered."""


class Dividing:
    """The pending calls of one driver."""

    def __init__(self, spreader: Spreader, output: ProgramOutput, report: LoopReport) -> None:
        self.on = True
        """Whether it is worth while that the next calls are pending."""
        self._spreader = spreader
        self._output = output
        self._report = report
        self._pending: list[_Pending] = []
        """The one whose turn comes next is the last."""
        self._nested = 0
        """Divided expressions that are under way, each within the one before."""
        self._began_at = 0.0
        """When the outermost of them was begun."""
        self._ticking = False
        self._idle_ticks = 0
        self._failures = 0

    # ---- what the rewritten program calls ------------------------------------------------------------------------

    def first(self, *thunks: Thunk) -> Any:
        """The value of the first of these calls; the others are pending, for `next` to be called for each."""
        if not self._ticking:
            self._start()
        began_at = perf_counter()
        if not self._nested:
            self._began_at = began_at
        self._nested += 1
        self.on = self._nested < DEEPEST
        for group, thunk in enumerate(reversed(thunks[1:])):
            self._pending.append(_Pending(thunk, group, began_at))
        try:
            return thunks[0]()
        except BaseException:
            self._drop(len(thunks) - 1)
            raise

    def next(self) -> Any:
        """The value of the next pending call."""
        call = self._pending.pop()
        try:
            value = self._value(call)
        except BaseException:
            self._drop(call.group)
            raise
        if not call.group:
            self._end()
        return value

    def calls(self, *thunks: Thunk) -> list[Any]:
        """The values of all of these calls."""
        return [self.first(*thunks), *(self.next() for _ in thunks[1:])]

    def stop(self) -> None:
        """The program has ended."""
        if self._ticking:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self._ticking = False

    # ---- the turn of a call --------------------------------------------------------------------------------------

    def _value(self, call: _Pending) -> Any:
        offered = call.offered
        if offered is not None and offered.is_open:
            found = offered.take(call)
            if found is not None:
                return found[0]
        return call.thunk()

    def _drop(self, count: int) -> None:
        """Something has raised: the turn of this many calls will never come."""
        for _ in range(count):
            offered = self._pending.pop().offered
            if offered is not None:
                offered.close("another call has raised")
        self._end()

    def _end(self) -> None:
        """An expression is done."""
        self._nested -= 1
        # Where it was quick, not again before the next tick: what is so quick, often, would take twice as long.
        self.on = bool(self._nested) or perf_counter() - self._began_at >= TICK_S

    # ---- the timer -----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._ticking, self._idle_ticks = True, 0
        signal.signal(signal.SIGALRM, self._tick)
        signal.setitimer(signal.ITIMER_REAL, TICK_S, TICK_S)

    def _tick(self, _: int, frame: FrameType | None) -> None:
        if self._failures >= FAILURES_LIMIT:
            self.stop()
            self.on, self._ticking = False, True  # and is never started again
            return
        self.on = self._nested < DEEPEST
        if not self._pending:
            self._idle_ticks += 1
            if self._idle_ticks >= IDLE_TICKS:
                self.stop()
            return
        self._idle_ticks = 0
        # In the midst of the library, or of pyfora itself, nothing can be packed and sent; there are more ticks.
        if frame is None or not is_user_code(frame) or self._spreader.busy:
            return
        waited = [call for call in self._pending if call.offered is None and perf_counter() - call.since >= TICK_S]
        if waited:
            self._offer(waited[::-1], frame)

    def _offer(self, calls: list[_Pending], frame: FrameType) -> None:
        """Offer these calls, which stand in the order of their turns."""
        run = LoopRun(frame.f_code.co_filename, frame.f_lineno, elements=len(calls))
        for call in calls:
            call.state = fingerprint_of_state({"part": call.thunk})
        calls = [call for call in calls if call.state is not None]
        folder = _Values()
        offer = Offer(
            part=_call_each,
            source=[call.thunk for call in calls],
            first=0,
            stop=len(calls),
            folder=folder,
            # Of which nothing is known: where it prints, it is run here.
            callee=functools.reduce,
            compiled=False,
            element_s=TICK_S,
            terms_per_element=1.0,
        )
        try:
            if not calls:
                raise TakenBack("the calls lead to what cannot be compared")
            absorber = self._spreader.open(offer, run)
        except TakenBack as reason:
            run.reason = str(reason)
            self._report.add(run)
            self._failures += 1
            return
        offered = _Offered(absorber, folder, calls, functools.partial(self._closed, absorber, run))
        for call in calls:
            call.offered = offered

    def _closed(self, absorber: Absorber, run: LoopRun, reason: str) -> None:
        self._spreader.close(absorber)
        if reason:
            run.how, run.reason = "in order", reason
            self._failures += 1
        self._report.add(run)


class _Offered:
    """Calls that were offered together."""

    def __init__(
        self, absorber: Absorber, values: _Values, calls: list[_Pending], closed: Callable[[str], None]
    ) -> None:
        self.is_open = True
        self._absorber = absorber
        self._values = values
        self._left = len(calls)
        self._settings: Settings = current_settings()
        self._closed = closed

    def take(self, call: _Pending) -> tuple[Any] | None:
        """The value of the call whose turn it is; None where it is to be run in place."""
        found = None
        try:
            while not self._values.made:
                if self._absorber.absorb_next() is not None:
                    # It raised there, and will raise here, as itself.
                    self.close("")
                    return None
            value = self._values.made.pop(0)
            if fingerprint_of_state({"part": call.thunk}) == call.state and current_settings() == self._settings:
                found = (value,)
        except TakenBack as reason:
            self.close(str(reason))
            return None
        self._left -= 1
        if not self._left:
            self.close("")
        return found

    def close(self, reason: str) -> None:
        """The values of the others are not wanted; `reason` is empty where nothing is amiss."""
        if self.is_open:
            self.is_open = False
            self._closed(reason)


class _Values(Folder):
    """The values of calls, in the order of their turns."""

    def __init__(self) -> None:
        self.made: list[Any] = []

    def absorb(self, partial: Partial) -> None:
        self.made += partial.elements()

    def absorb_rest(self, rest: Iterable[Any]) -> None:
        self.made += rest

    def finish(self) -> list[Any]:
        return self.made


def _call_each(thunks: Iterable[Thunk]) -> Iterator[Any]:
    for thunk in thunks:
        yield thunk()
