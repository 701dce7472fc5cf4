"""Keeps a worker's compute processes within UFORA_WORKER_MEMORY_MB: beyond it the largest is ended, in words."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.logger import Logger

PERIOD_S = 0.1
"""How often the processes are looked at: in this time a process can write to some hundred megabytes."""
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_log = Logger()


class MemoryWatch:
    """Looks at what the processes hold, for as long as it runs.

    A limit that the kernel keeps for each process (RLIMIT_DATA) was the rejected way: the program would meet it as a
    MemoryError, could catch that, and go on to another answer than on a larger cluster.
    """

    def __init__(
        self,
        limit_bytes: int,
        reactor: Any,
        pids: Callable[[], tuple[int | None, Mapping[str, int]]],
        end: Callable[[str, str], None],
    ) -> None:
        """`pids` gives the fork server's pid and those of the processes by id; `end(process_id, reason)` ends one."""
        self._limit_bytes = limit_bytes
        self._reactor = reactor
        self._pids = pids
        self._end = end
        self._timer: Any = None

    def start(self) -> None:
        """Look now and from now on."""
        server, processes = self._pids()
        held = {process_id: held_bytes(pid) for process_id, pid in processes.items()}
        found = too_large(held_bytes(server) if server is not None else 0, held, self._limit_bytes)
        if found is not None:
            process_id, reason = found
            _log.warn("Ending compute process {id}: {reason}", id=process_id, reason=reason)
            self._end(process_id, reason)
        self._timer = self._reactor.callLater(PERIOD_S, self.start)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()


def too_large(server_bytes: int, held: Mapping[str, int], limit_bytes: int) -> tuple[str, str] | None:
    """The process to end, with the reason; None while all is well.

    What a process holds includes what it shares with the server that it was forked from: that is counted once.
    """
    own = {process_id: max(0, held_bytes - server_bytes) for process_id, held_bytes in held.items()}
    total = server_bytes + sum(own.values())
    if total <= limit_bytes or not own:
        return None
    largest = max(own, key=lambda process_id: own[process_id])
    return largest, (
        f"it held {_megabytes(own[largest])} MB when this worker's compute processes held {_megabytes(total)} MB, "
        f"and UFORA_WORKER_MEMORY_MB allows them {_megabytes(limit_bytes)}"
    )


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 20):,.0f}"


def held_bytes(pid: int) -> int:
    """The memory of a process that is neither a file nor shared memory (parcels are); 0 where it is gone."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_bytes().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * _PAGE_BYTES
