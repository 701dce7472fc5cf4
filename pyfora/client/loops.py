"""How the loops of a block were run, as its driver has told."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pyfora.language.excerpts import EXCERPT_CHARACTERS, Excerpt
from pyfora.wire.codec import field_types
from pyfora.wire.forms import Count, Leaves, Matches, Seconds, Within, check_of, type_of
from pyfora.wire.visible import visible

_SHOWN = Annotated[str, Matches(f"(?s:.{{0,{EXCERPT_CHARACTERS}}})")]
_COLUMN = Annotated[int, Within(0, EXCERPT_CHARACTERS)]
_CONSTRUCT = {"text": _SHOWN, "column": _COLUMN, "width": _COLUMN}
_Elements = Annotated[int, Within(0, sys.maxsize)]
"""As many as `len` can tell of."""


@dataclass(frozen=True)
class GiveUp:
    """Where the kernel of a loop gave up."""

    check: str
    """The primitive whose check it was, and what that met."""
    leaves: Leaves
    """On how many leaves."""
    file: str
    line: Count
    """0 where the place is not known."""
    construct: Excerpt | None
    """The line; None where its text is not known."""

    def said(self, around: str) -> str:
        """In words, for a loop in the file `around`."""
        shown = f" `{self.construct.construct}`" if self.construct and self.construct.construct else ""
        where = f" at {_line(self.file, self.line, around)}{shown}" if self.line else ""
        return f"{self.leaves:,}{where} ({self.check})"


@dataclass(frozen=True)
class LoopReport:
    """How one loop of a block was run."""

    file: str
    line: Count
    how: str
    """"compiled", "interpreted" or "in order"."""
    reason: str
    """Why it was not compiled, in a sentence; empty where it was."""
    construct: Excerpt | None
    """The line with the construct for which it was not compiled; None where there is none."""
    elements: _Elements
    leaves: Leaves
    gave_up: Leaves
    """Leaves that the kernel left to CPython."""
    places: tuple[GiveUp, ...]
    """Where it gave up: those of the most leaves, and these first."""
    elapsed_s: Seconds

    def __str__(self) -> str:
        """All on one line."""
        places = [place.said(self.file) for place in self.places]
        places += [f"{self._elsewhere:,} at other places"] if self._elsewhere else []
        text = self._head() + (f": {'; '.join(places)}" if places else "")
        return f"{text} ({self.reason.rstrip('.')})" if self.reason else text

    def explained(self) -> str:
        """On several lines, with carets under the constructs."""
        lines = [self._head()]
        if self.reason:
            lines += [f"    {self.reason}", *_pointed(self.construct)]
        for place in self.places:
            check, _, met = place.check.partition(": ")
            where = f" at {_line(place.file, place.line, self.file)}" if place.line else ""
            lines.append(f"    {place.leaves:,} gave up{where}: {f'{met} ({check})' if met else check}")
            lines += _pointed(place.construct)
        if self._elsewhere:
            lines.append(f"    {self._elsewhere:,} gave up at other places")
        return "\n".join(lines)

    @property
    def _elsewhere(self) -> int:
        """Leaves that gave up at places that are not told of."""
        return max(0, self.gave_up - sum(place.leaves for place in self.places))

    def _head(self) -> str:
        parts = [self.how, f"{self.elements:,} elements"]
        if self.gave_up:
            parts.append(f"{self.gave_up:,} of {self.leaves:,} leaves gave up")
        elif self.leaves:
            parts.append(f"{self.leaves:,} leaves")
        return f"{self.file}:{self.line}: {', '.join(parts)}, {self.elapsed_s:.3f} s"


def _line(file: str, line: int, around: str) -> str:
    return f"line {line}" if file == around else f"line {line} of {file}"


def _pointed(construct: Excerpt | None) -> Iterator[str]:
    if construct is not None:
        yield textwrap.indent(str(construct), " " * 8)


def read_loop(facts: Any) -> LoopReport:
    """The report from what was told. Raises KeyError or TypeError where that is not of the agreed form."""
    places = facts["places"]
    if not isinstance(places, list):
        raise TypeError("places that are no list")
    return LoopReport(
        **_read(facts, LoopReport),
        construct=_construct(facts),
        places=tuple(GiveUp(**_read(place, GiveUp), construct=_construct(place)) for place in places),
    )


def read_left_out(end: dict[str, Any]) -> int:
    """How many loops there was no room to tell of. Raises KeyError or TypeError as `read_loop`."""
    _check(end, {"loops_left_out": Count})
    return int(end["loops_left_out"])


def _construct(facts: dict[str, Any]) -> Excerpt | None:
    if "text" not in facts:
        return None
    _check(facts, _CONSTRUCT)
    text, first = facts["text"], facts["column"]
    end = first + facts["width"]
    # Written out, a character is several: the carets are measured in what is shown.
    before, construct, after = map(visible, (text[:first], text[first:end], text[end:]))
    return Excerpt(before + construct + after, len(before), len(construct))


def _check(facts: dict[str, Any], hints: dict[str, Any]) -> None:
    for name, hint in hints.items():
        if not check_of(hint)(facts[name]):
            raise TypeError(f"{name} is {facts[name]!r}")


def _read(facts: dict[str, Any], kind: type[GiveUp | LoopReport]) -> dict[str, Any]:
    """What was told for those fields that are not made of others."""
    hints = {name: hint for name, hint in field_types(kind).items() if name not in ("construct", "places")}
    _check(facts, hints)
    return {name: visible(facts[name]) if type_of(hint) is str else facts[name] for name, hint in hints.items()}
