"""What is added to a number of numpy's is what numpy makes of it, one after the other; or left to numpy."""

from __future__ import annotations

import operator
import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfora.fold import numpy_totals
from pyfora.fold.added import AddedFolder
from pyfora.fold.adding import can_be_added_to
from pyfora.fold.folders import MustRunInOrder
from pyfora.fold.partials import Form, Partial, Total
from pyfora.fold.rows import Rows

INTS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32")
FLOATS = ("float32", "float64")
PAIRS = [(one, other) for one in (*INTS, *FLOATS) for other in (*INTS, *FLOATS, "bool")]


def fold_terms(terms: Any, count: int, state: tuple[float, ...]) -> tuple[float, ...]:
    total = state[0]
    for term in terms[:count].tolist():
        total += term
    return (total,)


def numbers(name: str) -> st.SearchStrategy[Any]:
    if name == "bool":
        return st.booleans().map(np.bool_)
    if name in FLOATS:
        wide = st.floats(allow_nan=False, width=32 if name == "float32" else 64)
        return st.one_of(wide, st.sampled_from([0.0, -0.0, 0.5, 3e38, 1e-45])).map(np.dtype(name).type)
    info = np.iinfo(name)
    edges = st.sampled_from([info.min, info.max, 0, 1])
    small = st.integers(0 if info.min == 0 else -9, 9)
    return st.one_of(small, small, edges, st.integers(int(info.min), int(info.max))).map(np.dtype(name).type)


def rows_of(name: str, values: list[Any]) -> Rows:
    words = "float64" if name in FLOATS else "bool" if name == "bool" else "int64"
    return Rows(f"numpy.{name}", (np.array(values, name).astype(words),))


def bits(value: Any) -> tuple[type, bytes]:
    return type(value), value.tobytes()


def one_by_one(total: Any, values: list[Any]) -> Any:
    """None where numpy warns, or makes another type of the total."""
    kind = type(total)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            for value in values:
                total = operator.add(total, value)
                if type(total) is not kind:
                    return None
        except RuntimeWarning:
            return None
    return total


@pytest.mark.parametrize(("holder", "addend"), PAIRS)
@given(data=st.data())
def test_what_numpy_makes_of_it(holder: str, addend: str, data: st.DataObject) -> None:
    with np.errstate(all="ignore"):
        total, values = data.draw(numbers(holder)), data.draw(st.lists(numbers(addend), max_size=30))
    expected = one_by_one(total, values)
    found = numpy_totals.added(total, rows_of(addend, values), fold_terms)
    if found is not None:
        assert expected is not None and bits(found) == bits(expected)
    elif all(abs(float(value)) < 4 for value in [total, *values]) and len(values) < 10:
        # Small ones are left to numpy only where they become of another type.
        assert expected is None


def test_numbers_of_python() -> None:
    floats = Rows("float", (np.array([0.1, 0.2, 1e16]),))
    found = numpy_totals.added(np.float64(0.3), floats, fold_terms)
    assert bits(found) == bits(one_by_one(np.float64(0.3), [0.1, 0.2, 1e16]))
    assert numpy_totals.added(np.float32(0.3), floats, fold_terms) is None
    assert numpy_totals.added(np.int64(3), Rows("int", (np.array([1, 2]),)), fold_terms) is None


def test_a_folder_keeps_numpys_totals_or_leaves_them_to_numpy() -> None:
    steps = (("+=", (0,)), ("+=", (1,)))
    before = (np.int32(5), 7)
    assert can_be_added_to(steps, before)
    assert not can_be_added_to((("max", (0,)),), before) and not can_be_added_to(steps, (np.bool_(True), 1))
    folder = AddedFolder(steps, before, fold_terms)
    for _ in range(2):
        pieces = [(0, rows_of("int32", [1, 2, 3])), (1, Total(4, None))]
        folder.absorb(Partial(Form.ADDED, pieces))
    first, second = folder.finish()
    assert bits(first) == bits(np.int32(17)) and (type(second), second) == (int, 15)
    for partial in (
        Partial(Form.ADDED, [(0, rows_of("int32", [2**31 - 1]))]),
        Partial(Form.ADDED, [(0, rows_of("float64", [0.5]))]),
        Partial(Form.ELEMENTS, [(0, np.int32(1)), (0, np.int32(2**31 - 18))]),
        Partial(Form.ELEMENTS, [(0, np.float64(0.5))]),
        Partial(Form.ELEMENTS, [(0, Fraction(1, 2))]),
    ):
        with pytest.raises(MustRunInOrder):
            folder.absorb(partial)
    assert bits(folder.finish()[0]) == bits(np.int32(17))
    folder.absorb(Partial(Form.ELEMENTS, [(0, np.int32(1)), (1, 2), (0, np.int32(2**31 - 19))]))
    first, second = folder.finish()
    assert bits(first) == bits(np.int32(2**31 - 1)) and second == 17


@pytest.mark.parametrize(("kind", "other"), PAIRS)
@given(data=st.data())
def test_one_by_one(kind: str, other: str, data: st.DataObject) -> None:
    """What CPython gave for a turn is added as numpy does, or left to it."""
    total, value = (np.array(data.draw(_numbers(name)), name)[()] for name in (kind, other))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        expected = total + value
    found = numpy_totals.added_one(total, value)
    if found is None:
        assert warned or type(expected) is not type(total) or kind in FLOATS
    else:
        assert not warned and bits(found) == bits(expected)


def _numbers(name: str) -> st.SearchStrategy[Any]:
    if name == "bool":
        return st.booleans()
    if name in FLOATS:
        return st.floats(width=32)
    limits = np.iinfo(name)
    return st.integers(int(limits.min), int(limits.max))
