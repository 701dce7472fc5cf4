"""`+=` in pieces: the same bits and types as `+=`, or MustRunInOrder."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyfora.compile import fold_float_terms
from pyfora.fold.folders import MustRunInOrder, NeedsElements
from pyfora.fold.left_to_right import LeftToRightFolder
from pyfora.fold.partials import Form, Partial, Total, partial_of
from pyfora.fold.sums import add_floats

FLOATS = st.floats(allow_nan=False) | st.sampled_from([-0.0, 1e308, -1e308, 5e-324, 0.1])
INTS = st.integers() | st.booleans() | st.integers(2**62, 2**70)
TERMS = st.lists(FLOATS) | st.lists(INTS) | st.lists(FLOATS | INTS)


def plus(start: Any, terms: list[Any]) -> Any:
    for term in terms:
        start += term
    return start


def exactly(value: Any) -> Any:
    return type(value), repr(value)


@settings(deadline=None)
@given(st.integers() | FLOATS, st.lists(TERMS), st.booleans(), st.booleans())
def test_any_cut_gives_what_adding_gives(start: Any, leaves: list[list[Any]], expects: bool, compiled: bool) -> None:
    folder = LeftToRightFolder(start, fold_float_terms if compiled else lambda t, _, s: add_floats(t.tolist(), s))
    if expects:
        folder.expect_floats()
    terms = [term for leaf in leaves for term in leaf]
    try:
        for leaf in leaves:
            try:
                folder.absorb(partial_of(folder.form, list, leaf))
            except NeedsElements:
                folder.absorb(Partial(Form.ELEMENTS, leaf))
        (found,) = folder.finish()
    except MustRunInOrder:
        try:
            added = plus(start, terms)
        except OverflowError:
            return
        assert added != added
        return
    assert exactly(found) == exactly(plus(start, terms))


def test_what_rounding_loses_is_lost() -> None:
    terms = [0.1] * 10 + [1e16, 1.0, -1e16]
    folder = LeftToRightFolder(0.0, fold_float_terms)
    folder.absorb(Partial(Form.FLOATS, np.array(terms)))
    assert folder.finish() == (plus(0.0, terms),)
    assert folder.floats is not None
    assert fold_float_terms(np.array(terms), len(terms), (0.0,)) == add_floats(terms, (0.0,)) == (plus(0.0, terms),)


def test_floats_that_are_expected_and_never_come() -> None:
    folder = LeftToRightFolder(3, fold_float_terms)
    folder.expect_floats()
    folder.resume(folder.floats or (), 0)
    folder.absorb(Partial(Form.TOTAL, Total(0, 0, empty=True)))
    assert exactly(folder.finish()) == exactly((3,))
    folder.absorb(Partial(Form.TOTAL, Total(2**70, None)))
    assert exactly(folder.finish()) == exactly((2**70 + 3,))


def test_ints_after_floats_are_asked_for_one_by_one() -> None:
    folder = LeftToRightFolder(0.5, fold_float_terms)
    with pytest.raises(NeedsElements):
        folder.absorb(Partial(Form.TOTAL, Total(3, 3)))
    assert folder.finish() == (0.5,)


@pytest.mark.parametrize("term", [1j, "text", None, 10**400, math.nan])
def test_what_may_raise_or_be_a_nan_is_left_to_python(term: Any) -> None:
    folder = LeftToRightFolder(0.5, fold_float_terms)
    with pytest.raises(MustRunInOrder):
        folder.absorb(Partial(Form.ELEMENTS, [1.0, term]))
