"""Where each value is kept, and how large it is."""

from __future__ import annotations

from collections.abc import Iterable


class Whereabouts:
    """value id -> the workers that have it; both ways, so that a lost worker is taken out quickly."""

    def __init__(self) -> None:
        self.by_value: dict[str, dict[str, int]] = {}
        self._by_worker: dict[str, set[str]] = {}

    def add(self, value_id: str, worker_id: str, size_bytes: int) -> None:
        """This worker has the value."""
        self.by_value.setdefault(value_id, {})[worker_id] = size_bytes
        self._by_worker.setdefault(worker_id, set()).add(value_id)

    def discard(self, value_id: str) -> list[str]:
        """Forget the value; returns the workers that had it."""
        workers = list(self.by_value.pop(value_id, {}))
        for worker_id in workers:
            self._by_worker[worker_id].discard(value_id)
        return workers

    def lose_worker(self, worker_id: str) -> None:
        """The worker is gone with all that it had."""
        for value_id in self._by_worker.pop(worker_id, set()):
            holders = self.by_value[value_id]
            del holders[worker_id]
            if not holders:
                del self.by_value[value_id]

    def has(self, value_id: str) -> bool:
        """Whether anybody has it."""
        return value_id in self.by_value

    def holder(self, value_id: str, preferred: str = "") -> tuple[str, int] | None:
        """(worker id, size in bytes): the preferred worker if it has the value, else the lowest id."""
        holders = self.by_value.get(value_id)
        if not holders:
            return None
        worker_id = preferred if preferred in holders else min(holders)
        return worker_id, holders[worker_id]

    def held_bytes(self, value_ids: Iterable[str]) -> dict[str, int]:
        """worker id -> bytes of these values that it has."""
        held: dict[str, int] = {}
        for value_id in value_ids:
            for worker_id, size_bytes in self.by_value.get(value_id, {}).items():
                held[worker_id] = held.get(worker_id, 0) + size_bytes
        return held
