"""Futures of what runs on the cluster."""

from __future__ import annotations

import concurrent.futures
import os
from collections.abc import Callable
from typing import NoReturn, TypeVar

T = TypeVar("T")


class Future(concurrent.futures.Future[T]):
    """A `concurrent.futures.Future` whose `cancel()` also stops the work on the cluster."""

    def __init__(self, stop: Callable[[], None] | None = None) -> None:
        super().__init__()
        self._stop = stop

    def cancel(self) -> bool:
        """Stop the work, wherever it is. False where it has ended already."""
        if self.cancelled():
            return True
        if not super().cancel():
            return False
        # Waiters in concurrent.futures.wait and as_completed are told only by this call.
        self.set_running_or_notify_cancel()
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()
        return True

    def settle(self, result: T | None, error: BaseException | None) -> bool:
        """Set the outcome unless it is cancelled or set already; whether it was set."""
        self._stop = None
        try:
            if error is not None:
                self.set_exception(error)
            else:
                self.set_result(result)  # type: ignore[arg-type]
        except concurrent.futures.InvalidStateError:
            return False
        return True

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a future belongs to the process that waits for it (process {os.getpid()}); send its result")
