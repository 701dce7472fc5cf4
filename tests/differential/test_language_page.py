"""docs/language.md, line by line: each outcome that its table tells is the outcome of the rows that show it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons import Cluster
from tests.differential.harness import run_on
from tests.differential.language_page import SHOWN_BY
from tests.differential.modes import EAGER_SERVER
from tests.differential.rows import Row
from tests.differential.table import ROWS

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text()
LINES = [match.groups() for match in re.finditer(r"^\| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)]
OUTCOMES = {construct: outcome for construct, outcome in LINES if construct != "construct"}
REFUSED = re.compile("refused, `(?P<kind>[A-Za-z]+)`: “(… )?(?P<message>.+)”")
ROW_OF = {row.name: row for row in ROWS}
PARALLEL_EVERY_TIME = 3
"""Lines of parallel loops that are looked at each time, the others by `make test-slow`: their rows take seconds."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Cluster(workers=2, fork_server=EAGER_SERVER) as cluster:
        yield cluster.url


def test_the_page_and_the_rows_tell_of_the_same_lines() -> None:
    assert list(OUTCOMES) == list(SHOWN_BY)
    assert [name for names in SHOWN_BY.values() for name in names if name not in ROW_OF] == []
    assert [
        outcome
        for outcome in OUTCOMES.values()
        if outcome not in ("runs", "parallel") and not REFUSED.fullmatch(outcome)
    ] == []


def _shown() -> Iterator[object]:
    parallel = 0
    for construct, names in SHOWN_BY.items():
        parallel += OUTCOMES.get(construct) == "parallel"
        for number, name in enumerate(names):
            late = OUTCOMES.get(construct) == "parallel" and (number or parallel > PARALLEL_EVERY_TIME)
            marks = [pytest.mark.slow] if late else []
            yield pytest.param(construct, ROW_OF[name], id=name, marks=marks)


@pytest.mark.cluster
@pytest.mark.parametrize(("construct", "row"), list(_shown()))
def test_line(construct: str, row: Row, url: str) -> None:
    outcome = OUTCOMES[construct]
    refusal = REFUSED.fullmatch(outcome)
    assert (row.refused is not None) is (refusal is not None), f"the page says {outcome}"
    remote = run_on(url, row.program())
    assert row.complaints_about(remote) == []
    if refusal is not None:
        assert remote.raised == refusal["kind"]
        assert refusal["message"] in remote.message
    if outcome == "parallel":
        assert {"compiled", "interpreted"} & set(remote.loops), remote.loops
