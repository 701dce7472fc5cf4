"""Messages to one client, at the pace at which it reads them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from pyfora.wire.messages import Message, ProgramProgressed

WAITING_LIMIT_BYTES = 256 * 1024 * 1024
"""What may wait for a client that does not read; past it the connection is closed, and the client is told anew."""
_SMALL_BYTES = 300
"""What a message takes beside its text and its payload."""


@implementer(IPushProducer)
class Pace:
    """Gives messages to `send` while the transport has room, and keeps the others as they are.

    The core holds printed text and ends as well, until the client has them: here it is the same objects, so that a
    client which does not read costs next to nothing more. Writing all at once was the rejected way: what a transport
    has not sent it holds as bytes of its own.
    """

    def __init__(self, transport: Any, send: Callable[[Message], None]) -> None:
        self._send = send
        self._waiting: deque[Message] = deque()
        self._waiting_bytes = 0
        self._is_full = False
        # The HTTP channel that the connection began with would stop reading from a client that does not read.
        transport.unregisterProducer()
        transport.registerProducer(self, True)

    def tell(self, message: Message) -> bool:
        """Send the message, now or in its turn; False where too much waits already."""
        if self._is_full and isinstance(message, ProgramProgressed):
            return True  # soon out of date: it is told again several times a second
        self._waiting.append(message)
        self._waiting_bytes += _size_bytes(message)
        self._send_waiting()
        return self._waiting_bytes <= WAITING_LIMIT_BYTES

    def pauseProducing(self) -> None:
        """The client does not read as fast as it is told."""
        self._is_full = True

    def resumeProducing(self) -> None:
        """It has read."""
        self._is_full = False
        self._send_waiting()

    def stopProducing(self) -> None:
        """It is gone: what waits is told again to its next connection."""
        self._is_full = True
        self._waiting.clear()
        self._waiting_bytes = 0

    def _send_waiting(self) -> None:
        while self._waiting and not self._is_full:
            message = self._waiting.popleft()
            self._waiting_bytes -= _size_bytes(message)
            self._send(message)


def _size_bytes(message: Message) -> int:
    return len(getattr(message, "text", "")) + len(getattr(message, "payload", b"")) + _SMALL_BYTES
