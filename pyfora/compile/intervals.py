"""Between which ints a value lies, where that can be told: what cannot overflow needs no check, and LLVM is freer."""

from __future__ import annotations

import ast

from pyfora.compile.terms import Interval, Term

_LOW, _HIGH = -(2**63), 2**63 - 1


def of(term: Term) -> Interval | None:
    """Of an int or a bool."""
    if term.type == "bool":
        return (0, 1)
    if term.type == "int" and type(term.constant) is int:
        return (term.constant, term.constant)
    return term.interval


def fits(interval: Interval | None) -> bool:
    """Whether all of it are ints of 64 bits."""
    return interval is not None and interval[0] >= _LOW and interval[1] <= _HIGH


def of_operation(operator: type[ast.operator], left: Term, right: Term) -> Interval | None:
    """Where `left operator right` lies, as Python's ints have it."""
    one, other = of(left), of(right)
    if operator is ast.Mod and other is not None and other[0] > 0:
        return (0, other[1] - 1)
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
