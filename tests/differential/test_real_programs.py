"""Each benchmark of `pyperformance`: the same by the local CPython and through a cluster, or refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.daemons import Cluster
from tests.differential.real_programs import ROWS, with_files
from tests.differential.rows import Row

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Cluster(workers=2) as cluster:
        yield cluster.url


def _parameter(row: Row) -> object:
    marks = [] if row.known_difference is None else [pytest.mark.xfail(reason=row.known_difference, strict=True)]
    return pytest.param(row, id=row.name, marks=marks)


@pytest.mark.parametrize("row", [_parameter(row) for row in ROWS])
def test_program(row: Row, url: str) -> None:
    found = with_files(row).complaints(url)
    assert not found, "\n".join([row.name, *found])
