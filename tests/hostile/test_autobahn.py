"""The Autobahn Testsuite (RFC 6455) against the manager's WebSocket stack."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemons import ROOT, Daemon, free_ports, wait_for
from tests.parts import absent

pytestmark = pytest.mark.cluster
CASES = ("1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*")
GOOD = {"OK", "NON-STRICT", "INFORMATIONAL"}


def python2() -> Path | None:
    """A Python 2.7, which the testsuite needs."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    # Not pyenv's shim first: it answers only where 2.7 is switched on.
    found = next(map(str, versions.glob("2.7.*/bin/python")), None) or shutil.which("python2.7")
    return Path(found) if found else None


def wstest() -> Path:
    """The testsuite's program, in a virtual environment that is kept for the next time."""
    kept = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pyfora-tests" / "autobahntestsuite"
    program = kept / "bin" / "wstest"
    if program.exists():
        return program
    python = python2()
    if python is None:
        absent("Python 2.7, which the Autobahn Testsuite is for and Debian 12 has no more,", "pyenv install 2.7.18")
    # Later ones make no environments for Python 2.7.
    tools = kept.with_name("virtualenv")
    steps = [
        [sys.executable, "-m", "venv", str(tools)],
        [str(tools / "bin" / "pip"), "install", "--quiet", "virtualenv==20.21.1"],
        [str(tools / "bin" / "virtualenv"), "--quiet", "--python", str(python), str(kept)],
        [str(kept / "bin" / "pip"), "install", "--quiet", "autobahntestsuite"],
    ]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            shutil.rmtree(kept, ignore_errors=True)
            absent("the Autobahn Testsuite", f"{' '.join(step)}: {(done.stdout + done.stderr)[-500:]}")
    return program


@pytest.mark.timeout(900)
def test_no_case_fails(tmp_path: Path) -> None:
    program = wstest()
    port = free_ports(1)
    settings = {
        "UFORA_NO_WORKER": "1",
        "UFORA_WEB_HTTP_PORT": str(port),
        "UFORA_MANAGER_PORT": str(free_ports(1)),
        "PYTHONPATH": str(ROOT),
    }
    daemon = Daemon("echo", tmp_path / "echo", settings, (sys.executable, "-m", "tests.hostile.echo_daemon"))
    try:
        wait_for("the daemon", lambda: "is ready" in daemon.log.read_text(), 30)
        spec = {
            "outdir": str(tmp_path / "report"),
            "servers": [{"agent": "pyfora", "url": f"ws://127.0.0.1:{port}/ws"}],
            "cases": list(CASES),
            "exclude-cases": [],
            "exclude-agent-cases": {},
        }
        (tmp_path / "spec.json").write_text(json.dumps(spec))
        command = [str(program), "-m", "fuzzingclient", "-s", str(tmp_path / "spec.json")]
        subprocess.run(command, check=True, capture_output=True, cwd=tmp_path, timeout=600)
        results = json.loads((tmp_path / "report" / "index.json").read_text())["pyfora"]
        assert len(results) >= 247
        bad = {case: r["behavior"] for case, r in results.items() if r["behavior"] not in GOOD}
        bad |= {case: r["behaviorClose"] for case, r in results.items() if r["behaviorClose"] not in GOOD}
        assert bad == {}
        counts = {kind: sum(r["behavior"] == kind for r in results.values()) for kind in GOOD}
        print(f"{len(results)} cases: {counts}")
    finally:
        assert daemon.stop(20) == 0
