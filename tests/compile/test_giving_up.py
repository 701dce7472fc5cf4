"""A kernel that gives up says which check it was."""

from __future__ import annotations

import pytest

from pyfora.compile import GaveUp, KernelCache
from pyfora.compile.giving_up import OTHER, check_of, status_of
from pyfora.compile.own_names import OWN_NAMES
from tests.compile.loops import compiled, module, run_terms

LIBRARY = """
xs = [1, 2, 3]
def outer(n):
    return inner(n) + 1
def inner(n):
    assert n < 5
    return 10 // n
def deep(n):
    return n + deep(n - 1) if n > 0 else n // n
"""


@pytest.mark.parametrize(
    ("text", "index", "check"),
    [
        ("(i * i * i for i in source)", 2**40, "square_int: an int beyond 64 bits"),
        ("(i + i * 3 for i in source)", 2**62, "affine_int: an int beyond 64 bits"),
        ("(7 % i for i in source)", 0, "mod_int: a division by zero, or of the smallest int by -1"),
        ("(1.5 / i for i in source)", 0, "div_float: a division by zero"),
        ("(i / 3 for i in source)", 2**60, "exact_float: an int beyond 2**53 beside a float or in a division"),
        ("(math.log(i) for i in source)", 0, "log_float: a result or an argument that is no ordinary number"),
        ("(math.exp(i) for i in source)", 1000, "exp_float: a result or an argument that is no ordinary number"),
        ("(int(i * 1e300) for i in source)", 1, "int_from_float: a float that is no int of 64 bits"),
        ("(xs[i] for i in source)", 3, "get_frozen_int: an index outside of a list"),
        ("(outer(i) for i in source)", 0, "floordiv_int: a division by zero, or of the smallest int by -1"),
        ("(outer(i) for i in source)", 7, "give_up_int: a raise, an assert, a fold of nothing, or a nan"),
        ("(deep(i) for i in source)", 4, "floordiv_int: a division by zero, or of the smallest int by -1"),
    ],
)
def test_the_check_is_named(text: str, index: int, check: str, cache: KernelCache) -> None:
    kernel = compiled(text, module(LIBRARY), cache)
    with pytest.raises(GaveUp) as caught:
        run_terms(kernel, range(index, index + 1))
    assert str(caught.value) == check


def test_every_name_has_a_status_of_its_own() -> None:
    statuses = {status_of(name) for name in OWN_NAMES}
    assert len(statuses) == len(OWN_NAMES) and min(statuses) > 0
    assert all(check_of(status_of(name)).startswith(f"{name}: ") for name in OWN_NAMES)
    assert check_of(status_of("unheard_of")) == check_of(-1) == OTHER
