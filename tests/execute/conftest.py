"""Workers for the tests of this directory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.execute.worker_in_test import WorkerInTest


@pytest.fixture(scope="module")
def worker() -> Iterator[WorkerInTest]:
    with WorkerInTest(leaf_processes=2, run_leaves=5) as running:
        yield running


@pytest.fixture(scope="module")
def eager_worker() -> Iterator[WorkerInTest]:
    """One that spreads whatever lasts a fraction of a millisecond."""
    with WorkerInTest(leaf_processes=2, run_leaves=3, server="tests.execute.eager_server") as running:
        yield running


@pytest.fixture(scope="module")
def spreading_worker() -> Iterator[WorkerInTest]:
    """One that spreads whatever can be spread, whatever the machine's speed, and compiles nothing."""
    with WorkerInTest(leaf_processes=2, run_leaves=3, server="tests.execute.spreading_server") as running:
        yield running


@pytest.fixture(scope="module")
def compiling_worker() -> Iterator[WorkerInTest]:
    """The same, where each loop that is spread is compiled if it can be."""
    with WorkerInTest(leaf_processes=2, run_leaves=3, server="tests.execute.compiling_server") as running:
        yield running
