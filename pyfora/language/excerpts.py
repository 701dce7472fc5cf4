"""A line of source text with a construct in it, as it is shown: the line, and carets below the construct."""

from __future__ import annotations

from dataclasses import dataclass

EXCERPT_CHARACTERS = 120
"""Of a line that are shown at most."""
_BEFORE = 40
"""Of them so many before the construct, where the line is longer."""


@dataclass(frozen=True)
class Excerpt:
    """Part of a line, without its indentation."""

    text: str
    column: int
    """Where the construct begins in it, in characters."""
    width: int
    """How many of its characters are the construct's; 0 where that is not known."""

    def __str__(self) -> str:
        return f"{self.text}\n{' ' * self.column}{'^' * max(1, self.width)}"

    @property
    def construct(self) -> str:
        """The construct by itself, as far as it stands on this line."""
        return self.text[self.column : self.column + self.width]


def excerpt(line: str, column: int, end_column: int | None) -> Excerpt:
    """What is shown of a line for a construct in it; its columns are of UTF-8, as syntax trees have them.

    `end_column`: None where the construct goes on on the next line, or where nobody knows.
    """
    line = line.rstrip().expandtabs(1)
    indent = len(line) - len(line.lstrip())
    text, first = line[indent:], max(0, _characters(line, column) - indent)
    end = len(text) if end_column is None else _characters(line, end_column) - indent
    if len(text) > EXCERPT_CHARACTERS:
        cut = max(0, min(first - _BEFORE, len(text) - EXCERPT_CHARACTERS))
        text, first, end = text[cut : cut + EXCERPT_CHARACTERS], first - cut, end - cut
    return Excerpt(text, first, max(0, min(end, len(text)) - first))


def _characters(line: str, column: int) -> int:
    return len(line.encode()[:column].decode(errors="ignore"))
