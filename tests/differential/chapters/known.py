"""The rows whose outcome on the cluster is another one still, each with the reason."""

from __future__ import annotations

_AMBIENT = "a setting that the script made is not carried to the worker"

KNOWN: dict[str, str] = {
    "singledispatch": "a singledispatch function cannot be sent",
    "a file beside the script, by relative path": _AMBIENT,
    "a context variable": "a context variable cannot be sent",
    "current directory": _AMBIENT,
    "sys.path and sys.modules": _AMBIENT,
}
