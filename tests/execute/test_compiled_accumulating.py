"""`for` loops of one step over ranges: their turns are jumped by a kernel, and the answer is that of `+=`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.execute.asking import check_equal
from tests.execute.worker_in_test import WorkerInTest

TURNS = 600_000


def sines(n: int) -> Any:
    total = 0.0
    for i in range(n):
        total += math.sin(i)
    return total, i


def sines_onto_an_int(n: int) -> Any:
    total = 7
    for i in range(n):
        if i > n // 2:
            total += math.sin(i)  # type: ignore[assignment]
    return total, type(total), i


def counted(n: int) -> Any:
    count = 0
    for i in range(n):
        if i % 3:
            count += 1
    return count


def conditions(n: int) -> Any:
    total, k = 5, 11
    for i in range(n, 0, -1):
        if i % 3:  # noqa: SIM102
            if i % k != 4:
                total += i * i % 7 - 3
    return total, i


def ints_onto_a_float(n: int) -> Any:
    total = 0.1
    for i in range(n):
        total += i
    return total


def bools_onto_a_float(n: int) -> Any:
    total = 1e16
    for i in range(n):
        total += i % 3 == 1
    return total


def appended(n: int) -> Any:
    out: list[int] = []
    for x in range(n):
        out.append(x * x % 7)
    return len(out), out[:50], out[-50:], sum(out), type(out[-1]), x


def appended_floats(n: int) -> Any:
    out: list[float] = []
    for x in range(n):
        if x % 5:
            out.append(x / 7)
    return len(out), out[:50], out[-50:], sum(out)


def beyond_64_bits(n: int) -> Any:
    total = 2**63 - 1
    for i in range(n):
        total += i * 2**40
    return total


def none_is_added(n: int) -> Any:
    total: Any = 3
    for i in range(n):
        if i < 0:
            total += math.sin(i)
    return total, type(total)


class Private:
    __scale = 3

    def work(self, n: int) -> Any:
        __weight = 5
        total = 0
        for i in range(n):
            total += i % __weight
        return total


def mangled(n: int) -> Any:
    return Private().work(n)


COMPILED: dict[str, Callable[[int], Any]] = {
    function.__name__: function
    for function in (
        *(sines, sines_onto_an_int, counted, conditions, ints_onto_a_float, bools_onto_a_float, appended),
        *(appended_floats, beyond_64_bits, none_is_added, mangled),
    )
}


@pytest.mark.parametrize("name", COMPILED)
def test_turns_are_jumped_by_a_kernel(compiling_worker: WorkerInTest, name: str) -> None:
    loops = check_equal(compiling_worker, COMPILED[name], TURNS)
    assert [(loop["how"], loop["gave_up"]) for loop in loops] == [("compiled", 0)], loops


def gives_up(n: int) -> Any:
    total = 0
    for i in range(n):
        total += i * (2**62 if i == n // 2 else 1)
    return total


def gives_up_on_floats(n: int) -> Any:
    total = 0.5
    for i in range(n):
        total += (i * (2**62 if i == n // 2 else 1)) / 3
    return total


@pytest.mark.parametrize("function", [gives_up, gives_up_on_floats])
def test_where_the_kernel_gives_up_python_decides(
    compiling_worker: WorkerInTest, function: Callable[[int], Any]
) -> None:
    (loop,) = check_equal(compiling_worker, function, TURNS)
    assert loop["how"] == "compiled" and loop["gave_up"], loop


@pytest.mark.parametrize("failing", [TURNS // 3, TURNS - 1])
def test_what_was_added_before_a_turn_raises_stays(compiling_worker: WorkerInTest, failing: int) -> None:
    def function(n: int) -> Any:
        total = 0.25
        try:
            for i in range(n):
                total += 1 / (i - failing)
        except ZeroDivisionError as error:
            return total, i, str(error)
        return None

    loops = check_equal(compiling_worker, function, TURNS)
    assert loops[0]["how"] == "compiled", loops


def of_nans(n: int) -> Any:
    total = 0.0
    for i in range(n):
        total += math.inf * (0.0 if i == TURNS // 3 else 1.0)
    return repr(total), math.copysign(1.0, total)


def test_a_nan_is_left_to_python(compiling_worker: WorkerInTest) -> None:
    (loop,) = check_equal(compiling_worker, of_nans, TURNS)
    assert loop["how"] == "in order", loop


def test_turns_without_a_kernel_are_interpreted(compiling_worker: WorkerInTest) -> None:
    def function(n: int) -> Any:
        total, names = 0, ("a", "bc", "def")
        for i in range(n):
            total += names[i % 3] > "b"
        return total

    (loop,) = check_equal(compiling_worker, function, TURNS)
    assert loop["how"] == "interpreted" and "a tuple is indexed" in loop["reason"], loop
