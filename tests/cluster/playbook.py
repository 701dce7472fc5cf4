"""A small language for tests of the two cores: `book >> event`, then `book << effect` for what must follow.

After `book >> event` every effect has to be met by a `<<`, in order, before the next event; `book << ...` (an ellipsis)
passes over the rest. What stands after `<<` is an effect, a message (met by whichever effect carries it), a class of
either, or a function of the effect. Peers acknowledge at once. Log lines, beats and compute processes being started are
passed over, unless named.
"""

from __future__ import annotations

from collections.abc import Callable
from types import EllipsisType
from typing import Any

from pyfora.cluster.events import Effect, Event, Log, PeerAcknowledged, StartProcess, Ticked, Transmit
from pyfora.cluster.invariants import check_manager, check_worker
from pyfora.cluster.manager import Manager
from pyfora.cluster.worker import Worker
from pyfora.wire.messages import Beat, Message

Expected = Effect | Message | type[Any] | Callable[[Any], bool] | EllipsisType


class Book:
    """A core, its clock, and the story so far."""

    def __init__(self, core: Any) -> None:
        self.core = core
        self.now = 0.0
        self.last: Any = None
        """The effect that the last `<<` met, or the message in it."""
        self.sequences: dict[tuple[str, str], int] = {}
        self._open: list[Effect] = []
        self._story: list[str] = []

    def __rshift__(self, event: Event) -> Book:
        self._nothing_open(f"before {event}")
        self._happen(event)
        return self

    def __lshift__(self, expected: Expected) -> Book:
        if expected is ...:
            self._open.clear()
            return self
        while self._open:
            effect = self._open.pop(0)
            if self._met(effect, expected):
                self._story.append(f"{self.now:8.3f}    << {effect}")
                self.last = getattr(effect, "message", effect)
                return self
            if not self._passed_over(effect):
                self._fail(f"expected {expected}\n     but got {effect}")
        self._fail(f"expected {expected}\n     but nothing (more) was done")
        return self

    def find(self, expected: Expected) -> Any:
        """Pass over everything up to this; returns the effect, or the message in it."""
        for at, effect in enumerate(self._open):
            if self._met(effect, expected):
                del self._open[: at + 1]
                self.last = getattr(effect, "message", effect)
                return self.last
        return self._fail(f"expected {expected} somewhere in\n     {self._open}")

    def never(self, expected: Expected) -> Book:
        """This is not among what was done; passes over the rest."""
        if any(self._met(effect, expected) for effect in self._open):
            self._fail(f"did not expect {expected} in\n     {self._open}")
        self._open.clear()
        return self

    def wait(self, seconds: float, *also: Event, every_s: float = 0.5) -> Book:
        """Let time pass, with ticks whenever the core wants them, and `also` every `every_s`."""
        self._nothing_open(f"before waiting for {seconds} s")
        until = self.now + seconds
        next_also = self.now + every_s
        while self.now < until:
            wake_at = self.core.wake_at()
            self.now = min(until, next_also, max(self.now, wake_at if wake_at is not None else until))
            if self.now >= next_also:
                next_also += every_s
                for event in also:
                    self._happen(event)
            self._happen(Ticked())
        return self

    def done(self) -> None:
        """Nothing was done that was not expected."""
        self._nothing_open("at the end")

    def _happen(self, event: Event) -> None:
        self._story.append(f"{self.now:8.3f} >> {event}")
        effects = self.core.handle(event, self.now)
        self._open += effects
        for effect in effects:
            if isinstance(effect, Transmit) and effect.sequence:
                answer = PeerAcknowledged(effect.peer_id, effect.role, effect.sequence)
                self._open += self.core.handle(answer, self.now)
        if isinstance(self.core, Worker):
            check_worker(self.core)
        elif isinstance(self.core, Manager):
            check_manager(self.core)

    def _met(self, effect: Effect, expected: Expected) -> bool:
        message = getattr(effect, "message", None)
        if isinstance(expected, type):
            return isinstance(effect, expected) or isinstance(message, expected)
        if isinstance(expected, (Effect, Message)):
            return expected in (effect, message)
        return bool(expected(message if message is not None else effect))  # type: ignore[operator]

    def _passed_over(self, effect: Effect) -> bool:
        beat = isinstance(effect, Transmit) and isinstance(effect.message, Beat)
        return beat or isinstance(effect, (Log, StartProcess))

    def _nothing_open(self, when: str) -> None:
        left = [effect for effect in self._open if not self._passed_over(effect)]
        self._open.clear()
        if left:
            self._fail(f"{when}, this was done too: " + "\n     ".join(map(str, left)))

    def _fail(self, text: str) -> Any:
        raise AssertionError("\n".join(["the story:", *self._story[-40:], "", text]))
