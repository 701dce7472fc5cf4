"""Kernels that were compiled on other workers: kept, where they are sound and for this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyfora.compile import KernelCache
from pyfora.execute.leaf_loop import kernel_of
from tests.compile.loops import compiled
from tests.execute.asking import check_equal
from tests.execute.worker_in_test import WorkerInTest

MIB = 1024 * 1024
TEXT = "(i * 0.5 for i in source)"


def halves(n: int) -> float:
    return sum(i * 0.5 for i in range(n))


def kernels(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.kernel"))


@pytest.fixture
def worker() -> Iterator[WorkerInTest]:
    with WorkerInTest(leaf_processes=1) as running:
        yield running


def test_a_leaf_process_keeps_the_kernel_that_it_is_given(worker: WorkerInTest) -> None:
    cache, taken = worker.directory / "kernels", []

    def forget() -> None:
        """As on a worker that did not compile it."""
        for path in kernels(cache):
            taken.append((path.name, path.read_bytes()))
            path.unlink()

    worker.at_offer = forget
    check_equal(worker, halves, 3_000_000)
    assert len(taken) == 1
    assert [(path.name, path.read_bytes()) for path in kernels(cache)] == taken


def test_a_damaged_or_foreign_kernel_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = compiled(TEXT, {}, KernelCache(tmp_path / "home", MIB))
    code = kernel.object_code
    cache = KernelCache(tmp_path / "thief", MIB)
    for wrong in (code[:-1], code[:-5] + bytes([code[-5] ^ 1]) + code[-4:], b"junk"):
        assert kernel_of(wrong, cache) is None
    misnamed = code.replace(kernel.key.encode(), b"../" + kernel.key[3:].encode())
    assert misnamed != code and kernel_of(misnamed, cache) is None
    with monkeypatch.context() as patched:
        patched.setattr("pyfora.compile.kernel.made_for", lambda: ["another machine"])
        assert kernel_of(code, cache) is None
    assert kernels(tmp_path / "thief") == []
    assert kernel_of(code, cache) is not None
    assert [path.stem for path in kernels(tmp_path / "thief")] == [kernel.key]


def test_an_entry_under_anothers_name_is_built_again(tmp_path: Path) -> None:
    cache = KernelCache(tmp_path, MIB)
    right = compiled(TEXT, {}, cache)
    other = compiled("(i * 0.25 for i in source)", {}, cache)
    entry = tmp_path / f"{right.key}.kernel"
    entry.write_bytes((tmp_path / f"{other.key}.kernel").read_bytes())
    assert compiled(TEXT, {}, cache).object_code == right.object_code
