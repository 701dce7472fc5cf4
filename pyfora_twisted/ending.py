"""How a daemon ends for a reason of its own: one line, a status that is not 0."""

from __future__ import annotations

import atexit
import os
import sys
from typing import Any

from twisted.logger import Logger

_log = Logger()


class CannotStart(Exception):
    """The daemon cannot run as it is configured; the text is one line for whoever started it."""


class Ending:
    """Stops the reactor and has the process end with status 1.

    twistd itself knows no exit status: it returns 0, or dies of the signal that stopped it. Raising SystemExit inside
    the reactor was the rejected way: the reactor logs it and goes on.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self.reason = ""

    def fail(self, reason: str) -> None:
        """End the daemon because of this. The first reason counts."""
        if self.reason:
            return
        self.reason = reason
        _log.critical("Stopping: {reason}", reason=reason)
        # At the very end, after twistd has removed its pid file and closed its log.
        atexit.register(_leave)
        if self._reactor.running:
            self._reactor.callLater(0, self._stop)
        else:
            self._reactor.callWhenRunning(self._stop)

    def _stop(self) -> None:
        if self._reactor.running:
            self._reactor.stop()


def _leave() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(1)
