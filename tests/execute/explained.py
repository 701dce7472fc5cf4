"""Loops each of which is run in a way of its own, for a reason of its own: what a user asks about."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass


def plain(count: int) -> int:
    return sum(i % 1000 * 3 for i in range(count))


def wide(count: int) -> int:
    return sum(i * i * 10**9 % 7 for i in range(count))


def _checked(n: int) -> int:
    if n % 5000 == 4999:
        raise ValueError(n)
    return n


def _tried(n: int) -> int:
    try:
        return _checked(n)
    except ValueError:
        return -1


def in_a_called_function(count: int) -> int:
    return sum(_tried(i) for i in range(count))


@dataclass(frozen=True)
class Box:
    width: int

    def volume(self, depth: int) -> int:
        # fmt: off
        return (self.width *
                depth *
                10**8)
        # fmt: on


def in_a_method(count: int) -> int:
    box = Box(10**5)
    return sum(box.volume(i) % 7 for i in range(count))


def in_a_lambda(count: int) -> int:
    scaled = lambda n: n * 10**14  # noqa: E731
    return sum(scaled(i) % 7 for i in range(count))


def in_a_comprehension(count: int) -> int:
    return sum(len([10**15 * k for k in range(i % 3 * 10**4, i % 3 * 10**4 + 2)]) for i in range(count))


def in_reduce(count: int) -> int:
    return sum(functools.reduce(lambda a, b: a * b, [i, i, i, 1000]) % 7 for i in range(count))


def _steps(n: int) -> Iterator[int]:
    for k in range(3):
        yield k * n * 10**13


def in_a_generator(count: int) -> int:
    return sum(sum(_steps(i)) % 7 for i in range(count))


def in_a_loop_that_adds(count: int) -> int:
    total = 0
    for i in range(count):
        # fmt: off
        total += (i *
                  10**14) % 7
        # fmt: on
    return total


def in_map(count: int) -> int:
    return sum(map(lambda n: n * 10**14 % 7, range(count)))  # noqa: C417


def _logarithm(n: int) -> float:
    try:
        return math.log(n)
    except ValueError:
        return -1.0


def domain(count: int) -> float:
    return sum(_logarithm(i % 5000) for i in range(count))


def texts(count: int) -> int:
    return sum(len(f"{sum(range(i % 500)):>9}") for i in range(count))


def two_types(count: int) -> float:
    return sum(i if i % 2 else sum(range(500)) * 0.5 for i in range(count))


def keys(count: int) -> int:
    return sorted(range(count), key=lambda n: sum(range(n % 500)))[0]


def shares(count: int) -> list[int]:
    seen: list[int] = []
    return [len(seen) for i in range(count) if i % 1000 or not seen.append(i)]  # type: ignore[func-returns-value]
