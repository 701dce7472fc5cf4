"""A worker as the home of parallel loops."""

from __future__ import annotations

import pytest

from pyfora.cluster.events import (
    DropParcel,
    FetchParcel,
    KillProcess,
    ParcelArrived,
    ParcelMissed,
    PeerJoined,
    PeerLeft,
    Transmit,
)
from pyfora.limits import ATTEMPTS_LIMIT, PARCEL_LINGER_S
from pyfora.wire.messages import (
    Beat,
    DropFold,
    FoldClosed,
    FoldOpened,
    FoldTerms,
    PieceDone,
    PieceLost,
    ProgramEnded,
    ProgramProgressed,
    RunGranted,
    RunLeaves,
    RunLost,
    TermsFolded,
)
from tests.cluster.worker_book import FOLD, P, WorkerBook, piece_of


def opened(leaves: int = 40, cores: int = 2, holds: bool = False, leaf_s: float = 0.1) -> tuple[WorkerBook, str]:
    book = WorkerBook(cores)
    driver = book.drive()
    book << ...
    book.offer(driver, leaves, leaf_s, holds)
    return book, driver


def test_every_slot_works_one_run_ahead_and_the_manager_hears_of_the_loop() -> None:
    book, _ = opened(leaves=10)
    given = book.runs()
    assert [run.lo for _, run in given] == [0, 1, 2, 3]
    assert len({process_id for process_id, _ in given}) == 2
    book.find(FoldOpened(P, FOLD))


def test_short_loops_are_not_offered_at_once() -> None:
    book, _ = opened(leaves=4, leaf_s=0.001)
    book.never(FoldOpened)
    book.wait(0.5).find(FoldOpened)


def test_pieces_go_to_the_driver_and_the_next_run_to_the_process() -> None:
    book, driver = opened()
    process_id, run = book.runs()[0]
    book << ...
    piece = book.finish(process_id, run)
    assert book.told(PieceDone) == driver and book.last == piece
    assert book.told(RunLeaves) == process_id


def test_a_dead_leaf_process_costs_its_runs_nothing_else() -> None:
    book, driver = opened()
    process_id, run = book.runs()[0]
    book << ...
    book.die(process_id)
    again = [new for _, new in book.runs()]
    assert again[0].lo == run.lo
    book.never(ProgramEnded)
    assert book.core.home.programs[P].driver == driver


def test_a_run_that_kills_process_after_process_is_left_to_the_driver() -> None:
    book, driver = opened(cores=1)
    for _ in range(ATTEMPTS_LIMIT):
        process_id, run = book.runs()[0]
        assert run.lo == 0
        book << ...
        book.die(process_id)
    assert book.told(PieceDone) == driver
    assert (book.last.outcome, book.last.lo, book.last.payload) == ("raised", 0, b"")
    assert not book.runs()


def test_a_closed_loop_is_forgotten_everywhere() -> None:
    book, driver = opened()
    busy = {process_id for process_id, _ in book.runs()}
    book << ...
    book.steal(2) << ...
    book.process(driver, FoldClosed(FOLD))
    for process_id in sorted(busy):
        book.find(KillProcess(process_id))
    book.find(DropFold(FOLD))
    book.find(FoldClosed(FOLD))
    book << ...
    book.wait(PARCEL_LINGER_S + 1).find(DropParcel("env"))


def test_idle_processes_outlive_the_loop_for_the_programs_next_one() -> None:
    book, driver = opened(leaves=1)
    process_id, run = book.runs()[0]
    book << ...
    book.finish(process_id, run)
    book << ...
    book.process(driver, FoldClosed(FOLD)).find(DropFold(FOLD))
    book << ...
    book.offer(driver, fold=f"{P}.1.1")
    assert process_id in {name for name, _ in book.runs()}


def test_programs_share_the_slots() -> None:
    book, _ = opened()
    first = book.runs()
    book << ...
    other = "q" * 32
    book.offer(book.drive(other), fold=f"{other}.1.0")
    book << ...
    for process_id, run in first:
        if process_id in book.core.slots.leaves:
            book.finish(process_id, run)
            book << ...
    serving = sorted(leaf.attempt_id[0] for leaf in book.core.slots.leaves.values())
    assert serving == ["p", "q"]


def test_held_terms_are_folded_by_their_holder() -> None:
    book, driver = opened(holds=True)
    process_id, run = book.runs()[0]
    book << ...
    book.finish(process_id, run, "held")
    book << ...
    book.process(driver, FoldTerms(FOLD, run.lo, run.hi, b"state"))
    assert book.told(FoldTerms) == process_id
    book.process(process_id, TermsFolded(FOLD, run.lo, run.hi, b"more"))
    assert book.told(TermsFolded) == driver


def test_lost_terms_are_told_to_the_driver() -> None:
    book, driver = opened(holds=True)
    process_id, run = book.runs()[0]
    book << ...
    book.finish(process_id, run, "held")
    book << ...
    book.die(process_id)
    assert book.told(PieceLost) == driver
    assert (book.last.lo, book.last.hi) == (run.lo, run.hi)


def test_progress_is_told_but_not_too_often() -> None:
    book, _ = opened()
    for _ in range(6):
        for process_id, run in book.runs()[:1]:
            book << ...
            book.finish(process_id, run)
    book << ...
    book.wait(1.0)
    told = [e for e in book._open if isinstance(e, Transmit) and isinstance(e.message, ProgramProgressed)]
    assert 1 <= len(told) <= 4
    book << ...


