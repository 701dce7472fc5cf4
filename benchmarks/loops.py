"""Parallel loops: time against numba's `prange`, bits against CPython."""

from __future__ import annotations

import math
import signal
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba

import pyfora
from benchmarks import peers
from benchmarks.spread_loops import is_prime
from benchmarks.table import Row
from tests.daemons import Cluster, wait_for


def block_of_sines(executor: Any, count: int) -> tuple[float, float]:
    """The sum, and the seconds from the entry of the block to the statement after it."""
    started = time.perf_counter()
    with executor.remotely.downloadAll():
        x = sum(math.sin(i) for i in range(count))
    return x, time.perf_counter() - started


def block_of_primes(executor: Any, count: int) -> tuple[int, float]:
    started = time.perf_counter()
    with executor.remotely.downloadAll():
        x = sum(is_prime(i) for i in range(count))
    return x, time.perf_counter() - started


def sines_against_prange(count: int, pairs: int) -> Row:
    """Block time against hand-written numba, in turn; the median of the pairs' ratios."""
    numba.set_num_threads(2)
    peers.sines(1000)
    with Cluster(workers=2) as cluster, pyfora.connect(cluster.url, progress=False) as executor:
        block_of_sines(executor, count)
        runs = [(peers.timed(lambda: peers.sines(count))[1], block_of_sines(executor, count)[1]) for _ in range(pairs)]
    return Row(
        f"10**{round(math.log10(count))} sines, 2 workers of 1 core, block time",
        f"{statistics.median(ours for _, ours in runs):.3f} s",
        f"numba prange, 2 threads: {statistics.median(peer for peer, _ in runs):.3f} s",
        statistics.median(ours / peer for peer, ours in runs),
        "x",
        1.3,
        1.08,
    )


def primes_against_prange(count: int, pairs: int) -> Row:
    """The same for a user's function of integers."""
    numba.set_num_threads(2)
    expected = peers.primes(count)
    with Cluster(workers=2) as cluster, pyfora.connect(cluster.url, progress=False) as executor:
        found, _ = block_of_primes(executor, count)
        assert found == expected, f"{found} primes, and numba found {expected}"
        runs = [
            (peers.timed(lambda: peers.primes(count))[1], block_of_primes(executor, count)[1]) for _ in range(pairs)
        ]
    return Row(
        f"sum(isPrime(i) for i in range({count:,}))",
        f"{statistics.median(ours for _, ours in runs):.3f} s",
        f"numba prange, 2 threads: {statistics.median(peer for peer, _ in runs):.3f} s",
        statistics.median(ours / peer for peer, ours in runs),
        "x",
        1.1,
        0.85,
    )


def bits_of_sines(count: int) -> Row:
    """The answer's bits on 1, 2 and 3 workers, and with one killed, against the local CPython."""
    local = sum(math.sin(i) for i in range(count))
    found: dict[str, float] = {}
    for workers in (1, 2, 3):
        with Cluster(workers=workers) as cluster, pyfora.connect(cluster.url, progress=False) as executor:
            found[f"{workers} workers"], _ = block_of_sines(executor, count)
    with (
        Cluster(workers=2) as cluster,
        pyfora.connect(cluster.url, progress=False) as executor,
        ThreadPoolExecutor(1) as beside,
    ):

        def kill_one() -> None:
            wait_for("leaves", lambda: any(p["leaves_done"] > 0 for p in (cluster.status() or {})["programs"]))
            cluster.workers[0].signal_family(signal.SIGKILL)

        killed = beside.submit(kill_one)
        found["one killed"], _ = block_of_sines(executor, count)
        killed.result()
    wrong = [name for name, value in found.items() if value.hex() != local.hex()]
    with_prange = float(peers.sines(count))
    return Row(
        f"10**{round(math.log10(count))} sines, the bits",
        "other bits: " + ", ".join(wrong) if wrong else "CPython's, for 1, 2, 3 workers and one killed",
        f"numba prange differs by {abs(with_prange - local):.3g}",
        float(len(wrong)),
        "differ",
        0,
        0,
    )
