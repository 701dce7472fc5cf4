"""Between which numbers a value lies, where that can be told: what cannot fail needs no check, and LLVM is freer."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable
from typing import cast

from pyfora.compile.terms import FloatInterval, Interval, Term

_LOW, _HIGH = -(2**63), 2**63 - 1
_SQUARE_ROOT = math.isqrt(_HIGH)
"""The largest int whose square is one of 64 bits."""
_RUNGS = [(low, high) for high in (2**15, 2**30, _SQUARE_ROOT, 2**53) for low in (0, -high) if low == 0 or high > 2**15]
"""What is told of an argument, lest there be a function for every interval: the first of these that holds it."""
_EXACT = (-(2**53), 2**53)


def of(term: Term) -> Interval | None:
    """Of an int or a bool: both ends are among what it may be."""
    if term.type == "bool":
        return (0, 1)
    if term.type != "int":
        return None
    if type(term.constant) is int:
        return (term.constant, term.constant)
    return cast("Interval | None", term.interval)


def of_float(term: Term) -> FloatInterval | None:
    """Of a number once it is a float: it is finite, and lies between these two."""
    if term.type != "float":
        interval = of(term)
        return None if interval is None or not fits(interval) else (float(interval[0]), float(interval[1]))
    if term.constant is not None:
        return (float(term.constant), float(term.constant)) if math.isfinite(term.constant) else None
    return term.interval


def known(term: Term) -> Interval | FloatInterval | None:
    """Of a number of any type, as a term of that type has it."""
    return of_float(term) if term.type == "float" else of(term)


def fits(interval: Interval | FloatInterval | None) -> bool:
    """Whether all of it are ints of 64 bits."""
    return interval is not None and interval[0] >= _LOW and interval[1] <= _HIGH


def is_exact(term: Term) -> bool:
    """Whether an int is a float of the same value, whatever it is."""
    interval = of(term)
    return interval is not None and _EXACT[0] <= interval[0] and interval[1] <= _EXACT[1]


def is_natural(term: Term) -> bool:
    """Whether an int is not below 0."""
    interval = of(term)
    return interval is not None and interval[0] >= 0


def is_whole(interval: FloatInterval | None) -> bool:
    """Whether every float of it, made an int, is one of 64 bits."""
    return interval is not None and interval[0] >= -(2.0**62) and interval[1] <= 2.0**62


def excludes_zero(term: Term) -> bool:
    """Whether a number is never 0, nor a nan."""
    interval = known(term)
    return interval is not None and (interval[0] > 0 or interval[1] < 0)


def rung(interval: Interval | FloatInterval | None) -> Interval | None:
    """The first of a few intervals that this one lies in."""
    if interval is None:
        return None
    return next((one for one in _RUNGS if one[0] <= interval[0] and interval[1] <= one[1]), None)


def hull(terms: Iterable[Term]) -> Interval | FloatInterval | None:
    """Where a value lies that is one of these, all of one type."""
    found = [known(term) for term in terms]
    told = [one for one in found if one is not None]
    return (min(low for low, _ in told), max(high for _, high in told)) if len(told) == len(found) else None


def of_operation(operator: type[ast.operator], left: Term, right: Term) -> Interval | None:
    """Where `left operator right` lies, two ints or bools, as Python's ints have it."""
    one, other = of(left), of(right)
    if operator is ast.Mod and other is not None and other[0] > 0:
        if one is not None and one[0] >= 0:
            return (0, min(one[1], other[1] - 1))
        return (0, other[1] - 1)
    if operator is ast.BitAnd:
        naturals = [interval[1] for interval in (one, other) if interval is not None and interval[0] >= 0]
        return (0, min(naturals)) if naturals else None
    if one is None or other is None:
        return None
    if operator is ast.Add:
        return (one[0] + other[0], one[1] + other[1])
    if operator is ast.Sub:
        return (one[0] - other[1], one[1] - other[0])
    if operator is ast.Mult:
        products = [x * y for x in one for y in other]
        return (min(products), max(products))
    if operator is ast.FloorDiv and other[0] > 0:
        quotients = [x // y for x in one for y in other]
        return (min(quotients), max(quotients))
    return None


_CORNERS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda x, y: x + y,
    ast.Sub: lambda x, y: x - y,
    ast.Mult: lambda x, y: x * y,
    ast.Div: lambda x, y: x / y,
}


def of_floats(operator: type[ast.operator], left: Term, right: Term) -> FloatInterval | None:
    """Where `left operator right` lies, once both are floats.

    Each of these operations is monotonic in either argument, and so is rounding: the bounds are results themselves.
    """
    one, other = of_float(left), of_float(right)
    if one is None or other is None or operator not in _CORNERS or (operator is ast.Div and not excludes_zero(right)):
        return None
    corners = [_CORNERS[operator](x, y) for x in one for y in other]
    return (min(corners), max(corners)) if all(map(math.isfinite, corners)) else None


def of_negative(term: Term) -> Interval | FloatInterval | None:
    """Where `-term` lies."""
    interval = known(term)
    return None if interval is None else (-interval[1], -interval[0])


def of_size(term: Term) -> Interval | FloatInterval | None:
    """Where `abs(term)` lies."""
    interval = known(term)
    if interval is None:
        return None
    low, high = interval
    return (0 if low <= 0 <= high else min(abs(low), abs(high)), max(abs(low), abs(high)))


def of_whole(term: Term) -> Interval | None:
    """Where a float lies that was made an int, in whichever direction."""
    interval = of_float(term)
    return None if interval is None else (math.floor(interval[0]), math.ceil(interval[1]))


def of_range(bounds: list[Term]) -> Interval | None:
    """Where the elements of `range(*bounds)` lie."""
    start = (0, 0) if len(bounds) == 1 else of(bounds[0])
    stop = of(bounds[0] if len(bounds) == 1 else bounds[1]) or (_LOW, _HIGH)
    if len(bounds) == 3:
        step = of(bounds[2])
        if step is None or step[0] < 1:
            return None
    return None if start is None else (start[0], max(start[0], stop[1] - 1))


def of_sum(element: Interval | None, most: int | None) -> Interval | None:
    """Where the sum of up to `most` elements lies, and every sum on the way to it."""
    if element is None or most is None:
        return None
    return (min(0, element[0]) * most, max(0, element[1]) * most)
