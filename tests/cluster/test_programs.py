"""The life of a program at its manager: every row of the table, and what it is placed by."""

from __future__ import annotations

import pytest

from pyfora.cluster.events import (
    ClientLeft,
    Forget,
    ParcelPushed,
    ParcelPushFailed,
    PushParcel,
    Record,
    TellClient,
)
from pyfora.cluster.jobs import TABLE, Job, State, Turn, table_as_text
from pyfora.limits import ATTEMPTS_LIMIT, INPUTS_LIMIT, PARCEL_LIMIT_BYTES, PROGRAMS_LIMIT, RECONNECT_GRACE_S
from pyfora.wire.messages import (
    AnswerTaken,
    CancelProgram,
    FoldClosed,
    FoldOpened,
    ProgramAccepted,
    ProgramEnded,
    ProgramPrinted,
    ProgramProgressed,
    RunProgram,
    WorkOffered,
)
from tests.cluster.manager_book import ManagerBook, P, Q, R, submission


def ended_as(outcome: str, words: str = "") -> object:
    return lambda m: isinstance(m, ProgramEnded) and m.outcome == outcome and words in m.reason


def test_the_straight_path() -> None:
    book = ManagerBook("w1")
    book.submit(P) << Record << ProgramAccepted(P) << RunProgram
    assert (book.last.program_id, book.last.attempt, book.last.payload) == (P, 1, b"x")
    book.end("w1", P) << Record << ended_as("completed")
    book.client(AnswerTaken(P)) << Forget(P)
    book.done()
    assert book.state(P) == "forgotten"


def test_it_is_in_the_journal_before_it_is_acknowledged() -> None:
    book = ManagerBook()
    book.submit(P) << Record << ProgramAccepted(P)
    book.done()


def test_the_same_program_again_is_accepted_again_and_never_run_twice() -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    book.submit(P) << ProgramAccepted(P)
    book.done()


def test_large_programs_are_pushed_first() -> None:
    book = ManagerBook("w1")
    book.submit(P, b"") << Record << ProgramAccepted(P) << PushParcel("w1", "w1", 30009, "fp-p")
    assert book.state(P) == "pushing"
    book >> ParcelPushed("w1", "fp-p")
    book << RunProgram
    assert book.state(P) == "placed" and book.last.payload == b""
    book.done()


def test_a_push_that_failed_is_tried_elsewhere_a_little_later() -> None:
    book = ManagerBook("w1", "w2")
    book.submit(P, b"") << Record << ProgramAccepted << PushParcel
    first = book.last.worker_id
    book >> ParcelPushFailed(first, "fp-p", "refused")
    assert book.state(P) == "waiting"
    book.done()
    book.wait(1.0)
    assert book.find(PushParcel).worker_id != first


def test_without_workers_it_waits() -> None:
    book = ManagerBook()
    book.submit(P) << ...
    assert book.state(P) == "waiting"
    book.register("w1")
    assert book.find(RunProgram).program_id == P


@pytest.mark.parametrize("message", [ProgramProgressed(P, 1, 1, 2, 1), ProgramPrinted(P, 1, 0, "stdout", "hi")])
def test_what_runs_is_seen_to_run_and_the_client_hears_of_it(message: object) -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    book.say("w1", message) << message  # type: ignore[arg-type]
    assert book.state(P) == "running"


def test_a_lost_home_costs_an_attempt_that_does_not_count() -> None:
    book = ManagerBook("w1", "w2", "w3", "w4", "w5", "w6")
    book.submit(P) << ...
    for attempt in range(2, 6):
        lost = book.home(P)
        alive = [w for w in book.core.membership.members if w != lost]
        book.lose(lost, *alive)
        assert book.find(RunProgram).attempt == attempt
        book << ...
    assert book.core.lineage.jobs[P].crashes == 0


def test_a_later_attempt_is_in_the_journal_before_it_is_placed() -> None:
    book = ManagerBook("w1", "w2")
    book.submit(P) << ...
    home = book.home(P)
    book.lose(home, "w2" if home == "w1" else "w1")
    book.find(lambda effect: isinstance(effect, Record) and effect.program.attempt == 2)
    assert book.find(RunProgram).attempt == 2


