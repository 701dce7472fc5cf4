"""A manager whose disk is full: it says so, and loses nothing that it accepted."""

from __future__ import annotations

import errno
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import pyfora
from pyfora.client.address import parse_address
from pyfora.errors import ConnectionError, PyforaError
from tests.daemons import TWISTD, Cluster, Daemon, wait_for
from tests.hostile.conftest import expected
from tests.parts import program, root_only

pytestmark = pytest.mark.cluster
DISK_BYTES = 48 << 20
LONG = 60_000_000


class SmallDisk:
    """A file system of a few megabytes, in a mount namespace of its own, with a manager's data on it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()
        mount = f"mount -t tmpfs -o size={DISK_BYTES} none {directory} && echo mounted && exec sleep 600"
        command = [program("unshare", "util-linux"), "-m", "--propagation", "private", "sh", "-c", mount]
        self.holder = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert self.holder.stdout is not None and self.holder.stdout.readline() == b"mounted\n"
        self.twistd = [program("nsenter", "util-linux"), "-t", str(self.holder.pid), "-m", str(TWISTD)]
        self.seen = Path(f"/proc/{self.holder.pid}/root{directory}")

    def fill(self, leave_bytes: int) -> None:
        """Take all room but this much."""
        self.empty()
        statistics = subprocess.run(["stat", "-f", "-c", "%a %S", self.seen], capture_output=True, check=True)
        blocks, block_bytes = map(int, statistics.stdout.split())
        with (self.seen / "fill").open("wb", buffering=0) as file:
            try:
                file.write(bytes(max(0, blocks * block_bytes - leave_bytes)))
            except OSError as error:
                # The manager was writing too, and took the last of it.
                assert error.errno == errno.ENOSPC

    def empty(self) -> None:
        (self.seen / "fill").unlink(missing_ok=True)

    def close(self) -> None:
        self.holder.kill()
        self.holder.wait(10)


class DiskCluster(Cluster):
    """A cluster whose manager has the small disk."""

    disk: SmallDisk

    def start_manager(self) -> Daemon:
        settings = {
            "UFORA_NO_WORKER": "1",
            "UFORA_WEB_HTTP_PORT": str(self.http_port),
            "UFORA_MANAGER_PORT": str(self.registry_port),
            "UFORA_DATA_DIR": str(self.disk.directory),
        }
        self.manager = Daemon("manager", self.directory / "manager", settings, self.disk.twistd)
        return self.manager


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DiskCluster]:
    root_only("mount a file system")
    cluster = DiskCluster(workers=1, cores=1)
    cluster.disk = SmallDisk(tmp_path / "disk")
    try:
        with cluster:
            yield cluster
    finally:
        cluster.disk.close()


def run(executor: pyfora.Executor, count: int) -> int:
    with executor.remotely.downloadAll():
        total = sum(x * x % 7 for x in range(count))
    return total  # noqa: RET504 - a block cannot return


def test_a_block_is_refused_in_words_and_accepted_once_there_is_room(cluster: DiskCluster) -> None:
    executor = pyfora.connect(cluster.url)
    assert run(executor, 1000) == expected(1000)
    cluster.disk.fill(leave_bytes=4 << 20)
    with pytest.raises(PyforaError, match=r"accepts no block while its data directory .* has less than 16 MiB free"):
        run(executor, 2000)
    cluster.disk.fill(leave_bytes=0)
    address = parse_address(cluster.url)
    unready = wait_for("the journal's fault", lambda: not address.ask("/readyz", 5)["checks"]["journal"]["ok"], 10)
    assert unready and "cannot be written" in address.ask("/readyz", 5)["checks"]["journal"]["reason"]
    cluster.disk.empty()
    assert run(executor, 3000) == expected(3000)
    wait_for("readiness", lambda: address.ask("/readyz", 5)["status"] == "ok", 10)
    executor.close()


def test_what_was_accepted_before_the_disk_was_full_gets_its_answer(cluster: DiskCluster) -> None:
    executor = pyfora.connect(cluster.url)
    answers: list[int] = []
    thread = threading.Thread(target=lambda: answers.append(run(executor, LONG)))
    thread.start()
    wait_for("the block", lambda: [b for b in cluster_blocks(cluster) if b["state"] == "running"], 20)
    cluster.disk.fill(leave_bytes=0)
    until = time.monotonic() + 30
    while thread.is_alive() and cluster.manager.process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    if cluster.manager.process.poll() is not None:
        # Its end could not be written down: the manager says so and ends rather than forget it.
        assert "Record could not be performed: database or disk is full" in cluster.manager.log.read_text()
        cluster.start_manager()
        time.sleep(2)
    if cluster.manager.process.poll() is None:
        cluster.manager.signal(signal.SIGKILL)
        cluster.manager.process.wait(10)
    assert not list(cluster.disk.seen.glob("*.unreadable-*"))
    cluster.disk.empty()
    cluster.start_manager()
    thread.join(60)
    assert not thread.is_alive() and answers == [expected(LONG)]
    assert not list(cluster.disk.seen.glob("*.unreadable-*"))
    executor.close()


def cluster_blocks(cluster: Cluster) -> list[dict[str, object]]:
    try:
        found: list[dict[str, object]] = parse_address(cluster.url).ask("/api/v1/blocks", 5)["blocks"]
        return found
    except ConnectionError:
        return []
