"""A worker as the home of programs."""

from __future__ import annotations

import pytest

from pyfora.cluster.events import (
    DropParcel,
    FetchParcel,
    KillProcess,
    ParcelArrived,
    ParcelMissed,
    PeerAcknowledged,
    PeerJoined,
    PeerLeft,
    PeerSaid,
    ProcessDied,
    ProcessStarted,
    StartAgain,
    StartProcess,
    StopDaemon,
    StoreParcel,
    Transmit,
)
from pyfora.cluster.worker import Worker
from pyfora.limits import ATTEMPTS_LIMIT, PARCEL_LINGER_S, PROCESS_START_LIMIT_S
from pyfora.wire.messages import (
    Beat,
    CancelProgram,
    DriveProgram,
    DropFold,
    FoldClosed,
    FoldOpened,
    FoldTerms,
    PieceDone,
    PieceLost,
    ProgramEnded,
    ProgramPrinted,
    ProgramProgressed,
    Refused,
    RegisterWorker,
    ReleaseValues,
    RunGranted,
    RunLeaves,
    RunLost,
    RunProgram,
    TermsFolded,
)
from tests.cluster.worker_book import FOLD, P, WorkerBook, order, piece_of

V = f"{P}.v"


def the_end(book: WorkerBook, driver: str, *values: str) -> None:
    end = ProgramEnded(P, 1, "completed", "", {}, [[value_id, 5] for value_id in values], b"")
    book.process(driver, end)


def ended_as(outcome: str, words: str = "") -> object:
    return lambda m: isinstance(m, ProgramEnded) and m.outcome == outcome and words in m.reason


# ---- programs --------------------------------------------------------------------------------------------


def test_the_straight_path() -> None:
    book = WorkerBook()
    book.manager(order()) << StoreParcel("fp-p", b"x") << DriveProgram(P, 1, "fp-p", "all", 0, {}, 2)
    driver = next(p.process_id for p in book.core.processes.live.values() if p.role == "driver")
    the_end(book, driver, V)
    book << KillProcess(driver) << ended_as("completed")
    book << ...
    assert book.core.home.values == {V: 5}


def test_a_spare_process_is_always_kept() -> None:
    book = WorkerBook()
    book.drive()
    book << ...
    book.wait(1.0) << ...
    assert any(p.started and not p.role for p in book.core.processes.live.values())


def test_no_process_serves_two_programs() -> None:
    book = WorkerBook(cores=1)
    book.offer(book.drive())
    leaf = book.told(RunLeaves)
    other = "q" * 32
    book << ...
    book.offer(book.drive(other), fold=f"{other}.1.0")
    book << ...
    book.manager(CancelProgram(P))
    book.find(KillProcess(leaf))
    assert book.told(RunLeaves) != leaf


def test_the_same_order_again_changes_nothing_and_a_later_attempt_replaces_it() -> None:
    book = WorkerBook()
    driver = book.drive()
    book << ...
    book.manager(order()).done()
    book.manager(order(attempt=2)).find(KillProcess(driver))
    assert book.told(DriveProgram) != driver


def test_inputs_are_fetched_first() -> None:
    book = WorkerBook()
    book.manager(order(inputs=[["q.v", 7, "w2", "host2", 50009]])).never(DriveProgram)
    book >> ParcelArrived("q.v")
    book.told(DriveProgram)
    assert book.last.inputs == {"q.v": "q.v"}


def test_an_input_that_is_here_is_not_fetched() -> None:
    book = WorkerBook()
    the_end(book, book.drive(), V)
    book << ...
    book.manager(order("q" * 32, inputs=[[V, 5, "w1", "host1", 30009]])).never(FetchParcel)


def test_an_input_that_is_missed_loses_the_attempt() -> None:
    book = WorkerBook()
    book.manager(order(inputs=[["q.v", 7, "w2", "host2", 50009]])) << StoreParcel << FetchParcel
    book >> ParcelMissed("q.v", "no answer")
    book << ended_as("lost", "no answer")


def test_the_drivers_death_ends_the_attempt_in_words() -> None:
    book = WorkerBook()
    book.die(book.drive(), "signal 11 (segmentation fault)").find(ended_as("crashed", "signal 11"))
    book << ...
    assert not book.core.home.programs


def test_cancelling_kills_all_that_runs_for_it() -> None:
    book = WorkerBook()
    driver = book.drive()
    book.offer(driver)
    leaves = {process_id for process_id, _ in book.runs()}
    assert len(leaves) == 2
    book << ...
    book.manager(CancelProgram(P))
    for leaf in sorted(leaves):
        book.find(KillProcess(leaf))
    book.find(KillProcess(driver))
    book.find(ended_as("cancelled"))


def test_processes_that_cannot_be_started_are_tried_later_and_fail_the_program_in_the_end() -> None:
    book = WorkerBook()
    book.starting = False
    for process_id in list(book.core.processes.live):
        book.die(process_id) << ...
    book.manager(order()) << ...
    for _ in range(ATTEMPTS_LIMIT):
        for process_id in [p.process_id for p in book.core.processes.live.values() if not p.started]:
            book.die(process_id, "could not be forked") << ...
        book.wait(5.0) << ...
    assert not book.core.home.programs


