"""Run ordinary Python on a cluster: `executor = pyfora.connect(url)`, then `with executor.remotely: …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyfora.errors import (
    BadWithBlockError,
    CancelledError,
    CantGetSourceTextError,
    ComputeCrashError,
    ConnectionError,
    InvalidPyforaOperation,
    PyforaError,
    ResultTooLargeError,
    UnconvertibleValueError,
    ValueLostError,
    WireError,
)

if TYPE_CHECKING:
    from pyfora.client.executor import Executor
    from pyfora.client.futures import Future
    from pyfora.client.progress import Progress, ProgressOption
    from pyfora.client.proxies import RemotePythonObject

__version__ = "0.1.0"

__all__ = [
    "BadWithBlockError",
    "CancelledError",
    "CantGetSourceTextError",
    "ComputeCrashError",
    "ConnectionError",
    "Executor",
    "Future",
    "InvalidPyforaOperation",
    "Progress",
    "PyforaError",
    "RemotePythonObject",
    "ResultTooLargeError",
    "UnconvertibleValueError",
    "ValueLostError",
    "WireError",
    "__version__",
    "connect",
]

_LATER = {
    "Executor": "pyfora.client.executor",
    "Future": "pyfora.client.futures",
    "Progress": "pyfora.client.progress",
    "RemotePythonObject": "pyfora.client.proxies",
}


def __getattr__(name: str) -> Any:
    # For isinstance and annotations; importing pyfora alone must stay cheap.
    if name not in _LATER:
        raise AttributeError(f"module 'pyfora' has no attribute {name!r}", name=name)
    import importlib

    return getattr(importlib.import_module(_LATER[name]), name)


def connect(
    url: str | None = None,
    timeout: float = 30.0,
    *,
    token: str | None = None,
    tls: str | None = None,
    progress: ProgressOption = None,
) -> Executor:
    """Connect to a cluster, and return its executor.

    `url` is that of a manager, such as "http://127.0.0.1:30000"; without it the cluster is a private one of this
    machine's cores, which ends with this process. `timeout`, in seconds, is how long to wait for the cluster, now
    and whenever the connection is lost. `token` is the cluster's secret, where it has one, otherwise that
    of UFORA_TOKEN or of the file UFORA_TOKEN_FILE. `tls` is a directory with the certificates of a client, for an
    "https://" URL, otherwise UFORA_TLS_DIR. `progress`: None shows a bar for blocks of over a second where
    standard error is a terminal or a notebook, True always, False never; a function is called with a `Progress`.

    Raises ConnectionError, within `timeout`, saying what is wrong and what to do.
    """
    from pyfora.client.joining import join

    return join(url, timeout, token, tls, progress)
