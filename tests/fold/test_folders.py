"""Whatever the cuts, folding gives what the builtin gives for all elements: type, bits and object."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfora.fold.folders import ElementsFolder, FirstFolder, Folder, MergedFolder, TruthFolder, WinnerFolder
from pyfora.fold.partials import Form, Partial, are_plain, have_an_order, hold_nan, partial_of
from tests.fold.cuts import cut, nasty_floats, places, seeded, wide_ints


def folded(folder: Folder, callee: Callable[..., Any], leaves: list[list[Any]]) -> Any:
    """All leaves but the last as partials, that one element by element."""
    *leaves, last = leaves or [[]]
    for leaf in leaves:
        if folder.decided:
            break
        folder.absorb(partial_of(folder.form, callee, iter(leaf)))
    if not folder.decided:
        folder.absorb_rest(iter(last))
    return folder.finish()


ordered = st.lists(st.one_of(nasty_floats.filter(lambda x: x == x), wide_ints, st.booleans()), max_size=40)


@seeded
@given(ordered, ordered, places, st.sampled_from([min, max]))
def test_winners(first: list[Any], rest: list[Any], at: list[int], callee: Callable[..., Any]) -> None:
    def bound(items: Any) -> Any:
        return callee(items, default="none")

    assert have_an_order(first)
    assert folded(WinnerFolder(bound, first), callee, cut(rest, at)) is bound([*first, *rest])


@seeded
@given(ordered, st.lists(st.one_of(nasty_floats, wide_ints), max_size=40), places, st.sampled_from([min, max]))
def test_winners_among_nans(first: list[Any], rest: list[Any], at: list[int], callee: Callable[..., Any]) -> None:
    elements = [0, *first, *rest]
    assert folded(WinnerFolder(callee, [0, *first]), callee, cut(rest, at)) is callee(elements)


@seeded
@given(st.lists(st.integers()), places, st.booleans())
def test_the_first(elements: list[int], at: list[int], stop: bool) -> None:
    folder = FirstFolder(lambda items: next(items, "none"))
    for leaf in cut(elements, at):
        # A piece may hold leaves behind the one that decided.
        folder.absorb(partial_of(folder.form, next, iter(leaf)))
        if stop and folder.decided:
            break
    assert folder.finish() == next(iter(elements), "none")


def test_winners_of_nothing() -> None:
    with pytest.raises(ValueError, match="empty"):
        folded(WinnerFolder(min, []), min, [[], []])
    assert folded(WinnerFolder(lambda items: max(items, default=7), []), max, [[], []]) == 7


def test_what_has_an_order() -> None:
    assert have_an_order([1, 2.5, True])
    assert have_an_order(["a", "b"])
    assert not have_an_order([1, math.nan])
    assert not have_an_order([1, "a"])
    assert not have_an_order([(1,), (2,)])


@seeded
@given(st.lists(st.sampled_from([0, 1, "", "a", None]), max_size=40), places, st.sampled_from([any, all]))
def test_truth(elements: list[Any], at: list[int], callee: Callable[..., bool]) -> None:
    assert folded(TruthFolder(callee), callee, cut(elements, at)) is callee(elements)


def test_truth_stops_at_the_leaf_that_decides() -> None:
    folder = TruthFolder(any)
    folder.absorb(Partial(Form.TRUTH, True))
    assert folder.decided
    folder.absorb(Partial(Form.TRUTH, False))
    assert folder.finish() is True


@seeded
@given(st.lists(st.one_of(wide_ints, st.text(max_size=2)), max_size=40), places)
def test_collections(elements: list[Any], at: list[int]) -> None:
    for callee in (list, tuple, set, frozenset):
        found = callee(folded(ElementsFolder(), callee, cut(elements, at)))
        assert list(found) == list(callee(elements))


def test_arrays_are_python_objects_again() -> None:
    folder = ElementsFolder()
    for array in (np.array([1, 2]), np.array([0.5]), np.array([True])):
        folder.absorb(Partial(Form.ARRAY, array))
    assert [type(element) for element in folder.finish()] == [int, int, float, bool]


@seeded
@given(st.lists(st.tuples(st.sampled_from([1, True, 1.0, 2, "a"]), st.integers(0, 9)), max_size=30), places)
def test_dicts_keep_the_first_key_and_the_last_value(pairs: list[tuple[Any, int]], at: list[int]) -> None:
    merged = MergedFolder({})
    *leaves, last = cut(pairs, at)
    for leaf in leaves:
        merged.absorb(Partial(Form.MERGED, dict(leaf)))
    merged.absorb_rest(dict(last))
    expected = dict(pairs)
    assert [(type(k), k, v) for k, v in merged.finish().items()] == [(type(k), k, v) for k, v in expected.items()]


def test_where_a_nan_hides() -> None:
    assert hold_nan(Partial(Form.ELEMENTS, [1, math.nan]))
    assert hold_nan(Partial(Form.ELEMENTS, ["a", (1, (2, math.nan))]))
    assert hold_nan(Partial(Form.ELEMENTS, [complex(0, math.nan)]))
    assert hold_nan(Partial(Form.ELEMENTS, [frozenset([math.nan])]))
    assert hold_nan(Partial(Form.ARRAY, np.array([1.0, math.nan])))
    assert hold_nan(Partial(Form.MERGED, {math.nan: 1}))
    assert not hold_nan(Partial(Form.MERGED, {1: math.nan}))
    assert not hold_nan(Partial(Form.ARRAY, np.array([1, 2])))
    assert not hold_nan(Partial(Form.ELEMENTS, [1, 2.5, "nan", (3,)]))


def test_what_is_plain() -> None:
    assert are_plain([1, 2.5, "a", None, b"b", (1, (2, "c"))])
    assert not are_plain([[1]])
    assert not are_plain([(1, [2])])
    assert not are_plain([(1, (2, [3]))])
    assert not are_plain([(1, (2, (3, (4, object()))))])
    assert not are_plain([object()])
    assert not are_plain([True, type("Own", (int,), {})(1)])
