"""Who belongs to the cluster."""

from __future__ import annotations

import pytest

from pyfora.cluster.events import ClientJoined, DropPeer, PeerJoined, PeerLeft, PeerSaid
from pyfora.limits import CLIENTS_LIMIT, SILENCE_LIMIT_S
from pyfora.wire.messages import Beat, Refused, Welcome, WorkerRegistered
from tests.cluster.manager_book import ManagerBook, registration


def test_a_worker_registers_and_clients_hear_of_it() -> None:
    book = ManagerBook()
    book.register("w1", cores=4)
    book << WorkerRegistered("m1", alone=True) << Welcome("m1", "0.1.0", "3.11", "f", 1, 4)
    book.done()


def test_a_registration_over_a_new_connection_is_answered_but_nothing_new() -> None:
    book = ManagerBook("w1")
    book.say("w1", registration("w1"))
    book << WorkerRegistered("m1", alone=True)
    book.done()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("pyfora_version", "0.0.9", "pyfora 0.0.9"),
        ("python_version", "3.13", "Python 3.13"),
        ("libm_fingerprint", "other", "mathematical library"),
        ("cores", 0, "UFORA_WORKER_CORES"),
    ],
)
def test_a_worker_that_would_give_other_answers_is_refused_in_words(field: str, value: object, words: str) -> None:
    book = ManagerBook("w1")
    book.register("w2", **{field: value})
    book << Refused
    assert words in book.last.reason and not book.last.start_again
    assert "w2" not in book.core.membership.members


def test_the_first_worker_decides_on_the_libm_and_the_last_one_takes_it_along() -> None:
    book = ManagerBook("w1")
    book.lose("w1") << ...
    book.register("w2", libm_fingerprint="other") << WorkerRegistered("m1", alone=False) << ...


def test_a_worker_under_a_false_id_is_refused() -> None:
    book = ManagerBook()
    book >> PeerJoined("w1", "worker")
    book >> PeerSaid("w1", "worker", 1, registration("w2"))
    book << Refused


def test_beats_are_answered_and_keep_a_worker_alive() -> None:
    book = ManagerBook("w1")
    book >> book.beat("w1")
    book << Beat("m1")
    book.wait(5 * SILENCE_LIMIT_S, book.beat("w1")) << ...
    assert "w1" in book.core.membership.members


def test_a_silent_worker_is_lost() -> None:
    book = ManagerBook("w1", "w2")
    book.wait(SILENCE_LIMIT_S + 0.3, book.beat("w2"))
    book.find(DropPeer("w1", "worker", book.core.membership.lost and "given up for lost: it was silent for 2.1 s"))
    assert list(book.core.membership.members) == ["w2"]
    assert book.find(Welcome).workers == 1


def test_a_worker_whose_connection_broke_is_lost_sooner_unless_it_comes_back() -> None:
    book = ManagerBook("w1", "w2")
    book >> PeerLeft("w1", "worker")
    book.wait(0.5, book.beat("w2")) << ...
    book >> PeerJoined("w1", "worker")
    book << ...
    book.wait(1.2, book.beat("w2"), book.beat("w1")) << ...
    assert "w1" in book.core.membership.members
    book.lose("w1", "w2") << ...
    assert "w1" not in book.core.membership.members


def test_a_lost_worker_that_speaks_again_is_told_to_start_again() -> None:
    book = ManagerBook("w1", "w2")
    book.lose("w1", "w2") << ...
    book >> PeerJoined("w1", "worker")
    book << (lambda m: isinstance(m, Refused) and m.start_again and "given up for lost" in m.reason)
    book >> book.beat("w1")
    book << Refused
    book.done()


def test_a_manager_that_stood_still_blames_nobody() -> None:
    book = ManagerBook("w1")
    book.now += 30.0
    book.wait(0.3) << ...
    assert "w1" in book.core.membership.members


def test_a_client_of_another_version_is_refused_in_words() -> None:
    book = ManagerBook()
    book >> ClientJoined("s2", "3.12", "0.1.0", "f")
    book << (lambda m: isinstance(m, Refused) and "Python 3.12" in m.reason)
    book >> ClientJoined("s2", "3.11", "9", "f")
    book << (lambda m: isinstance(m, Refused) and "pyfora 9" in m.reason)
    book.done()


def test_too_many_clients_are_refused_in_words() -> None:
    book = ManagerBook()
    for number in range(CLIENTS_LIMIT - 1):
        book.join(f"t{number}") << Welcome
    book.join("one more") << (lambda m: isinstance(m, Refused) and "too many clients" in m.reason)
