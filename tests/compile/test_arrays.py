"""Arrays of numpy in kernels: numpy's elements, types included, or a give-up; never an element that is not there."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from pyfora.compile import KernelCache, NotCompiled, Output
from pyfora.compile.generated import generate
from pyfora.compile.own_names import ARRAY_ELEMENTS, ARRAY_NUMBERS
from pyfora.fold.columns import NUMPY_COMPLEX, NUMPY_NUMBERS
from tests.compile.loops import compiled, loop, module
from tests.compile.test_numpy_numbers import hold_against_numpy

LIBRARY = """
def item(i): return a[i]
def item_of_numpys(i): return a[k[i % 7]]
def pair(i): return m[i % 5, -i % 4], m[i % 5][i % 4], m[i, 0]
def rows(i):
    r = m[i % 3]
    return r[0], r[-1], len(r), r.shape
def columns(i):
    c = m[:, i % 4]
    return c[0], c[2], c[-1], len(c), m[i % 3, :][1], m.T[i % 4, 1]
def slices(i):
    b = a[i % 9 - 4 : i % 7 - 3]
    return len(b), len(a[i:]), len(a[:i]), len(b[1:-1])
def of_slices(i):
    b = a[2:8][1:]
    return b[i], b[-1], a[-3:][0]
def rows_of_rows(i):
    b = m[1:]
    return b[i % 2, 1], len(b), b.shape, b.size, b[0][3], m[-2:][0, 0]
def shapes(i): return len(a), a.shape, a.shape[0] + m.shape[1], m.size, a.size, len(m), m.shape
def total(i):
    t = 0
    for j in range(len(a)):
        t = t + int(a[j]) * i
    return t
def over(i):
    t = 0
    for x in m:
        for y in x:
            t += int(y) * i
    return t
def folds(i): return sum(int(x) for x in a), max(a[1:4]), min(m[0]), [x for x in a[:3]][i % 3]
def beside(i):
    t = 0
    for j, (x, y) in enumerate(zip(a, m[0])):
        t += j * int(x) + int(y) - i
    return t
def passed(xs, i): return xs[i % len(xs)]
def given(i): return passed(a, i), passed(a[2:5], i), passed(m[:, 1], i)
def beyond(i): return a[i * 3 - 17]
def beyond_rows(i): return m[i - 4, 1], m[1, i - 5]
def made(i):
    b = np.zeros(i + 2)
    b[i] = 1.5
    b[-1] += i
    b[0] -= 0.5
    return b[0], b[i], b[-1], len(b)
def made_rows(i):
    b = np.zeros((i + 1, 3), dtype=np.int32)
    for j in range(i + 1):
        for k in range(3):
            b[j, k] = j * 10 + k
    r = b[i]
    r[1] = 77
    c = b[:, 2]
    c[0] += 5
    return b[i, 0], b[i][1], b[0, 2], r[1], b[i, -1]
def made_of_lists(i):
    b, c, d = np.array([1.5, i * 1.0]), np.array([i, 2, 3]), np.array([True, i > 3])
    e = [i, 2 * i]
    f = np.array(e)
    f[0] = 9
    return b[1], c[0] + c[-1], d[1], f[0], e[0], f[1]
def made_otherwise(i):
    b, c, d, e = np.ones(i), np.arange(i), np.arange(2, i), np.ones(3, dtype=int)
    return len(b), len(c), len(d), sum(b), sum(c), sum(d), e[1]
def put_into(i):
    b, c, d = np.zeros(3, dtype=np.uint8), np.zeros(2, dtype="float32"), np.zeros(2, dtype=bool)
    b[0] = i * 40
    c[0] = i * 0.1
    c[1] = a[0]
    d[1] = i > 2
    return b[0], c[0], d[0], d[1], c[1]
def sieve(i):
    flags = np.ones(i + 2, dtype=np.bool_)
    count = 0
    for j in range(2, i):
        if flags[j]:
            count += 1
            for k in range(j * j, i, j):
                flags[k] = False
    return count
