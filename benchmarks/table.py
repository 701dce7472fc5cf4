"""The rows of figures, as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One figure, what it is held against, and what was hoped for."""

    what: str
    ours: str
    peer: str
    """What it is compared with, with its own figure; empty where the figure stands alone."""
    measured: float | None
    """The number that `least` and `aim` speak of: a ratio to the peer, or a figure in `unit`."""
    unit: str
    least: float | None
    aim: float | None
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.measured is None or self.least is None:
            return self.note and "see note"
        if self.aim is not None and self.measured <= self.aim:
            return "aim met"
        return "met" if self.measured <= self.least else "FALLS SHORT"


def machine() -> str:
    """The machine in a line."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores of {model}, CPython {platform.python_version()}, numba {version('numba')}"


def as_markdown(rows: list[Row]) -> str:
    """The table, for the terminal as for the README."""
    lines = [
        "| what | pyfora | beside it | measured | at least | aim | |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        number = "" if row.measured is None else f"{row.measured:.3g} {row.unit}".strip()
        least = "" if row.least is None else f"{row.least:g} {row.unit}".strip()
        aim = "" if row.aim is None else f"{row.aim:g} {row.unit}".strip()
        lines.append(f"| {row.what} | {row.ours} | {row.peer} | {number} | {least} | {aim} | {row.verdict} |")
    lines += [f"- {row.what}: {row.note}" for row in rows if row.note]
    return "\n".join(lines)


def write_json(rows: list[Row], path: Path) -> None:
    """The same rows with the machine, for whoever compares runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = {"machine": machine(), "rows": [asdict(row) | {"verdict": row.verdict} for row in rows]}
    path.write_text(json.dumps(body, indent=2) + "\n")
