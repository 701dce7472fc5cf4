"""What the processes are made of: who loads what, who runs user code, what is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemons import TWISTD, Cluster, wait_for
from tests.end_to_end.conftest import RunScript


def modules_after(statement: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{statement}\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_the_library_loads_neither_twisted_nor_numba_nor_numpy() -> None:
    loaded = modules_after("import pyfora")
    assert "pyfora" in loaded
    assert not loaded & {"twisted", "autobahn", "numba", "llvmlite", "numpy"}


def test_import_pyfora_is_cheap() -> None:
    """Counted in modules, not in seconds: time decides no test (`make bench` shows it)."""
    plain = modules_after("pass")
    assert len(modules_after("import pyfora") - plain) < 150


def test_the_plugin_imports_nothing_of_ours() -> None:
    loaded = modules_after("import twisted.plugins.pyfora_plugin")
    assert not [name for name in loaded if name.split(".")[0] in ("pyfora", "pyfora_twisted")]
    assert "twisted.internet.reactor" not in loaded


def test_twistd_lists_pyfora(tmp_path: Path) -> None:
    done = subprocess.run([str(TWISTD), "--help"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert any(line.split()[:1] == ["pyfora"] for line in done.stdout.splitlines())


@pytest.mark.cluster
def test_the_manager_never_loads_numba(cluster: Cluster) -> None:
    for pid in cluster.manager.family():
        assert "llvmlite" not in Path(f"/proc/{pid}/maps").read_text()


@pytest.mark.cluster
def test_user_code_runs_in_a_process_of_its_own(cluster: Cluster, run_script: RunScript) -> None:
    """A block that kills its process costs that block a clear error; the daemons live and the next block runs."""
    daemons = [cluster.manager.process.pid, *(w.process.pid for w in cluster.workers)]
    done = run_script(
        """
        import ctypes, pyfora, sys
        executor = pyfora.connect(sys.argv[1], progress=False)
        try:
            with executor.remotely.downloadAll():
                ctypes.string_at(0)
        except pyfora.ComputeCrashError as error:
            print("crashed:", error)
        with executor.remotely.downloadAll():
            y = 6 * 7
        print(y)
        """,
        cluster.url,
    )
    assert "SIGSEGV" in done.stdout, done.stdout + done.stderr
    assert done.stdout.split()[-1] == "42"
    for pid in daemons:
        os.kill(pid, 0)


@pytest.mark.cluster
def test_sigterm_leaves_nothing(tmp_path: Path) -> None:
    with Cluster(workers=2) as cluster:
        pids = cluster.pids()
        own = [spool for pid in pids for spool in Path("/dev/shm").glob(f"pyfora-*-{pid}-*")]
        for daemon in [*cluster.workers, cluster.manager]:
            # twistd ends as the signal says, once all is closed.
            assert daemon.stop() in (0, -signal.SIGTERM)
        wait_for("all processes to end", lambda: not [pid for pid in pids if Path(f"/proc/{pid}").exists()], 10)
        assert not [spool for spool in own if spool.exists()]
