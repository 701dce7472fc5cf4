"""Kernels on disk: content files shared by many processes, bounded, never trusted without their checksum."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeVar

from pyfora.values.sealing import sealed, unsealed

Loaded = TypeVar("Loaded")
_SUFFIX = ".kernel"


class OtherWorkers(Protocol):
    """Those who may have a kernel, or may want it; it is sealed, as in a file of the cache."""

    def bring(self, key: str) -> bytes:
        """The sealed kernel, as somebody else has built it; nothing where it is to be built here."""

    def built(self, key: str, kernel: bytes | None) -> None:
        """It was built here after `bring` had nothing; None: it cannot be built."""


class KernelCache:
    """A directory of sealed object code by key."""

    def __init__(self, directory: Path, limit_bytes: int, others: OtherWorkers | None = None) -> None:
        """`directory` is made if it is not there; the files in it are kept to about `limit_bytes` in sum."""
        self._directory = directory
        self._limit_bytes = limit_bytes
        self._others = others
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(
        self,
        key: str,
        build: Callable[[], bytes],
        load: Callable[[bytes], Loaded],
        prove: Callable[[bytes], object] = lambda code: None,
    ) -> Loaded:
        """What `load` makes of the entry.

        Where it is missing or damaged it is first brought from another worker, or built, by one process at a time.
        What was brought is not kept before `prove` has been called with it, which raises ValueError where it cannot
        be used here.
        """
        found = self._load(key, load)
        if found is not None:
            return found
        with self._locked(key):
            found = self._load(key, load)
            if found is not None:
                return found
            brought = self._others.bring(key) if self._others is not None else b""
            found = _opened(brought, load)
            if found is not None and _opened(brought, lambda code: (prove(code),)) is not None:
                self._write(key, brought)
                return found
            code = self._build(key, build)
            self._write(key, sealed(code))
        return load(code)

    def keep(self, key: str, code: bytes) -> None:
        """Have what somebody else has built, unless there is an entry already; who calls has found it sound."""
        if not self._path(key).exists():
            self._write(key, sealed(code))

    def _path(self, key: str) -> Path:
        return self._directory / f"{key}{_SUFFIX}"

    def _build(self, key: str, build: Callable[[], bytes]) -> bytes:
        code = None
        try:
            code = build()
            return code
        finally:
            if self._others is not None:
                self._others.built(key, None if code is None else sealed(code))

    def _load(self, key: str, load: Callable[[bytes], Loaded]) -> Loaded | None:
        path = self._path(key)
        try:
            loaded = _opened(path.read_bytes(), load)
        except OSError:
            return None
        if loaded is not None:
            with contextlib.suppress(OSError):
                os.utime(path)
        return loaded

    def _write(self, key: str, data: bytes) -> None:
        """A disk that is full or read-only costs the next process its compilation, and nothing else."""
        if len(data) > self._limit_bytes:
            return
        try:
            handle, name = tempfile.mkstemp(dir=self._directory, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
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


def _opened(data: bytes, load: Callable[[bytes], Loaded]) -> Loaded | None:
    """What `load` makes of the code; None where it is not what it was, or `load` raises ValueError."""
    code = unsealed(data)
    if code is None:
        return None
    try:
        return load(code)
    except ValueError:
        return None
