"""Who gives way where too many connect: in a simulation of seconds, without a socket."""

from __future__ import annotations

import pytest

from pyfora.limits import (
    ADDRESSES_LIMIT,
    ARRIVALS_BURST,
    ARRIVALS_PER_S,
    DOOR_TIMEOUT_S,
    PROVED_PER_ADDRESS_LIMIT,
    UNPROVED_LIMIT,
)
from pyfora.wire.admission import Admission, crowd_of


def test_an_honest_caller_is_never_in_the_way() -> None:
    admission = Admission()
    for number in range(1000):
        assert admission.arrived(number, "a", number / 10) == []
        assert admission.proved(number) == []
        admission.left(number)
    assert admission.counts() == (0, 0) and admission.wake_at() is None


def test_a_thousand_idle_connections_give_way_to_honest_ones_of_the_same_address() -> None:
    admission = Admission()
    for number in range(1000):
        closed = admission.arrived(number, "tunnel", 0.0)
        assert [one.number for one in closed] == ([number - UNPROVED_LIMIT] if number >= UNPROVED_LIMIT else [])
    for number in range(1000, 1100):
        assert number not in [one.number for one in admission.arrived(number, "tunnel", 1.0)]
        assert admission.proved(number) == []
    assert admission.counts()[1] == 100


def test_the_largest_crowd_gives_way_first() -> None:
    admission = Admission()
    admission.arrived(0, "shy", 0.0)
    for number in range(1, 2 * UNPROVED_LIMIT):
        assert 0 not in [one.number for one in admission.arrived(number, "crowd", 0.0)]
    assert admission.counts() == (UNPROVED_LIMIT, 0)


def test_who_takes_too_long_is_closed() -> None:
    admission = Admission()
    admission.arrived(1, "a", 0.0)
    admission.arrived(2, "a", 1.0)
    assert admission.wake_at() == DOOR_TIMEOUT_S
    assert admission.overdue(DOOR_TIMEOUT_S - 0.1) == []
    (late,) = admission.overdue(DOOR_TIMEOUT_S)
    assert late.number == 1 and "did not prove itself" in late.reason
    assert admission.wake_at() == DOOR_TIMEOUT_S + 1.0
    admission.proved(2)
    assert admission.overdue(1000.0) == [] and admission.wake_at() is None


def test_a_flood_is_closed_at_once_and_forgiven_later() -> None:
    admission = Admission()
    refused = [n for n in range(int(ARRIVALS_BURST) + 5) if n in [c.number for c in admission.arrived(n, "a", 0.0)]]
    assert refused == [int(ARRIVALS_BURST) + extra for extra in range(5)]
    assert admission.arrived(10_000, "b", 0.0)[0].number != 10_000, "another address pays for its own only"
    assert 10_001 not in [c.number for c in admission.arrived(10_001, "a", 2 / ARRIVALS_PER_S)]


def test_one_address_cannot_have_all() -> None:
    admission = Admission()
    for number in range(PROVED_PER_ADDRESS_LIMIT):
        admission.arrived(number, "a", number)
        assert admission.proved(number) == []
    admission.arrived(90_000, "a", 1e6)
    assert [one.number for one in admission.proved(90_000)] == [90_000]
    admission.arrived(90_001, "b", 1e6)
    assert admission.proved(90_001) == []
    admission.left(0)
    admission.arrived(90_002, "a", 1e6)
    assert admission.proved(90_002) == []


def test_remembered_addresses_are_bounded() -> None:
    admission = Admission()
    for number in range(ADDRESSES_LIMIT + 100):
        admission.arrived(number, f"a{number}", 0.0)
        admission.left(number)
    assert len(admission._budgets) == ADDRESSES_LIMIT


def test_what_is_over_twice_counts_once() -> None:
    admission = Admission()
    admission.arrived(1, "a", 0.0)
    admission.left(1)
    admission.left(1)
    assert admission.proved(1) == [] and admission.counts() == (0, 0)


@pytest.mark.parametrize(
    ("address", "crowd"),
    [
        ("198.18.0.1", "198.18.0.1"),
        ("::ffff:198.18.0.1", "198.18.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a name", "a name"),
    ],
)
def test_what_counts_as_one_address(address: str, crowd: str) -> None:
    assert crowd_of(address) == crowd
