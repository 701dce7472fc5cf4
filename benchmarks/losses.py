"""What it costs when one of two workers freezes or dies in mid-run."""

from __future__ import annotations

import math
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pyfora
from benchmarks.loops import block_of_sines
from benchmarks.table import Row
from tests.daemons import Cluster, wait_for


def lost_worker(blow: signal.Signals, what: str, count: int, least: float, aim: float) -> Row:
    """Seconds by which a run that loses a worker ends later than an undisturbed one on one worker.

    The worse of two: the home worker lost, the thief lost.
    """
    local = sum(math.sin(i) for i in range(count))
    with Cluster(workers=1) as cluster, pyfora.connect(cluster.url, progress=False) as executor:
        block_of_sines(executor, count)
        _, alone_s = block_of_sines(executor, count)
    later: dict[str, float] = {}
    for victim in ("home", "thief"):
        with (
            Cluster(workers=2) as cluster,
            pyfora.connect(cluster.url, progress=False) as executor,
            ThreadPoolExecutor(1) as beside,
        ):
            block_of_sines(executor, count // 10)
            struck = beside.submit(_strike, cluster, victim, blow)
            started = time.perf_counter()
            value, _ = block_of_sines(executor, count)
            later[victim] = time.perf_counter() - started - alone_s
            struck.result()
            assert value.hex() == local.hex(), f"other bits after {what} of the {victim}"
    return Row(
        f"{what} of one of two workers in mid-run, later than one undisturbed worker",
        f"{max(later.values()):+.2f} s (" + ", ".join(f"{k} {v:+.2f}" for k, v in later.items()) + "), the right bits",
        f"one worker alone: {alone_s:.2f} s",
        max(later.values()),
        "s",
        least,
        aim,
    )


def _strike(cluster: Cluster, victim: str, blow: signal.Signals) -> None:
    def both() -> object:
        status = cluster.status() or {"programs": []}
        return [
            p for p in status["programs"] if p["workers"] >= 2 and p["leaves_done"] > 0.3 * max(p["leaves_total"], 1)
        ]

    (program,) = wait_for("the middle of the run", both)
    workers = (cluster.status() or {"workers": []})["workers"]
    home_port = next(w["base_port"] for w in workers if w["worker_id"] == program["home_id"])
    (struck,) = [one for one in cluster.workers if (one.base_port == home_port) == (victim == "home")]
    struck.signal_family(blow)
