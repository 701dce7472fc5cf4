"""NaNs are found in pickles, and nothing else is taken for one."""

from __future__ import annotations

import pickle
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfora.language.nans import holds_nan

_WITHIN_A_FLOAT = struct.unpack(">d", b"\x40\x47\x7f\xf8\x00\x00\x00\x00")[0]
"""Its bytes hold what a NaN begins with."""
_plain = st.one_of(
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.booleans(),
    st.none(),
    st.just(_WITHIN_A_FLOAT),
)
_values = st.recursive(_plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner))


@given(_values, st.booleans())
def test_a_nan_is_found_wherever_it_is(value: Any, negative: bool) -> None:
    nan = -float("nan") if negative else float("nan")
    around = [b"G\x7f\xf8", value, "G\x7f", 1 << 70, -(1 << 3000), b"x" * 300, bytearray(5), frozenset([1.5])]
    assert not holds_nan(pickle.dumps(around, 5))
    assert holds_nan(pickle.dumps([around, (nan,)], 5))
    assert holds_nan(pickle.dumps([nan, around], 5) + pickle.dumps(around, 5))


@pytest.mark.parametrize("bits", ["7ff0000000000001", "7ff7ffffffffffff", "fff8000000000000", "ffffffffffffffff"])
def test_every_nan_is_one(bits: str) -> None:
    (nan,) = struct.unpack(">d", bytes.fromhex(bits))
    assert holds_nan(pickle.dumps({"a": [1.0, nan]}, 5))


def test_infinities_and_large_objects_hold_none() -> None:
    value = [float("inf"), -float("inf"), "text " * 100_000, b"G\xff\xff" * 100_000, list(range(1000))]
    assert not holds_nan(pickle.dumps(value, 5))
