"""Columns: sources whose elements are numbers of one type, or tuples of such, as the arrays that a kernel reads."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pyfora.fold.calling import Called
from pyfora.fold.joined import Numbered, Paired, Reversed, Zipped
from pyfora.fold.live import Snapshot
from pyfora.fold.ranked import Multiplied
from pyfora.fold.views import Cursor, View, is_array

PARTS_LIMIT = 32
"""Elements of a tuple that is an element itself."""
NUMPY_NUMBERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "float32", "float64", "bool")
"""Types of the real elements of arrays that kernels read and write."""
NUMPY_COMPLEX = "complex128"
"""The type of their complex elements."""
_SAMPLE = 64
"""So many elements tell what the others are likely to be."""
_ARRAYS: dict[type, str] = {int: "int64", float: "float64", bool: "bool"}


class Untyped(Exception):
    """The source has no columns; the text says why."""


@dataclass(frozen=True, eq=False)
class Column(View):
    """Numbers that are all exactly int (of 64 bits), all float and no NaN, or all bool."""

    numbers: Any
    """An array of one dimension, of int64, float64 or bool; one of numpy's may be of any type of the two above."""

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, piece: slice | int) -> Any:
        # A number of its own only for `itertools.product`, which is told where to begin.
        return Column(self.numbers[piece]) if isinstance(piece, slice) else self.numbers[piece].item()

    def cursor(self, index: int) -> Cursor:
        elements = iter(self.numbers[index:].tolist())
        return Cursor(elements, elements.__length_hint__)

    def __reversed__(self) -> Iterator[Any]:
        return iter(self.numbers[::-1].tolist())

    @property
    def holds_state(self) -> bool:
        return False

    @property
    def read(self) -> tuple[Any, ...]:
        return (self.numbers,)


@dataclass(frozen=True, eq=False)
class ArrayColumn(Column):
    """An array of numpy's, of one axis: its elements are numbers of numpy's types."""

    def __getitem__(self, piece: slice | int) -> Any:
        return ArrayColumn(self.numbers[piece]) if isinstance(piece, slice) else self.numbers[piece]

    def cursor(self, index: int) -> Cursor:
        elements = iter(self.numbers[index:])
        return Cursor(elements, elements.__length_hint__)

    def __reversed__(self) -> Iterator[Any]:
        return iter(self.numbers[::-1])


def typed(source: Any, *, sample: bool = False) -> Any:
    """A source of the same elements that is made of ranges, texts and columns. Raises Untyped.

    The elements are taken as they are now. With `sample` the first ones stand for all: it has the same types, if those
    of all others are the same.
    """
    if is_array(source):
        return _of_array(source[:_SAMPLE] if sample else source)
    match source:
        case range() | str() | bytes() | Column():
            return source
        case list() | tuple():
            return _of_elements(source[:_SAMPLE] if sample else source)
        case Snapshot():
            # Not cut for a sample: it is as it is when it is cut.
            return _of_elements(tuple(itertools.islice(source, _SAMPLE)) if sample else source[: len(source)])
        case Zipped():
            return replace(source, bases=tuple(typed(base, sample=sample) for base in source.bases))
        case Numbered() | Paired():
            return replace(source, base=typed(source.base, sample=sample))
        case Reversed():
            base = typed(source.base, sample=sample)
            return Zipped(tuple(map(Reversed, base.bases))) if isinstance(base, Zipped) else Reversed(base)
        case Multiplied():
            pools = tuple(typed(pool, sample=sample) for pool in source.pools)
            # Not of arrays: their elements are numpy's.
            if all(type(pool) is Column for pool in pools):
                return Multiplied(pools, source.start, source.stop)
    raise Untyped(f"the loop runs over a source of type {type(source).__name__}")


def typed_arguments(source: Called, *, sample: bool = False) -> Called:
    """The same calls, with arguments out of columns. Raises Untyped.

    Nothing but a loop that makes these very calls may read it so: its elements are not those of its bases.
    """
    return replace(source, bases=tuple(typed(base, sample=sample) for base in source.bases))


def arguments_of(source: Called) -> int:
    """How many arguments the function is called with, of a source with columns. Raises Untyped."""
    if source.maker is not itertools.starmap:
        return len(source.bases)
    match source.bases[0]:
        case Zipped(bases=parts) | Multiplied(pools=parts):
            return len(parts)
        case Numbered() | Paired():
            return 2
    raise Untyped("the function is called with the elements of what are no tuples")


def _of_array(array: Any) -> ArrayColumn:
    import numpy as np

    dtype = array.dtype
    if dtype.name not in (*NUMPY_NUMBERS, NUMPY_COMPLEX) or np.dtype(dtype.name).type is not dtype.type:
        raise Untyped(f"the loop runs over an array of {dtype.name}s")
    # As it is now: what it is an array of may change it.
    return ArrayColumn(array.copy())


def _of_elements(elements: list[Any] | tuple[Any, ...]) -> Any:
    kinds = set(map(type, elements))
    if len(kinds) != 1:
        names = " and ".join(sorted(kind.__name__ for kind in kinds))
        raise Untyped(f"the loop runs over elements of several types: {names}" if kinds else "there are no elements")
    (kind,) = kinds
    if kind in _ARRAYS:
        return _column(elements, kind)
    if kind is not tuple:
        raise Untyped(f"the loop runs over elements of type {kind.__name__}")
    lengths = set(map(len, elements))
    if len(lengths) != 1 or not 0 < max(lengths) <= PARTS_LIMIT:
        raise Untyped(f"the loop runs over tuples of {' and '.join(map(str, sorted(lengths)[:2]))} elements")
    return Zipped(tuple(map(_of_elements, zip(*elements, strict=True))))


def _column(elements: list[Any] | tuple[Any, ...], kind: type) -> Column:
    import numpy as np

    try:
        numbers = np.array(elements, _ARRAYS[kind])
    except OverflowError:
        raise Untyped("the loop runs over ints beyond 64 bits") from None
    if kind is float and bool(np.isnan(numbers).any()):
        # Which NaN it is can be seen, and is not what an array keeps.
        raise Untyped("the loop runs over NaNs")
    return Column(numbers)
