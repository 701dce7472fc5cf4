"""Numbers of numpy's types in kernels: what numpy gives, type and bits, without a warning; or a give-up."""

from __future__ import annotations

import math
import random
import struct
import warnings
from typing import Any

import numpy as np
import pytest

from pyfora.compile import GaveUp, Kernel, KernelCache, NotCompiled, Output
from pyfora.fold.columns import NUMPY_NUMBERS
from tests.compile.drawing import FLOAT_EDGES, INT_EDGES, a_float, an_int
from tests.compile.loops import compiled, module
from tests.conftest import USUAL_CASES

PYTHONS: dict[str, Any] = {"python int": int, "python float": float, "python bool": bool}
PAIRS = [
    *((name, name) for name in NUMPY_NUMBERS),
    *((name, python) for name in ("float64", "float32", "int64", "uint8", "bool") for python in PYTHONS),
    *((python, name) for name in ("float64", "int64", "int32") for python in PYTHONS),
    *[("float64", "int64"), ("int64", "float64"), ("float64", "float32"), ("int32", "uint8"), ("uint32", "int64")],
    *[("float32", "int32"), ("float32", "uint8"), ("int64", "float32"), ("bool", "int64"), ("bool", "float64")],
    *[("int8", "uint8"), ("uint16", "int16"), ("float64", "bool"), ("uint8", "float32")],
]
BINARY = ["+", "-", "*", "/", "//", "%", "**", "<<", ">>"]
TOGETHER = ["(x & y, x | y, x ^ y)", "(x < y, x <= y, x > y, x >= y, x == y, x != y)"]
UNARY = [
    *(
        "-x",
        "+x",
        "~x",
        "abs(x)",
        "not x",
        "float(x)",
        "int(x)",
        "bool(x)",
        "round(x)",
        "math.floor(x)",
        "math.ceil(x)",
    ),
    *("math.sqrt(x)", "math.sin(x)", "math.isnan(x)", "math.gcd(x, 12)", "math.isqrt(x)", "math.log(x)", "pow(x, 2)"),
    *("np.sqrt(x)", "np.floor(x)", "np.ceil(x)", "np.trunc(x)", "np.isnan(x)", "np.isfinite(x)", "np.abs(x)"),
    *("np.float64(x)", "np.float32(x)", "np.int64(x)", "np.int32(x)", "np.uint8(x)", "np.bool_(x)"),
    *("len(range(x & 7))", "[5, 6, 7][x & 1]", "max(x, x)", "x if x else x * x", "1 if x and x > 2 else 0"),
    *("isinstance(x, float)", "isinstance(x, (int, np.integer))", "(x, (x, 1))", "x is None"),
]
NEVER = {"len(range(x & 7))", "isinstance(x, float)", "isinstance(x, (int, np.integer))", "x is None"}
"""Those of them that are left to CPython whatever x is; and the others:"""
_NOT_OF_INTS = {"round(x)", "math.floor(x)", "math.ceil(x)", "np.floor(x)", "np.ceil(x)", "np.trunc(x)"}
NOT_OF = {
    "int": _NOT_OF_INTS,
    "float64": {"~x", "math.gcd(x, 12)", "math.isqrt(x)", "[5, 6, 7][x & 1]"},
    "float32": {"~x", "math.gcd(x, 12)", "math.isqrt(x)", "[5, 6, 7][x & 1]", "pow(x, 2)"},
    "bool": {
        *(*_NOT_OF_INTS, "-x", "+x", "abs(x)", "max(x, x)", "np.sqrt(x)", "np.abs(x)"),
        *("math.sqrt(x)", "math.sin(x)", "math.isnan(x)", "math.gcd(x, 12)", "math.isqrt(x)", "math.log(x)"),
    },
}


def _values(name: str, count: int, draw: random.Random) -> list[Any]:
    """Edges of a type, and any of its values."""
    if name.endswith("bool"):
        return [draw.random() < 0.5 for _ in range(count)]
    if name == "python float" or name.startswith("float"):
        edges: list[Any] = [*FLOAT_EDGES, 3.4e38, -3.4028235677973366e38, 1.4e-45, 16777217.0, 1e-40]
        drawn: list[Any] = [draw.choice(edges) if draw.random() < 0.5 else a_float(draw) for _ in range(count)]
        return drawn
    if name == "python int":
        return [draw.choice(INT_EDGES) if draw.random() < 0.3 else draw.randrange(-300, 301) for _ in range(count)]
    limits = np.iinfo(name)
    low, high = int(limits.min), int(limits.max)
    small = [draw.randrange(max(low, -9), 70) for _ in range(count)]
    return [draw.choice((one, max(low, min(high, an_int(draw))), low, high - 1, high)) for one in small]


