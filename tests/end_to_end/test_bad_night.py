"""Workers and managers killed, frozen and started again in the middle of a sum: the same bits."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemons import Cluster, Daemon, wait_for

pytestmark = pytest.mark.cluster

# A part that no kernel takes (an int beyond 64 bits), so that it takes long enough to be disturbed.
SLOW = """
    import math, pyfora, sys
    def term(i):
        return math.sin(i) + (i * 10**20) % 7
    executor = pyfora.connect(sys.argv[1], progress=False)
    with executor.remotely.downloadAll():
        x = sum(term(i) for i in range(6_000_000))
        y = sum(math.sin(i) for i in range(20_000_000))
    print(x.hex(), y.hex())
"""


@pytest.fixture(scope="module")
def expected() -> list[str]:
    slow = sum(math.sin(i) + (i * 10**20) % 7 for i in range(6_000_000))
    fast = sum(math.sin(i) for i in range(20_000_000))
    return [slow.hex(), fast.hex()]


def run_disturbed(
    cluster: Cluster, directory: Path, disturb: Callable[[Daemon, Daemon], None], expected: list[str]
) -> None:
    """Run SLOW; when leaves are done on both workers, `disturb(home, thief)`; compare the bits."""
    script = directory / "slow.py"
    script.write_text(textwrap.dedent(SLOW))
    program = subprocess.Popen(
        [sys.executable, str(script), cluster.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:

        def both_at_work() -> bool:
            status = cluster.status()
            return bool(status) and any(p["workers"] >= 2 and p["leaves_done"] > 0 for p in status["programs"])

        wait_for("both workers to run leaves", both_at_work)
        status = cluster.status()
        assert status is not None
        home_id = next(p["home_id"] for p in status["programs"] if p["workers"] >= 2)
        home_port = next(w["base_port"] for w in status["workers"] if w["worker_id"] == home_id)
        by_port = {worker.base_port: worker for worker in cluster.workers if worker.process.poll() is None}
        home = by_port.pop(home_port)
        disturb(home, next(iter(by_port.values())))
        out, err = program.communicate(timeout=100)
        assert out.split() == expected, out + err
    finally:
        if program.poll() is None:
            program.kill()
            program.wait(10)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("victim", ["home", "thief"])
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
def test_a_worker_is_lost_in_mid_run(tmp_path: Path, expected: list[str], victim: str, blow: signal.Signals) -> None:
    with Cluster(workers=2) as cluster:

        def disturb(home: Daemon, thief: Daemon) -> None:
            (home if victim == "home" else thief).signal_family(blow)

        run_disturbed(cluster, tmp_path, disturb, expected)


@pytest.mark.timeout(180)
def test_the_manager_is_killed_and_started_again(tmp_path: Path, expected: list[str]) -> None:
    with Cluster(workers=2) as cluster:

        def disturb(home: Daemon, thief: Daemon) -> None:
            cluster.manager.signal_family(signal.SIGKILL)
            cluster.manager.process.wait(10)
            timer = threading.Timer(0.5, cluster.start_manager)
            timer.start()
            timer.join()

        run_disturbed(cluster, tmp_path, disturb, expected)
