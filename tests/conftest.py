"""What holds for every test of the project."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings

USUAL_CASES = 2_000


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--cases`: how thoroughly tests/compile holds compiled code against CPython."""
    words = "cases that are drawn for each primitive of the compiler; programs drawn are a twentieth of them"
    parser.addoption("--cases", type=int, default=USUAL_CASES, help=words)


def pytest_configure(config: pytest.Config) -> None:
    """Ctrl-C interrupts here and in what tests start: the background jobs of a shell would ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # The same draws each time, and no timing that decides: the usual profile gives an example 200 ms.
    settings.register_profile(
        "steady", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("steady")
    cases = config.getoption("--cases")
    settings.register_profile(
        "drawing",
        derandomize=cases == USUAL_CASES,
        deadline=None,
        max_examples=max(cases // 20, 150),
        suppress_health_check=list(HealthCheck),
        database=None,
    )
