"""The kinds of what is numpy's: its numbers, each of a type of its own, and arrays of one axis or two."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import Any

from pyfora.compile.kinds import Kind, Shape
from pyfora.compile.loop import Element
from pyfora.fold.columns import NUMPY_NUMBERS

AXES = (1, 2)
"""How many axes an array has that is compiled."""


@dataclass(frozen=True)
class ArrayOf(Shape):
    """An array: its address, then for each axis its length and its stride in bytes."""

    element: Shape
    """The kind of its elements: real or complex numbers of numpy's."""
    is_frozen: bool
    """Whether nobody changes it while the kernel runs."""
    is_packed: bool
    """Whether the elements of its last axis lie side by side."""

    def __str__(self) -> str:
        return f"array of {name_of(self.element)}s"


@functools.cache
def _kinds() -> dict[Any, Shape]:
    """The kinds of numbers by numpy's types."""
    import numpy as np

    elements: dict[str, Element] = {"f": "float", "b": "bool", "i": "int", "u": "int"}
    dtypes = map(np.dtype, NUMPY_NUMBERS)
    return {dtype.type: Shape(dtype.type, ("",), (elements[dtype.kind],)) for dtype in dtypes}


def kind_of(python: Any) -> Shape | None:
    """The kind of numbers of this type; None if it is none of numpy's that are compiled."""
    return _kinds().get(python) if "numpy" in sys.modules and isinstance(python, type) else None


@functools.cache
def complex_kind() -> Shape:
    """The kind of numpy's complex numbers."""
    import numpy as np

    return Shape(np.complex128, ("real", "imag"), ("float", "float"))


def is_complex_number(kind: Kind) -> bool:
    """Whether this is a complex number of numpy's."""
    return isinstance(kind, Shape) and "numpy" in sys.modules and kind == complex_kind()


def element_of(python: Any) -> Shape | None:
    """The kind of elements of this type; None if no such arrays are compiled."""
    if "numpy" in sys.modules and python is complex_kind().python:
        return complex_kind()
    return kind_of(python)


def is_number(kind: Kind) -> bool:
    """Whether this is a real number of numpy's."""
    return isinstance(kind, Shape) and kind_of(kind.python) == kind


def name_of(kind: Kind) -> str:
    """What numpy calls its type."""
    import numpy as np

    assert isinstance(kind, Shape)
    return np.dtype(kind.python).name


def array_of(element: Shape, axes: int, *, is_frozen: bool, is_packed: bool = True) -> ArrayOf:
    """The kind of such arrays."""
    import numpy as np

    whole: Kind = "int"
    parts = (whole,) * (1 + 2 * axes)
    return ArrayOf(np.ndarray, ("",) * len(parts), parts, element, is_frozen, is_packed)


def axes_of(kind: ArrayOf) -> int:
    """How many axes it has."""
    return (len(kind.parts) - 1) // 2


def captured_array(value: Any) -> tuple[ArrayOf, Any] | None:
    """The kind of an array from outside, and the same as it is laid out for a kernel; None where it is not compiled."""
    if "numpy" not in sys.modules:
        return None
    import numpy as np

    element = element_of(value.dtype.type) if type(value) is np.ndarray else None
    if element is None or value.ndim not in AXES or not value.dtype.isnative:
        return None
    return array_of(element, value.ndim, is_frozen=True), np.require(value, requirements=["C", "A"])


def number_from_outside(value: Any) -> Any:
    """A number of numpy's as Python's of the same value; None for any other value."""
    return value.item() if kind_of(type(value)) is not None else None


def is_function(value: object) -> bool:
    """Whether this is one of numpy's functions of numbers."""
    return type(value).__module__ == "numpy" and type(value).__name__ == "ufunc"
