"""Elements that are awkward to fold, and ways to cut them."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

seeded = settings(derandomize=True, deadline=None, max_examples=200)

nasty_floats = st.one_of(
    st.floats(),
    st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan, 1e308, -1e308, 5e-324, 1e16, -1e16, 1.0, 1e-16, 0.1]),
)
wide_ints = st.one_of(
    st.integers(-5, 5), st.sampled_from([2**53, 2**53 + 1, 2**62, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**30])
)
places = st.lists(st.integers(0, 40), max_size=6)


def cut(elements: list[Any], at: list[int]) -> list[list[Any]]:
    """`elements` as consecutive lists, the first one up to the first place."""
    bounds = sorted({min(place, len(elements)) for place in at})
    return [elements[lo:hi] for lo, hi in zip([0, *bounds], [*bounds, len(elements)], strict=True)]


def same(one: Any, other: Any) -> bool:
    """Equal in type and bits; NaN equals NaN, since a sum that is one is run by `sum` itself (`Folder.settle`)."""
    if type(one) is not type(other):
        return False
    if type(one) is float and one != one:
        return bool(other != other)
    if type(one) is float:
        return one.hex() == other.hex() and math.copysign(1, one) == math.copysign(1, other)
    if type(one) is complex:
        return same(one.real, other.real) and same(one.imag, other.imag)
    return bool(one == other)