def aliases(i):
    b = np.zeros(4)
    c, d = b, b[1:3]
    c[0] = i
    d[0] = i + 1.0
    fill(d, 7.0)
    return b[0], b[1], b[2], c[3]
def fill(xs, value):
    xs[1] = value
    return 0
def kept(i):
    rows = [np.zeros(2), np.zeros(3)]
    rows[1][2] = i
    return rows[1][2], len(rows[0]), rows[0][1]
class Holder:
    def __init__(self, xs):
        self.xs = xs
        self.n = 0
    def push(self, x):
        self.xs[self.n] = x
        self.n += 1
def held(i):
    h = Holder(np.zeros(5))
    h.push(i * 0.5)
    h.push(2)
    return h.xs[0] + h.xs[1], h.n
def in_order(i):
    b = np.zeros(2)
    b[0] = 3.0
    return b[0] + changed(b) + b[0], b[0]
def changed(b):
    b[0] = b[0] * 2
    return 1.0
def negative(i): return len(np.zeros(2 - i))
def dot(i):
    t = 0.0
    for j in range(3):
        t += m[i % 3, j] * m[j, i % 4]
    return t
def chosen(i):
    b = a if i > 2 else a[1:]
    return b[0]
"""
FUNCTIONS = [
    *("item", "item_of_numpys", "pair", "rows", "columns", "slices", "of_slices", "rows_of_rows", "shapes", "total"),
    *("over", "folds", "beside", "given", "beyond", "beyond_rows", "made", "made_rows", "made_of_lists"),
    *("made_otherwise", "put_into", "sieve", "aliases", "kept", "held", "in_order", "negative", "dot", "chosen"),
]


_TYPES = {"put_into": NUMPY_NUMBERS, **dict.fromkeys(["item", "pair", "columns", "rows", "of_slices"], ARRAY_NUMBERS)}


def _names(dtype: str) -> dict[str, Any]:
    draw = random.Random(dtype)
    if dtype == NUMPY_COMPLEX:
        return _complex_names(draw)
    numbers = [draw.randrange(2) if dtype == "bool" else draw.randrange(0, 9) for _ in range(30)]
    a, m = np.array(numbers[:10]).astype(dtype), np.array(numbers[10:22]).astype(dtype).reshape(3, 4)
    return module(LIBRARY, np=np, a=a, m=m, k=np.array([-3, 2, 0, 5, 9, -10, 4], np.int16))


def _complex_names(draw: random.Random) -> dict[str, Any]:
    numbers = np.array([complex(draw.randrange(9), draw.choice((-0.0, 0.5, 3.0))) for _ in range(30)])
    k = np.array([-3, 2, 0, 5, 9, -10, 4], np.int16)
    return module(LIBRARY, np=np, a=numbers[:10], m=numbers[10:22].reshape(3, 4), k=k)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_arrays(name: str, cache: KernelCache) -> None:
    for dtype in _TYPES.get(name, ("float64", "int32")):
        agreed = hold_against_numpy(f"{name}(i)", _names(dtype), range(-12, 13), cache)
        assert agreed is not None and agreed >= 3, (dtype, agreed)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(24.0)[::2],
        np.arange(24.0)[::-1],
        np.asfortranarray(np.arange(24.0).reshape(4, 6)),
        np.arange(24.0).reshape(4, 6)[:, ::3],
        np.broadcast_to(np.arange(3.0), (4, 3)),
        np.frombuffer(b"\0" + np.arange(24.0).tobytes(), "u1")[1:].view("f8"),
        np.zeros((3, 0)),
        np.zeros((0, 3)),
        np.zeros(0),
    ],
    ids=str,
)
def test_arrays_however_they_lie(array: Any, cache: KernelCache) -> None:
    text = "def f(i): return len(a), a.shape, a.size\ndef g(i): return a[i]\ndef h(i): return a[i, i % 3], a[:, 1][i]\n"
    names = module(text, np=np, a=array)
    assert hold_against_numpy("f(i)", names, range(3), cache) == 3
    agreed = hold_against_numpy("g(i)" if array.ndim == 1 else "h(i)", names, range(-6, 6), cache)
    assert agreed is not None and (agreed > 3 or not array.size)


EVERY_WAY = """
def read(i): return a[i], m[i, 1], m[:, 1][i], m.T[1, i]
def written(i):
    b, f = np.zeros((3, 2), dtype=D), np.zeros(4, dtype=D)
    c, d, e = b.T, b[:, 1], b[1]
    b[0, 0] = one
    c[1, 2] = one
    d[0] = one
    e[0] = one
    f[1] = one
    return b[0, 0], c[1, 2], d[0], e[0], f[1], b[2, 1], c[0, 1], d[2]
