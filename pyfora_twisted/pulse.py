"""Says again and again that a daemon is alive, but only as long as its drivers really run."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from pyfora_twisted.systemd import Supervision

LONGEST_PERIOD_S = 1.0
UNREADY_PERIOD_S = 0.1
PULSE_LIMIT_S = 10.0
"""A pulse older than this is the pulse of a daemon that is stuck or gone."""


class Part(Protocol):
    """A manager or a worker, as seen from here."""

    def turns(self) -> int:
        """How many events its driver has dealt with; negative while there is none."""

    def is_ready(self) -> bool:
        """Whether it does what it is there for: its ports listen, a worker is registered."""

    def status(self) -> str:
        """One line for a person."""


class Pulse:
    """Reports to systemd and into a file whether every driver has run since the last look.

    A timer of its own that says "alive" would prove that the reactor runs, and nothing about the half that thinks.
    """

    def __init__(self, reactor: Any, parts: Sequence[Part], supervision: Supervision, path: Path) -> None:
        self._reactor = reactor
        self._parts = parts
        self._notifier = supervision.notifier
        self._path = path
        self._period_s = min(LONGEST_PERIOD_S, supervision.watchdog_s / 4 or LONGEST_PERIOD_S)
        self._turns = [-1 for _ in parts]
        self._status = ""
        self._written = ""
        self._call: Any = None
        self.was_ready = False

    def start(self) -> None:
        """From now on, until `stop`."""
        self._look()

    def stop(self) -> None:
        """The daemon is gone: its pulse too."""
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._path.unlink(missing_ok=True)

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
            self._write(is_ready, status)
        self._call = self._reactor.callLater(self._period_s if is_ready else UNREADY_PERIOD_S, self._look)

    def _write(self, is_ready: bool, status: str) -> None:
        # A disk that is full is no reason to stop; the pulse then grows old, and whoever looks at it says so.
        with contextlib.suppress(OSError):
            text = json.dumps({"pid": os.getpid(), "ready": is_ready, "status": status}) + "\n"
            if text == self._written:
                os.utime(self._path)
                return
            temporary = self._path.with_suffix(".new")
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(self._path)
            self._written = text


def pulse_path(data_dir: Path, name: str) -> Path:
    """Where the daemon of this name (as its log's) keeps its pulse."""
    return data_dir / f"{name}.pulse"


def read_pulse(path: Path, now: Callable[[], float] = time.time) -> tuple[bool, str]:
    """Whether the daemon that writes there is alive and ready, and one line about it."""
    try:
        age_s = now() - path.stat().st_mtime
        said = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return False, f"no daemon has its pulse at {path}"
    except (OSError, ValueError) as error:
        return False, f"the pulse at {path} cannot be read: {error}"
    if age_s > PULSE_LIMIT_S:
        return False, f"stuck or gone: its last pulse is {age_s:.0f} s old"
    return bool(said.get("ready")), str(said.get("status"))
