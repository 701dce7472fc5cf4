"""How programs end when something is in the way: in words, or as if nothing were."""

from __future__ import annotations

import ctypes
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pyfora.errors import ResultTooLargeError
from pyfora.execute import loops
from pyfora.execute.driver import END_LIMIT_BYTES
from pyfora.execute.loops import LOOPS_LIMIT_BYTES, LoopReport, LoopRun
from pyfora.language.program import Program, build_call_program
from pyfora.limits import INLINE_LIMIT_BYTES, MESSAGE_HEADER_LIMIT_BYTES
from pyfora.values.room import write_limit
from pyfora.wire.messages import ProgramEnded
from tests.execute import awkward, programs
from tests.execute.asking import answer, run, same
from tests.execute.worker_in_test import WorkerInTest


def crashes(_: int) -> bytes:
    return ctypes.string_at(0)


def captures_what_cannot_leave(count: int) -> list[int]:
    numbers: Iterator[int] = (i for i in range(10**9))
    return [next(numbers) + 0 * math.factorial(i % 200 + 100) for i in range(count)]


def prints_too_much(count: int) -> int:
    return len([print("x" * 100_000) for _ in range(count)])


def exact_size(count: int) -> bytes:
    return bytes(count)


@pytest.mark.parametrize("function", [programs.texts, programs.sines, awkward.nested_terms, awkward.ints_then_floats])
@pytest.mark.parametrize("pieces", [1, 3])
def test_a_leaf_process_is_killed(function: Callable[[int], Any], pieces: int) -> None:
    with WorkerInTest(leaf_processes=3, run_leaves=2, server="tests.execute.spreading_server") as worker:
        worker.kill_after_pieces = pieces
        found, loops = run(worker, function, 30_000)
        assert same(found, function(30_000))
        assert loops[0]["leaves"] > 6


def test_held_runs_are_folded_though_their_holder_dies() -> None:
    """The accumulator goes from process to process; one that holds terms dies between two of its turns."""
    with WorkerInTest(leaf_processes=3, run_leaves=2) as worker:
        run(worker, programs.sines, 2_000_000)
        worker.kill_after_pieces = 5
        found, loops = run(worker, programs.sines, 8_000_000)
        assert worker.lost_pieces > 0
        assert same(found, programs.sines(8_000_000))
        assert loops[0]["how"] == "compiled"


def test_a_driver_that_crashes() -> None:
    with WorkerInTest() as worker, pytest.raises(AssertionError, match="the driver died"):
        run(worker, crashes, 1)


def test_what_cannot_leave_is_run_in_order(spreading_worker: WorkerInTest) -> None:
    found, loops = run(spreading_worker, captures_what_cannot_leave, 3_000)
    assert found == list(range(3_000))
    assert loops[0]["how"] == "in order"
    assert "cannot leave the process" in loops[0]["reason"]


def test_a_program_that_prints_too_much(spreading_worker: WorkerInTest) -> None:
    with pytest.raises(ResultTooLargeError, match="printed more than 16,777,216 characters"):
        run(spreading_worker, prints_too_much, 400)


@pytest.mark.parametrize("size", [INLINE_LIMIT_BYTES // 2, INLINE_LIMIT_BYTES * 2])
def test_where_results_go(worker: WorkerInTest, size: int) -> None:
    program = build_call_program(exact_size, (size,), {})
    ended = worker.drive(program.to_bytes())
    assert bool(ended.end["results"]["value_id"]) is (size > INLINE_LIMIT_BYTES)
    assert len(ended.payload) <= INLINE_LIMIT_BYTES
    assert answer(worker, program, ended) == bytes(size)


def _drive_without_room(worker: WorkerInTest, program: Program) -> ProgramEnded:
    write_limit(worker.spool, 1)
    return worker.drive(program.to_bytes())


def test_no_room_for_results() -> None:
    with WorkerInTest() as worker:
        ended = _drive_without_room(worker, build_call_program(exact_size, (100_000,), {}))
        assert ended.outcome == "crashed"
        assert "cannot be stored on the worker" in ended.reason
        assert ended.values == []


def test_no_room_for_an_environment() -> None:
    with WorkerInTest(server="tests.execute.spreading_server") as worker:
        ended = _drive_without_room(worker, build_call_program(programs.squares, (30_000,), {}))
        assert ended.outcome == "completed"
        assert ended.end["loops"][0]["how"] == "in order"


def test_a_report_of_many_loops_stays_small() -> None:
    report = LoopReport()
    for number in range(1000):
        report.add(LoopRun("f" * 500, number, reason="r" * 5000))
    ended = report.as_json()
    told = ended["loops"]
    assert 10 < len(told) <= 200
    assert len(told) + ended["loops_left_out"] == 1000
    assert len(str(told)) < 1.2 * LOOPS_LIMIT_BYTES
    assert [facts["line"] for facts in told] == sorted(facts["line"] for facts in told)


def test_every_loop_is_told_of_before_more_places_of_one() -> None:
    report = LoopReport()
    for line in range(60):
        run_ = LoopRun("f.py", line, "compiled", started_at=time.monotonic() - line)
        run_.note_given_up({(f"{number}: {'x' * 80}", 0): 10 - number for number in range(8)})
        report.add(run_)
    ended = report.as_json()
    assert len(json.dumps(ended["loops"])) <= LOOPS_LIMIT_BYTES
    assert ended["loops_left_out"] == 0
    told = [[place["leaves"] for place in facts["places"]] for facts in ended["loops"]]
    assert len(told) == 60 and told[-1] == list(range(10, 2, -1)) and told[0] == [10]


def test_a_loop_without_room_leaves_room_for_those_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "LOOPS_LIMIT_BYTES", 400)
    report = LoopReport()
    report.add(LoopRun("f.py", 1, reason="r" * 300, started_at=time.monotonic() - 100))
    report.add(LoopRun("f.py", 2))
    ended = report.as_json()
    assert [facts["line"] for facts in ended["loops"]] == [2]
    assert ended["loops_left_out"] == 1


def test_of_a_loop_that_ran_often_the_longest_run_is_told() -> None:
    report = LoopReport()
    for elapsed_s in (0.1, 0.5, 0.2):
        run_ = LoopRun("file", 1, elements=int(elapsed_s * 10))
        report.add(replace(run_, started_at=run_.started_at - elapsed_s))
    (told,) = report.as_json()["loops"]
    assert told["elements"] == 5


def test_limits_go_together() -> None:
    assert LOOPS_LIMIT_BYTES < END_LIMIT_BYTES < MESSAGE_HEADER_LIMIT_BYTES
    assert Path(programs.__file__).exists()
