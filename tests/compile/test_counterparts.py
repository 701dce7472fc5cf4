"""Functions that are compiled from Python: each has the running CPython's bits, and one that has not is refused."""

from __future__ import annotations

import cmath
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pyfora.compile import KernelCache, NotCompiled, analyse, counterparts, counterparts_cmath
from pyfora.compile.counterparts import COUNTERPARTS, Counterpart
from tests.compile.drawing import a_float
from tests.compile.loops import loop, module
from tests.compile.test_numpy_numbers import hold_against_numpy

_EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, 23.0, 24.0, 140.0, 170.6, 200.5, -200.5, 708.4, 709.5, 6.8e153, 1e-160, 1.7e308)


def _float(draw: random.Random) -> float:
    match draw.randrange(3):
        case 0:
            return draw.choice(_EDGES)
        case 1:
            return draw.uniform(-3, 3)
    return a_float(draw)


_DRAWN: dict[str, Callable[[random.Random], Any]] = {
    "f": _float,
    "c": lambda draw: complex(_float(draw), _float(draw)),
    "v": lambda draw: [_float(draw) for _ in range(draw.randrange(3, 5))],
}


@pytest.mark.parametrize("counterpart", COUNTERPARTS.values(), ids=lambda one: one.name)
def test_ours_has_the_bits_of_cpython_where_it_gives_any(
    counterpart: Counterpart, request: pytest.FixtureRequest
) -> None:
    assert counterpart.agrees
    draw, given = random.Random(counterpart.name), 0
    count = request.config.getoption("--cases")
    for _ in range(count):
        arguments = [_DRAWN[letter](draw) for letter in counterpart.takes]
        try:
            found = counterpart.ours(*arguments)
        except (ArithmeticError, ValueError):
            continue
        given += 1
        expected = (counterpart.as_theirs or counterpart.theirs)(*arguments)
        assert repr(found) == repr(expected), arguments
    assert given > count / 5


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("math.gamma", lambda x: math.nextafter(math.gamma(x), 0.0)),
        ("math.hypot", lambda vector: math.sqrt(sum(x * x for x in vector))),
        ("math.fsum", sum),
        (
            "cmath.exp",
            lambda z: complex(math.exp(z.real) * math.cos(z.imag), math.sin(z.imag) * math.exp(z.real) + 0.0),
        ),
        ("cmath.sqrt", lambda z: z**0.5),
        ("cmath.log", lambda z: complex(math.log(abs(z)), cmath.phase(z))),
    ],
)
def test_another_way_to_compute_it_is_found_out(name: str, wrong: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (key, known) = next((key, one) for key, one in COUNTERPARTS.items() if one.name == name)
    changed = Counterpart(name, known.theirs, wrong, known.takes, known.as_theirs)
    monkeypatch.setitem(counterparts.COUNTERPARTS, key, changed)
    arguments = {"v": "i * 0.5, 2.0", "f": "i", "c": "1j * i"}[known.takes]
    text = f"({name}({f'[{arguments}]' if name == 'math.fsum' else arguments}) for i in source)"
    with pytest.raises(NotCompiled, match="in a way that is not known"):
        analyse(loop(text, module("import cmath")))


def test_every_function_of_cmath_has_one() -> None:
    public = {value for name, value in vars(cmath).items() if callable(value) and not name.startswith("_")}
    assert {id(value) for value in public} <= COUNTERPARTS.keys()
    assert {one.name for one in COUNTERPARTS.values()} >= {f"cmath.{one.__name__}" for one in public}


LIBRARY = """
import cmath
from typing import NamedTuple
class Point(NamedTuple):
    x: float
    y: float
FIRST, TABLE = (0.5, -3, 7.25), [0.1, 0.2, 0.3, 1e16, -1e16]
def of_points(i): return math.dist(Point(i * 0.5, 2.0), Point(1.0, i * 3.0)), math.dist(FIRST, (i, 2.5, 0))
def of_lists(i): return math.dist(TABLE, [x * i for x in TABLE]), math.dist([i], [0.5])
def of_other_lengths(i): return math.dist(TABLE, [1.0 * i] * (5 + i % 2))
def of_many(i): return math.hypot(*FIRST), math.hypot(i, *FIRST, 0.25 * i), math.hypot(-i), math.hypot()
def of_numpys(i): return math.hypot(a[i], i), math.gamma(a[i] + 1.5), cmath.sqrt(a[i]), cmath.rect(a[i], 2)
def of_numpys_ints(i): return math.hypot(k[i], 2), math.lgamma(k[i] * 5 + 1), cmath.phase(k[i])
def summed(i): return math.fsum(TABLE), math.fsum(x * i for x in TABLE), math.fsum(range(i)), math.fsum((i, 1e-9))
def summed_of_array(i): return math.fsum(float(x) for x in a), math.fsum(a), math.fsum(k[i:]), math.fsum(b)
def summed_of_numpys(i): return math.fsum(x * i for x in a), math.fsum([x for x in k])
def far(i): return math.dist(a[:3], a[i : i + 3]), math.dist(a[1:3], [0.5, i]), math.dist(k[:2], [x for x in a[:2]])
def multiplied(i): return math.prod(range(1, i)), math.prod(TABLE[:3]), math.prod((i, 3, -1)), math.prod([i > 2, True])
def constants(i): return cmath.pi * i, cmath.infj.imag, cmath.inf + i, cmath.tau - cmath.e, cmath.exp(1j * cmath.pi)
def nested(i): return cmath.exp(cmath.log(complex(i, 1.5)) * 0.5) - cmath.sqrt(complex(i, 1.5)), abs(cmath.rect(i, 1))
def whole(i): return math.gcd(i, 12, 18), math.gcd(i), math.gcd(), math.lcm(i, 4, 6), math.lcm(-i), math.lcm()
"""
FUNCTIONS = [line.split()[1].partition("(")[0] for line in LIBRARY.splitlines() if line.startswith("def ")]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_as_users_write_it(name: str, cache: KernelCache) -> None:
    names = module(LIBRARY, np=np, a=np.arange(10) * 0.375, k=np.arange(10, dtype=np.int16), b=np.arange(10) > 3)
    agreed = hold_against_numpy(f"{name}(i)", names, range(9), cache)
    assert agreed is not None and agreed >= 4, agreed


@pytest.mark.skipif(not hasattr(math, "sumprod"), reason="since 3.12")
def test_sumprod(cache: KernelCache) -> None:
    text = """
    TABLE, WHOLE = [0.1, 0.2, 0.3], [3, -1, 2**20]
    def floats(i): return math.sumprod(TABLE, [x * i - 0.7 for x in TABLE]), math.sumprod(TABLE, WHOLE)
    def ints(i): return math.sumprod(WHOLE, [k * i for k in WHOLE]), math.sumprod([i, 2], range(2))
    def lengths(i): return math.sumprod(TABLE, [0.5 * i] * (3 + i % 2))
    """
    names = module(text)
    for name in ("floats", "ints", "lengths"):
        agreed = hold_against_numpy(f"{name}(i)", names, range(9), cache)
        assert agreed is not None and agreed >= 4, (name, agreed)


@pytest.mark.parametrize(
    "text",
    [
        "math.dist((i, 1), (i, 2, 3))",
        "math.dist((i, 'a'), (i, 2))",
        "math.hypot(i, 'a')",
        "math.hypot(x=i)",
        "math.gamma(1j)",
        "math.prod(a)",
        "math.prod((i, 0.5))",
        "math.prod([i], start=2)",
        "math.fsum(i)",
        "math.fsum(a * 1)",
        "math.fsum(m)",
        "math.sumprod(a, a)",
        "math.sumprod([x for x in a], [1.0])",
        "math.dist(a, (1, 2, 3) if i else (3, 2, 1))",
        "math.fsum([i], 2)",
        "cmath.sqrt('1')",
        "cmath.sqrt(z=1j * i)",
        "cmath.rect(1j, i)",
        "cmath.isclose(i, 1j, tol=2)",
        "cmath.log(i, 2, 3)",
    ],
)
def test_what_is_not_compiled(text: str) -> None:
    with pytest.raises(NotCompiled) as caught:
        analyse(loop(f"({text} for i in source)", module("import cmath", np=np, a=np.arange(3.0), m=np.ones((2, 2)))))
    assert caught.value.site is not None and caught.value.site.filename == "user.py"


def test_subnormal_lengths_are_given_up(cache: KernelCache) -> None:
    """CPython scales them in another way."""
    assert hold_against_numpy("math.hypot(i * 5e-324, 5e-324)", module(""), range(3), cache) == 0
    with pytest.raises(ValueError, match="infinities"):
        counterparts_cmath.sqrt(complex(math.inf, 0.0))
