"""Instances that are changed after their `__init__`: everybody who has one sees it, as in CPython."""

from __future__ import annotations

import pytest

from pyfora.compile import GaveUp, KernelCache, NotCompiled, analyse
from tests.compile.loops import compiled, loop, module, run_terms, times_given_up

LIBRARY = """
import dataclasses, math

class P:
    def __init__(self, x, v):
        self.x = x
        self.v = v
        self.n = 0
    def step(self, dt):
        self.v -= self.x * dt
        self.x += self.v * dt
        self.n += 1
    def energy(self): return 0.5 * (self.x * self.x + self.v * self.v)

def oscillator(i):
    p = P(1.0, i * 0.1)
    for _ in range(100): p.step(0.01)
    return p.energy() + p.n

def kick(p, k):
    p.v += k
    return p

def aliases(i):
    p = P(1.0, 0.0)
    q = p
    q.x = 5.0
    r = kick(p, 2.0)
    r.n = i
    return p.x + p.v + q.n + (1.0 if r is p else 0.0)

@dataclasses.dataclass
class Acc:
    total: float = 0.0
    count: int = 0
    def add(self, x):
        self.total += x
        self.count += 1

def dataclass(i):
    acc = Acc()
    for k in range(i): acc.add(k * 0.5)
    return acc.total + acc.count

class Vec:
    def __init__(self, x, y): self.x = x; self.y = y
    def __add__(self, o): return Vec(self.x + o.x, self.y + o.y)
    def __iadd__(self, o):
        self.x += o.x
        return self

class Body:
    def __init__(self, pos, vel): self.pos = pos; self.vel = vel; self.log = []
    def move(self, dt):
        self.pos = self.pos + Vec(self.vel.x * dt, self.vel.y * dt)
        self.log.append(self.pos.x)

def bodies(i):
    bodies = [Body(Vec(k * 1.0, 0.0), Vec(i * 1.0, 2.0)) for k in range(4)]
    for _ in range(10):
        for b in bodies: b.move(0.1)
    bodies[0].pos.x = 100.0
    return sum(b.pos.x + b.pos.y for b in bodies) + len(bodies[1].log) + bodies[2].log[-1]

class Stack:
    def __init__(self): self.items = []
    def push(self, x): self.items.append(x)
    def pop(self): return self.items.pop()
    def reset(self): self.items = []
    @property
    def size(self): return len(self.items)

def stack(i):
    s = Stack()
    for k in range(i): s.push(k * k)
    t = s.pop() + s.size
    s.reset()
    return t + s.size

class Lcg:
    def __init__(self, seed): self.state = seed
    def next(self):
        self.state = (self.state * 1103515245 + 12345) % 2147483648
        return self.state

def generator(i):
    g = Lcg(i)
    return g.next() - g.next() * g.next() % 1000 + sum(g.next() for _ in range(5))
GIVEN = Lcg(3)

def captured(i): return GIVEN.next()

class Base:
    def __init__(self): self.k = 1
    def bump(self): self.k += 1

class Sub(Base):
    def __init__(self, z):
        super().__init__()
        self.z = z
    def bump(self):
        self.k += self.z

def inherited(i):
    b, s = Base(), Sub(i)
    for _ in range(3):
        b.bump(); s.bump()
    return b.k * 1000 + s.k

def fib(n): 
    def go(k): return k if k < 2 else go(k-1) + go(k-2)
    return go(n)

def fibonacci(i): return fib(i % 12)

def lists_in_a_dict(i):
    w = {k: [] for k in range(3)}
    for k in range(i): w[k % 3].append(k)
    return sum(w[1])

def qsort(xs, lo, hi):
    if lo >= hi: return
    p = xs[hi]; s = lo
    for k in range(lo, hi):
        if xs[k] < p:
            xs[k], xs[s] = xs[s], xs[k]
            s += 1
    xs[s], xs[hi] = xs[hi], xs[s]
    qsort(xs, lo, s - 1)
    qsort(xs, s + 1, hi)

def quicksort(i):
    xs = [k * 7919 % 101 for k in range(i)]
    qsort(xs, 0, len(xs) - 1)
    return sum(k * x for k, x in enumerate(xs))
"""


