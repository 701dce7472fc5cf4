"""Walks a page of docs/ from top to bottom: every fenced block is done where it says that it is to be done.

The words after a fence's language say how: `sh PLACE` is run there; `sh PLACE background` goes on running; `LANGUAGE
PLACE FILE` is written there; `text` is what the block before it has written, lines in order, `…` for anything. A block
that says nothing of this kind fails the walk: a page holds no command that is not tried.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.daemons import ROOT

DOCS = ROOT / "docs"


class Place(Protocol):
    """Where commands of a page are run."""

    def run(self, script: str) -> str:
        """Run it in the place's directory; returns what it wrote. Raises AssertionError where it fails."""

    def start(self, script: str) -> None:
        """Let it run in the background until the place is left."""

    def write(self, name: str, text: str) -> None:
        """Write a file into the place's directory."""


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    line: int
    words: tuple[str, ...]
    text: str


def blocks(path: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    found: list[Block] = []
    fence: tuple[int, tuple[str, ...]] | None = None
    lines: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.startswith("```"):
            lines.append(line)
        elif fence is None:
            fence, lines = (number, tuple(line[3:].split())), []
        else:
            found.append(Block(*fence, "\n".join(lines) + "\n"))
            fence = None
    assert fence is None, f"{path.name}:{fence and fence[0]}: a fence that is not closed"
    return found


def agrees(written: str, expected: str) -> bool:
    """Whether the expected lines are found in what was written, in order."""
    pattern = "[\\s\\S]*".join(
        "[^\n]*".join(map(re.escape, re.split("…", line.strip()))) for line in expected.splitlines() if line.strip()
    )
    return re.search(pattern, written) is not None


def walk(page: str, places: Mapping[str, Place]) -> None:
    """Do all that the page says."""
    path = DOCS / page
    written = ""
    done = 0
    for block in blocks(path):
        at = f"{page}:{block.line}"
        match block.words:
            case ("text",):
                assert agrees(written, block.text), f"{at}: the page says\n{block.text}and it was\n{written}"
            case ("sh", place):
                try:
                    written = places[place].run(block.text)
                except AssertionError as error:
                    raise AssertionError(f"{at}: {error}") from None
            case ("sh", place, "background"):
                places[place].start(block.text)
            case (_, place, name):
                places[place].write(name, block.text)
            case _:
                raise AssertionError(f"{at}: {' '.join(block.words)!r} says not where this is to be done")
        done += 1
    assert done, f"{page} has no commands"
