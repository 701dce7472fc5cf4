"""A manager's kernels on disk: whole ones, in the order in which they came, and nothing else."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pyfora.cluster.events import DropKernel, KeepKernel
from pyfora.limits import KERNEL_LIMIT_BYTES
from pyfora.values.sealing import sealed
from pyfora_twisted.kernel_store import KernelStore

KEYS = [f"{number:064x}" for number in (3, 1, 2)]
KERNEL = sealed(b"machine code")


def filled(directory: Path) -> KernelStore:
    """A store of KEYS, written in that order."""
    store = KernelStore(directory)
    for number, key in enumerate(KEYS):
        store.keep(KeepKernel(key, KERNEL))
        os.utime(directory / f"{key}.kernel", (number, number))
    return store


def test_what_was_kept_is_read_again_in_order(tmp_path: Path) -> None:
    store = filled(tmp_path / "kernels")
    assert list(KernelStore(tmp_path / "kernels").read().items()) == [(key, KERNEL) for key in KEYS]
    store.drop(DropKernel(KEYS[0]))
    store.drop(DropKernel("f" * 64))
    store.keep(KeepKernel(KEYS[1], sealed(b"another")))
    assert KernelStore(tmp_path / "kernels").read() == {KEYS[1]: sealed(b"another"), KEYS[2]: KERNEL}
    assert (tmp_path / "kernels").stat().st_mode & 0o777 == 0o700


def test_what_is_no_whole_kernel_is_deleted(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / f"{KEYS[0]}.kernel").write_bytes(KERNEL[:-1])
    (tmp_path / f"{KEYS[1]}.kernel").write_bytes(sealed(bytes(KERNEL_LIMIT_BYTES)))
    (tmp_path / "something else.kernel").write_bytes(KERNEL)
    (tmp_path / f"{'e' * 64}.kernel").mkdir()
    (tmp_path / ".tmp-0123").write_bytes(KERNEL)
    assert KernelStore(tmp_path).read() == {KEYS[2]: KERNEL}
    left = {f"{KEYS[2]}.kernel", "something else.kernel", f"{'e' * 64}.kernel"}
    assert {path.name for path in tmp_path.iterdir()} == left


def test_a_full_disk_costs_only_the_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    store.keep(KeepKernel("f" * 64, KERNEL))
    monkeypatch.undo()
    assert KernelStore(tmp_path).read().keys() == set(KEYS)
