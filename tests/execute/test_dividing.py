"""Calls that are run elsewhere before their turn: the same answer, and known to have been elsewhere, or in place."""

from __future__ import annotations

import random
from typing import Any

from tests.execute.asking import check_equal, run
from tests.execute.worker_in_test import WorkerInTest


def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def merged(a: list[float], b: list[float]) -> list[float]:
    found: list[float] = []
    while a and b:
        found.append((a if a[0] <= b[0] else b).pop(0))
    return found + a + b


def by_merging(n: int) -> list[float]:
    rng = random.Random(n)
    return merge_sorted([rng.random() for _ in range(n)])


def merge_sorted(values: list[float]) -> list[float]:
    middle = len(values) // 2
    return values if middle == 0 else merged(merge_sorted(values[:middle]), merge_sorted(values[middle:]))


def drawn(rng: random.Random, n: int) -> float:
    return [rng.random() for _ in range(n)][-1]


def draws_from_one(n: int) -> list[float]:
    rng = random.Random(n)
    return [drawn(rng, 3), drawn(rng, n)]


def draws_from_two(n: int) -> list[float]:
    return [drawn(random.Random(1), n), drawn(random.Random(2), n)]


def shown(n: int) -> int:
    print("shown", n)
    return n


def shows_twice(n: int) -> int:
    return shown(n) + shown(n + 1)


def given(values: list[int]) -> list[int]:
    return values


def gives_what_it_was_given(n: int) -> list[bool]:
    values = [n]
    found = [given(values), given(values)]
    return [one is values for one in found]


def stays(loops: list[dict[str, Any]], reason: str) -> bool:
    return any(loop["how"] == "in order" and reason in loop["reason"] for loop in loops)


def test_trees_of_calls(eager_worker: WorkerInTest) -> None:
    for function, size in ((fib, 12), (by_merging, 40), (draws_from_two, 50), (gives_what_it_was_given, 7)):
        loops = check_equal(eager_worker, function, size)
        assert "interpreted" in {loop["how"] for loop in loops}, loops


def test_what_the_first_call_changes_brings_the_second_back(eager_worker: WorkerInTest) -> None:
    assert stays(check_equal(eager_worker, draws_from_one, 50), "before its turn came")


def test_what_prints_is_run_in_its_turn(eager_worker: WorkerInTest) -> None:
    assert stays(check_equal(eager_worker, shows_twice, 1), "it prints")


def test_without_the_eagerness_quick_calls_stay(worker: WorkerInTest) -> None:
    answer, loops = run(worker, fib, 12)
    assert (answer, loops) == (144, [])
