"""A construct in source text as it is shown: on one line, with carets below it."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Sequence
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
    """How many of its characters are the construct's."""

    def __str__(self) -> str:
        return f"{self.text}\n{' ' * self.column}{'^' * max(1, self.width)}"

    @property
    def construct(self) -> str:
        """The construct by itself, as far as it is shown."""
        return self.text[self.column : self.column + self.width]


def excerpt(lines: Sequence[str], column: int, end_column: int) -> Excerpt:
    """What is shown of the lines on which a construct stands: all of them as one line, without the comments within.

    It begins at `column` of the first line and ends at `end_column` of the last: columns of UTF-8, as syntax trees
    have them. `lines` is not empty.
    """
    if len(lines) > 1:
        # A comment in a line that goes on would seem to hide what follows it.
        lines = _without_comments(lines, column, end_column)
        end_column = end_column if len(lines) > 1 else len(lines[0].encode())
    texts = [line.rstrip().expandtabs(1) for line in lines]
    shown = [text.lstrip() for text in texts]
    text = " ".join(shown)
    first = max(0, _characters(lines[0], column) - len(texts[0]) + len(shown[0]))
    end = len(text) - len(shown[-1]) + _characters(lines[-1], end_column) - len(texts[-1]) + len(shown[-1])
    if len(text) > EXCERPT_CHARACTERS:
        cut = max(0, min(first - _BEFORE, len(text) - EXCERPT_CHARACTERS))
        text, first, end = text[cut : cut + EXCERPT_CHARACTERS], first - cut, end - cut
    return Excerpt(text, first, max(0, min(end, len(text)) - first))


def _without_comments(lines: Sequence[str], column: int, end_column: int) -> Sequence[str]:
    """The lines of a construct without the comments in it and the empty ones; the first where it has no tokens."""
    # Only where the construct begins is it sure to be outside of a text; the bracket lets its lines go on.
    first, end = _characters(lines[0], column), _characters(lines[-1], end_column)
    construct = [f"({lines[0][first:]}", *lines[1:-1], f"{lines[-1][:end]})"]
    found = list(lines)
    try:
        for token in tokenize.generate_tokens(io.StringIO("".join(f"{one.rstrip()}\n" for one in construct)).readline):
            row, start = token.start
            if token.type == tokenize.ERRORTOKEN:
                return lines[:1]
            if token.type == tokenize.COMMENT and row < len(lines):
                found[row - 1] = found[row - 1][: start + first - 1 if row == 1 else start]
    except (tokenize.TokenError, SyntaxError):
        return lines[:1]
    return [found[0], *filter(str.strip, found[1:-1]), found[-1]]


def _characters(line: str, column: int) -> int:
    return len(line.encode()[:column].decode(errors="ignore"))
