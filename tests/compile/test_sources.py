"""Kernels over columns, texts, ranges and views of them: CPython's elements, and never one past an end."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

import numpy as np
import pytest

from pyfora.compile import GaveUp, KernelCache, NotCompiled, Output, analyse, compile_loop
from pyfora.fold.columns import Untyped, typed
from pyfora.fold.sources import as_source, make_source
from tests.compile.loops import loop, same

FLOATS = [0.5 * i - 7 for i in range(50)]
INTS = [i * i - 20 for i in range(50)]
ROWS = [(i * 0.5, i, i % 2 == 1) for i in range(50)]
WORD = "hello wörld " * 5
TABLE = {i: i * 0.5 for i in range(50)}
NAMES: dict[str, Any] = {
    "math": math,
    "n": 7,
    "weights": [1.0, 2.0, 3.5],
    "signs": [3, -1, 2],
    "word": "abç",
}

CASES: list[tuple[Any, str]] = [
    (FLOATS, "(math.sin(x) * 2 for x in source if x > 0)"),
    (INTS, "(k * k for k in source)"),
    ([k % 3 == 0 for k in INTS], "(b for b in source)"),
    (tuple(FLOATS), "(x for x in source)"),
    (ROWS, "(a * b + c for a, b, c in source)"),
    (ROWS, "(p[0] * p[1] for p in source)"),
    (WORD, "(ord(c) for c in source if c != 'l')"),
    (WORD, "(c == 'ö' for c in source)"),
    (bytes(range(50)), "(b * 2 for b in source)"),
    (make_source(enumerate, FLOATS), "(i * x for i, x in source)"),
    (make_source(enumerate, range(5, 50, 3), 10), "(i * x for i, x in source)"),
    (make_source(enumerate, range(50, 5, -3), -10), "(i - x for i, x in source)"),
    (make_source(zip, FLOATS, INTS, range(100)), "(a * b - c for a, b, c in source)"),
    (make_source(reversed, INTS), "(k for k in source)"),
    (make_source(reversed, ROWS), "(a * b for a, b, c in source)"),
    (make_source(reversed, WORD), "(ord(c) for c in source)"),
    (make_source(enumerate, make_source(zip, FLOATS, INTS)), "(i * a * b for i, (a, b) in source)"),
    (make_source(enumerate, make_source(reversed, FLOATS)), "(i * a for i, a in source)"),
    (as_source(TABLE.items()), "(k * v for k, v in source)"),
    (as_source(TABLE), "(k for k in source)"),
    (as_source({3.5, 2.5}), "(k for k in source)"),
    (make_source(itertools.pairwise, FLOATS), "(b - a for a, b in source)"),
    (make_source(itertools.pairwise, range(9)), "(b * a for a, b in source)"),
    (make_source(itertools.product, range(7), FLOATS, (True, False)), "(a * b + c for a, b, c in source)"),
    (FLOATS, "(x * y for x in source for y in weights)"),
    (INTS, "(i * y for x in source for i, y in enumerate(weights) if i)"),
    (INTS, "(i * y + x for x in source for i, y in zip(signs, reversed(weights)))"),
    (INTS, "(x * y * z for x in source for y in range(n) for z in range(y) if z % 2)"),
    (INTS, "(sum(a * b for a, b in zip(signs, signs)) + x for x in source)"),
    (INTS, "(ord(c) * i for x in source for i, c in enumerate(word, 5))"),
    (INTS, "(i + j for x in source for i, j in zip(range(x % 5), reversed(range(2, 9, 3))))"),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{type(source).__name__} {text}" for source, text in CASES])
def test_the_elements_are_those_of_cpython(cache: KernelCache, case: tuple[Any, str]) -> None:
    source, text = case
    kernel = compile_loop(dataclasses.replace(loop(text, NAMES), source=typed(source)), Output.TERMS, cache)
    buffer, found, size = np.empty(2000, kernel.dtype), list[Any](), len(source)
    assert kernel.by_position
    for first, stop in itertools.pairwise([0, 0, 1, size - 1, size]):
        count = kernel.run(kernel.captured, first, 1, stop - first, buffer)
        assert type(count) is int
        found += buffer[:count].tolist()
    assert same(found, list(eval(text, dict(NAMES), {"source": source})))


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (FLOATS, "(x for x in source)"),
        (tuple(INTS), "(x for x in source)"),
        (WORD, "(ord(c) for c in source)"),
        (b"abc", "(x for x in source)"),
        (ROWS, "(row[1] for row in source)"),
        (make_source(zip, FLOATS, range(99)), "(x for x, i in source)"),
        (make_source(reversed, INTS), "(x for x in source)"),
    ],
)
@pytest.mark.parametrize("where", [(-1, 1), (0, 10**6), (49, 1000), (10**6, 1), (-(2**62), 1), (2**62, 1)])
def test_nothing_is_read_past_an_end(cache: KernelCache, source: Any, text: str, where: tuple[int, int]) -> None:
    kernel = compile_loop(dataclasses.replace(loop(text, {}), source=typed(source)), Output.FIRST, cache)
    with pytest.raises(GaveUp):
        kernel.run(kernel.captured, where[0], 1, where[1])


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ([1, 0.5], "several types: float and int"),
        ([1, True], "several types: bool and int"),
        ([2**63], "ints beyond 64 bits"),
        ([0.5, math.nan], "NaNs"),
        (["ab"], "of type str"),
        ([(1, 2), (1,)], "tuples of 1 and 2 elements"),
        ([()], "tuples of 0 elements"),
        ([(1, "a")], "of type str"),
        ([], "no elements"),
        (make_source(itertools.combinations, range(9), 2), "of type Chosen"),
        (make_source(map, str, INTS), "of type Called"),
        (make_source(enumerate, make_source(map, abs, INTS)), "of type Called"),
        (make_source(zip, INTS, make_source(map, abs, INTS)), "of type Called"),
    ],
)
def test_what_has_no_columns(source: Any, reason: str) -> None:
    with pytest.raises(Untyped, match=reason):
        typed(source)


def test_ints_of_a_view_beyond_64_bits() -> None:
    for source in (make_source(enumerate, [1, 2], 2**63 - 1), make_source(zip, [1, 2], range(2**63 - 1, 2**63 + 1))):
        with pytest.raises(NotCompiled, match="beyond 64 bits"):
            analyse(dataclasses.replace(loop("(a + b for a, b in source)", {}), source=typed(source)))
