"""A worker as a thief."""

from __future__ import annotations

from pyfora.cluster.events import (
    DropPeer,
    FetchParcel,
    JoinPeer,
    KillProcess,
    ParcelArrived,
    ParcelMissed,
    PeerJoined,
    PeerLeft,
    Transmit,
)
from pyfora.limits import SILENCE_LIMIT_S
from pyfora.wire.messages import (
    Beat,
    DropFold,
    FoldClosed,
    FoldTerms,
    PieceDone,
    RunGranted,
    RunLeaves,
    RunLost,
    StealRuns,
    TermsFolded,
    WorkOffered,
)
from tests.cluster.worker_book import FOREIGN, WorkerBook

OTHER = f"{'g' * 32}.1.0"


def granted(run_id: int, lo: int, hi: int, fold_id: str = FOREIGN) -> RunGranted:
    return RunGranted(fold_id, run_id, lo, hi, "env", 3)


def at_work(grants: int = 2, cores: int = 2) -> tuple[WorkerBook, list[tuple[str, RunLeaves]]]:
    """A thief whose environment is here, and what its leaf processes were given."""
    book = WorkerBook(cores)
    book.foreign()
    book << ...
    for number in range(grants):
        book.home(granted(number + 1, number, number + 1)) << ...
    book >> ParcelArrived("env")
    given = book.runs()
    book << ...
    return book, given


def test_idle_slots_steal_two_runs_each() -> None:
    book = WorkerBook()
    book.manager(WorkOffered(FOREIGN, "h1", "host2", 50009)) << JoinPeer("h1", "host2", 50009)
    book.done()
    book >> PeerJoined("h1", "home")
    book << StealRuns(FOREIGN, 4, "host1", 30009)
    book.done()


def test_a_loop_of_its_own_is_no_offer() -> None:
    book = WorkerBook()
    book.manager(WorkOffered(FOREIGN, "w1", "host1", 30009)).done()


def test_the_environment_is_fetched_once_and_the_runs_are_dealt_out() -> None:
    book = WorkerBook()
    book.foreign()
    book << ...
    book.home(granted(1, 0, 3)) << FetchParcel("env", 3, "host2", 50009)
    book.home(granted(2, 3, 6)).done()
    book >> ParcelArrived("env")
    given = book.runs()
    assert [(run.lo, run.hi) for _, run in given] == [(0, 3), (3, 6)]
    assert len({process_id for process_id, _ in given}) == 2


def test_pieces_are_passed_on() -> None:
    book, given = at_work()
    process_id, run = given[0]
    piece = book.finish(process_id, run, parcel_id="big")
    book << piece
    book.done()


def test_terms_are_routed_to_the_process_that_holds_them_and_back() -> None:
    book, given = at_work()
    process_id, run = given[1]
    book.finish(process_id, run, "held")
    book << PieceDone
    book.home(FoldTerms(FOREIGN, run.lo, run.hi, b"state"))
    assert book.told(FoldTerms) == process_id
    book.process(process_id, TermsFolded(FOREIGN, run.lo, run.hi, b"more"))
    book << TermsFolded(FOREIGN, run.lo, run.hi, b"more")
    book.home(FoldTerms(FOREIGN, run.lo, run.hi, b"again")).done()


def test_of_two_that_hold_the_same_terms_the_later_one_counts() -> None:
    book, given = at_work()
    (slow, first), (quick, second) = given
    book.finish(slow, first, "held")
    book << PieceDone
    book.finish(quick, second)
    book << PieceDone
    book.home(granted(7, first.lo, first.hi))
    assert book.told(RunLeaves) == quick
    book.finish(quick, book.last, "held")
    book << PieceDone
    book.home(FoldTerms(FOREIGN, first.lo, first.hi, b"state"))
    assert book.told(FoldTerms) == quick
    book.process(slow, TermsFolded(FOREIGN, first.lo, first.hi, b"late")).done()


def test_terms_that_are_not_wanted_are_forgotten() -> None:
    book, given = at_work()
    process_id, run = given[1]
    book.finish(process_id, run, "held")
    book << PieceDone
    book.home(FoldTerms(FOREIGN, run.lo, run.hi, b""))
    assert book.told(FoldTerms) == process_id
    assert not book.core.slots.leaves[process_id].held


def test_a_dead_process_loses_its_run_and_gives_back_what_it_had_not_begun() -> None:
    book, given = at_work(grants=4)
    process_id = given[0][0]
    mine = [run.run_id for name, run in given if name == process_id]
    book.die(process_id)
    book << RunLost(FOREIGN, mine[0], True) << RunLost(FOREIGN, mine[1], False)
    book << ...
    assert process_id not in book.core.slots.leaves


def test_a_dead_process_loses_the_terms_that_it_held() -> None:
    book, given = at_work(grants=1)
    process_id, run = given[0]
    book.finish(process_id, run, "held")
    book << PieceDone
    book.die(process_id) << RunLost(FOREIGN, run.run_id, False)