def test_a_crashed_driver_is_tried_again_and_then_ended_in_words() -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    for attempt in range(1, ATTEMPTS_LIMIT):
        book.end("w1", P, attempt, outcome="crashed", reason="it died of signal 11")
        assert book.find(RunProgram).attempt == attempt + 1
    book.end("w1", P, ATTEMPTS_LIMIT, outcome="crashed", reason="it died of signal 11")
    book << Record << ended_as("crashed", "signal 11")
    assert "3 times" in book.last.reason


def test_a_program_that_cannot_be_loaded_is_not_tried_again() -> None:
    book = ManagerBook("w1", "w2")
    book.submit(P) << ...
    book.end(book.home(P), P, 1, outcome="unloadable", reason="no module named x")
    book << Record << ended_as("unloadable", "no module named x")
    assert "times" not in book.last.reason


def test_an_input_that_could_not_be_fetched_is_tried_again_later() -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    book.end("w1", P, 1, outcome="lost", reason="no answer")
    book.done()
    book.wait(1.0)
    assert book.find(RunProgram).attempt == 2


def test_an_end_of_an_attempt_that_does_not_count_is_welcome_if_it_completed() -> None:
    book = ManagerBook("w1", "w2")
    book.submit(P) << ...
    home = book.home(P)
    other = "w2" if home == "w1" else "w1"
    book.end(other, P, 7, outcome="crashed").done()
    book.end(other, P, 7) << CancelProgram(P) << Record << ended_as("completed")
    book.end(home, P).done()


@pytest.mark.parametrize("state", ["waiting", "pushing", "placed", "running", "ended"])
def test_cancelling_in_any_state(state: str) -> None:
    book = ManagerBook(*([] if state == "waiting" else ["w1"]))
    book.submit(P, b"" if state == "pushing" else b"x") << ...
    if state == "running":
        book.say("w1", ProgramProgressed(P, 1, 0, 1, 1)) << ...
    if state == "ended":
        book.end("w1", P) << ...
    assert book.state(P) == state
    book.client(CancelProgram(P))
    if state in ("placed", "running"):
        book << CancelProgram(P)
    if state != "ended":
        book << Record << ended_as("cancelled")
    book.done()
    assert book.state(P) == "ended"
    book.client(CancelProgram(P)).done()
    book >> ParcelPushed("w1", "fp-p")
    book.done()


def test_a_client_that_comes_back_is_told_what_it_missed_until_it_takes_the_answer() -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    book >> ClientLeft("s1")
    book.say("w1", ProgramPrinted(P, 1, 0, "stdout", "hi")).done()
    book.end("w1", P) << Record
    book.done()
    for _ in range(2):
        book.join("s1")
        book.find(ProgramPrinted(P, 1, 0, "stdout", "hi"))
        book << ended_as("completed")
        book.done()
    book.client(AnswerTaken(P)) << Forget(P)
    book.join("s1").never(ProgramEnded)


def test_text_that_is_written_again_is_told_once() -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    book.say("w1", ProgramPrinted(P, 1, 0, "stdout", "abc")) << ProgramPrinted
    book.say("w1", ProgramPrinted(P, 1, 0, "stdout", "ab")).done()
    book.say("w1", ProgramPrinted(P, 1, 0, "stdout", "abcde")) << ProgramPrinted(P, 1, 3, "stdout", "de")
    book.say("w1", ProgramPrinted(P, 1, 0, "stderr", "e")) << ProgramPrinted(P, 1, 0, "stderr", "e")


def test_a_client_that_stays_away_is_forgotten_with_all_it_had() -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    book >> ClientLeft("s1")
    book.wait(RECONNECT_GRACE_S - 1, book.beat("w1")).never(CancelProgram)
    book.wait(2.0, book.beat("w1"))
    book.find(CancelProgram(P))
    book.find(Forget(P))
    book << ...
    assert not book.core.clients.sessions


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"size": PARCEL_LIMIT_BYTES + 1}, "bytes"),
        ({"inputs": [f"{Q}.v{n}" for n in range(INPUTS_LIMIT + 1)]}, "reads 1,001 values"),
    ],
)
def test_a_program_over_a_limit_is_refused_in_words(fields: dict[str, object], words: str) -> None:
    book = ManagerBook("w1")
    book.submit(P, **fields) << ended_as("crashed", words)  # type: ignore[arg-type]
    book.done()
    assert book.state(P) == "forgotten"


