"""How the loops of a program were run, for whoever asks why."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pyfora.compile import NotCompiled, Site, check_at
from pyfora.execute.pieces import GaveUpAt
from pyfora.language.excerpts import excerpt
from pyfora.language.functions import registered_lines

LOOPS_LIMIT = 200
"""Loops that are reported on; of a loop that ran more often, its longest run."""
LOOPS_LIMIT_BYTES = 24 * 1024
"""Of the report."""
GIVE_UPS_LIMIT = 8
"""Places where one loop's kernel gave up that are told of: those of the most leaves."""
_FILE_CHARACTERS, _REASON_CHARACTERS, _CHECK_CHARACTERS = 100, 300, 100


class Reason(str):
    """Why a loop was not compiled, as text that also knows the construct."""

    site: Site | None

    def __new__(cls, refusal: Exception) -> Reason:
        """`refusal` is what the compiler raised."""
        made = super().__new__(cls, str(refusal))
        made.site = refusal.site if isinstance(refusal, NotCompiled) else None
        return made


def reason_of(error: Exception) -> str:
    """The text of an exception; where it was raised with one that knows more, that one."""
    return error.args[0] if error.args and isinstance(error.args[0], Reason) else str(error)


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
    elapsed_s: float = 0.0
    started_at: float = field(default_factory=time.monotonic)
    sites: tuple[Site | None, ...] = ()
    """Of its kernel."""
    places: Counter[GaveUpAt] = field(default_factory=Counter)
    """Where the kernel gave up -> on how many leaves."""

    def note_given_up(self, places: Mapping[GaveUpAt, int]) -> None:
        """On so many leaves the kernel gave up at each of these."""
        self.places.update(places)
        self.gave_up += sum(places.values())

    def facts(self) -> dict[str, Any]:
        """What is told of it; every text in it is bounded."""
        reason = self.reason
        facts: dict[str, Any] = {
            "file": self.file[-_FILE_CHARACTERS:],
            "line": self.line,
            "how": self.how,
            "reason": reason[:_REASON_CHARACTERS],
            "elements": self.elements,
            "leaves": self.leaves,
            "gave_up": self.gave_up,
            "places": [self._place(*one) for one in self._given_up()[:GIVE_UPS_LIMIT]],
            "elapsed_s": self.elapsed_s,
        }
        return facts | _construct(reason.site if isinstance(reason, Reason) else None)

    def _given_up(self) -> list[tuple[Site | None, str, int]]:
        """Where the kernel gave up, at which check, on how many leaves: those of the most leaves first."""
        # One construct may be several calls: in a function that is compiled for several types, it is.
        found: Counter[tuple[Site | None, str]] = Counter()
        for (check, call), leaves in self.places.items():
            # What came from elsewhere may be any number.
            site = self.sites[call - 1] if 0 < call <= len(self.sites) else None
            found[site, check_at(check, site.node if site else None)] += leaves
        ordered = sorted(found.items(), key=lambda one: (-one[1], one[0][0].line if one[0][0] else 0, one[0][1]))
        return [(site, check, leaves) for (site, check), leaves in ordered]

    def _place(self, site: Site | None, check: str, leaves: int) -> dict[str, Any]:
        file, line = (site.filename[-_FILE_CHARACTERS:], site.line) if site else ("", 0)
        return {"check": check[:_CHECK_CHARACTERS], "leaves": leaves, "file": file, "line": line} | _construct(site)


def _construct(site: Site | None) -> dict[str, Any]:
    """What is shown of a construct; nothing where its text is not known."""
    if site is None:
        return {}
    last, end_column = site.end
    lines = registered_lines(site.filename, site.line, last)
    return asdict(excerpt(lines, site.column, end_column)) if lines else {}


class LoopReport:
    """The loops that were worth a decision, by their place in the source."""

    def __init__(self) -> None:
        self._runs: dict[tuple[str, int], LoopRun] = {}
        self._beyond: set[tuple[str, int]] = set()
        """Where the loops beyond the limit stand."""

    def add(self, run: LoopRun) -> None:
        """Note a loop that has ended."""
        run.elapsed_s = time.monotonic() - run.started_at
        place = (run.file, run.line)
        known = self._runs.get(place)
        if (known is None and len(self._runs) < LOOPS_LIMIT) or (known and known.elapsed_s < run.elapsed_s):
            self._runs[place] = run
        elif known is None:
            self._beyond.add(place)

    def as_json(self) -> dict[str, Any]:
        """The loops in order of the source, and how many are left out, for this travels in a message's header.

        Every loop first gets room for its first place; what is left is for more places, of the longest runs first.
        """
        found: list[dict[str, Any]] = []
        more: list[list[dict[str, Any]]] = []
        room, left_out = LOOPS_LIMIT_BYTES, len(self._beyond)
        for run in sorted(self._runs.values(), key=lambda r: -r.elapsed_s):
            facts = run.facts()
            places = facts["places"]
            facts["places"] = places[:1]
            size = _size_bytes(facts)
            if size > room:
                left_out += 1
                continue
            room -= size
            found.append(facts)
            more.append(places[1:])
        for facts, places in zip(found, more, strict=True):
            for place in places:
                size = _size_bytes(place)
                if size > room:
                    # Of each loop the places of the most leaves are told, without gaps.
                    break
                room -= size
                facts["places"].append(place)
        found.sort(key=lambda facts: (facts["file"], facts["line"]))
        return {"loops": found, "loops_left_out": left_out}


def _size_bytes(facts: dict[str, Any]) -> int:
    """In a list, with what divides it from the next."""
    return len(json.dumps(facts)) + len(", ")
