"""What a worker tells its manager: printed text, ends, progress, loops to steal from."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyfora.cluster.outbox import Outbox
from pyfora.limits import PRINT_LIMIT_BYTES, PROGRESS_PERIOD_S
from pyfora.wire.messages import FoldClosed, FoldOpened, Message, ProgramEnded, ProgramPrinted, ProgramProgressed

PRINTS_AHEAD_LIMIT = 500
"""Printed messages that wait for the manager's acknowledgement; the others wait here."""

Key = tuple[str, int]
"""Program id and attempt."""


@dataclass
class Report:
    """What the manager has to learn of one attempt of a program."""

    prints: list[ProgramPrinted] = field(default_factory=list)
    printed_bytes: int = 0
    told: int = 0
    """How many of `prints` this manager was told."""
    end: ProgramEnded | None = None
    end_told: bool = False
    progress: ProgramProgressed | None = None
    progress_at: float = 0.0


class Reports:
    """Keeps what must not be lost until a manager has acknowledged a program's end, and tells it anew to a new one."""

    def __init__(self, outbox: Outbox) -> None:
        self.table: dict[Key, Report] = {}
        self.announced: dict[str, None] = {}
        """Loops that this manager was told of."""
        self.manager_id = ""
        self._outbox = outbox

    def new_manager(self, manager_id: str) -> None:
        """From now on everything goes to this manager, which knows nothing yet."""
        self.manager_id = manager_id
        self.announced.clear()
        for report in self.table.values():
            report.told = 0
            report.end_told = False
            report.progress = None

    def begin(self, program_id: str, attempt: int) -> None:
        """This attempt runs here now."""
        self.table[program_id, attempt] = Report()

    def forget(self, key: Key) -> None:
        """The attempt was replaced by a later one."""
        self.table.pop(key, None)

    def printed(self, message: ProgramPrinted) -> None:
        """The program wrote text; past the limit it is dropped."""
        report = self.table.get((message.program_id, message.attempt))
        if report is None:
            return
        report.printed_bytes += len(message.text) + 100
        if report.printed_bytes <= PRINT_LIMIT_BYTES:
            report.prints.append(message)

    def ended(self, end: ProgramEnded) -> None:
        """The attempt has ended."""
        self.table.setdefault((end.program_id, end.attempt), Report()).end = end

    def progressed(self, progress: ProgramProgressed, now: float) -> None:
        """How far it is; told at most every PROGRESS_PERIOD_S, and only where it has changed."""
        report = self.table.get((progress.program_id, progress.attempt))
        if report is None or report.progress == progress or now - report.progress_at < PROGRESS_PERIOD_S:
            return
        if self._joined():
            report.progress, report.progress_at = progress, now
            self._send(progress, now)

    def folds(self, open_folds: list[str], worth: list[str], now: float) -> None:
        """Announce loops worth stealing from, and those announced that are open no more."""
        still_open = set(open_folds)
        for fold_id in [fold_id for fold_id in self.announced if fold_id not in still_open]:
            del self.announced[fold_id]
            self._send(FoldClosed(fold_id), now)
        if self._joined():
            for fold_id in worth:
                if fold_id not in self.announced:
                    self.announced[fold_id] = None
                    self._send(FoldOpened(fold_id.partition(".")[0], fold_id), now)

    def flush(self, now: float) -> None:
        """Tell what was not told: text in order, the end after it."""
        channel = self._outbox.channels.find(self.manager_id, "manager")
        if channel is None:
            return
        for report in self.table.values():
            while report.told < len(report.prints) and len(channel.outgoing) < PRINTS_AHEAD_LIMIT:
                self._send(report.prints[report.told], now)
                report.told += 1
            if report.end is not None and not report.end_told and report.told == len(report.prints):
                report.end_told = True
                self._send(report.end, now)

    def handled(self, messages: list[Message]) -> None:
        """The manager has dealt with these: an end among them is in its journal, and forgotten here."""
        for message in messages:
            if isinstance(message, ProgramEnded):
                self.table.pop((message.program_id, message.attempt), None)

    def _joined(self) -> bool:
        channel = self._outbox.channels.find(self.manager_id, "manager")
        return channel is not None and channel.joined

    def _send(self, message: Message, now: float) -> None:
        self._outbox.send(self.manager_id, "manager", message, now)
