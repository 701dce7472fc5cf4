"""Functions inside functions, generator functions, values that may be None, `match`: CPython's values, or a give-up."""

from __future__ import annotations

import pytest

from pyfora.compile import KernelCache, NotCompiled, analyse
from tests.compile.loops import loop, module, times_given_up

CLOSURES = """
import functools

def apply(f, x): return f(x)

def defaults(i):
    k = i * 2
    def g(x, y=k):
        return x * k + y
    return g(3) + apply(lambda x: x + k, 5) + g(1, 2)

def factorial(i):
    def fact(n):
        return 1 if n < 2 else n * fact(n - 1)
    return fact(i % 10)

def made_in_a_loop(i):
    t = 0
    for j in range(5):
        f = lambda x: x * j + i
        t += f(j) + apply(f, 2)
    return t

def bound_again(i):
    k = 1
    f = lambda x: x + k
    k = 2
    return f(i)

def any_number(i):
    def total(*xs): return sum(xs) + len(xs)
    return total(1, 2, i) + total()

def make(k):
    def inner(x): return x * k
    return inner

def made_elsewhere(i):
    g = make(i)
    h = make(2)
    return g(3) + h(i)

def not_called(i):
    f = make(1)
    for j in range(3):
        if j == 1:
            f = lambda x: x + j
    return 1

def mapped(i):
    ms = [x for x in map(lambda v: v * i, range(5))]
    return sum(filter(lambda v: v % 2 == 0, ms))

def nested(i):
    def outer(a):
        def mid(b):
            return a * b + i
        return mid(a + 1)
    return outer(i)

def kept(i):
    fs = [lambda: j for j in range(3)]
    return 1

def one_of_two(i):
    if i > 3:
        g = lambda: 1
    else:
        g = lambda: 2
    return g()

def keys(i):
    xs = [5, 3, i]
    xs.sort(key=lambda v: -v)
    ys = sorted(xs, key=lambda v: abs(v - i))
    return xs[0] * 100 + ys[0]
"""
OPTIONALS = """
import itertools

def find(xs, v):
    for k, x in enumerate(xs):
        if x == v: return k
    return None

def found(i):
    xs = [3, 1, 4, 1, 5, 9]
    k = find(xs, i)
    return -1 if k is None else k * 10

def best(i):
    best = None
    for k in range(i):
        v = k * 7919 % 31
        if best is None or v > best: best = v
    if best is None: return -5
    return best

def half(n):
    if n % 2 == 0: return n * 0.5

def halved(i):
    h = half(i)
    return h + 1.0 if h is not None else 0.0

def default(i, step=None):
    if step is None: step = 2
    return i * step

def matched(i):
    match i % 7:
        case 0: return 10
        case 1 | 2: return 20
        case k if k > 4: return k * 100
        case _: return i

def pairs_matched(i):
    match (i % 2, i % 3):
        case (0, 0): return 1
        case (1, y): return y * 7
        case (x, 1): return x + 50
    return -1

def evens(n):
    for k in range(n):
        if k % 2 == 0: yield k
        if k > 20: return

def pairs(n):
    yield from evens(n)
    for a in range(n): yield a * a

def generated(i):
    t = 0
    for x in evens(i): t += x
    return t + sum(pairs(i)) + sum(x * 2 for x in evens(i)) + len(list(evens(i))) + max(sorted(pairs(7)))

def for_elements(i):
    few = sum(sum(evens(3)) + x for x in itertools.takewhile(lambda k: k < 3, range(i)))
    return few * 10 + any(sum(evens(x)) > 4 for x in range(i))

def on_and_off(i):
    t = 0.0
    x = None
    for k in range(i):
        if k % 3 == 1: x = k * 0.5
        elif k % 3 == 2: x = None
        if x: t += x
        if x is None: t -= 1.0
        if x == None: t *= 2.0
    return t

def starred(i):
    def total(*xs): return sum(xs) + len(xs)
    return total(1, 2, i)

def added_to_none(i):
    x = None
    if i > 3: x = 1
    return x + 1

def tried(i):
    for q in range(i):
        if q == 5: break
    else:
        return -1
    try:
        v = 10 // (i - 7)
    except ZeroDivisionError:
        v = 99
    finally:
        v2 = i
    return v + v2

def inner_generator(i):
    ws = [k for k in range(3)]
    def gen(a):
        for w in range(a): yield w * i
    return sum(gen(4)) + min(gen(2))

def forever(i):
    k = 1
    while True:
        x = half(k)
        if x is not None and x > i: return x
        k += 1
"""
GIVEN_UP = {"added_to_none": 9, "tried": 1}
"""Functions that raise for some of their arguments, and for how many."""


