"""Running a function through the worker of the tests, and comparing what comes back."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

from pyfora.client.loops import read_loop
from pyfora.language.program import Program, build_call_program
from pyfora.language.raising import unpack_exception
from pyfora.language.results import unpack_results
from pyfora.values.parcels import read_parcel
from pyfora.wire.messages import ProgramEnded
from tests.execute.worker_in_test import WorkerInTest


def answer(worker: WorkerInTest, program: Program, ended: ProgramEnded) -> Any:
    """What the client would get: the result, or the exception raised."""
    assert ended.outcome == "completed", ended.reason
    facts, payload = ended.end, ended.payload
    results = facts["results"]
    if results["value_id"]:
        data = (worker.spool / results["value_id"]).read_bytes()
    else:
        data, payload = payload[: results["bytes"]], payload[results["bytes"] :]
    if facts["raised"]:
        raise unpack_exception(read_parcel(payload), program.origin)
    return unpack_results(read_parcel(data), program.origin)["result"]


def run(worker: WorkerInTest, function: Callable[[int], Any], count: int) -> tuple[Any, list[dict[str, Any]]]:
    """The function's answer, and how its loops were run."""
    program = build_call_program(function, (count,), {})
    ended = worker.drive(program.to_bytes())
    loops = ended.end["loops"]
    for loop in loops:
        read_loop(loop)  # as a client takes it
    return answer(worker, program, ended), loops


def check_equal(worker: WorkerInTest, function: Callable[[int], Any], count: int) -> list[dict[str, Any]]:
    """The answer, its type and bits, and all that is printed are plain Python's. Returns how the loops were run."""
    worker.printed.clear()
    found, loops = run(worker, function, count)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        expected = function(count)
    assert same(found, expected)
    text = ""
    for message in worker.printed:
        assert message.position == len(text)
        text += message.text
    assert text == printed.getvalue()
    return loops


def same(one: Any, other: Any) -> bool:
    """Equal in types, bits and order."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one.hex() == other.hex()
    if isinstance(one, complex):
        return same((one.real, one.imag), (other.real, other.imag))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and (not isinstance(one, (set, dict)) or list(one) == list(other))
