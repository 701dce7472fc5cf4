"""How long a person waits for something small."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import pyfora
from benchmarks.table import Row
from tests.daemons import Cluster

FIRST_BLOCK = """
import time
started = time.perf_counter()
import sys, pyfora
executor = pyfora.connect(*sys.argv[1:], progress=False)
with executor.remotely.downloadAll():
    x = sum(i * i for i in range(10))
print(time.perf_counter() - started)
assert x == 285
executor.close()
"""


def first_block_s(*arguments: str) -> float:
    """Seconds from `import pyfora` to the end of a first small block, in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", _as_file(), *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return float(done.stdout)


def _as_file() -> str:
    """A program given with -c has no source text to capture: write it to a file and run that."""
    return (
        "import runpy, sys, tempfile, pathlib\n"
        "path = pathlib.Path(tempfile.mkdtemp()) / 'first_block.py'\n"
        f"path.write_text({FIRST_BLOCK!r})\n"
        "sys.argv[0] = str(path)\n"
        "try:\n    runpy.run_path(str(path), run_name='__main__')\n"
        "finally:\n    path.unlink(); path.parent.rmdir()\n"
    )


def empty_block(rounds: int) -> Row:
    with Cluster(workers=2) as cluster, pyfora.connect(cluster.url, progress=False) as executor:
        times = []
        for _ in range(rounds):
            started = time.perf_counter()
            with executor.remotely.downloadAll():
                pass
            times.append(time.perf_counter() - started)
    times.sort()
    return Row(
        "an empty block against a running manager, median",
        f"{statistics.median(times) * 1000:.2f} ms (90th percentile {times[int(len(times) * 0.9)] * 1000:.2f} ms)",
        "",
        statistics.median(times) * 1000,
        "ms",
        5,
        2,
    )


def embedded_first_block(rounds: int) -> Row:
    seconds = statistics.median(first_block_s() for _ in range(rounds))
    return Row(
        "pyfora.connect() and a first small block, embedded",
        f"{seconds:.2f} s",
        "",
        seconds,
        "s",
        1.5,
        0.5,
    )


def connected_first_block(rounds: int) -> Row:
    with Cluster(workers=2) as cluster:
        seconds = statistics.median(first_block_s(cluster.url) for _ in range(rounds))
    return Row(
        "connect to a running manager and a first small block",
        f"{seconds:.2f} s",
        "",
        seconds,
        "s",
        0.5,
        0.2,
    )
