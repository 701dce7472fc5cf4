"""The payload of a piece, as a leaf process packs it and the driver opens it: opaque to all in between."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, NoReturn

from pyfora.execute.output import Written
from pyfora.execute.spool import Spool
from pyfora.fold.partials import Form, Partial, are_plain
from pyfora.fold.views import ATOMS
from pyfora.language.loading import Loader
from pyfora.language.nans import holds_nan, is_nan
from pyfora.language.shipping import ExactShipper
from pyfora.values.parcels import Parcel, make_parcel, read_parcel
from pyfora.wire.messages import PieceDone

GaveUpAt = tuple[str, int]
"""The check that made a kernel give up, and the number of the call in its source."""


@dataclass(frozen=True)
class PieceReport:
    """What a piece says."""

    partials: list[Partial] = field(default_factory=list)
    written: Written = field(default_factory=list)
    gave_up: dict[GaveUpAt, int] = field(default_factory=dict)
    """Where kernels gave up -> leaves that were CPython's for it."""
    terms: int = 0
    """How many float terms are held for it."""


def known_objects(remembered: Mapping[int, Any]) -> dict[int, Any]:
    """Of the objects that a loop's environment was packed from, or unpacked to: those whose identity may matter."""
    return {index: found for index, found in remembered.items() if type(found) not in ATOMS or is_nan(found)}


def pack_piece(report: PieceReport, known: Mapping[int, Any]) -> Parcel:
    """`report` for `unpack_piece`. What is of the environment (`known`, by index) goes as a reference to it.

    Raises what pickling raises, for what was made by the loop and cannot leave its process.
    """
    if all(_is_plain(partial, known) for partial in report.partials):
        buffers: list[pickle.PickleBuffer] = []
        stream = pickle.dumps(report, 5, buffer_callback=buffers.append)
        if not holds_nan(stream):
            return make_parcel(stream, list(buffers))
    shipper = _PieceShipper(known)
    shipper.dump(report)
    return shipper.parcel()


def piece_data(piece: PieceDone, spool: Spool) -> Any:
    """The bytes of a piece's report, which are told once only: its parcel is gone then."""
    if not piece.parcel_id:
        return piece.payload
    path = spool.path(piece.parcel_id)
    data = path.read_bytes()
    path.unlink(missing_ok=True)
    return data


def unpack_piece(data: Any, known: Mapping[int, Any]) -> PieceReport:
    """The report, where what is of the environment is the driver's own object again. Raises what unpickling raises."""
    loader = _PieceLoader(read_parcel(data), known)
    report = loader.load()
    assert isinstance(report, PieceReport)
    # It refers to itself: what it remembers would be held on to until the collector comes by.
    loader.memo = {}
    return report


def _is_plain(partial: Partial, known: Mapping[int, Any]) -> bool:
    match partial.form:
        case Form.ELEMENTS | Form.WINNER | Form.FIRST:
            return are_plain(partial.data) or _are_own_lists(partial.data, known)
        case Form.MERGED:
            return are_plain(partial.data) and are_plain(partial.data.values())
    return True


def _are_own_lists(elements: list[Any], known: Mapping[int, Any]) -> bool:
    """Whether these are lists that the loop has made, of what is plain: pickle sees by itself which are one."""
    if set(map(type, elements)) != {list} or not all(map(are_plain, elements)):
        return False
    own = set(map(id, elements))
    return not any(id(found) in own for found in known.values())


def _no_functions(function: FunctionType) -> NoReturn:
    raise pickle.PicklingError(f"{function.__qualname__}() was made by the loop, and cannot leave its process")


class _PieceShipper(ExactShipper):
    def __init__(self, known: Mapping[int, Any]) -> None:
        super().__init__(_no_functions)
        self.names.update((id(found), index) for index, found in known.items())
        self.ask_names()
        self._known = known
        self._owners: dict[int, object] | None = None
        """What owns the memory of the arrays of the environment, and of those so far, by its identity."""

    def reducer_override(self, obj: Any) -> Any:
        if _is_of_memory(obj):
            self._note_owner(obj)
        return super().reducer_override(obj)

    def _note_owner(self, obj: Any) -> None:
        """Raises PicklingError for what shares its memory with what the driver has, or with what goes there, too."""
        if self._owners is None:
            owners = [_owner(found) for found in self._known.values() if _is_of_memory(found)]
            self._owners = {id(owner): owner for owner in owners}
        owner = _owner(obj)
        if id(owner) in self._owners:
            raise pickle.PicklingError("arrays that share their memory with others cannot leave their process")
        self._owners[id(owner)] = owner


def _is_of_memory(value: object) -> bool:
    numpy = sys.modules.get("numpy")
    return type(value) is memoryview or (numpy is not None and isinstance(value, numpy.ndarray))


def _owner(value: Any) -> object:
    base = value
    while base is not None:
        value, base = base, base.obj if type(base) is memoryview else getattr(base, "base", None)
    return value


class _PieceLoader(Loader):
    def __init__(self, parcel: Parcel, known: Mapping[int, Any]) -> None:
        super().__init__(parcel)
        self.persistent_load = lambda name: known[name] if type(name) is int else name  # type: ignore[method-assign]
