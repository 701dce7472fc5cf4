"""How much a directory of parcels may hold: written down in the directory itself, kept by all who write there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_LIMIT_FILE = ".limit"


def write_limit(directory: Path, limit_bytes: int) -> None:
    """Write the limit down. Raises OSError."""
    (directory / _LIMIT_FILE).write_text(str(limit_bytes))


def read_limit(directory: Path) -> int | None:
    """The limit of the directory; None where it has none."""
    try:
        return int((directory / _LIMIT_FILE).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None


def refuse_past_limit(directory: Path, limit_bytes: int | None, more_bytes: int) -> None:
    """Raise OSError (ENOSPC) where so many bytes more would be beyond the limit.

    The files are added up each time: several processes write, and none of them knows of the others' parcels.
    """
    if limit_bytes is None:
        return
    held_bytes = 0
    with os.scandir(directory) as entries:
        for entry in entries:
            try:
                held_bytes += entry.stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                continue  # dropped meanwhile
    if held_bytes + more_bytes > limit_bytes:
        raise OSError(
            errno.ENOSPC,
            f"no room for {more_bytes:,} bytes beside {held_bytes:,} of the {limit_bytes:,} that UFORA_WORKER_DISK_MB "
            "allows this worker's parcels",
            str(directory),
        )