def _column(name: str, count: int, draw: random.Random) -> Any:
    values = _values(name, count, draw)
    if name in PYTHONS:
        return values
    with np.errstate(all="ignore"):
        return np.array(values).astype(name) if name == "float32" else np.array(values, name)


def told(value: Any) -> Any:
    """A value so that equality means: of the same types, to the last bit."""
    if isinstance(value, tuple):
        return tuple(map(told, value))
    if isinstance(value, (float, np.floating)):
        return type(value), struct.pack("<d", float(value))
    if isinstance(value, complex):
        return type(value), struct.pack("<dd", float(value.real), float(value.imag))
    return type(value), value


def one(kernel: Kernel, index: int) -> Any:
    """The element that a kernel gives for an index. Raises GaveUp."""
    if kernel.output is Output.ROWS:
        (rows,) = kernel.run_rows(kernel.captured, index, 1, 1, 1).values()
        return rows.values()[0]
    buffer = np.empty(1, kernel.dtype)
    assert kernel.run(kernel.captured, index, 1, 1, buffer) == 1
    return buffer.tolist()[0]


def hold_against_numpy(text: str, names: dict[str, Any], indices: range, cache: KernelCache) -> int | None:
    """How often the kernel of a function's body gave a value, which was numpy's; None where there is no kernel."""
    try:
        kernel = compiled(f"(({text}) for i in source)", names, cache)
    except NotCompiled as refusal:
        assert "cannot be lowered" not in str(refusal), (text, str(refusal))
        return None
    code, agreed = compile(text, "<case>", "eval"), 0
    for index in indices:
        try:
            got = one(kernel, index)
        except GaveUp:
            continue
        with warnings.catch_warnings(), np.errstate(all="warn", under="ignore"):
            warnings.simplefilter("error")
            try:
                expected = eval(code, {**names, "i": index})
            except Exception as error:
                pytest.fail(f"{text} at {index} raises {error!r}, the kernel says {got!r}")
        assert told(got) == told(expected), (text, index, got, expected)
        agreed += 1
    return agreed


def _names(x: str, y: str | None, count: int, seed: str) -> dict[str, Any]:
    draw = random.Random(seed)
    found = {"np": np, "a": _column(x, count, draw)}
    return module("", **found, **({} if y is None else {"b": _column(y, count, draw)}))


def _in_arrays(text: str) -> str:
    """x and y as elements of arrays, or of lists."""
    words = {"x": "a[i]", "y": "b[i]"}
    return "".join(words.get(word, word) if len(word) == 1 else word for word in _words(text))


def _words(text: str) -> list[str]:
    words = [""]
    for letter in text:
        if letter.isidentifier() and words[-1].isidentifier():
            words[-1] += letter
        else:
            words.append(letter)
    return words


def _count(request: pytest.FixtureRequest) -> int:
    asked: int = request.config.getoption("--cases")
    return min(asked, 200) if asked == USUAL_CASES else asked


@pytest.mark.parametrize(("x", "y"), PAIRS)
def test_operators(x: str, y: str, cache: KernelCache, request: pytest.FixtureRequest) -> None:
    count = _count(request)
    agreed = {}
    for text in [*(f"x {word} y" for word in BINARY), *TOGETHER]:
        names = _names(x, y, count, f"{x} {y} {text}")
        agreed[text] = hold_against_numpy(_in_arrays(text), names, range(count), cache)
    assert {text for text, found in agreed.items() if found is None} == _refused_operators(x, y)
    assert 0 not in agreed.values(), agreed


def _refused_operators(x: str, y: str) -> set[str]:
    """Those that are left to CPython."""
    both = {x, y}
    if both <= {"bool", "python bool"}:
        return {"x - y"}  # which numpy refuses, too
    if not both & {"float64", "float32", "python float"}:
        return set()
    refused = {"x << y", "x >> y", "(x & y, x | y, x ^ y)"}
    if "float64" not in both or not both <= {"float64", "python int", "python float"}:
        refused.add("x ** y")
    if "float32" in both and both <= {"float32", "uint8", *PYTHONS}:
        refused |= {"x // y", "x % y"}  # whose result is a float32
    return refused


@pytest.mark.parametrize("x", NUMPY_NUMBERS)
def test_functions(x: str, cache: KernelCache, request: pytest.FixtureRequest) -> None:
    count = _count(request)
    agreed = {}
    for text in UNARY:
        names = _names(x, None, count, f"{x} {text}")
        agreed[text] = hold_against_numpy(_in_arrays(text), names, range(count), cache)
    kind = x if x in ("float64", "float32", "bool") else "int"
    wide = {"np.sqrt(x)"} if x in ("int8", "uint8") else set()  # whose result is a float16
    assert {text for text, found in agreed.items() if found is None} == NEVER | NOT_OF[kind] | wide
    assert 0 not in agreed.values(), agreed


