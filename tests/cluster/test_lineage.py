"""Values: found, lost, computed again, released."""

from __future__ import annotations

from pyfora.cluster.events import Forget, Record, ValueFound, ValueMissed, ValueWanted
from pyfora.limits import ATTEMPTS_LIMIT, WANTS_LIMIT
from pyfora.wire.messages import AnswerTaken, CancelProgram, ProgramEnded, ReleaseValues, RunProgram
from tests.cluster.manager_book import ManagerBook, P, Q, R

V, W = f"{P}.v", f"{Q}.w"


def made(*workers: str) -> ManagerBook:
    """P has completed at w1 and left the value V; the client has the answer."""
    book = ManagerBook("w1", *workers)
    book.submit(P) << ...
    book.end("w1", P, values=[V]) << ...
    book.client(AnswerTaken(P)) << Record
    book.done()
    return book


def test_a_value_is_found_where_it_was_made() -> None:
    book = made()
    book >> ValueWanted("r1", V)
    book << ValueFound("r1", V, 10, "w1", 30009)
    book.done()


def test_a_value_that_never_was_is_missed_in_words() -> None:
    book = made()
    for value_id in (f"{P}.other", f"{R}.v", "nonsense"):
        book >> ValueWanted("r1", value_id)
        book << (lambda e: isinstance(e, ValueMissed) and "never made" in e.reason)


def test_a_value_of_a_program_that_still_runs_is_waited_for() -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    book >> ValueWanted("r1", V)
    book.done()
    book.end("w1", P, values=[V])
    book.find(ValueFound)


def test_a_lost_value_is_computed_again_when_it_is_wanted_and_the_client_hears_of_no_second_end() -> None:
    book = made()
    book.lose("w1").never(RunProgram)
    book.register("w2") << ...
    book >> ValueWanted("r1", V)
    assert book.find(RunProgram).attempt == 2
    book.done()
    book.end("w2", P, 2, values=[V]) << Record << ValueFound("r1", V, 10, "w2", 30009)
    book.done()


def test_lost_inputs_are_computed_again_recursively() -> None:
    book = made()
    book.submit(Q, inputs=[V]) << ...
    book.end("w1", Q, values=[W]) << ...
    book.client(AnswerTaken(Q)) << ...
    book.client(ReleaseValues([V])) << ...
    assert book.state(P) == "ended", "its value may have to be computed again for the sake of W"
    book.lose("w1") << ...
    book.register("w2") << ...
    book >> ValueWanted("r1", W)
    assert book.find(RunProgram).program_id == P
    book.done()
    book.end("w2", P, 2, values=[V])
    assert book.find(RunProgram).program_id == Q
    book.done()
    book.end("w2", Q, 2, values=[W])
    book.find(ReleaseValues([V]))
    book.find(ValueFound)


def test_a_program_waits_for_inputs_that_are_still_being_made() -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    book.submit(Q, inputs=[V]).never(RunProgram)
    book.end("w1", P, values=[V])
    assert book.find(RunProgram).inputs == [[V, 10, "w1", "w1", 30009]]


def test_a_program_whose_input_will_never_be_is_lost_in_words() -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    book.submit(Q, inputs=[V]) << ...
    book.client(CancelProgram(P))
    book.find(lambda m: isinstance(m, ProgramEnded) and m.outcome == "lost" and "was cancelled" in m.reason)
    book.submit(R, inputs=["nobody.v"])
    book.find(lambda m: isinstance(m, ProgramEnded) and m.outcome == "lost" and "nobody.v" in m.reason)


def test_what_cannot_be_computed_again_is_missed_in_words() -> None:
    book = made()
    book.lose("w1") << ...
    book.register("w2") << ...
    book >> ValueWanted("r1", V)
    book << ...
    for attempt in range(2, 2 + ATTEMPTS_LIMIT):
        book.end("w2", P, attempt, outcome="crashed", reason="signal 9")
        if attempt < 1 + ATTEMPTS_LIMIT:
            book.find(RunProgram)
    book.find(lambda e: isinstance(e, ValueMissed) and "signal 9" in e.reason)
    book.never(ProgramEnded)


def test_released_values_are_freed_and_the_program_forgotten() -> None:
    book = made()
    book.client(ReleaseValues([V])) << ReleaseValues([V]) << Forget(P)
    book.done()
    book >> ValueWanted("r1", V)
    book << ValueMissed


def test_a_value_released_while_a_program_reads_it_is_freed_afterwards() -> None:
    book = made()
    book.submit(Q, inputs=[V]) << ...
    book.client(ReleaseValues([V])).never(ReleaseValues)
    book.end("w1", Q)
    book.find(ReleaseValues([V]))
    book.client(AnswerTaken(Q)) << Forget(Q) << Forget(P)


def test_the_answer_is_kept_though_the_values_are_released() -> None:
    book = ManagerBook("w1")
    book.submit(P) << ...
    book.end("w1", P, values=[V]) << ...
    book.client(ReleaseValues([V])) << ReleaseValues([V]) << Record
    assert book.last.program.released == [V]
    book.done()
    book.client(AnswerTaken(P)) << Forget(P)


def test_a_copy_that_nobody_needs_is_released_at_its_worker() -> None:
    book = ManagerBook("w1")
    book.register("w2", values=[[f"{R}.v", 3]]).find(ReleaseValues([f"{R}.v"]))


def test_copies_that_are_said_to_be_there_but_are_not_given_are_computed_again() -> None:
    book = made()
    book.submit(Q, inputs=[V]) << ...
    for attempt in range(1, ATTEMPTS_LIMIT + 1):
        book.end("w1", Q, attempt, outcome="lost", reason="no answer")
        if attempt < ATTEMPTS_LIMIT:
            book.wait(1.5, book.beat("w1"))
            book.find(RunProgram)
            book << ...
    book.find(ReleaseValues([V]))
    book.wait(3.0, book.beat("w1"))
    assert book.find(RunProgram).program_id == P


def test_requests_over_the_limit_are_missed_in_words() -> None:
    book = ManagerBook()
    book.submit(P) << ...
    for number in range(WANTS_LIMIT):
        book >> ValueWanted(f"r{number}", V)
    book >> ValueWanted("one more", V)
    book << (lambda e: isinstance(e, ValueMissed) and "ask again later" in e.reason)
    book.done()


def test_a_long_chain_of_values_is_forgotten_from_its_end() -> None:
    book = ManagerBook("w1")
    ids = [f"{number:032x}" for number in range(2000)]
    for at, program_id in enumerate(ids):
        book.submit(program_id, inputs=[f"{ids[at - 1]}.v"] if at else []) << ...
        book.end("w1", program_id, values=[f"{program_id}.v"]) << ...
        book.client(AnswerTaken(program_id)) << ...
        if at:
            book.client(ReleaseValues([f"{ids[at - 1]}.v"])) << ...
    assert len(book.core.lineage.jobs) == 2000
    book.client(ReleaseValues([f"{ids[-1]}.v"])) << ...
    assert not book.core.lineage.jobs
