"""Log lines as entries of systemd's journal, with their fields: `twistd --logger=pyfora_twisted.journald.logger`."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Mapping
from pathlib import Path

from twisted.logger import (
    FilteringLogObserver,
    ILogObserver,
    LogEvent,
    LogLevel,
    LogLevelFilterPredicate,
    eventAsText,
)
from zope.interface import implementer

from pyfora_twisted.log_lines import FIELDS
from pyfora_twisted.logs import configured, to_terminal

JOURNAL_SOCKET = Path("/run/systemd/journal/socket")
ENTRY_LIMIT_BYTES = 64 * 1024
"""Of one field; what is longer is cut. A datagram of some such fields is well below what a socket takes."""
PRIORITIES = {
    LogLevel.debug: 7,
    LogLevel.info: 6,
    LogLevel.warn: 4,
    LogLevel.error: 3,
    LogLevel.critical: 2,
}
"""By syslog(3)."""


def entry(event: LogEvent) -> bytes:
    """The event in the journal's native protocol: one field after the other, those with line ends with their length.

    A core's fields become `PYFORA_…`, as in a line of JSON.
    """
    fields = {
        "MESSAGE": eventAsText(event, includeTimestamp=False, includeSystem=False),
        "PRIORITY": str(PRIORITIES.get(event.get("log_level", LogLevel.info), 6)),
        "SYSLOG_IDENTIFIER": "pyfora",
        "LOGGER": str(event.get("log_namespace", "")),
    }
    fields |= {f"PYFORA_{key.upper()}": str(value) for key, value in event.get(FIELDS, {}).items()}
    return b"".join(_field(key, value) for key, value in fields.items())


def _field(key: str, value: str) -> bytes:
    data = value.encode("utf-8", "replace")[:ENTRY_LIMIT_BYTES]
    if b"\n" in data:
        return key.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"
    return key.encode() + b"=" + data + b"\n"


@implementer(ILogObserver)
class JournalObserver:
    """Sends each event as one datagram. The journal is never waited for: what it does not take now is lost to it."""

    def __init__(self, path: Path = JOURNAL_SOCKET) -> None:
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def __call__(self, event: LogEvent) -> None:
        """Write it."""
        try:
            self._socket.sendto(entry(event), self._path)
        except OSError:
            return  # saying so would be another line for the journal


def is_journal(environ: Mapping[str, str], descriptor: int = 2) -> bool:
    """Whether this descriptor is connected to the journal, as JOURNAL_STREAM says (systemd.exec(5))."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM", "") == f"{found.st_dev}:{found.st_ino}"


def logger() -> ILogObserver:
    """What twistd logs with: the journal where stderr is connected to it, else the terminal.

    Raises SystemExit where the configuration is none.
    """
    if not is_journal(os.environ):
        return to_terminal()
    predicate = LogLevelFilterPredicate(LogLevel.levelWithName(configured().log_level))
    return FilteringLogObserver(JournalObserver(), [predicate])
