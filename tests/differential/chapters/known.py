"""The rows whose outcome on the cluster is another one still, each with the reason."""

from __future__ import annotations

KNOWN: dict[str, str] = {}
