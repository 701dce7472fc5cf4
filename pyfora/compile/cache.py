"""Kernels on disk: content files shared by many processes, bounded, never trusted without their checksum."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

Loaded = TypeVar("Loaded")
_SUFFIX = ".kernel"


class KernelCache:
    """A directory of object code by key. A file is the SHA-256 of the rest, then the rest."""

    def __init__(self, directory: Path, limit_bytes: int) -> None:
        """`directory` is made if it is not there; the files in it are kept to about `limit_bytes` in sum."""
        self._directory = directory
        self._limit_bytes = limit_bytes
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, key: str, build: Callable[[], bytes], load: Callable[[bytes], Loaded]) -> Loaded:
        """What `load` makes of the entry; built first, by one process at a time, where it is missing or damaged."""
        found = self._load(key, load)
        if found is not None:
            return found
        with self._locked(key):
            found = self._load(key, load)
            if found is not None:
                return found
            code = build()
            self._write(key, code)
        return load(code)

    def keep(self, key: str, code: bytes) -> None:
        """Have what somebody else has built, unless there is an entry already; who calls has found it sound."""
        if not self._path(key).exists():
            self._write(key, code)

    def _path(self, key: str) -> Path:
        return self._directory / f"{key}{_SUFFIX}"

    def _load(self, key: str, load: Callable[[bytes], Loaded]) -> Loaded | None:
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        if len(content) < 32 or hashlib.sha256(content[32:]).digest() != content[:32]:
            return None
        try:
            loaded = load(content[32:])
        except ValueError:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return loaded

    def _write(self, key: str, code: bytes) -> None:
        """A disk that is full or read-only costs the next process its compilation, and nothing else."""
        if len(code) + 32 > self._limit_bytes:
            return
        try:
            handle, name = tempfile.mkstemp(dir=self._directory, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(code).digest() + code)
                Path(name).replace(self._path(key))
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError:
            return
        self._shrink()

    def _shrink(self) -> None:
        """Remove the entries that were not used for longest, until the rest is within the limit."""
        entries = []
        for path in self._directory.iterdir():
            if path.name.startswith(".lock-"):
                continue
            with contextlib.suppress(OSError):
                status = path.stat()
                entries.append((status.st_mtime_ns, status.st_size, path))
        size = sum(length for _, length, _ in entries)
        for _, length, path in sorted(entries):
            if size <= self._limit_bytes:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                size -= length

    @contextlib.contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        # One of 64 lock files, so that they are bounded too: rarely two kernels wait for one lock.
        path = self._directory / f".lock-{hashlib.sha256(key.encode()).digest()[0] % 64:02d}"
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            yield
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
