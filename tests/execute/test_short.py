"""Which loops with quick turns may be jumped, as it is seen when they run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pyfora.execute.short import all_short, short_loops
from pyfora.language.primitives import IS_LONG_ARRAY


class Own(np.ndarray[Any, Any]):
    """An array that may do anything when it is gone through."""


@pytest.mark.parametrize(
    ("source", "is_long"),
    [
        (np.zeros(20_000), True),
        (np.zeros(20_000, np.int8)[::2], False),
        (np.zeros(40_000, np.int8)[::2], True),
        (np.zeros(10_000), False),
        (np.zeros((20_000, 2)), False),
        (np.zeros(20_000, object), False),
        (np.zeros(20_000, "M8[s]"), False),
        (np.zeros(20_000).view(Own), False),
        ([0.5] * 20_000, False),
        (range(20_000), False),
        (None, False),
    ],
)
def test_only_long_arrays_of_numbers_are_worth_a_look_out(source: object, is_long: bool) -> None:
    assert short_loops({})[IS_LONG_ARRAY](source) is is_long
    assert all_short()[IS_LONG_ARRAY](source) is False