"""


@pytest.mark.parametrize("dtype", ARRAY_NUMBERS)
def test_every_way_to_an_element(dtype: str, cache: KernelCache) -> None:
    names = _names(dtype)
    names = module(EVERY_WAY, np=np, D=dtype, one=np.dtype(dtype).type(1), a=names["a"], m=names["m"])
    assert hold_against_numpy("read(i)", names, range(3), cache) == 3
    assert hold_against_numpy("written(i)", names, range(3), cache) == 3
    source = "".join(generate(loop(f"({name}(i) for i in source)", names), Output.ROWS).source for name in EVERY)
    ways = {f"{verb}_{dtype}_{axes}" for verb in ARRAY_ELEMENTS for axes in (1, 2)}
    assert {way for way in ways if f"{way}(" in source} == ways


EVERY = ("read", "written")


class Subclass(np.ndarray):
    """What may do anything when it is indexed."""


REFUSED = """
def changes(i):
    a[0] = i
    return 1
def changes_a_view(i):
    b = a[1:]
    b[0] += i
    return 1
def a_mask(i): return a[i > 3]
def a_float(i): return a[i * 1.0]
def a_list(i): return len(a[[1, 2]])
def whole(i): return a + i
def in_place(i):
    b = np.zeros(3)
    b += i
    return b[0]
def strided(i): return a[::2][0]
def true(i): return 1 if a else 0
def same(i): return 1 if a is a else 0
def method(i): return a.sum()
def a_row(i):
    b = np.zeros((2, 2))
    b[0] = i
    return b[0, 0]
def a_float_into_ints(i):
    b = np.zeros(2, dtype=int)
    b[0] = i * 0.5
    return b[0]
def exp(i): return np.exp(a[0])
def sine(i): return np.sin(a[0])
def of_objects(i): return o[0]
def of_three(i): return t[0, 0, 0]
def of_complex(i): return z[0]
def swapped(i): return w[0]
def of_a_subclass(i): return c[0, 0]
"""


@pytest.mark.parametrize("name", [line.split()[1].partition("(")[0] for line in REFUSED.splitlines() if "def " in line])
def test_what_is_not_compiled(name: str, cache: KernelCache) -> None:
    others = {"o": np.array([1, "x"], object), "t": np.zeros((2, 2, 2)), "z": np.zeros(2, "c8")}
    others |= {"w": np.zeros(2, ">f8"), "c": np.zeros((1, 1)).view(Subclass)}
    with pytest.raises(NotCompiled):
        compiled(f"({name}(i) for i in source)", module(REFUSED, np=np, a=np.arange(5.0), **others), cache)


def test_a_kernel_takes_arrays_of_its_own_type_only(cache: KernelCache) -> None:
    text = "(len(a) for i in source)"
    for array, others in ((np.arange(3.0), np.arange(3)), (np.arange(3), np.arange(3, dtype=np.int32))):
        # The generated source is the same for all of these.
        kernel = compiled(text, {"a": array}, cache)
        buffer = np.empty(1, kernel.dtype)
        assert kernel.run((array,), 0, 1, 1, buffer) == 1 and buffer[0] == 3
        for other in (others, array.reshape(1, 3), array[::2], array.astype(array.dtype.newbyteorder())):
            with pytest.raises(TypeError):
                kernel.run((other,), 0, 1, 1, buffer)
