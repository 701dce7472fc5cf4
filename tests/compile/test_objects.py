"""Tuples, instances and functions as values: kernels in which nothing of them but their parts is left."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from pyfora.compile import KernelCache, NotCompiled, analyse
from tests.compile.loops import compiled, loop, module, run_terms, same

LIBRARY = """
import collections, dataclasses, functools, operator, typing
SCALE = 2.5
PAIR = (3, 0.5)
NESTED = ((1, 2.0), (True, (4,)))

class Vec:
    ZERO = 0.25
    def __init__(self, x, y):
        self.x = x
        self.y = y
    def dot(self, other):
        return self.x * other.x + self.y * other.y
    def __add__(self, other):
        return Vec(self.x + other.x, self.y + other.y)
    def __mul__(self, k):
        return Vec(self.x * k, self.y * k)
    def __rmul__(self, k):
        return self * k
    def __neg__(self):
        return Vec(-self.x, -self.y)
    def __abs__(self):
        return math.sqrt(self.dot(self))
    def __lt__(self, other):
        return abs(self) < abs(other)
    def __getitem__(self, n):
        return self.x if n == 0 else self.y
    def __bool__(self):
        return self.x > 1.0
    @property
    def size(self):
        return abs(self) + self.ZERO
    @staticmethod
    def unit(k):
        return Vec(k * 1.0, 1.0)
    @classmethod
    def square(cls, k):
        return cls(k * 1.0, k * 1.0)

class Named(Vec):
    def __init__(self, x, y, name=7):
        super().__init__(x, y)
        self.name = name
    def dot(self, other):
        return super_dot(self, other) + self.name

def super_dot(a, b):
    return Vec.dot(a, b)

class Slotted:
    __slots__ = ("a", "b")
    def __init__(self, a):
        if a > 3:
            self.a = a
            self.b = 1.5
        else:
            self.b = 2.5
            self.a = a + 1

class Multiply:
    def __init__(self, k):
        self.k = k
    def __call__(self, x):
        return x * self.k

class Add:
    def __init__(self, k):
        self.k = k
    def __call__(self, x):
        return x + self.k

class Compose:
    def __init__(self, f, g):
        self.f = f
        self.g = g
    def __call__(self, x):
        return self.g(self.f(x))

@dataclasses.dataclass
class Point:
    x: float
    y: float = 1.5
    def far(self):
        return self.x * self.x + self.y * self.y

@dataclasses.dataclass(frozen=True)
class Still:
    x: float
    y: float = 1.5
    def far(self):
        return self.x * self.x + self.y * self.y

@dataclasses.dataclass(frozen=True)
class Frozen(Still):
    z: int = 3

Row = collections.namedtuple("Row", "a b")

class Typed(typing.NamedTuple):
    a: int
    b: float = 0.5
    def total(self):
        return self.a + self.b

def adder(k):
    return lambda x: x + k

class Empty:
    def value(self, i):
        return i * 2

def swap(pair):
    a, b = pair
    return b, a

def same_pair(a, b):
    return (a == b) is (not a != b)

def apply(f, x, times=2):
    total = 0.0
    for _ in range(times):
        total += f(x)
    return total

def pick(i, other=None):
    if other is None:
        return i * 2
    return i + other

def walk(n):
    at = Vec(0.0, 0.0)
    for k in range(n):
        at = at + Vec(k * 0.5, 1.0)
    return at

def mode(i, how="sum"):
    if how == "sum":
        return i + 1
    elif how != "other":
        return i * 3
    return undefined_name

class Grid:
    def __init__(self, n):
        self.n = n
        self.area = self.n * n
        self.n += 1

