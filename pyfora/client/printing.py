"""What a remote program printed, written here once and in order."""

from __future__ import annotations

import sys


class PrintedText:
    """Takes the pieces of a program's output as they come, and gives back what is to be written now.

    Pieces come again after a reconnect and after another attempt at the program; they carry their position.
    """

    def __init__(self) -> None:
        self._written: dict[str, int] = {}
        self._waiting: dict[str, dict[int, str]] = {}

    def take(self, stream: str, position: int, text: str) -> str:
        """The text that follows what was given back before: empty for a repetition or behind a gap."""
        waiting = self._waiting.setdefault(stream, {})
        if len(text) > len(waiting.get(position, "")):
            waiting[position] = text
        return self._ready(stream)

    def rest(self) -> list[tuple[str, str]]:
        """At the end of the program: (stream, text) of what still waits behind a gap that will never be filled."""
        left = []
        for stream, waiting in self._waiting.items():
            while waiting:
                self._written[stream] = max(self._written.get(stream, 0), min(waiting))
                left.append((stream, self._ready(stream)))
        return [(stream, text) for stream, text in left if text]

    def _ready(self, stream: str) -> str:
        waiting = self._waiting[stream]
        written = self._written.get(stream, 0)
        ready = []
        for position in sorted(waiting):
            if position > written:
                break
            text = waiting.pop(position)[written - position :]
            ready.append(text)
            written += len(text)
        self._written[stream] = written
        return "".join(ready)


def write_text(stream: str, text: str) -> None:
    """Write to the `sys.stdout` or `sys.stderr` of this moment, which a notebook or a test may have replaced."""
    target = sys.stderr if stream == "stderr" else sys.stdout
    if target is not None and text:
        target.write(text)
        target.flush()
