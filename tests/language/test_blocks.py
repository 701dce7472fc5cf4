"""Every block of the table: sent to a driver in another process, it must give what plain Python gives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.language.blocks import CASES
from tests.language.rehearsal import Driver, PlainExecutor, RemoteExecutor, run_script


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    made = Driver()
    yield made
    made.close()


@pytest.mark.parametrize("name", CASES)
def test_the_outcome_is_pythons(name: str, driver: Driver) -> None:
    plain = run_script(CASES[name], f"/case/{name}.py", PlainExecutor())
    executor = RemoteExecutor(driver)
    remote = run_script(CASES[name], f"/case/{name}.py", executor)
    assert describe(remote["out"]) == describe(plain["out"])
    assert executor.programs, "the block was not sent"


def describe(value: object) -> object:
    """`value` with the types of everything in it, so that True is not 1."""
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [describe(item) for item in value]
    if isinstance(value, dict):
        return "dict", [(describe(k), describe(v)) for k, v in value.items()]
    if isinstance(value, type):
        return "type", value.__qualname__
    if isinstance(value, (set, frozenset)):
        # The order of a set of strings is a process's own.
        return type(value).__name__, sorted(map(repr, value))
    return type(value).__qualname__, repr(value)
