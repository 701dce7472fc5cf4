"""Complex numbers of numpy's in kernels: numpy's bits and types, without a warning; or a give-up."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import numpy as np
import pytest

from pyfora.compile import KernelCache, NotCompiled, Output, analyse, compile_loop, numpy_complexes
from pyfora.fold.columns import typed
from tests.compile.drawing import a_complex, a_float
from tests.compile.loops import loop, module
from tests.compile.test_numpy_numbers import hold_against_numpy
from tests.conftest import USUAL_CASES

EDGES = (0.0, -0.0, 1.0, -1.5, 5e-324, 2.3e-308, 1e-300, 1e154, -1.3e154, 1e300, 1.7e308, 1e16, 0.1)
OPERATORS = ["{} + {}", "{} - {}", "{} * {}", "{} / {}", "{} == {}", "{} != {}"]
PAIRS = ["ab", "az", "za", "ax", "xa", "af", "fa", "ak", "ka", "an", "na", "as", "sa", "ap", "pa"]
UNARY = [
    *("-a[i]", "+a[i]", "abs(a[i])", "a[i].real", "a[i].imag", "a[i].conjugate()", "a[i].conj()", "np.conj(a[i])"),
    *("bool(a[i])", "not a[i]", "complex(a[i])", "np.complex128(a[i])", "np.complex128(z[i % 9])", "np.complex128(i)"),
    *(f"a[i] ** {power}" for power in (0, 1, 2, 3, 4, 7)),
    *("a[i] ** (i % 9)", "w ** 50", "a[i] ** 2 + 1"),
    *("1 if a[i] else 2", "(a[i], i)", "np.complex128(f[i])", "a[i] - True", "w * a[i]", "w.real"),
]


def _names(count: int, seed: str) -> dict[str, Any]:
    """a and b are arrays of complex numbers, f k s p of others, z and x lists of Python's, n is Python's int."""
    draw = random.Random(seed)

    def number() -> complex:
        if draw.random() < 0.5:
            return complex(draw.choice(EDGES), draw.choice(EDGES))
        return a_complex(draw) if draw.random() < 0.3 else complex(draw.gauss(0, 1), draw.gauss(0, 1))

    arrays = {name: np.array([number() for _ in range(count)]) for name in "ab"}
    arrays["f"] = np.array([draw.choice((draw.choice(EDGES), a_float(draw))) for _ in range(count)])
    arrays["k"] = np.array([draw.randrange(-(2**63), 2**63) >> draw.randrange(64) for _ in range(count)])
    arrays["s"] = np.array([draw.gauss(0, 1) for _ in range(count)], np.float32)
    arrays["p"] = np.array([draw.random() < 0.5 for _ in range(count)])
    listed = {"zr": [draw.gauss(0, 1) for _ in range(9)], "x": [draw.choice(EDGES) for _ in range(count)]}
    text = "def z(i): return complex(zr[i % 9], x[i])\ndef n(i): return i * i - 7\n"
    return module(text, np=np, w=np.complex128(1.5 - 0.25j), **arrays, **listed)


def _operand(name: str) -> str:
    return f"{name}(i)" if name in "zn" else f"{name}[i]"


@pytest.mark.parametrize("operator", OPERATORS)
def test_operators(operator: str, cache: KernelCache, request: pytest.FixtureRequest) -> None:
    count = request.config.getoption("--cases")
    for left, right in PAIRS:
        seed = f"{operator}{left}{right}" if count == USUAL_CASES else str(random.getrandbits(64))
        text = operator.format(_operand(left), _operand(right))
        agreed = hold_against_numpy(text, _names(count, seed), range(count), cache)
        assert agreed is not None and agreed > count / 5, (left, right, agreed)


@pytest.mark.parametrize("text", UNARY)
def test_of_one(text: str, cache: KernelCache) -> None:
    agreed = hold_against_numpy(text.replace("z[i % 9]", "z(i)"), _names(300, text), range(300), cache)
    assert agreed is not None and agreed > 150, agreed


LIBRARY = """
import cmath
def dot(i):
    total = 0j
    for j in range(len(a)):
        total += a[j] * b[j]
    return total
def from_nothing(i):
    total = 0
    for x, y in zip(a, b):
        total += x * y.conjugate()
    return total * i
