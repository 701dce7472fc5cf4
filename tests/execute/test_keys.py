"""The keys of `sorted`, `min` and `max`: made in parallel, and all the same plain Python's."""

# ruff: noqa: C414 (what a better style would write otherwise is what is tested here)

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.execute.asking import check_equal
from tests.execute.test_calling import Scaled, turned
from tests.execute.worker_in_test import WorkerInTest


def few(i: int) -> int:
    return turned(i) % 7


def noted(i: int) -> int:
    if i % 1000 == 0:
        print("key of", i)
    return few(i)


SPREAD: dict[str, Callable[[int], Any]] = {
    "sorted range": lambda n: sorted(range(n), key=turned),
    "stable": lambda n: sorted(list(range(n)), key=few),
    "reverse is stable": lambda n: sorted(tuple(range(n)), key=few, reverse=True),
    "sorted dict": lambda n: sorted({i: str(i) for i in range(n)}.items(), key=lambda pair: few(pair[0])),
    "tuples": lambda n: sorted(range(n), reverse=True, key=lambda i: (few(i), str(i))),
    "bound method": lambda n: sorted(range(n), key=Scaled(-2).times),
    "partial": lambda n: sorted(range(n), key=functools.partial(lambda a, b: turned(b) % a, 11)),
    "the first of equals": lambda n: (max(range(n), key=few), min(list(range(n)), key=few)),
    "max with default": lambda n: max(list(range(n)), key=turned, default=None),
    "floats with a NaN": lambda n: max(range(n), key=lambda i: turned(i) / 7 if i != 5_000 else float("nan")),
    "objects": lambda n: sorted(range(n), key=lambda i: [few(i), -i]),
    "prints": lambda n: sorted(range(n), key=noted),
}


@pytest.mark.parametrize("name", SPREAD)
def test_it_is_spread(spreading_worker: WorkerInTest, name: str) -> None:
    loops = check_equal(spreading_worker, SPREAD[name], 20_000)
    # Where there are two calls on a line they are told of together; to make the dict is not worth it.
    assert "interpreted" in [loop["how"] for loop in loops], loops
    assert max(loop["leaves"] for loop in loops) > 3


class Compared:
    """Tells when it is compared."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __lt__(self, other: Compared) -> bool:
        if other.value % 3000 == 1:
            print("compared", self.value, other.value)
        return self.value < other.value

    __gt__ = __lt__


def in_turn(n: int) -> Any:
    """Where comparing and the key functions print, they do so in turn."""

    def key(i: int) -> Compared:
        noted(i)
        return Compared(turned(i))

    return max(range(n), key=key), min(list(range(n)), key=key), sorted(range(n), key=key)[:9]


def failing(n: int) -> Any:
    met: list[Any] = []

    def fails(i: int) -> int:
        noted(i)
        if i == 9_100:
            raise LookupError(i)
        return i

    def stops(i: int) -> int:
        noted(i)
        if i == 9_200:
            raise StopIteration(i)
        return i

    def mixed(i: int) -> Any:
        noted(i)
        return str(i) if i == 8_000 else i

    for key in (fails, stops, mixed):
        for make in (sorted, min, max):
            try:
                met.append(make(range(n), key=key))
            except (LookupError, StopIteration, TypeError) as error:
                met.append((type(error), error.args))
    try:
        met.append(max([], key=fails))
    except ValueError as error:
        met.append(str(error))
    return met


def changing(n: int) -> Any:
    """A key function that changes what it runs over: `sorted` has a copy, `max` sees the list grow."""
    values = list(range(n))

    def grows(i: int) -> int:
        if len(values) < n + 7:
            values.append(n + len(values))
        return turned(i)

    def counts(i: int) -> int:
        seen.append(i)
        return -len(seen)

    seen: list[int] = []
    return max(values, key=grows), sorted(values, key=grows)[:5], len(values), sorted(values, key=counts)[:5], len(seen)


NAN = math.nan


def with_nans(n: int) -> Any:
    """In tuples and lists a NaN is equal to itself, and to no other."""
    pairs = sorted(range(n), key=lambda i: (NAN, few(i)))
    lists = max(range(n), key=lambda i: [NAN if i % 3 else 1.0, turned(i)])
    return pairs, lists, sorted((NAN, few(i)) for i in range(n))[-1], min((NAN, turned(i)) for i in range(n))


def own_sorted(n: int) -> Any:
    def sorted(values: Any, key: Any) -> Any:
        return type(values), key(3)

    return sorted(range(n), key=turned), max(range(n), key=None), max([str(i) for i in range(n)], key=len)


@pytest.mark.parametrize("program", [in_turn, failing, changing, with_nans, own_sorted], ids=lambda f: f.__name__)
def test_as_it_was_written(spreading_worker: WorkerInTest, program: Callable[[int], Any]) -> None:
    check_equal(spreading_worker, program, 20_000)
