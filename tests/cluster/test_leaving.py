"""A worker that was asked to stop: nothing it has is lost, nothing new comes to it, and it ends in bounded time."""

from __future__ import annotations

from pyfora.cluster.events import EndWorker, PeerLeft, StopRequested
from pyfora.limits import LEAVE_LIMIT_S
from pyfora.wire.messages import ProgramEnded, RunLost, RunProgram, StealRuns, WorkerLeaving
from tests.cluster.manager_book import ManagerBook, Q
from tests.cluster.test_thief import at_work, granted
from tests.cluster.worker_book import FOREIGN, P, WorkerBook

ended = ProgramEnded(P, 1, "completed", "", {}, [], b"")


def test_an_idle_worker_tells_its_manager_and_ends_once_that_knows() -> None:
    book = WorkerBook()
    book >> StopRequested()
    book << WorkerLeaving()
    book << EndWorker()
    book.done()


def test_without_a_manager_there_is_nobody_to_hand_anything_to() -> None:
    book = WorkerBook()
    book.drive()
    book << ...
    book >> PeerLeft("m1", "manager")
    book << ...
    book >> StopRequested()
    book << EndWorker()


def test_a_program_that_ends_in_time_is_answered_first() -> None:
    book = WorkerBook()
    driver = book.drive()
    book << ...
    book >> StopRequested()
    book << WorkerLeaving()
    book.never(EndWorker)
    book.wait(LEAVE_LIMIT_S / 2, book.beat("m1", "manager")).never(EndWorker)
    book.process(driver, ended)
    book.find(ended)
    book << EndWorker()


def test_a_program_that_does_not_is_handed_back() -> None:
    book = WorkerBook()
    book.drive()
    book << ...
    book >> StopRequested()
    book << ...
    book.wait(LEAVE_LIMIT_S + 0.3, book.beat("m1", "manager"))
    returned = book.find(ProgramEnded)
    assert (returned.program_id, returned.attempt, returned.outcome) == (P, 1, "returned")
    book << EndWorker()


def test_a_thief_gives_back_what_waits_and_finishes_what_runs() -> None:
    book, given = at_work(grants=6, cores=2)
    book >> StopRequested()
    gone = {book.find(RunLost).run_id for _ in range(6 - len(given))}
    assert gone == set(range(1, 7)) - {run.run_id for _, run in given}
    book << ...
    for process_id, run in given[:-1]:
        book.finish(process_id, run)
        book.never(EndWorker)
    book.finish(*given[-1])
    book.find(EndWorker)


def test_stolen_leaves_that_take_too_long_are_handed_back() -> None:
    book, given = at_work(grants=2, cores=2)
    book >> StopRequested()
    book << ...
    book.wait(LEAVE_LIMIT_S + 0.3, book.beat("m1", "manager"), book.beat("h1", "home"))
    assert {book.find(RunLost).run_id for _ in given} == {run.run_id for _, run in given}
    book.find(EndWorker)


def test_it_steals_nothing_more() -> None:
    book, _ = at_work(grants=1, cores=2)
    book >> StopRequested()
    book.find(StealRuns(FOREIGN, 0, "host1", 30009))
    book << ...
    book.home(granted(9, 5, 6))
    book.find(lambda found: isinstance(found, RunLost) and found.run_id == 9)
    assert not [run for _, run in book.runs() if run.run_id == 9]
    book << ...


def test_the_manager_places_nothing_there_and_places_anew_what_it_returns() -> None:
    book = ManagerBook("w1", "w2")
    book.submit(P)
    book << ...
    home = book.home(P)
    other = {"w1": "w2", "w2": "w1"}[home]
    book.say(home, WorkerLeaving())
    book << ...
    book.submit(Q)
    book << ...
    assert book.home(Q) == other
    book.end(home, P, outcome="returned", reason="its worker is being stopped")
    book.find(lambda found: isinstance(found, RunProgram) and (found.program_id, found.attempt) == (P, 2))
    assert book.home(P) == other


def test_its_going_is_noticed_at_once() -> None:
    book = ManagerBook("w1")
    book.say("w1", WorkerLeaving())
    book << ...
    book >> PeerLeft("w1", "worker")
    book << ...
    book.wait(0.3)
    book << ...
    assert book.core.snapshot()["workers"] == []
