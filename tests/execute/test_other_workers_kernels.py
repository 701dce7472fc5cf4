"""Kernels that were compiled on other workers: kept, where they are sound and for this machine."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyfora.compile import KernelCache, NotCompiled
from pyfora.execute.leaf_loop import kernel_of
from pyfora.wire.messages import KernelBuilt
from tests.compile.loops import compiled
from tests.execute.asking import check_equal
from tests.execute.worker_in_test import WorkerInTest

MIB = 1024 * 1024
COUNT = 500_000
"""Enough for a kernel to be worth it, however quick the machine."""
TEXT = "(i * 0.5 for i in source)"


def half(i: int) -> float:
    for _ in range(30):
        i = (i * 7919 + 13) % 100_003
    return i * 0.5


def halves(n: int) -> float:
    return sum(half(i) for i in range(n))


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
    check_equal(worker, halves, COUNT)
    assert len(taken) == 1
    assert [(path.name, path.read_bytes()) for path in kernels(cache)] == taken


def compiled_elsewhere(worker: WorkerInTest) -> KernelBuilt:
    """The kernel of `halves`, which is not in the worker's cache any more."""
    check_equal(worker, halves, COUNT)
    (built,) = worker.built
    (path,) = kernels(worker.directory / "kernels")
    assert built == KernelBuilt(path.stem, True, path.read_bytes())
    path.unlink()
    worker.built.clear()
    return built


def is_compiled(loops: list[dict[str, Any]]) -> bool:
    return [loop["how"] for loop in loops] == ["compiled"]


def test_a_driver_takes_the_kernel_of_another_worker(worker: WorkerInTest) -> None:
    elsewhere = compiled_elsewhere(worker)
    worker.others_kernels[elsewhere.key] = elsewhere.payload
    for _ in range(2):
        assert is_compiled(check_equal(worker, halves, COUNT))
        assert worker.built == []
        (path,) = kernels(worker.directory / "kernels")
        assert path.read_bytes() == elsewhere.payload
        # The second time it is not even asked for.
        worker.others_kernels.clear()


def damaged(sealed: bytes) -> Iterator[bytes]:
    code = sealed[32:]
    yield b"\0"
    yield sealed[:-1]
    yield sealed[:-7] + bytes([sealed[-7] ^ 1]) + sealed[-6:]
    for other in (
        b"junk",
        code[:-1],
        re.sub(rb'"key": "..', b'"key": "00', code),
        re.sub(rb'"made_for": \["[^"]*"', b'"made_for": ["another"', code),
        without(code, "element"),
        without(code, "made_for"),
        with_machine_code(code, b"no machine code"),
    ):
        yield hashlib.sha256(other).digest() + other


def without(code: bytes, name: str) -> bytes:
    header, machine_code = parted(code)
    del header[name]
    return joined(code, header, machine_code)


def with_machine_code(code: bytes, machine_code: bytes) -> bytes:
    header, _ = parted(code)
    header["code_sha256"] = hashlib.sha256(machine_code).hexdigest()
    return joined(code, header, machine_code)


def parted(code: bytes) -> tuple[dict[str, Any], bytes]:
    """The header, which stands behind a line and its length, and the machine code."""
    start = code.index(b"\n") + 5
    end = start + int.from_bytes(code[start - 4 : start], "big")
    return json.loads(code[start:end]), code[end:]


def joined(code: bytes, header: dict[str, Any], machine_code: bytes) -> bytes:
    text = json.dumps(header).encode()
    return code[: code.index(b"\n") + 1] + len(text).to_bytes(4, "big") + text + machine_code


class Others:
    """Other workers, which have this."""

    def __init__(self, has: bytes = b"") -> None:
        self._has = has
        self.heard: list[tuple[str, bytes | None]] = []

    def bring(self, key: str) -> bytes:
        return self._has

    def built(self, key: str, sealed: bytes | None) -> None:
        self.heard.append((key, sealed))


def test_a_kernel_that_is_not_sound_is_compiled_here(tmp_path: Path) -> None:
    whole = compiled(TEXT, {}, KernelCache(tmp_path, MIB))
    (path,) = kernels(tmp_path)
    sealed = path.read_bytes()
    for wrong in damaged(sealed):
        assert wrong != sealed
        path.unlink()
        others = Others(wrong)
        assert compiled(TEXT, {}, KernelCache(tmp_path, MIB, others)).object_code == whole.object_code
        assert others.heard == [(whole.key, sealed)]
        assert path.read_bytes() == sealed
    path.unlink()
    others = Others(sealed)
    assert compiled(TEXT, {}, KernelCache(tmp_path, MIB, others)).object_code == whole.object_code
    assert others.heard == [] and path.read_bytes() == sealed


def test_a_worker_that_does_not_answer_costs_a_second_and_no_more(worker: WorkerInTest) -> None:
    elsewhere = compiled_elsewhere(worker)
    worker.others_kernels[elsewhere.key] = elsewhere.payload
    worker.answers_late = True
    assert is_compiled(check_equal(worker, halves, COUNT))
    assert worker.built == [elsewhere]


def test_a_loop_that_cannot_be_compiled_is_said_to_be_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others = Others()
    cache = KernelCache(tmp_path, MIB, others)
    whole = compiled(TEXT, {}, cache)
    (path,) = kernels(tmp_path)
    assert others.heard == [(whole.key, path.read_bytes())]
    path.unlink()

    def fail(*_: object) -> bytes:
        raise NotCompiled("no")

    monkeypatch.setattr("pyfora.compile.kernel._build", fail)
    with pytest.raises(NotCompiled):
        compiled(TEXT, {}, cache)
    assert others.heard[1:] == [(whole.key, None)]


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
