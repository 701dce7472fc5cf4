"""What a daemon leaves on the disk and in shared memory is readable for its own user only."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import pyfora
from tests.daemons import Cluster

pytestmark = pytest.mark.cluster


def test_files_are_the_daemons_own() -> None:
    before = os.umask(0o022)
    try:
        cluster = Cluster(workers=1)
        for name in ("manager", "worker-0"):
            (cluster.directory / name / "data").mkdir(parents=True, mode=0o755)
        with cluster, pyfora.connect(cluster.url, timeout=20, progress=False) as executor:
            with executor.remotely.remoteAll():
                large = [float(i) for i in range(100_000)]
            assert len(large.toLocal().result()) == 100_000
            spools = list(Path("/dev/shm").glob(f"pyfora-{os.getuid()}-{cluster.workers[0].process.pid}-*"))
            data = [cluster.directory / name / "data" for name in ("manager", "worker-0")]
            files = [path for place in (*data, *spools) for path in place.rglob("*")]
            names = {path.name for path in files}
            assert {"journal.sqlite", "manager.log", "logs", "cache"} <= names
            assert [str(path) for path in files if path.stat().st_mode & 0o077] == []
    finally:
        os.umask(before)