captured = Vec(1.5, -2.0)
composed = Compose(Multiply(10.0), Add(20.0))
plus_five = adder(5)
partly = functools.partial(pick, other=9)
bound = captured.dot
empty = Empty()
point = Point(2.0)
row = Row(4, 0.25)
"""

SAME = [
    "(Vec(i * 1.0, 2.0).dot(captured) for i in source)",
    "((Vec(i * 1.0, 2.0) + captured).x for i in source)",
    "(abs(3.0 * Vec(i * 1.0, 2.0) * 2.0) for i in source)",
    "((-captured).y * i for i in source)",
    "(captured < Vec(i * 0.1, 0.5) for i in source)",
    "(Vec(i * 1.0, 2.0)[1] + captured[0] for i in source)",
    "(1 if Vec(i * 0.5, 1.0) else 0 for i in source)",
    "(not Vec(i * 0.5, 1.0) for i in source)",
    "(Vec.unit(i).size + Vec.square(i).dot(captured) for i in source)",
    "(Named(i * 1.0, 2.0).dot(captured) for i in source)",
    "(Named(i * 1.0, 2.0, name=i).size for i in source)",
    "(Slotted(i).a + Slotted(i).b for i in source)",
    "(composed(i * 1.0) for i in source)",
    "(Compose(Multiply(i), Add(3))(i) for i in source)",
    "(Compose(plus_five, Multiply(2))(i) for i in source)",
    "(Point(i * 1.0).far() + point.far() for i in source)",
    "(Point(y=2.5, x=i * 1.0).far() for i in source)",
    "(Frozen(i * 1.0).far() + Frozen(1.0, 2.0, i).z for i in source)",
    "(Row(i, 2).a + row.b + row[0] for i in source)",
    "(Typed(i).total() + Typed(i, 2.5)[1] for i in source)",
    "(swap((i, 0.5))[0] for i in source)",
    "(swap(swap((i, 0.5)))[-2] for i in source)",
    "(PAIR[0] * i + NESTED[1][1][0] for i in source)",
    "(len(PAIR) + len((1, 2, 3)) + i for i in source)",
    "(same_pair((i, 1), (2, 1)) for i in source)",
    "(apply(composed, i * 1.0) for i in source)",
    "(apply(lambda_, i * 1.0, 3) for i in source)",
    "(apply(math.sin, i * 1.0) for i in source)",
    "(plus_five(i) + partly(i) for i in source)",
    "(bound(Vec(i * 1.0, 1.0)) for i in source)",
    "(empty.value(i) + Empty().value(3) for i in source)",
    "(pick(i) + pick(i, 4) for i in source)",
    "(walk(i).x + walk(3).y for i in source)",
    "(mode(i) + mode(i, 'product') for i in source)",
    "(Grid(i).area + Grid(i).n for i in source)",
    "(operator.add(i, 2) + operator.mul(i, 3) for i in source)",
    "(i if Vec is Vec else missing for i in source)",
]


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    return module(LIBRARY + "lambda_ = lambda x: x * SCALE\n")


@pytest.mark.parametrize("text", SAME)
def test_the_bits_are_pythons(text: str, names: dict[str, Any], cache: KernelCache) -> None:
    indices = range(-3, 9) if "range" not in text and "walk" not in text else range(9)
    expected = list(eval(text, dict(names), {"source": indices}))
    assert same(run_terms(compiled(text, names, cache), indices), expected)


def test_a_function_and_its_lambda_are_the_same_code(names: dict[str, Any], cache: KernelCache) -> None:
    kernel = compiled("(composed(i * 1.0) for i in source)", names, cache)
    plain = compiled("(i * 1.0 * 10.0 + 20.0 for i in source)", names, cache)
    assert kernel.captured == (10.0, 20.0)
    assert same(run_terms(kernel, range(50)), run_terms(plain, range(50)))


REFUSED = [
    ("def f(n):\n    v = Vec(n, 1)\n    v.z = 3\n    return v.x", "the __init__ of 'Vec' does not set", 3),
    ("def f(n):\n    return Loud(n).x", "setting 'x', which calls a function", None),
    ("def f(n):\n    return Early(n).x", "an instance that is used before its __init__ has ended", None),
    ("def f(n):\n    return Magic(n).y", "is not that of object", 2),
    ("def f(n):\n    return Maybe(n).x", "'self.x' may be read before it has a value", None),
    ("def f(n):\n    return Vec(n, 1) == Vec(n, 1)", "a comparison of Vec and Vec", 2),
    ("def f(n):\n    return (n, None) < (2, None)", "a comparison of tuple and tuple of such parts", 2),
    ("def f(n):\n    a = (n, None)\n    return a == a", "a comparison of tuple and tuple of such parts", 3),
    ("def f(n):\n    a, b = (n, 1, 2)\n    return a", "names for a tuple of 3", 2),
    ("def f(n):\n    a, b = n\n    return a", "unpacking of a int", 2),
    ("def f(n):\n    return (n, 2)[5]", "has no element 5", 2),
    ("def f(n):\n    return Vec(n, 1) - Vec(n, 1)", "operator Sub of Vec and Vec", 2),
    ("def f(n):\n    return Vec(n, 1)", "a Vec where a number, a letter or a tuple of such is needed", 1),
    ("def f(n):\n    v = Inplace(n, 1)\n    v += n\n    return v.x", "may change a Inplace in place", 3),
    (
        "def f(n):\n    if n:\n        g = Vec\n    else:\n        g = Loud\n    return g(n, n).x",
        "'g' is type on one",
        6,
    ),
    ("def f(n):\n    return None if n else (0.5 if n > 1 else 3)", "of different types: float and int", 2),
    ("def f(n):\n    return Private(n).get()", "the private name '__x'", None),
    ("def f(n):\n    return pick(n, None, 3)", "too many arguments", 2),
]

ODD = """
class Loud:
    def __init__(self, x):
        self.x = x
    @property
    def x(self):
        return 1
    @x.setter
    def x(self, value):
        pass

class Early:
    def __init__(self, x):
        self.x = x
        self.y = 1
        helper(self)

def helper(v):
    return 1

class Magic:
    def __getattr__(self, name):
        return 1

class Maybe:
    x = 1
    def __init__(self, x):
        if x:
            self.x = x

class Private:
    def __init__(self, x):
        self.__x = x
    def get(self):
        return self.__x

class Inplace:
    def __init__(self, x, y):
        self.x = x
    def __iadd__(self, k):
        self.x += k
        return self
"""


@pytest.mark.parametrize(("text", "reason", "line"), REFUSED, ids=lambda value: repr(value)[:50])
def test_what_is_more_than_its_parts_is_refused(text: str, reason: str, line: int | None) -> None:
    with pytest.raises(NotCompiled) as caught:
        analyse(loop("(f(i) for i in source)", module(f"{text}\n{LIBRARY}{ODD}")))
    assert reason in caught.value.reason
    assert line is None or (caught.value.site is not None and caught.value.site.line == line)


@dataclasses.dataclass
class Asking:
    """One that is given more than its fields."""

    held: int
    asked: dataclasses.InitVar[int]


def test_a_dataclass_that_asks_for_more_than_its_fields_is_not_compiled(cache: KernelCache) -> None:
    with pytest.raises(NotCompiled, match="more than plain fields"):
        compiled("(Asking(i, 2).held for i in source)", {"Asking": Asking}, cache)
