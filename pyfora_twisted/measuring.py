"""Memory of processes and sizes of directories, as the system tells them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
FAMILY_LIMIT = 4096
"""Processes that are looked at."""


def memory_bytes(pid: int) -> int:
    """Resident memory of a process; 0 where there is none of this id."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0


def descendants(pid: int) -> list[int]:
    """The ids of all processes that this one has started, directly or not."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
        if len(found) > FAMILY_LIMIT:
            break
    return found[1:]


def directory_bytes(directory: Path) -> int:
    """Size of the files in a directory, without what is below."""
    total = 0
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                try:
                    total += entry.stat(follow_symlinks=False).st_size
                except FileNotFoundError:
                    continue
    except OSError:
        return total
    return total


def free_bytes(directory: Path) -> int:
    """What is free where the directory is; 0 where that cannot be told."""
    try:
        return shutil.disk_usage(directory).free
    except OSError:
        return 0
