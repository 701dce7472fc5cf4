"""A worker as the home of programs."""

from __future__ import annotations

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
    CancelProgram,
    DriveProgram,
    FoldClosed,
    ProgramEnded,
    ProgramPrinted,
    Refused,
    RegisterWorker,
    ReleaseValues,
    RunLeaves,
    RunProgram,
)
from tests.cluster.worker_book import FOLD, P, WorkerBook, order

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


def test_orders_for_nobody_are_ignored() -> None:
    book = WorkerBook()
    book.manager(CancelProgram(P)).manager(ReleaseValues([V])).manager(FoldClosed(FOLD))
    book.done()
    assert isinstance(order(), RunProgram)
