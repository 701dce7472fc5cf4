"""The private cluster's process, in whose place a program stands that keeps to its contract."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import pyfora
from pyfora.client import embedded
from tests.client.manager import FakeManager

STAND_IN = """
import json, os, pathlib, sys
directory = pathlib.Path(sys.argv[sys.argv.index("--data-dir") + 1])
facts = {"token": sys.stdin.readline().strip(), "directory": str(directory), "pid": os.getpid(),
         "ufora": [n for n in os.environ if n.startswith("UFORA_")], "session": os.getsid(0)}
pathlib.Path(os.environ["FACTS"]).write_text(json.dumps(facts))
ready = os.environ["READY"]
if ready == "dies":
    sys.exit("there is no room for it")
if ready != "silent":
    print(json.dumps({"http_port": int(ready)}), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manager: FakeManager) -> Path:
    manager.learn_token = lambda: str(json.loads((tmp_path / "facts").read_text())["token"])
    (tmp_path / "stand_in_cluster.py").write_text(STAND_IN)
    monkeypatch.setattr(embedded, "_PROGRAM", "stand_in_cluster")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("FACTS", str(tmp_path / "facts"))
    monkeypatch.setenv("UFORA_MANAGER_ADDRESS", "elsewhere:1")
    return tmp_path / "facts"


def test_it_ends_with_the_executor(manager: FakeManager, facts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READY", str(manager.port))
    with pyfora.connect(timeout=20, progress=False) as executor:
        told = json.loads(facts.read_text())
        with executor.remotely.downloadAll():
            x = 1
        assert x == 1
        assert manager.token == told["token"] and manager.connections[0].request.headers["Authorization"]
    assert told["ufora"] == [] and len(told["token"]) == 64
    assert told["session"] == told["pid"], "Ctrl-C in our terminal must not reach it"
    assert not Path(told["directory"]).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(told["pid"], 0)


def test_it_does_not_start(facts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READY", "dies")
    with pytest.raises(pyfora.ConnectionError, match=r"(?s)did not start.*there is no room for it"):
        pyfora.connect(timeout=20)
    assert not Path(json.loads(facts.read_text())["directory"]).exists()


def test_it_is_not_ready_in_time(facts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READY", "silent")
    with pytest.raises(pyfora.ConnectionError, match="not ready in time"):
        pyfora.connect(timeout=2)


@pytest.mark.parametrize("end", ["exit", "kill"])
def test_it_ends_with_the_interpreter(manager: FakeManager, facts: Path, end: str) -> None:
    """Also where the interpreter is killed: its end of the pipe closes."""
    script = (
        "import os, signal, pyfora\nfrom pyfora.client import embedded\nembedded._PROGRAM = 'stand_in_cluster'\n"
        "executor = pyfora.connect(timeout=20)\n" + ("os.kill(os.getpid(), 9)\n" if end == "kill" else "")
    )
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join([root, os.environ["PYTHONPATH"]])
    environment = {**os.environ, "PYTHONPATH": path, "READY": str(manager.port)}
    # The cluster holds the write end of this pipe, too: it is at its end when both processes are.
    done = subprocess.run([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, timeout=30)
    assert done.returncode == (-signal.SIGKILL if end == "kill" else 0)
    told = json.loads(facts.read_text())
    for _ in range(2000):
        if not Path(f"/proc/{told['pid']}").exists():
            break
        signal.sigtimedwait([], 0.005)
    else:
        pytest.fail("the cluster outlived the interpreter")
    # After a kill the cluster itself removes its files: the stand-in does not.
    if end == "exit":
        assert not Path(told["directory"]).exists()
    shutil.rmtree(told["directory"], ignore_errors=True)


def test_a_file_of_the_users_does_not_get_in_its_way(facts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current directory may hold files that are called as the libraries that the cluster imports."""
    told = embedded.environment()
    assert told["PYTHONSAFEPATH"] == "1"
    code = "import sys; print('' in sys.path, sys.flags.safe_path)"
    done = subprocess.run([sys.executable, "-c", code], env=told, capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"


def test_a_private_cluster_starts_no_other(facts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in embedded.environment().items():
        monkeypatch.setenv(name, value)
    with pytest.raises(pyfora.ConnectionError, match="cannot start another private cluster"):
        pyfora.connect(timeout=20)
    assert not facts.exists()
