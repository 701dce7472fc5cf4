"""What reading a configuration asks of the machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FILE_LIMIT_BYTES = 1 << 20


@dataclass(frozen=True)
class FileFound:
    """A file's content (its first FILE_LIMIT_BYTES), permission bits and owner."""

    content: bytes
    mode: int = 0o600
    owner: int = 0


@dataclass(frozen=True)
class Machine:
    """The questions; tests give their own answers."""

    read_file: Callable[[Path], FileFound]
    """Raises OSError."""
    is_writable: Callable[[Path], bool]
    """May this directory be made and written?"""
    cores: int
    user: int
    host_names: tuple[str, ...]
    """What this machine calls itself."""


def this_machine() -> Machine:
    """The machine that we run on."""
    names = tuple(dict.fromkeys(name.lower() for name in (socket.gethostname(), socket.getfqdn()) if name))
    return Machine(read_file, can_be_written, os.cpu_count() or 1, os.getuid(), names)


def read_file(path: Path) -> FileFound:
    """The file at `path`. Raises OSError."""
    with path.open("rb") as file:
        found = os.fstat(file.fileno())
        return FileFound(file.read(FILE_LIMIT_BYTES), found.st_mode & 0o7777, found.st_uid)


def can_be_written(path: Path) -> bool:
    """Whether this directory exists and may be written, or may be made."""
    place = path
    while not place.exists():
        if place == place.parent:
            return False
        place = place.parent
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)
