"""Reads the logs of daemons in their data directories, for `pyfora logs`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pyfora.errors import PyforaError
from pyfora.wire.visible import visible

SHORTEST = 6
"""Characters of a block's id that are enough to name it."""
_HEAD = ("time", "level", "daemon", "where", "text")


class NoLogs(PyforaError):
    """There is nothing to read; the text says where it was looked for."""


def block_lines(directories: Sequence[Path], block: str) -> list[str]:
    """All lines about a block (its id, or the beginning of it), of all logs, in the order of their times.

    Raises NoLogs.
    """
    if len(block) < SHORTEST or not re.fullmatch("[0-9a-f]{1,32}", block):
        raise NoLogs(f"{block!r} is no block's id: give at least its first {SHORTEST} hex digits.")
    found: list[tuple[float, int, str]] = []
    files = [file for directory in directories for file in log_files(directory)]
    if not files:
        places = ", ".join(str(directory / "logs") for directory in directories)
        raise NoLogs(f"there are no logs in {places}: name the daemons' data directories (UFORA_DATA_DIR).")
    for file in files:
        for line in file.open(encoding="utf-8", errors="replace"):
            if block in line:
                told = _told(line, block)
                if told is not None:
                    found.append((told[0], len(found), told[1]))
    return [line for _, _, line in sorted(found)]


def log_files(directory: Path) -> list[Path]:
    """The log files of a data directory, the oldest first: those that were turned over have numbers."""

    def age(file: Path) -> tuple[str, int]:
        name, _, number = file.name.partition(".log")
        return name, -int(number[1:] or 0)

    files = [file for file in (directory / "logs").glob("*.log*") if re.fullmatch(r".+\.log(\.\d+)?", file.name)]
    return sorted(files, key=age)


def _told(line: str, block: str) -> tuple[float, str] | None:
    """(its time in seconds since 1970, the line for a person) where the line is about this block."""
    if line.startswith("{"):
        try:
            event = json.loads(line)
        except ValueError:
            return None
        if not isinstance(event, dict) or not str(event.get("block", "")).startswith(block):
            return None
        fields = " ".join(f"{key}={value}" for key, value in event.items() if key not in _HEAD)
        time, level, daemon, _, text = (str(event.get(key, "")) for key in _HEAD)
        return _seconds(time), visible(f"{time} {level:5} {daemon:12} {text} {fields}")
    if not re.search(rf"\bblock={block}", line):
        return None
    return _seconds(line.partition(" ")[0]), visible(line.rstrip("\n"))


def _seconds(time: str) -> float:
    """Daemons may be in several time zones; a line that begins with no time, as one of a traceback, comes first."""
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:
        return 0.0
