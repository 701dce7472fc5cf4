"""The seed of the hashes of texts: the order of a set of texts follows from it."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path


@functools.cache
def fixed_hash_seed() -> str | None:
    """The `PYTHONHASHSEED` that this process was started with, as digits; None where Python has drawn a seed.

    A process that set the variable itself, for its children, still has the hashes that it was started with.
    """
    if not sys.flags.hash_randomization:
        return "0"
    if sys.flags.ignore_environment:
        return None
    try:
        started_with = Path("/proc/self/environ").read_bytes().split(b"\0")
        found = [entry[15:].decode() for entry in started_with if entry.startswith(b"PYTHONHASHSEED=")]
    except OSError:
        # No Linux, so no worker either.
        found = [os.environ.get("PYTHONHASHSEED", "")]
    seed = found[0].strip() if found else ""
    return str(int(seed)) if seed.isdigit() else None
