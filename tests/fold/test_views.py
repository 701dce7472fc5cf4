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
    (itertools.chain, (TEN, "", "abc", range(3))),
    (itertools.islice, (range(20), 2, 17, 3)),
    (itertools.pairwise, (TEN,)),
    (itertools.pairwise, ([],)),
    (itertools.pairwise, ([1],)),
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


def test_a_function_that_may_end_the_loop() -> None:
    for maker in (map, filter, itertools.starmap):
        assert type(make_source(maker, abs, TEN)) is maker


@pytest.mark.parametrize(
    "live", [{1: "a", 2: "b"}, {3, 1, 2}, frozenset("abc"), {5: 6}.values(), {5: 6}.keys()], ids=str
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
