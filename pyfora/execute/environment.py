"""What the leaves of one loop share: packed by the driver, opened by leaf processes."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from pyfora.compile import Captured
from pyfora.execute.ambient import Ambient
from pyfora.fold.grid import Grid
from pyfora.fold.partials import Form
from pyfora.fold.sources import Source
from pyfora.language.packages import check_versions
from pyfora.language.results import first_object, pack_environment, unpack_environment
from pyfora.language.running import LoadedProgram
from pyfora.language.shipping import CodeForm, marshalled
from pyfora.values.hash_seed import fixed_hash_seed
from pyfora.values.parcels import Parcel

_HASH_SEED = "hash seed"
"""The name of what an environment's parcel begins with."""


_PACKAGES = "packages"


@dataclass(frozen=True)
class Environment:
    """All that a leaf process needs to run any leaf of a loop."""

    part: Callable[[Any], Any]
    source: Source
    grid: Grid
    form: Form
    callee: Callable[..., Any]
    object_code: bytes
    """The kernel; empty where the leaves are interpreted."""
    captured: tuple[Captured, ...]
    """The values that the kernel is called with."""
    ambient: Ambient
    depth: int
    """How many frames there are down to the one that the loop stands in: its elements find no more room in a leaf."""
    shortenings: tuple[tuple[int, str], ...] = ()
    """As those of an AddedFolder."""

    def pack(
        self,
        program: LoadedProgram,
        code_form: Callable[[FunctionType], CodeForm] = marshalled,
        stream: io.BytesIO | None = None,
    ) -> tuple[Parcel, dict[int, Any]]:
        """As bytes for other processes (put into `stream`), and all objects in it by index.

        Raises what pickling raises.
        """
        packed: dict[int, Any] = {}
        packages = program.header.get("packages", {})
        objects = {_HASH_SEED: fixed_hash_seed(), _PACKAGES: packages, "environment": self}
        return pack_environment(objects, program, packed, code_form, stream), packed


def hash_seed_of_environment(parcel: Parcel) -> str | None:
    """The hash seed of the driver that made `parcel`. Nothing else of it is made: what is, may depend on it."""
    seed = first_object(parcel)
    return seed if isinstance(seed, str) else None


def unpack(parcel: Parcel, primitives: Mapping[str, Callable[..., Any]]) -> tuple[Environment, dict[int, Any]]:
    """The environment of `pack`, whose functions call `primitives`; all objects in it by the same index.

    Raises UnconvertibleValueError where this worker has other versions of packages than the driver's.
    """
    unpacked: dict[int, Any] = {}
    objects = unpack_environment(parcel, primitives, remembered=unpacked)
    check_versions(objects[_PACKAGES])
    found = objects["environment"]
    assert isinstance(found, Environment)
    return found, unpacked
