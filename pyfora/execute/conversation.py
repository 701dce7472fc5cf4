"""A compute process' conversation with its worker: messages over a unix socket, without threads."""

from __future__ import annotations

import select
import socket
from collections import deque

from pyfora.wire.codec import decode_message, encode_message
from pyfora.wire.framing import FrameReader, frame
from pyfora.wire.messages import Link, Message

_READ_BYTES = 1 << 16


class WorkerGone(BaseException):
    """The worker closed the socket: there is nobody left to work for.

    A BaseException: an `except Exception` of the user's, around a loop or a print, is not meant.
    """


class Conversation:
    """Blocking sends and receives; `poll` looks without waiting."""

    def __init__(self, path: str) -> None:
        """Connect to the worker's socket at `path`. Raises OSError."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._frames = FrameReader()
        self._received: deque[Message] = deque()

    def send(self, message: Message) -> None:
        """Raises WorkerGone, or WireError for a message over the limits."""
        try:
            self._socket.sendall(frame(encode_message(message)))
        except OSError as error:
            raise WorkerGone from error

    def receive(self) -> Message:
        """The next message; waits for it. Raises WorkerGone."""
        while not self._received:
            self._read()
        return self._received.popleft()

    def poll(self, timeout_s: float = 0.0) -> Message | None:
        """The next message if it is here already, or comes within that time."""
        while not self._received and select.select([self._socket], [], [], timeout_s)[0]:
            self._read()
        return self._received.popleft() if self._received else None

    def _read(self) -> None:
        try:
            data = self._socket.recv(_READ_BYTES)
        except OSError as error:
            raise WorkerGone from error
        if not data:
            raise WorkerGone
        for whole in self._frames.receive(data):
            self._received.append(decode_message(whole, Link.WORKER_TO_PROCESS))
