"""What a user reads of the loops of a block, and what is not believed of what was told."""

from __future__ import annotations

from typing import Any

import pytest

from pyfora.client.explaining import explain_run
from pyfora.client.loops import read_left_out, read_loop

PLACE = {
    "check": "mul_int: an int beyond 64 bits",
    "leaves": 2,
    "file": "p.py",
    "line": 12,
    "text": "total += a * b",
    "column": 9,
    "width": 5,
}
ELSEWHERE = {"check": "give_up_int: an exception that is raised", "leaves": 1, "file": "lib.py", "line": 3}
NOWHERE = {"check": "an index beyond those that the kernel is for", "leaves": 1, "file": "", "line": 0}
COMPILED = {
    "file": "p.py",
    "line": 10,
    "how": "compiled",
    "reason": "",
    "elements": 1_000_000,
    "leaves": 40,
    "gave_up": 4,
    "places": [PLACE, ELSEWHERE, NOWHERE],
    "elapsed_s": 0.25,
}
INTERPRETED = {
    "file": "p.py",
    "line": 20,
    "how": "interpreted",
    "reason": "str() of (int) is not compiled (line 21 of p.py)",
    "elements": 500,
    "leaves": 2,
    "gave_up": 0,
    "places": [],
    "elapsed_s": 1.0,
    "text": "x = str(i)",
    "column": 4,
    "width": 6,
}


def test_a_loop_on_one_line() -> None:
    assert str(read_loop(COMPILED)) == (
        "p.py:10: compiled, 1,000,000 elements, 4 of 40 leaves gave up, 0.250 s: "
        "2 at line 12 `a * b` (mul_int: an int beyond 64 bits); "
        "1 at line 3 of lib.py (give_up_int: an exception that is raised); "
        "1 (an index beyond those that the kernel is for)"
    )
    assert str(read_loop(INTERPRETED)) == (
        "p.py:20: interpreted, 500 elements, 2 leaves, 1.000 s (str() of (int) is not compiled (line 21 of p.py))"
    )


def test_the_loops_of_a_run_with_carets() -> None:
    assert explain_run([read_loop(COMPILED), read_loop(INTERPRETED)], 0) == (
        "p.py:10: compiled, 1,000,000 elements, 4 of 40 leaves gave up, 0.250 s\n"
        "    2 gave up at line 12: an int beyond 64 bits (mul_int)\n"
        "        total += a * b\n"
        "                 ^^^^^\n"
        "    1 gave up at line 3 of lib.py: an exception that is raised (give_up_int)\n"
        "    1 gave up: an index beyond those that the kernel is for\n"
        "p.py:20: interpreted, 500 elements, 2 leaves, 1.000 s\n"
        "    str() of (int) is not compiled (line 21 of p.py)\n"
        "        x = str(i)\n"
        "            ^^^^^^\n"
    )
    assert explain_run([], 0) == "No loop of the last block was long enough to be worth a decision.\n"


def test_loops_that_are_not_told_of_are_counted() -> None:
    told = explain_run([read_loop(INTERPRETED)], 1_052).splitlines()
    assert told[0].startswith("p.py:20: interpreted")
    assert told[-1] == "1,052 more loops are not told of: there was no room."
    assert explain_run([], 1) == "1 more loop is not told of: there was no room.\n"
    assert read_left_out({"loops_left_out": 3}) == 3
    for wrong in (-1, "3", None, True):
        with pytest.raises(TypeError):
            read_left_out({"loops_left_out": wrong})


def test_more_places_than_are_told_of() -> None:
    loop = read_loop(COMPILED | {"gave_up": 9})
    assert loop.explained().splitlines()[-1] == "    5 gave up at other places"
    assert str(loop).endswith("; 5 at other places")


def test_a_loop_may_have_as_many_elements_as_a_range() -> None:
    assert read_loop(COMPILED | {"elements": 2**63 - 1}).elements == len(range(2**63 - 1))


@pytest.mark.parametrize(
    "changed",
    [
        {"elements": 2**63},
        {"line": "10"},
        {"line": -1},
        {"elements": True},
        {"leaves": 2**40},
        {"elapsed_s": float("nan")},
        {"how": None},
        {"places": {}},
        {"places": [7]},
        {"places": [PLACE | {"leaves": 1.5}]},
        {"places": [PLACE | {"check": 1}]},
        {"text": "x", "column": 2**40, "width": 1},
        {"text": "x", "column": 0, "width": 2**40},
        {"text": "x" * 10_000, "column": 0, "width": 1},
        {"text": ["x"], "column": 0, "width": 1},
    ],
    ids=repr,
)
def test_what_is_not_of_the_agreed_form_is_not_believed(changed: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        read_loop(COMPILED | changed)


def test_what_would_steer_a_terminal_is_written_out() -> None:
    text = {"text": "a\x1b + b\x07c + d", "column": 5, "width": 3}
    loop = read_loop(INTERPRETED | text | {"reason": "\x1b[2J", "file": "\x07.py"})
    assert loop.reason == "\\x1b[2J" and loop.file == "\\x07.py"
    assert loop.construct is not None and loop.construct.construct == "b\\x07c"
    assert loop.explained().splitlines()[-2:] == [
        "        a\\x1b + b\\x07c + d",
        "                ^^^^^^",
    ]


@pytest.mark.parametrize("missing", ["file", "places", "elapsed_s"])
def test_what_is_missing_is_missed(missing: str) -> None:
    with pytest.raises(KeyError):
        read_loop({name: value for name, value in COMPILED.items() if name != missing})
