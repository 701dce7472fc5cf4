"""Independent calls, whose later ones may be run elsewhere before their turn: and such that must not be."""

from __future__ import annotations

import textwrap

from tests.differential.rows import Row, refused, same

OTHERS: list[Row] = [
    refused(
        "calls: what is captured is changed by the first",
        "`captured` was changed",
        """
captured = [1, 2]
def change(n):
    captured.append(n)
    return n
def read(n):
    return len(captured) + n
with executor.remotely.downloadAll():
    a = change(1) + read(2)
""",
    ),
    refused(
        "calls: the second reads a clock",
        "reads a clock",
        """
import time
def now(n):
    return time.time() + n
def same(n):
    print(n)
    return n
with executor.remotely.downloadAll():
    a = same(1) + now(2)
""",
        stdout="1\n",
    ),
    same(
        "calls: a block in a function, with variables of its frame",
        """
def f(n, xs):
    xs.append(n)
    return sum(xs)
def main(k):
    own = [k]
    def shared():
        return own
    with executor.remotely.downloadAll():
        mine = list(own)
        a = f(1, mine) + f(k, mine)
        b = f(2, mine)
        c = f(3, list(own))
        d = [shared() is own, f(4, list(shared())), f(5, mine)]
        e = lambda: (b, mine)
    return a, b, c, d, e(), mine, own
answer = main(3)
""",
    ),
    same(
        "calls: an unbound variable of the frame",
        """
def f(n):
    print("f", n)
    return n
def main(bind):
    if bind:
        late = 1
    with executor.remotely.downloadAll():
        first = f(1)
        second = f(late)
answer = main(True)
main(False)
""",
        "UnboundLocalError",
    ),
]

