"""Programs made from fixed seeds: the same by the local CPython and through a cluster."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import cast

import pytest

from tests.daemons import Cluster
from tests.differential.ahead import Ahead, parameters
from tests.differential.generated import complaints, program_of, shrunk

pytestmark = pytest.mark.cluster

SEEDS = range(60)


@pytest.fixture(scope="module")
def ahead(request: pytest.FixtureRequest) -> Iterator[Ahead]:
    seeds = cast(list[int], parameters(request, "seed"))
    with Cluster(workers=2) as cluster:
        tasks = {str(seed): functools.partial(complaints, program_of(seed), cluster.url) for seed in seeds}
        with Ahead(tasks) as running:
            yield running


@pytest.mark.parametrize("seed", SEEDS)
def test_program(seed: int, ahead: Ahead) -> None:
    found = ahead[str(seed)]
    assert not found, "\n".join([f"python -m tests.differential.generated --seed {seed}", *found, program_of(seed)])


def test_a_seed_is_a_program() -> None:
    assert program_of(5) == program_of(5)
    assert program_of(5) != program_of(6)


def test_what_differs_is_shrunk() -> None:
    text = "def f(x):\n    y = x\n    return y\na = 1\nb = f(2)\nif a:\n    print(f(3))\n    c = 4\n"
    assert shrunk(text, lambda smaller: "print" in smaller) == "print\n"
