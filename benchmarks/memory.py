"""Memory of idle daemons: proportional set size, summed over all processes of a family."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from benchmarks import peer_processes
from benchmarks.table import Row
from tests.daemons import Cluster


def pss_mb(pids: list[int]) -> float:
    """The sum of proportional set sizes, in MB: pages that are shared are counted once in all."""
    total_kb = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total_kb += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total_kb / 1000


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


PEERS = {
    "dask": "import dask.distributed as d\n"
    "if __name__ == '__main__':\n"
    "    c = d.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)\n"
    "    print('up', flush=True); input()\n",
    "ray": "import ray\n"
    "ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)\n"
    "print('up', flush=True); input()\n",
}


def peer_pss_mb(name: str, directory: Path) -> str:
    """The same figure of another system with two workers, or that it is not installed."""
    python = peer_processes.interpreter()
    if python is None:
        return f"{name}: not installed"
    script = directory / f"{name}_idle.py"
    script.write_text(PEERS[name])
    process = subprocess.Popen(
        [python, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if b"up" in line:
                break
        time.sleep(5)
        return f"{name}: {pss_mb(family(process.pid)):.0f} MB"
    finally:
        for pid in reversed(family(process.pid)):
            subprocess.run(["kill", str(pid)], check=False, stderr=subprocess.DEVNULL)
        process.wait(20)


def idle_memory() -> Row:
    with Cluster(workers=2) as cluster:
        time.sleep(5)
        ours = pss_mb(cluster.pids())
        each = ", ".join(f"{d.name} {pss_mb(d.family()):.0f}" for d in [cluster.manager, *cluster.workers])
        beside = "; ".join(peer_pss_mb(name, cluster.directory) for name in PEERS)
    return Row(
        "manager and two workers, idle, PSS of all processes",
        f"{ours:.0f} MB ({each})",
        beside,
        ours,
        "MB",
        400,
        250,
    )
