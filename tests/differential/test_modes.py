"""Rows whose loops spread, in every mode: the same answer on any cluster, with leaves given up and workers killed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.daemons import Cluster
from tests.differential.modes import MODES, Mode, NeverMet
from tests.differential.rows import Row
from tests.differential.table import ROWS

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

EVERY_TIME = (
    "parallel loop: the first of several fails",
    "comprehension that memoises",
    "a generator half consumed by any",
    "StopIteration out of element 9,000",
)
"""Rows that are run each time, all of them in seconds; the others by `make test-slow`."""


@pytest.fixture(scope="module", params=MODES, ids=[mode.name for mode in MODES])
def mode(request: pytest.FixtureRequest) -> Mode:
    found: Mode = request.param
    return found


@pytest.fixture(scope="module")
def cluster(mode: Mode) -> Iterator[Cluster]:
    with mode.cluster() as running:
        yield running


def _parameter(row: Row) -> object:
    marks = [] if row.name in EVERY_TIME else [pytest.mark.slow]
    return pytest.param(row, id=row.name, marks=marks)


@pytest.mark.parametrize("row", [_parameter(row) for row in ROWS if row.known_difference is None])
def test_row(row: Row, mode: Mode, cluster: Cluster) -> None:
    try:
        found = mode.complaints(row, cluster)
    except NeverMet:
        if row.refused is None:
            raise
        pytest.skip("it is refused before it comes to a worker")
    assert not found, "\n".join([mode.name, row.name, *found])


def test_the_rows_of_every_time_are_rows() -> None:
    assert set(EVERY_TIME) <= {row.name for row in ROWS}