def test_too_many_programs_are_refused_in_words() -> None:
    book = ManagerBook()
    for number in range(PROGRAMS_LIMIT):
        program_id = f"{number:032x}"
        book.core.lineage.add(Job(program_id, "s1", submission(program_id)))
    book.submit(P) << ended_as("crashed", "programs already")
    book.done()


# ---- placement -------------------------------------------------------------------------------------------


def test_programs_go_to_the_most_idle_then_to_those_with_fewest_then_by_id() -> None:
    book = ManagerBook("w1", "w2", "w3")
    book >> book.beat("w2", idle_slots=5)
    book << ...
    for program_id, home in ((P, "w2"), (Q, "w2")):
        book.submit(program_id) << ...
        assert book.home(program_id) == home
    for worker in ("w1", "w2", "w3"):
        book >> book.beat(worker, idle_slots=1)
        book << ...
    book.submit(R) << ...
    assert book.home(R) == "w1"


def test_programs_go_to_where_their_inputs_are() -> None:
    book = ManagerBook("w1", "w2")
    book.submit(P) << ...
    made_at = book.home(P)
    book.end(made_at, P, values=[f"{P}.v"]) << ...
    for worker in ("w1", "w2"):
        book >> book.beat(worker, idle_slots=0 if worker == made_at else 9)
        book << ...
    book.submit(Q, inputs=[f"{P}.v"])
    assert book.find(RunProgram).inputs == [[f"{P}.v", 10, made_at, made_at, 30009]]
    assert book.home(Q) == made_at


def test_programs_beyond_what_a_worker_drives_at_once_wait() -> None:
    book = ManagerBook("w1")
    for number in range(6):
        book.submit(f"{number:032x}") << ...
    states = [job.state for job in book.core.lineage.jobs.values()]
    assert states == [State.PLACED] * 4 + [State.WAITING] * 2
    book.end("w1", f"{0:032x}")
    assert book.find(RunProgram).program_id == f"{4:032x}"


# ---- loops to steal from ---------------------------------------------------------------------------------


def test_loops_are_offered_to_the_others_and_to_those_who_come_later() -> None:
    book = ManagerBook("w1", "w2")
    book.submit(P) << ...
    home, other = book.home(P), "w2" if book.home(P) == "w1" else "w1"
    book.say(home, FoldOpened(P, f"{P}.1.0")) << WorkOffered(f"{P}.1.0", home, home, 30009)
    book.done()
    book.register("w3").find(WorkOffered)
    book << ...
    book.say(home, FoldClosed(f"{P}.1.0")) << FoldClosed(f"{P}.1.0") << FoldClosed(f"{P}.1.0")
    book.done()
    assert other in book.core.membership.members


def test_loops_of_a_lost_home_or_of_an_attempt_that_does_not_count_are_not_offered() -> None:
    book = ManagerBook("w1", "w2", "w3")
    book.submit(P) << ...
    home = book.home(P)
    book.say(home, FoldOpened(P, f"{P}.9.0")).done()
    book.say(home, FoldOpened(P, f"{P}.1.0")) << WorkOffered << WorkOffered
    book.lose(home, *[w for w in ("w1", "w2", "w3") if w != home])
    book.find(FoldClosed(f"{P}.1.0"))


# ---- the table -------------------------------------------------------------------------------------------


def test_what_is_not_in_the_table_cannot_happen() -> None:
    for state in State:
        for turn in Turn:
            job = Job(P, "s1", submission(P), state)
            if (state, turn) in TABLE:
                job.turn(turn)
                assert job.state is TABLE[state, turn]
            else:
                with pytest.raises(KeyError):
                    job.turn(turn)


def test_the_table_can_be_drawn() -> None:
    assert table_as_text().count("\n") == len(TABLE) + 2


def test_a_client_is_told_only_while_it_is_connected() -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    book >> ClientLeft("s1")
    book.say("w1", ProgramProgressed(P, 1, 1, 2, 1)).never(TellClient)
