"""The sum of float terms in pieces against the builtin `sum` of the running CPython."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from pyfora.compile import finish_float_sum, fold_float_terms
from pyfora.compile.ordered_sum import START
from tests.compile.loops import bits

generator = random.Random(1)
VECTORS = [
    [],
    [-0.0],
    [-0.0, -0.0],
    [0.1] * 10,
    [1e100, 1.0, -1e100],
    [1.0, 1e100, 1.0, -1e100] * 50,
    [1e308, 1e308, -1e308],
    [-1e308, 1e308, 1e308, 1e308, -1e308],
    [math.inf, 1.0, 2.0],
    [1.0, 0.1, math.inf, 3.0],
    [math.inf, -math.inf, 1.0],
    [5e-324, -5e-324, 5e-324],
    [2.0**53, 1.0, 1.0, -(2.0**53)],
    [generator.gauss(0, 1) for _ in range(1000)],
    [generator.gauss(0, 1) * 10.0 ** generator.randrange(-200, 200) for _ in range(1000)],
    [math.sin(i) for i in range(1000)],
    [(-1) ** i / (i + 1) for i in range(1000)],
    [1.7976931348623157e308, 1e292, 1e292, -1.7976931348623157e308],
]


def pieces(terms: list[float], cuts: list[int]) -> float:
    state = START
    for low, high in zip([0, *cuts], [*cuts, len(terms)], strict=True):
        buffer = np.array([*terms[low:high], math.nan, 7.0])
        state = fold_float_terms(buffer, high - low, state)
    return finish_float_sum(state)


@pytest.mark.parametrize("terms", VECTORS, ids=lambda terms: f"{len(terms)} from {terms[:2]}")
def test_any_cut_gives_the_bits_of_sum(terms: list[float]) -> None:
    expected = sum(terms) if terms else 0.0
    draw = random.Random(len(terms))
    cuts_tried = [[], [0], [len(terms)], list(range(len(terms) + 1))]
    cuts_tried += [sorted(draw.randrange(len(terms) + 1) for _ in range(draw.randrange(9))) for _ in range(50)]
    for cuts in cuts_tried:
        got = pieces(terms, cuts)
        if math.isnan(expected):
            assert math.isnan(got)
        else:
            assert bits(got) == bits(float(expected)), cuts


def test_nan_terms_stay_nan() -> None:
    assert math.isnan(pieces([1.0, math.nan, 2.0], [1, 2]))


def test_what_is_no_array_of_terms_is_refused() -> None:
    for terms, count in [
        (np.zeros(3, "int64"), 3),
        (np.zeros(3), 4),
        (np.zeros(3), -1),
        (np.zeros(6)[::2], 3),
    ]:
        with pytest.raises(TypeError):
            fold_float_terms(terms, count, START)
