"""What is told of the loops of a program that was run: how, why, and where kernels gave up, by construct."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyfora.client.loops import read_loop
from pyfora.compile import Site
from pyfora.execute.loops import GIVE_UPS_LIMIT, LoopReport, LoopRun
from tests.execute import explained
from tests.execute.asking import check_equal
from tests.execute.worker_in_test import WorkerInTest

_WIDE = "mul_int: an int beyond 64 bits"
_RAISE = "give_up_int: an exception that is raised"
_DOMAIN = "log_float: a domain or range error, an infinity or a nan"


@pytest.mark.parametrize(
    ("function", "check", "line", "construct"),
    [
        (explained.wide, _WIDE, "return sum(i * i * 10**9 % 7 for i in range(count))", "i * i * 10**9"),
        (explained.in_a_called_function, _RAISE, "raise ValueError(n)", "raise ValueError(n)"),
        (explained.in_a_method, _WIDE, "return (self.width * depth * 10**8)", "self.width * depth * 10**8"),
        (explained.in_a_lambda, _WIDE, "scaled = lambda n: n * 10**14  # noqa: E731", "n * 10**14"),
        (
            explained.in_a_comprehension,
            _WIDE,
            "return sum(len([10**15 * k for k in range(i % 3 * 10**4, i % 3 * 10**4 + 2)]) for i in range(count))",
            "10**15 * k",
        ),
        (
            explained.in_reduce,
            _WIDE,
            "return sum(functools.reduce(lambda a, b: a * b, [i, i, i, 1000]) % 7 for i in range(count))",
            "a * b",
        ),
        (
            explained.in_a_generator,
            "add_int: an int beyond 64 bits",
            "return sum(sum(_steps(i)) % 7 for i in range(count))",
            "sum(_steps(i))",
        ),
        (explained.in_a_loop_that_adds, _WIDE, "total += (i * 10**14) % 7", "i * 10**14"),
        (
            explained.in_map,
            _WIDE,
            "return sum(map(lambda n: n * 10**14 % 7, range(count)))  # noqa: C417",
            "n * 10**14",
        ),
        (explained.domain, _DOMAIN, "return math.log(n)", "math.log(n)"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_where_a_kernel_gave_up(
    compiling_worker: WorkerInTest, function: Callable[[int], Any], check: str, line: str, construct: str
) -> None:
    (facts,) = check_equal(compiling_worker, function, 1_500_000)
    loop = read_loop(facts)
    assert (loop.how, loop.reason, loop.construct) == ("compiled", "", None)
    (place,) = loop.places
    assert place.check == check and place.leaves == loop.gave_up > 0
    assert place.construct is not None
    assert (place.construct.text, place.construct.construct) == (line, construct)
    assert place.file == loop.file and line.startswith(_line_of(place.line))


def _line_of(line: int) -> str:
    return Path(explained.__file__).read_text(encoding="utf-8").splitlines()[line - 1].strip()


def test_of_a_kernel_that_did_all_there_is_no_place(compiling_worker: WorkerInTest) -> None:
    (facts,) = check_equal(compiling_worker, explained.plain, 3_000_000)
    assert (facts["how"], facts["gave_up"], facts["places"], facts["reason"]) == ("compiled", 0, [], "")


@pytest.mark.parametrize(
    ("function", "count", "how", "reason", "construct"),
    [
        (
            explained.texts,
            60_000,
            "interpreted",
            "an f-string is not something that compiled",
            'f"{sum(range(i % 500)):>9}"',
        ),
        (
            explained.two_types,
            60_000,
            "interpreted",
            "the two sides of 'if … else …' are of different types",
            "i if i % 2 else sum(range(500)) * 0.5",
        ),
        (explained.keys, 60_000, "interpreted", "keys for `sorted`, `min` and `max` are made by calls", None),
        (explained.shares, 50_000, "in order", "the loop changes something that its elements share", None),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_why_a_loop_was_not_compiled(
    compiling_worker: WorkerInTest,
    function: Callable[[int], Any],
    count: int,
    how: str,
    reason: str,
    construct: str | None,
) -> None:
    (facts,) = check_equal(compiling_worker, function, count)
    loop = read_loop(facts)
    assert loop.how == how and loop.reason.startswith(reason)
    assert (loop.construct.construct if loop.construct else None) == construct


def test_what_is_told_of_a_loop_that_gave_up_everywhere_is_bounded() -> None:
    run = LoopRun("f" * 500, 3, "compiled", elements=10**6, leaves=10**4)
    run.note_given_up({(f"{number}: {'x' * 500}", number): 1 + number % 3 for number in range(1000)})
    run.note_given_up({("mul_int", 7): 500, ("mul_int", -5): 400, ("mul_int", 2**70): 300})
    report = LoopReport()
    report.add(run)
    (facts,) = report.as_json()["loops"]
    assert len(facts["places"]) == GIVE_UPS_LIMIT and len(json.dumps(facts)) < 3000
    assert facts["places"][0] == {"check": "mul_int", "leaves": 1200, "file": "", "line": 0}
    assert facts["gave_up"] == sum(1 + number % 3 for number in range(1000)) + 1200
    assert read_loop(facts).explained().splitlines()[-1].endswith("gave up at other places")


def test_one_construct_that_is_several_calls_is_one_place() -> None:
    node = ast.parse("a * b").body[0]
    run = LoopRun("f.py", 1, "compiled", sites=(None, Site("f.py", node), Site("f.py", node)))
    run.note_given_up({("mul_int: x", 2): 3, ("mul_int: x", 3): 4, ("mul_int: x", 1): 1})
    assert [(one["line"], one["leaves"]) for one in run.facts()["places"]] == [(1, 7), (0, 1)]
