"""The cache of kernels: shared, bounded, and never believed without its checksum."""

from __future__ import annotations

import dataclasses
import errno
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from pyfora.compile import Kernel, KernelCache, NotCompiled, Output, compile_loop, load_kernel
from tests.compile.loops import bits, compiled, loop, module, run_terms

MIB = 1024 * 1024
TEXT = "(math.sin(i) * i for i in source)"


def names() -> dict[str, object]:
    import math

    return {"math": math}


def entry(directory: Path) -> Path:
    (path,) = directory.glob("*.kernel")
    return path


def test_a_kernel_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compiled(TEXT, names(), KernelCache(tmp_path, MIB))
    monkeypatch.setattr("pyfora.compile.kernel._build", lambda *_: pytest.fail("compiled again"))
    second = compiled(TEXT, names(), KernelCache(tmp_path, MIB))
    assert second.object_code == first.object_code
    assert run_terms(second, range(9)) == run_terms(first, range(9))


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:20],
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
        lambda content: bytes([content[0] ^ 1]) + content[1:],
        lambda content: bytes(len(content)),
    ],
)
def test_a_damaged_entry_is_made_again(tmp_path: Path, damage: object) -> None:
    cache = KernelCache(tmp_path, MIB)
    whole = compiled(TEXT, names(), cache)
    path = entry(tmp_path)
    good = path.read_bytes()
    assert callable(damage)
    path.write_bytes(damage(good))
    again = compiled(TEXT, names(), cache)
    assert again.object_code == whole.object_code
    assert path.read_bytes() == good


def test_no_bit_of_an_entry_can_turn_unnoticed(tmp_path: Path) -> None:
    cache = KernelCache(tmp_path, MIB)
    whole = cache.get("key", lambda: b"the code of a kernel" * 20, bytes)
    path = entry(tmp_path)
    good = path.read_bytes()
    draw = random.Random(4)
    for _ in range(300):
        content = bytearray(good)
        match draw.randrange(3):
            case 0:
                content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
            case 1:
                del content[draw.randrange(len(content)) :]
            case 2:
                content += bytes([draw.randrange(256)])
        path.write_bytes(content)
        asked: list[int] = []

        def build(asked: list[int] = asked) -> bytes:
            asked.append(1)
            return b"the code of a kernel" * 20

        assert cache.get("key", build, bytes) == whole
        assert asked == [1] and path.read_bytes() == good


def test_a_kernel_of_another_pyfora_is_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = compiled(TEXT, names(), KernelCache(tmp_path, MIB))
    monkeypatch.setattr("pyfora.compile.kernel._own_code", lambda: "primitives that mean something else")
    second = compiled(TEXT, names(), KernelCache(tmp_path, MIB))
    assert second.key != first.key
    with pytest.raises(NotCompiled, match="other versions"):
        load_kernel(first.object_code)


def test_what_is_known_of_indices_is_part_of_the_key(tmp_path: Path) -> None:
    known = dataclasses.replace(loop("(i + 0.5 for i in source)", names()), indices=(0, 9))
    cache = KernelCache(tmp_path, MIB)
    keys = {compile_loop(one, Output.TERMS, cache).key for one in (known, loop("(i + 0.5 for i in source)", names()))}
    assert len(keys) == 2


def test_what_the_values_are_is_part_of_the_key(tmp_path: Path) -> None:
    """A pair and a complex number are the same two floats to the machine."""
    cache, scope = KernelCache(tmp_path, 10**8), module("")
    for text in ("(i * 0.5, i * 1.5)", "complex(i * 0.5, i * 1.5)", "(i * 0.5, i * 1.5)"):
        kernel = compiled(f"({text} for i in source)", scope, cache)
        (rows,) = kernel.run_rows(kernel.captured, 3, 1, 1, 1).values()
        assert list(map(bits, rows.values())) == [bits(eval(text, {"i": 3}))]


def test_a_full_disk_costs_only_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = KernelCache(tmp_path, MIB)
    real = os.fdopen

    class Full:
        """A file that takes the first bytes and no more."""

        def __init__(self, handle: int) -> None:
            self._file = real(handle, "wb")

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def write(self, content: bytes) -> int:
            self._file.write(content[:10])
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdopen", lambda handle, _mode: Full(handle))
    assert cache.get("key", lambda: b"code", lambda code: code) == b"code"
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(".lock-")] == []
    assert cache.get("key", lambda: b"code", lambda code: code) == b"code"
    assert entry(tmp_path).exists()


def test_an_entry_or_directory_that_cannot_be_read_costs_only_the_cache(tmp_path: Path) -> None:
    cache = KernelCache(tmp_path, MIB)
    cache.get("key", lambda: b"code", lambda code: code)
    # What stands there is no file: nobody can read it, root included, nor write over it.
    entry(tmp_path).unlink()
    (tmp_path / "key.kernel").mkdir()
    assert cache.get("key", lambda: b"again", lambda code: code) == b"again"
    assert not list(tmp_path.glob(".new-*"))


def test_what_a_killed_process_left_half_written_is_dropped_in_its_turn(tmp_path: Path) -> None:
    cache = KernelCache(tmp_path, 10_000)
    left = tmp_path / ".new-half"
    left.write_bytes(bytes(9_000))
    os.utime(left, (1, 1))
    cache.get("key", lambda: bytes(3_000), len)
    assert not left.exists() and entry(tmp_path).exists()


