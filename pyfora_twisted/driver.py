"""The one place where a thinking core meets time: events in, effects out in order, one timer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from pyfora.cluster.events import Effect, Event, Ticked
from pyfora.cluster.figures import Histogram

HANDLING_BOUNDS_S = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


class Core(Protocol):
    """What a manager's or a worker's thinking half looks like from here."""

    def handle(self, event: Event, now: float) -> list[Effect]:
        """What is to be done about this event."""

    def wake_at(self) -> float | None:
        """When to come back with a `Ticked` at the latest."""

    def snapshot(self) -> dict[str, Any]:
        """What the core knows, as JSON."""


class Driver:
    """Owns a core: every event goes through `happened`, every effect through the table of performers.

    Performing an effect may make another event happen at once; it waits until the effects of the one before are done.
    A fault of the core, or an effect that cannot be performed, ends the daemon through `failed(reason)`: a core that
    has lost count must not go on deciding, and a restarted daemon finds its way back by the protocol.
    """

    _log = Logger()

    def __init__(
        self,
        core: Core,
        performers: Mapping[type[Any], Callable[[Any], None]],
        reactor: IReactorTime,
        failed: Callable[[str], None],
    ) -> None:
        self.core = core
        self._performers = performers
        self._reactor = reactor
        self._failed = failed
        self._waiting: deque[Event] = deque()
        self._busy = False
        self._stopped = False
        self._timer: IDelayedCall | None = None
        self._timer_at = 0.0
        self._handled_at = reactor.seconds()
        self.handling = Histogram(HANDLING_BOUNDS_S)
        """From an event to the last of its effects."""
        self.turns = 0
        """Events that were dealt with, their effects performed: what proves that this driver runs."""

    @property
    def waiting(self) -> int:
        """Events that the core was not told of yet."""
        return len(self._waiting)

    @property
    def still_s(self) -> float:
        """For how long the core was told of nothing; it wants a tick several times a second."""
        return self._reactor.seconds() - self._handled_at

    @property
    def stopped(self) -> bool:
        """Whether it performs nothing any more."""
        return self._stopped

    def happened(self, event: Event) -> None:
        """Tell the core, and perform what it wants done. Never raises."""
        if self._stopped:
            return
        self._waiting.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._waiting and not self._stopped:
                self._handle(self._waiting.popleft())
                self.turns += 1
            if not self._stopped:
                self._set_timer()
        finally:
            self._busy = False

    def stop(self) -> None:
        """Perform nothing any more: also the effects of the event that is being handled."""
        self._stopped = True
        self._waiting.clear()
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _handle(self, event: Event) -> None:
        began_at = self._handled_at = self._reactor.seconds()
        try:
            effects = self.core.handle(event, began_at)
        except Exception:
            self._log.failure("The core failed at {event!r}", event=event)
            self.stop()
            self._failed(f"a fault in the core, at {type(event).__name__}; the log has its traceback")
            return
        for effect in effects:
            if self._stopped:
                return
            try:
                self._performers[type(effect)](effect)
            except Exception as error:
                self._log.failure("{effect!r} could not be performed, after {event!r}", effect=effect, event=event)
                self.stop()
                self._failed(f"{type(effect).__name__} could not be performed: {error}")
        self.handling.note(self._reactor.seconds() - began_at)

    def _set_timer(self) -> None:
        wake_at = self.core.wake_at()
        if self._timer is not None and self._timer.active():
            if wake_at == self._timer_at:
                return
            self._timer.cancel()
        self._timer = None
        if wake_at is not None:
            self._timer_at = wake_at
            self._timer = self._reactor.callLater(max(0.0, wake_at - self._reactor.seconds()), self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.happened(Ticked())
