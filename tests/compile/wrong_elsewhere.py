"""Elements that other compilers and libraries are known to get wrong: wrapped, cut, rounded, read beyond an end."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

XS = [1, 2, 3]
NAN = math.nan


def factorial_of_25(i: int) -> int:
    product = 1
    for k in range(2, 26 if i == LAST else 5):
        product *= k
    return product


def sum_of_many(i: int) -> int:
    return i * (10**10 - 1) * 5 * 10**9 if i == LAST else i


def log_of_zero(i: int) -> float:
    return math.log(LAST - i)


def divided_by_zero(i: int) -> int:
    return 100 // (LAST - i)


def out_of_bounds(i: int) -> int:
    return XS[3 if i == LAST else 0]


def negative_index(i: int) -> int:
    return XS[-1 if i == LAST else 0]


def floor_of_negative(i: int) -> int:
    return (7 + i) // -2 * 1000 + (7 + i) % -2


def negative_power(i: int) -> float:
    return 2 ** -(i % 3 + 1)


def complex_power(i: int) -> Any:
    return (-8.0 + LAST - i) ** (1 / 3)


def beyond_exact_floats(i: int) -> bool:
    return 1 < 2**53 + 1 + i * 0 == float(2**53)


def rounded(i: int) -> float:
    return round(2.675 + i * 0, 2)


def half_to_even(i: int) -> int:
    return round(i + 0.5) + round(-(i + 0.5))


def huge_float_to_int(i: int) -> int:
    return int(1e300 if i == LAST else 1.5)


def tenths(i: int) -> float:
    return 0.1 + 0.2 + i * 0.1


def smallest_int(i: int) -> int:
    return (-(2**63) + LAST - i) // -1


def shifted(i: int) -> int:
    return 1 << (64 if i == LAST else 3)


def order_of_nans(i: int) -> float:
    return min(NAN if i == LAST else 1.0, 2.0)


def negative_zero(i: int) -> float:
    return math.copysign(1.0, -0.0 * (i + 1)) + max(0.0, -0.0)


def exact_quotient(i: int) -> float:
    return (2**53 + 1 + i) / 3


LAST = 40_000
"""The last index, where most of them go wrong."""
CASES: list[Callable[[int], Any]] = [
    *[factorial_of_25, sum_of_many, log_of_zero, divided_by_zero, out_of_bounds, negative_index, floor_of_negative],
    *[negative_power, complex_power, beyond_exact_floats, rounded, half_to_even, huge_float_to_int, tenths],
    *[smallest_int, shifted, order_of_nans, negative_zero, exact_quotient],
]
