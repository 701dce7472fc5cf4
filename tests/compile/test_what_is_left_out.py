"""What a kernel would not evaluate, or twice, or otherwise than the class has it: refused, or CPython's elements."""

from __future__ import annotations

import pytest

from pyfora.compile import GaveUp, KernelCache, NotCompiled
from tests.compile.loops import compiled, module, run_terms, same

LIBRARY = """
import functools
from collections import namedtuple

class A:
    kind = 7
    def __init__(self, x):
        self.x = 12 // x
        self.name = "a"
    @staticmethod
    def fixed(y):
        return y + 1
    @classmethod
    def of_class(cls, y):
        return y + cls.kind

class Empty:
    def __init__(self, x):
        pass

class Nameless:
    def __init__(self, x):
        self.name = None

def check(n):
    if n == 3:
        raise ValueError(n)
    return n

def identity(n):
    return n

def none_of(n):
    xs = [n, 2]
    xs.pop() is None
    return len(xs)

def branch(n):
    if check(n) is None:
        return 1
    return 0

def choose(n):
    xs = [n, 1, 2]
    return (identity if xs.pop() > 1 else identity)(len(xs))

def truth(n):
    if (12 // n, 2):
        return 1
    return 0

def instance(n):
    if A(n):
        return 1
    return 0

def empty(n):
    xs = [n, 2, 3]
    e = Empty(xs.pop())
    return len(xs)

def nameless(n):
    xs = [n, 2, 3]
    e = Nameless(xs.pop())
    return len(xs)

def above(n):
    xs = [n, 2, 3]
    e = Above(xs)
    return len(xs)

class Above(Empty):
    def __init__(self, xs):
        super().__init__(xs.pop())

def squared(n):
    xs = [2, 3, 5, n % 1000]
    return xs.pop() * xs.pop()

def step(state):
    state[0] = (state[0] * 5 + 3) % 101
    return state[0]

def product(n):
    state = [n % 50]
    return step(state) * step(state)

def bounds(n):
    xs = [2, 9, 1]
    total = n
    for j in range(xs.pop(), xs.pop(), xs.pop()):
        total = total * 10 + j
    return total

def reflected(n):
    xs = [4, 3, 2, n]
    return xs.pop() + Right(xs.pop())

def mirrored(n):
    xs = [4, 3, 2, n]
    return xs.pop() < Right(xs.pop())

def from_the_end(n):
    xs = [5, 6, 7, 2]
    ys = xs[-2 : xs.pop()]
    return len(ys)

class Named(namedtuple("Named", "x y")):
    def __eq__(self, other):
        return True
    def __hash__(self):
        return 0

class Long(namedtuple("Long", "x y")):
    def __len__(self):
        return 77

class Untrue(namedtuple("Untrue", "x y")):
    def __bool__(self):
        return False

class Indexed(namedtuple("Indexed", "x y")):
    def __getitem__(self, index):
        return 5

class Begun(namedtuple("Begun", "x y")):
    def __init__(self, x, y):
        self.z = x // y

class Hidden(namedtuple("Hidden", "x y")):
    x = 5

def equal(n):
    one = Named(n, 1)
    other = Named(2, 1)
    return one == other

def untrue(n):
    return 1 if Untrue(n, 1) else 0

class Wide:
    def __init__(self, x):
        self.x = x
    def __lt__(self, other):
        return self.x < other.x
    def __gt__(self, other):
        return self.x > other.x
    def __eq__(self, other):
        return self.x == other.x

class Narrow(Wide):
    def __gt__(self, other):
        return True
    def __eq__(self, other):
        return True

def plus(one, other, more):
    return 50

class Partial:
    __add__ = functools.partialmethod(plus, 3)
    __lt__ = None
    def __init__(self, x):
        self.x = x

class Static:
    __add__ = staticmethod(lambda other: 9)
    def __init__(self, x):
        self.x = x

class Right:
    def __init__(self, x):
        self.x = x
    def __radd__(self, other):
        return 7
    def __gt__(self, other):
        return True

class Counted:
    def __init__(self, x):
        self.x = x
    def __bool__(self):
        return self.x

class Sized:
    def __init__(self, x):
        self.x = x
    def __len__(self):
        return self.x

class Gone:
    def __init__(self, x):
        self.x = x
    def __del__(self):
        gone.append(self.x)
gone = []

class Answer(functools.partial):
    def __call__(self, *arguments):
        return 42
answer = Answer(plus, 5)

class One:
    def __init__(self, x):
        self.x = x

class Backwards:
    def __init__(self, x):
        self.x = x
    def __lt__(self, other):
        return self.x > other.x
    def __eq__(self, other):
        return True

def found(n, kind):
    sought, held = kind(n), [kind(2), kind(3)]
    return 1 if sought in held else 0

def removed(n):
    held = [One(2), One(3)]
    held.remove(One(n))
    return held.count(One(2)) + held.index(One(3))

def one_tuples(n):
    held = [(-0.0,), (1.0,)]
    return 1 if (0.0 * n,) in held else 0

def in_order(n, kind):
    return sorted([kind(2), kind(n), kind(1)])[0].x

class Text(str):
    def __getitem__(self, index):
        return "z"
text = Text("abc")
"""

REFUSED = [
    *("len((12 // i, 2))", "truth(i)", "none_of(i)", "branch(i)", "choose(i)", "instance(i)", "empty(i)", "above(i)"),
    *("nameless(i)", "A(i).kind", "A(i).fixed(i)", "A(i).of_class(i)", "(1 if A(i).name == 'a' else 2)"),
    *("(1 if (12 // i, None)[1] is None else 2)", "from_the_end(i)"),
    *("equal(i)", "len(Long(i, 1))", "untrue(i)", "Indexed(i, 1)[0]", "Begun(i, i).y", "Hidden(i, 1).x"),
    *("Wide(i) < Narrow(0)", "Wide(i) == Narrow(0)", "Partial(i) + Right(i)", "Partial(i) < Right(i)"),
    *(
        "Static(i) + Right(i)",
        "reflected(i)",
        "mirrored(i)",
        "bool(Counted(i))",
        "Gone(i).x",
        "answer(i)",
        "ord(text[i])",
    ),
    *(
        "found(i, One)",
        "found(i, Backwards)",
        "removed(i)",
        "one_tuples(i)",
        "in_order(i, One)",
        "in_order(i, Backwards)",
    ),
]
COMPILED = [
    "i + Right(i)",
    "i < Right(i)",
    "squared(i)",
    "bounds(i)",
    "product(i)",
    "bool(Sized(i))",
    "Narrow(i) < Wide(0)",
    "A(i).x",
]


@pytest.mark.parametrize("element", REFUSED)
def test_refused(element: str, cache: KernelCache) -> None:
    with pytest.raises(NotCompiled):
        compiled(f"({element} for i in source)", module(LIBRARY), cache)


@pytest.mark.parametrize("element", COMPILED)
def test_the_elements_are_pythons_or_the_kernel_gives_up(element: str, cache: KernelCache) -> None:
    names = module(LIBRARY)
    kernel = compiled(f"({element} for i in source)", names, cache)
    for index in (-7, -1, 0, 1, 2, 3, 40):
        try:
            expected = list(eval(f"({element} for i in source)", dict(names), {"source": [index]}))
        except (ValueError, ZeroDivisionError):
            with pytest.raises(GaveUp):
                run_terms(kernel, range(index, index + 1))
            continue
        assert same(run_terms(kernel, range(index, index + 1)), expected)