def test_underflow_that_numpy_is_told_to_mind_is_left_to_it(cache: KernelCache) -> None:
    names = _names("float64", "float64", 10, "underflow")
    with np.errstate(under="raise"), pytest.raises(NotCompiled, match="underflow"):
        compiled("(a[i] * b[i] for i in source)", names, cache)


CAPTURED = """
def scaled(i):
    return one * i, half + i, flag, small
def in_a_tuple(i):
    return pair[0] * pair[1]
"""


@pytest.mark.parametrize("name", ["scaled", "in_a_tuple"])
def test_numbers_from_outside(name: str, cache: KernelCache) -> None:
    numbers = {"one": np.int32(7), "half": np.float64(0.5), "flag": np.bool_(True), "small": np.float32(0.1)}
    names = module(CAPTURED, **numbers, pair=(np.int64(3), np.float32(0.1)))
    assert hold_against_numpy(f"{name}(i)", names, range(-5, 5), cache) == 10


@pytest.mark.parametrize("value", [np.longlong(3), np.float16(1.5), np.uint64(7), np.longdouble(1.5), np.complex64(1)])
def test_numbers_of_other_types_are_not_compiled(value: Any, cache: KernelCache) -> None:
    names = module("def f(i):\n    return value + i\n", value=value)
    with pytest.raises(NotCompiled):
        compiled("(f(i) for i in source)", names, cache)


BEGUN = """
def total(i):
    t = 0.0
    for x in a:
        t += x * i
    return t
def count(i):
    t = 0
    for x in k[:i]:
        t += x
    return t
def largest(i):
    best = -1.0
    for j in range(i):
        if a[j] > best:
            best = a[j]
    return best
def mean(i):
    t = 0
    for x in a[:i]:
        t = t + x
    return float(t) / len(a)
def single(i):
    t = 0.0
    for x in s[:i]:
        t += x
    return t
def returned(i):
    if i < 2:
        return 0.0
    return a[i]
def sums(i):
    return sum(a[:i]), sum(k[:i]), sum(u[:i]), sum(s[:i]), sum(f[:i]), max(a), min(k), any(f[:i]), all(f[:i])
def looked_at(i):
    t = 0.0
    for x in a[:i]:
        t += x
    return t * 2, (1 if t else 0), t < 3.0, -t
"""


@pytest.mark.parametrize("name", ["total", "count", "largest", "mean", "single", "returned", "sums", "looked_at"])
def test_variables_that_begin_as_pythons(name: str, cache: KernelCache) -> None:
    arrays = {
        "a": np.array([0.5, -1.0, 3.25, -0.0, 2.0]),
        "k": np.array([3, -4, 5, 2**62, 2**62], np.int64),
        "u": np.array([100, 100, 50, 60, 1], np.uint8),
        "s": np.array([0.1, 0.2, 3.0, 1e38, 3e38], np.float32),
        "f": np.array([True, False, True, True, False]),
    }
    agreed = hold_against_numpy(f"{name}(i)", module(BEGUN, np=np, **arrays), range(5), cache)
    assert agreed == {"total": 5, "returned": 3, "sums": 3}.get(name, 4)


ROUNDED = """
def beside_a_double(i):
    t, z = 0.1, s[0]
    z = z + t * d[0]
    t = t + s[i]
    return z, t
def of_many_bits(i):
    t, z = 16777217, s[0]
    z = z + t * d[0]
    t = t + s[i]
    return z, t
def of_next_to_nothing(i):
    t, n = 1e-50, 0
    if t:
        n += 1
    t = t + s[i]
    return n, t
def stored(i):
    b = np.zeros(1, np.float32)
    b[0] = k[i]
    return b[0]
def cast(i): return np.float32(k[i])
def scaled(i):
    try:
        return math.ldexp(1.0, k[i])
    except TypeError:
        return -1.0
"""


@pytest.mark.parametrize("name", [line.split()[1].partition("(")[0] for line in ROUNDED.splitlines() if "def " in line])
def test_numbers_that_are_rounded_once(name: str, cache: KernelCache) -> None:
    arrays = {
        "d": np.array([1.0]),
        "s": np.array([0.5, 0.25], np.float32),
        "k": np.array([2**60 + 2**36 + 1, 3], np.int64),
    }
    agreed = hold_against_numpy(f"{name}(i)", module(ROUNDED, np=np, math=math, **arrays), range(2), cache)
    assert agreed == (None if name == "scaled" else 2)


def test_a_nan_is_left_to_cpython(cache: KernelCache) -> None:
    names = module("", a=np.array([math.nan, 1.0]))
    kernel = compiled("(a[i] for i in source)", names, cache)
    assert told(one(kernel, 1)) == told(np.float64(1.0))
    with pytest.raises(GaveUp):
        one(kernel, 0)
