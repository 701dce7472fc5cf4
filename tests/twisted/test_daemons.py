"""`twistd -n pyfora` as a process: how it starts, how it refuses to, and what it leaves behind."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.logger import capturedLogs

from pyfora_twisted.ending import CannotStart
from pyfora_twisted.worker_service import own_address
from tests.daemons import Daemon, free_ports, wait_for

pytestmark = pytest.mark.cluster


def settings() -> dict[str, str]:
    return {
        "UFORA_WEB_HTTP_PORT": str(free_ports(1)),
        "UFORA_MANAGER_PORT": str(free_ports(1)),
        "UFORA_WORKER_BASE_PORT": str(free_ports(2)),
        "UFORA_WORKER_CORES": "1",
    }


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def spools(pid: int) -> list[Path]:
    return list(Path("/dev/shm").glob(f"pyfora-*-{pid}-*"))


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon("both", tmp_path / "both", settings())
    yield daemon
    daemon.stop()


def test_sigterm_leaves_nothing(daemon: Daemon) -> None:
    wait_for("the fork server and a compute process", lambda: len(daemon.family()) >= 3)
    family = daemon.family()
    assert daemon.stop() == 0
    wait_for("all processes to be gone", lambda: not any(alive(pid) for pid in family), 5.0)
    assert spools(daemon.process.pid) == []
    assert "Traceback" not in daemon.log.read_text()
    assert (daemon.directory / "data" / "logs" / "manager.log").read_text()


def test_a_taken_port_is_one_clear_line(tmp_path: Path, daemon: Daemon) -> None:
    wait_for("the daemon", lambda: "clients connect to" in daemon.log.read_text())
    port = daemon.log.read_text().split("http://127.0.0.1:")[1].split(",")[0]
    second = Daemon("second", tmp_path / "second", {**settings(), "UFORA_WEB_HTTP_PORT": port})
    assert second.process.wait(20) == 1
    said = second.log.read_text()
    assert f"port {port} on 127.0.0.1 is taken" in said and "Traceback" not in said


def test_an_environment_that_makes_no_sense_is_one_clear_line(tmp_path: Path) -> None:
    daemon = Daemon("typo", tmp_path, {"UFORA_WEB_PORT": "1"})
    assert daemon.process.wait(20) == 1
    assert daemon.log.read_text().strip().splitlines() == [
        "pyfora: UFORA_WEB_PORT is not a variable of pyfora: did you mean UFORA_WEB_HTTP_PORT? Unset or rename it."
    ]


def test_a_configuration_file_is_read(tmp_path: Path) -> None:
    port = free_ports(1)
    file = tmp_path / "pyfora.toml"
    file.write_text(f'no_worker = true\nweb_http_port = {port}\nmanager_port = {free_ports(1)}\nlog_level = "debug"\n')
    daemon = Daemon("file", tmp_path / "file", {"UFORA_CONFIG_FILE": str(file)})
    wait_for("the daemon", lambda: f"clients connect to http://127.0.0.1:{port}" in daemon.log.read_text())
    assert daemon.stop() == 0
    file.write_text("web_http_prot = 1\n")
    daemon = Daemon("typo", tmp_path / "typo", {"UFORA_CONFIG_FILE": str(file)})
    assert daemon.process.wait(20) == 1
    (line,) = daemon.log.read_text().strip().splitlines()
    assert line == f"pyfora: web_http_prot in {file} is not a setting of pyfora: did you mean web_http_port?"


def test_a_manager_never_loads_the_compiler() -> None:
    code = (
        "import sys, pyfora_twisted.manager_service; print([m for m in sys.modules if m.split('.')[0] == 'llvmlite' or "
    )
    code += "m.startswith(('pyfora.compile', 'pyfora.execute'))])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_an_embedded_cluster_ends_with_its_stdin(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    process = subprocess.Popen(
        [sys.executable, "-m", "pyfora_twisted.embedded", "--data-dir", str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(b"token\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["http_port"] > 0
    process.stdin.close()
    assert process.wait(10) == 0
    assert not directory.exists() and spools(process.pid) == []


def test_a_daemon_that_fails_ends_with_status_1() -> None:
    code = "from twisted.internet import reactor; from pyfora_twisted.ending import Ending; "
    code += "reactor.callWhenRunning(Ending(reactor).fail, 'a reason'); reactor.run(); print('after', flush=True)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=20)
    assert (ended.returncode, ended.stdout) == (1, "after\n")


@pytest.mark.parametrize(
    ("named", "manager", "listening_at", "found", "warned"),
    [
        ("198.18.0.7", "127.0.0.1", "0.0.0.0", "198.18.0.7", False),
        ("127.0.1.1", "127.0.0.1", "0.0.0.0", "127.0.0.1", True),
        ("127.0.1.1", "localhost", "0.0.0.0", "127.0.0.1", True),
        ("198.18.0.7", "127.0.0.1", "::", "198.18.0.7", False),
        ("127.0.1.1", "127.0.0.1", "::", "127.0.0.1", True),
        ("198.18.0.7", "::1", "::1", "::1", True),
    ],
)
def test_a_worker_finds_its_own_address(
    monkeypatch: pytest.MonkeyPatch, named: str, manager: str, listening_at: str, found: str, warned: bool
) -> None:
    """That of a manager elsewhere is tried with real machines, in tests/packaging/test_debian.py."""
    monkeypatch.setattr("socket.gethostbyname", lambda name: named)
    with capturedLogs() as lines:
        assert own_address(manager, 30002, listening_at) == found
    assert any("set UFORA_WORKER_OWN_ADDRESS" in line["log_format"] for line in lines) == warned


def test_a_worker_whose_name_nobody_knows_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> str:
        raise OSError(0, "Name or service not known")

    monkeypatch.setattr("socket.gethostbyname", unknown)
    with pytest.raises(CannotStart, match=r"own address is not known .*set UFORA_WORKER_OWN_ADDRESS"):
        own_address("127.0.0.1", 30002, "0.0.0.0")
