"""What a program writes to stdout and stderr, on its way to the client or kept with a leaf."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable

from pyfora.errors import ResultTooLargeError
from pyfora.limits import PRINT_LIMIT_BYTES

_FLUSH_CHARACTERS = 4096
_FLUSH_AFTER_S = 0.2

Written = list[tuple[str, str]]
"""(stream, text), in the order of writing."""


class ProgramOutput:
    """Sends what a program writes, stream by stream, with its position; `skip` leaves out what was sent before."""

    def __init__(self, send: Callable[[str, int, str], None]) -> None:
        self._send = send
        self._positions = {"stdout": 0, "stderr": 0}
        self._skip = {"stdout": 0, "stderr": 0}
        self._waiting: Written = []
        self._waiting_characters = 0
        self._flushed_at = time.monotonic()

    def write(self, stream: str, text: str) -> None:
        """Take text; it is sent soon. Raises ResultTooLargeError past PRINT_LIMIT_BYTES."""
        skipped = min(self._skip[stream], len(text))
        self._skip[stream] -= skipped
        text = text[skipped:]
        if not text:
            return
        if sum(self._positions.values()) + self._waiting_characters + len(text) > PRINT_LIMIT_BYTES:
            raise ResultTooLargeError(
                f"the program printed more than {PRINT_LIMIT_BYTES:,} characters; return the text instead"
            )
        if self._waiting and self._waiting[-1][0] == stream:
            self._waiting[-1] = (stream, self._waiting[-1][1] + text)
        else:
            self._waiting.append((stream, text))
        self._waiting_characters += len(text)
        if self._waiting_characters > _FLUSH_CHARACTERS or time.monotonic() - self._flushed_at > _FLUSH_AFTER_S:
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        for stream, text in self._waiting:
            for start in range(0, len(text), _FLUSH_CHARACTERS):
                piece = text[start : start + _FLUSH_CHARACTERS]
                self._send(stream, self._positions[stream], piece)
                self._positions[stream] += len(piece)
        self._waiting = []
        self._waiting_characters = 0
        self._flushed_at = time.monotonic()

    def mark(self) -> dict[str, int]:
        """How much was written so far."""
        waiting = {"stdout": 0, "stderr": 0}
        for stream, text in self._waiting:
            waiting[stream] += len(text)
        return {stream: self._positions[stream] + waiting[stream] for stream in waiting}

    def rewind(self, mark: dict[str, int]) -> None:
        """The program will write again what it wrote since `mark`: leave that out then."""
        for stream, position in self.mark().items():
            self._skip[stream] = position - mark[stream]


class _Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a compute process."""

    encoding = "utf-8"

    def __init__(self, name: str, write: Callable[[str, str], None]) -> None:
        self.name = name
        self._write = write

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._write(self.name, text)
        return len(text)


def is_redirected(stream: str) -> bool:
    """Whether the program has put another object in the place of `sys.stdout` or `sys.stderr`."""
    found = getattr(sys, stream)
    return type(found) is not _Stream or found.name != stream


def redirect(write: Callable[[str, str], None]) -> None:
    """Let `sys.stdout` and `sys.stderr` of this process call `write(stream, text)` from now on."""
    sys.stdout = _Stream("stdout", write)
    sys.stderr = _Stream("stderr", write)
