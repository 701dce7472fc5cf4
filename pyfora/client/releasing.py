"""Telling the manager which values nobody here refers to any more."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable

from pyfora.wire.messages import ReleaseValues

_IDS_AT_ONCE = 500


class Releaser:
    """Collects the ids of values that are held here, and sends in batches those that are not held any more."""

    def __init__(self, send: Callable[[ReleaseValues], bool]) -> None:
        """`send` gives False where the connection is down: the batch is sent again after `wake`."""
        self._send = send
        self._held: set[str] = set()
        self._unused: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._ended = False

    def hold(self, value_id: str) -> None:
        """Somebody here refers to this value."""
        with self._lock:
            self._held.add(value_id)
            # Not in `release`: that is called within garbage collections, where nothing may wait for a lock.
            if self._thread is None and not self._ended:
                self._thread = threading.Thread(target=self._run, name="pyfora-releaser", daemon=True)
                self._thread.start()

    def release(self, value_id: str) -> None:
        """Nobody refers to it any more. Safe within a garbage collection: it only notes the id."""
        self._unused.put(value_id)

    def wake(self) -> None:
        """There is a connection again."""
        self._wake.set()

    def end(self, *, tell: bool) -> None:
        """Release all that is still held, if anybody is to be told, and stop."""
        with self._lock:
            self._ended = True
            held, self._held = self._held, set()
        self._unused.put(None)
        self._wake.set()
        if tell:
            for ids in _batches(sorted(held)):
                self._send(ReleaseValues(ids))

    def _run(self) -> None:
        while (value_id := self._unused.get()) is not None:
            ids = [value_id]
            while len(ids) < _IDS_AT_ONCE and not self._unused.empty():
                following = self._unused.get()
                if following is None:
                    return
                ids.append(following)
            with self._lock:
                ids = [i for i in ids if i in self._held]
                self._held.difference_update(ids)
            while ids and not self._ended:
                self._wake.clear()
                if self._send(ReleaseValues(ids)):
                    break
                self._wake.wait()


def _batches(ids: list[str]) -> Iterable[list[str]]:
    return (ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE))