def never(i):
    total = 0.5j
    for j in range(i - 3):
        total += a[j]
    return total
def summed(i): return sum(x * i for x in a), sum(a[:3]), sum(1j * k - i for k in range(i + 1))
def fourier(i):
    total = 0j
    for n in range(len(a)):
        total += a[n] * cmath.exp(-2j * cmath.pi * i * n / len(a))
    return total
def local(i):
    z, o, w = np.zeros(4, dtype=complex), np.ones(i + 1, dtype="complex128"), np.zeros((2, 2), dtype=np.complex128)
    z[0], z[1], z[2], z[3] = a[i], 1j, i, 2.5
    z[0] += 1
    w[1, 0] = b[i]
    o[-1] *= 2j
    return z[0], z[1], z[2], z[3], o[i], o[0], w[1, 0], w[0, 0], w.T[0, 1], len(o)
def kept(i):
    xs = [x * 2 for x in a]
    xs.append(b[0])
    return xs[i], len(xs), xs[-1]
def orbit(i):
    z = c = a[i]
    n = 0
    while abs(z) < 4.0 and n < 50:
        z = z * z + c
        n += 1
    return n
def of_cmath(i): return cmath.phase(a[i]), cmath.sqrt(a[i]), cmath.polar(a[i]), cmath.isclose(a[i], b[i])
def sizes(i):
    x = a[i]
    return isinstance(x, complex), isinstance(x, np.complex128), isinstance(x, float), x is None, x.real + x.imag
"""
FUNCTIONS = [line.split()[1].partition("(")[0] for line in LIBRARY.splitlines() if line.startswith("def ")]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_as_users_write_it(name: str, cache: KernelCache) -> None:
    draw = np.random.default_rng(7)
    a, b = (draw.normal(size=8) + 1j * draw.normal(size=8) for _ in range(2))
    agreed = hold_against_numpy(f"{name}(i)", module(LIBRARY, np=np, a=a, b=b), range(8), cache)
    assert agreed is not None and agreed >= 4, agreed


def test_a_loop_over_them(cache: KernelCache) -> None:
    array = np.array([1 - 0.0j, -0.0 + 2j, 0.5 + 0.25j, complex(3, -1e300)])
    over = dataclasses.replace(loop("(z * 2 for z in source)", module("")), source=typed(array))
    kernel = compile_loop(over, Output.ROWS, cache)
    (rows,) = kernel.run_rows(kernel.captured, 0, 1, 4, 4).values()
    found, expected = rows.values(), [z * 2 for z in array]
    assert list(map(repr, found)) == list(map(repr, expected))
    assert {type(z) for z in found} == {np.complex128}


@pytest.mark.parametrize(
    "text",
    [
        "a[i] ** 0.5",
        "a[i] ** a[i]",
        "2 ** a[i]",
        "f[i] * 1j",
        "1j + f[i]",
        "a[i] < b[i]",
        "a[i] // 2",
        "~a[i]",
        "np.abs(a[i])",
        "np.sqrt(a[i])",
        "np.exp(a[i])",
        "float(a[i].real) + float(a[i])",
        "round(a[i])",
        "max(a[i], b[i])",
        "a[i].sum()",
        "complex(a[i], 1)",
        "c[i] * 2",
        "np.complex64(1)",
        "np.array([1j, 2j])[i]",
    ],
)
def test_what_is_not_compiled(text: str) -> None:
    a = np.ones(3, complex)
    names = module("", np=np, a=a, b=a, f=np.ones(3), c=np.ones(3, np.complex64))
    with pytest.raises(NotCompiled):
        analyse(loop(f"({text} for i in source)", names))


def test_a_numpy_that_computes_otherwise_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fused(left: complex, right: complex) -> complex:
        return left / right

    monkeypatch.setattr(numpy_complexes, "quotient", fused)
    numpy_complexes._is_computed_as_known.cache_clear()
    with pytest.raises(NotCompiled, match="in a way that is not known"):
        analyse(loop("(a[i] * a[i] for i in source)", module("", a=np.ones(3, complex))))
    monkeypatch.undo()
    numpy_complexes._is_computed_as_known.cache_clear()
    analyse(loop("(a[i] * a[i] for i in source)", module("", a=np.ones(3, complex))))