def test_the_cache_is_bounded_and_drops_what_was_not_used_for_longest(tmp_path: Path) -> None:
    cache = KernelCache(tmp_path, 10_000)
    for number in range(8):
        cache.get(f"key{number}", lambda: bytes(3000), lambda code: code)
        cache.get("key0", lambda: bytes(3000), lambda code: code)
        sizes = [path.stat().st_size for path in tmp_path.glob("*.kernel")]
        assert sum(sizes) <= 10_000
    assert {path.stem for path in tmp_path.glob("*.kernel")} == {"key0", "key6", "key7"}
    assert cache.get("large", lambda: bytes(20_000), len) == 20_000
    assert not (tmp_path / "large.kernel").exists()
    assert len(list(tmp_path.glob(".lock-*"))) <= 64


def test_a_directory_that_cannot_be_written_costs_only_the_cache(tmp_path: Path) -> None:
    cache = KernelCache(tmp_path / "gone", MIB)
    (tmp_path / "gone").rmdir()
    assert cache.get("key", lambda: b"code", lambda code: code) == b"code"


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    cache = KernelCache(tmp_path, MIB)

    def fail() -> bytes:
        raise NotCompiled("no")

    with pytest.raises(NotCompiled):
        cache.get("key", fail, lambda code: code)
    assert cache.get("key", lambda: b"code", lambda code: code) == b"code"


def test_many_processes_compile_one_kernel_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = (
        "import sys, pathlib\n"
        "from pyfora.compile.cache import KernelCache\n"
        "cache = KernelCache(pathlib.Path(sys.argv[1]), 10**6)\n"
        "def build():\n"
        "    with open(sys.argv[2], 'a') as log: log.write('built\\n')\n"
        "    return b'x' * 100_000\n"
        "sys.stdin.readline()\n"
        "for n in range(20): assert cache.get(f'key{n}', build, len) == 100_000\n"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path / "cache"), str(log)]
    processes = [subprocess.Popen(arguments, stdin=subprocess.PIPE) for _ in range(4)]
    for process in processes:
        process.communicate(b"\n", timeout=60)
    assert [process.returncode for process in processes] == [0] * 4
    # Ten entries fit: each was built by one process, or again after it had been dropped for another.
    assert 20 <= len(log.read_text().splitlines()) <= 80
    assert not list((tmp_path / "cache").glob(".new-*"))


def test_a_kernel_loads_in_a_fresh_process_without_compiling(tmp_path: Path, cache: KernelCache) -> None:
    kernel = compiled(TEXT, names(), cache)
    path = tmp_path / "object"
    path.write_bytes(kernel.object_code)
    program = (
        "import sys, pathlib, numpy\n"
        "import pyfora.compile\n"
        "assert 'llvmlite' not in sys.modules\n"
        "kernel = pyfora.compile.load_kernel(pathlib.Path(sys.argv[1]).read_bytes())\n"
        "buffer = numpy.empty(5)\n"
        "assert kernel.run((), 3, 2, 5, buffer) == 5\n"
        "print([value.hex() for value in buffer.tolist()], kernel.element, kernel.output.name)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, timeout=60)
    expected = [value.hex() for value in run_terms(kernel, range(3, 13, 2))]
    assert done.stdout.strip() == f"{expected} float TERMS", done.stderr


def test_damaged_and_foreign_object_code_is_refused(cache: KernelCache, monkeypatch: pytest.MonkeyPatch) -> None:
    code = compiled(TEXT, names(), cache).object_code
    for wrong in [b"", b"junk", code[:30], code[:-1], code[:-5] + b"x" + code[-4:], code.replace(b"{", b"[", 1)]:
        with pytest.raises(ValueError):
            load_kernel(wrong)
    monkeypatch.setattr("pyfora.compile.kernel.made_for", lambda: ["another machine"])
    with pytest.raises(NotCompiled, match="another processor"):
        load_kernel(code)


def test_equal_loops_make_equal_bytes_in_every_process(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, hashlib, math\n"
        "from tests.compile.loops import compiled, module\n"
        "from pyfora.compile import KernelCache\n"
        "names = module('def f(n):\\n    return 1 if n < 2 else n * f(n - 1)\\n')\n"
        "cache = KernelCache(pathlib.Path(sys.argv[1]), 10**7)\n"
        "for _ in range(int(sys.argv[2])): compiled(f'(i + {_} for i in source)', {}, cache)\n"
        "print(hashlib.sha256(compiled('(f(i) + sum(j for j in range(i)) for i in source)', names, cache)"
        ".object_code).hexdigest())\n"
    )
    hashes = set()
    for number in (0, 3):
        arguments = [sys.executable, "-c", program, str(tmp_path / str(number)), str(number)]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        hashes.add(done.stdout)
    assert len(hashes) == 1


def test_importing_the_room_imports_neither_numba_nor_numpy() -> None:
    program = "import sys, pyfora.compile; print([n for n in ('numba', 'llvmlite', 'numpy') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_kernels_code_outlives_the_cache_entry(tmp_path: Path) -> None:
    kernel: Kernel = compiled(TEXT, names(), KernelCache(tmp_path, MIB))
    entry(tmp_path).unlink()
    assert len(run_terms(kernel, range(100))) == 100