# name: statements of the block, and the exception that ends it
BLOCKS: dict[str, str] = {
    "calls: fib, twice and in a display": """
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
a = fib(15)
b = [fib(3), fib(4), fib(5)], (fib(6), fib(7))
""",
    "calls: merge sort": """
def merge(a, b):
    out = []
    while a and b:
        out.append((a if a[0] <= b[0] else b).pop(0))
    return out + a + b
def sort(a):
    m = len(a) // 2
    return a if m == 0 else merge(sort(a[:m]), sort(a[m:]))
s = sort([(i * 7919) % 101 / 7 for i in range(200)])
""",
    "calls: random instances": """
import random
def simulate(r, n):
    return [r.random() for _ in range(n)][-1]
r = random.Random(3)
a = simulate(r, 10)
b = simulate(r, 20)
c = simulate(random.Random(1), 5) + simulate(random.Random(2), 5)
d = simulate(r, 3) - simulate(r, 4)
random.seed(4)
def draw(): return random.random()
e = [draw(), draw(), draw()]
""",
    "calls: mutation between": """
xs = [1]
def f(v):
    xs.append(v)
    return len(xs)
def g():
    return sum(xs)
a = f(5) + g()
b = f(6)
c = g()
d = [g(), f(1), g(), f(2), g()]
def h(l):
    l.append(len(l)); return l
l = [0]
e = (h(l), h(l))
k = e[0] is e[1]
""",
    "calls: prints": """
def f(n):
    print("f", n); return n
a = f(1) + f(2)
b = f(3)
c = f(4)
d = [f(5), f(6), f(7)]
""",
    "calls: raises first": """
def f(n):
    if n == 2: raise ValueError("two", n)
    print(n)
    return n
a = f(1)
b = f(3)
c = f(2) + f(1)
""",
    "calls: raises second": """
def f(n):
    if n == 2: raise KeyError("two", n)
    return n
a = f(1)
b = f(2)
c = f(3)
""",
    "calls: raises caught, then again": """
def f(n):
    if n == 2: raise KeyError("two", n)
    return n
def g(n):
    try:
        return f(n) + f(n + 1)
    except KeyError as e:
        return e.args
    finally:
        print("done", n)
a = [g(0), g(1), g(2)]
b = g(1)
c = g(2)
""",
    "calls: traceback deep": """
def deep(n):
    if n == 0:
        return 1 // n
    return deep(n - 1) + deep(n - 2)
x = deep(5)
""",
    "calls: recursion error": """
def r(n):
    return r(n + 1) + r(n + 2)
def t():
    try:
        return r(0)
    except RecursionError as e:
        return str(e)
a = t()
b = t()
""",
    "calls: deep but fine": """
def r(n):
    return 0 if n == 0 else one(n) + r(n - 1)
def one(n): return n
a = r(450)
""",
    "calls: very deep but fine": """
def r(n):
    return 0 if n == 0 else one(n) + r(n - 1)
def one(n): return n
a = r(975)
""",
    "calls: methods": """
class A:
    def __init__(self, k): self.k = k; self.__p = k
    def fib(self, n):
        return n + self.__p if n < 2 else self.fib(n - 1) + self.fib(n - 2)
    def twice(self, n):
        self.k += 1
        return self.k * n
def t(a, n): return a.twice(n)
o = A(3)
a = o.fib(8)
b = t(o, 1) + t(o, 2)
c = [t(A(1), 4), t(A(2), 5)]
""",
    "calls: closures": """
def make():
    count = 0
    def up(n):
        nonlocal count
        count += n
        return count
    def peek():
        return count
    return up(1) + up(2), [up(3), peek(), up(4), peek()], peek
a = make()[:2]
""",
    "calls: aliasing of captured and results": """
base = [1, 2]
def same(x): return x
def both(x): return [x, x, base]
a = [same(base), same(base)]
b = [both(base), both(a)]
c = a[0] is base, a[1] is base, b[0][2] is b[1][2], b[1][0] is a, b[0][0] is b[0][1]
shared = object()
def sh(n): return shared
d = [sh(1), sh(2)]
e = d[0] is d[1]
""",
    "calls: rebinding to an equal object": """
box = {"v": [1, 2]}
def swap(n):
    box["v"] = [1, 2]
    return n
def get(n): return box["v"]
a = [swap(1), get(2)]
b = a[1] is box["v"]
""",
    "calls: rebinding by nonlocal": """
def run():
    v = [1, 2]
    def swap():
        nonlocal v
        v = [1, 2]
        return 0
    def get(): return v
    r = [swap(), get(), same(v)]
    return r[1] is v, r[2] is v
def same(x): return x
a = run()
""",
    "calls: lru_cache": """
import functools
@functools.lru_cache(None)
def c(n): return [n]
def call(n): return c(n)
x = [call(1), call(1), c.cache_info().hits]
y = x[0] is x[1]
def info(n): return c.cache_info().hits
z = call(1) + [info(0)]
w = [call(1), info(0)]
""",
    "calls: function attributes and class attributes": """
def f(n):
    f.calls = getattr(f, "calls", 0) + n
    return f.calls
class K: total = 0
def g(n):
    K.total += n
    return K.total
a = [f(1), f(2), f(3)]
b = g(1) + g(2)
c = g(4)
d = f(4)
""",
    "calls: iterators and generators": """
def take(it): return next(it)
it = iter([1, 2, 3, 4])
a = [take(it), take(it)]
g = (i * i for i in range(10))
b = take(g) + take(g)
c = take(it)
del it
d = take(g)
del g
""",
    "calls: default mutable": """
def f(n, memo={}):
    memo[n] = len(memo)
    return memo[n]
a = [f(1), f(2), f(1)]
b = f(7) + f(8)
""",
    "calls: walrus, lambda, locals": """
def f(n): return n
def t():
    a = f(y := 3) + f(y)
    b = f(sum(x for x in [1])) + f(1)
    c = f((lambda q: q + 1)(2)) + f((lambda q: q * 2)(y))
    return a, b, c, sorted(locals())
r = t()
k = (lambda n: f(n) + f(n + 1))(4)
""",
    "calls: unbound names": """
def f(n):
    print("f", n); return n
def t(flag):
    if flag:
        z = 1
    return f(1) + f(z)
def u():
    z = 1
    del z
    return [f(2), f(z)]
def v():
    return f(3) + f(nowhere)
out = []
for fn in (lambda: t(False), u, v):
    try:
        fn()
    except NameError as e:
        out.append((type(e).__name__, str(e)))
ok = t(True)
""",
    "calls: except variable, loop variable": """
def f(n): return n
def t():
    r = []
    for i in range(5):
        r.append(f(i) + f(i + 1))
    try:
        1 // 0
    except ZeroDivisionError as e:
        r.append(f(str(e)) + f(repr(e)))
    return r + [f(i) - f(i)]
a = t()
""",
    "calls: bare raise and exc_info": """
import sys
def what(n):
    return str(sys.exc_info()[1]) + str(n)
def again(n):
    raise
def t():
    try:
        {}["k"]
    except KeyError:
        a = what(1)
        b = what(2)
        c = what(3) + what(4)
        try:
            d = what(1) + again(2)
        except KeyError as e:
            d = repr(e)
        return a, b, c, d
r = t()
s = what(1) + what(2)
""",
    "calls: nan": """
nan = float("nan")
def f(n): return nan
def g(n): return (nan, n)
a = [f(1), f(2)]
b = a[0] is a[1], len({*a}), len({g(1), g(1)})
c = [g(1), g(1)]
d = c[0] == c[1]
""",
    "calls: sets and dicts come back in order": """
def f(n): return {str(i * n) for i in range(20)}
def g(n): return {i: {n} for i in range(5)}
a = [f(3), f(4)]
b = (g(1), g(2))
c = list(a[0]), list(a[1])
""",
    "calls: exceptions as values, classes made": """
def f(n): return ValueError(n)
def g(n):
    class L:
        v = n
    return L
a = [f(1), f(2)]
b = [g(1).v, g(2).v]
def h(n):
    return lambda: n
c = [h(1), h(2)]
d = c[0]() + c[1]()
""",
    "calls: who calls is asked": """
import sys
def who(): return sys._getframe(1).f_code.co_name
def caller():
    return who() + who()
a = caller()
import inspect
def who2(): return inspect.stack()[1].function
def caller2():
    return [who2(), who2()]
b = caller2()
def name(fn): return fn.__qualname__
def caller3():
    return name(lambda: 1) + name(lambda: 2)
c = caller3()
d = [name(lambda: 1), name(lambda: (lambda: 2))]
""",
    "calls: warnings and logging": """
import warnings
def w(n):
    warnings.warn(f"w{n}", stacklevel=2)
    return n
def t():
    return w(1) + w(2)
a = t()
b = [w(3), w(4)]
""",
    "calls: decimal context, numpy errors": """
import decimal
def p(n):
    decimal.getcontext().prec = n
    return decimal.Decimal(1) / 3
def q(n): return decimal.Decimal(1) / n
a = [q(3), p(5), q(7), p(6), q(3)]
b = p(4) + q(3)
""",
    "calls: generators that divide": """
def f(n): return n * 2
def gen():
    for i in range(4):
        got = yield f(i) + f(i + 1)
        x = f(i)
        y = f(i + 2)
        yield x, y, got
a = list(gen())
""",
    "calls: objects that go away": """
class D:
    def __init__(self, n): self.n = n
    def __del__(self): print("gone", self.n)
def make(n): return D(n)
def drop(d): return d.n
a = drop(make(1)) + drop(make(2))
def inner():
    keep = [D(3), D(4)]
    def pop(): 
        return keep.pop().n
    def peek(): return len(keep)
    return pop() + peek()
b = inner()
c = [make(5), make(6)].pop(0).n
print("end")
""",
    "calls: operators and order": """
log = []
class V:
    def __init__(self, n): self.n = n
    def __add__(self, o):
        log.append(("add", self.n, o.n)); return V(self.n + o.n)
def v(n):
    return V(n)
x = v(1) + v(2) + v(3) * 1 if False else v(1) + v(2) + v(3)
def h(*a, **k): return a, k
y = h(v(1).n, v(2).n, k=v(3).n)
z = h(*[v(1).n], v(2).n), h(v(1).n, v(2).n, **{"q": v(3).n})
m = x.n
""",
    "calls: not callable, wrong arguments": """
def f(n): print(n); return n
out = []
def t1(): return nothing(f(1), f(2))
def t2(): return (5)(f(1), f(2))
def t3(): return f(f(1), f(2))
def t4(): return f(f(1)) + f()
for t in (t1, t2, t3, t4):
    try: t()
    except Exception as e: out.append(repr(e))
""",
    "calls: stop iteration": """
def f(n):
    if n == 2: raise StopIteration(n)
    return n
def t():
    try: return f(1) + f(2)
    except StopIteration as e: return e.value
a = t()
def gen():
    yield f(1) + f(2)
b = list(gen())
""",
    "calls: system exit in second": """
def f(n):
    if n == 2: raise SystemExit(n)
    return n
a = f(1) + f(2)
""",
    "calls: user __getstate__": """
class S:
    n = 0
    def __init__(self, v): self.v = v; self.calls = 0
    def __getstate__(self):
        self.calls += 1
        return self.__dict__.copy()
def f(s): return s.v
s = S(3)
a = f(s) + f(s)
b = s.calls
""",
    "calls: module level rows see names": """
def f(n): return n
def g(n): return x + n
x = 1
x = f(10)
y = g(1)
z = g(2)
def sets(n):
    global w
    w = n
    return n
""",
    "calls: loops inside": """
def f(n): return sum(i * i for i in range(n))
def t(n): return [i % 7 for i in range(n)]
a = f(3000) + f(4000)
b = t(5000)
c = t(6000)
d = (len([f(i) + f(i + 1) for i in range(50)]), f(10))
""",
    "calls: long ones": """
import random
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
def simulate(seed):
    rng = random.Random(seed)
    x = 0.0
    for _ in range(300_000):
        x = x * 0.5 + rng.random()
    return x
def merge(a, b):
    out, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        if a[i] <= b[j]:
            out.append(a[i])
            i += 1
        else:
            out.append(b[j])
            j += 1
    return out + a[i:] + b[j:]
def sort(a):
    m = len(a) // 2
    return a if m == 0 else merge(sort(a[:m]), sort(a[m:]))
a = fib(25) + fib(24)
b = simulate(1)
c = simulate(2)
rng = random.Random(5)
d = sort([rng.random() for _ in range(30_000)])
def total(a, b, f):
    if b - a < 50:
        return sum(f(i) for i in range(a, b))
    mid = (a + b) // 2
    return total(a, mid, f) + total(mid, b, f)
e = total(0, 200_000, lambda i: i * 7919 % 10007 / 3)
""",
    "calls: long ones that change what others read": """
import random
rng = random.Random(7)
seen = []
def walk(n):
    x = 0.0
    for _ in range(200_000):
        x += rng.random()
    seen.append(n)
    return x
def look(n):
    x = 0.0
    for i in range(300_000):
        x += i / n
    return x, len(seen), rng.random()
a = [walk(1), look(2), walk(3), look(4)]
b = look(5)
c = walk(6)
d = look(7)[0] + walk(8)
""",
    "calls: long ones that print, and one that raises": """
def work(n):
    x = 0.0
    for i in range(200_000):
        x += i / n
    print("worked", n)
    if n == 4:
        raise ArithmeticError(n, x)
    return x
a = work(1) + work(2)
b = [work(3), work(2), work(1)]
try:
    c = [work(1), work(4), work(2)]
except ArithmeticError as error:
    c = error.args
d = work(3)
e = work(4)
""",
    "calls: too deep by way of calls that could be elsewhere": """
def down(n):
    return 0 if n == 0 else one(n) + down(n - 1)
def also(n):
    return 0 if n == 0 else also(n - 1) + one(n)
def one(n):
    return n
def tried(f, n):
    try:
        return f(n)
    except RecursionError:
        return "too deep"
a = [tried(down, 900), tried(also, 900)]
b = tried(down, 1100)
c = tried(also, 1100)
d = [tried(down, 1900), tried(also, 2500)]
""",
    "calls: settings that the second changes, and shows": """
import decimal
def third(n):
    return decimal.Decimal(n) / 3
def flags(n):
    context = decimal.getcontext()
    return [flag.__name__ for flag, on in context.flags.items() if on], n
a = [flags(0), third(1), flags(1)]
b = flags(2)
decimal.getcontext().clear_flags()
c = [flags(3), flags(4), third(7)]
d = flags(5)
""",
    "calls: arrays and buffers": """
import numpy as np
a = np.arange(6.0)
def double(x):
    x *= 2
    return x
def head(x):
    return x[:2]
def total(x):
    return x.sum()
b = [total(a), double(a), total(a), head(a)]
c = b[1] is a, np.shares_memory(b[3], a)
b[3][0] = 9
d = total(a) + total(a)
e = [head(a), head(a)]
e[0][1] = 7
f = a.tolist()
""",
    "calls: in loops, in try and with": """
import contextlib
def f(n):
    if n == 60:
        raise LookupError(n)
    return n
@contextlib.contextmanager
def shown(n):
    print("in", n)
    try:
        yield n
    finally:
        print("out", n)
def run():
    found = []
    for i in range(4):
        if i == 1:
            continue
        with shown(i) as j:
            x = f(i)
            y = f(j)
            found.append([f(x), f(y), f(i + j)])
    while True:
        try:
            x = f(5)
            y = f(60)
        except LookupError as error:
            found.append((x, y, error.args))
            break
        finally:
            found.append(f(1) + f(2))
    return found
a = run()
""",
    "calls: async functions, run by hand": """
def f(n):
    return n + 1
async def inner(n):
    return f(n) + f(n + 1)
async def outer(n):
    x = f(await inner(n)) + f(n)
    y = f(n)
    z = f(2)
    return [f(x), f(y), await inner(z)]
def drive(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
a = drive(outer(1))
b = drive(inner(2)) + drive(inner(3))
""",
    "calls: names that a function of the block binds": """
def set_to(n):
    global level
    level = n
    return n
def read(n):
    return level + n
level = 1
a = set_to(5) + read(1)
b = set_to(7)
c = read(2)
d = [read(1), set_to(9), read(1)]
""",
    "calls: functions that are exchanged": """
def f(n):
    return "old", n
def exchange(n):
    global f
    def new(n):
        return "new", n
    f = new
    return ("exchanged", n)
a = exchange(1) + f(2)
class A:
    def m(self, n):
        return "old", n
def patch(n):
    A.m = lambda self, n: ("patched", n)
    return (n,)
def call(o, n):
    return o.m(n)
b = patch(1) + call(A(), 2)
""",
    "calls: self-referring objects": """
class Node:
    def __init__(self, value):
        self.value, self.next, self.me = value, None, self
def ring(n):
    nodes = [Node(i) for i in range(n)]
    for a, b in zip(nodes, nodes[1:] + nodes[:1]):
        a.next = b
    return nodes[0]
def length(node):
    count, at = 1, node.next
    while at is not node:
        count, at = count + 1, at.next
    return count
a = [length(ring(5)), length(ring(6)), length(ring(7))]
def makes(n):
    node = ring(n)
    return node.next.next.me is node.next.next, node
b = [makes(3), makes(4)]
c = [length(node) for ok, node in b], b[0][1].__class__ is Node
del b
""",
}

RAISED = {
    "calls: raises first": "ValueError",
    "calls: raises second": "KeyError",
    "calls: traceback deep": "ZeroDivisionError",
    "calls: stop iteration": "RuntimeError",
    "calls: system exit in second": "SystemExit",
    "calls: long ones that print, and one that raises": "ArithmeticError",
}


def _row(name: str, block: str) -> Row:
    body = textwrap.indent(block.strip("\n"), "    ")
    return same(name, f"with executor.remotely.downloadAll():\n{body}\n", RAISED.get(name))


ROWS: list[Row] = [*(_row(name, block) for name, block in BLOCKS.items()), *OTHERS]
