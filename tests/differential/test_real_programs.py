"""Each benchmark of `pyperformance`: the same by the local CPython and through a cluster, or refused."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import cast

import pytest

from tests.daemons import Cluster
from tests.differential.ahead import Ahead, parameters
from tests.differential.real_programs import ROWS, with_files
from tests.differential.rows import Row

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def ahead(request: pytest.FixtureRequest) -> Iterator[Ahead]:
    rows = cast(list[Row], parameters(request, "row"))
    with Cluster(workers=2) as cluster:
        tasks = {row.name: functools.partial(with_files(row).complaints, cluster.url) for row in rows}
        with Ahead(tasks) as running:
            yield running


def _parameter(number: int, row: Row) -> object:
    marks = [] if row.known_difference is None else [pytest.mark.xfail(reason=row.known_difference, strict=True)]
    if number % 3:  # all of them by `make test-slow`, every third one every time
        marks.append(pytest.mark.slow)
    return pytest.param(row, id=row.name, marks=marks)


@pytest.mark.parametrize("row", [_parameter(number, row) for number, row in enumerate(ROWS)])
def test_program(row: Row, ahead: Ahead) -> None:
    found = ahead[row.name]
    assert not found, "\n".join([row.name, *found])
