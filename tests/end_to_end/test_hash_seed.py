"""Where the client's PYTHONHASHSEED is fixed, a block's sets of texts have the client's order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemons import ROOT, Cluster

TEXT = """\
import sys

import pyfora


def words(n):
    return {"w%d" % (7919 * n + i) for i in range(12)}


def found():
    with executor.remotely.downloadAll():
        order = list({"alpha", "beta", "gamma", "delta", "epsilon"})
        captured = [word for word in ours]
        in_leaves = [list(words(i)) for i in range(20_000)]
        total = sum(hash("t%d" % i) % 1000 for i in range(100_000))
        halves = sum(i * 0.5 for i in range(3_000_000))
        print(order)
    return order, captured, in_leaves, total, halves


ours = {"one", "two", "three", "four", "five", "six"}
with pyfora.connect(sys.argv[1], progress=False) as executor:
    order, captured, in_leaves, total, halves = found()
assert order == list({"alpha", "beta", "gamma", "delta", "epsilon"}), order
assert captured == list(ours)
assert in_leaves == [list(words(i)) for i in range(20_000)]
assert total == sum(hash("t%d" % i) % 1000 for i in range(100_000))
assert halves == sum(i * 0.5 for i in range(3_000_000))
"""


@pytest.mark.cluster
def test_the_workers_use_the_clients_seed(cluster: Cluster, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(TEXT)
    orders = set()
    for seed in ("0", "42", "4294967295"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        asked = [sys.executable, str(script), cluster.url]
        done = subprocess.run(asked, env=environment, capture_output=True, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")
        orders.add(done.stdout)
    assert len(orders) == 3
