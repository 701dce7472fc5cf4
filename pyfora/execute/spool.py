"""The worker's spool as a compute process sees it: parcels by name in one directory."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from pathlib import Path

from pyfora.values.parcels import Parcel, content_id, open_parcel


class Spool:
    """Writes whole files under their names; a reader never sees half of one."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._numbers = itertools.count()

    def path(self, name: str) -> Path:
        """Where the parcel of that name is, or would be."""
        return self._directory / name

    def read(self, name: str) -> Parcel:
        """The parcel of that name, mapped. Raises OSError or WireError."""
        return open_parcel(self.path(name))

    def write(self, pieces: Iterable[bytes | memoryview], name: str | None = None) -> str:
        """Write `pieces` as one file under `name`, by default its content id; returns the name."""
        temporary = self._directory / f"tmp-{os.getpid()}-{next(self._numbers)}"
        try:
            with temporary.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
            name = name or content_id(temporary)
            temporary.replace(self.path(name))
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return name
