"""The language of the tests itself: its failures tell the story."""

from __future__ import annotations

import pytest

from pyfora.wire.messages import ProgramAccepted, RunProgram
from tests.cluster.manager_book import ManagerBook, P, Q


def test_what_did_not_happen_is_told_with_the_story() -> None:
    book = ManagerBook()
    with pytest.raises(AssertionError, match=r"(?s)the story:.*>> ClientSaid.*expected.*RunProgram.*but got Record"):
        book.submit(P) << RunProgram


def test_what_happened_besides_is_told() -> None:
    book = ManagerBook()
    book.submit(P)
    with pytest.raises(AssertionError, match="this was done too: Record"):
        book.submit(Q)


def test_nothing_more_is_told() -> None:
    book = ManagerBook()
    book.submit(P) << ...
    with pytest.raises(AssertionError, match="but nothing"):
        book << ProgramAccepted


def test_never_means_never() -> None:
    book = ManagerBook()
    with pytest.raises(AssertionError, match="did not expect"):
        book.submit(P).never(ProgramAccepted)


def test_the_invariants_are_checked_after_every_event() -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    book.core.membership.members["w1"].programs.clear()
    with pytest.raises(AssertionError, match="does not count it"):
        book >> book.beat("w1")
