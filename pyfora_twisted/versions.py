"""What this daemon is, as it is told to peers and clients."""

from __future__ import annotations

import secrets
import sys

from pyfora import __version__ as PYFORA_VERSION

PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

__all__ = ["PYFORA_VERSION", "PYTHON_VERSION", "new_id"]


def new_id() -> str:
    """An id for a manager or a worker: new with every start."""
    return secrets.token_hex(8)
