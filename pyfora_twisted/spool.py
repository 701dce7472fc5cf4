"""One directory of parcels by name: a worker's spool, or a manager's store."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import stat
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from pyfora.errors import WireError
from pyfora.limits import PARCEL_LIMIT_BYTES
from pyfora.values.room import refuse_past_limit, write_limit
from pyfora.wire.tickets import is_content_id, is_parcel_name

SHARED_MEMORY = Path("/dev/shm")
ROOM_BYTES = 256 * 1024 * 1024
"""What has to be free in shared memory for a spool to be put there; less is left to the data directory's disk."""
SPARE_BYTES = 16 * 1024 * 1024
"""What a parcel has to leave free."""


class Writer:
    """A parcel on its way in: written under a temporary name, renamed by `commit` if it is what it should be."""

    def __init__(self, directory: Path, name: str, size_bytes: int) -> None:
        self._target = directory / name
        self._name = name
        self._size_bytes = size_bytes
        self._got_bytes = 0
        self._digest = hashlib.sha256() if is_content_id(name) else None
        self._temporary = directory / f".tmp-{secrets.token_hex(8)}"
        self._file = self._temporary.open("xb")

    def reserve(self) -> None:
        """Give the file its size at once, so that whoever adds up the directory's files counts all of it."""
        self._file.truncate(self._size_bytes)

    def write(self, data: bytes) -> None:
        """The next bytes. Raises WireError where there are more than announced, OSError where there is no room."""
        self._got_bytes += len(data)
        if self._got_bytes > self._size_bytes:
            raise WireError(f"parcel {self._name} is longer than the {self._size_bytes:,} bytes announced")
        if self._digest is not None:
            self._digest.update(data)
        self._file.write(data)

    def commit(self) -> None:
        """All bytes are here. Raises WireError (and leaves nothing) where they are not what the name promises."""
        try:
            self._file.close()
            if self._got_bytes != self._size_bytes:
                raise WireError(f"parcel {self._name} has {self._got_bytes:,} of {self._size_bytes:,} bytes")
            if self._digest is not None and self._digest.hexdigest() != self._name:
                raise WireError(f"the content of parcel {self._name} is not what its name says")
            self._temporary.replace(self._target)
        except BaseException:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Leave nothing."""
        # Closing flushes what is buffered; on a full disk that fails, and it is to be thrown away anyhow.
        with contextlib.suppress(OSError):
            self._file.close()
        self._temporary.unlink(missing_ok=True)

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.commit()
        else:
            self.abandon()


class Spool:
    """Parcels as files of a directory that only this user may enter."""

    def __init__(self, directory: Path, limit_bytes: int | None = None) -> None:
        """Make the directory; `limit_bytes` is what all parcels may take. Raises OSError, also where it is not ours."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise PermissionError(errno.EPERM, "it is not a directory of this user", str(directory))
        directory.chmod(0o700)
        self.directory = directory
        self._limit_bytes = limit_bytes
        if limit_bytes is not None:
            # Compute processes write into the directory by themselves, and keep to what they find there.
            write_limit(directory, limit_bytes)

    def path(self, name: str) -> Path:
        """Where a parcel is, or would be. Raises WireError for a name that is none."""
        if not is_parcel_name(name):
            raise WireError(f"{name[:40]!r} is not the name of a parcel")
        return self.directory / name

    def size_bytes(self, name: str) -> int | None:
        """The size of a parcel; None where there is none."""
        try:
            return self.path(name).stat().st_size
        except FileNotFoundError:
            return None

    def open(self, name: str) -> BinaryIO:
        """A parcel to be read. Raises OSError where there is none, or something else has its name.

        Users' code can put anything into a worker's spool: a pipe would stop the daemon for as long as nobody writes.
        """
        descriptor = os.open(self.path(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        file = os.fdopen(descriptor, "rb")
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            file.close()
            raise FileNotFoundError(errno.ENOENT, "it is no file", name)
        return file

    def writer(self, name: str, size_bytes: int) -> Writer:
        """For a parcel of this size that comes in pieces. Raises WireError, or OSError where there is no room."""
        self.path(name)
        if not 0 <= size_bytes <= PARCEL_LIMIT_BYTES:
            raise WireError(f"a parcel of {size_bytes:,} bytes, over the limit of {PARCEL_LIMIT_BYTES:,}")
        refuse_past_limit(self.directory, self._limit_bytes, size_bytes)
        if size_bytes > SPARE_BYTES and shutil.disk_usage(self.directory).free < size_bytes + SPARE_BYTES:
            raise OSError(errno.ENOSPC, f"no room for a parcel of {size_bytes:,} bytes", str(self.directory))
        writer = Writer(self.directory, name, size_bytes)
        if self._limit_bytes is not None:
            writer.reserve()
        return writer

    def write(self, name: str, data: bytes) -> None:
        """A whole parcel."""
        with self.writer(name, len(data)) as writer:
            writer.write(data)

    def drop(self, name: str) -> None:
        """Delete a parcel, if it is there."""
        self.path(name).unlink(missing_ok=True)

    def clean(self) -> None:
        """Delete what writers that never ended have left."""
        for path in self.directory.glob(".tmp-*"):
            path.unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete the directory with all parcels."""
        shutil.rmtree(self.directory, ignore_errors=True)


def make_worker_spool(
    worker_id: str, data_dir: Path, shared_memory: Path = SHARED_MEMORY, limit_bytes: int | None = None
) -> Spool:
    """A new spool: in shared memory where there is room (a parcel is then read without a copy), else in `data_dir`."""
    try:
        if shutil.disk_usage(shared_memory).free >= ROOM_BYTES and os.access(shared_memory, os.W_OK):
            return Spool(shared_memory / f"pyfora-{os.getuid()}-{os.getpid()}-{worker_id}", limit_bytes)
    except OSError:
        pass
    return Spool(data_dir / "spool" / f"{os.getpid()}-{worker_id}", limit_bytes)


def remove_orphans(data_dir: Path, shared_memory: Path = SHARED_MEMORY) -> None:
    """Delete the spools of daemons of this user that were killed and could not do it themselves."""
    places = [*shared_memory.glob(f"pyfora-{os.getuid()}-*-*"), *(data_dir / "spool").glob("*-*")]
    for place in places:
        pid = place.name.split("-")[-2]
        if not pid.isdigit() or Path(f"/proc/{pid}").exists():
            continue
        # Another daemon may be removing the same one, as it starts or ends itself.
        with contextlib.suppress(FileNotFoundError):
            if place.lstat().st_uid == os.getuid() and not place.is_symlink():
                shutil.rmtree(place, ignore_errors=True)
