"""Loops over what `map`, `filter` and `starmap` make: spread, and all the same plain Python's."""

# ruff: noqa: B905, C416, C417, C420, RUF058 (what a better style would write otherwise is what is tested here)

from __future__ import annotations

import functools
import itertools
import operator
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.execute.asking import check_equal
from tests.execute.worker_in_test import WorkerInTest

PLACES = deque(range(10007))


def turned(i: int) -> int:
    """No kernel does it, however long a loop seems to take: it reads a deque."""
    x = i
    for _ in range(4):
        x = (x * 7919 + 13) % len(PLACES)
    return x


def number(i: int) -> int:
    return (i * 7919 + 13) % 10007


def is_odd(i: int) -> bool:
    return turned(i) % 2 == 1


def added(a: int, b: int) -> int:
    return turned(a) + b


class Scaled:
    """A function of a user's class, and its methods."""

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def times(self, i: int) -> int:
        return turned(i) * self.factor

    __call__ = times


SPREAD: dict[str, Callable[[int], Any]] = {
    "sum of map": lambda n: sum(map(turned, range(n))),
    "sum of map with start": lambda n: sum(map(turned, range(n)), 0.5),
    "float sum": lambda n: sum(map(lambda i: turned(i) / 7, range(n))),
    "list of map": lambda n: list(map(turned, list(range(n)))),
    "tuple of filter": lambda n: tuple(filter(is_odd, range(n))),
    "set of map": lambda n: set(map(turned, range(n))),
    "dict of map": lambda n: dict(map(lambda i: (turned(i), i), range(n))),
    "join": lambda n: ",".join(map(lambda i: str(turned(i)), range(n))),
    "max with default": lambda n: max(map(turned, range(n)), default=None),
    "min with key": lambda n: min(map(turned, range(n)), key=lambda v: -v),
    "any": lambda n: any(map(lambda i: turned(i) > 10**6, range(n))),
    "all of filter": lambda n: all(filter(is_odd, range(1, n))),
    "next": lambda n: next(filter(lambda i: turned(i) < 3 and i > 10, range(n)), None),
    "sorted filter": lambda n: sorted(filter(is_odd, range(n)), reverse=True),
    "reduce": lambda n: functools.reduce(operator.add, map(turned, range(n)), 3),
    "several bases": lambda n: sum(map(added, range(n), itertools.chain(range(n), [1, 2]))),
    "starmap": lambda n: list(itertools.starmap(added, zip(range(n), range(5, n)))),
    "partial": lambda n: sum(map(functools.partial(added, b=3), range(n))),
    "bound method": lambda n: sum(map(Scaled(3).times, range(n))),
    "callable instance": lambda n: sum(map(Scaled(3), range(n))),
    "generator over map": lambda n: sum(y + 1 for y in map(turned, range(n))),
    "comprehension over filter": lambda n: [turned(y) for y in filter(is_odd, range(n))],
    "map of map": lambda n: [y for y in map(str, map(turned, range(n)))],
    "map of filter": lambda n: list(map(turned, filter(is_odd, range(n)))),
    "zip over map": lambda n: dict(zip(range(n), map(turned, range(n)))),
    "enumerate over map": lambda n: [i * y for i, y in enumerate(map(turned, range(n)), 3)],
    "nested clauses": lambda n: [y + z for y in map(turned, range(n)) for z in map(abs, (y, -y)) if z != 7],
}


@pytest.mark.parametrize("name", SPREAD)
def test_it_is_spread(spreading_worker: WorkerInTest, name: str) -> None:
    loops = check_equal(spreading_worker, SPREAD[name], 20_000)
    assert [loop["how"] for loop in loops] == ["interpreted"], loops
    assert loops[0]["leaves"] > 3


def third(i: int) -> float:
    return i / 3


def small(i: int) -> bool:
    return i * 7919 % 1009 < 500


def stops(i: int) -> int:
    if i == 1_500_000:
        raise StopIteration
    return i * 3 % 1000


COMPILED: dict[str, Callable[[int], Any]] = {
    "sum": lambda n: sum(map(number, range(n))),
    "float sum": lambda n: sum(map(third, range(5, n, 3))),
    "sum of filter": lambda n: sum(filter(small, range(n))),
    "list": lambda n: list(map(third, range(n))),
    "any": lambda n: any(map(lambda i: i * i % 1_000_003 == 1_000_002 and i > n, range(n))),
    "max": lambda n: max(filter(small, range(n, 0, -1))),
    "StopIteration": lambda n: sum(map(stops, range(n))),
}


@pytest.mark.parametrize("name", COMPILED)
def test_over_a_range_it_is_compiled(compiling_worker: WorkerInTest, name: str) -> None:
    (loop,) = check_equal(compiling_worker, COMPILED[name], 2_000_000)
    assert loop["how"] == "compiled" and loop["leaves"] > 3, loop
    # The leaf that the StopIteration ends is run again in order, and was in no piece that came in.
    assert loop["gave_up"] == 0


