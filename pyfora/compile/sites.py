"""Where in the user's own text each call of a kernel's generated source comes from.

While a loop is translated, calls are marked within the text that they are: a mark stands behind the parenthesis, and
names the construct of the user's. Innermost constructs are translated first, so that the first mark is the narrowest.
At last all marks are taken out: what is compiled, and by what a kernel is known, says nothing of places. A call is
known by its number in that plain text, and what the numbers mean is found anew by everyone who translates the loop.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_CALL = re.compile("\\w\\((?:\1(\\d+)\2)?")
_NAMED_CALL = re.compile(r"\w+\(")
_MARK = re.compile("\1\\d+\2")
GIVE_UP = "\0give up"
"""Stands for the give-up of the function's type until that is known."""
_UNMARKED = re.compile(f"(?:\\b(?!range\\()[a-z]\\w*\\(|{GIVE_UP})(?!\1)")
_END_OF_LINE = 1 << 20


@dataclass(frozen=True)
class Site:
    """A construct in the user's text."""

    filename: str
    node: ast.AST
    """With the positions of the user's own file."""

    @property
    def line(self) -> int:
        """Where it begins; 0 where that is not known."""
        return getattr(self.node, "lineno", 0)

    @property
    def column(self) -> int:
        """In bytes of UTF-8."""
        return getattr(self.node, "col_offset", 0)

    @property
    def end(self) -> tuple[int, int]:
        """The line and column where it ends; of what has statements within, the end of its first line."""
        if isinstance(getattr(self.node, "body", None), list):
            return self.line, _END_OF_LINE
        return getattr(self.node, "end_lineno", None) or self.line, getattr(self.node, "end_col_offset", None) or 0


def marked(text: str, number: int) -> str:
    """The text with every call in it marked that was not."""
    return _UNMARKED.sub(lambda found: f"{found[0]}\1{number}\2", text)


def has_unmarked(text: str) -> bool:
    """Whether there is a call in it to be marked."""
    return _UNMARKED.search(text) is not None


def is_marked(lines: Iterable[str]) -> bool:
    """Whether a call in them comes from the user's text."""
    return any("\1" in line for line in lines)


def with_give_up(line: str, text: str) -> str:
    """The line with what it gives up by, which is marked as it was."""
    if GIVE_UP not in line:
        return line
    found = re.search(f"{GIVE_UP}(?:\1(\\d+)\2)?", line)
    assert found is not None
    return line.replace(found[0], marked(text, int(found[1])) if found[1] else text)


def without_marks(source: str, marks: list[Site]) -> tuple[str, tuple[Site | None, ...]]:
    """The plain text, and for each call in it, in order, where it comes from; None where that is not known."""
    sites: list[Site | None] = []

    def plain(found: re.Match[str]) -> str:
        sites.append(marks[int(found[1])] if found[1] else None)
        return found[0][:2]

    return _MARK.sub("", _CALL.sub(plain, source)), tuple(sites)


def numbers_of_calls(source: str) -> Mapping[tuple[int, int], int]:
    """(line, column) -> the number of the call there, from 1 on, in a plain text."""
    places = [
        (line, found.start())
        for line, text in enumerate(source.split("\n"), start=1)
        for found in _NAMED_CALL.finditer(text)
    ]
    return {place: number for number, place in enumerate(places, start=1)}
