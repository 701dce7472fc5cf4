"""Programs in which spreading a loop could be seen, were it not done with care: what a user may write."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass
class Point:
    """A class of the user's, as an element."""

    x: int

    def __lt__(self, other: Point) -> bool:
        return self.x < other.x


def shared_row(count: int) -> int:
    row = [0]
    rows = [row for i in range(count) if math.factorial(i % 200 + 100)]
    rows[0].append(1)
    return len(rows[-1])


def filtered_objects(count: int) -> int:
    points = [Point(i) for i in range(count)]
    kept = [point for point in points if sum(math.sqrt(k) for k in range(60)) > point.x % 7]
    kept[-1].x = -5
    return points[-1].x


def new_objects(count: int) -> list[int]:
    points = [Point(sum(k * i for k in range(300))) for i in range(count)]
    return [point.x for point in points]


def smallest_point(count: int) -> int:
    return min(Point((i * 7919) % 10_007 + sum(k for k in range(200))) for i in range(count)).x


def functions(count: int) -> int:
    made = [(lambda k: lambda: k)(math.factorial(i % 200 + 100)) for i in range(count)]
    return made[-1]()


def sentinel(count: int) -> int:
    missing = object()
    found = [missing if i % 3 else math.factorial(i % 200 + 100) for i in range(count)]
    return sum(1 for element in found if element is missing)


def nans_in_a_set(count: int) -> int:
    nothing = math.nan
    return len({nothing if i % 2 else math.factorial(i % 150 + 50) for i in range(count)})


def nans_as_keys(count: int) -> int:
    nothing = math.nan
    return len({(nothing if i % 2 else math.factorial(i % 150 + 50)): i for i in range(count)})


def nan_sum(count: int) -> float:
    return sum(math.sqrt(i) if i != count - 5 else math.inf - math.inf for i in range(count))


def metaclass_that_answers(count: int) -> list[object]:
    class Meta(type):
        def __getattr__(cls, name: str) -> str:
            return f"no {name}"

    class Made(metaclass=Meta):
        def __init__(self, number: int) -> None:
            self.number = number

    return [(Made(i).number, Made.other) for i in range(count)]


def exits(count: int) -> object:
    def element(i: int) -> int:
        if i == count - 5:
            raise SystemExit(3)
        return math.factorial(i % 200 + 100)

    try:
        return [element(i) for i in range(count)]
    except SystemExit as leaving:
        return leaving.code


def stops(count: int) -> object:
    def element(i: int) -> int:
        if i == count - 5:
            raise StopIteration(i)
        return math.factorial(i % 200 + 100)

    found: list[object] = []
    for loop in (
        lambda: [element(i) for i in range(count)],
        lambda: {element(i) for i in range(count)},
        lambda: {i: element(i) for i in range(count)},
        lambda: list(element(i) for i in range(count)),  # noqa: C400
        lambda: {next(iter([])) for i in range(3)},
        lambda: {next(x for x in ()) for i in range(3)},
    ):
        try:
            found.append(len(loop()))  # type: ignore[no-untyped-call]
        except Exception as error:
            found.append((type(error).__name__, str(error)))
    return found


def key_that_prints(count: int) -> int:
    def key(i: int) -> int:
        if i < 3:
            print("key of", i)
        return i

    return max((i for i in range(count) if math.factorial(i % 200 + 100)), key=key)


def elements_and_keys_print(count: int) -> int:
    def element(i: int) -> int:
        if i % 1000 == 0:
            print("element", i)
        return math.factorial(i % 200 + 100) and i

    def key(i: int) -> int:
        if i % 1000 == 0:
            print("key", i)
        return i

    return max((element(i) for i in range(count)), key=key)


def _refusal(loop: Callable[[], object]) -> str:
    try:
        return repr(loop())
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def first_of_two_errors(count: int) -> list[str]:
    """The builtin trips over an early element, a later one raises: whichever the local loop meets first."""
    early, late = count // 2, count - 50

    def element(i: int) -> Any:
        if i == early:
            return []
        return math.factorial(i % 200 + 100) if i != late else 1 // (i - late)

    return [
        _refusal(lambda: {element(i) for i in range(count)}),
        _refusal(lambda: sum(element(i) for i in range(count))),
        _refusal(lambda: sum((element(i) for i in range(count)), Fraction(0))),
        _refusal(lambda: max(element(i) for i in range(count))),
        _refusal(lambda: dict((element(i), 1) for i in range(count))),  # noqa: C402
        _refusal(lambda: sorted(element(i) for i in range(count))),
        _refusal(lambda: {([] if i == 3 else 1 // (i - 5)) for i in range(count)}),
    ]


def odd_calls(count: int) -> list[str]:
    huge = 10**30
    return [
        _refusal(lambda: min((i for i in range(count)), 5)).split(" object at")[0],
        _refusal(lambda: sum((i for i in range(count)), start=huge)),
        _refusal(lambda: sum((i * 0.1 for i in range(count)), huge)),
        _refusal(lambda: sum((i for i in range(count)), True)),
        _refusal(lambda: sum((str(i) for i in range(count)), "")),
        _refusal(lambda: max((i for i in range(count) if i < 0), default="none")),
        _refusal(lambda: min(i for i in range(count) if i < 0)),
        _refusal(lambda: sorted((i for i in range(100)), key=lambda i: -i, reverse=True)),
        _refusal(lambda: any(i > 10 for i in range(huge))),
        _refusal(lambda: sum(0.0 for i in range(count) if i < 0)),
    ]


def list_that_grows(count: int) -> tuple[int, int]:
    numbers = [0]
    return sum(numbers.append(x + 1) or x for x in numbers if len(numbers) < count), len(numbers)  # type: ignore[func-returns-value]


def list_that_shrinks(count: int) -> list[int]:
    numbers = list(range(count))
    return [numbers.pop() for _ in numbers]


def late_match(count: int) -> tuple[int, float]:
    whole = sum(1 for i in range(count) if i > count - 10)
    return whole, sum(math.sqrt(i) for i in range(count) if i > count - 10)


def nested_terms(count: int) -> float:
    return sum(math.sin(i * j) for i in range(count) for j in range(100))


def nested_and_growing(count: int) -> float:
    return sum(math.sin(j) for i in range(count) for j in range(i))


def ints_then_floats(count: int) -> float:
    return sum(0.1 * i if i > count // 2 and math.factorial(i % 90 + 50) else i for i in range(count))


def kernel_ints_then_floats(count: int) -> tuple[float, float]:
    values = [sum(i * i for i in range(count)), sum((i / 3 for i in range(count)), 2**63 - 2)]
    return values[0], values[1]


def precise(count: int) -> str:
    decimal.getcontext().prec = 50
    return str(sum((decimal.Decimal(1) / (i + 1) for i in range(count)), decimal.Decimal(0)))


def deep(count: int) -> list[int]:
    import sys

    sys.setrecursionlimit(20_000)

    def down(depth: int) -> int:
        return 0 if depth == 0 else 1 + down(depth - 1)

    return [down(3000 + i % 2) for i in range(count)]


def state_of_a_class(count: int) -> tuple[int, int]:
    class Counter:
        made = 0

        def __init__(self, i: int) -> None:
            Counter.made += 1
            self.number = Counter.made + 0 * math.factorial(i % 200 + 100)

    return sum(Counter(i).number for i in range(count)), Counter.made


def raises_after_touching(count: int) -> tuple[str, int]:
    seen: list[int] = []

    def element(i: int) -> int:
        seen.append(i)
        return 1 // (count - 5 - i) + 0 * math.factorial(i % 200 + 100)

    try:
        return str(len([element(i) for i in range(count)])), len(seen)
    except ZeroDivisionError as error:
        return str(error), len(seen)


def loops_within_loops(count: int) -> int:
    def inner(i: int) -> int:
        return sum(k * i % 7 for k in range(3000)) + len({k % 5 for k in range(i)}) + len([k + 1 for k in range(20)])

    return sum(inner(i) for i in range(count))


def adds_with_a_loop(count: int) -> int:
    """The driver adds while its loop is open, and adding is a loop itself."""

    class Heavy:
        def __init__(self, i: int) -> None:
            self.i = i + 0 * sum(k for k in range(3000))

        def __radd__(self, other: int) -> int:
            return other + sum(self.i for _ in range(2))

    return sum(Heavy(i) for i in range(count))


def big_pieces(count: int) -> list[str]:
    return [str(math.factorial(i % 400 + 200)) for i in range(count)]


EQUAL = [
    (shared_row, 3_000),
    (filtered_objects, 1_000),
    (new_objects, 1_000),
    (smallest_point, 1_000),
    (functions, 3_000),
    (sentinel, 3_000),
    (nans_in_a_set, 3_000),
    (nans_as_keys, 3_000),
    (nan_sum, 30_000),
    (exits, 3_000),
    (stops, 3_000),
    (key_that_prints, 3_000),
    (elements_and_keys_print, 3_000),
    (first_of_two_errors, 3_000),
    (odd_calls, 30_000),
    (list_that_grows, 20_000),
    (list_that_shrinks, 30_000),
    (late_match, 100_000),
    (nested_terms, 20_000),
    (nested_and_growing, 2_500),
    (ints_then_floats, 3_000),
    (precise, 4_000),
    (deep, 100),
    (state_of_a_class, 3_000),
    (raises_after_touching, 3_000),
    (loops_within_loops, 100),
    (adds_with_a_loop, 100),
    (big_pieces, 5_000),
]
BY_KERNELS = [
    (late_match, 2_000_000),
    (nested_terms, 20_000),
    (kernel_ints_then_floats, 1_000_000),
]
