"""Lists in kernels: CPython's elements, or a give-up; never an element that is not there."""

from __future__ import annotations

import random
import textwrap
from typing import Any

import pytest

from pyfora.compile import GaveUp, KernelCache, NotCompiled, analyse
from tests.compile.loops import compiled, loop, module, run_terms, same

LIBRARY = """
def sieve(n):
    flags = [True] * (n + 1)
    count = 0
    for i in range(2, n + 1):
        if flags[i]:
            count += 1
            j = i * i
            while j <= n:
                flags[j] = False
                j += i
    return count

def distance(n):
    a = [n * 7 % 5, n % 3, 2, n % 7, 1]
    b = [1, n % 4, 2]
    before = list(range(len(b) + 1))
    for i in range(len(a)):
        row = [i + 1]
        for j in range(len(b)):
            cost = 0 if a[i] == b[j] else 1
            row.append(min(before[j + 1] + 1, row[j] + 1, before[j] + cost))
        before = row
    return before[-1]

def stack(n):
    xs = []
    for i in range(n):
        xs.append(i * 0.5)
        if i % 3 == 0:
            xs.append(xs.pop() + 1.0)
    total = 0.0
    while xs:
        total = total * 0.5 + xs.pop()
    return total

def bubble(n):
    xs = [(n * k * 7919 + 13) % 101 for k in range(12)]
    for i in range(len(xs)):
        for j in range(len(xs) - 1 - i):
            if xs[j] > xs[j + 1]:
                xs[j], xs[j + 1] = xs[j + 1], xs[j]
    return xs[0] + 1000 * xs[5] + 1000000 * xs[-1]

def grid(n):
    rows = [[i * j for j in range(4)] for i in range(n)]
    rows.append([7])
    rows[0][1] += 5
    total = 0
    for row in rows:
        for x in row:
            total += x
    return total + len(rows)

def alias(n):
    a = [n, 2]
    b = a
    b[0] += 5
    c = a[:]
    c[1] = 9
    return a[0] * 100 + a[1] * 10 + c[1]

def changed(xs, k):
    xs.append(k)
    return len(xs)

def order(n):
    xs = [n, n + 1, n + 2]
    xs[len(xs) - 1] = xs.pop() + changed(xs, 5)
    return changed(xs, 1) * 10 + changed(xs, 2) * 100 + xs[2]

def slices(n):
    xs = [k * k for k in range(8)]
    return sum(xs[n:]) + 1000 * sum(xs[:n]) + 100000 * len(xs[n:-2]) + len(xs[-3:n])

def joined(n):
    xs = [1, 2] + [n] * 3 + [k for k in range(n) if k % 2]
    return sum(xs) + len(xs * 2) + min(xs) + max(xs)

def growing(n):
    xs = [1]
    for x in xs:
        if len(xs) < n:
            xs.append(x + 1)
    else:
        xs.append(100)
    return sum(xs) + len(xs)

def truth(n):
    xs = [k > 2 for k in range(n)]
    return (1 if any(xs) else 0) + (2 if all(xs) else 0) + (4 if xs else 0)

def empty_unused(n):
    xs = []
    return len(xs) + n

def fractions(n):
    xs = [0.1 * k for k in range(n)]
    return sum(x * x for x in xs) + sum([x for x in xs if x > 0.2]) if n > 4 else 1.5

class Bag:
    def __init__(self, n):
        self.held = [n]
    def put(self, x):
        self.held.append(x)
        return len(self.held)

def bag(n):
    one = Bag(n)
    return one.put(3) + one.put(4) * 10 + sum(one.held)

def far(n):
    xs = [1, 2, 3]
    return xs[n]

def emptied(n):
    xs = [n]
    xs.pop()
    return xs.pop()

def endless(n):
    xs = [n]
    while n < 100:
        xs.append(n)
    return 1

def huge(n):
    return len([0] * (n * 10**12))
"""
WORKING = (
    *("sieve", "distance", "stack", "bubble", "grid", "alias", "order", "slices", "joined", "growing", "truth"),
    *("empty_unused", "fractions", "bag"),
)