@pytest.mark.parametrize(
    "name",
    [
        "defaults",
        "factorial",
        "made_in_a_loop",
        "any_number",
        "made_elsewhere",
        "not_called",
        "mapped",
        "nested",
        "keys",
    ],
)
def test_functions_inside_functions(name: str, cache: KernelCache) -> None:
    assert times_given_up(name, module(CLOSURES), cache, range(-5, 40)) == 0


@pytest.mark.parametrize(
    "name",
    [
        "found",
        "best",
        "halved",
        "default",
        "matched",
        "pairs_matched",
        "generated",
        "for_elements",
        "on_and_off",
        "starred",
        "added_to_none",
        "tried",
        "inner_generator",
        "forever",
    ],
)
def test_optional_values_and_generators(name: str, cache: KernelCache) -> None:
    assert times_given_up(name, module(OPTIONALS), cache, range(-5, 40)) == GIVEN_UP.get(name, 0)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bound_again", "'f' may be read before it has a value"),
        ("kept", "a collection of functions"),
        ("one_of_two", "on one path"),
    ],
)
def test_what_could_see_another_value(name: str, reason: str) -> None:
    with pytest.raises(NotCompiled) as caught:
        analyse(loop(f"({name}(i) for i in source)", module(CLOSURES)))
    assert reason in caught.value.reason


_MANY = "def g():\n    for x in range(10**15):\n        yield x\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("k = 1\ng = lambda: k\nfor j in range(3):\n    k = g()\nreturn k", "may be read before it has a value"),
        ("k = 1\nt = (lambda: k, 2)\nk = 2\nreturn t[0]()", "may be read before it has a value"),
        ("k = 1\nt = 0\nfor y in map(lambda x: x + k, [1, 2]):\n    k = 5\n    t += y\nreturn t", "bound twice"),
        ("def g():\n    nonlocal i\n    i = 3\ng()\nreturn i", "nonlocal"),
        ("def g(x):\n    yield x\nh = g(i)\nreturn sum(h)", "not gone through at once"),
        ("def g(x):\n    x.append(1)\n    yield 1\nxs = [i]\nreturn sum(g(xs)) + len(xs)", "changed meanwhile"),
        ("def g():\n    while True:\n        yield 1\nfor x in g():\n    i += x\nreturn i", "without an end"),
        (f"{_MANY}for x in g():\n    return x\nreturn 1", "left before its end"),
        (
            f"{_MANY}for x in g():\n    for y in range(3):\n        i += y\n    if x > i:\n        break\nreturn i",
            "left before",
        ),
        (f"{_MANY}for x in g():\n    assert x < i\nreturn 1", "left before its end"),
        (f"{_MANY}return any(x > i for x in g())", "left before its end"),
        (f"{_MANY}return all(map(abs, g()))", "left before its end"),
        (f"{_MANY}return sum(x for x, y in zip(g(), [i, 2]))", "left before its end"),
        (f"{_MANY}return sum(itertools.takewhile(lambda x: x < i, g()))", "left before its end"),
        (f"{_MANY}return sum(itertools.islice(g(), 3))", "left before its end"),
        ("x = None\nif i:\n    x = 1\nif i > 1:\n    x = 0.5\nreturn 1 if x is None else 2", "on one path"),
        ("match i:\n    case [a, b]:\n        return 1\nreturn 2", "a sequence in a match of a int"),
        ("match i:\n    case int(x):\n        return 1\nreturn 2", "MatchClass"),
        ("@staticmethod\ndef g():\n    return 1\nreturn 1", "a decorator"),
        ("try:\n    return 1\nfinally:\n    i = 2", "'finally' around a return"),
    ],
)
def test_what_is_not_compiled_of_them(body: str, reason: str) -> None:
    indented = "\n".join(f"    {line}" for line in body.split("\n"))
    with pytest.raises(NotCompiled) as caught:
        analyse(loop("(f(i) for i in source)", module(f"import itertools\ndef f(i):\n{indented}\n")))
    assert reason in caught.value.reason
