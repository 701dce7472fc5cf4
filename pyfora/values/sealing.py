"""Bytes behind their own SHA-256, by which it is seen whether they are still what they were."""

from __future__ import annotations

import hashlib

_SEAL_BYTES = 32


def sealed(content: bytes) -> bytes:
    """The digest of `content`, then `content`."""
    return hashlib.sha256(content).digest() + content


def unsealed(data: bytes) -> bytes | None:
    """The content of what `sealed` gave; None where `data` is not that, or not all of it."""
    content = data[_SEAL_BYTES:]
    return content if hashlib.sha256(content).digest() == data[:_SEAL_BYTES] else None
