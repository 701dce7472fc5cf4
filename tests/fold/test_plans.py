"""Sources, grids, plans: pure decisions."""

from __future__ import annotations

import sys
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyfora.fold.grid import grid_for
from pyfora.fold.libm import libm_fingerprint
from pyfora.fold.plan import Plan, plan_rest
from pyfora.fold.sources import as_source
from pyfora.fold.views import cursor_at, holds_state
from pyfora.limits import LEAF_ELEMENTS_LIMIT


class OwnList(list[int]):
    """May iterate otherwise than it is sliced."""


@pytest.mark.parametrize(
    "source", [range(3), range(9, -9, -2), range(0), range(2**62), [1, 2], (1, 2), [], "text", b""]
)
def test_exact_sequences_can_be_cut(source: object) -> None:
    assert as_source(source) is source


@pytest.mark.parametrize(
    "source", [OwnList([1]), deque([1]), iter([1]), 7, None, range(10**30), range(sys.maxsize + 1)]
)
def test_nothing_else_can(source: object) -> None:
    assert as_source(source) is None


def test_which_sources_hold_state() -> None:
    assert not holds_state(range(5))
    assert not holds_state([1, 2.0, "three", None, b"4", True])
    assert holds_state([1, [2]])


def test_iterating_from_the_middle() -> None:
    assert list(cursor_at(range(0, 20, 3), 2).take(None)) == [6, 9, 12, 15, 18]
    assert list(cursor_at((1, 2, 3), 1).take(None)) == [2, 3]
    numbers = [0, 1, 2]
    met = []
    for number in cursor_at(numbers, 1).take(None):
        met.append(number)
        if len(numbers) < 6:
            numbers.append(number * 10)
    assert met == [1, 2, 10, 20, 100]


def test_leaves_of_nested_loops_have_fewer_elements() -> None:
    assert grid_for(0, 10**9, 1e-9).leaf_elements == LEAF_ELEMENTS_LIMIT
    assert grid_for(0, 10**9, 1e-9, 100.0).leaf_elements * 100 <= LEAF_ELEMENTS_LIMIT
    assert grid_for(0, 10**9, 1e-9, 1e9).leaf_elements == 1
    assert grid_for(0, 10**9, 1e-9, 0.01).leaf_elements == LEAF_ELEMENTS_LIMIT


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 10**9), st.floats(1e-9, 100.0))
def test_leaves_cover_the_rest_without_gaps(first: int, rest: int, element_s: float) -> None:
    grid = grid_for(first, first + rest, element_s)
    assert grid.leaf_elements <= LEAF_ELEMENTS_LIMIT
    assert grid.leaf_elements & (grid.leaf_elements - 1) == 0
    assert grid.elements(0, 1)[0] == first
    assert grid.elements(0, grid.leaves) == (first, first + rest)
    start, stop = grid.elements(grid.leaves - 1, grid.leaves)
    assert first <= start < stop == first + rest


@pytest.mark.parametrize(
    ("elapsed_s", "done", "total", "from_range", "expected"),
    [
        (0.002, 1000, 2000, True, Plan.HERE),
        (0.002, 20_000, 500_000, True, Plan.INTERPRETED),
        (0.002, 20_000, 10**9, True, Plan.COMPILED),
        (0.002, 20_000, 10**6, False, Plan.HERE),
        (0.002, 10, 10**4, False, Plan.INTERPRETED),
    ],
)
def test_plans(elapsed_s: float, done: int, total: int, from_range: bool, expected: Plan) -> None:
    assert plan_rest(elapsed_s, done, total, from_range=from_range) is expected


def test_objects_are_not_brought_back_for_little() -> None:
    assert plan_rest(0.002, 1000, 10**6, from_range=True, makes_objects=True) is Plan.HERE
    assert plan_rest(0.002, 10, 10**6, from_range=True, makes_objects=True) is Plan.COMPILED


@pytest.mark.parametrize(
    ("element_s", "left", "inner_share", "expected"),
    [
        (1.0, 2, 0.9, Plan.HERE),
        (1.0, 2, 0.0, Plan.INTERPRETED),  # nothing within is shared out
        (1.0, 2, 0.4, Plan.INTERPRETED),  # only a little is
        (1.0, 100, 0.9, Plan.INTERPRETED),  # there are enough for all cores
        (0.05, 2, 0.9, Plan.INTERPRETED),  # each would wait for its end too often
    ],
)
def test_few_elements_that_are_shared_out_themselves_stay(
    element_s: float, left: int, inner_share: float, expected: Plan
) -> None:
    assert plan_rest(element_s, 1, 1 + left, from_range=False, inner_share=inner_share) is expected


def test_the_fingerprint_of_libm_is_stable() -> None:
    assert libm_fingerprint() == libm_fingerprint()
    assert len(libm_fingerprint()) == 64
