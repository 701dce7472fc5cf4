"""Says to systemd again and again that a daemon is alive, but only as long as its drivers really run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from pyfora_twisted.systemd import Supervision

LONGEST_PERIOD_S = 1.0
UNREADY_PERIOD_S = 0.1


class Part(Protocol):
    """A manager or a worker, as seen from here."""

    def turns(self) -> int:
        """How many events its driver has dealt with; negative while there is none."""

    def is_ready(self) -> bool:
        """Whether it does what it is there for: its ports listen, a worker is registered."""

    def status(self) -> str:
        """One line for a person."""


class Pulse:
    """Reports to systemd whether every driver has run since the last look.

    A timer of its own that says "alive" would prove that the reactor runs, and nothing about the half that thinks.
    """

    def __init__(self, reactor: Any, parts: Sequence[Part], supervision: Supervision) -> None:
        self._reactor = reactor
        self._parts = parts
        self._notifier = supervision.notifier
        self._period_s = min(LONGEST_PERIOD_S, supervision.watchdog_s / 4 or LONGEST_PERIOD_S)
        self._turns = [-1 for _ in parts]
        self._status = ""
        self._call: Any = None
        self.was_ready = False

    def start(self) -> None:
        """From now on, until `stop`."""
        self._look()

    def stop(self) -> None:
        """The daemon is going: nothing is said any more."""
        if self._call is not None and self._call.active():
            self._call.cancel()

    def _look(self) -> None:
        turns = [part.turns() for part in self._parts]
        runs = all(0 <= before < now for before, now in zip(self._turns, turns, strict=True))
        self._turns = turns
        is_ready = all(part.is_ready() for part in self._parts)
        if is_ready and not self.was_ready:
            self.was_ready = True
            self._notifier.ready()
        status = "; ".join(part.status() for part in self._parts)
        if status != self._status:
            self._status = status
            self._notifier.say(f"STATUS={status}")
        if runs:
            self._notifier.say("WATCHDOG=1")
        self._call = self._reactor.callLater(self._period_s if is_ready else UNREADY_PERIOD_S, self._look)
