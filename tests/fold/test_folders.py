"""Whatever the cuts, folding gives what the builtin gives for all elements: type, bits and object."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyfora.compile import finish_float_sum, fold_float_terms
from pyfora.fold.folders import (
    ElementsFolder,
    FloatsFolder,
    Folder,
    MergedFolder,
    MustRunInOrder,
    TotalFolder,
    TruthFolder,
    WinnerFolder,
    start_of_floats,
)
from pyfora.fold.partials import Form, Partial, partial_of

seeded = settings(derandomize=True, deadline=None, max_examples=300)

nasty_floats = st.one_of(
    st.floats(),
    st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan, 1e308, -1e308, 5e-324, 1e16, -1e16, 1.0, 1e-16, 0.1]),
)
wide_ints = st.one_of(st.integers(-5, 5), st.sampled_from([2**53, 2**53 + 1, 2**63 - 1, -(2**63), 10**30]))
cuts = st.lists(st.integers(0, 40), max_size=6)


def cut(elements: list[Any], at: list[int]) -> list[list[Any]]:
    places = sorted({min(place, len(elements)) for place in at})
    return [elements[lo:hi] for lo, hi in zip([0, *places], [*places, len(elements)], strict=True)]


def folded(folder: Folder, callee: Callable[..., Any], leaves: list[list[Any]]) -> Any:
    for leaf in leaves:
        if folder.decided:
            break
        folder.absorb(partial_of(folder.form, callee, iter(leaf)))
    return folder.finish()


def same(one: Any, other: Any) -> bool:
    """Equal in type and bits; NaN equals NaN."""
    if type(one) is not type(other):
        return False
    if type(one) is float:
        return one.hex() == other.hex() and math.copysign(1, one) == math.copysign(1, other)
    return bool(one == other)


@seeded
@given(st.lists(nasty_floats, min_size=1, max_size=40), cuts, st.sampled_from([0, 1, -3, 0.5, -0.0]))
def test_float_sums(terms: list[float], at: list[int], start: float) -> None:
    first, *leaves = cut(terms, [1, *(max(1, place) for place in at)])
    folder = FloatsFolder(start_of_floats(start, first, fold_float_terms), fold_float_terms, finish_float_sum)
    assert same(folded(folder, sum, leaves), sum(terms, start))


@seeded
@given(st.lists(st.one_of(wide_ints, st.booleans()), max_size=40), cuts, wide_ints)
def test_int_sums(terms: list[int], at: list[int], start: int) -> None:
    first, *leaves = cut(terms, at)
    assert same(folded(TotalFolder(sum(first, start)), sum, leaves), sum(terms, start))


def test_a_sum_that_changes_its_kind_is_run_in_order() -> None:
    with pytest.raises(MustRunInOrder):
        folded(TotalFolder(0), sum, [[1, 2], [0.5]])
    with pytest.raises(MustRunInOrder):
        folded(FloatsFolder((0.5, 0.0), fold_float_terms, finish_float_sum), sum, [[1]])


@seeded
@given(
    st.lists(st.one_of(nasty_floats, wide_ints, st.booleans()), min_size=1, max_size=40),
    cuts,
    st.sampled_from([min, max]),
)
def test_winners(elements: list[Any], at: list[int], callee: Callable[..., Any]) -> None:
    first, *leaves = cut(elements, at)
    found = folded(WinnerFolder(callee, first), callee, leaves)
    assert found is callee(elements)


def test_winners_of_nothing() -> None:
    with pytest.raises(ValueError, match="empty"):
        folded(WinnerFolder(min, []), min, [[], []])
    assert folded(WinnerFolder(lambda items: max(items, default=7), []), max, [[], []]) == 7


@seeded
@given(st.lists(st.sampled_from([0, 1, "", "a", None]), max_size=40), cuts, st.sampled_from([any, all]))
def test_truth(elements: list[Any], at: list[int], callee: Callable[..., bool]) -> None:
    assert folded(TruthFolder(callee is any), callee, cut(elements, at)) is callee(elements)


def test_truth_stops_at_the_leaf_that_decides() -> None:
    folder = TruthFolder(True)
    folder.absorb(Partial(Form.TRUTH, True))
    assert folder.decided


@seeded
@given(st.lists(st.one_of(wide_ints, st.text(max_size=2)), max_size=40), cuts)
def test_collections(elements: list[Any], at: list[int]) -> None:
    for callee in (list, tuple, set, frozenset):
        first, *leaves = cut(elements, at)
        found = folded(ElementsFolder(callee, first), callee, leaves)
        assert type(found) is callee
        assert list(found) == list(callee(elements))


@seeded
@given(st.lists(st.tuples(st.sampled_from([1, True, 1.0, 2, "a"]), st.integers(0, 9)), max_size=30), cuts)
def test_dicts_keep_the_first_key_and_the_last_value(pairs: list[tuple[Any, int]], at: list[int]) -> None:
    merged = MergedFolder({})
    for leaf in cut(pairs, at):
        merged.absorb(Partial(Form.MERGED, dict(leaf)))
    expected = dict(pairs)
    assert [(type(k), k, v) for k, v in merged.finish().items()] == [(type(k), k, v) for k, v in expected.items()]
