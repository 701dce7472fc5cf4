"""Arrays of numpy as they lie in memory: their strides, and the memory that several of them share.

Numpy pickles a view as an array of its own without gaps. That is another array to whoever asks for its strides or
writes to it, and also in its numbers: `np.dot` of every third element has other last bits than `np.dot` of their copy.
"""

from __future__ import annotations

import ctypes
import pickle
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pyfora.language import making
from pyfora.limits import ARRAY_GAPS_LIMIT_BYTES


def is_array_kind(kind: type) -> bool:
    """Whether `kind` is numpy's own class of arrays."""
    return kind is getattr(sys.modules.get("numpy"), "ndarray", None)


@dataclass(frozen=True, eq=False)
class _Extent:
    """An array, and where its elements lie in memory."""

    array: Any
    first: int
    end: int

    def covers(self, other: _Extent) -> bool:
        return self.first <= other.first and other.end <= self.end


def _extent(array: Any) -> _Extent:
    first = end = array.ctypes.data
    for size, stride in zip(array.shape, array.strides, strict=True):
        if stride < 0:
            first += (size - 1) * stride
        else:
            end += (size - 1) * stride
    return _Extent(array, first, end + array.itemsize)


class SharedMemory:
    """Which of some arrays lie in each other's memory, and how each is made of the one that the others lie in."""

    def __init__(self) -> None:
        self._reductions: dict[int, tuple[Any, ...]] = {}
        self._alive: list[Any] = []

    def __bool__(self) -> bool:
        return bool(self._reductions)

    def look_at(self, arrays: Iterable[Any], known: Iterable[Any]) -> None:
        """Find it out; `known` are arrays that the other side has already."""
        theirs = [_extent(array) for array in known if array.size]
        # One array may be met more than once.
        mine = {id(array): _extent(array) for array in arrays if array.size}
        group: list[_Extent] = []
        for extent in sorted([*theirs, *mine.values()], key=lambda one: (one.first, -one.end)):
            if group and extent.first >= max(one.end for one in group):
                self._share(group, mine, theirs)
                group = []
            group.append(extent)
        self._share(group, mine, theirs)

    def _share(self, group: list[_Extent], mine: dict[int, _Extent], theirs: list[_Extent]) -> None:
        if len(group) < 2:
            return
        own = [one for one in group if id(one.array) in mine]
        around = _Extent(None, min(one.first for one in group), max(one.end for one in group))
        anchors = [one for one in group if one not in own]
        if not anchors:
            anchors = [one for one in own if one.covers(around) and _is_gapless(one.array)]
            # Of several the one whose memory it is.
            anchors.sort(key=lambda one: one.array.base is not None)
        for one in own:
            anchor = next((anchor for anchor in anchors if anchor.covers(one)), None)
            if anchor is None:
                anchor = _Extent(_memory(around, one.array), around.first, around.end)
                anchors.append(anchor)
            if anchor is not one:
                self._reductions[id(one.array)] = _within(anchor.array, one.array, one.first - anchor.first)
                self._alive.append(one.array)

    def reduction(self, array: Any) -> tuple[Any, ...] | None:
        """How to make `array` of one that it shares its memory with; None where it is on its own."""
        return self._reductions.get(id(array))


def reduce_array(array: Any) -> Any:
    """The reduction of an array that is on its own; NotImplemented where numpy's is right."""
    if not array.size or array.strides in _usual_strides(array):
        return NotImplemented
    around = _extent(array)
    gaps_bytes = around.end - around.first - array.nbytes
    if gaps_bytes > ARRAY_GAPS_LIMIT_BYTES:
        raise pickle.PicklingError(
            f"an array whose {array.nbytes:,} bytes have {gaps_bytes:,} bytes of another array between them would "
            "take the memory of all of these; make a copy of it: array.copy()"
        )
    if gaps_bytes <= 0 and not array.dtype.hasobject:
        return _within(_memory(around, array), array, 0)
    return making.make_strided, (array.copy("C"), array.strides, array.flags.writeable)


def _usual_strides(array: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Those that numpy gives such an array in the orders of C and of Fortran; a view of one row may have others."""
    by_rows, by_columns = [], []
    step = array.itemsize
    for size in reversed(array.shape):
        by_rows.append(step)
        step *= size
    step = array.itemsize
    for size in array.shape:
        by_columns.append(step)
        step *= size
    return tuple(reversed(by_rows)), tuple(by_columns)


def _is_gapless(array: Any) -> bool:
    return bool(array.flags.c_contiguous or array.flags.f_contiguous)


def _memory(around: _Extent, array: Any) -> Any:
    """The bytes that arrays lie in, as an array. `array` is one of them."""
    import numpy as np

    if array.dtype.hasobject:
        raise pickle.PicklingError(
            "arrays of objects that share parts of their memory cannot be sent; make a copy: array.copy()"
        )
    data: Any = (ctypes.c_char * (around.end - around.first)).from_address(around.first)
    made = np.frombuffer(data, np.uint8)
    made.flags.writeable = array.flags.writeable
    return made


def _within(anchor: Any, array: Any, offset_bytes: int) -> tuple[Any, ...]:
    start = offset_bytes + array.ctypes.data - _extent(array).first
    placed = (start, array.shape, array.strides, array.dtype, array.flags.writeable)
    return making.array_within, (anchor, *placed)


# ---- masked arrays ---------------------------------------------------------------------------------------------

_MASKED_STATE = ("_hardmask", "_sharedmask", "_optinfo", "_basedict")
"""Attributes of a masked array that numpy's pickle forgets."""


def is_masked_kind(kind: type) -> bool:
    """Whether `kind` is numpy's class of masked arrays, or derived from it."""
    masked = getattr(sys.modules.get("numpy.ma"), "MaskedArray", None)
    return masked is not None and issubclass(kind, masked)


def reduce_masked(array: Any) -> Any:
    """The reduction of a masked array, which numpy would give a mask where it has none, and a soft one."""
    made, arguments, state, *rest = (*array.__reduce_ex__(5), None, None, None)[:5]
    added = {name: vars(array)[name] for name in _MASKED_STATE if name in vars(array)}
    if array._mask is sys.modules["numpy.ma"].nomask:
        added["_mask"] = array._mask
    return made, arguments, (state, (added, None)), *rest, making.set_state_and_added
