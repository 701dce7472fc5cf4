"""One program under way: what was sent of it, and what has come back."""

from __future__ import annotations

import concurrent.futures
import queue
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from pyfora.client.printing import PrintedText
from pyfora.language.program import Program
from pyfora.limits import INLINE_LIMIT_BYTES
from pyfora.values.parcels import content_id
from pyfora.wire.messages import ProgramEnded, ProgramPrinted, ProgramProgressed, SubmitProgram

Reported = ProgramProgressed | tuple[str, str] | None
"""What a submission tells while it runs: progress, (stream, text) to be written, or None when it has ended."""


@dataclass
class Submission:
    """A program that was given to the connection."""

    program: Program
    message: SubmitProgram
    content: bytes
    """The program's bytes, for the upload; empty where the message carries them."""
    report: Callable[[Reported], None]
    """Called on the connection's thread; the text comes in order, each piece once."""
    accepted_by: str = ""
    """The id of the manager that has it in its journal."""
    ended: concurrent.futures.Future[ProgramEnded] = field(default_factory=concurrent.futures.Future)
    printed: PrintedText = field(default_factory=PrintedText)

    @property
    def program_id(self) -> str:
        """The id of this run of the program."""
        return self.message.program_id

    def take_printed(self, message: ProgramPrinted) -> None:
        """Report what `message` adds to the text so far."""
        text = self.printed.take(message.stream, message.position, message.text)
        if text:
            self.report((message.stream, text))

    def finish(self, end: ProgramEnded) -> bool:
        """Note the end, if it is the first one; whether it was."""
        return self._settle(lambda: self.ended.set_result(end))

    def fail(self, error: BaseException) -> bool:
        """Note that there will be no end, if there was none yet; whether it was so."""
        return self._settle(lambda: self.ended.set_exception(error))

    def _settle(self, settle: Callable[[], None]) -> bool:
        if self.ended.done():
            return False
        for text in self.printed.rest():
            self.report(text)
        try:
            settle()
        except concurrent.futures.InvalidStateError:
            return False
        self.report(None)
        return True


def make_submission(
    program: Program, download: str, limit_bytes: int, report: Callable[[Reported], None]
) -> Submission:
    """A submission of `program` under a new id; `download` is "all", "none" or "small" (up to `limit_bytes`)."""
    content = program.to_bytes()
    inline = len(content) <= INLINE_LIMIT_BYTES
    message = SubmitProgram(
        program_id=uuid.uuid4().hex,
        fingerprint=content_id(content),
        size_bytes=len(content),
        inputs=list(program.header["remote_value_ids"]),
        download=download,
        download_limit_bytes=limit_bytes,
        payload=content if inline else b"",
    )
    return Submission(program, message, b"" if inline else content, report)


def queue_reports() -> tuple[queue.SimpleQueue[Reported], Callable[[Reported], None]]:
    """A queue for a waiting thread, and the report function that fills it."""
    reports: queue.SimpleQueue[Reported] = queue.SimpleQueue()
    return reports, reports.put