def test_a_process_that_never_speaks_is_killed() -> None:
    worker = Worker("w1", "h", 1, 1, "0.1.0", "3.11", "f")
    started = [e for e in worker.handle(ProcessDied("nobody", ""), 0.0) if isinstance(e, StartProcess)]
    effects = []
    for tick in range(1, 200):
        effects += worker.handle(ProcessDied("nobody", ""), tick * PROCESS_START_LIMIT_S / 100)
    assert KillProcess(started[0].process_id) in effects
    late = worker.handle(ProcessStarted(started[0].process_id), 50.0)
    assert KillProcess(started[0].process_id) in late


# ---- loops -----------------------------------------------------------------------------------------------


def opened(leaves: int = 40, cores: int = 2, holds: bool = False, leaf_s: float = 0.05) -> tuple[WorkerBook, str]:
    book = WorkerBook(cores)
    driver = book.drive()
    book << ...
    book.offer(driver, leaves, leaf_s, holds)
    return book, driver


def test_every_slot_works_one_run_ahead_and_the_manager_hears_of_the_loop() -> None:
    book, _ = opened()
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
    serving = sorted(leaf.program_id[0] for leaf in book.core.slots.leaves.values())
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


# ---- values, manager ---------------------------------------------------------------------------------------


def test_released_values_are_deleted_but_not_while_they_are_read() -> None:
    book = WorkerBook()
    the_end(book, book.drive(), V)
    book << ...
    book.manager(order("q" * 32, inputs=[[V, 5, "w1", "host1", 30009]])) << ...
    book.manager(ReleaseValues([V])).never(DropParcel)
    book.manager(CancelProgram("q" * 32)) << ...
    book.wait(PARCEL_LINGER_S + 1).find(DropParcel(V))
    book << ...


def test_a_value_that_nobody_reads_is_deleted_at_once() -> None:
    book = WorkerBook()
    the_end(book, book.drive(), V)
    book << ...
    book.manager(ReleaseValues([V])) << DropParcel(V)


def test_a_new_manager_is_told_everything_again_until_one_has_acknowledged_it() -> None:
    book = WorkerBook()
    driver = book.drive()
    book.process(driver, ProgramPrinted(P, 1, 0, "stdout", "hi")) << ...
    book >> PeerLeft("m1", "manager")
    book.done()
    book.join_manager("m2") << (lambda m: isinstance(m, RegisterWorker) and m.programs == [[P, 1]] and m.values == [])
    book << ProgramPrinted(P, 1, 0, "stdout", "hi")
    book.done()
    book >> PeerLeft("m2", "manager")
    the_end(book, driver, V)
    book.never(Transmit)
    book.join_manager("m3") << (lambda m: isinstance(m, RegisterWorker) and m.values == [[V, 5]])
    book << ProgramPrinted << ended_as("completed")
    book.done()
    book.join_manager("m4").find(RegisterWorker)
    book.done()


def test_an_end_counts_as_told_only_when_it_is_acknowledged() -> None:
    worker = Worker("w1", "h", 1, 1, "0.1.0", "3.11", "f")
    worker.handle(PeerJoined("m1", "manager"), 0.0)
    worker.reports.ended(ProgramEnded(P, 1, "completed", "", {}, [], b""))
    worker.handle(ProcessDied("nobody", ""), 0.1)
    assert (P, 1) in worker.reports.table
    worker.handle(PeerAcknowledged("m1", "manager", 2), 0.2)
    assert (P, 1) in worker.reports.table, "the registration before it is not acknowledged"
    worker.handle(PeerAcknowledged("m1", "manager", 1), 0.2)
    assert (P, 1) not in worker.reports.table


def test_a_silent_manager_is_only_noted() -> None:
    book = WorkerBook()
    book.drive()
    book << ...
    book.wait(5.0).find(lambda effect: "silent" in getattr(effect, "text", ""))
    book << ...
    assert P in book.core.home.programs


def test_a_worker_that_was_given_up_starts_again_and_one_that_does_not_fit_stops() -> None:
    book = WorkerBook()
    book >> PeerSaid("m1", "manager", 0, Refused("you were given up for lost", True))
    book << StartAgain("you were given up for lost")
    book.done()
    assert book.core.wake_at() is None
    book = WorkerBook()
    book.manager(Refused("another version")) << StopDaemon("another version")


def test_what_another_program_says_of_a_loop_is_ignored() -> None:
    book, _ = opened()
    book << ...
    stranger = book.drive("q" * 32)
    book << ...
    book.process(stranger, FoldClosed(FOLD)) << ...
    assert FOLD in book.core.folds.table


def test_orders_for_nobody_are_ignored() -> None:
    book = WorkerBook()
    book.manager(CancelProgram(P)).manager(ReleaseValues([V])).manager(FoldClosed(FOLD))
    book.done()
    assert isinstance(order(), RunProgram)