def stopping_at(last: int) -> Callable[[int], int]:
    def function(i: int) -> int:
        if i == last:
            print("stop at", i)
            raise StopIteration(i)
        if i % 500 == 0:
            print("at", i)
        return turned(i)

    return function


STOPPING: list[Callable[[Callable[[int], int], int], Any]] = [
    lambda f, n: sum(map(f, range(n))),
    lambda f, n: list(map(f, range(n))),
    lambda f, n: [y for y in map(f, range(n))],
    lambda f, n: {y: 1 for y in filter(f, range(n))},
    lambda f, n: list(zip("ab" * n, map(f, range(n)))),
    lambda f, n: [pair for pair in enumerate(map(f, range(n)))],
    lambda f, n: any(map(lambda i: f(i) < 0, range(n))),
    lambda f, n: max(map(f, range(n)), default="none"),
    lambda f, n: sorted(map(lambda i: f(i), map(abs, range(n))))[:5],
    lambda f, n: next(filter(lambda i: f(i) < 0, range(n)), "none"),
    lambda f, n: functools.reduce(operator.sub, map(f, range(n)), 0),
]


@pytest.mark.parametrize("last", [0, 3, 9_000, 9_215, 9_216, 19_999, 20_000])
def test_a_stop_iteration_ends_the_loop(spreading_worker: WorkerInTest, last: int) -> None:
    for make in STOPPING:
        check_equal(spreading_worker, functools.partial(_stop, make, last), 20_000)


def _stop(make: Callable[[Callable[[int], int], int], Any], last: int, n: int) -> Any:
    return make(stopping_at(last), n)


def printing(i: int) -> int:
    if i % 1000 == 0:
        print("call", i)
    return turned(i)


def failing(i: int) -> int:
    printing(i)
    if i == 9_100:
        raise ValueError(f"not {i}")
    return i


def attempts(n: int) -> list[Any]:
    found: list[Any] = []
    makers: list[Callable[[], Any]] = [
        lambda: sum(map(failing, range(n))),
        lambda: list(map(failing, list(range(n)))),
        lambda: any(map(lambda i: failing(i) == 9_050, range(n))),
        lambda: sum(map(printing, ["0", 1])),  # type: ignore[list-item]
        lambda: list(map(1, range(n))),  # type: ignore[call-overload]
        lambda: sum(map(added, range(n))),  # type: ignore[call-overload]
        lambda: sum(filter(printing)),  # type: ignore[call-overload]
    ]
    for make in makers:
        try:
            found.append(make())
        except (ValueError, TypeError) as error:
            trace, frames = error.__traceback__, []
            while trace is not None:
                if trace.tb_frame.f_code.co_filename == __file__:
                    frames.append((trace.tb_frame.f_code.co_name, trace.tb_lineno))
                trace = trace.tb_next
            found.append((type(error), str(error), frames))
    return found


def begun(n: int) -> Any:
    """Iterators that were made elsewhere go on where they are."""
    made = map(turned, range(n))
    first = next(made)
    some = list(itertools.islice(made, 5))
    odd = filter(is_odd, made)
    few = [next(odd), next(odd)]
    rest = sum(made)
    endless = list(itertools.islice(map(turned, itertools.count()), n))
    until = list(itertools.takewhile(lambda y: y != endless[-1], map(turned, itertools.count())))
    twice = map(printing, range(10))
    pairs = list(zip(twice, twice))
    longer = list(zip(map(printing, range(n)), range(n - 1_000)))
    return first, some, few, rest, next(made, None), endless, until, pairs, longer


def own_map(function: Callable[[Any], Any], values: Iterable[Any]) -> dict[Any, Any]:
    return {value: function(value) for value in values}


def shadowed(n: int) -> Any:
    map = own_map
    filter = lambda *given: list(given)[1]  # noqa: E731
    total = sum(map(turned, range(n)))
    return dict(map(turned, range(n))), total, list(filter(is_odd, range(n))), [y for y in map(turned, range(n))]


def given_to_a_function_of_the_users(n: int) -> Any:
    def sum(values: Any) -> Any:
        return type(values), next(values), list(values)[-1]

    return sum(map(turned, range(n))), sum(zip(range(n), map(turned, range(n))))


def changing(n: int) -> Any:
    """Elements that share state are made in order."""
    seen: list[int] = []

    def note(i: int) -> int:
        seen.append(turned(i))
        return len(seen)

    queue = [[i] for i in range(n)]

    def take(cell: list[int]) -> int:
        cell.append(turned(cell[0]))
        return len(cell)

    return sum(map(note, range(n))), len(seen), sum(map(take, queue)), queue[-1]


@pytest.mark.parametrize(
    "program", [attempts, begun, shadowed, given_to_a_function_of_the_users, changing], ids=lambda f: f.__name__
)
def test_as_it_was_written(spreading_worker: WorkerInTest, program: Callable[[int], Any]) -> None:
    check_equal(spreading_worker, program, 20_000)
