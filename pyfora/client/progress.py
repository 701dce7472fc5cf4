"""How far a block is: reckoned here, shown as a bar."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyfora.wire.messages import ProgramProgressed

SHOWN_AFTER_S = 1.0
_SHOWN_EVERY_S = 0.1


@dataclass(frozen=True)
class Progress:
    """The state of a block that runs; what a callback gets."""

    leaves_done: int
    leaves_total: int
    """Of the parallel loops met so far: it grows when the block meets another one."""
    leaves_per_s: float
    """Leaves done in a second, on average since the block began; the same attempt's only."""
    workers: int
    """Workers that run leaves of it now."""
    attempt: int
    """0 for the first; more after the block's worker was lost."""
    elapsed_s: float
    ended: bool


class ProgressModel:
    """Takes a program's progress messages and the time, and gives what is to be shown, when it is due."""

    def __init__(self, started: float, after_s: float = SHOWN_AFTER_S, every_s: float = _SHOWN_EVERY_S) -> None:
        self._started = started
        self._attempt_started = started
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
            self._attempt, self._attempt_started = message.attempt, now
            self._done = self._total = 0
        self._total = max(self._total, message.leaves_total)
        self._done = min(max(self._done, message.leaves_done), self._total)
        self._workers = message.workers

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
        seconds = now - self._attempt_started
        rate = self._done / seconds if seconds > 0 else 0.0
        elapsed = now - self._started
        return Progress(self._done, self._total, rate, self._workers, self._attempt, elapsed, ended)


ProgressOption = bool | Callable[[Progress], object] | None
"""None: a bar where there is somebody to see it. True: a bar always. False: none. A function: called instead."""


class Bar:
    """A tqdm bar on standard error, made when there is first something to show."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, progress: Progress) -> None:
        """Show `progress`; the last one removes the bar."""
        if progress.ended:
            if self._bar is not None:
                self._bar.close()
                self._bar = None
            return
        if progress.leaves_total == 0:
            return
        if self._bar is None:
            self._bar = _make_bar()
        bar = self._bar
        bar.total = progress.leaves_total
        bar.n = progress.leaves_done
        bar.set_postfix_str(f"{progress.workers} workers", refresh=False)
        bar.refresh()

    def write(self, write: Callable[[], None]) -> None:
        """Do a `write` to the terminal with the bar out of its way."""
        if self._bar is None:
            write()
            return
        self._bar.clear()
        write()
        self._bar.refresh()


def _make_bar() -> Any:
    if in_notebook():
        from tqdm.auto import tqdm
    else:
        from tqdm import tqdm
    # The rate is tqdm's own over its last updates; leave=False: a block's output is what the program prints.
    return tqdm(total=0, unit="leaf", file=sys.stderr, leave=False, dynamic_ncols=True, mininterval=0)


def in_notebook() -> bool:
    """Whether this process is a notebook's kernel."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


def choose_display(option: ProgressOption) -> Callable[[Progress], object] | None:
    """What shows the progress under this option, None for nothing."""
    if option is None:
        stream = sys.stderr
        visible = in_notebook() or (stream is not None and stream.isatty())
        return Bar() if visible else None
    if option is True:
        return Bar()
    return option or None