@pytest.mark.parametrize("name", WORKING)
def test_functions_with_lists_have_pythons_bits(name: str, cache: KernelCache) -> None:
    names = module(LIBRARY)
    indices = range(1, 60) if name in ("grid", "growing") else range(60)
    expected = [names[name](i) for i in indices]
    kernel = compiled(f"({name}(i) for i in source)", names, cache)
    assert same(run_terms(kernel, indices), expected)
    assert same(run_terms(kernel, indices), expected)


@pytest.mark.parametrize(("name", "index"), [("far", 3), ("far", -4), ("emptied", 1), ("endless", 1), ("huge", 1)])
def test_what_raises_or_takes_too_much_memory_gives_up(name: str, index: int, cache: KernelCache) -> None:
    kernel = compiled(f"({name}(i) for i in source)", module(LIBRARY), cache)
    with pytest.raises(GaveUp):
        run_terms(kernel, range(index, index + 1))


@pytest.mark.parametrize("index", range(-3, 3))
def test_every_index_that_is_there(index: int, cache: KernelCache) -> None:
    kernel = compiled("(far(i) for i in source)", module(LIBRARY), cache)
    assert run_terms(kernel, range(index, index + 1)) == [[1, 2, 3][index]]


STEPS = (
    *("xs.append(i * {a} % 17)", "xs[{a} % len(xs)] += {b}", "xs[-1] = xs[0] - {b}", "xs = xs + [{a}, i]", "ys = xs"),
    *("xs = xs[{c}:]\n    xs.append({b})", "xs = xs * ({a} % 3) + [i]", "total += xs[{a} % len(xs)]", "ys[0] = {b}"),
    *(
        "if len(xs) > 2:\n        total += xs.pop()",
        "for x in xs:\n        total += x * {a}",
        "total += sum(xs) - len(ys)",
    ),
    *("xs = [x % 11 for x in xs if x != {b}] + [{c}]", "total += max(xs) * min(ys)", "xs, ys = ys, xs"),
    "xs[{c} % len(xs)], xs[-1] = xs[-1], xs[{a} % len(xs)]",
)


@pytest.mark.parametrize("seed", range(12))
def test_any_steps_in_any_order(seed: int, cache: KernelCache) -> None:
    generator = random.Random(seed)
    lines = ["def f(i):", "    xs = [i, 2, 3]", "    ys = [i]", "    total = 0"]
    for _ in range(14):
        numbers = {name: generator.randrange(-6, 9) for name in "abc"}
        lines.append(f"    {generator.choice(STEPS).format(**numbers)}")
    lines.append("    return total * 31 + sum(xs) + 7 * sum(ys)")
    names = module("\n".join(lines))
    kernel = compiled("(f(i) for i in source)", names, cache)
    done = 0
    for index in range(-10, 40):
        try:
            found = run_terms(kernel, range(index, index + 1))
        except GaveUp:
            continue
        assert found == [names["f"](index)]
        done += 1
    assert done > 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("xs = [1, 2.0]\nreturn 1", "a list of elements of several types"),
        ("xs = []\nxs.append(1)\nxs.append(1.5)\nreturn 1", "a float for a list of ints"),
        ("xs = [1]\nxs[0] = 1.5\nreturn 1", "a float for a list of ints"),
        ("xs = [1]\nxs[0] = True\nreturn 1", "a bool for a list of ints"),
        ("xs = [1]\nxs += [2]\nreturn 1", "changes a list in place"),
        ("xs = [math.sin]\nreturn 1", "a list of elements of type builtin_function_or_method"),
        ("xs = []\nreturn xs[0]", "an empty list whose elements are not known here"),
        ("xs = [[1]]\nxs.sort()\nreturn 1", "an order of elements that are list of ints"),
        ("xs = [1]\ny = xs.append(2)\nreturn 1", "the value of a call that gives None"),
        ("xs = [1]\nreturn xs == [1]", "a comparison of lists"),
        ("xs = [1]\nreturn xs[0.5]", "a list is indexed by a float"),
        ("xs = [1]\nreturn xs[::2][0]", "indexing"),
        ("xs = [1]\nxs[0:1] = [2]\nreturn 1", "indexing"),
        ("if n:\n    xs = [1]\nelse:\n    xs = [1.5]\nreturn xs[0]", "'xs' is list of ints on one path"),
        ("xs = [1]\ndel xs[0:1]\nreturn 1", "del"),
    ],
)
def test_what_is_not_compiled_of_them(body: str, reason: str) -> None:
    names = module(f"def f(n):\n{textwrap.indent(body, '    ')}\n")
    with pytest.raises(NotCompiled) as caught:
        analyse(loop("(f(i) for i in source)", names))
    assert reason in caught.value.reason


