"""Numbers at the edges of what a processor does as Python does, drawn without end."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable
from typing import Any

from hypothesis import settings

DRAWS = settings.get_profile("drawing")
"""For programs drawn by Hypothesis: how many, as `--cases` has it."""

INT_EDGES = sorted(
    {
        sign * 2**power + offset
        for power in (0, 1, 8, 31, 32, 52, 53, 54, 62)
        for offset in range(-2, 3)
        for sign in (1, -1)
    }
    | {
        *range(-10, 70),
        3037000499,
        3037000500,
        -3037000500,
        *(2**63 - n for n in (1, 2, 3)),
        *(n - 2**63 for n in range(3)),
    }
)
FLOAT_EDGES = [
    sign * value
    for value in (
        *[
            0.0,
            5e-324,
            1e-323,
            2.225073858507201e-308,
            2.2250738585072014e-308,
            1e-300,
            1e-17,
            1e-8,
            0.1,
            0.5,
            1.0,
            1.5,
        ],
        *[0.49999999999999994, 0.9999999999999999, 1.0000000000000002, 2.0, 2.5, 2.675, 3.0, 3.5, 7.25, math.pi, 1e10],
        *[
            2.0**31,
            2.0**32 + 0.5,
            4503599627370497.5,
            2.0**53 - 1,
            2.0**53,
            2.0**53 + 2,
            2.0**62,
            9223372036854774784.0,
        ],
        *[2.0**63, 1e19, 1e22, 1e154, 1.3407807929942597e154, 709.782712893384, 745.2, 1e300, 1.7976931348623157e308],
        *[math.inf, math.nan],
    )
    for sign in (1.0, -1.0)
]


def an_int(draw: random.Random) -> int:
    """One of 64 bits: an edge, beside one, or any, of any length."""
    match draw.randrange(4):
        case 0:
            return draw.choice(INT_EDGES)
        case 1:
            return max(-(2**63), min(2**63 - 1, draw.choice(INT_EDGES) + draw.randrange(-3, 4)))
        case 2:
            return draw.randrange(-100, 101)
    return draw.choice((1, -1)) * draw.getrandbits(draw.randrange(1, 64))


def a_float(draw: random.Random) -> float:
    """An edge, beside one, a short one, or any bits."""
    match draw.randrange(5):
        case 0:
            return draw.choice(FLOAT_EDGES)
        case 1:
            return math.nextafter(draw.choice(FLOAT_EDGES), draw.choice((math.inf, -math.inf)))
        case 2:
            return draw.randrange(-400, 401) / draw.choice((1, 2, 4, 8, 10, 100))
        case 3:
            return draw.gauss(0, 1) * 10.0 ** draw.randrange(-20, 20)
    (value,) = struct.unpack("<d", draw.getrandbits(64).to_bytes(8, "little"))
    return float(value)


def a_bool(draw: random.Random) -> bool:
    return draw.random() < 0.5


def a_complex(draw: random.Random) -> complex:
    return complex(a_float(draw), a_float(draw))


def a_small_int(draw: random.Random) -> int:
    """As a power, a number of places, a length."""
    return draw.randrange(-5, 71)


KINDS: dict[str, Callable[[random.Random], Any]] = {
    "i": an_int,
    "f": a_float,
    "b": a_bool,
    "c": a_complex,
    "s": a_small_int,
}
"""By a letter."""
