"""Loops over arrays of numpy, and loops that read some: by kernels, and what comes back is of numpy's types."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.execute.asking import check_equal
from tests.execute.worker_in_test import WorkerInTest

ELEMENTS = 400_000
_CHANCE = np.random.default_rng(7)
FLOATS = _CHANCE.uniform(-5.0, 5.0, ELEMENTS)
INTS = _CHANCE.integers(-50_000, 50_000, ELEMENTS)
SMALL = _CHANCE.integers(0, 200, ELEMENTS).astype(np.uint8)
SINGLES = FLOATS.astype(np.float32)
BOOLS = SMALL > 100
MATRIX = FLOATS[:10_000].reshape(100, 100)


def work(x: Any) -> Any:
    for _ in range(3):
        x = math.sin(x) * 3.0 + 0.25
    return x


def sum_of_products(n: int) -> Any:
    return sum(x * x * x - x for x in FLOATS)


def sum_of_ints(n: int) -> Any:
    return sum(k * 3 % 7 + k // 5 for k in INTS)


def by_index(n: int) -> Any:
    return sum(FLOATS[i] * INTS[i] + FLOATS[-i] for i in range(n))


def as_pythons(n: int) -> Any:
    return sum(work(float(FLOATS[i])) for i in range(n))


def extremes(n: int) -> Any:
    return max(x * x * x - x * x - x for x in FLOATS), min(k * 3 % 1009 + k // 7 % 11 for k in INTS)


def truths(n: int) -> Any:
    return any(x * work(float(x)) > 99 for x in FLOATS), all(x * work(float(x)) < 99 for x in FLOATS)


def counted(n: int) -> Any:
    return sum(1 for x, k in zip(FLOATS, INTS) if x * 1000 > k % 3000)  # noqa: B905


def some(n: int) -> Any:
    return [(i, x * 0.5) for i, x in enumerate(SINGLES) if work(float(x)) > 3.2 and i % 500 < 2]


def small_ones(n: int) -> Any:
    return [k // 3 for i, k in enumerate(SMALL) if k % 100 == 7 and i % 999 == 2]


def counts(n: int) -> Any:
    found = Counter(k * k % 1009 for k in INTS)
    return list(found.items())


def flags(n: int) -> Any:
    return [flag for i, flag in enumerate(BOOLS) if work(i * 1.0) > 3.2 and i % 100 < 2]


def rows(n: int) -> Any:
    def product(i: int) -> Any:
        total = 0.0
        for j in range(100):
            total += MATRIX[i % 100, j] * MATRIX[j, i % 100]
        return total

    return [product(i) for i in range(n // 100)]


def local_ones(n: int) -> Any:
    def sieve(size: int) -> int:
        marks = np.ones(size + 1, dtype=bool)
        count = 0
        for i in range(2, size):
            if marks[i]:
                count += 1
                for j in range(i * i, size, i):
                    marks[j] = False
        return count

    return [sieve(i % 100 + 100) for i in range(n // 250)]


COMPILED: dict[str, Callable[[int], Any]] = {
    function.__name__: function
    for function in (
        *(
            sum_of_products,
            sum_of_ints,
            by_index,
            counts,
            as_pythons,
            extremes,
            truths,
            counted,
            some,
            small_ones,
            flags,
        ),
        *(rows, local_ones),
    )
}


@pytest.mark.parametrize("name", COMPILED)
def test_arrays_are_read_by_a_kernel(compiling_worker: WorkerInTest, name: str) -> None:
    loops = check_equal(compiling_worker, COMPILED[name], ELEMENTS)
    assert loops and all((loop["how"], loop["gave_up"]) == ("compiled", 0) for loop in loops), loops


def beyond(n: int) -> Any:
    try:
        return sum(FLOATS[i + i // (n - 1)] for i in range(n))
    except IndexError as error:
        return str(error)


def wide(n: int) -> Any:
    # numpy wraps, and warns.
    return sum(k * (2**62 if i == n // 2 else 1) for i, k in enumerate(INTS))


def added(n: int) -> Any:
    total = 0.0
    for x in FLOATS:
        total += x * x
    return total


def of_objects(n: int) -> Any:
    return sum(x for x in np.array([1, 2.5] * n, object))


@pytest.mark.parametrize("function", [beyond, wide, added, of_objects])
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_what_a_kernel_leaves_to_cpython(compiling_worker: WorkerInTest, function: Callable[[int], Any]) -> None:
    loops = check_equal(compiling_worker, function, ELEMENTS)
    if function is wide:
        assert [loop["how"] for loop in loops] == ["compiled"] and loops[0]["gave_up"] > 0, loops
    if function in (added, of_objects):
        assert all(loop["how"] != "compiled" for loop in loops), loops