CAPTURED = """
TABLE = [(k * 7919 + 13) % 256 for k in range(512)]
WEIGHTS = [0.5 * k for k in range(16)]
FLAGS = [True, False, True]

def at(i):
    return TABLE[i % 512] + TABLE[-1]

def weighted(i):
    total = 0.0
    for w in WEIGHTS:
        total += w * i
    return total + sum(WEIGHTS[2:5])

def both(i):
    mine = TABLE[:4] + [i]
    mine[0] = 7
    return sum(mine) + (1 if FLAGS[i % 3] else 0) + len(TABLE * 2) + max(TABLE)

def through(xs, i):
    return xs[i % len(xs)]

def passed(i):
    return through(TABLE, i) + through([1, 2], i)

def changes(i):
    TABLE[0] = i
    return 1

def appends(i):
    xs = TABLE
    xs.append(i)
    return 1

def pops(i):
    return TABLE.pop()

def outside(i):
    return TABLE[i + 512]
"""


@pytest.mark.parametrize("name", ["at", "weighted", "both", "passed"])
def test_captured_lists_are_read(name: str, cache: KernelCache) -> None:
    names = module(CAPTURED)
    kernel = compiled(f"({name}(i) for i in source)", names, cache)
    expected = [names[name](i) for i in range(600)]
    assert same(run_terms(kernel, range(600)), expected)
    # The same code for another list, of another length.
    names["TABLE"] = names["TABLE"][::-1][:300] * 2
    names["WEIGHTS"] = [1.25, 2.5, 5.0]
    again = compiled(f"({name}(i) for i in source)", names, cache)
    assert again.key == kernel.key
    assert same(run_terms(again, range(600)), [names[name](i) for i in range(600)])


@pytest.mark.parametrize(
    ("name", "reason"), [("changes", "a change of"), ("appends", "a change of"), ("pops", "'pop'")]
)
def test_captured_lists_are_not_changed(name: str, reason: str) -> None:
    with pytest.raises(NotCompiled) as caught:
        analyse(loop(f"({name}(i) for i in source)", module(CAPTURED)))
    assert reason in caught.value.reason


def test_past_the_end_of_a_captured_list(cache: KernelCache) -> None:
    kernel = compiled("(outside(i) for i in source)", module(CAPTURED), cache)
    with pytest.raises(GaveUp):
        run_terms(kernel, range(1))
    with pytest.raises(TypeError, match="a captured value is"):
        kernel.run(([1.5],), 0, 1, 1)


def test_a_kernel_with_lists_is_loaded_from_its_bytes(cache: KernelCache) -> None:
    from pyfora.compile import load_kernel

    names: dict[str, Any] = module(LIBRARY)
    kernel = compiled("(sieve(i) for i in source)", names, cache)
    again = load_kernel(kernel.object_code)
    assert run_terms(again, range(50)) == [names["sieve"](i) for i in range(50)]