def test_the_end_of_the_loop_ends_everything() -> None:
    book, given = at_work()
    book.manager(FoldClosed(FOREIGN))
    for process_id, _ in given:
        book.find(KillProcess(process_id))
    book << ...
    assert not book.core.thief.offers
    book.wait(3.0, book.beat("h1", "home")).find(DropPeer)


def test_a_home_that_sends_us_away_is_asked_again_later_but_not_for_ever() -> None:
    book, _ = at_work()
    for _ in range(3):
        book.home(DropFold(FOREIGN)) << ...
        book.wait(1.5, book.beat("h1", "home"), book.beat("m1", "manager")) << ...
    assert FOREIGN not in book.core.thief.offers


def test_grants_after_being_sent_away_are_taken() -> None:
    book, _ = at_work()
    book.home(DropFold(FOREIGN)) << ...
    book.home(granted(9, 5, 6)).find(FetchParcel)
    book << ...
    book.wait(1.5, book.beat("h1", "home"), book.beat("m1", "manager")).find(StealRuns)
    book << ...


def test_own_programs_come_first() -> None:
    book, given = at_work()
    driver = book.drive()
    book << ...
    book.offer(driver)
    book.find(StealRuns(FOREIGN, 0, "host1", 30009))
    book << ...
    for process_id, run in given:
        book.finish(process_id, run)
        book << ...
    assert {leaf.attempt_id[0] for leaf in book.core.slots.leaves.values()} == {"p"}


def test_slots_are_taken_again_when_the_own_loop_is_over() -> None:
    book, _ = at_work()
    driver = book.drive()
    book << ...
    book.offer(driver)
    book << ...
    book.process(driver, FoldClosed(f"{'p' * 32}.1.0"))
    book.find(StealRuns(FOREIGN, 4, "host1", 30009))


def test_grants_of_an_unknown_loop_are_given_back() -> None:
    book = WorkerBook()
    book.foreign()
    book << ...
    book.home(granted(1, 0, 1, OTHER)) << RunLost(OTHER, 1, False) << StealRuns(OTHER, 0, "host1", 30009)


def test_an_environment_that_cannot_be_had_gives_the_runs_back() -> None:
    book = WorkerBook()
    book.foreign()
    book << ...
    book.home(granted(1, 0, 1)) << FetchParcel
    book >> ParcelMissed("env", "no answer")
    book.find(RunLost(FOREIGN, 1, False))
    book << ...
    book.wait(1.5, book.beat("h1", "home")).find(StealRuns(FOREIGN, 4, "host1", 30009))


def test_a_thief_that_is_given_nothing_turns_to_another_loop() -> None:
    book = WorkerBook(cores=1)
    book.foreign()
    book << ...
    book.manager(WorkOffered(OTHER, "h1", "host2", 50009)).done()
    book.wait(0.5, book.beat("h1", "home"))
    book.find(StealRuns(FOREIGN, 0, "host1", 30009))
    book.find(StealRuns(OTHER, 2, "host1", 30009))
    book << ...


def test_one_that_is_given_enough_stays() -> None:
    book, given = at_work(cores=1)
    book.manager(WorkOffered(OTHER, "h1", "host2", 50009)).done()
    book.wait(0.6, book.beat("h1", "home")).never(StealRuns)
    assert given


def test_both_sides_beat() -> None:
    book, _ = at_work()
    book.wait(1.0, book.beat("h1", "home")).find(Transmit("h1", "home", 0, Beat("w1", 0)))
    book << ...


def test_a_silent_home_is_left_and_its_runs_dropped() -> None:
    book, given = at_work()
    book.wait(SILENCE_LIMIT_S + 0.5, book.beat("m1", "manager"))
    book.find(StealRuns(FOREIGN, 0, "host1", 30009))
    for _ in given:
        book.find(RunLost)
    book << ...
    assert not book.core.slots.leaves


def test_a_home_that_cannot_be_reached_is_forgotten_in_the_end() -> None:
    book = WorkerBook()
    book.manager(WorkOffered(FOREIGN, "h1", "host2", 50009)) << JoinPeer
    book.wait(30.0, PeerLeft("h1", "home"), book.beat("m1", "manager"))
    book.find(DropPeer)
    book << ...
    assert not book.core.thief.offers and not book.core.thief.homes


def test_a_connection_that_is_not_wanted_any_more_is_closed() -> None:
    book = WorkerBook()
    book >> PeerJoined("h9", "home")
    book << DropPeer


def test_the_home_of_a_later_attempt_shares_no_process_with_its_theft_from_the_earlier_one() -> None:
    book, given = at_work()
    program_id = FOREIGN.partition(".")[0]
    book.offer(book.drive(program_id, attempt=2), fold=f"{program_id}.2.0")
    book << ...
    for process_id, run in given:
        book.finish(process_id, run)
        assert process_id not in {name for name, new in book.runs() if new.fold_id != FOREIGN}
        book << ...
    assert {leaf.attempt_id for leaf in book.core.slots.leaves.values()} == {f"{program_id}.2"}
