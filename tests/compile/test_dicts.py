"""Dicts, counters, sets and sorted lists in kernels: CPython's values in CPython's order, or a give-up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyfora.compile import KernelCache, NotCompiled, analyse
from tests.compile.loops import loop, module, times_given_up

LIBRARY = """
from collections import Counter, defaultdict

def counts(i):
    counts = {}
    for k in range(50):
        key = (i * k) % 11
        counts[key] = counts.get(key, 0) + 1
    return max(counts.values())

def either(i):
    d = {}
    for k in range(i):
        if k * k % 7 in d:
            d[k * k % 7] += 0.5
        else:
            d[k * k % 7] = 1.0
    t = 0.0
    for k, v in d.items():
        t = t * 3 + k * v
    return t

def counter(i):
    c = Counter()
    for k in range(i): c[k * 7919 % 13] += k
    t = 0
    for k in c: t = t * 3 + k * c[k] + c[100]
    return t + len(c)

def grouped(i):
    g = defaultdict(list)
    for k in range(i): g[k % 5].append(k * k)
    t = 0
    for k, xs in g.items():
        t = t * 7 + sum(xs) + k
    return t

def cycle(i):
    seen = set()
    x = i
    while x not in seen:
        seen.add(x)
        x = x * x % 1009
    seen.discard(i)
    return len(seen) + sum(sorted(seen))

def deleted(i):
    d = {k: k * k for k in range(i)}
    del d[3]
    p = d.pop(5, -1)
    d[3] = 8
    t = p
    for k in d.keys(): t = t * 2 + k
    for j, (k, v) in enumerate(d.items()): t ^= j * k * v
    return t

def grid(i):
    d = {(0, 0): 1}
    x = y = 0
    for k in range(i):
        if k % 3: x += 1
        else: y -= 1
        if k % 7 == 0: x, y = 0, 0
        d[x, y] = d.get((x, y), 0) + k
    t = 0
    for (x, y), v in d.items(): t = t * 3 + x * y + v
    return t

def fractions(i):
    d = {0.5: 1, 1.5: 2}
    d[i * 0.5] = 7
    return d[0.5] + len(d) * 10

def changed(i):
    d = {1: 2}
    for k in d:
        if i > 3: d[k + 1] = 1
    return len(d)

def rows(i):
    xs = [(n * 37 % 11, n * 0.5) for n in range(i)]
    xs.append((3, 2.5))
    ys = sorted(xs, key=lambda p: p[0])
    zs = sorted([x[1] for x in xs], reverse=True)
    t = 0.0
    for (a, b), z in zip(ys, zs): t = t * 0.5 + a * b + z
    return t

def listed(i):
    xs = [n * 7919 % 101 for n in range(i)]
    xs.sort()
    xs.insert(2, 5); xs.insert(-1, 6); xs.pop(0); xs.reverse(); xs.extend([1, 2]); xs.extend(xs)
    if 5 in xs: xs.remove(5)
    return sum(j * x for j, x in enumerate(xs, 1)) + xs.index(2) + xs.count(1)

def together(i):
    t = 0
    for a, b, c in zip(range(3, i), [1, 2, 3, 4, 5], reversed(range(0, 20, 3))): t = t * 5 + a * b - c
    for x in map(lambda v: v * 2, filter(lambda v: v % 3 == 1, range(i))): t += x
    for x in reversed([4, 5, i]): t = t * 2 + x
    for x in (1, 2, i): t += x
    return t + sum(map(abs, range(-i, i))) + max(map(lambda a, b: a * b, range(1, 4), range(2, 9)))

def vowels(i):
    s = "hello world aeiou"
    v = Counter()
    for ch in s:
        if ch in "aeiou": v[ch] += 1
    return v["o"] * 100 + v["z"] + len(v) + (1 if i in (1, 2, 3) else 0)

def churned(i):
    d = dict()
    for k in range(200): d[k * 65536 + i] = k
    for k in range(0, 200, 2): del d[k * 65536 + i]
    for k in range(100): d[k] = k
    t = 0
    for k, v in d.items(): t = (t * 31 + k - v) % 1000003
    return t

def made(i):
    d = {}
    d.setdefault(i, 5)
    d.setdefault(i, 6)
    e = d.copy()
    e[9] = 1
    c = Counter(k % 3 for k in range(i))
    w = {k: [] for k in range(3)}
    for k in range(i): w[k % 3].append(k)
    return d[i] + len(e) * 10 + len(d) + c[1] * 1000 + sum(w[1])

def ranked(i):
    t = 0
    for x in sorted(captured, key=lambda x: x % 3) + sorted({i, 3, 6}) + sorted({i, 9}, key=None): t = t * 31 + x
    return t
captured = {6, 3, 9, 12, 40, 1}

def named(i):
    d = {given_key % 3: given_key for given_key in range(i, i + 4)}
    e = {given_value: given_value * 2 for given_value in range(3)}
    return d[0] * 100 + d[1] * 10 + d[2] + sum(e.values())
