"""A cluster of real daemons in processes of their own, for tests and benchmarks."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from pyfora.client.address import parse_address
from pyfora.errors import ConnectionError

ROOT = Path(__file__).parents[1]
TWISTD = Path(sys.executable).with_name("twistd")


def free_ports(count: int) -> int:
    """The first of `count` consecutive TCP ports on loopback that nobody listened on just now."""
    for _ in range(200):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first: int = probe.getsockname()[1]
        if first + count > 65_000:
            continue
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise RuntimeError("no free ports on loopback")


def wait_for(what: str, condition: Any, timeout_s: float = 30.0) -> Any:
    """Poll until `condition()` is true and return what it gave; fails with `what` after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {timeout_s:.0f} s in vain for {what}")


class Daemon:
    """One `twistd -n pyfora` process, or what `twistd` is instead."""

    def __init__(
        self, name: str, directory: Path, settings: dict[str, str], twistd: Sequence[str] = (str(TWISTD),)
    ) -> None:
        self.name = name
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("UFORA_")}
        environment |= {"UFORA_DATA_DIR": str(directory / "data"), **settings}
        self.base_port = int(settings.get("UFORA_WORKER_BASE_PORT", 0))
        self.log = directory / "terminal.log"
        with self.log.open("ab") as terminal:
            self.process = subprocess.Popen(
                [*twistd, "-n", "--pidfile=", "pyfora"],
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=terminal,
                stderr=subprocess.STDOUT,
            )

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def family(self) -> list[int]:
        """The pids of this daemon and of all its descendants."""
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                try:
                    found += [int(child) for child in task.read_text().split()]
                except OSError:
                    continue
        return found

    def signal_family(self, number: signal.Signals) -> None:
        """The same signal to the daemon and all its descendants: a machine frozen, woken or gone."""
        for pid in self.family():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def stop(self, timeout_s: float = 10.0) -> int:
        """SIGTERM, and wait; returns the exit status. Killed (and failed) if it does not end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.signal_family(signal.SIGKILL)
                self.process.wait(timeout_s)
                raise AssertionError(f"{self.name} did not end within {timeout_s} s of SIGTERM") from None
        return self.process.returncode


class Cluster:
    """A manager and workers on loopback; `with Cluster(workers=2) as cluster: pyfora.connect(cluster.url)`."""

    def __init__(
        self,
        workers: int = 2,
        cores: int = 1,
        settings: dict[str, str] | None = None,
        fork_server: str | None = None,
        token: str = "",
        manager: Sequence[str] = (str(TWISTD),),
    ) -> None:
        """`token`: the one that `settings` gives the daemons.

        `fork_server`: the module that forks the workers' compute processes, where that is not pyfora's own.
        `manager`: what `twistd` is for the manager.
        """
        self._manager_twistd = manager
        self._workers_wanted = workers
        self._cores = cores
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._settings = settings or {}
        self._twistd = [str(TWISTD)]
        if fork_server is not None:
            self._twistd = [sys.executable, "-m", "tests.twistd_with", fork_server]
            self._settings["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.directory = Path(tempfile.mkdtemp(prefix="pyfora-test-"))
        self.http_port = free_ports(1)
        self.registry_port = free_ports(1)
        self.tls_dir = self._settings.get("UFORA_TLS_DIR")
        self.url = f"{'https' if self.tls_dir else 'http'}://127.0.0.1:{self.http_port}"
        self.workers: list[Daemon] = []
        self._worker_count = 0

    def __enter__(self) -> Cluster:
        try:
            self.start_manager()
            for _ in range(self._workers_wanted):
                self.start_worker()
            self.wait_for_workers(self._workers_wanted)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.show_logs()
        self.stop()

    def start_manager(self) -> Daemon:
        """Start the manager, with its data of before if there was one."""
        self.manager = Daemon(
            "manager",
            self.directory / "manager",
            {
                "UFORA_NO_WORKER": "1",
                "UFORA_WEB_HTTP_PORT": str(self.http_port),
                "UFORA_MANAGER_PORT": str(self.registry_port),
                **self._settings,
            },
            self._manager_twistd,
        )
        return self.manager

    def start_worker(self, cores: int | None = None) -> Daemon:
        """Start one more worker."""
        number = self._worker_count
        self._worker_count += 1
        worker = Daemon(
            f"worker-{number}",
            self.directory / f"worker-{number}",
            {
                "UFORA_MANAGER_ADDRESS": "127.0.0.1",
                "UFORA_MANAGER_PORT": str(self.registry_port),
                "UFORA_WORKER_OWN_ADDRESS": "127.0.0.1",
                "UFORA_WORKER_BASE_PORT": str(free_ports(2)),
                "UFORA_WORKER_CORES": str(cores or self._cores),
                **self._settings,
            },
            self._twistd,
        )
        self.workers.append(worker)
        return worker

    def status(self) -> dict[str, Any] | None:
        """GET /api/v1/status, or None while nobody answers."""
        try:
            return parse_address(self.url, self.token, self.tls_dir).status(2)
        except ConnectionError:
            return None

    @property
    def token(self) -> str:
        """The token that the daemons were given; "" where there is none."""
        path = self._settings.get("UFORA_TOKEN_FILE")
        return Path(path).read_text().strip() if path else self._settings.get("UFORA_TOKEN", "")

    def wait_for_workers(self, count: int, timeout_s: float = 30.0) -> None:
        """Until the manager counts exactly `count` workers, and they are those that run."""

        def counted() -> bool:
            for daemon in [self.manager, *self.workers]:
                if daemon.process.poll() not in (None, 0, -signal.SIGKILL):
                    raise AssertionError(
                        f"{daemon.name} ended with {daemon.process.returncode}: {daemon.log.read_text()[-2000:]}"
                    )
            status = self.status()
            if status is None:
                return False
            # One that was killed just now may be counted still, in the place of one that has not come yet.
            running = {worker.base_port for worker in self.workers if worker.process.poll() is None}
            known = {worker["base_port"] for worker in status["workers"]}
            return len(known) == count and known <= running

        wait_for(f"{count} workers", counted, timeout_s)

    def pids(self) -> list[int]:
        """All processes of the cluster."""
        return [pid for daemon in [self.manager, *self.workers] for pid in daemon.family()]

    def show_logs(self) -> None:
        """Print the end of every daemon's terminal: called when a test fails."""
        for log in sorted(self.directory.glob("*/terminal.log")):
            print(f"---- {log.parent.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-40:]))

    def stop(self) -> None:
        """End every daemon; what does not end by SIGTERM is killed."""
        for daemon in [*self.workers, *([self.manager] if hasattr(self, "manager") else [])]:
            daemon.signal_family(signal.SIGCONT)
            if daemon.process.poll() is None:
                daemon.process.terminate()
        for daemon in [*self.workers, *([self.manager] if hasattr(self, "manager") else [])]:
            try:
                daemon.process.wait(10)
            except subprocess.TimeoutExpired:
                daemon.signal_family(signal.SIGKILL)
                daemon.process.wait(10)
        shutil.rmtree(self.directory, ignore_errors=True)
