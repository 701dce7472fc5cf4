"""What the cores count of their work, and what a manager takes from a worker's beat."""

from __future__ import annotations

from dataclasses import replace

from pyfora.cluster.events import CancelAsked, Measured, PeerSaid, TellClient, Transmit
from pyfora.cluster.figures import WORKER_FIGURES, Histogram, WorkerFigures, accepted
from pyfora.limits import FIGURES_PERIOD_S
from pyfora.wire.messages import Beat, PieceDone, ProgramEnded
from tests.cluster.manager_book import ManagerBook, P
from tests.cluster.test_thief import at_work
from tests.cluster.worker_book import WorkerBook, piece_of


def test_a_duration_falls_into_the_first_bucket_that_holds_it() -> None:
    histogram = Histogram((0.1, 1.0))
    for duration_s in (-1.0, 0.0, 0.1, 0.11, 1.0, 7.0):
        histogram.note(duration_s)
    assert histogram.counts == [3, 2, 1]
    assert histogram.sum_s == 0.1 + 0.11 + 1.0 + 7.0


def test_a_manager_takes_known_finite_numbers_only() -> None:
    said = {"leaves": 3, "run.0": 1, "run.sum_s": 0.5, "run.99": 1, "made_up": 1, "steals": -1, "values": float("nan")}
    assert accepted(said) == {"leaves": 3, "run.0": 1, "run.sum_s": 0.5}


def test_every_figure_of_the_table_is_reported_and_taken() -> None:
    book = WorkerBook()
    book >> Measured({figure.name: 1.0 for figure in WORKER_FIGURES})
    report = book.core.report()
    assert accepted(report) == report
    assert {figure.name for figure in WORKER_FIGURES} <= set(report)


def test_own_leaves_stolen_leaves_and_kernels_that_gave_up_are_told_apart() -> None:
    own = WorkerBook(cores=1)
    driver = own.drive()
    own << ...
    own.offer(driver)
    (process, run), *_ = own.runs()
    own << ...
    own.process(process, replace(piece_of(run), gave_up=1)) << ...
    figures: WorkerFigures = own.core.figures
    leaves = run.hi - run.lo
    assert (figures.leaves, figures.gave_up_leaves, figures.stolen_leaves) == (leaves, 1, 0)
    assert sum(figures.run.counts) == 1

    thief, given = at_work()
    for process, run in given:
        thief.finish(process, run)
        thief << PieceDone
        thief << ...
    figures = thief.core.figures
    assert (figures.leaves, figures.stolen_leaves, figures.steals) == (2, 2, 2)


def test_leaves_that_a_thief_did_are_given_leaves() -> None:
    book = WorkerBook(cores=1)
    driver = book.drive()
    book << ...
    book.offer(driver)
    book << ...
    book.steal(2)
    grant, *_ = book.grants()
    book << ...
    book.thief(piece_of(grant)) << ...
    assert (book.core.figures.given_leaves, book.core.figures.leaves) == (grant.hi - grant.lo, 0)


def test_figures_travel_in_some_beats() -> None:
    book = WorkerBook()
    book.wait(2 * FIGURES_PERIOD_S, book.beat("m1", "manager"))
    sent = [e.message for e in book._open if isinstance(e, Transmit) and isinstance(e.message, Beat)]
    book << ...
    with_figures = [beat for beat in sent if beat.figures]
    assert 1 <= len(with_figures) <= 3 < len(sent)
    manager = ManagerBook("w1")
    manager >> PeerSaid("w1", "worker", 0, replace(with_figures[-1], sender_id="w1", programs=[]))
    manager << ...
    assert manager.core.membership.members["w1"].figures["idle_slots"] == 2
    manager >> manager.beat("w1")
    manager << ...
    assert manager.core.membership.members["w1"].figures["idle_slots"] == 2, "a beat without figures keeps them"


def test_a_manager_counts_blocks_by_their_ends() -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    book.now += 2.0
    book.end("w1", P) << ...
    figures = book.core.figures
    assert (figures.accepted_blocks, figures.placed_blocks) == (1, 1)
    assert figures.ended_blocks["completed"] == 1
    assert figures.block.sum_s == 2.0 and figures.waiting.sum_s == 0.0


def test_whoever_cancels_over_http_ends_the_block_and_its_client_hears_of_it() -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    book >> CancelAsked(P)
    told = book.find(TellClient)
    assert isinstance(told, ProgramEnded) and told.outcome == "cancelled"
    book << ...
    assert book.core.figures.ended_blocks["cancelled"] == 1
    book >> CancelAsked("nobody")
    book.done()
