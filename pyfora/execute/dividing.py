"""Independent calls, of one expression or of statements in a row: some are run elsewhere while the first one runs here.

While the first call of `f(a) + g(b)` runs, `g(b)` is *pending*; where `f` divides itself, too, so are the second calls
of all that it is in the midst of. After some time a timer looks which calls are pending, and offers the oldest ones,
which are the largest, to the cluster: lazy task creation (Mohr, Kranz and Halstead, 1991), in which calls cost
something only where there is time. A call's turn comes in any case where it stands in the program: its value is taken
there if it is still the same call (pyfora.execute.stolen); else it is run, here and then. All that runs here runs in
the frames that it would have run in: there is no function of ours around it.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from time import perf_counter
from types import FrameType
from typing import Any

from pyfora.execute.ambient import depth_of
from pyfora.execute.loops import LoopReport, LoopRun
from pyfora.execute.offering import Offering
from pyfora.execute.offers import TakenBack
from pyfora.execute.output import ProgramOutput
from pyfora.execute.purity import is_user_code
from pyfora.execute.spreading import Spreader
from pyfora.execute.stolen import StolenCall, Thunk, TooLarge

TICK_S = 0.02
"""How often it is looked what is pending, in time that this process has run; what takes less is never offered."""
DEEPEST = 8
"""Divided expressions within each other: what is halved so often is in pieces enough."""
IDLE_TICKS = 10
"""After so many without anything pending the timer is stopped."""
QUICK_S = 0.0001
QUICK_LIMIT = 64
"""Between two ticks, so many divided expressions may take less than QUICK_S: then they are run as they were written."""
FAILURES_LIMIT = 2
"""So often a call is offered in vain until that call, wherever it is met, is not offered any more."""
PACKING_SHARE = 0.1
"""Packing may take that much of the time."""
PACKED_BYTES = 4 << 20
PACKED_BYTES_PER_S = 20_000_000
"""What a call leads to may be as large as PACKED_BYTES, or larger where the calls before it have lasted long."""
_CALLING = frozenset(
    ("folding", "jumping", "prefix", "keys", "short", "in_place", "paces", "driver", "process", "server")
)
"""Modules of pyfora.execute that call user code where nothing is half done."""


class _Pending:
    """A call whose turn will come."""

    __slots__ = ("not_before_s", "stolen", "thunk")

    def __init__(self, thunk: Thunk) -> None:
        self.thunk = thunk
        self.not_before_s = 0.0
        """It is not offered before its expression has lasted so long."""
        self.stolen: StolenCall | None = None


class _Expression:
    """A divided expression that is under way."""

    __slots__ = ("began_at", "calls", "frame", "handling", "value")

    def __init__(self, calls: list[_Pending], handling: bool, frame: FrameType) -> None:
        self.frame = frame
        """That evaluates it."""
        self.calls = calls
        """Those that are pending; the one whose turn comes next is the last."""
        self.began_at = perf_counter()
        self.handling = handling
        """An exception is being handled, which the calls could look at."""
        self.value: Any = None


class _Guard:
    """Held by the frame that evaluates the expression, and by nothing else: it is gone where that frame raises."""

    __slots__ = ("_dividing", "_expression")

    def __init__(self, dividing: Dividing, expression: _Expression) -> None:
        self._dividing = dividing
        self._expression: _Expression | None = expression

    def end(self, value: Any) -> Any:
        """The expression has this value, which is returned."""
        self._expression = None
        self._dividing.end()
        return value

    def __del__(self) -> None:
        if self._expression is not None:
            self._dividing.drop(self._expression)


class Dividing:
    """The pending calls of one driver: what the rewritten program calls `pyfora_calls`."""

    def __init__(
        self, offering: Offering, spreader: Spreader, output: ProgramOutput, report: LoopReport, cores: int
    ) -> None:
        self.on = True
        """Whether it is worth while that the next calls are pending."""
        self._offering = offering
        self._spreader = spreader
        self._output = output
        self._report = report
        self._elsewhere_limit = max(1, cores - 1)
        """This process takes a core itself."""
        self._under_way: list[_Expression] = []
        """Each within the one before."""
        self._ticking = False
        self._idle_ticks = 0
        self._quick = 0
        """Expressions that were quick since the last tick."""
        self._engaged = False
        """A call is being packed, or brought back."""
        self._elsewhere: list[StolenCall] = []
        """Calls that have been offered and may not be done."""
        self._failures: dict[int, int] = {}
        """By the identity of a call's code, which is a constant of the user's code."""
        self._began_at = perf_counter()
        self._packing_s = 0.0

    # ---- what the rewritten program calls ------------------------------------------------------------------------

    def begin(self, *thunks: Thunk) -> _Guard:
        """An expression begins, some of whose calls can be put off: those of `thunks`, in the order of their turns."""
        expression = self._new(thunks)
        guard = _Guard(self, expression)
        self.on = len(self._under_way) + 1 < DEEPEST
        self._under_way.append(expression)
        # The guard alone is to hold on to what it drops; nothing here outlives this call.
        return guard

    def begin_row(self, *thunks: Thunk) -> None:
        """The same for statements; `end` is called however they end."""
        expression = self._new(thunks)
        self.on = len(self._under_way) + 1 < DEEPEST
        self._under_way.append(expression)

    def here(self) -> bool:
        """Whether the call whose turn has come is to be run where it stands; else `take` gives its value."""
        expression = self._under_way[-1]
        call = expression.calls.pop()
        return call.stolen is None or not self._is_taken(expression, call, call.stolen)

    def take(self) -> Any:
        """What the call has given for which `here` has just been False. It is held on to no longer."""
        expression = self._under_way[-1]
        value, expression.value = expression.value, None
        return value

    def end(self) -> None:
        """The innermost expression is done."""
        expression = self._under_way.pop()
        if expression.calls:
            self._close(expression)
        if perf_counter() - expression.began_at < QUICK_S:
            self._quick += 1
        self.on = self._quick < QUICK_LIMIT and len(self._under_way) < DEEPEST

    def drop(self, expression: _Expression) -> None:
        """Something has raised within this expression: the turns of its calls will never come."""
        if expression in self._under_way:
            while self._under_way[-1] is not expression:
                self.end()
            self.end()

    def stop(self) -> None:
        """The program has ended."""
        self._set_timer(0.0)
        for stolen in self._elsewhere:
            stolen.close()
        self.on = False

    def _new(self, thunks: Sequence[Thunk]) -> _Expression:
        if not self._ticking:
            self._idle_ticks = 0
            signal.signal(signal.SIGVTALRM, self._tick)
            self._set_timer(TICK_S)
        handling = sys.exc_info()[1] is not None
        return _Expression([_Pending(thunk) for thunk in reversed(thunks)], handling, sys._getframe(2))

    # ---- the turn of a call --------------------------------------------------------------------------------------

    def _is_taken(self, expression: _Expression, call: _Pending, stolen: StolenCall) -> bool:
        self._engaged = True
        try:
            self._output.flush()
            expression.value = stolen.value()
        except TakenBack as reason:
            self._failed(call, str(reason))
            return False
        except Exception as error:  # too deep, or no memory: where it is run in place that is seen, or is not so
            self._failed(call, f"{type(error).__name__}: {error}")
            return False
        finally:
            self._engaged = False
            stolen.close()
            self._elsewhere = [one for one in self._elsewhere if one is not stolen]
        place = id(_code(call))
        self._failures[place] = max(self._failures.get(place, 0) - 1, -FAILURES_LIMIT)
        self._note(call, "interpreted", "")
        return True

    def _close(self, expression: _Expression) -> None:
        for call in expression.calls:
            if call.stolen is not None:
                call.stolen.close()
                self._elsewhere = [one for one in self._elsewhere if one is not call.stolen]

    def _failed(self, call: _Pending, reason: str) -> None:
        place = id(_code(call))
        self._failures[place] = self._failures.get(place, 0) + 1
        self._note(call, "in order", reason)

    def _note(self, call: _Pending, how: str, reason: str) -> None:
        code = _code(call)
        run = LoopRun(code.co_filename, code.co_firstlineno, how, reason, elements=1, leaves=int(how != "in order"))
        if call.stolen is not None:
            run.started_at -= perf_counter() - call.stolen.offered_at
        self._report.add(run)

    # ---- the timer -----------------------------------------------------------------------------------------------

    def _set_timer(self, seconds: float) -> None:
        # Of the time that this process runs: nothing is interrupted that waits.
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds, seconds)
        self._ticking = seconds > 0

    def _tick(self, _: int, frame: FrameType | None) -> None:
        self._quick = 0
        self.on = len(self._under_way) < DEEPEST
        if not self._under_way:
            self._idle_ticks += 1
            if self._idle_ticks >= IDLE_TICKS:
                self._set_timer(0.0)
            return
        self._idle_ticks = 0
        if self._engaged or self._spreader.busy or frame is None:
            return
        self._engaged = True
        try:
            # Wherever it is, nothing may be raised there.
            if _is_interruptible(frame):
                self._look()
        except Exception:
            return
        finally:
            self._engaged = False

    def _look(self) -> None:
        """Offer what is worth it."""
        now = perf_counter()
        self._elsewhere = [stolen for stolen in self._elsewhere if not stolen.is_done()]
        waiting = [
            (expression, call)
            for expression in self._under_way
            if now - expression.began_at >= TICK_S and not expression.handling
            for call in expression.calls
            if call.stolen is None and now - expression.began_at >= call.not_before_s
            if self._failures.get(id(_code(call)), 0) < FAILURES_LIMIT
        ]
        for expression, call in waiting:
            if len(self._elsewhere) >= self._elsewhere_limit:
                return
            if self._packing_s > PACKING_SHARE * (perf_counter() - self._began_at):
                return
            self._offer(expression, call)

    def _offer(self, expression: _Expression, call: _Pending) -> None:
        started_at = perf_counter()
        lasted_s = started_at - expression.began_at
        limit_bytes = max(PACKED_BYTES, int(lasted_s * PACKED_BYTES_PER_S))
        try:
            call.stolen = StolenCall(call.thunk, depth_of(expression.frame), limit_bytes, self._offering)
        except TooLarge:
            call.not_before_s = 4 * lasted_s
        except TakenBack as reason:
            self._failed(call, str(reason))
        else:
            self._elsewhere.append(call.stolen)
        finally:
            self._packing_s += perf_counter() - started_at


def _code(call: _Pending) -> Any:
    return call.thunk.__code__


def _is_interruptible(frame: FrameType) -> bool:
    """Whether user code is running, and was not called where something of ours is half done.

    An object that goes away is enough for that: its `__del__` is run in the midst of anything.
    """
    if not is_user_code(frame):
        return False
    caller: FrameType | None = frame
    while caller is not None:
        name = str(caller.f_globals.get("__name__"))
        if name.startswith("pyfora.") and not is_user_code(caller):
            room, _, module = name.removeprefix("pyfora.").partition(".")
            if not (room == "fold" or name == "pyfora.language.running" or (room == "execute" and module in _CALLING)):
                return False
        caller = caller.f_back
    return True
