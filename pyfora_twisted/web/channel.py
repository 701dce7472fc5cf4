"""One HTTP connection, which lets others in between two of its requests."""

from __future__ import annotations

from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel


class Channel(HTTPChannel):
    """Answers requests that were sent ahead (pipelined) one in each turn of the reactor.

    twisted.web answers all that it has received in one go: a thousand requests in one write would stop the whole
    daemon for as long as they take.
    """

    _is_over = False

    def requestDone(self, request: Any) -> None:
        """The first request is answered: go on with the next, now or in the next turn."""
        if self._dataBuffer:
            self.callLater(0, self._go_on, request)  # type: ignore[call-arg]
        else:
            super().requestDone(request)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Nothing follows."""
        self._is_over = True
        super().connectionLost(reason)

    def _go_on(self, request: Any) -> None:
        if not self._is_over:
            super().requestDone(request)
