"""A worker keeps to its share of memory and disk: what goes beyond it fails in words, and the worker lives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import pyfora
from tests.daemons import Cluster

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def small() -> Iterator[Cluster]:
    with Cluster(workers=1, settings={"UFORA_WORKER_MEMORY_MB": "600", "UFORA_WORKER_DISK_MB": "16"}) as cluster:
        yield cluster


def worker_of(cluster: Cluster) -> tuple[int, str]:
    status = cluster.status()
    assert status is not None
    return cluster.workers[0].process.pid, status["workers"][0]["worker_id"]


def test_a_block_that_holds_too_much_fails_in_words_and_the_worker_lives(small: Cluster) -> None:
    before = worker_of(small)
    with pyfora.connect(small.url, timeout=20, progress=False) as executor:
        with (
            pytest.raises(pyfora.ComputeCrashError, match=r"UFORA_WORKER_MEMORY_MB allows them 600"),
            executor.remotely.downloadAll(),
        ):
            held = []
            for number in range(4000):
                held.append(bytearray(1_000_000 + number))
            total = len(held)
        with executor.remotely.downloadAll():
            total = sum(i * i for i in range(200_000))
    assert total == sum(i * i for i in range(200_000))
    assert worker_of(small) == before
    assert small.workers[0].process.poll() is None
    assert "Ending compute process" in small.workers[0].log.read_text()


def test_a_value_that_does_not_fit_fails_in_words_and_the_worker_lives(small: Cluster) -> None:
    before = worker_of(small)
    with pyfora.connect(small.url, timeout=20, progress=False) as executor:
        with (
            pytest.raises(pyfora.ComputeCrashError, match="UFORA_WORKER_DISK_MB"),
            executor.remotely.remoteAll(),
        ):
            large = bytes(30_000_000)  # noqa: F841
        with executor.remotely.remoteAll():
            fits = bytes(3_000_000)
        assert fits.toLocal().result() == bytes(3_000_000)
    assert worker_of(small) == before
