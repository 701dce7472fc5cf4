"""From what a user says of a cluster to an executor of it."""

from __future__ import annotations

import math
import time

from pyfora.client.address import parse_address
from pyfora.client.connection import Connection
from pyfora.client.embedded import EmbeddedCluster
from pyfora.client.executor import Executor
from pyfora.client.progress import ProgressOption


def join(url: str | None, timeout_s: float, token: str | None, tls: str | None, progress: ProgressOption) -> Executor:
    """An executor of the manager at `url`, or of a new private cluster. Raises ConnectionError within `timeout_s`."""
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, (int, float)) or not 0 < timeout_s < math.inf:
        raise ValueError(f"timeout is a positive number of seconds, not {timeout_s!r}")
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise TypeError(f"progress is None, True, False or a function, not {progress!r}")
    if url is not None:
        return Executor(Connection(parse_address(url, token, tls), timeout_s), None, progress)
    deadline = time.monotonic() + timeout_s
    cluster = EmbeddedCluster(timeout_s)
    try:
        address = parse_address(cluster.url, cluster.token)
        connection = Connection(address, max(1.0, deadline - time.monotonic()))
    except BaseException:
        cluster.close()
        raise
    return Executor(connection, cluster, progress)
