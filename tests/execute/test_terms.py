"""Terms in a leaf process: each piece finds its own again, and the memory for them is bounded and used again."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pyfora.execute.terms import Terms
from pyfora.limits import RUN_LEAVES_LIMIT

LEAF = 4


def write(terms: Terms, values: list[float]) -> None:
    terms.room()[: len(values)] = values
    terms.take(len(values))


@settings(derandomize=True, deadline=None)
@given(st.lists(st.lists(st.lists(st.floats(0, 1), max_size=LEAF), max_size=4), max_size=8), st.randoms())
def test_pieces_find_their_terms(runs: list[list[list[float]]], chance: object) -> None:
    """At most three runs wait at a time, as with a real worker; each is folded at a moment of its own."""
    terms = Terms()
    waiting: dict[tuple[str, int, int], list[float]] = {}
    for number, pieces in enumerate(runs):
        terms.begin_run(LEAF)
        for at, values in enumerate(pieces):
            write(terms, values)
            key = ("fold", number * 10 + at, number * 10 + at + 1)
            terms.hold(key, len(values))
            waiting[key] = values
        terms.end_run()
        while terms.held_pieces > 6:
            key = chance.choice(sorted(waiting))  # type: ignore[attr-defined]
            assert terms.release(key).tolist() == waiting.pop(key)
        assert terms.arrays_bytes <= 8 * 8 * LEAF * RUN_LEAVES_LIMIT
    for key, values in waiting.items():
        assert terms.release(key).tolist() == values
    assert terms.held_pieces == 0


def test_arrays_are_used_again() -> None:
    terms = Terms()
    for number in range(100):
        terms.begin_run(LEAF)
        write(terms, [1.0, 2.0])
        terms.hold(("fold", number, number + 1), 2)
        terms.end_run()
        if number:
            assert len(terms.release(("fold", number - 1, number))) == 2
    assert terms.arrays_bytes == 2 * 8 * LEAF * RUN_LEAVES_LIMIT


def test_unknown_terms() -> None:
    assert Terms().release(("fold", 0, 1)) is None


def test_a_fold_that_is_dropped() -> None:
    terms = Terms()
    for fold in ("one", "two"):
        terms.begin_run(LEAF)
        write(terms, [1.0])
        terms.hold((fold, 0, 1), 1)
    terms.end_run()
    terms.drop_fold("one")
    assert terms.held_pieces == 1
    assert np.array_equal(terms.release(("two", 0, 1)), [1.0])
