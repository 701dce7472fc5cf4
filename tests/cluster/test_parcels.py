"""What a daemon keeps in its store."""

from __future__ import annotations

from pyfora.cluster.events import DropParcel, FetchParcel
from pyfora.cluster.outbox import Outbox
from pyfora.cluster.parcels import Parcels
from pyfora.limits import PARCEL_LINGER_S


def store() -> tuple[Parcels, Outbox]:
    outbox = Outbox()
    return Parcels(outbox), outbox


def test_a_parcel_that_nobody_needs_lingers_and_goes() -> None:
    parcels, outbox = store()
    parcels.keep("a")
    parcels.release("a", 1.0)
    parcels.sweep(PARCEL_LINGER_S)
    assert parcels.has("a") and outbox.take() == []
    parcels.sweep(PARCEL_LINGER_S + 1.0)
    assert not parcels.has("a") and outbox.take() == [DropParcel("a")]


def test_one_that_is_named_again_in_time_stays() -> None:
    parcels, outbox = store()
    parcels.keep("a")
    parcels.release("a", 1.0)
    parcels.keep("a")
    parcels.sweep(10 * PARCEL_LINGER_S)
    assert parcels.has("a") and outbox.take() == []


def test_it_goes_with_its_last_user() -> None:
    parcels, outbox = store()
    parcels.keep("a")
    parcels.keep("a")
    parcels.release("a", 0.0)
    parcels.sweep(10 * PARCEL_LINGER_S)
    assert outbox.take() == []


def test_a_parcel_is_fetched_once_for_all_who_wait_for_it() -> None:
    parcels, outbox = store()
    told: list[str | None] = []
    for _ in range(2):
        parcels.fetch("a", 5, "host", 1, lambda missed, now: told.append(missed))
    assert outbox.take() == [FetchParcel("a", 5, "host", 1)]
    parcels.arrived("a", 1.0)
    assert told == [None, None] and parcels.users == {"a": 2}


def test_one_that_is_missed_may_be_asked_for_again() -> None:
    parcels, outbox = store()
    told: list[str | None] = []
    parcels.fetch("a", 5, "host", 1, lambda missed, now: told.append(missed))
    parcels.missed("a", "no answer", 1.0)
    parcels.fetch("a", 5, "other", 2, lambda missed, now: told.append(missed))
    assert told == ["no answer"] and not parcels.has("a")
    assert outbox.take()[-1] == FetchParcel("a", 5, "other", 2)
