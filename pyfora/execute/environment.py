"""What the leaves of one loop share: packed by the driver, opened by leaf processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from pyfora.fold.grid import Grid
from pyfora.fold.partials import Form
from pyfora.fold.sources import Source
from pyfora.language.results import pack_environment, unpack_environment
from pyfora.language.running import LoadedProgram
from pyfora.values.parcels import Parcel


@dataclass(frozen=True)
class Environment:
    """All that a leaf process needs to run any leaf of a loop."""

    part: FunctionType
    source: Source
    grid: Grid
    form: Form
    callee: Callable[..., Any]
    object_code: bytes
    """The kernel; empty where the leaves are interpreted."""
    captured: tuple[int | float | bool, ...]
    """The values that the kernel is called with."""

    def pack(self, program: LoadedProgram) -> Parcel:
        """As bytes for other processes. Raises what pickling raises."""
        return pack_environment({"environment": self}, program)


def unpack(parcel: Parcel, primitives: Mapping[str, Callable[..., Any]]) -> Environment:
    """The environment of `pack`; its functions call `primitives`."""
    found = unpack_environment(parcel, primitives)["environment"]
    assert isinstance(found, Environment)
    return found
