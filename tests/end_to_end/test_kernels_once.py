"""A kernel is compiled once in a cluster, wherever the programs that need it are at home."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import textwrap
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.daemons import Cluster, Daemon, wait_for

pytestmark = pytest.mark.cluster

SCRIPT = """
    import pyfora, sys
    def half(i):
        for _ in range(30):
            i = (i * 7919 + {number}) % 100_003
        return i * 0.5
    executor = pyfora.connect(sys.argv[1], progress=False)
    print("connected", flush=True)
    sys.stdin.readline()
    with executor.remotely.downloadAll():
        x = sum(half(i) for i in range(500_000))
    print(x.hex(), [loop.how for loop in executor.lastLoops])
"""
"""Each number is in another kernel."""


def expected(number: int) -> str:
    def half(i: int) -> float:
        for _ in range(30):
            i = (i * 7919 + number) % 100_003
        return i * 0.5

    return f"{sum(half(i) for i in range(500_000)).hex()} ['compiled']"


class Sessions:
    """Clients in processes of their own that run one block at the same time."""

    def __init__(self, cluster: Cluster, directory: Path) -> None:
        self._cluster = cluster
        self._script = directory / "block.py"

    def run(self, number: int, count: int = 1) -> None:
        """Have `count` sessions begin their blocks when all are connected; each has the right answer."""
        self._script.write_text(textwrap.dedent(SCRIPT).format(number=number))
        arguments = [sys.executable, str(self._script), self._cluster.url]
        programs = [
            subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(count)
        ]
        try:
            for program in programs:
                assert program.stdout is not None and program.stdout.readline() == "connected\n"
            for program in programs:
                assert program.stdin is not None
                program.stdin.write("\n")
                program.stdin.flush()
            right = expected(number)
            assert [program.communicate(timeout=100)[0].strip() for program in programs] == [right] * count
        finally:
            for program in programs:
                if program.poll() is None:
                    program.kill()
                    program.wait(10)

    def figures(self, blocks: int) -> dict[str, float]:
        """The sums over all workers, once these have told of all the kernels that so many blocks have needed."""

        def reported() -> dict[str, float] | None:
            with urllib.request.urlopen(f"{self._cluster.url}/metrics", timeout=10) as answer:
                text = answer.read().decode()
            sums: dict[str, float] = {}
            for family in text_string_to_metric_families(text):
                for sample in family.samples:
                    sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
            return sums if sums.get("pyfora_worker_compile_seconds_count") == blocks else None

        sums: dict[str, float] = wait_for(f"the figures of {blocks} blocks", reported, 20)
        return sums


def homes(cluster: Cluster) -> dict[str, int]:
    """How many blocks have been at home at each worker."""
    return {worker.name: len(re.findall("a block is at home here", log_of(worker))) for worker in cluster.workers}


def log_of(worker: Daemon) -> str:
    return "".join(path.read_text() for path in sorted((worker.directory / "data" / "logs").glob("*.log")))


@pytest.mark.timeout(240)
def test_what_a_killed_worker_has_compiled_is_not_compiled_again(tmp_path: Path) -> None:
    with Cluster(workers=1) as cluster:
        sessions = Sessions(cluster, tmp_path)
        sessions.run(13)
        figures = sessions.figures(blocks=1)
        assert figures["pyfora_worker_compiled_kernels_total"] == 1
        assert figures["pyfora_worker_fetched_kernels_total"] == 0
        assert figures["pyfora_kernels"] == 1 and 1_000 < figures["pyfora_kernels_bytes"] < 50_000
        for also_the_manager in (False, True):
            before = cluster.workers[-1]
            cluster.start_worker()
            cluster.wait_for_workers(2)
            if also_the_manager:
                cluster.manager.signal_family(signal.SIGKILL)
                cluster.manager.process.wait(10)
                cluster.start_manager()
                cluster.wait_for_workers(2)
            before.signal_family(signal.SIGKILL)
            before.process.wait(10)
            cluster.wait_for_workers(1)
            sessions.run(13)
            # Of the one that is left; what it has counted.
            figures = sessions.figures(blocks=1)
            assert figures["pyfora_worker_compiled_kernels_total"] == 0
            assert figures["pyfora_worker_fetched_kernels_total"] == 1


@pytest.mark.timeout(400)
def test_three_homes_that_need_a_kernel_at_the_same_time_compile_it_once(tmp_path: Path) -> None:
    patient = [sys.executable, "-m", "tests.patient_twistd"]
    with Cluster(workers=3, fork_server="tests.execute.patient_server", manager=patient) as cluster:
        sessions = Sessions(cluster, tmp_path)
        rounds = 0
        # Where three blocks are placed is the manager's choice: until each worker has had one.
        while rounds == 0 or (not all(homes(cluster).values()) and rounds < 10):
            rounds += 1
            sessions.run(13 + rounds, count=3)
            figures = sessions.figures(blocks=3 * rounds)
            assert figures["pyfora_worker_compiled_kernels_total"] == rounds
            assert figures["pyfora_kernels"] == rounds
        assert all(homes(cluster).values())
