"""Each row of the table: the same by the local CPython and through a cluster, or refused."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import cast

import pytest

from tests.daemons import Cluster
from tests.differential.ahead import Ahead, parameters
from tests.differential.rows import Row
from tests.differential.table import ROWS

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def ahead(request: pytest.FixtureRequest) -> Iterator[Ahead]:
    rows = cast(list[Row], parameters(request, "row"))
    with Cluster(workers=2) as cluster:
        tasks = {row.name: functools.partial(row.complaints, cluster.url) for row in rows}
        with Ahead(tasks) as running:
            yield running


LONG = ("elements of ", "consumed by ")
"""Chapters of loops that take seconds each: all of them by `make test-slow`, some of them every time."""


def _parameter(row: Row) -> object:
    marks = [] if row.known_difference is None else [pytest.mark.xfail(reason=row.known_difference, strict=True)]
    if row.name.startswith(LONG) and len(row.name) % 4:
        marks.append(pytest.mark.slow)
    return pytest.param(row, id=row.name, marks=marks)


@pytest.mark.parametrize("row", [_parameter(row) for row in ROWS])
def test_row(row: Row, ahead: Ahead) -> None:
    found = ahead[row.name]
    assert not found, "\n".join([row.name, *found])


def test_names_are_unique() -> None:
    names = [row.name for row in ROWS]
    assert sorted(set(names)) == sorted(names)
