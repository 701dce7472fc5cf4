"""Twenty loops that people write, each as the function of one element; and by hand for numba where it cannot take that.

What is in `BY_HAND` ignores overflow, as numba does. Every other case is given to numba as it stands.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

TEXT = "the quick brown fox jumps over the lazy dog " * 4
TABLE = [(k * 7919 + 13) % 256 for k in range(512)]
ARRAY = np.array(TABLE)
MATRIX = ((1.0, 0.5, 0.25), (0.0, 2.0, -1.0), (3.0, 0.125, 1.0))


def sum_of_squares(i: int) -> int:
    return i * i


def sines(i: int) -> float:
    return math.sin(i)


def primes(i: int) -> bool:
    x = 2
    while x * x <= i:
        if i % x == 0:
            return False
        x += 1
    return True


def collatz(i: int) -> int:
    n, steps = i + 1, 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def mandelbrot(i: int) -> int:
    x0, y0 = i % 200 / 80.0 - 2.0, i // 200 % 200 / 80.0 - 1.25
    x = y = 0.0
    for n in range(100):
        xx, yy = x * x, y * y
        if xx + yy > 4.0:
            return n
        x, y = xx - yy + x0, 2.0 * x * y + y0
    return 100


class Body:
    """A point with a speed."""

    def __init__(self, x: float, y: float, vx: float, vy: float) -> None:
        self.x = x
        self.y = y
        self.vx = vx
        self.vy = vy

    def moved(self, ax: float, ay: float, dt: float) -> Body:
        vx, vy = self.vx + ax * dt, self.vy + ay * dt
        return Body(self.x + vx * dt, self.y + vy * dt, vx, vy)


def nbody_step(i: int) -> float:
    one, other = Body(0.0, 0.0, 0.0, 0.01 * (i % 7)), Body(1.0, 0.001 * (i % 100), 0.0, 1.0)
    for _ in range(50):
        dx, dy = other.x - one.x, other.y - one.y
        d2 = dx * dx + dy * dy + 0.01
        pull = 1.0 / (d2 * math.sqrt(d2))
        one = one.moved(dx * pull * 0.1, dy * pull * 0.1, 0.01)
        other = other.moved(-dx * pull, -dy * pull, 0.01)
    return one.x + other.y


def nbody_step_by_hand(i: int) -> float:
    ox, oy, ovx, ovy = 0.0, 0.0, 0.0, 0.01 * (i % 7)
    tx, ty, tvx, tvy = 1.0, 0.001 * (i % 100), 0.0, 1.0
    for _ in range(50):
        dx, dy = tx - ox, ty - oy
        d2 = dx * dx + dy * dy + 0.01
        pull = 1.0 / (d2 * math.sqrt(d2))
        ovx, ovy = ovx + dx * pull * 0.1 * 0.01, ovy + dy * pull * 0.1 * 0.01
        ox, oy = ox + ovx * 0.01, oy + ovy * 0.01
        tvx, tvy = tvx + -dx * pull * 0.01, tvy + -dy * pull * 0.01
        tx, ty = tx + tvx * 0.01, ty + tvy * 0.01
    return ox + ty


def monte_carlo_pi(i: int) -> int:
    generator = random.Random(i)
    hits = 0
    for _ in range(100):
        x, y = generator.random(), generator.random()
        if x * x + y * y < 1.0:
            hits += 1
    return hits


def monte_carlo_pi_by_hand(i: int) -> int:
    random.seed(i)
    hits = 0
    for _ in range(100):
        x, y = random.random(), random.random()
        if x * x + y * y < 1.0:
            hits += 1
    return hits


def matrix_of_tuples(i: int) -> float:
    x, y, z = 1.0 * (i % 10), 2.0, 0.5
    for _ in range(20):
        a, b, c = MATRIX
        x, y, z = (
            0.25 * (a[0] * x + a[1] * y + a[2] * z),
            0.25 * (b[0] * x + b[1] * y + b[2] * z),
            0.25 * (c[0] * x + c[1] * y + c[2] * z),
        )
    return x + y + z


def string_scan(i: int) -> int:
    words = 0
    for k in range(len(TEXT)):
        if TEXT[k] == " " and (k + i) % 3 != 0:
            words += 1
    return words


class Oscillator:
    """A spring, and how it moves on."""

    def __init__(self, k: float, x: float, v: float) -> None:
        self.k = k
        self.x = x
        self.v = v

    def force(self) -> float:
        return -self.k * self.x

    def step(self, dt: float) -> Oscillator:
        v = self.v + self.force() * dt
        return Oscillator(self.k, self.x + v * dt, v)


def integrator(i: int) -> float:
    at = Oscillator(1.0 + i % 5, 1.0, 0.0)
    for _ in range(100):
        at = at.step(0.01)
    return at.x


def integrator_by_hand(i: int) -> float:
    k, x, v = 1.0 + i % 5, 1.0, 0.0
    for _ in range(100):
        v = v + -k * x * 0.01
        x = x + v * 0.01
    return x


class Multiply:
    """x -> k x."""

    def __init__(self, k: float) -> None:
        self.k = k

    def __call__(self, x: float) -> float:
        return x * self.k


class Add:
    """x -> x + k."""

    def __init__(self, k: float) -> None:
        self.k = k

    def __call__(self, x: float) -> float:
        return x + self.k


class Compose:
    """x -> g(f(x))."""

    def __init__(self, f: Callable[[float], float], g: Callable[[float], float]) -> None:
        self.f = f
        self.g = g

    def __call__(self, x: float) -> float:
        return self.g(self.f(x))


COMPOSED = Compose(Multiply(10.0), Add(20.0))


def compose(i: int) -> float:
    return COMPOSED(i * 1.0)


def compose_by_hand(i: int) -> float:
    return i * 1.0 * 10.0 + 20.0


def nested_sums(i: int) -> int:
    return sum(j * k for j in range(i % 20) for k in range(10))


def nested_sums_by_hand(i: int) -> int:
    total = 0
    for j in range(i % 20):
        for k in range(10):
            total += j * k
    return total


def dict_of_counts(i: int) -> int:
    counts: dict[int, int] = {}
    for k in range(50):
        key = (i * k) % 11
        counts[key] = counts.get(key, 0) + 1
    return max(counts.values())


def dict_of_counts_by_hand(i: int) -> int:
    counts = {0: 0}
    for k in range(50):
        key = (i * k) % 11
        counts[key] = counts.get(key, 0) + 1
    return max(counts.values())


def sieve(i: int) -> int:
    n = 200 + i % 50
    flags = [True] * (n + 1)
    count = 0
    for p in range(2, n + 1):
        if flags[p]:
            count += 1
            m = p * p
            while m <= n:
                flags[m] = False
                m += p
    return count


def edit_distance(i: int) -> int:
    one = [(i * 7 + k * k) % 5 for k in range(12)]
    other = [(i + 3 * k) % 5 for k in range(10)]
    before = list(range(len(other) + 1))
    for a in range(len(one)):
        row = [a + 1]
        for b in range(len(other)):
            cost = 0 if one[a] == other[b] else 1
            row.append(min(before[b + 1] + 1, row[b] + 1, before[b] + cost))
        before = row
    return before[-1]


def logistic_map(i: int) -> float:
    x, r = 0.5, 2.5 + i % 1000 * 0.0015
    for _ in range(100):
        x = r * x * (1.0 - x)
    return x


def julia(i: int) -> int:
    z, c = complex(i % 200 / 60.0 - 1.6, i // 200 % 200 / 80.0 - 1.2), -0.8 + 0.156j
    for n in range(60):
        if abs(z) > 2.0:
            return n
        z = z * z + c
    return 60


def cdf(x: float) -> float:
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def black_scholes(i: int) -> float:
    spot, strike, years, rate, sigma = 80.0 + i % 40, 100.0, 0.25 + i % 4 * 0.25, 0.03, 0.2
    spread = sigma * math.sqrt(years)
    d1 = (math.log(spot / strike) + (rate + 0.5 * sigma * sigma) * years) / spread
    return spot * cdf(d1) - strike * math.exp(-rate * years) * cdf(d1 - spread)


def black_scholes_by_hand(i: int) -> float:
    spot, strike, years, rate, sigma = 80.0 + i % 40, 100.0, 0.25 + i % 4 * 0.25, 0.03, 0.2
    spread = sigma * math.sqrt(years)
    d1 = (math.log(spot / strike) + (rate + 0.5 * sigma * sigma) * years) / spread
    first, second = 0.5 * (1.0 + math.erf(d1 / math.sqrt(2.0))), 0.5 * (1.0 + math.erf((d1 - spread) / math.sqrt(2.0)))
    return spot * first - strike * math.exp(-rate * years) * second


def quadrature(i: int) -> float:
    low, width, total = 0.001 * (i % 1000), 0.01, 0.0
    for k in range(100):
        x = low + (k + 0.5) * width
        total += x * x / (1.0 + x * x * x * x)
    return total * width


def perlin(i: int) -> float:
    x = i * 0.013
    cell = math.floor(x)
    t = x - cell
    fade = t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
    left, right = TABLE[cell % 256] / 128.0 - 1.0, TABLE[cell % 256 + 1] / 128.0 - 1.0
    return left * t + fade * (right * (t - 1.0) - left * t)


def perlin_by_hand(i: int) -> float:
    x = i * 0.013
    cell = math.floor(x)
    t = x - cell
    fade = t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
    left, right = ARRAY[cell % 256] / 128.0 - 1.0, ARRAY[cell % 256 + 1] / 128.0 - 1.0
    return left * t + fade * (right * (t - 1.0) - left * t)


CASES: dict[str, tuple[Callable[[int], Any], int]] = {
    "sum of squares": (sum_of_squares, 20_000_000),
    "sines": (sines, 10_000_000),
    "primes": (primes, 300_000),
    "collatz": (collatz, 300_000),
    "mandelbrot": (mandelbrot, 300_000),
    "nbody step": (nbody_step, 100_000),
    "Monte Carlo pi": (monte_carlo_pi, 20_000),
    "matrix of tuples": (matrix_of_tuples, 500_000),
    "string scan": (string_scan, 50_000),
    "class-based integrator": (integrator, 100_000),
    "higher-order compose": (compose, 20_000_000),
    "nested sums": (nested_sums, 200_000),
    "dict of counts": (dict_of_counts, 50_000),
    "sieve with a local list": (sieve, 50_000),
    "edit distance": (edit_distance, 50_000),
    "logistic map": (logistic_map, 100_000),
    "julia with complex": (julia, 200_000),
    "Black-Scholes": (black_scholes, 500_000),
    "quadrature": (quadrature, 100_000),
    "perlin": (perlin, 2_000_000),
}
BY_HAND: dict[str, Callable[[int], Any]] = {
    "nbody step": nbody_step_by_hand,
    "Monte Carlo pi": monte_carlo_pi_by_hand,
    "class-based integrator": integrator_by_hand,
    "higher-order compose": compose_by_hand,
    "nested sums": nested_sums_by_hand,
    "dict of counts": dict_of_counts_by_hand,
    "Black-Scholes": black_scholes_by_hand,
    "perlin": perlin_by_hand,
}
