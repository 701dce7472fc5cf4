"""How far a block is, reckoned from what the cluster tells."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from pyfora.wire.messages import ProgramProgressed

SHOWN_AFTER_S = 1.0
_SHOWN_EVERY_S = 0.1
_RATE_OVER_S = 5.0


@dataclass(frozen=True)
class Progress:
    """The state of a block that runs; what a callback gets."""

    leaves_done: int
    leaves_total: int
    """Of the parallel loops met so far: it grows when the block meets another one."""
    leaves_per_s: float
    """Leaves done in a second, over the last few seconds that the cluster told of; 0.0 before it told enough."""
    workers: int
    """Workers that run leaves of it now."""
    attempt: int
    """1 for the first; more after the block's worker was lost."""
    elapsed_s: float
    ended: bool


class ProgressModel:
    """Takes a program's progress messages and the time, and gives what is to be shown, when it is due."""

    def __init__(self, started: float, after_s: float = SHOWN_AFTER_S, every_s: float = _SHOWN_EVERY_S) -> None:
        self._started = started
        self._seen: deque[tuple[float, int]] = deque([(started, 0)])
        """(time, leaves done), of the last _RATE_OVER_S: a rate since the start would be slow to tell of a change."""
        self._every_s = every_s
        self._due = started + after_s
        self._done = 0
        self._total = 0
        self._workers = 0
        self._attempt = 0

    def take(self, message: ProgramProgressed, now: float) -> None:
        """Note a message; one of an attempt that is over, or behind what is known, changes nothing back."""
        if message.attempt < self._attempt:
            return
        if message.attempt > self._attempt:
            if self._attempt:
                self._seen = deque([(now, 0)])
            self._attempt = message.attempt
            self._done = self._total = 0
        self._total = max(self._total, message.leaves_total)
        self._done = min(max(self._done, message.leaves_done), self._total)
        self._workers = message.workers
        self._seen.append((now, self._done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _RATE_OVER_S:
            self._seen.popleft()

    @property
    def due(self) -> float:
        """When `shown` next has something to show."""
        return self._due

    def shown(self, now: float) -> Progress | None:
        """What to show now, or None where it is too early for it."""
        if now < self._due:
            return None
        self._due = now + self._every_s
        return self.progress(now)

    def progress(self, now: float, *, ended: bool = False) -> Progress:
        """The state at `now`."""
        elapsed = now - self._started
        return Progress(self._done, self._total, self._rate(now), self._workers, self._attempt, elapsed, ended)

    def _rate(self, now: float) -> float:
        (first, before), (last, after) = self._seen[0], self._seen[-1]
        # Between two messages the rate stays; where none come any more, it falls.
        seconds = max(last, now - SHOWN_AFTER_S) - first
        return (after - before) / seconds if seconds > 0 else 0.0


ProgressOption = bool | Callable[[Progress], object] | None
"""None: a bar where there is somebody to see it. True: a bar always. False: none. A function: called instead."""
