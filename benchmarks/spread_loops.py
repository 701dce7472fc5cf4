"""Loops that people spread over cores, each as the function of one element."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Loop:
    """`sum(element(i) for i in range(count))`."""

    what: str
    element: Callable[[int], Any]
    count: int


def sine(i: int) -> float:
    return math.sin(i)


def is_prime(p: int) -> bool:
    """Naive, as in the tutorial (0 and 1 pass it)."""
    x = 2
    while x * x <= p:
        if p % x == 0:
            return False
        x = x + 1
    return True


class Ledger:
    """What an account holds after some deposits."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.held = 0

    def deposit(self, amount: int) -> None:
        self.held += amount - amount // self.rate


def ledger(i: int) -> int:
    account = Ledger(i % 7 + 2)
    for amount in range(20):
        account.deposit(amount * i)
    return account.held


def formatted(i: int) -> int:
    return f"{i:,}/{i:x}".count("1")


LOOPS = [
    Loop("sines", sine, 10**7),
    Loop("primes by trial division", is_prime, 5 * 10**5),
    Loop("instances of a small class", ledger, 3 * 10**5),
    Loop("formatted strings", formatted, 10**6),
]
