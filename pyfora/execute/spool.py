"""The worker's spool as a compute process sees it: parcels by name in one directory."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from pathlib import Path

from pyfora.values.parcels import Parcel, content_id, open_parcel
from pyfora.values.room import read_limit, refuse_past_limit


class Spool:
    """Writes whole files under their names; a reader never sees half of one. Keeps to the directory's limit."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = itertools.count()
        self._limit_bytes = read_limit(directory)

    def path(self, name: str) -> Path:
        """Where the parcel of that name is, or would be."""
        return self._directory / name

    def read(self, name: str) -> Parcel:
        """The parcel of that name, mapped. Raises OSError or WireError."""
        return open_parcel(self.path(name))

    def write(self, pieces: Iterable[bytes | memoryview], name: str | None = None) -> str:
        """Write `pieces` as one file under `name`, by default its content id; returns the name. Raises OSError."""
        temporary = self._directory / f"tmp-{os.getpid()}-{next(self._numbers)}"
        try:
            with temporary.open("wb") as file:
                for piece in pieces:
                    if self._limit_bytes is not None:
                        file.flush()  # so that the pieces before this one are counted
                    refuse_past_limit(self._directory, self._limit_bytes, memoryview(piece).nbytes)
                    file.write(piece)
            name = name or content_id(temporary)
            temporary.replace(self.path(name))
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return name
