"""`random.Random(seed)` in kernels: the sequence of the running CPython, to the bit."""

from __future__ import annotations

import random
import struct

import pytest

from pyfora.compile import KernelCache, NotCompiled, Output, analyse
from tests.compile.loops import compiled, loop, module, run_terms, times_given_up

LIBRARY = """
import random

def pi(i):
    g = random.Random(i)
    hits = 0
    for _ in range(100):
        x, y = g.random(), g.random()
        if x*x+y*y < 1.0: hits += 1
    return hits

def randoms(i):
    g = random.Random(i * 1234567891011)
    t = 0.0
    for _ in range(1000):
        t = t * 0.5 + g.random()
    return t

def ints(i):
    g = random.Random(i)
    t = 0
    for k in range(40):
        t ^= g.getrandbits(k) ^ g.randrange(k + 1) ^ g.randrange(5, 1000)
        t ^= g.randrange(1000, -10, -7) ^ g.randint(-4, 10**12)
    return t

def gauss(i):
    g = random.Random(i)
    return g.gauss(0, 1) + g.gauss(1.5, g.random()) * g.gauss(g.random(), g.random())

def distributions(i):
    g = random.Random(i)
    t = g.normalvariate(0, 1) + g.expovariate(1.5) * g.uniform(-2, i) + g.paretovariate(3.0)
    return t + g.weibullvariate(1.5, 2) + g.lognormvariate(0.5, 0.25)

def shuffled(i):
    g = random.Random(i)
    xs = list(range(20))
    g.shuffle(xs)
    return g.choice(xs) * 100 + xs[3]

def shapes(i):
    g = random.Random(i)
    t = g.triangular(0.0, 2.0, 0.5)
    return t + g.betavariate(1.5, 2.5) + g.gammavariate(0.5, 2.0) + g.vonmisesvariate(0.5, 2.0)

def method(i):
    draw = random.Random(i).random
    return draw() - draw()
"""
SEEDS = [0, 1, -1, 2, 12345, 2**31, 2**32 - 1, 2**32, 2**32 + 1, -(2**32), 2**63 - 1, -(2**63) + 1]


@pytest.mark.parametrize("name", ["pi", "randoms", "ints", "gauss", "distributions", "shuffled", "shapes", "method"])
def test_draws_are_those_of_cpython(name: str, cache: KernelCache) -> None:
    names = module(LIBRARY)
    assert times_given_up(name, names, cache, range(-5, 60)) == 0
    for seed in SEEDS:
        # What a function makes of the seed beside drawing may go beyond 64 bits.
        assert times_given_up(name, names, cache, range(seed, seed + 1)) <= (name in ("randoms", "distributions"))


def test_the_seed_beyond_all_others_is_given_up(cache: KernelCache) -> None:
    assert times_given_up("method", module(LIBRARY), cache, range(-(2**63), -(2**63) + 1)) == 1


def test_many_rounds_of_the_state(cache: KernelCache) -> None:
    names = module(
        """
        import random
        def late(i):
            g = random.Random(i)
            last = 0.0
            for _ in range(5000):
                last = g.random()
            return last
        """
    )
    kernel = compiled("(late(i) for i in source)", names, cache, Output.MIN)
    for seed in SEEDS:
        generator = random.Random(seed)
        expected = [generator.random() for _ in range(5000)][-1]
        found = kernel.run(kernel.captured, seed, 1, 1)
        assert struct.pack("<d", found) == struct.pack("<d", expected)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return random.Random().random()", "something else than one int"),
        ("return random.Random(0.5).random()", "something else than one int"),
        ("return random.random()", "random()"),
        ("return random.Random(i).sample([1, 2], 2)[0]", "random.Random.sample"),
        ("return GIVEN.random()", "a Random"),
        ("random.Random(i).seed(3)\n    return 1", "random.Random.seed"),
    ],
)
def test_what_is_not_compiled_of_them(body: str, reason: str) -> None:
    names = module(f"import random\nGIVEN = random.Random(3)\ndef f(i):\n    {body}\n")
    with pytest.raises(NotCompiled) as caught:
        analyse(loop("(f(i) for i in source)", names))
    assert reason in caught.value.reason


SEEDED = """
import random

def seeded(i):
    return random.Random(SEEDS[i]).getrandbits(63)

def six(i):
    a, b, c = random.Random(3 * i), random.Random(3 * i + 1), random.Random(3 * i + 2)
    d, e, f = random.Random(7 - i), random.Random(9), random.Random(9)
    t = 0
    for _ in range(700):
        t = t * 3 % 1000003 + a.getrandbits(9) + b.getrandbits(9) + c.getrandbits(9)
        t += d.getrandbits(9) - e.getrandbits(9) * 5 + f.getrandbits(9)
    return t
"""


def _drawn_seeds(draws: random.Random) -> list[int]:
    """Runs of seeds of equal distances, begun and broken off at any place, near the edges of 32 and 64 bits too."""
    seeds: list[int] = []
    while len(seeds) < 400:
        seed = draws.choice([0, draws.randrange(100), 2**32 - 5, -(2**32) + 3, 2**63 - 20, draws.randrange(2**40)])
        step = draws.choice([0, 1, 1, -1, 2, 7919, -3, 2**31, 2**32, -(2**30), 2**61])
        run = [seed + number * step for number in range(draws.randrange(1, 14))]
        seeds += [one for one in run if abs(one) < 2**63]
    return seeds


@pytest.mark.parametrize("number", range(8))
def test_what_is_seeded_ahead_is_what_is_asked_for(number: int, cache: KernelCache) -> None:
    seeds = _drawn_seeds(random.Random(number))
    kernel = compiled("(seeded(i) for i in source)", module(SEEDED, SEEDS=seeds), cache)
    expected = [random.Random(seed).getrandbits(63) for seed in seeds]
    # As a whole, and in several runs of one kernel, which goes on with what it has made.
    assert run_terms(kernel, range(len(seeds))) == expected
    assert [run_terms(kernel, range(i, i + 1))[0] for i in range(len(seeds))] == expected


def test_several_generators_of_one_element_are_apart(cache: KernelCache) -> None:
    names = module(SEEDED, SEEDS=[])
    kernel = compiled("(six(i) for i in source)", names, cache)
    assert run_terms(kernel, range(-12, 40)) == [names["six"](i) for i in range(-12, 40)]
