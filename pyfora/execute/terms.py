"""Float terms in the memory of a leaf process, until the accumulator comes for them."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from pyfora.limits import RUN_LEAVES_LIMIT


def pack_state(state: tuple[float, ...]) -> bytes:
    """The accumulator of a float sum, as it travels."""
    return struct.pack(f"<{len(state)}d", *state)


def unpack_state(packed: bytes) -> tuple[float, ...]:
    """The accumulator that was packed."""
    return struct.unpack(f"<{len(packed) // 8}d", packed)


PieceKey = tuple[str, int, int]
"""(fold, lo, hi)."""


@dataclass
class _Buffer:
    """An array for the terms of one run."""

    array: Any
    used: int = 0
    pieces: int = 0
    """Held pieces that have their terms here."""


class Terms:
    """The terms of the current run and of pieces that are held.

    Arrays are used again: memory that is touched for the first time costs as much as computing sines into it.
    """

    def __init__(self) -> None:
        self._held: dict[PieceKey, tuple[_Buffer, int, int]] = {}
        self._current: _Buffer | None = None
        self._free: list[_Buffer] = []

    def begin_run(self, leaf_terms: int) -> None:
        """Make room for a run of leaves of so many terms, in an array of an earlier run where there is one."""
        self.end_run()
        wanted = leaf_terms * RUN_LEAVES_LIMIT
        while self._free:
            buffer = self._free.pop()
            if len(buffer.array) >= wanted:
                buffer.used = 0
                self._current = buffer
                return
        import numpy as np

        self._current = _Buffer(np.empty(wanted, np.float64))

    def end_run(self) -> None:
        """No more terms for this run."""
        buffer, self._current = self._current, None
        if buffer is not None and not buffer.pieces:
            self._free.append(buffer)

    def room(self) -> Any:
        """The free part of the run's array, to write terms at its front."""
        assert self._current is not None
        return self._current.array[self._current.used :]

    def take(self, count: int) -> None:
        """So many terms were written there."""
        assert self._current is not None
        self._current.used += count

    def hold(self, key: PieceKey, count: int) -> None:
        """The last `count` terms are those of this piece."""
        assert self._current is not None
        self._current.pieces += 1
        self._held[key] = (self._current, self._current.used - count, count)

    def release(self, key: PieceKey) -> Any:
        """The terms of a held piece, which is forgotten: good until the next run begins. None where it is unknown."""
        found = self._held.pop(key, None)
        if found is None:
            return None
        buffer, start, count = found
        buffer.pieces -= 1
        if not buffer.pieces and buffer is not self._current:
            self._free.append(buffer)
        return buffer.array[start : start + count]

    def drop_fold(self, fold_id: str) -> None:
        """Forget all terms of a fold."""
        for key in [key for key in self._held if key[0] == fold_id]:
            self.release(key)

    @property
    def held_pieces(self) -> int:
        """How many pieces wait."""
        return len(self._held)

    @property
    def arrays_bytes(self) -> int:
        """The memory of all arrays, those in use and those that are free."""
        buffers = {id(buffer): buffer for buffer, _, _ in self._held.values()}
        buffers |= {id(buffer): buffer for buffer in (*self._free, *([self._current] if self._current else []))}
        return sum(buffer.array.nbytes for buffer in buffers.values())
