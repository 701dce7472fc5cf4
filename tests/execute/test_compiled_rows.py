"""Kernels that yield more than a scalar for an element: tuples, dicts, counts, `for` loops that add in several ways."""

from __future__ import annotations

import collections
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from tests.execute.asking import check_equal
from tests.execute.worker_in_test import WorkerInTest

TURNS = 400_000
TEXT = "the quick brown föx jumps over " * (TURNS // 31)


def steps(k: int) -> int:
    for _ in range(4):
        k = (k * 7919 + 13) % 100_003
    return k


def pairs(n: int) -> Any:
    return [(i, steps(i) / 7) for i in range(n) if i % 3]


def nested_tuples(n: int) -> Any:
    return [(i, (steps(i) % 5 == 0, -0.0)) for i in range(n)]


def letters(n: int) -> Any:
    return [c for c in TEXT if steps(ord(c)) % 2]


def complex_numbers(n: int) -> Any:
    return [complex(steps(i), i * -0.5) for i in range(n)]


def sum_of_complex_numbers(n: int) -> Any:
    return sum(complex(steps(i), 0.1) for i in range(n))


def complex_numbers_are_appended(n: int) -> Any:
    out = []
    for i in range(n):
        out.append(complex(steps(i), -0.0))
    return out


def different_complex_numbers(n: int) -> Any:
    return list({complex(steps(i) % 7, i % 3) for i in range(n)})


def table(n: int) -> Any:
    return {steps(i) % 1000: i for i in range(n)}


def table_of_letters(n: int) -> Any:
    return {c: (i, steps(i)) for i, c in enumerate(TEXT)}


def table_of_floats(n: int) -> Any:
    # 0.0 and -0.0 are one key: the first one stays, with the last value.
    return {(steps(i) % 7 - 3) * -0.0 + i % 5: i for i in range(n)}


def some(n: int) -> Any:
    found = {steps(i) % 1009 for i in range(n)}
    return found, list(found)


def some_pairs(n: int) -> Any:
    found = {(steps(i) % 109, i % 3) for i in range(n)}
    return found, len(found)


def some_letters(n: int) -> Any:
    return frozenset(c for i, c in enumerate(TEXT) if steps(i) % 3)


def counts(n: int) -> Any:
    found = Counter(steps(i) % 1009 for i in range(n))
    return found, list(found.items())[:100]


def counts_beside_a_nan(n: int) -> Any:
    # A NaN among the first elements: they are not counted where they are made.
    found = Counter(math.nan if i == 0 else steps(i) % 7 / 2 for i in range(n))
    return found[0.0], found[0.5], found[3.0], len(found)


def counts_of_letters(n: int) -> Any:
    return collections.Counter(c for i, c in enumerate(TEXT) if steps(i) % 3)


def counts_of_bools(n: int) -> Any:
    return list(Counter(steps(i) % 7 == 3 for i in range(n)).items())


def several(n: int) -> Any:
    total, count, best, out = 0.5, 0, -1, []
    for i in range(n):
        x = math.sin(i)
        if x > 0.25:
            total += x
            count += 1
            best = max(best, steps(i))
            out.append(i * 3)
    return total, count, best, out, i, x


def ints_and_floats(n: int) -> Any:
    a, b, c, d = 0, 0, 0.1, True
    for i in range(n):
        a += steps(i)
        b += i / 3
        c += steps(i) % 7
        d += i % 2 == 0  # type: ignore[assignment]
    return a, b, c, d, type(a), type(b), type(c), type(d)


def none_is_added(n: int) -> Any:
    a: Any = 3
    b, c = True, 0
    for i in range(n):
        c += steps(i)
        if i < 0:
            a += 0.5
            b += 1  # type: ignore[assignment]
    return a, b, c, type(a), type(b)


def in_turn(n: int) -> Any:
    total, out = 0.0, []
    for i in range(n):
        if steps(i) % 3:
            total += 0.1
            out.append(i)
        else:
            total += i / 7
            out.append(-i)
    return total, out


def winners(n: int) -> Any:
    best, best_at, worst, worst_at = -1, -1, 10**6, -1
    for i in range(n):
        x = steps(i) % 5003
        if x > best:
            best, best_at = x, i
        if x <= worst:
            worst = x
            worst_at = i
    return best, best_at, worst, worst_at


def signed_zeros(n: int) -> Any:
    low, high = 0.0, -0.0
    for i in range(n):
        x = 0.0 if steps(i) % 2 else -0.0
        low = min(low, x)
        high = max(high, x)
    return math.copysign(1.0, low), math.copysign(1.0, high)


def counted(n: int) -> Any:
    seen: dict[int, int] = {}
    groups: defaultdict[int, int] = defaultdict(int)
    halves: defaultdict[int, float] = defaultdict(float, {3: 0.1})
    places = [0] * 11
    for i in range(n):
        k = steps(i) % 509
        seen[k] = seen.get(k, 0) + 1
        groups[k % 13] += 2
        halves[k % 7] += 1
        places[k % 11] += k
    return list(seen.items()), groups, halves, places


def counted_letters(n: int) -> Any:
    seen: dict[str, int] = {"x": 3}
    for i, c in enumerate(TEXT):
        if steps(i) % 5:
            seen[c] = seen.get(c, 0) + 1
    return list(seen.items())


def put(n: int) -> Any:
    last: dict[int, int] = {}
    flags = [0.0] * 100
    seen: set[int] = set()
    for i in range(n):
        last[steps(i) % 307] = i
        flags[i % 50] = i / 7
        seen.add(steps(i) % 1013)
    return list(last.items()), flags, list(seen)


def grouped(n: int) -> Any:
    groups: dict[int, list[int]] = {}
    rows: defaultdict[int, list[float]] = defaultdict(list)
    for i in range(n):
        groups.setdefault(steps(i) % 7, []).append(i)
        rows[i % 3].append(i / 3)
    return groups, rows


def within_turns(n: int) -> Any:
    total, count = 0.0, 0
    for i in range(n // 8):
        for j in range(i % 16):
            if (i + j) % 3 == 0:
                total += steps(i + j) / 3
                count += 1
    return total, count


def skipped(n: int) -> Any:
    total, small = 0, 0
    for i in range(n):
        k = steps(i)
        if k % 2:
            small += 1
            continue
        total += k
    return total, small


COMPILED: dict[str, Callable[[int], Any]] = {
    function.__name__: function
    for function in (
        *(complex_numbers, sum_of_complex_numbers, complex_numbers_are_appended, different_complex_numbers),
        *(pairs, nested_tuples, letters, table, table_of_letters, table_of_floats, some, some_pairs, some_letters),
        *(
            counts,
            counts_beside_a_nan,
            counts_of_letters,
            counts_of_bools,
            several,
            ints_and_floats,
            none_is_added,
            in_turn,
            winners,
        ),
        *(signed_zeros, counted, counted_letters, put, grouped, within_turns, skipped),
    )
}


@pytest.mark.parametrize("name", COMPILED)
def test_rows_are_made_by_a_kernel(compiling_worker: WorkerInTest, name: str) -> None:
    loops = check_equal(compiling_worker, COMPILED[name], TURNS)
    assert loops and all((loop["how"], loop["gave_up"]) == ("compiled", 0) for loop in loops), loops


def becomes_a_float(n: int) -> Any:
    total, count = 0, 0
    for i in range(n):
        total += steps(i) * (2**60 if i == n // 2 else 1)
        count += 1 if i < n - 5 else 2
    return total, count


def of_nans(n: int) -> Any:
    total, count = 0.0, 0
    for i in range(n):
        total += math.inf * (0.0 if i == n // 2 else 1.0)
        count += steps(i)
    return repr(total), math.copysign(1.0, total), count


def sums_to_a_nan(n: int) -> Any:
    total, count = 0.0, 0
    for i in range(n):
        total += math.inf if i % 2 else -math.inf
        count += steps(i)
    return repr(total), math.copysign(1.0, total), count


def raises_late(n: int) -> Any:
    total, out = 0.0, []
    try:
        for i in range(n):
            out.append(steps(i))
            total += 1 / (i - n // 2)
    except ZeroDivisionError as error:
        return total, len(out), i, str(error)
    return None


def missing_key(n: int) -> Any:
    seen, total = dict.fromkeys(range(400), 0), 0
    try:
        for i in range(n):
            total += steps(i)
            seen[steps(i) % (401 if i > n // 2 else 400)] += 1
    except KeyError as error:
        return str(error), total, i, seen
    return None


def another_max(n: int) -> Any:
    def max(one: int, other: int) -> int:
        return one if one > other else other - 1

    best, count = 0, 0
    for i in range(n):
        best = max(best, steps(i) % 5003)
        count += 1
    return best, count


GIVING_UP = (becomes_a_float, of_nans, sums_to_a_nan, raises_late, missing_key, another_max)


@pytest.mark.parametrize("function", GIVING_UP)
def test_what_a_kernel_cannot_do_python_does(compiling_worker: WorkerInTest, function: Callable[[int], Any]) -> None:
    assert check_equal(compiling_worker, function, TURNS)
