"""Whatever the terms, their kinds and the cuts: a sum is what the builtin of the running CPython says, to the bit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyfora.compile import finish_float_sum, fold_float_terms
from pyfora.fold.folders import MustRunInOrder, NeedsElements
from pyfora.fold.partials import Form, Partial, Total, partial_of
from pyfora.fold.sums import COMPENSATED, State, SumFolder, add_floats
from tests.fold.cuts import cut, nasty_floats, places, same, seeded, wide_ints


class OwnInt(int):
    """An int with its own idea of what it is as a float: CPython's `sum` does not ask it."""

    def __float__(self) -> float:
        return -1.0

    def __le__(self, other: Any) -> bool:
        raise AssertionError("the sum compared its terms")


class OwnFloat(float):
    """No exact float."""


others = st.sampled_from([Fraction(1, 3), OwnInt(3), OwnFloat(0.1), 1 + 2j, OwnInt(2**70)])
terms_of_any_kind = st.lists(st.one_of(nasty_floats, wide_ints, st.booleans(), others), max_size=40)
starts = st.sampled_from([0, 1, -3, 2**53 + 1, 2**63 - 1, 10**30, 0.5, -0.0, math.inf])


def folder(start: int | float) -> SumFolder:
    return SumFolder(start, fold_float_terms, finish_float_sum)


def may_be_left(terms: list[Any], start: int | float) -> bool:
    """Whether a sum may be left to the builtin: it becomes a NaN, or its ints may have left a C long on the way."""
    total: Any = start
    for term in terms:
        total = total + term
        if isinstance(total, float) and math.isnan(total):
            return True
    reach = sum(abs(int(term)) for term in [start, *terms] if type(term) in (int, bool))
    return COMPENSATED and reach >= 2**63


def check(terms: list[Any], start: int | float, attempt: Callable[[], Any]) -> None:
    """What `attempt` gives must be what the builtin gives, or it says that it must be left to the builtin."""
    try:
        found = attempt()
    except MustRunInOrder:
        assert may_be_left(terms, start)
    else:
        assert same(found, sum(terms, start))


def fold(summing: SumFolder, form: Form, leaves: list[list[Any]]) -> Any:
    """As a driver does it: leaves are asked for one form; what says too little is asked for its elements."""
    for leaf in leaves:
        try:
            summing.absorb(partial_of(form, sum, iter(leaf)))
        except NeedsElements:
            summing.absorb(Partial(Form.ELEMENTS, leaf))
    return summing.finish()


def held(summing: SumFolder, leaves: list[list[float]]) -> Any:
    """Terms folded elsewhere, onto the state that is taken out and put back."""
    for leaf in leaves:
        state = summing.floats
        assert state is not None
        summing.resume(fold_float_terms(np.array(leaf, np.float64), len(leaf), state), len(leaf))
    return summing.finish()


@seeded
@given(terms_of_any_kind, places, starts)
@example([2**63 - 1, 1, 0.1, 0.2, 0.3], [2], 0)
@example([0.1, 0.2, 0.3, 2**70, 0.4], [2, 4], 0)
def test_terms_of_any_kind(terms: list[Any], at: list[int], start: int | float) -> None:
    def attempt() -> Any:
        first, *leaves = cut(terms, at)
        summing = folder(start)
        summing.absorb(Partial(Form.ELEMENTS, first))
        return fold(summing, summing.form, leaves)

    check(terms, start, attempt)


@seeded
@given(st.lists(nasty_floats, min_size=1, max_size=40), places, starts, st.booleans())
def test_floats(terms: list[float], at: list[int], start: int | float, travels: bool) -> None:
    def attempt() -> Any:
        first, *leaves = cut(terms, [1, *(max(1, place) for place in at)])
        summing = folder(start)
        summing.absorb(Partial(Form.ELEMENTS, first))
        return held(summing, leaves) if travels and summing.floats else fold(summing, summing.form, leaves)

    check(terms, start, attempt)


@seeded
@given(st.lists(nasty_floats, max_size=40), places)
def test_floats_expected_before_the_first(terms: list[float], at: list[int]) -> None:
    summing = folder(0)
    assert summing.expect_floats()
    check(terms, 0, lambda: held(summing, cut(terms, at)))


@seeded
@given(terms_of_any_kind, places)
def test_floats_expected_and_anything_else_comes(terms: list[Any], at: list[int]) -> None:
    summing = folder(0)
    summing.expect_floats()
    check(terms, 0, lambda: fold(summing, Form.FLOATS, cut(terms, at)))


