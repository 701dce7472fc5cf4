"""Parcels in a directory, and what may not become one."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from pyfora.errors import WireError
from pyfora.execute.spool import Spool as ComputeSpool
from pyfora_twisted.spool import Spool, make_worker_spool, remove_orphans


def names(spool: Spool) -> list[str]:
    return sorted(path.name for path in spool.directory.iterdir())


def test_written_and_dropped(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s")
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700
    spool.write("p.x", b"abc")
    assert spool.size_bytes("p.x") == 3 and spool.path("p.x").read_bytes() == b"abc"
    spool.drop("p.x")
    spool.drop("p.x")
    assert names(spool) == []


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".socket", ".."])
def test_no_way_out_of_the_directory(tmp_path: Path, name: str) -> None:
    spool = Spool(tmp_path)
    for attempt in (spool.path, spool.drop, lambda n: spool.write(n, b"")):
        with pytest.raises(WireError):
            attempt(name)


def test_content_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    good = hashlib.sha256(b"abc").hexdigest()
    spool.write(good, b"abc")
    with pytest.raises(WireError, match="not what its name says"):
        spool.write(hashlib.sha256(b"other").hexdigest(), b"abc")
    assert names(spool) == [good]


def test_more_or_less_than_announced(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    writer = spool.writer("a", 3)
    writer.write(b"ab")
    with pytest.raises(WireError, match="2 of 3"):
        writer.commit()
    with pytest.raises(WireError, match="longer"), spool.writer("a", 1) as writer:
        writer.write(b"ab")
    assert names(spool) == []


def test_spools_of_daemons_that_are_gone(tmp_path: Path) -> None:
    shm = tmp_path / "shm"
    ours = f"pyfora-{os.getuid()}-{os.getpid()}-aa"
    gone = f"pyfora-{os.getuid()}-{2**22 + 1}-bb"
    for name in (ours, gone):
        (shm / name).mkdir(parents=True)
    remove_orphans(tmp_path, shm)
    assert [path.name for path in shm.iterdir()] == [ours]


def test_spools_that_another_daemon_removes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shm = tmp_path / "shm"
    for name in "bb", "cc":
        (shm / f"pyfora-{os.getuid()}-{2**22 + 1}-{name}").mkdir(parents=True)
    remove = shutil.rmtree
    monkeypatch.setattr(shutil, "rmtree", lambda place, **_: [remove(one) for one in place.parent.iterdir()])
    remove_orphans(tmp_path, shm)
    assert list(shm.iterdir()) == []


def test_without_shared_memory_the_data_directory_is_taken(tmp_path: Path) -> None:
    spool = make_worker_spool("w", tmp_path, shared_memory=tmp_path / "none")
    assert spool.directory.is_relative_to(tmp_path)


def test_a_limit_is_kept_by_the_daemon_and_by_compute_processes(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", limit_bytes=10_000)
    theirs = ComputeSpool(tmp_path / "s")
    spool.write("p.1", bytes(4000))
    theirs.write([bytes(1000), bytes(1000)], "p.2")
    for write in (lambda: spool.write("p.3", bytes(4000)), lambda: theirs.write([bytes(2000), bytes(3000)], "p.3")):
        with pytest.raises(OSError, match="UFORA_WORKER_DISK_MB"):
            write()
    assert names(spool) == [".limit", "p.1", "p.2"]
    spool.drop("p.1")
    theirs.write([bytes(4000)], "p.4")
    assert names(spool) == [".limit", "p.2", "p.4"]


def test_what_is_on_its_way_counts_in_full(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "s", limit_bytes=10_000)
    with spool.writer("p.1", 6000) as writer:
        with pytest.raises(OSError, match="UFORA_WORKER_DISK_MB"):
            spool.writer("p.2", 6000)
        writer.write(bytes(6000))
    assert spool.size_bytes("p.1") == 6000
    with pytest.raises(WireError, match="3 of 10"), spool.writer("p.3", 10) as writer:
        writer.write(b"abc")
    assert names(spool) == [".limit", "p.1"]


def test_without_a_limit_there_is_none(tmp_path: Path) -> None:
    Spool(tmp_path / "s")
    ComputeSpool(tmp_path / "s").write([bytes(100_000)], "p.1")
