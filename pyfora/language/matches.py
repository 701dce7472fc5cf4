"""Matches of regular expressions, which are made again by searching again."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from typing import Any


class Search:
    """What a pattern finds in a text, between two places."""

    def __init__(self, pattern: re.Pattern[Any], text: Any, start: int, end: int) -> None:
        self._given = (pattern, text, start, end)
        self._once: dict[str, re.Match[Any] | None] = {}
        self._each: list[re.Match[Any]] | None = None
        self._numbers: dict[tuple[int, int], int] = {}

    def __reduce__(self) -> tuple[type[Search], tuple[Any, ...]]:
        return Search, self._given

    def match_of(self, way: str | int) -> re.Match[Any] | None:
        """What the method of that name finds; of a number, the match that `finditer` finds so late."""
        if isinstance(way, int):
            return self._all()[way]
        if way not in self._once:
            pattern, *where = self._given
            self._once[way] = getattr(pattern, way)(*where)
        return self._once[way]

    def way_to(self, match: re.Match[Any]) -> str | int | None:
        """How one equal to `match` is found; None where it is not."""
        for name in ("search", "match", "fullmatch"):
            if _are_equal(match, self.match_of(name)):
                return name
        if not self._numbers:
            self._numbers = {found.span(): number for number, found in enumerate(self._all())}
        number = self._numbers.get(match.span())
        return number if number is not None and _are_equal(match, self.match_of(number)) else None

    def _all(self) -> list[re.Match[Any]]:
        if self._each is None:
            pattern, *where = self._given
            self._each = list(pattern.finditer(*where))
        return self._each


def match_reducer() -> Callable[[re.Match[Any]], Any]:
    """For one pickler: matches of one search share it, so that a list of them all is found by going through it once."""
    searches: dict[tuple[int, int, int, int], Search] = {}

    def reduce(match: re.Match[Any]) -> Any:
        key = id(match.re), id(match.string), match.pos, match.endpos
        search = searches.get(key)
        if search is None:
            search = searches[key] = Search(match.re, match.string, match.pos, match.endpos)
        way = search.way_to(match)
        if way is None:
            raise pickle.PicklingError("a match that its pattern does not find again cannot be sent")
        return Search.match_of, (search, way)

    return reduce


def _are_equal(match: re.Match[Any], other: re.Match[Any] | None) -> bool:
    return other is not None and (match.regs, match.lastindex) == (other.regs, other.lastindex)
