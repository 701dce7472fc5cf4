"""Complex numbers in kernels: CPython's bits, or a give-up."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfora.compile import GaveUp, KernelCache, NotCompiled, analyse
from tests.compile.loops import bits, compiled, loop, module, run_terms, same

EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, 3.0, 1e-308, 5e-324, 1e154, -1e155, 1.7e308, 1e16, 0.1)
NUMBERS = st.one_of(
    st.sampled_from([complex(*pair) for pair in itertools.product(EDGES, EDGES)]),
    st.complex_numbers(allow_nan=True, allow_infinity=True),
    st.complex_numbers(max_magnitude=10),
)
OPERATIONS: dict[str, Callable[[complex, complex], Any]] = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a * b": lambda a, b: a * b,
    "a / b": lambda a, b: a / b,
    "-a": lambda a, b: -a,
    "a.conjugate()": lambda a, b: a.conjugate(),
    "a ** 0": lambda a, b: a**0,
    "a ** 2": lambda a, b: a**2,
    "a ** 7": lambda a, b: a**7,
    "a ** 100": lambda a, b: a**100,
    "a ** -3": lambda a, b: a**-3,
    "a + 3": lambda a, b: a + 3,
    "2.5 * a": lambda a, b: 2.5 * a,
    "1 / a": lambda a, b: 1 / a,
    "a * 1j - b": lambda a, b: a * 1j - b,
}
SCALARS: dict[str, Callable[[complex, complex], Any]] = {
    "abs(a)": lambda a, b: abs(a),
    "a == b": lambda a, b: a == b,
    "a != b": lambda a, b: a != b,
    "a == b.real": lambda a, b: a == b.real,
    "a.real != a": lambda a, b: a.real != a,
    "a == 3": lambda a, b: a == 3,
    "0 == a": lambda a, b: a == 0,
    "a == True": lambda a, b: a == True,  # noqa: E712
    "bool(a)": lambda a, b: bool(a),
    "complex(a.real, 2).imag": lambda a, b: complex(a.real, 2).imag,
    "1 if a else 2": lambda a, b: 1 if a else 2,
}


@pytest.fixture(scope="module")
def kernels(cache: KernelCache) -> Callable[[str], Any]:
    made: dict[str, Any] = {}

    def kernel(text: str) -> Any:
        if text not in made:
            made[text] = compiled(f"({text} for i in source)", {"a": 1j, "b": 2j}, cache)
        return made[text]

    return kernel


def outcome(kernel: Any, a: complex, b: complex) -> Any:
    """The element, None where the kernel gave up."""
    values = [a.real, a.imag, b.real, b.imag][: len(kernel.captured)]
    buffer = np.empty(1, kernel.dtype)
    try:
        kernel.run(tuple(values), 0, 1, 1, buffer)
    except GaveUp:
        return None
    return buffer.tolist()[0]


def check(kernel: Any, function: Callable[[complex, complex], Any], a: complex, b: complex) -> bool:
    """Whether the kernel has Python's bits; False where it gave up."""
    found = outcome(kernel, a, b)
    if found is None:
        return False
    assert bits(found) == bits(function(a, b))
    return True


@pytest.mark.parametrize("text", OPERATIONS)
def test_operators(text: str, kernels: Callable[[str], Any]) -> None:
    operation = OPERATIONS[text]
    real, imag = kernels(f"({text}).real"), kernels(f"({text}).imag")
    assert check(real, lambda a, b: operation(a, b).real, 1.5 - 2j, 0.25 + 3j)

    @given(NUMBERS, NUMBERS)
    def both_parts(a: complex, b: complex) -> None:
        check(real, lambda a, b: operation(a, b).real, a, b)
        check(imag, lambda a, b: operation(a, b).imag, a, b)

    both_parts()


@pytest.mark.parametrize("text", SCALARS)
def test_what_is_no_complex_number(text: str, kernels: Callable[[str], Any]) -> None:
    kernel = kernels(text)
    assert check(kernel, SCALARS[text], 3 + 4j, 3 + 4j)

    @given(NUMBERS, NUMBERS)
    def one(a: complex, b: complex) -> None:
        check(kernel, SCALARS[text], a, b)
        check(kernel, SCALARS[text], a, a)

    one()


JULIA = """
C = -0.8 + 0.156j
def julia(x, y):
    z = complex(x, y)
    n = 0
    while abs(z) < 2.0 and n < 200:
        z = z ** 2 + C
        n += 1
    return n
def mandel(k):
    c = complex(k % 40 / 20.0 - 1.5, k // 40 / 20.0 - 1.0)
    z = 0j
    for n in range(100):
        if z.real * z.real + z.imag * z.imag > 4.0:
            return n
        z = z * z + c
    return 100
"""


@pytest.mark.parametrize("text", ["(julia(i / 40.0 - 1.0, 0.1) for i in source)", "(mandel(i) for i in source)"])
def test_fractals(text: str, cache: KernelCache) -> None:
    names = module(JULIA)
    expected = list(eval(text, dict(names), {"source": range(400)}))
    assert same(run_terms(compiled(text, names, cache), range(400)), expected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("((a ** a).real for i in source)", "exponents that are ints"),
        ("((a ** 0.5).real for i in source)", "exponents that are ints"),
        ("((2 ** a).real for i in source)", "exponents that are ints"),
        ("(a < a for i in source)", "a comparison of complex numbers"),
        ("(a == 'a' for i in source)", "beside a complex number"),
        ("((a // a).real for i in source)", "operator FloorDiv of complex"),
        ("(complex('1').real for i in source)", "complex() of"),
        ("(a.conjugate(i).real for i in source)", "attribute 'conjugate'"),
        ("((~a).real for i in source)", "'~' of a complex"),
    ],
)
def test_what_is_not_compiled_of_them(text: str, reason: str) -> None:
    with pytest.raises(NotCompiled) as caught:
        analyse(loop(text, {"a": 1j}))
    assert reason in caught.value.reason
