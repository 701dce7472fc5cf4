"""Loops over lists, tuples, texts, bytes and views of them: their rests are done by kernels, which read columns."""

# ruff: noqa: B905 (what a better style would write otherwise is what is tested here)

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.execute.asking import check_equal
from tests.execute.worker_in_test import WorkerInTest

ELEMENTS = 400_000


def floats(n: int) -> list[float]:
    chance = random.Random(7)
    return [chance.uniform(-5.0, 5.0) for _ in range(n)]


def ints(n: int) -> list[int]:
    return [(i * 7919 + 13) % 100_003 - 50_000 for i in range(n)]


def work(x: float) -> float:
    for _ in range(3):
        x = math.sin(x) * 3.0 + 0.25
    return x


def steps(k: int) -> int:
    for _ in range(4):
        k = (k * 7919 + 13) % 100_003
    return k


def both(x: float, k: int) -> float:
    return work(x) * k


FLOATS, INTS = floats(ELEMENTS), ints(ELEMENTS)
BOOLS = [k % 3 == 0 for k in INTS]
TEXT = "the quick brown föx " * (ELEMENTS // 20)
TABLE = dict(enumerate(FLOATS))


def over_floats(n: int) -> Any:
    return sum(work(x) for x in FLOATS)


def over_ints(n: int) -> Any:
    return sum(steps(k) for k in INTS)


def over_bools(n: int) -> Any:
    return sum(steps(3) if b else steps(5) for b in BOOLS)


def over_a_tuple(n: int) -> Any:
    return [steps(k) for k in tuple(INTS)]


def over_what_the_block_made(n: int) -> Any:
    made = [*FLOATS, 8.0]
    return sum(work(x) for x in made if x > -4.5)


def over_tuples(n: int) -> Any:
    pairs = list(zip(FLOATS, INTS))
    return sum(work(x) * k for x, k in pairs)


def over_indexed_tuples(n: int) -> Any:
    pairs = list(zip(FLOATS, INTS))
    return max(work(p[0]) * p[1] for p in pairs)


def over_letters(n: int) -> Any:
    return sum(steps(ord(c)) for c in TEXT if c != "o")


def over_bytes(n: int) -> Any:
    return [steps(b) for b in TEXT.encode()]


def enumerated(n: int) -> Any:
    return sum(steps(i + k) for i, k in enumerate(INTS, 5))


def zipped(n: int) -> Any:
    return sum(work(x) * k + j for x, k, j in zip(FLOATS, INTS, range(10, 10 + 3 * n, 3)))


def backwards(n: int) -> Any:
    return [steps(k) for k in reversed(INTS)]


def paired(n: int) -> Any:
    return sum(work(b - a) for a, b in itertools.pairwise(FLOATS))


def multiplied(n: int) -> Any:
    return sum(steps(a + b) for a, b in itertools.product(range(700), INTS[:600]))


def items(n: int) -> Any:
    return sum(work(x) * k for k, x in TABLE.items())


def values(n: int) -> Any:
    return min(work(x) for x in TABLE.values())


def nested_over_lists(n: int) -> Any:
    weights = [0.5, 1.5, 2.5, 4.0]
    return sum(x * w + i for x in FLOATS for i, w in enumerate(weights))


def nested_over_zip(n: int) -> Any:
    weights, signs = [0.5, 1.5, 2.5, 4.0], [1, -1, 1, -1]
    return [x * w * s for x in FLOATS for w, s in zip(weights, signs) if s > 0 or x > 0]


def mapped(n: int) -> Any:
    return sum(map(work, FLOATS))


def mapped_over_two(n: int) -> Any:
    return list(map(both, FLOATS, INTS))


def filtered(n: int) -> Any:
    return list(filter(lambda k: steps(k) > 50_000, INTS))


def starmapped(n: int) -> Any:
    return sum(map(both, FLOATS, INTS))


def over_what_map_makes(n: int) -> Any:
    return [steps(k) for k in map(abs, INTS)], sum(map(steps, map(abs, INTS)))


def over_what_filter_makes(n: int) -> Any:
    return sum(steps(k) for k in filter(lambda k: k > 0, INTS)), list(map(steps, filter(lambda k: k % 2, INTS)))


def any_of(n: int) -> Any:
    return any(steps(k) < 0 for k in INTS), all(steps(k) >= 0 for k in INTS)


def first_of(n: int) -> Any:
    return next(x for x in FLOATS if work(x) > 3.2499999)


def accumulated(n: int) -> Any:
    total = 0.0
    for x in FLOATS:
        total += work(x)
    return total, x


def appended(n: int) -> Any:
    out = []
    for i, k in enumerate(INTS):
        if k % 2:
            out.append(steps(k) + i)
    return out, i, k


COMPILED: dict[str, Callable[[int], Any]] = {
    function.__name__: function
    for function in (
        *(over_floats, over_ints, over_bools, over_a_tuple, over_what_the_block_made, over_tuples),
        *(over_indexed_tuples, over_letters, over_bytes, enumerated, zipped, backwards, paired, multiplied, items),
        *(values, nested_over_lists, nested_over_zip, mapped, mapped_over_two, filtered, starmapped, any_of),
        *(first_of, accumulated, appended),
    )
}


@pytest.mark.parametrize("name", COMPILED)
def test_elements_are_read_by_a_kernel(compiling_worker: WorkerInTest, name: str) -> None:
    loops = check_equal(compiling_worker, COMPILED[name], ELEMENTS)
    assert loops and all((loop["how"], loop["gave_up"]) == ("compiled", 0) for loop in loops), loops


def several_types(n: int) -> Any:
    mixed: list[Any] = [*INTS[:-1], 0.5]
    return sum(steps(int(k)) for k in mixed)


def beyond_64_bits(n: int) -> Any:
    large = [*INTS[:-1], 2**63]
    return sum(steps(k % 100_003) for k in large)


def nans(n: int) -> Any:
    some = [*FLOATS[:-1], math.nan]
    return [x for x in some if work(x) > 3.0 or x != x]


def uneven_tuples(n: int) -> Any:
    rows = [(1, 2)] * n + [(1, 2, 3)]
    return sum(steps(row[0]) for row in rows)


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (several_types, "several types: float and int"),
        (beyond_64_bits, "ints beyond 64 bits"),
        (nans, "NaNs"),
        (uneven_tuples, "tuples of 2 and 3 elements"),
    ],
)
def test_what_has_no_columns_is_interpreted(
    compiling_worker: WorkerInTest, function: Callable[[int], Any], reason: str
) -> None:
    (loop,) = check_equal(compiling_worker, function, ELEMENTS)
    assert loop["how"] == "interpreted" and reason in loop["reason"], loop


def raises_late(n: int) -> Any:
    try:
        return sum(1 / (k + 50_000) for k in [*map(abs, INTS), -50_000, 1])
    except ZeroDivisionError as error:
        return str(error)


def gives_up(n: int) -> Any:
    return [k * 2**50 for k in INTS if steps(k)]


def a_list_that_grows(n: int) -> Any:
    own = INTS[:1000]
    out = []
    for k in own:
        if len(own) < n:
            own.append(steps(k))
        out.append(k)
    return len(out), sum(out)


@pytest.mark.parametrize(
    "function", [raises_late, gives_up, a_list_that_grows, over_what_map_makes, over_what_filter_makes]
)
def test_where_it_gives_up_python_decides(compiling_worker: WorkerInTest, function: Callable[[int], Any]) -> None:
    check_equal(compiling_worker, function, ELEMENTS)
