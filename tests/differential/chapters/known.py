"""The rows whose outcome on the cluster is another one still, each with the reason."""

from __future__ import annotations

_AMBIENT = "a setting that the script made is not carried to the worker"

KNOWN: dict[str, str] = {
    "sys.path and sys.modules": _AMBIENT,
}
