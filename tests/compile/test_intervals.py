"""What is known of the size of ints: never too little, and checks are left out where it shows that none can fire."""

from __future__ import annotations

import ast
import itertools
import operator
from collections.abc import Callable
from typing import Any

import pytest

from pyfora.compile import GaveUp, KernelCache, Output, intervals
from pyfora.compile.generated import generate
from pyfora.compile.terms import Term, constant
from tests.compile.loops import compiled, loop, module, run_terms, same

OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
SMALL = [(low, high) for low in range(-3, 4) for high in range(low, 4)]


@pytest.mark.parametrize("kind", OPERATORS)
def test_every_result_lies_within(kind: type[ast.operator]) -> None:
    told = 0
    for one, other in itertools.product(SMALL, SMALL):
        found = intervals.of_operation(kind, Term("int", "a", interval=one), Term("int", "b", interval=other))
        if found is None:
            continue
        told += 1
        for x, y in itertools.product(range(one[0], one[1] + 1), range(other[0], other[1] + 1)):
            assert found[0] <= OPERATORS[kind](x, y) <= found[1]
    assert told > 50


def test_elements_of_ranges_and_their_sums() -> None:
    for start, stop, step in itertools.product(range(-3, 4), range(-3, 6), range(1, 4)):
        found = intervals.of_range([constant(start), constant(stop), constant(step)])
        assert found is not None
        assert all(found[0] <= element <= found[1] for element in range(start, stop, step))
    assert intervals.of_range([constant(5), constant(1), constant(-1)]) is None
    assert intervals.of_sum((-2, 3), 10) == (-20, 30)
    assert intervals.of_sum((5, 6), 3) == (0, 18)
    assert not intervals.fits((0, 2**63)) and intervals.fits((-(2**63), 2**63 - 1))


SOURCES = [
    ("(sum(j * k for j in range(20) for k in range(10)) + i for i in source)", "mul_int", False),
    ("(sum(j * k for j in range(i) for k in range(10)) for i in source)", "mul_int", True),
    ("(sum(j for j in range(i % 50)) for i in source)", "total = add_int", False),
    ("(sum(j for j in range(i)) for i in source)", "total = add_int", True),
    ("(sum(j * 1152921504606846976 for j in range(8)) for i in source)", "mul_int", False),
    ("(sum(j * 1152921504606846976 for j in range(9)) for i in source)", "mul_int", True),
    ("(sum(j * 1152921504606846976 for j in range(8)) for i in source)", "total = add_int", True),
    ("(i % 7 * (i % 5) for i in source)", "mul_int", False),
    ("(i * i for i in source)", "square_int", True),
    ("(loops(i) for i in source)", "mul_int", False),
    ("(rebound(i) for i in source)", "affine_int", True),
    ("(sum(j * 3 for j in range(9) for j in range(i)) for i in source)", "affine_int", True),
    ("(sum(j * 3 for j in range(9) for j in xs) for i in source)", "affine_int", True),
]
LIBRARY = """
xs = [1, 2**62]
def loops(n):
    last = 0
    for j in range(10):
        last = j * 1000
    return last
def rebound(n):
    last = 0
    for j in range(10):
        last = j * 1000
        j = n
    return last
def wide(n):
    return sum(j * 3 for j in range(2) for j in xs)
def edge(n):
    return sum((j + 1) * (2**59 + n) for j in range(4))
"""


@pytest.mark.parametrize(("text", "primitive", "checked"), SOURCES)
def test_checks_are_left_out_where_none_can_fire(text: str, primitive: str, checked: bool) -> None:
    assert (f"{primitive}(" in generate(loop(text, module(LIBRARY)), Output.TERMS).source) is checked


@pytest.mark.parametrize("text", [text for text, *_ in SOURCES])
def test_the_elements_are_pythons(text: str, cache: KernelCache) -> None:
    names = module(LIBRARY)
    kernel = compiled(text, names, cache)
    for index in (0, 1, 7, 60):
        expected = list(eval(text, dict(names), {"source": [index]}))
        try:
            found: list[Any] = run_terms(kernel, range(index, index + 1))
        except GaveUp:
            assert any(not -(2**60) <= value < 2**60 for value in expected) or "xs" in text
            continue
        assert same(found, expected)


def test_what_would_wrap_gives_up(cache: KernelCache) -> None:
    names = module(LIBRARY)
    with pytest.raises(GaveUp):
        run_terms(compiled("(wide(i) for i in source)", names, cache), range(1))
    kernel = compiled("(edge(i) for i in source)", names, cache)
    assert run_terms(kernel, range(1)) == [names["edge"](0)]
    with pytest.raises(GaveUp):
        run_terms(kernel, range(2**62, 2**62 + 1))
