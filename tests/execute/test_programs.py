"""Real compute processes, forked by the real server: the same answers as plain Python, whatever happens to a leaf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pyfora.language.program import build_call_program
from tests.execute import programs
from tests.execute.asking import answer, check_equal, run
from tests.execute.worker_in_test import WorkerInTest


@pytest.mark.parametrize(("function", "count"), programs.EQUAL, ids=lambda v: getattr(v, "__name__", v))
def test_equal_to_plain_python(worker: WorkerInTest, function: Callable[[int], Any], count: int) -> None:
    check_equal(worker, function, count)


def test_how_loops_were_run(worker: WorkerInTest) -> None:
    _, loops = run(worker, programs.sines, 20_000_000)
    assert [(loop["how"], loop["gave_up"], loop["elements"]) for loop in loops] == [("compiled", 0, 20_000_000)]
    assert loops[0]["line"] == programs.sines.__code__.co_firstlineno + 1
    _, loops = run(worker, programs.texts, 3_000_000)
    assert loops[0]["how"] == "interpreted"
    assert "line" in loops[0]["reason"]
    _, loops = run(worker, programs.appended_to, 2_000_000)
    assert loops[0]["how"] == "in order"
    assert "share" in loops[0]["reason"]


def test_a_leaf_that_gives_up_is_run_by_python(compiling_worker: WorkerInTest) -> None:
    found, loops = run(compiling_worker, programs.stays_in_the_middle, 2_000_000)
    assert loops[0]["how"] == "compiled"
    assert loops[0]["gave_up"] > 0
    (place,) = loops[0]["places"]
    assert (place["check"], place["leaves"]) == ("mul_int: an int beyond 64 bits", loops[0]["gave_up"])
    assert found.hex() == programs.stays_in_the_middle(2_000_000).hex()


def test_the_exception_is_the_local_one(worker: WorkerInTest) -> None:
    with pytest.raises(ZeroDivisionError) as local:
        programs.divides_by_zero(500_000)
    with pytest.raises(ZeroDivisionError) as remote:
        run(worker, programs.divides_by_zero, 500_000)
    assert remote.value.args == local.value.args
    entry = remote.traceback[-1]
    assert str(entry.path).endswith("programs.py")
    assert entry.lineno == programs.divides_by_zero.__code__.co_firstlineno


def test_large_results_stay_in_the_spool(worker: WorkerInTest) -> None:
    program = build_call_program(programs.big_list, (100_000,), {})
    ended = worker.drive(program.to_bytes())
    value_id = ended.end["results"]["value_id"]
    assert [value_id, ended.end["results"]["bytes"]] in ended.values
    assert answer(worker, program, ended) == list(range(100_000))


def test_proxies(worker: WorkerInTest) -> None:
    program = build_call_program(programs.sines, (10,), {})
    ended = worker.drive(program.to_bytes(), download="none")
    assert ended.end["results"]["names"] == []
    proxy = ended.end["proxies"]["result"]
    assert (proxy["type"], proxy["exception"]) == ("float", False)
    assert (worker.spool / proxy["value_id"]).exists()
    ended = worker.drive(program.to_bytes(), download="small")
    assert ended.end["results"]["names"] == ["result"]


def test_a_result_that_cannot_leave_says_so(worker: WorkerInTest) -> None:
    from pyfora.errors import UnconvertibleValueError

    found, _ = run(worker, programs.not_picklable, 1)
    with pytest.raises(UnconvertibleValueError, match="generator"):
        list(found)