@pytest.mark.parametrize("start", [1, 0.5, 10**30])
def test_floats_are_not_expected_from_another_start(start: int | float) -> None:
    assert folder(start).expect_floats() is (type(start) is float)


@seeded
@given(st.lists(st.one_of(wide_ints, st.booleans()), max_size=40), places, wide_ints)
def test_ints_as_kernels_give_them(terms: list[int], at: list[int], start: int) -> None:
    """Totals that do not say how far from zero they went."""
    summing = folder(start)
    assert summing.form is Form.TOTAL
    for leaf in cut(terms, at):
        summing.absorb(Partial(Form.TOTAL, Total(sum(leaf), None)))
    assert same(summing.finish(), sum(terms, start))


def test_a_total_that_may_have_overflowed_and_a_float() -> None:
    """Since 3.12 it matters which of its loops CPython is in by then."""
    summing = folder(0)
    summing.absorb(Partial(Form.TOTAL, Total(1, None)))
    summing.absorb(Partial(Form.ELEMENTS, [2, 3]))
    if COMPENSATED:
        with pytest.raises(MustRunInOrder):
            summing.absorb(Partial(Form.ELEMENTS, [4, 0.5]))
    else:
        summing.absorb(Partial(Form.ELEMENTS, [4, 0.5]))
        assert same(summing.finish(), 10.5)


def test_a_total_among_floats_needs_its_terms() -> None:
    summing = folder(0.5)
    with pytest.raises(NeedsElements):
        summing.absorb(Partial(Form.TOTAL, Total(3, 3)))
    assert summing.floats == (0.5, 0.0)


def test_an_empty_total_is_no_zero() -> None:
    summing = folder(-0.0)
    summing.absorb(partial_of(Form.TOTAL, sum, []))
    assert same(summing.finish(), sum([], -0.0))


@seeded
@given(st.lists(st.one_of(nasty_floats, st.booleans()), min_size=1, max_size=20), places, starts)
def test_arrays(terms: list[Any], at: list[int], start: int | float) -> None:
    """Typed leaves, as kernels make them for a sum that is past its float loop."""

    def attempt() -> Any:
        summing = folder(start)
        for leaf in cut(terms, at):
            whole = len({type(term) for term in leaf}) == 1
            summing.absorb(Partial(Form.ARRAY, np.array(leaf)) if whole else Partial(Form.ELEMENTS, leaf))
        return summing.finish()

    check(terms, start, attempt)


def test_the_rest_is_taken_one_by_one() -> None:
    """Adding is done before the next term is made, as `sum` does it."""
    seen: list[str] = []

    class Noisy:
        def __init__(self, number: int) -> None:
            self.number = number

        def __radd__(self, other: Any) -> int:
            seen.append(f"add {self.number}")
            return int(other) + self.number

    def terms() -> Iterator[Any]:
        for number in range(3):
            seen.append(f"make {number}")
            yield Noisy(number)

    summing = folder(0)
    summing.absorb_rest(terms())
    assert summing.finish() == 3
    assert seen == ["make 0", "add 0", "make 1", "add 1", "make 2", "add 2"]


@pytest.mark.parametrize("wrong", ["text", None, [1]])
def test_what_cannot_be_added(wrong: Any) -> None:
    def refusal(summing: Callable[[], Any]) -> str:
        with pytest.raises(TypeError) as raised:
            summing()
        return str(raised.value)

    for terms in ([1, wrong], [0.5, wrong], [2**70, wrong]):
        assert refusal(lambda terms=terms: fold(folder(0), Form.TOTAL, [[t] for t in terms])) == refusal(
            lambda terms=terms: sum(terms)
        )


@seeded
@given(st.lists(nasty_floats, max_size=40))
def test_floats_without_the_compiler(terms: list[float]) -> None:
    compiled = fold_float_terms(np.array(terms, np.float64), len(terms), (0.5, 0.0))
    plain = add_floats(terms, (0.5, 0.0))
    assert [x.hex() for x in plain] == [x.hex() for x in compiled]


def test_states() -> None:
    summing = folder(0)
    assert summing.state is State.INT
    summing.absorb_elements([1, True])
    assert (summing.state, summing.form) == (State.INT, Form.TOTAL)
    summing.absorb_elements([0.5])
    assert (summing.state, summing.form) == (State.FLOAT, Form.FLOATS)
    summing.absorb_elements([Fraction(1, 2)])
    assert (summing.state, summing.form) == (State.OBJECT, Form.ELEMENTS)
