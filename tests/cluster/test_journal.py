"""A manager that is started again goes on with what its journal held."""

from __future__ import annotations

from dataclasses import replace

from pyfora.cluster.events import JournaledProgram, JournalRead, Record, ValueFound, ValueWanted
from pyfora.limits import ADOPTION_GRACE_S, RECONNECT_GRACE_S
from pyfora.wire.messages import (
    AnswerTaken,
    CancelProgram,
    ProgramAccepted,
    ProgramEnded,
    ProgramPrinted,
    ReleaseValues,
    RunProgram,
)
from tests.cluster.manager_book import ManagerBook, P, ended, submission

V = f"{P}.v"
UNFINISHED = JournaledProgram(P, "s1", submission(P), None, "")
ENDED = JournaledProgram(P, "s1", submission(P), ended(P, values=[V]), "w1")


def restarted(*programs: JournaledProgram) -> ManagerBook:
    return ManagerBook(journal=JournalRead(list(programs)))


def test_a_worker_that_runs_it_keeps_it() -> None:
    book = restarted(replace(UNFINISHED, attempt=2))
    book.register("w1", programs=[[P, 2]]) << ...
    assert (book.state(P), book.home(P)) == ("running", "w1")
    book.wait(2 * ADOPTION_GRACE_S, book.beat("w1")).never(RunProgram)
    book.end("w1", P, 2) << Record << ProgramEnded


def test_else_it_is_placed_anew_after_a_grace_as_another_attempt() -> None:
    book = restarted(UNFINISHED)
    book.register("w1").never(RunProgram)
    book.wait(ADOPTION_GRACE_S - 0.2, book.beat("w1")).never(RunProgram)
    book.wait(0.5, book.beat("w1"))
    assert book.find(RunProgram).attempt == 2, "the first may be under way somewhere"


def test_the_second_worker_that_says_so_is_told_to_stop() -> None:
    book = restarted(UNFINISHED)
    book.register("w1", programs=[[P, 1]]) << ...
    book.register("w2", programs=[[P, 1]])
    book.find(CancelProgram(P))


def test_programs_that_nobody_knows_are_stopped() -> None:
    book = restarted()
    book.register("w1", programs=[[P, 1]]).find(CancelProgram(P))


def test_an_end_that_the_last_manager_did_not_acknowledge_counts() -> None:
    book = restarted(UNFINISHED)
    book.register("w1", values=[[V, 10]]) << ...
    book.say("w1", ProgramPrinted(P, 1, 0, "stdout", "hi")) << ProgramPrinted
    book.end("w1", P, values=[V]) << Record << ProgramEnded
    assert book.core.lineage.whereabouts.has(V)


def test_the_answer_and_its_text_are_kept_for_the_client() -> None:
    printed = ProgramPrinted(P, 1, 0, "stdout", "hi")
    book = restarted(replace(ENDED, printed=[printed]))
    book.join("s1").find(printed)
    book << ENDED.ended  # type: ignore[operator]
    book.client(AnswerTaken(P)) << Record
    assert book.last.program.taken and not book.last.program.printed


def test_an_answer_that_was_taken_is_not_told_again() -> None:
    book = restarted(replace(ENDED, taken=True))
    book.join("s1").never(ProgramEnded)


def test_values_are_found_again_when_their_worker_comes_back() -> None:
    book = restarted(ENDED)
    book >> ValueWanted("r1", V)
    book.done()
    book.register("w2").never(RunProgram)
    book.register("w1", values=[[V, 10]]).find(ValueFound)
    book << ...
    assert book.state(P) == "ended"
    book.wait(2 * ADOPTION_GRACE_S, book.beat("w1"), book.beat("w2")).never(RunProgram)


def test_values_whose_worker_does_not_come_back_are_computed_again() -> None:
    book = restarted(ENDED)
    book >> ValueWanted("r1", V)
    book.register("w2") << ...
    book.wait(ADOPTION_GRACE_S + 0.5, book.beat("w2"))
    assert book.find(RunProgram).program_id == P


def test_released_values_stay_released() -> None:
    book = restarted(replace(ENDED, released=[V]))
    book.register("w1", values=[[V, 10]]).find(ReleaseValues([V]))


def test_the_same_submission_to_the_new_manager_is_accepted_once() -> None:
    book = restarted(UNFINISHED)
    book.submit(P) << ProgramAccepted(P)
    book.done()


def test_clients_that_do_not_come_back_are_forgotten() -> None:
    book = restarted(ENDED)
    book.core.clients.sessions["s1"].left_at = 0.0
    book.wait(RECONNECT_GRACE_S + 1) << ...
    assert book.state(P) == "forgotten"
