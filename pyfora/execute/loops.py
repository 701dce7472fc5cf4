"""How the loops of a program were run, for whoever asks why."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

LOOPS_LIMIT = 200
"""Loops that are reported on; of a loop that ran more often, its longest run."""
LOOPS_LIMIT_BYTES = 24 * 1024
"""Of the report."""


@dataclass
class LoopRun:
    """One parallel loop, once."""

    file: str
    line: int
    how: str = "in order"
    reason: str = ""
    elements: int = 0
    leaves: int = 0
    gave_up: int = 0
    checks: dict[str, int] = field(default_factory=dict)
    """What made the kernel give up -> on how many leaves."""
    elapsed_s: float = 0.0
    started_at: float = field(default_factory=time.monotonic)

    def note_given_up(self, checks: Mapping[str, int]) -> None:
        """On so many leaves the kernel gave up for each of these."""
        for check, leaves in checks.items():
            self.gave_up += leaves
            self.checks[check] = self.checks.get(check, 0) + leaves


class LoopReport:
    """The loops that were worth a decision, by their place in the source."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, int], LoopRun] = {}

    def add(self, run: LoopRun) -> None:
        """Note a loop that has ended."""
        run.elapsed_s = time.monotonic() - run.started_at
        place = (run.file, run.line)
        known = self._runs.get(place)
        if (known is None and len(self._runs) < LOOPS_LIMIT) or (known and known.elapsed_s < run.elapsed_s):
            self._runs[place] = run

    def as_json(self) -> list[dict[str, Any]]:
        """In order of the source; strings are cut, and short runs left out, for this travels in a message's header."""
        found, room = [], LOOPS_LIMIT_BYTES
        for run in sorted(self._runs.values(), key=lambda r: -r.elapsed_s):
            facts = asdict(run)
            del facts["started_at"]
            facts |= {"file": run.file[-100:], "reason": run.reason[:200]}
            room -= len(json.dumps(facts))
            if room < 0:
                break
            found.append(facts)
        return sorted(found, key=lambda facts: (facts["file"], facts["line"]))
