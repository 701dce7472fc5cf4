"""The rows whose outcome on the cluster is another one still, each with the reason."""

from __future__ import annotations

_DEEP = "a value nested some thousand levels deep cannot be sent"
_AMBIENT = "a setting that the script made is not carried to the worker"

KNOWN: dict[str, str] = {
    "singledispatch": "a singledispatch function cannot be sent",
    "numpy views, made in the block": "a strided view comes back contiguous",
    "a deeply nested captured list": _DEEP,
    "a deeply nested result": _DEEP,
    "a linked list as result": _DEEP,
    "a file beside the script, by relative path": _AMBIENT,
    "a context variable": "a context variable cannot be sent",
    "the statistics of a captured cache": "a cache travels empty",
    "an object that a captured cache keeps": "a cache travels empty",
    "the statistics of a cache after the block": "a cache travels empty",
    "current directory": _AMBIENT,
    "sys.path and sys.modules": _AMBIENT,
}
