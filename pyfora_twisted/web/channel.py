"""One HTTP connection, which lets others in between two of its requests."""

from __future__ import annotations

from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel


class Channel(HTTPChannel):
    """Answers requests that were sent ahead (pipelined) one in each turn of the reactor, and none while answers wait.

    twisted.web answers all that it has received in one go: a thousand requests in one write would stop the whole
    daemon for as long as they take, and from a peer that never reads, their answers would be kept, all of them.
    """

    _is_over = False
    _answered: Any = None
    """The request that is answered, while the next one is not begun."""

    def requestDone(self, request: Any) -> None:
        """The first request is answered: go on in a later turn. What of the next was received is kept until then."""
        self._answered = request
        self.callLater(0, self._go_on)

    def resumeProducing(self) -> None:
        """The peer has read what waited."""
        super().resumeProducing()
        if self._answered is not None:
            self.callLater(0, self._go_on)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Nothing follows."""
        self._is_over = True
        super().connectionLost(reason)

    def _go_on(self) -> None:
        if self._is_over or self._answered is None or self._waitingForTransport:
            return
        request, self._answered = self._answered, None
        super().requestDone(request)
