"""docs/install.md in a home of its own, docs/cluster.md on machines that are network namespaces."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemons import ROOT
from tests.packaging.artefacts import copy_sources
from tests.packaging.needs import need
from tests.packaging.pages import walk

pytestmark = [pytest.mark.systemd, pytest.mark.timeout(400)]


class Namespace:
    """A machine with nothing but an address of its own, a directory and a home."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.directory = directory
        self._running: list[subprocess.Popen[bytes]] = []
        directory.mkdir(parents=True, exist_ok=True)

    def _words(self, script: str) -> list[str]:
        path = f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH\nset -e\n"
        return ["nsenter", f"--net=/run/netns/{self.name}", "timeout", "240", "bash", "-c", path + script]

    def _environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("UFORA_")}
        return kept | {"HOME": str(self.directory)}

    def run(self, script: str) -> str:
        """The first command that fails ends it."""
        done = subprocess.run(
            self._words(script),
            cwd=self.directory,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{script} ended with {done.returncode}:\n{done.stdout}\n{self.logs()}"
        return done.stdout

    def start(self, script: str) -> None:
        """Until `end`."""
        with (self.directory / "log").open("ab") as log:
            words = self._words(f"exec env {script}")
            words.remove("timeout"), words.remove("240")
            self._running.append(
                subprocess.Popen(
                    words, cwd=self.directory, env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            )

    def write(self, name: str, text: str) -> None:
        """A file in the directory."""
        (self.directory / name).write_text(text)

    def logs(self) -> str:
        """What the background has written."""
        log = self.directory / "log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else ""

    def end(self) -> None:
        """Stop what runs in the background."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[dict[str, Namespace]]:
    """Four machines in 10.0.0.0/24, joined by a bridge in a fifth namespace."""
    need("ip", "nsenter")
    mark = f"pf{os.getpid()}"
    switch, found = f"{mark}-switch", {}
    names = []
    try:
        ip("netns", "add", switch)
        names.append(switch)
        ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", switch, "link", "set", "bridge", "up")
        for number, name in enumerate(("manager", "worker1", "worker2", "client"), 5):
            here = f"{mark}-{name}"
            ip("netns", "add", here)
            names.append(here)
            ip("-n", switch, "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", here)
            ip("-n", switch, "link", "set", name, "master", "bridge", "up")
            ip("-n", here, "link", "set", "lo", "up")
            ip("-n", here, "addr", "add", f"10.0.0.{number}/24", "dev", "eth0")
            ip("-n", here, "link", "set", "eth0", "up")
            found[name] = Namespace(here, tmp_path / name)
        yield found
    finally:
        for machine in reversed(found.values()):
            print(f"---- {machine.name}\n{machine.logs()}")
            machine.end()
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False)


def test_a_cluster_by_hand(machines: dict[str, Namespace]) -> None:
    walk("cluster.md", machines)


class Installed(Namespace):
    """A fresh home in the network of the checkout's machine for installing, then in one without any other."""

    def run(self, script: str) -> str:
        """Only pip needs the world; what it installs is what is tried."""
        if "pip install" not in script:
            return super().run(script)
        self.write("constraints.txt", (ROOT / "packaging" / "constraints.txt").read_text())
        done = subprocess.run(
            ["bash", "-ec", script],
            cwd=self.directory / "checkout",
            env=self._environment() | {"PIP_CONSTRAINT": str(self.directory / "constraints.txt")},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def test_one_machine(machines: dict[str, Namespace], tmp_path: Path) -> None:
    copy_sources(tmp_path / "home" / "checkout")
    home = Installed(machines["client"].name, tmp_path / "home")
    try:
        walk("install.md", {"box": home})
    finally:
        home.end()
