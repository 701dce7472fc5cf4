"""A view is what the program's own call gives, however it is cut."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pyfora.fold.sources import as_source, make_source
from pyfora.fold.views import View, cursor_at, holds_state

TEN = list(range(10))
CALLS: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (zip, (TEN, "abcdefgh")),
    (zip, (range(3), TEN, (1, 2, 3, 4))),
    (zip, (np.arange(4.0), TEN)),
    (enumerate, (TEN, 5)),
    (enumerate, ({1: 2, 3: 4}.items(),)),
    (reversed, (TEN,)),
    (reversed, (range(7),)),
    (map, (abs, TEN)),
    (map, (pow, TEN, range(4))),
    (itertools.starmap, (pow, [(1, 2), (2, 3), (3, 4)])),
    (itertools.chain, (TEN, "", "abc", range(3))),
    (itertools.islice, (range(20), 2, 17, 3)),
    (itertools.pairwise, (TEN,)),
    (itertools.pairwise, ([],)),
    (itertools.pairwise, ([1],)),
    (itertools.accumulate, (TEN,)),
    (itertools.accumulate, (TEN, max)),
    (itertools.accumulate, ([0.1] * 7, None)),
    (itertools.accumulate, (range(3, 9),)),
    (itertools.product, (TEN, "ab", (1, 2))),
    (itertools.product, ()),
    (itertools.product, (TEN, [])),
    (itertools.combinations, (TEN, 4)),
    (itertools.combinations, (TEN, 0)),
    (itertools.combinations, (TEN, 11)),
]


@pytest.mark.parametrize("maker, arguments", CALLS, ids=str)
def test_every_cut_of_a_view(maker: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    wanted = list(maker(*arguments))
    view = make_source(maker, *arguments)
    assert isinstance(view, (View, range)) or (maker is itertools.product and not arguments)
    if not isinstance(view, (View, range)):
        return
    assert list(view) == wanted and len(view) == len(wanted)
    for lo in range(len(wanted) + 1):
        for hi in {lo, min(len(wanted), lo + 1), min(len(wanted), lo + 3), len(wanted)} - set(range(lo)):
            assert list(view[lo:hi]) == wanted[lo:hi]
        cursor = cursor_at(view, lo)
        assert cursor.left() == len(wanted) - lo
        assert list(cursor.take(2)) == wanted[lo : lo + 2]
        assert cursor.left() == max(0, len(wanted) - lo - 2)
        assert list(cursor.take(None)) == wanted[lo + 2 :]


CALLING: list[Any] = [
    lambda f: make_source(map, f, TEN),
    lambda f: make_source(map, f, make_source(map, abs, range(10))),
    lambda f: make_source(filter, f, TEN),
    lambda f: make_source(map, f, TEN, range(100, 112)),
    lambda f: make_source(itertools.starmap, f, [(i,) for i in TEN]),
    lambda f: make_source(zip, TEN, make_source(map, f, TEN)),
    lambda f: make_source(zip, make_source(map, f, TEN), range(12)),
    lambda f: make_source(enumerate, make_source(map, f, TEN), 7),
    lambda f: make_source(enumerate, make_source(zip, "abcdefghij", make_source(map, f, TEN)), 7),
    lambda f: make_source(map, lambda made: made, make_source(filter, f, TEN)),
]


@pytest.mark.parametrize("make", CALLING)
@pytest.mark.parametrize("stopping", range(11))
def test_a_function_that_ends_the_loop_where_it_raises_stop_iteration(make: Any, stopping: int) -> None:
    """A cursor tells whether a piece came to its own end, wherever the pieces are cut."""
    calls: list[Any] = []

    def function(first: int, *others: int) -> int:
        calls.append(first)
        if first == stopping:
            raise StopIteration
        return first * 2 + sum(others)

    view = make(function)
    assert isinstance(view, View)
    wanted, wanted_calls = list(view), calls[:]
    assert len(view) == 10 and wanted_calls == TEN[: stopping + 1]
    for size in (1, 2, 3, 7, 10, 20):
        calls.clear()
        chunked, cursor = [], cursor_at(view, 0)
        while True:
            chunked += cursor.take(size)
            if cursor.left() == 0 or not cursor.ended:
                break
        assert (chunked, calls) == (wanted, wanted_calls)
        assert cursor.ended is (stopping == 10)
        cut: list[Any] = []
        for lo in range(0, 10, size):
            cursor = cursor_at(view[lo : lo + size], 0)
            cut += cursor.take(None)
            assert cursor.ended is not (lo <= stopping < min(lo + size, 10))
            if not cursor.ended:
                break
        assert cut == wanted
        cursor = cursor_at(view, 3)
        rest = list(cursor.take(None))
        assert rest == wanted[len(wanted) - len(rest) :] if stopping > 3 else True


def test_what_was_not_gone_through_has_not_ended() -> None:
    cursor = cursor_at(make_source(map, abs, TEN), 0)
    assert next(cursor.take(None)) == 0
    assert not cursor.ended


@pytest.mark.parametrize(
    "maker, arguments",
    [
        # A function is called once more than there are elements.
        (zip, (make_source(map, abs, TEN), "abc")),
        (map, (abs, make_source(map, abs, TEN), "abc")),
        # The elements that belong together are not those of an index.
        (zip, (TEN, make_source(filter, abs, TEN))),
        (enumerate, (make_source(filter, abs, TEN),)),
        # It does not end where its base ends.
        (itertools.chain, (make_source(map, abs, TEN), TEN)),
        (itertools.pairwise, (make_source(map, abs, TEN),)),
        (itertools.product, (make_source(map, abs, TEN),)),
        (itertools.combinations, (make_source(map, abs, TEN), 2)),
        # Already begun, or without an end.
        (map, (abs, iter(TEN))),
        (map, (abs, itertools.count())),
    ],
)
def test_calls_that_are_not_cut(maker: Any, arguments: tuple[Any, ...]) -> None:
    assert type(make_source(maker, *arguments)) is maker


def test_views_that_call_functions_are_what_was_written_where_they_are_gone_through_at_once() -> None:
    for view, kind in (
        (make_source(map, abs, TEN), map),
        (make_source(map, pow, TEN, TEN), map),
        (make_source(filter, None, TEN), filter),
        (make_source(zip, TEN, make_source(map, abs, TEN)), zip),
        (make_source(enumerate, make_source(map, abs, TEN)), enumerate),
    ):
        assert type(iter(view)) is kind


def test_functions_of_views() -> None:
    view = make_source(zip, range(3), make_source(map, abs, make_source(filter, None, TEN)))
    assert type(view) is zip
    view = make_source(enumerate, make_source(zip, range(3), make_source(map, abs, range(3))))
    assert view.functions == (abs,) and view.is_of_ranges and view.is_even
    assert not make_source(map, abs, TEN).is_of_ranges
    assert make_source(map, abs, make_source(filter, None, TEN)).functions == (abs, None)


@pytest.mark.parametrize(
    "live",
    [{1: "a", 2: "b"}, {3, 1, 2}, frozenset("abc"), {5: 6}.values(), {5: 6}.keys()],
    ids=lambda live: type(live).__name__,
)
def test_what_is_cut_as_it_was(live: Any) -> None:
    source = as_source(live)
    assert source is not None
    assert list(source) == list(live)
    assert list(source[1:]) == list(live)[1:]
    assert list(pickle.loads(pickle.dumps(source))) == list(live)


def test_a_dict_that_changes_on_the_way() -> None:
    live = {1: 1, 2: 2}
    elements = cursor_at(as_source(live), 0).take(None)
    next(elements)
    live[3] = 3
    with pytest.raises(RuntimeError, match="changed size"):
        next(elements)


@pytest.mark.parametrize(
    "maker, arguments",
    [(zip, (1,)), (reversed, ({1},)), (itertools.combinations, (TEN, -1)), (enumerate, (TEN, "1")), (map, ())],
    ids=str,
)
def test_a_call_that_is_wrong(maker: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    with pytest.raises((TypeError, ValueError)) as ours:
        make_source(maker, *arguments)
    with pytest.raises((TypeError, ValueError)) as pythons:
        maker(*arguments)
    assert (type(ours.value), str(ours.value)) == (type(pythons.value), str(pythons.value))


def test_a_view_given_to_what_takes_none() -> None:
    with pytest.raises(TypeError, match="'enumerate' object is not reversible"):
        make_source(reversed, make_source(enumerate, TEN))
    assert list(make_source(zip, make_source(enumerate, TEN), "ab", strict=False)) == [((0, 0), "a"), ((1, 1), "b")]
    endless = make_source(zip, itertools.count(), make_source(enumerate, "ab"))
    assert list(endless) == [(0, (0, "a")), (1, (1, "b"))]


def test_which_views_hold_state() -> None:
    assert not holds_state(make_source(zip, TEN, "abc"))
    assert holds_state(make_source(zip, TEN, [[1]]))
    assert not holds_state(np.arange(3))


@pytest.mark.parametrize(
    "arguments",
    [([1, 2.5],), (["a", "b"],), ([True, 1],), (TEN, lambda a, b: a - b), (range(2_000_000),), ({1: 2},), (iter(TEN),)],
    ids=lambda arguments: type(arguments[-1]).__name__,
)
def test_what_is_accumulated_as_it_goes(arguments: tuple[Any, ...]) -> None:
    """What it would take another function of the user's, another kind of number or much memory to make ahead."""
    assert type(make_source(itertools.accumulate, *arguments)) is itertools.accumulate
