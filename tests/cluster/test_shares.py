"""How slots are dealt out to programs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pyfora.cluster.shares import fair_shares


def test_equal_where_all_want_much() -> None:
    assert fair_shares({"a": 9, "b": 9}, 4, 0) == {"a": 2, "b": 2}


def test_what_one_does_not_want_goes_to_the_others() -> None:
    assert fair_shares({"a": 1, "b": 9, "c": 0}, 4, 0) == {"a": 1, "b": 3}


def test_more_programs_than_slots_take_turns() -> None:
    served = {name for turn in range(3) for name, n in fair_shares({"a": 1, "b": 1, "c": 1}, 1, turn).items() if n}
    assert served == {"a", "b", "c"}


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 9)), st.integers(0, 12), st.integers(0, 99))
def test_never_too_much_never_idle(demands: dict[str, int], slots: int, turn: int) -> None:
    shares = fair_shares(demands, slots, turn)
    assert sum(shares.values()) == min(slots, sum(demands.values()))
    assert all(share <= demands[name] for name, share in shares.items())
    hungry = [shares[name] for name in shares if shares[name] < demands[name]]
    assert not hungry or max(shares.values()) - min(hungry) <= 1
