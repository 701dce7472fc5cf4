"""Sets that are made again: the same objects in the same slots, whatever the first set has been through."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyfora.values import set_order
from pyfora.values.set_order import SetOrderError, recipe_for


@pytest.fixture(autouse=True, scope="module")
def fixed_seed() -> Iterator[None]:
    """Whatever the seed of this process: the sets are made again within it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(set_order, "fixed_hash_seed", lambda: "0")
        yield


NUMBERS = st.one_of(
    st.integers(-40, 40),
    st.integers(0, 60).map(lambda number: number << 20),
    st.integers(-9, 9).map(lambda number: number * 2**61 + 5),
    st.integers(),
    st.integers(0, 200).map(lambda number: number / 8),
    st.floats(allow_nan=False),
)
ELEMENTS = st.one_of(
    NUMBERS,
    st.text(max_size=2),
    st.tuples(st.integers(0, 9), st.integers(-3, 3)),
    st.frozensets(st.integers(0, 9), max_size=3),
)
MANY = st.one_of(
    st.lists(ELEMENTS, max_size=40),
    st.builds(
        lambda start, step, count: list(range(start, start + step * count, step)),
        st.integers(0, 99),
        st.integers(1, 2000),
        st.integers(0, 400),
    ),
    st.builds(
        lambda shift, count: [number << shift for number in range(count)], st.integers(0, 58), st.integers(0, 400)
    ),
)


def _popped(target: set[Any], given: list[Any]) -> set[Any]:
    for _ in range(min(len(given), len(target) - 1)):
        target.pop()
    return target


def _discarded(target: set[Any], given: list[Any]) -> set[Any]:
    for element in given:
        target.discard(element)
    return target


def _turned_over(target: set[Any], given: list[Any]) -> set[Any]:
    """New elements take the slots of those that were removed."""
    for number, element in enumerate(given):
        target.add(element)
        if number % 3 and target:
            target.pop()
    return target


STEPS: list[Callable[[set[Any], list[Any]], set[Any]]] = [
    lambda target, given: target | set(given),
    lambda target, given: target | dict.fromkeys(given).keys(),
    lambda target, given: target.union(given),
    lambda target, given: target - set(given),
    lambda target, given: target.difference(given),
    lambda target, given: target ^ set(given),
    lambda target, given: target & {*given, *list(target)[::2]},
    lambda target, given: set(target),
    lambda target, given: target.copy(),
    lambda target, given: {*target, *given},
    lambda target, given: set(dict.fromkeys(given)) | target,
    _popped,
    _turned_over,
    _turned_over,
    _discarded,
    _discarded,
]
HISTORIES = st.lists(st.tuples(st.sampled_from(STEPS), MANY), min_size=1, max_size=7)
FREEZINGS: list[Callable[[set[Any]], frozenset[Any]]] = [
    frozenset,
    lambda made: frozenset(list(made)),
    lambda made: frozenset(dict.fromkeys(made)),
    lambda made: frozenset(made) - set(list(made)[:3]),
    lambda made: frozenset(made) ^ {1, 2, 8, 1 << 20},
    lambda made: frozenset(list(made)[::-1]) | {5, 37, 69},
]


def again(original: Any) -> Any:
    """As a pickle would make it, or by its recipe."""
    recipe = recipe_for(original)
    if recipe is None:
        return type(original)(list(original))
    if isinstance(original, frozenset):
        return recipe.frozen()
    made: set[Any] = set()
    recipe.fill(made)
    return made


def assert_same(made: Any, original: Any) -> None:
    assert len(made) == len(original)
    assert all(map(operator.is_, made, original))
    assert sys.getsizeof(made) == sys.getsizeof(original)


@settings(max_examples=600, deadline=None)
@given(HISTORIES)
def test_a_set_of_any_history_comes_back_in_its_order(history: list[tuple[Any, list[Any]]]) -> None:
    original: set[Any] = set()
    for step, given_elements in history:
        original = step(original, given_elements)
    assert_same(again(original), original)


@settings(max_examples=400, deadline=None)
@given(HISTORIES, st.sampled_from(FREEZINGS))
def test_a_frozenset_of_any_history_comes_back_in_its_order(
    history: list[tuple[Any, list[Any]]], freeze: Callable[[set[Any]], frozenset[Any]]
) -> None:
    thawed: set[Any] = set()
    for step, given_elements in history:
        thawed = step(thawed, given_elements)
    original = freeze(thawed)
    assert_same(again(original), original)


def test_elements_that_went_past_each_other() -> None:
    worklist = {2, 192, 32}
    worklist.remove(192)
    worklist.add(26)
    assert list(worklist) == [26, 2, 32], "in the slot of the one that is gone, which 32 went past, and it past 32"
    assert_same(again(worklist), worklist)
    assert image(again(worklist)) == image(worklist)
    assert_same(again(frozenset(worklist)), frozenset(worklist))


def image(made: Any) -> bytes:
    return set_order._Table(made).image


def test_of_a_set_that_is_added_to_later_all_slots_are_the_same() -> None:
    worklist = set(range(0, 4000, 8))
    for number in range(0, 2000, 16):
        worklist.discard(number)
        worklist.add(number << 20)
    made = again(worklist)
    assert image(made) == image(worklist)
    for number in map((64).__mul__, range(300)):
        worklist.add(number)
        made.add(number)
    assert_same(made, worklist)


def test_what_is_popped_next_is_the_same() -> None:
    for size in (8, 20, 100, 3000):
        worklist = set(range(0, size * 8, 8))
        for popped in range(size // 2):
            worklist.pop()
            if popped % 3 == 0:
                worklist.add(popped << 20)
        assert worklist
        made = again(worklist)
        assert image(made) == image(worklist)
        while worklist:
            assert made.pop() is worklist.pop()


def test_most_sets_need_no_recipe() -> None:
    for plain in (set(), {1}, set(range(1000)), frozenset(range(0, 300, 3)), {"a"}, {1.5, 2.5}, {(1, 2)}):
        assert recipe_for(plain) is None
    assert recipe_for({7, 31}) is not None


def test_strings_hash_otherwise_where_the_seed_is_not_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {str(number) for number in range(10_000)}
    pairs = {(word, 1) for word in words}
    assert recipe_for(words) is not None and recipe_for(pairs) is not None
    monkeypatch.setattr(set_order, "fixed_hash_seed", lambda: None)
    assert recipe_for(words) is None and recipe_for(pairs) is None


def test_addresses_are_others_elsewhere() -> None:
    assert recipe_for({object() for _ in range(10_000)}) is None


def test_a_set_that_nothing_makes_again_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_order, "_candidates", lambda *_: iter(()))
    with pytest.raises(SetOrderError, match=r"the set \{31, 7\} of 2 elements cannot be made again"):
        recipe_for({7, 31})


class Own:
    """Hashed by what it holds."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own) and self.number == other.number


def test_elements_may_be_of_the_users_classes() -> None:
    original = {Own(7), Own(31), Own(15), Own(23)}
    assert_same(again(original), original)


def test_an_element_that_cannot_be_hashed_any_more_fails_where_it_is_loaded() -> None:
    broken = Own(31)
    original = {Own(7), broken}
    broken.number = "no number"  # type: ignore[assignment]
    assert recipe_for(original) is None
