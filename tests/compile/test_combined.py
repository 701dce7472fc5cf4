"""Kinds of values, orders of evaluation and what is left out, all in one function: refused, or CPython's elements."""

from __future__ import annotations

import random

import pytest

from pyfora.compile import GaveUp, KernelCache, NotCompiled
from tests.compile import programs
from tests.compile.loops import compiled, matches_or_gave_up, module, run_terms, same

LIBRARY = """
from collections import defaultdict, Counter

class R:
    def __init__(self, v):
        self.v = v

class K:
    def __init__(self, v):
        self.v = v
        self.name = None
        self.tag = "t"

def display_order(n):
    xs = [1, 2, 3, n % 100 + 10]
    d = {xs.pop(): xs.pop(), xs.pop(): xs.pop()}
    t = 0
    for k, v in d.items():
        t = t * 1000 + k * 10 + v
    return t

def default_len(n):
    d = defaultdict(int)
    d[n] += len(d)
    return d[n]

def default_len2(n):
    d = defaultdict(int)
    d[n] = 2
    d[n+1] += len(d)
    return d[n+1]

def kw(a, b):
    return a * 10 + b

def keywords(n):
    xs = [n, 2, 3]
    return kw(b=xs.pop(0), a=len(xs))

def keywords_d(n):
    d = defaultdict(int)
    return kw(b=d[n], a=len(d))

def keywords_e(n):
    d = {1: 2, n: 4}
    return kw(b=d.pop(n), a=len(d))

def keywords_f(n):
    d = {1: 2}
    return kw(b=d.setdefault(n, 5), a=len(d))

def slice_take(n):
    xs = [5, 6, 7, 2]
    ys = xs[-2 : xs.pop(3)]
    return len(ys)

def deleted(n):
    x = n
    f = lambda: x
    del x
    return f()

def nested(n):
    x = n
    def f():
        return lambda: x
    g = f()
    x = x + 1
    return g()

def lazy_gen(n):
    x = n
    def gen():
        for j in range(3):
            yield x + j
    for v in gen():
        x = x + v
    return x

def swap(rs):
    rs[0] = R(100)
    return 1

def aug_item(n):
    rs = [R(n), R(2)]
    old = rs[0]
    rs[0].v += swap(rs)
    return rs[0].v * 1000 + old.v

def make(xs, n):
    xs.pop()
    k = K(n)
    k.v = k.v + 1
    return k

def knownpart(n):
    xs = [1, 2, 3]
    if make(xs, n).name is None:
        return len(xs)
    return -1

def knownpart2(n):
    xs = [1, 2, 3]
    a = make(xs, n).tag
    return len(xs)

def listtimes(xs):
    xs.pop()
    return xs

def times(n):
    xs = [2, 3, 4]
    ys = xs.pop() * listtimes(xs)
    return len(ys)

def times2(xs):
    return len(xs)

def times3(n):
    xs = [2, 3, 4]
    ys = times2(xs) * listtimes(xs)
    return len(ys)

def default_twice(n):
    xs = [n, 2, 3]
    return (lambda p, q=xs.pop(): p + q)(1) * 10 + len(xs)

def made_twice(n):
    xs = [n, 2, 3]
    def make():
        xs.append(4)
        return lambda p, q=len(xs): p + q
    return make()(1) * 10 + len(xs)

def default_held(n):
    xs = [n, 2, 3]
    f = lambda p, q=xs.pop(): p + q
    return f(1) * 100 + f(n) * 10 + len(xs) + (lambda p, q=xs.pop(): p + q)(1, n)

def enum_high(n):
    t = 0
    for k, x in enumerate([n, 2, 3], 9223372036854775807):
        t = k
    return t
"""

REFUSED = [
    *("keywords", "keywords_d", "keywords_e", "keywords_f", "slice_take", "deleted", "nested", "lazy_gen"),
    *("knownpart", "knownpart2", "times", "times3", "default_twice", "made_twice"),
]
COMPILED = ["display_order", "default_len", "default_len2", "aug_item", "default_held", "enum_high"]
INDICES = (-7, -1, 0, 1, 2, 3, 40)


@pytest.mark.parametrize("function", REFUSED)
def test_refused(function: str, cache: KernelCache) -> None:
    with pytest.raises(NotCompiled):
        compiled(f"({function}(i) for i in source)", module(LIBRARY), cache)


@pytest.mark.parametrize("function", COMPILED)
def test_the_elements_are_pythons_or_the_kernel_gives_up(function: str, cache: KernelCache) -> None:
    names = module(LIBRARY)
    kernel = compiled(f"({function}(i) for i in source)", names, cache)
    for index in INDICES:
        try:
            got = run_terms(kernel, range(index, index + 1))
        except GaveUp:
            continue
        assert same(got, [names[function](index)])


def test_drawn_functions_have_pythons_values_or_give_up(cache: KernelCache) -> None:
    text, verdicts = "(drawn(i) for i in source)", []
    for seed in range(12):
        drawn = programs.program(random.Random(seed))
        names = module(programs.LIBRARY + drawn)
        try:
            kernel = compiled(text, names, cache)
        except NotCompiled:
            continue
        for index in (-3, 0, 1, 4, 2**31, 2**61):
            verdicts.append(matches_or_gave_up(kernel, text, names, index))
            assert verdicts[-1] is not False, (seed, index, drawn)
    assert verdicts.count(True) > 30
