"""What a field of a message may hold beyond its type, looked at when it comes in: no core ever meets the absurd.

A core counts on numbers that are some, and on names that can be files and words of a log line. What a peer sent that
is none is refused at the connection, whose end costs that peer alone; in a core it would be a fault, which ends the
daemon.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pyfora.configuration.table import HOST_PATTERN


@dataclass(frozen=True)
class Within:
    """A number from `lowest` to `highest`; NaN is none."""

    lowest: float
    highest: float

    def check(self) -> Callable[[Any], bool]:
        """Whether a value, which is a number already, is one of these."""
        return lambda value: self.lowest <= value <= self.highest


@dataclass(frozen=True)
class Matches:
    """Text all of which is of this pattern."""

    pattern: str

    def check(self) -> Callable[[Any], bool]:
        """Whether a value, which is text already, is of it."""
        compiled = re.compile(self.pattern)
        return lambda value: compiled.fullmatch(value) is not None


class Row:
    """A list with exactly these items, each of its own type or form."""

    def __init__(self, *hints: Any) -> None:
        self.hints = hints

    def check(self) -> Callable[[Any], bool]:
        """Whether a value, which is a list already, is one."""
        checks = [check_of(hint) for hint in self.hints]
        return lambda value: (
            len(value) == len(checks) and all(check(item) for check, item in zip(checks, value, strict=True))
        )


BlockId = Annotated[str, Matches("[0-9a-f]{32}")]
"""The id of a block's program, as its client chose it."""
Name = Annotated[str, Matches("[0-9a-zA-Z_-][0-9a-zA-Z._-]{0,199}")]
"""The id or name of anything: it may be the name of a file, and is one word in a log."""
NoName = Annotated[str, Matches("([0-9a-zA-Z_-][0-9a-zA-Z._-]{0,199})?")]
"""A name, or nothing."""
Host = Annotated[str, Matches(f"({HOST_PATTERN})?")]
"""A host's name or address."""
Version = Annotated[str, Matches("[0-9a-zA-Z][0-9a-zA-Z.+!_-]{0,63}")]
"""Of Python or pyfora."""
Fingerprint = Annotated[str, Matches("[0-9a-zA-Z]{0,128}")]
"""A hash in hex, or nothing."""
KernelKey = Annotated[str, Matches("[0-9a-f]{64}")]
"""A SHA-256 in hex, of all that a kernel's machine code depends on."""
BasePort = Annotated[int, Within(0, 65534)]
"""A worker's control port; its data port is the next one."""
Count = Annotated[int, Within(0, 2**62)]
"""How many, which one in a sequence, or how many bytes."""
Leaves = Annotated[int, Within(0, 2**32)]
"""Leaves of one loop, or which one of them: a grid has fewer (`pyfora.fold.grid`)."""
Few = Annotated[int, Within(0, 2**12)]
"""How many cores or slots: two for each of the most cores that a worker may have, and some."""
Seconds = Annotated[float, Within(0.0, 1e18)]
"""How long."""
Counted = Annotated[list[Any], Row(Name, Count)]
"""A program with an attempt at it, or a value with its size."""
HeldValue = Annotated[list[Any], Row(Name, Count, Name, Host, BasePort)]
"""A value, its size, and the worker that has it."""


def check_of(hint: Any) -> Callable[[Any], bool]:
    """A function that tells whether a decoded JSON value is of this type or form; `bool` is not an `int` here."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda value: True
    if origin is Annotated:
        plain, form = check_of(parts[0]), parts[1].check()
        return lambda value: plain(value) and form(value)
    if origin is list:
        item = check_of(parts[0])
        return lambda value: isinstance(value, list) and all(map(item, value))
    if origin is dict:
        key, item = map(check_of, parts)
        return lambda value: isinstance(value, dict) and all(key(k) and item(v) for k, v in value.items())
    if hint in (int, float):
        types = (int, float) if hint is float else (int,)
        return lambda value: isinstance(value, types) and not isinstance(value, bool)
    return lambda value: isinstance(value, hint)


def type_of(hint: Any) -> Any:
    """The type of a field, without its form."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint
