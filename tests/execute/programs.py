"""Functions that the tests run as programs: what a user may write."""

from __future__ import annotations

import math
import time
from fractions import Fraction
from typing import Any


def sines(count: int) -> float:
    return sum(math.sin(i) for i in range(count))


def squares(count: int) -> int:
    return sum(i * i for i in range(count))


def beyond_64_bits(count: int) -> int:
    return sum(i * 10**13 for i in range(count) if i % 3)


def halves(count: int) -> list[float]:
    return [i * 0.5 for i in range(count) if i % 3]


def mixed_terms(count: int) -> float:
    return sum(0.5 if i % 2 else 1 for i in range(count))


def fractions(count: int) -> Fraction:
    return sum((Fraction(1, i) for i in range(1, count)), Fraction(0))


def texts(count: int) -> list[str]:
    return [f"<{i}>" * 2 for i in range(count)]


def letters(count: int) -> set[int]:
    return {i * 7 % 1001 for i in range(count)}


def table(count: int) -> dict[int, str]:
    return {i % 5000: str(i) for i in range(count)}


def found_early(count: int) -> bool:
    return any(1 // (count // 2 - i) < 0 if i != count // 2 else True for i in range(count))


def all_small(count: int) -> bool:
    return all(i < count - 3 for i in range(count))


def smallest(count: int) -> int:
    return min((i - 50_000) ** 2 for i in range(count))


def largest_by_key(count: int) -> int:
    return max((i for i in range(count)), key=lambda i: (i * 7919) % 100_003)


def over_a_list(count: int) -> float:
    heavy = [float(i) for i in range(count)]
    return sum(sum(math.sqrt(x + k) for k in range(50)) for x in heavy)


def nested(count: int) -> int:
    return sum(i ^ j for i in range(count) for j in range(3))


def appended_to(count: int) -> tuple[int, int]:
    seen: list[int] = []
    made = [seen.append(i) or i for i in range(count)]  # type: ignore[func-returns-value]
    return len(seen), len(made)


def iterated(count: int) -> list[int]:
    numbers = iter(range(count * 2))
    return [next(numbers) for _ in range(count)]


def printed(count: int) -> int:
    def shown(i: int) -> str:
        if i % 50_000 == 0:
            print("at", i)
        return str(i)

    return len([shown(i) for i in range(count)])


def printed_in_terms(count: int) -> float:
    def term(i: int) -> float:
        if i % 50_000 == 0:
            print("term", i)
        return i * 0.1

    return sum(term(i) for i in range(count))


def divides_by_zero(count: int) -> list[int]:
    return [1 // (i - count + 10) for i in range(count)]


def reads_the_clock(_: int) -> float:
    return time.time()


def stays_in_the_middle(count: int) -> float:
    return sum(math.sin(i) if i % 40_000 else float(i**9) for i in range(count))


def big_list(count: int) -> list[int]:
    return list(range(count))


def not_picklable(_: int) -> Any:
    return (i for i in range(3))


def order_of_texts(count: int) -> list[str]:
    return list({str(i) for i in range(count)})


EQUAL = [
    (sines, 10),
    (sines, 2_000_000),
    (squares, 2_000_000),
    (beyond_64_bits, 1_500_000),
    (halves, 400_000),
    (mixed_terms, 400_000),
    (fractions, 1_500),
    (texts, 200_000),
    (letters, 300_000),
    (table, 200_000),
    (found_early, 1_000_000),
    (all_small, 2_000_000),
    (smallest, 2_000_000),
    (largest_by_key, 300_000),
    (over_a_list, 20_000),
    (nested, 700_000),
    (appended_to, 300_000),
    (iterated, 300_000),
    (printed, 300_000),
    (printed_in_terms, 300_000),
    (stays_in_the_middle, 2_000_000),
    (big_list, 100_000),
]
