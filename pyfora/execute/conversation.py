"""A compute process' conversation with its worker: messages over a unix socket, without threads."""

from __future__ import annotations

import select
import socket
from collections import deque

from pyfora.wire.codec import decode_message, encode_message
from pyfora.wire.framing import FrameReader, frame
from pyfora.wire.links import Link
from pyfora.wire.messages import Message

_READ_BYTES = 1 << 16


class WorkerGone(BaseException):
    """The worker closed the socket: there is nobody left to work for.

    A BaseException: an `except Exception` of the user's, around a loop or a print, is not meant.
    """


class Conversation:
    """Blocking sends and receives; `poll` looks without waiting."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._frames = FrameReader()
        self._received: deque[Message] = deque()

    @classmethod
    def to(cls, path: str) -> Conversation:
        """With the worker whose socket is at `path`. Raises OSError."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        return cls(connection)

    @classmethod
    def of(cls, connection: int, unread: bytes) -> Conversation:
        """What another process has handed over: the connection's file descriptor, and its `unread`."""
        conversation = cls(socket.socket(fileno=connection))
        conversation._take(unread)
        return conversation

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
        self._take(data)

    def _take(self, data: bytes) -> None:
        for whole in self._frames.receive(data):
            self._received.append(decode_message(whole, Link.WORKER_TO_PROCESS))

    # ---- handing over ------------------------------------------------------------------------------------------

    def unread(self, first: Message) -> bytes:
        """`first`, which was received, and all that has come since and was not."""
        frames = [frame(encode_message(message)) for message in (first, *self._received)]
        return b"".join(frames) + self._frames.rest()

    def handed_over(self) -> int:
        """The connection's file descriptor, for what this process is to become."""
        self._socket.set_inheritable(True)
        return self._socket.detach()
