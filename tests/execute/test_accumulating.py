"""`for` loops that accumulate: their turns are jumped where nothing else is shared, and not where something is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from tests.execute.asking import check_equal
from tests.execute.worker_in_test import WorkerInTest


def turned(i: int) -> int:
    x = i
    for _ in range(60):
        x = (x * 7919 + 13) % 10007
    return x


def numbers(n: int) -> Any:
    total, share, text = 0, 0.25, ""
    for i in range(n):
        x = turned(i)
        total += x
        share += x / 7
        text += str(x % 10)
    return total, share, text, i, x


def lists(n: int) -> Any:
    odd, pairs = [], []
    for x, i in zip(list(range(n)), reversed(range(n))):  # noqa: B905
        if turned(x) % 2:
            odd.append(x)
        else:
            pairs += [(x, i), (i, turned(i))]
    return odd, pairs


def keyed(n: int) -> Any:
    seen: set[int] = set()
    table: dict[int, int] = {}
    counts: dict[int, int] = {}
    groups: dict[int, list[int]] = {}
    tally: Counter[int] = Counter()
    by: defaultdict[str, list[int]] = defaultdict(list)
    bins = [0.0] * 10
    for i in range(n):
        x = turned(i)
        seen.add(x % 100)
        table[x] = i
        counts[x % 7] = counts.get(x % 7, 0) + 1
        groups.setdefault(x % 5, []).append(i)
        tally[x % 11] += 2
        by[str(x % 3)].append(x)
        bins[x % 10] += x / 3
    return list(seen), list(table.items()), list(counts.items()), groups, list(tally.items()), list(by.items()), bins


def winners(n: int) -> Any:
    best, where, least, most, last = -1, None, 1e9, -5, 10**9
    for i in range(n):
        x = turned(i)
        if x > best:
            best, where = x, i
        least = min(least, x / 3)
        most = max(most, -x)
        if x <= last:
            last = x
    return best, where, least, most, last


def nested(n: int) -> Any:
    out = []
    for i in range(n // 10):
        row, inner = [], 0
        for j in range(i % 5, 10):
            row.append(turned(j) * i)
            inner += turned(i * j)
        out.append((row, inner))
    return out


def printing(n: int) -> Any:
    total = 0
    for i in range(n):
        if turned(i) % 997 == 0:
            print("turn", i, total if i < 0 else "")
        total += turned(i)
    return total


def caught(n: int) -> Any:
    total, failed = 0, []
    for i in range(n):
        try:
            x = 100 // (turned(i) % 50)
        except ZeroDivisionError as error:
            failed.append((i, str(error)))
        else:
            total += x
    return total, failed


JUMPED: dict[str, Callable[[int], Any]] = {
    "numbers": numbers,
    "lists": lists,
    "keyed": keyed,
    "winners": winners,
    "nested": nested,
    "caught": caught,
}


@pytest.mark.parametrize("name", JUMPED)
def test_turns_are_jumped(spreading_worker: WorkerInTest, name: str) -> None:
    loops = check_equal(spreading_worker, JUMPED[name], 20_000)
    assert {loop["how"] for loop in loops} == {"interpreted"}, loops
    assert max(loop["leaves"] for loop in loops) > 3


@pytest.mark.parametrize("name", ["winners", "caught"])
def test_turns_are_jumped_by_kernels(compiling_worker: WorkerInTest, name: str) -> None:
    (loop,) = check_equal(compiling_worker, JUMPED[name], 80_000)
    assert loop["how"] == "compiled" and loop["leaves"] > 3, loop


def test_prints_stay_in_order(spreading_worker: WorkerInTest) -> None:
    # `printing` mentions what it adds to, so it is run in order; without that it is jumped.
    def silent_total(n: int) -> Any:
        found = []
        for i in range(n):
            if turned(i) % 997 == 0:
                print("turn", i)
            found.append(turned(i))
        return found

    assert check_equal(spreading_worker, printing, 20_000) == []
    (loop,) = check_equal(spreading_worker, silent_total, 20_000)
    assert loop["how"] == "interpreted"


def looked_at(n: int) -> Any:
    found: list[int] = []

    def length() -> int:
        return len(found)

    for i in range(n):
        found.append(turned(i + length()))
    return found


def aliased(n: int) -> Any:
    one: list[int] = []
    other = one
    for i in range(n):
        one.append(turned(i) + len(other))
    return one


def remembered(n: int) -> Any:
    memo: dict[int, int] = {}

    def once(i: int) -> int:
        if i not in memo:
            memo[i] = turned(i) + len(memo)
        return memo[i]

    total = 0
    for i in range(n):
        total += once(i % 9_000)
    return total, len(memo)


def grown(n: int) -> Any:
    items = list(range(n))
    for x in items:
        if turned(x) % 3 == 0 and x < n:
            items.append(x + n)
    return items


def of_its_own_items(n: int) -> Any:
    table = dict.fromkeys(range(n), 1)
    for i, x in table.items():
        table[turned(i) % n] += x + turned(i) % 7
    return table


def of_its_own_list(n: int) -> Any:
    items = [1] * n
    for i, x in enumerate(items):
        items[turned(i) % n] += x + turned(i) % 7
    return items


def of_another_kind(n: int) -> Any:
    total: Any = 0
    for i in range(n):
        total += turned(i) if i < 15_000 else 1j if i < 15_500 else Odd()
    return total


def of_its_target(n: int) -> Any:
    def doubled() -> int:
        return turned(i) * 2

    total = 0
    for i in range(n):  # noqa: B007  # `doubled` reads it
        total += doubled()
    return total, i


def of_what_it_binds(n: int) -> Any:
    def longer() -> int:
        return len(row) + 1

    found = []
    for i in range(n):
        row = [0] * (turned(i) % 7)
        found.append(longer())
    return found, row


class Odd:
    """Numbers cannot be added to it, but it to numbers."""

    def __radd__(self, other: Any) -> Any:
        return other + 1


IN_ORDER: dict[str, Callable[[int], Any]] = {
    "a function looks at it": looked_at,
    "an alias": aliased,
    "a memo": remembered,
    "the list that it runs over": grown,
    "the dict whose items it runs over": of_its_own_items,
    "the list that it enumerates": of_its_own_list,
    "a class of the user's": of_another_kind,
    "a function looks at its target": of_its_target,
    "a function looks at what a turn binds": of_what_it_binds,
}


@pytest.mark.parametrize("name", IN_ORDER)
def test_what_turns_share_brings_them_back_in_order(spreading_worker: WorkerInTest, name: str) -> None:
    loops = check_equal(spreading_worker, IN_ORDER[name], 20_000)
    assert {loop["how"] for loop in loops} == {"in order"}, loops
    assert all(loop["reason"] for loop in loops)


def test_variables_of_the_same_name_are_not_shared(spreading_worker: WorkerInTest) -> None:
    class Point:
        def __init__(self, i: int) -> None:
            self.i = i

    def adding(row: int, i: int) -> Callable[[int], int]:
        return lambda x: x + row + i

    point, plus = Point(5), adding(3, 4)

    def function(n: int) -> Any:
        def value() -> int:
            return sum(i * point.i for i in range(3))

        total = 0
        for i in range(n):
            row = turned(i)
            total += plus(row) + value()
        return total, i, row

    loops = check_equal(spreading_worker, function, 20_000)
    assert {loop["how"] for loop in loops} == {"interpreted"}, loops


@pytest.mark.parametrize("failing", [0, 9_000, 9_215, 9_216, 19_998, 19_999])
def test_what_was_added_before_a_turn_raises_stays(spreading_worker: WorkerInTest, failing: int) -> None:
    def function(n: int) -> Any:
        out = []
        total = 0
        try:
            for i in range(n):
                out.append(turned(i))
                total += 1 // (i - failing)
        except ZeroDivisionError as error:
            return out, total, i, str(error)
        return None

    check_equal(spreading_worker, function, 20_000)
