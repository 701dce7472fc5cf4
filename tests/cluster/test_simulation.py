"""Whole clusters, calm and terrible, from seeds."""

from __future__ import annotations

import pytest

from tests.cluster.simulation import Plan, run_seed

SEEDS = 260
BATCH = 20


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_every_accepted_program_ends_once_with_the_right_answer(first: int) -> None:
    for seed in range(first, first + BATCH):
        run_seed(seed)


def test_a_scenario_replays_exactly_from_its_seed() -> None:
    worlds = [run_seed(3, Plan(3, 2, 2, 4, 2.0, 8)) for _ in range(2)]
    assert worlds[0].events == worlds[1].events > 300
    assert list(worlds[0].story) == list(worlds[1].story)


def test_a_large_cluster() -> None:
    plan = Plan(workers=100, cores=2, clients=3, programs=20, trouble_s=2.0, disturbances=20, check_every=100)
    assert run_seed(1, plan).events > 10_000