"""
GIVEN_UP = {"deleted": 9, "changed": 36}
"""Functions that raise for some of their arguments, and for how many."""


@pytest.mark.parametrize(
    "name",
    [
        "counts",
        "either",
        "counter",
        "grouped",
        "cycle",
        "deleted",
        "grid",
        "fractions",
        "changed",
        "rows",
        "listed",
        "together",
        "vowels",
        "churned",
        "made",
        "named",
        "ranked",
    ],
)
def test_functions_with_dicts_have_pythons_values(name: str, cache: KernelCache) -> None:
    assert times_given_up(name, module(LIBRARY), cache, range(-5, 40)) == GIVEN_UP.get(name, 0)


_STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "add", "drop", "pop", "default", "get", "clear", "walk"]), st.integers(-6, 6)),
    min_size=1,
    max_size=40,
)
REPLAY = """
def replay(i):
    d = {}
    trace = 0
    for k in range(len(WHAT)):
        what, key = WHAT[k], KEYS[k]
        if what == 0:
            d[key] = k
        elif what == 1:
            d[key] += k
        elif what == 2:
            if key in d:
                del d[key]
        elif what == 3:
            trace = trace * 31 + d.pop(key, -k)
        elif what == 4:
            trace = trace * 31 + d.setdefault(key, k)
        elif what == 5:
            trace = trace * 31 + d.get(key, -1)
        elif what == 6 and key > 4:
            d.clear()
        else:
            for a, b in d.items():
                trace = (trace * 7 + a * 3 + b) % 1000003
        trace = (trace + len(d)) % 1000003
    return trace
"""


@settings(derandomize=True, deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(_STEPS)
def test_a_history_of_a_dict(cache: KernelCache, steps: list[tuple[str, int]]) -> None:
    words = ["put", "add", "drop", "pop", "default", "get", "clear", "walk"]
    names = module(REPLAY, WHAT=[words.index(word) for word, _ in steps], KEYS=[key for _, key in steps])
    times_given_up("replay", names, cache, range(1))


SORTS = """
def in_order(i):
    xs = [x for x in GIVEN]
    if i == 0:
        xs.sort()
    elif i == 1:
        xs.sort(reverse=True)
    elif i == 2:
        xs = sorted(xs, key=lambda x: x * x)
    else:
        xs = sorted(xs, key=lambda x: x * x, reverse=True)
    trace = 0.0
    for n, x in enumerate(xs):
        trace = trace * 0.75 + math.copysign(1.0, x) + n * x
    return trace
"""
_FLOATS = st.one_of(st.floats(-9, 9), st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.5, -2.5]))


@settings(derandomize=True, deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(st.lists(_FLOATS, min_size=1, max_size=70), st.lists(st.sampled_from([0.0, -0.0, 1.0, -1.0]), min_size=1))
)
def test_equal_floats_stay_in_their_order(cache: KernelCache, values: list[float]) -> None:
    assert times_given_up("in_order", module(SORTS, GIVEN=values), cache, range(4)) == 0


def test_nan_has_no_order(cache: KernelCache) -> None:
    assert times_given_up("in_order", module(SORTS, GIVEN=[1.0, float("nan"), 0.5]), cache, range(4)) == 4


def test_keys_that_are_equal_to_other_bits_are_given_up(cache: KernelCache) -> None:
    names = module("def f(i):\n    d = {1.5: 2}\n    return d.get(KEY, i)\n", KEY=-0.0)
    assert times_given_up("f", names, cache, range(1)) == 1
    names = module("def f(i):\n    d = {1.5: 2}\n    return d.get(KEY, i)\n", KEY=float("nan"))
    assert times_given_up("f", names, cache, range(1)) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return sum({i, 2})", "sum()"),
        ("t = 0\nfor x in {i, 2}:\n    t += x\nreturn t", "a loop over a set"),
        ("return list({i, 2})[0]", "a loop over a set"),
        ("return sorted({i, 2}, key=abs)[0]", "sorted() by a key of a set"),
        ("return sorted(set([i, 2]), key=lambda x: x % 3, reverse=True)[0]", "sorted() by a key of a set"),
        ("s = {i, 2}\ns.add(9)\nreturn sorted(s.copy(), key=abs)[0]", "sorted() by a key of a set"),
        ("d = {i: 1}\nd[0.5] = 2\nreturn 1", "a float as a key beside those of type int"),
        ("d = {i: 1}\nd[2] = 0.5\nreturn 1", "a float as a value beside those of type int"),
        ("d = {(i, 0.5): 1}\nreturn 1", "a tuple of floats as a key"),
        ("d = {[i]: 1}\nreturn 1", "a list of ints as a key"),
        ("d = {}\nreturn d[i]", "not known here"),
        ("return len({i: 1} | {2: 3})", "operator BitOr"),
        ("return len({**{i: 1}})", "is not something that compiled code can compute"),
        ("xs = [1]\nxs.sort(key=lambda x: x + i)\nreturn 1", "a key that has values of its own"),
        ("xs = [1, 2]\nreturn len(sorted(xs, reverse=xs.pop() > 1))", "what changes something"),
        ("xs = [1, 2]\nreturn len(sorted(xs, key=lambda x, y=xs.pop(): x))", "what changes something"),
        ("d = {1: 2, i: 3}\nreturn len(sorted(d, reverse=d.pop(1) > 1))", "what changes something"),
        ("return len(sorted([{i: 1}]))", "an order of elements that are dict"),
        ("return sum(x for x in zip(map(abs, [i]), [1]))", "beside something else"),
        ("return {i: 1} == {i: 1}", "a comparison of dict and dict"),
    ],
)
def test_what_is_not_compiled_of_them(body: str, reason: str) -> None:
    indented = "\n".join(f"    {line}" for line in body.split("\n"))
    names: dict[str, Any] = module(f"def f(i):\n{indented}\n")
    with pytest.raises(NotCompiled) as caught:
        analyse(loop("(f(i) for i in source)", names))
    assert reason in caught.value.reason
