"""What the loops are held against: the same work hand-written for numba, with its overflow and its order ignored."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numba

from benchmarks.spread_loops import is_prime


@numba.njit(parallel=True)
def sines(count: int) -> float:
    """The sum of sines on all threads; its bits depend on how many they are."""
    total = 0.0
    for i in numba.prange(count):
        total += math.sin(i)
    return total


compiled_is_prime = numba.njit(is_prime)


@numba.njit(parallel=True)
def primes(count: int) -> int:
    """How many numbers below `count` are prime by `is_prime`."""
    total = 0
    for i in numba.prange(count):
        total += compiled_is_prime(i)
    return total


def timed(call: Callable[[], object]) -> tuple[object, float]:
    """What a call gives and the seconds it took."""
    started = time.perf_counter()
    value = call()
    return value, time.perf_counter() - started