# ---- thieves ---------------------------------------------------------------------------------------------


def test_a_thief_is_given_runs_and_the_next_without_asking() -> None:
    book, driver = opened()
    book << ...
    book.steal(2)
    first, second = book.grants()
    assert (first.environment_id, first.environment_bytes) == ("env", 3)
    book << ...
    book.thief(piece_of(first))
    assert book.grants()[0].lo > second.lo
    assert book.told(PieceDone) == driver


def test_a_thief_that_takes_fewer_is_given_fewer() -> None:
    book, _ = opened()
    book << ...
    book.steal(2)
    first = book.grants()[0]
    book << ...
    book.steal(0) << ...
    book.thief(piece_of(first)).never(RunGranted)


def test_a_large_piece_is_fetched_before_the_driver_hears_of_it() -> None:
    book, driver = opened()
    book << ...
    book.steal(2)
    first = book.grants()[0]
    book << ...
    book.thief(piece_of(first, parcel_id="big"))
    book.find(FetchParcel("big", 9, "t1", 40009))
    book.never(PieceDone)
    book >> ParcelArrived("big")
    assert book.told(PieceDone) == driver


def test_a_piece_that_cannot_be_fetched_is_run_again() -> None:
    book, _ = opened()
    book << ...
    book.steal(2)
    first = book.grants()[0]
    book << ...
    book.thief(piece_of(first, parcel_id="big")) << ...
    book >> ParcelMissed("big", "no answer")
    book.never(PieceDone)
    assert book.core.folds.table[FOLD].runs.pending.covers(first.lo, first.hi)


@pytest.mark.parametrize("how", ["silent", "left"])
def test_a_lost_thiefs_runs_go_elsewhere_and_it_is_told_to_drop_them(how: str) -> None:
    book, driver = opened(leaves=4, cores=1, holds=True)
    book << ...
    book.steal(2)
    first = book.grants()[0]
    book << ...
    book.thief(piece_of(first, "held")) << ...
    if how == "left":
        book >> PeerLeft("t1", "thief")
        book << ...
        book.wait(0.6)
    else:
        book.wait(2.3, book.beat("m1", "manager"))
        book.find(DropFold(FOLD))
    assert book.told(PieceLost) == driver
    assert not book.core.folds.thieves
    book << ...
    book >> PeerJoined("t1", "thief")
    if how == "left":
        book << DropFold(FOLD)
    book.thief(piece_of(first, "held")).never(PieceDone)


def test_a_thief_that_beats_is_not_lost_and_is_beaten_to() -> None:
    book, _ = opened()
    book << ...
    book.steal(2) << ...
    book.wait(3.0, book.beat("t1", "thief"))
    book.find(Transmit("t1", "thief", 0, Beat("w1")))
    book << ...
    assert "t1" in book.core.folds.thieves


def test_terms_are_routed_to_the_thief_that_holds_them() -> None:
    book, driver = opened(holds=True)
    book << ...
    book.steal(2)
    first = book.grants()[0]
    book << ...
    book.thief(piece_of(first, "held")) << ...
    book.process(driver, FoldTerms(FOLD, first.lo, first.hi, b"state"))
    book << Transmit("t1", "thief", 3, FoldTerms(FOLD, first.lo, first.hi, b"state"))
    book.thief(TermsFolded(FOLD, first.lo, first.hi, b"more"))
    assert book.told(TermsFolded) == driver


def test_a_run_that_a_thief_gives_back_is_pending_again() -> None:
    book, _ = opened()
    book << ...
    book.steal(2)
    first = book.grants()[0]
    book << ...
    book.steal(0) << ...
    book.thief(RunLost(FOLD, first.run_id, False)) << ...
    assert book.core.folds.table[FOLD].runs.pending.covers(first.lo, first.hi)
    book.steal(2, "t2")
    assert book.grants()[0].lo == first.lo


def test_who_wants_to_steal_from_a_loop_that_is_over_is_told_so() -> None:
    book = WorkerBook()
    book.steal(2) << DropFold(FOLD)
    book.done()


def test_an_overdue_run_is_copied_and_the_late_terms_are_not_wanted() -> None:
    book, driver = opened(leaves=2, cores=1, holds=True, leaf_s=0.1)
    book << ...
    book.steal(2)
    runs = book.core.folds.table[FOLD].runs.runs
    stolen = [run for run in runs.values() if run.consumer == "t1"]
    local = [run for run in runs.values() if run.consumer != "t1"]
    book << ...
    if not stolen:  # both leaves are with the local process: it hangs, the thief is idle
        book.wait(2.5, book.beat("t1", "thief"), book.beat("m1", "manager"))
        copy = book.grants()[0]
        assert copy.lo == local[0].lo
        book << ...
        book.thief(piece_of(copy, "held"))
        assert book.told(PieceDone) == driver
        book << ...
        leaf = local[0].consumer
        book.finish(leaf, RunLeaves(FOLD, local[0].run_id, local[0].lo, local[0].hi, "env"), "held")
        assert book.told(FoldTerms) == leaf
        assert book.last.payload == b""


def test_what_another_program_says_of_a_loop_is_ignored() -> None:
    book, _ = opened()
    book << ...
    stranger = book.drive("q" * 32)
    book << ...
    book.process(stranger, FoldClosed(FOLD)) << ...
    assert FOLD in book.core.folds.table