@pytest.mark.parametrize(
    "name",
    [
        "oscillator",
        "aliases",
        "dataclass",
        "bodies",
        "stack",
        "generator",
        "inherited",
        "fibonacci",
        "lists_in_a_dict",
        "quicksort",
    ],
)
def test_changed_instances_have_pythons_values(name: str, cache: KernelCache) -> None:
    # An empty stack gives nothing.
    expected = 6 if name == "stack" else 0
    assert times_given_up(name, module(LIBRARY), cache, range(-5, 40)) == expected


def test_two_calls_of_equal_text_are_two_calls(cache: KernelCache) -> None:
    names = module("def f(i):\n    xs = [i, 3, 7]\n    return xs.pop() * xs.pop()\n")
    assert times_given_up("f", names, cache, range(9)) == 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return GIVEN.next()", "a change of a captured Lcg"),
        ("p = P(1.0, 2.0)\n    p.n = 0.5\n    return 1", "'n' is int first and float then"),
        ("p = P(1.0, 2.0)\n    p.other = 1\n    return 1", "the __init__ of 'P' does not set"),
        ("p = Fixed(1)\n    p.x = 1\n    return 1", "of a Fixed, which calls a function"),
        ("s = Stack()\n    s.size = 1\n    return 1", "which calls a function"),
    ],
)
def test_what_is_not_compiled_of_them(body: str, reason: str) -> None:
    more = "@dataclasses.dataclass(frozen=True)\nclass Fixed:\n    x: int\n"
    names = module(f"{LIBRARY}{more}def tried(i):\n    {body}\n")
    with pytest.raises(NotCompiled) as caught:
        analyse(loop("(tried(i) for i in source)", names))
    assert reason in caught.value.reason


MAY_BE_NONE = """
import dataclasses

class Best:
    def __init__(self):
        self.value = None
        self.place = None
        self.seen = 0
        self.scale = 0.5
    def look(self, x, at):
        self.seen += 1
        if self.value is None or x > self.value:
            self.value, self.place = x, (at, self.scale)
    def forget(self):
        self.value = None

def largest(n):
    best = Best()
    for i in range(n):
        best.look((i * 7919 + n) % 101, i)
    if best.value is None:
        return -1
    return best.value * 1000 + best.place[0] + best.seen

def forgotten(n):
    best = Best()
    best.look(n, 1)
    if n % 2:
        best.forget()
    return 0 if best.value is None else best.value

def of_none(n):
    best = Best()
    if n > 2:
        best.value = n
    return best.value + 1

class Link:
    def __init__(self, value):
        self.value = value
        self.weight = None

def linked(n):
    links = [Link(i) for i in range(n + 1)]
    for link in links:
        if link.value % 3 == 0:
            link.weight = link.value * 0.5
    total = 0.0
    for link in links:
        total += link.weight if link.weight is not None else 100.0
    other = links[0]
    other.weight = None
    return total + (1.0 if links[0].weight is None else 2.0)

def changed(n):
    link = Link(n)
    link.weight = 2.0
    link.weight += n
    link.weight = link.weight * 2
    return link.weight + (100.0 if link.weight is None else 0.0) + link.value

@dataclasses.dataclass
class Slot:
    key: int
    held: object = None

def filled(n):
    slots = [Slot(i) for i in range(4)]
    slots[n % 4].held = n
    return sum(slot.held if slot.held is not None else slot.key * 100 for slot in slots)
"""


@pytest.mark.parametrize("name", ["largest", "forgotten", "linked", "changed", "filled"])
def test_attributes_that_are_none_at_first(name: str, cache: KernelCache) -> None:
    assert times_given_up(name, module(MAY_BE_NONE), cache, range(12)) == 0


def test_what_is_asked_of_none_is_left_to_cpython(cache: KernelCache) -> None:
    names = module(MAY_BE_NONE)
    assert times_given_up("of_none", names, cache, range(3, 9)) == 0
    kernel = compiled("(of_none(i) for i in source)", names, cache)
    for index in range(3):
        with pytest.raises(GaveUp):
            run_terms(kernel, range(index, index + 1))
