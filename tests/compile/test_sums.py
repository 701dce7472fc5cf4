"""`sum` of what a function goes through, where it begins with a number: the bits of the running CPython."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyfora.compile import KernelCache, NotCompiled, analyse
from tests.compile.loops import compiled, loop, module, times_given_up

FLOATS = """
def begun(i):
    xs = [x for x in XS]
    if i == 0:
        return sum(xs, START)
    if i == 1:
        return sum((x * 0.1 for x in xs), start=START)
    if i == 2:
        return sum([x for x in xs if x > 1e300], START)
    return sum(xs, 0.0) + sum(map(abs, xs), -0.0)
"""
_FLOATS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, width=32), st.sampled_from([1e16, -1e16, 0.1, -0.0])
)


@settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(_FLOATS, min_size=1, max_size=12), _FLOATS)
def test_sums_of_floats_that_begin_with_one(cache: KernelCache, values: list[float], start: float) -> None:
    assert times_given_up("begun", module(FLOATS, XS=values, START=start), cache, range(4)) == 0


def test_sums_that_are_no_number_are_given_up(cache: KernelCache) -> None:
    names = module(FLOATS, XS=[math.inf, -math.inf], START=1.0)
    assert times_given_up("begun", names, cache, range(1)) == 1


INTS = """
def begun(i):
    return sum(range(i), 7) + sum([x > 2 for x in range(i)], i) + sum((x for x in range(i)), start=-i) + \\
        sum([1, i], start=0) + sum(XS, i) + sum(HELD.values(), 3)

def far(i):
    return sum([i, i], BIG)
"""


def test_sums_of_ints_that_begin_with_one(cache: KernelCache) -> None:
    names = module(INTS, XS=[3, 4], HELD={1: 2, 3: 4}, BIG=2**63 - 10)
    assert times_given_up("begun", names, cache, range(-3, 12)) == 0
    assert times_given_up("far", names, cache, range(-3, 12)) == 7


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sum([i, 2], 0.5)", "sum() of int elements that begins with a float"),
        ("sum([i * 0.5], 3)", "sum() of float elements that begins with a int"),
        ("sum([i], True)", "sum() of int elements that begins with a bool"),
        ("len(sum([[i]], []))", "sum() that begins with more than numbers"),
        ("sum([i], xs.pop())", "sum() that begins with more than numbers"),
        ("sum([i], first=3)", "a fold with keyword arguments"),
        ("sum(i, 3)", "sum() of (int, int)"),
    ],
)
def test_what_is_not_compiled_of_them(body: str, reason: str) -> None:
    names: dict[str, Any] = module(f"def f(i):\n    xs = [1, 2]\n    return {body}\n")
    with pytest.raises(NotCompiled) as caught:
        analyse(loop("(f(i) for i in source)", names))
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    "over_and_start",
    [
        "[xs.pop() for _ in range(3)], len(xs)",
        "shorter(xs), len(xs)",
        "map(lambda q: q + i, shorter(xs)), len(xs)",
        "range(shorter(xs)[0]), len(xs)",
        "(k for k in range(len(shorter(xs)))), xs[-1]",
        "[y := k for k in xs], y",
    ],
)
def test_a_start_that_the_elements_may_change_is_not_compiled(over_and_start: str, cache: KernelCache) -> None:
    text = f"""
    def shorter(xs):
        xs.pop()
        return xs

    def f(i):
        y, xs = 2, [1, 2, 3, 4, 5]
        return sum({over_and_start}) + i
    """
    with pytest.raises(NotCompiled, match="begins with more than numbers"):
        compiled("(f(i) for i in source)", module(text), cache)
