"""A Docker engine of the test's own: it builds with the machine's network, and runs containers in one of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from tests.daemons import ROOT, wait_for
from tests.packaging.artefacts import base_image, copy_sources
from tests.packaging.needs import PLACES, clean_environment

DOCKER = "/usr/bin/docker"
BASE = "debian:bookworm-slim"
IMAGE = "ufora/service"
HOSTS = ("10.0.0.5/24", "10.0.0.6/24")
"""Addresses of the machine on which the containers run, as the page has them."""
SECRETS = {"pip_conf": Path("/etc/pip.conf"), "ca_bundle": Path("/etc/ssl/certs/ca-certificates.crt")}
START_TIMEOUT_S = 60.0


class Engine:
    """`with Engine() as engine: engine.docker("run", …)`; nothing of it is left."""

    def __init__(self) -> None:
        # Under /tmp, for the path of a socket must be short.
        self.directory = Path(tempfile.mkdtemp(prefix="pyfora-docker-", dir="/tmp"))
        self._checkout = self.directory / "checkout"
        self.netns = f"pyfora-{os.getpid()}"
        self.host = f"unix://{self.directory}/s"
        self._daemon: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Engine:
        try:
            copy_sources(self._checkout)
            self._start([], "--bridge=none", "--iptables=false", "--ip6tables=false")
            self.docker("import", str(base_image()), BASE)
            self.build()
            self._stop()
            self._network()
            networks = ["--bip", "198.18.0.1/24", "--default-address-pool", "base=198.18.64.0/18,size=24"]
            self._start(["nsenter", f"--net=/run/netns/{self.netns}"], *networks)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._daemon is not None:
            containers = self.docker("ps", "--all", "--quiet", check=False).split()
            if containers:
                self.docker("rm", "--force", *containers, check=False)
        self._stop()
        subprocess.run(["ip", "netns", "del", self.netns], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(
            ["umount", str(self.directory / "exec" / "netns" / "default")], check=False, stderr=subprocess.DEVNULL
        )
        shutil.rmtree(self.directory, ignore_errors=True)

    def build(self, *options: str, name: str = IMAGE) -> str:
        """`docker build -t ufora/service .` in a fresh checkout, with what this network needs besides."""
        secrets = [f"--secret=id={name},src={path}" for name, path in SECRETS.items() if path.exists()]
        words = [DOCKER, "build", "--network=host", *secrets, *options, "-t", name, "."]
        return self._run(words, True, 900, self._checkout)

    # ---- commands ----------------------------------------------------------------------------------------

    def docker(self, *words: str, check: bool = True, timeout_s: float = 120.0) -> str:
        """A command of the client; returns what it wrote. Fails with that where it fails and `check`."""
        return self._run([DOCKER, *words], check, timeout_s)

    def inside(self, *words: str, check: bool = True, timeout_s: float = 120.0, cwd: Path = ROOT) -> str:
        """A command of the machine on which the containers run: in its network."""
        return self._run(["nsenter", f"--net=/run/netns/{self.netns}", *words], check, timeout_s, cwd)

    def _run(self, words: list[str], check: bool, timeout_s: float, cwd: Path = ROOT) -> str:
        environment = clean_environment(DOCKER_HOST=self.host, DOCKER_BUILDKIT="1", PATH=PLACES)
        done = subprocess.run(
            words,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        last = "\n".join(done.stdout.splitlines()[-60:])
        assert not check or done.returncode == 0, f"{' '.join(words)} ended with {done.returncode}:\n{last}"
        return done.stdout

    # ---- the daemon --------------------------------------------------------------------------------------

    def _start(self, prefix: list[str], *options: str) -> None:
        places = [f"--data-root={self.directory}/data", f"--exec-root={self.directory}/exec", f"--host={self.host}"]
        # A control group of its own: the usual one, "docker", is shared by all engines of the machine.
        places.append(f"--cgroup-parent=/{self.netns}")
        with (self.directory / "log").open("ab") as log:
            self._daemon = subprocess.Popen(
                [*prefix, "dockerd", f"--pidfile={self.directory}/pid", *places, *options],
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            wait_for("the Docker engine", self._answers, START_TIMEOUT_S)
        except AssertionError:
            print((self.directory / "log").read_text(errors="replace")[-3000:])
            raise

    def _answers(self) -> bool:
        asked = subprocess.run(
            [DOCKER, "info"], env=clean_environment(DOCKER_HOST=self.host), capture_output=True, check=False
        )
        return asked.returncode == 0 or bool(time.sleep(0.2))

    def _stop(self) -> None:
        if self._daemon is None:
            return
        self._daemon.terminate()
        try:
            self._daemon.wait(30)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait(10)
        self._daemon = None
        for group in Path("/sys/fs/cgroup").glob(f"*/{self.netns}"):
            for directory in sorted((d for d in group.rglob("*") if d.is_dir()), reverse=True):
                directory.rmdir()
            group.rmdir()

    def _network(self) -> None:
        subprocess.run(["ip", "netns", "add", self.netns], check=True)
        for words in (
            ["link", "set", "lo", "up"],
            ["link", "add", "host0", "type", "bridge"],
            *(["addr", "add", address, "dev", "host0"] for address in HOSTS),
            ["link", "set", "host0", "up"],
        ):
            subprocess.run(["ip", "-n", self.netns, *words], check=True)
