"""NaNs in a pickle: a list holds its NaN by identity, so one object has to arrive as one."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, TypeGuard

from pyfora.language import making

# As pickle writes them: BINFLOAT, then the eight bytes of what Python and the processor make. Looking for NaNs of all
# bits would take many a list of numbers for one that holds some.
_MARKS = (b"G\x7f\xf8\0\0\0\0\0\0", b"G\xff\xf8\0\0\0\0\0\0")


def holds_nans(stream: bytes) -> bool:
    """Whether there are NaNs in a pickle stream, of those that arithmetic makes."""
    return any(mark in stream for mark in _MARKS)


def is_nan(value: object) -> TypeGuard[float]:
    """Whether this is a float, and a NaN."""
    return type(value) is float and value != value


@dataclass(frozen=True, eq=False)
class MadeNan:
    """Is pickled in the place of a NaN, and makes it: pickle writes a float anew each time, and remembers none."""

    original: float

    def __reduce__(self) -> tuple[Any, ...]:
        return making.make_nan, (struct.pack("<d", self.original),)
