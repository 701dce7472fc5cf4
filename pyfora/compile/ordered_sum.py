"""The builtin `sum` of floats, taken up and put down at any term: the same bits as the running CPython's."""

from __future__ import annotations

import ctypes
import functools
import math
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

State = tuple[float, ...]
"""The sum so far, and what rounding lost of it (always 0.0 where CPython does not compensate).

The sum so far alone: terms are added to it from left to right, as `+=` does.
"""
START: State = (0.0, 0.0)
COMPENSATED = sys.version_info >= (3, 12)
"""Since 3.12 `sum` keeps the lost part (Neumaier); before, it adds from left to right."""

_PLAIN = """
def fold(start, step, count, terms, state):
    total = load_float(state, 0)
    for k in range(count):
        total = total + load_float(terms, k)
    put_float(state, 0, total)
    return 0
"""
_NEUMAIER = """
def fold(start, step, count, terms, state):
    total = load_float(state, 0)
    lost = load_float(state, 1)
    for k in range(count):
        element = load_float(terms, k)
        summed = total + element
        if abs_float(total) >= abs_float(element):
            lost = lost + ((total - summed) + element)
        else:
            lost = lost + ((element - summed) + total)
        total = summed
    put_float(state, 0, total)
    put_float(state, 1, lost)
    return 0
"""


def fold_float_terms(terms: np.ndarray[Any, Any], count: int, state: State) -> State:
    """Add the first `count` terms of a contiguous float64 array, in order, to a sum in progress (at first `START`)."""
    if terms.dtype != "float64" or not terms.flags.c_contiguous or not 0 <= count <= len(terms):
        raise TypeError("the terms must be a contiguous array of float64, not shorter than the count")
    fold, place, address, spare, _ = _folder(_NEUMAIER if COMPENSATED and len(state) == 2 else _PLAIN)
    place[: len(state)] = state
    fold(spare, spare, 0, 1, count, terms.__array_interface__["data"][0], address)
    return tuple(place[: len(state)])


def finish_float_sum(state: State) -> float:
    """What `sum` yields once all terms are in."""
    total, lost = state
    if lost and math.isfinite(lost):
        return total + lost
    return total


@functools.cache
def _folder(source: str) -> tuple[Any, Any, int, int, object]:
    from pyfora.compile.machine_code import LoadedCode, compile_source

    code = LoadedCode(compile_source(source, "fold", ("int64", "int64", "int64", "float64*", "float64*")))
    whole, pointer = ctypes.c_int64, ctypes.c_void_p
    function = ctypes.CFUNCTYPE(ctypes.c_int32, pointer, pointer, whole, whole, whole, pointer, pointer)(code.address)
    place = (ctypes.c_double * 2)()
    spare = ctypes.c_int64()
    # The machine code and the spare word must outlive the function; this tuple is kept for good.
    return function, place, ctypes.addressof(place), ctypes.addressof(spare), (code, spare)
