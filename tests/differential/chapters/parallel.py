"""Loops long enough to be spread: each way to consume elements, each source of them, and loops that share state."""

from __future__ import annotations

from tests.differential.rows import Row, same

SETUP = """
import collections, functools, itertools, math, operator, statistics
def f(i):
    x = i
    for _ in range(4):
        x = (x * 7919 + 13) % 10007
    return x
def g(i):
    return f(i) / 7
def t(i):
    return str(f(i))
def odd(i):
    return f(i) % 2 == 1
def add(a, b):
    return a + b
N = 40_000
captured = [(i * 31) % 1009 for i in range(N)]
words = ["w" + str(i % 700) for i in range(N)]
table = {i: i % 13 for i in range(N)}
text = "the quick brown fox " * 2000
rows = [(i, i % 7) for i in range(N)]
"""

# what is made of the elements
CONSUMERS: dict[str, list[str]] = {
    "sum": ["sum(f(i) for i in range(N))", "sum((f(i) for i in range(N)), 5)", "sum(g(i) for i in range(N))"],
    "sum of lists": ["sum(([f(i)] for i in range(3_000)), [])", "sum((g(i) for i in range(N)), start=0.5)"],
    "min and max": [
        "min(f(i) for i in range(N))",
        "max(f(i) for i in range(N))",
        "max((f(i), -i) for i in range(N))",
        "min(t(i) for i in range(N))",
    ],
    "min and max with key": [
        "max((i for i in range(N)), key=f)",
        "min(range(N), key=f)",
        "max(captured, key=lambda x: -f(x))",
        "max(words, key=len)",
    ],
    "min and max with default": [
        "min((f(i) for i in range(N) if f(i) > 10**6), default=None)",
        "max((f(i) for i in range(0)), default=-1)",
        "max([], default=[])",
    ],
    "min and max: the first of equals": [
        "max(((f(i) % 5, [i]) for i in range(N)), key=lambda p: p[0])",
        "min((1.0 if i % 2 else 1 for i in range(N)), key=lambda v: 0)",
        "max(True if i % 3 else 1 for i in range(N))",
    ],
    "any and all": [
        "any(f(i) == 5 for i in range(N))",
        "all(f(i) >= 0 for i in range(N))",
        "any(f(i) > 10**6 for i in range(N))",
        "all(f(i) < 9_999 for i in range(N))",
    ],
    "len": [
        "len([f(i) for i in range(N)])",
        "len({f(i) for i in range(N)})",
        "len(list(f(i) for i in range(N)))",
    ],
    "list and tuple": [
        "list(f(i) for i in range(N))",
        "tuple(g(i) for i in range(N))",
        "[*(f(i) for i in range(N))]",
    ],
    "set and frozenset": ["set(f(i) for i in range(N))", "frozenset(f(i) for i in range(N))"],
    "dict": [
        "dict((f(i), i) for i in range(N))",
        "{f(i): i for i in range(N)}",
        "dict(zip(range(N), (f(i) for i in range(N))))",
        "{(1.0 if i % 2 else 1): i for i in range(N)}",
    ],
    "sorted": [
        "sorted(f(i) for i in range(N))",
        "sorted((f(i) for i in range(N)), reverse=True)",
        "sorted(captured, key=f)",
        "sorted(rows, key=lambda r: (r[1], -r[0]))",
        "sorted(((f(i) % 10, i) for i in range(N)), key=operator.itemgetter(0), reverse=True)",
    ],
    "str.join": [
        "','.join(t(i) for i in range(N))",
        "''.join([t(i) for i in range(N)])",
        "b''.join(bytes([f(i) % 256]) for i in range(N))",
    ],
    "math.fsum and math.prod": [
        "math.fsum(g(i) for i in range(N))",
        "math.prod(1 + 1 / (1 + f(i)) for i in range(N))",
        "math.prod(f(i) % 5 + 1 for i in range(3_000))",
        "math.fsum(captured)",
    ],
    "statistics": [
        "statistics.mean(f(i) for i in range(5_000))",
        "statistics.fmean(g(i) for i in range(N))",
        "statistics.mean(g(i) for i in range(3_000))",
        "statistics.median(f(i) for i in range(N))",
        "statistics.pstdev(f(i) for i in range(2_000))",
        "statistics.mode(f(i) % 10 for i in range(N))",
    ],
    "Counter": [
        "collections.Counter(f(i) % 100 for i in range(N))",
        "collections.Counter(words)",
        "collections.Counter(text).most_common(3)",
        "collections.Counter(t(i)[0] for i in range(N)).most_common(3)",
    ],
    "next": [
        "next((i for i in range(N) if f(i) == 4_000), None)",
        "next((i for i in range(N) if f(i) > 10**6), 'none')",
        "next(i for i in range(N) if i > 30_000)",
    ],
    "functools.reduce": [
        "functools.reduce(add, (f(i) for i in range(N)))",
        "functools.reduce(lambda a, b: a * 31 % 1009 + b, (f(i) for i in range(N)), 1)",
        "functools.reduce(operator.xor, [f(i) for i in range(N)], 0)",
        "functools.reduce(max, map(g, range(N)))",
        "functools.reduce(lambda a, b: a / 2 + b, (g(i) for i in range(N)), 0.0)",
    ],
    "deque and bytes": [
        "collections.deque((f(i) for i in range(N)), maxlen=5)",
        "bytes(f(i) % 256 for i in range(N))",
    ],
    "in and index": [
        "4_000 in (f(i) for i in range(N))",
        "[f(i) for i in range(N)].index(4_000)",
        "[f(i) for i in range(N)].count(7)",
    ],
    "zip of generators": ["list(zip((f(i) for i in range(N)), (t(i) for i in range(N))))[-3:]"],
    "numpy.array": ["__import__('numpy').array([g(i) for i in range(N)])"],
    "unpacking": ["(lambda *a: len(a))(*(f(i) for i in range(N)))", "max(*(f(i) for i in range(N)))"],
}

# where the elements come from
SOURCES: dict[str, str] = {
    "range with steps": "range(N, -N, -3)",
    "a captured list": "captured",
    "a captured tuple": "tuple(captured)",
    "a string": "text",
    "a bytes object": "text.encode()",
    "dict keys": "table",
    "dict items": "table.items()",
    "dict values": "table.values()",
    "a captured set": "set(captured)",
    "zip": "zip(captured, words)",
    "zip of unequal lengths": "zip(captured, range(N - 7), words)",
    "enumerate": "enumerate(words, start=3)",
    "map": "map(f, range(N))",
    "map of two": "map(add, captured, range(N))",
    "map of a builtin": "map(str, range(N))",
    "filter": "filter(odd, range(N))",
    "filter None": "filter(None, captured)",
    "reversed": "reversed(captured)",
    "sorted list": "sorted(captured)",
    "itertools.product": "itertools.product(range(150), captured[:200])",
    "itertools.product repeat": "itertools.product(range(30), repeat=3)",
    "itertools.chain": "itertools.chain(captured, words, range(5_000))",
    "itertools.chain.from_iterable": "itertools.chain.from_iterable(rows)",
    "itertools.islice": "itertools.islice(captured, 5, N - 5, 3)",
    "itertools.starmap": "itertools.starmap(add, rows)",
    "itertools.pairwise": "itertools.pairwise(captured)",
    "itertools.combinations": "itertools.combinations(range(250), 2)",
    "itertools.permutations": "itertools.permutations(range(8), 5)",
    "itertools.accumulate": "itertools.accumulate(captured)",
    "itertools.accumulate floats": "itertools.accumulate((g(i) for i in range(N)), lambda a, b: a * 0.5 + b)",
    "itertools.groupby": "((k, len(list(v))) for k, v in itertools.groupby(captured, key=lambda x: x // 100))",
    "itertools.count": "itertools.takewhile(lambda x: x < N, itertools.count(0, 3))",
    "itertools.cycle and zip": "zip(itertools.cycle('abc'), range(N))",
    "itertools.zip_longest": "itertools.zip_longest(captured, words[:100], fillvalue='-')",
    "itertools.compress": "itertools.compress(words, captured)",
    "a nested generator": "(f(x) for x in (i * 2 for i in range(N)) if x % 3)",
    "a generator function": "generate(N)",
    "a numpy array": "numpy.arange(N) * 2",
    "a user's iterable": "Steps(N)",
    "a user's sequence": "Squares(N)",
    "a deque": "collections.deque(captured)",
    "text lines": "'\\n'.join(words).splitlines()",
    "an iterator partly consumed": "half_consumed()",
    "two-level sources": "(x for row in rows for x in row)",
}
SOURCE_SETUP = (
    SETUP
    + """
import numpy
def h(x):
    s = 0
    for _ in range(6):
        s = s * 31 % 10007 + len(str(x))
    return s
def generate(n):
    for i in range(n):
        yield i * 3
class Steps:
    def __init__(self, n):
        self.n = n
    def __iter__(self):
        for i in range(0, self.n, 2):
            yield i
class Squares:
    def __init__(self, n):
        self.n = n
    def __len__(self):
        return self.n
    def __getitem__(self, i):
        if i >= self.n:
            raise IndexError(i)
        return i * i
def half_consumed():
    it = iter(captured)
    for _ in range(1000):
        next(it)
    return it
"""
)


def _consumer(name: str, expressions: list[str]) -> Row:
    lines = "".join(f"    v{i} = {expression}\n" for i, expression in enumerate(expressions))
    return same(f"consumed by {name}", f"{SETUP}with executor.remotely.downloadAll():\n{lines}")


def _source(name: str, source: str) -> Row:
    text = f"""{SOURCE_SETUP}
with executor.remotely.downloadAll():
    total = sum(h(x) for x in {source})
    made = [(h(x), x) for x in {source}]
    some = {{str(x): h(x) for x in {source} if h(x) % 3}}
    top = max(({source}), key=h)
    found = any(h(x) == -1 for x in {source})
"""
    return same(f"elements of {name}", text)


PROGRAMS: dict[str, str] = {
    "kernels over columns": """
pairs = [(x, x / 7) for x in captured]
with executor.remotely.downloadAll():
    a = sum(f(x) for x in captured), sum(g(x) for x in tuple(captured))
    b = [f(x) + int(y) for x, y in pairs], sum(f(i + x) for i, x in enumerate(captured, 3))
    c = sum(f(k) * v for k, v in table.items()), sum(f(ord(c)) for c in text if c != "o")
    d = [f(x) - y for x, y in zip(captured, reversed(captured))], sum(f(i) * j for i in range(300) for j in range(i))
    e = sum(map(f, captured)), list(map(f, map(abs, captured))), [f(x) for x in filter(odd, captured)]
""",
    "kernels that make rows": """
with executor.remotely.downloadAll():
    a = [(i, g(i)) for i in range(N) if i % 3], {f(i) % 100: i for i in range(N)}
    b = list({f(i) % 1000 for i in range(N)}), list(collections.Counter(f(i) % 10 for i in range(N)).items())
    total, count, best, best_at, out, seen = 0.5, 0, -1, -1, [], {}
    for i in range(N):
        x = f(i)
        if x % 3 == 0:
            count += 1
            total += x / 7
            out.append((i, x))
        if x > best:
            best, best_at = x, i
        seen[x % 50] = seen.get(x % 50, 0) + 1
""",
    "kernels of math and cmath": """
import cmath
POINT = (0.5, -3.0, 7)
TABLE = [0.1, 1e16, -1e16, 0.3]
def near(i):
    return math.dist(POINT, (f(i), i / 7, 2)) + math.hypot(g(i), 3, -i) - math.dist([i], [0.5])
def rest(i):
    whole = f(i) % 20
    return math.fsum(x * i for x in TABLE), math.gamma(0.3 + whole), math.lgamma(g(i) + 0.1), math.prod(range(1, whole))
def wave(i):
    z = cmath.exp(1j * g(i)) + cmath.sqrt(complex(f(i), -i))
    return cmath.log(z + 2), cmath.polar(z), cmath.tanh(z / 500), cmath.isclose(z, z + 1e-9), z.conjugate()
with executor.remotely.downloadAll():
    a = [near(i) for i in range(9_000)], max(near(i) for i in range(9_000))
    b = [rest(i) for i in range(9_000)], sum(math.erf(g(i)) + math.cbrt(i) for i in range(9_000))
    c = [wave(i) for i in range(9_000)], [(z.real, z.imag) for z in (cmath.rect(i, g(i)) for i in range(9_000))]
    d = sum(abs(sum(cmath.exp(2j * cmath.pi * i * k / 7) for k in range(7))) for i in range(9_000))
    e = [complex(i, f(i)) for i in range(9_000)], [(float(i), float(f(i))) for i in range(9_000)]
""",
    "kernels over complex arrays": """
import cmath
import numpy as np
Z, M = np.exp(1j * np.arange(9_000.0)) * 3, np.arange(600).reshape(20, 30) * (0.5 - 0.25j)
def orbit(c):
    z = c
    for n in range(40):
        if abs(z) > 1e6:
            return n
        z = z * z / 7 + c
    return 40
def dot(i):
    total = 0j
    for j in range(30):
        total += M[i % 20, j] * M[j % 20, i % 30].conjugate() / (1 + 1j)
    return total
def made(i):
    line = np.zeros(8, dtype=complex)
    for k in range(8):
        line[k] = Z[(i + k) % 9_000] * k
    return line[3], line[-1].imag, sum(line), complex(line[2])
with executor.remotely.downloadAll():
    a = sum(orbit(z) for z in Z), [z * 2 for z in Z], [abs(z) for z in Z], [z == 3 for z in Z]
    b = [dot(i) for i in range(9_000)], [made(i) for i in range(9_000)], [1 / z for z in Z], [cmath.phase(z) for z in Z]
""",
    "loops that add to what they run over": """
with executor.remotely.downloadAll():
    own, items = {k: 1 for k in range(N)}, [1] * N
    for k, v in own.items():
        own[f(k)] += v + f(k) % 7
    for k, v in enumerate(items):
        items[f(k)] += v + f(k) % 7
""",
    "a generator made in one place and consumed in another": """
def make(n):
    return (f(i) for i in range(n) if f(i) % 2)
def consume(elements):
    return sum(elements)
with executor.remotely.downloadAll():
    g1 = make(N)
    a = consume(g1)
    b = list(g1)
    g2 = make(N)
    first = next(g2), next(g2)
    rest = consume(g2)
    gens = [make(k) for k in (10, 20_000)]
    c = [consume(x) for x in gens]
    del g1, g2, gens
""",
    "late evaluation of a generator": """
with executor.remotely.downloadAll():
    k = 1
    gen = (f(i) * k for i in range(N))
    k = 3
    a = sum(gen)
    src = [1, 2, 3]
    gen2 = (x for x in src)
    src.append(4)
    b = list(gen2)
    gen3 = (x for x in src)
    src = [9]
    c = list(gen3)
    del gen, gen2, gen3
""",
    "a generator half consumed by any": """
with executor.remotely.downloadAll():
    gen = (f(i) for i in range(N))
    a = any(x > 9_000 for x in gen)
    b = next(gen)
    c = 4_000 in gen
    d = sum(gen)
    del gen
""",
    "nested loops inside functions": """
def inner(i):
    return sum(f(i + j) for j in range(30))
def outer(n):
    return [inner(i) for i in range(n)]
def matrix(n):
    return [[f(i * n + j) for j in range(n)] for i in range(n)]
with executor.remotely.downloadAll():
    a = outer(3_000)
    b = matrix(150)
    c = [sum(row) for row in b]
    d = [sum(x) for x in zip(*b)]
    e = sum(sum(f(i ^ j) for i in range(200)) for j in range(200))
""",
    "divide and conquer": """
def best(lo, hi):
    if hi - lo < 50:
        return max((f(i), i) for i in range(lo, hi))
    mid = (lo + hi) // 2
    return max(best(lo, mid), best(mid, hi))
def quick(xs):
    if len(xs) < 2:
        return xs
    pivot = xs[len(xs) // 2]
    return quick([x for x in xs if x < pivot]) + [x for x in xs if x == pivot] + quick([x for x in xs if x > pivot])
with executor.remotely.downloadAll():
    a = best(0, N)
    b = quick(captured) == sorted(captured)
    c = (best(0, 20_000), best(20_000, 40_000))
""",
    "sieve and matrix product": """
def sieve(n):
    marks = [True] * (n + 1)
    marks[0] = marks[1] = False
    for i in range(2, int(n ** 0.5) + 1):
        if marks[i]:
            for j in range(i * i, n + 1, i):
                marks[j] = False
    return [i for i, m in enumerate(marks) if m]
with executor.remotely.downloadAll():
    primes = sieve(100_000)
    a = [[(i * 7 + j) % 11 / 3 for j in range(40)] for i in range(40)]
    b = [[sum(a[i][k] * a[k][j] for k in range(40)) for j in range(40)] for i in range(40)]
""",
    "for loop: sums": """
with executor.remotely.downloadAll():
    total, flt, product, text2 = 0, 0.0, 1, ""
    for i in range(N):
        total += f(i)
        flt += g(i)
        product = product * (f(i) + 1) % 1_000_003
        if i % 100 == 0:
            text2 += t(i)
""",
    "for loop: append and add": """
with executor.remotely.downloadAll():
    xs, s, d, groups = [], set(), {}, {}
    for i in range(N):
        v = f(i)
        xs.append(v)
        s.add(v % 1000)
        d[v] = i
        groups.setdefault(v % 10, []).append(i)
    last = i, v
""",
    "for loop: counts": """
with executor.remotely.downloadAll():
    counts, dd, c = {}, collections.defaultdict(list), collections.Counter()
    for w in words:
        counts[w] = counts.get(w, 0) + 1
        dd[len(w)].append(w)
        c[w[-1]] += 1
    histogram = [0] * 20
    for i in range(N):
        histogram[f(i) % 20] += 1
""",
    "for loop: min and max idioms": """
with executor.remotely.downloadAll():
    best, where = None, None
    low = float("inf")
    for i in range(N):
        v = f(i)
        if best is None or v > best:
            best, where = v, i
        low = min(low, g(i))
    smallest = min(f(i) for i in range(N))
""",
    "for loop: early exit": """
def first(limit):
    for i in range(N):
        if f(i) > limit:
            return i
    return -1
with executor.remotely.downloadAll():
    a, b = first(9_990), first(10**6)
    for i in range(N):
        if f(i) == 4_000:
            break
    else:
        i = -1
    stopped = i
    n = 0
    while f(n) != 4_000 and n < N:
        n += 1
""",
    "for loop: carried state": """
with executor.remotely.downloadAll():
    state, xs = 12345, []
    for i in range(N):
        state = (state * 1103515245 + 12345) % 2**31
        if state % 100 == 0:
            xs.append(state)
    a, b = 0, 1
    for _ in range(2_000):
        a, b = b, a + b
    prefix = [0]
    for i in range(N):
        prefix.append(prefix[-1] + f(i))
""",
    "for loop over pairs, with print": """
with executor.remotely.downloadAll():
    seen = []
    for i, (a, b) in enumerate(rows):
        if f(a) > 9_998:
            print(i, a, b)
            seen.append((a, b))
""",
    "for loop: nested accumulation": """
with executor.remotely.downloadAll():
    grid = [[0] * 20 for _ in range(20)]
    for i in range(N):
        grid[f(i) % 20][i % 20] += 1
    total = 0
    for row in grid:
        for x in row:
            total += x * x
""",
    "comprehension that changes a list of its own": """
with executor.remotely.downloadAll():
    log = []
    def note(i):
        v = f(i)
        if v % 100 == 0:
            log.append(i)
        return v
    xs = [note(i) for i in range(N)]
    n = len(log)
    del note
""",
    "comprehension that counts calls": """
with executor.remotely.downloadAll():
    calls = {"n": 0}
    def counted(i):
        calls["n"] += 1
        return f(i)
    total = sum(counted(i) for i in range(N))
    found = any(counted(i) > 9_990 for i in range(N))
    del counted
""",
    "comprehension that pops": """
with executor.remotely.downloadAll():
    stack = list(range(N))
    a = [f(stack.pop()) for _ in range(20_000)]
    it = iter(range(N))
    b = [(f(x), next(it)) for x in it]
    left = len(stack)
    del it
""",
    "comprehension that memoises": """
with executor.remotely.downloadAll():
    memo = {}
    def cached(i):
        k = i % 500
        if k not in memo:
            memo[k] = f(k)
        return memo[k]
    xs = [cached(i) for i in range(N)]
    keys = list(memo)
    del cached
""",
    "comprehension that fills a list by index": """
with executor.remotely.downloadAll():
    out = [None] * N
    def fill(i):
        out[i] = f(i)
    nothing = [fill(i) for i in range(N)]
    del fill
""",
    "comprehension that changes attributes": """
class Acc:
    def __init__(self):
        self.total = 0
    def add(self, x):
        self.total += x
        return self.total
with executor.remotely.downloadAll():
    acc = Acc()
    totals = [acc.add(f(i)) for i in range(N)]
    class Count:
        n = 0
        def __init__(self):
            Count.n += 1
    many = len([Count() for _ in range(N)])
    n = Count.n
    del Count
""",
    "comprehension that draws from a generator of random numbers": """
import random
with executor.remotely.downloadAll():
    r = random.Random(3)
    xs = [r.random() + f(i) for i in range(N)]
    after = r.random()
    hits = sum(1 for _ in range(N) if r.random() ** 2 + r.random() ** 2 < 1)
""",
    "comprehension that changes its own elements": """
with executor.remotely.downloadAll():
    lists = [[i] for i in range(N)]
    x = [l.append(f(l[0])) for l in lists]
    same = lists[5]
    class Cell:
        def __init__(self, v):
            self.v = v
        def bump(self):
            self.v += 1
            return self.v
    cells = [Cell(f(i)) for i in range(N)]
    bumped = sum(c.bump() for c in cells)
    total = sum(c.v for c in cells)
    del cells, Cell
""",
    "comprehension with nonlocal": """
def run():
    n = 0
    def step(i):
        nonlocal n
        n += f(i) % 3
        return n
    xs = [step(i) for i in range(N)]
    return n, xs
with executor.remotely.downloadAll():
    result = run()
""",
    "elements that are made of mutable things": """
class Thing:
    def __init__(self, i):
        self.i, self.items = i, [i]
with executor.remotely.downloadAll():
    things = [Thing(f(i)) for i in range(10_000)]
    pairs = [(t, t.items) for t in things[:100]]
    alias = all(p[0].items is p[1] for p in pairs)
    shared = [things[0]] * 3
    keys = [x for x in ({"i": i} for i in range(20_000)) if f(x["i"]) % 2]
""",
    "a parallel loop over the result of another": """
with executor.remotely.downloadAll():
    a = [f(i) for i in range(N)]
    b = [f(x) for x in a]
    c = sum(x * y for x, y in zip(a, b))
    d = sorted(set(b))[:10]
    e = {k: v for k, v in zip(b, a)}
""",
    "floats to the last bit": """
with executor.remotely.downloadAll():
    a = sum(1 / (f(i) + 1) for i in range(100_000))
    b = sum(math.sin(i) * 1e10 if i % 3 else 1e-10 for i in range(100_000))
    c = sum(g(i) for i in range(N) if odd(i))
    d = sum([0.1, 1e16, -1e16] * 10_000)
    e = sum((-0.0 for _ in range(N)), -0.0), sum(-0.0 for _ in range(N))
    h = sum(i if i % 2 else i / 3 for i in range(N))
    k = sum(complex(i, f(i)) for i in range(N))
""",
    "types of sums": """
from fractions import Fraction
from decimal import Decimal
with executor.remotely.downloadAll():
    a = sum(odd(i) for i in range(N)), sum(True for _ in range(1))
    b = sum(Fraction(1, f(i) + 1) for i in range(300))
    c = sum(Decimal(f(i)) / 7 for i in range(5_000))
    d = sum((i for i in range(N)), 0.0), sum(2**40 * f(i) for i in range(N))
    e = sum((x for x in ()), "start") if False else sum(())
""",
    "wrong types deep in a loop": """
mixed = captured + ["x"] + captured
with executor.remotely.downloadAll():
    results = []
    for make in (lambda: sum(f(1) + x for x in mixed), lambda: sorted(mixed), lambda: max(mixed)):
        try:
            make()
        except TypeError as error:
            results.append(str(error))
    try:
        ",".join(f(i) if i == 30_000 else t(i) for i in range(N))
    except TypeError as error:
        results.append(str(error))
    try:
        {x: 1 for x in ([] if i == 30_000 else f(i) for i in range(N))}
    except TypeError as error:
        results.append(str(error))
    del make
""",
    "empty and tiny loops": """
with executor.remotely.downloadAll():
    a = sum(f(i) for i in range(0)), [f(i) for i in []], {x: 1 for x in ""}, set(x for x in ()), sorted(x for x in [])
    b = any(x for x in []), all(x for x in []), tuple(f(i) for i in range(1)), "".join(x for x in [])
    c = max(f(i) for i in range(1)), min((x for x in []), default="d")
    try:
        max(x for x in [])
    except ValueError as error:
        d = str(error)
""",
    "elements of very different cost": """
def uneven(i):
    return sum(f(j) for j in range(2_000 if i % 1000 == 0 else 2)) % 1009
with executor.remotely.downloadAll():
    a = [uneven(i) for i in range(20_000)]
    b = max((uneven(i), i) for i in range(5_000))
""",
    "large results and large captures": """
big = list(range(300_000))
blob = bytes(1_000_000)
with executor.remotely.downloadAll():
    a = [x * 2 for x in big]
    n = sum(blob[i % 1000] + f(i) for i in range(N))
    b = blob
    lines = [("%d " % i) * 20 for i in range(20_000)]
same = b is blob
""",
    "a lambda and a comprehension in default arguments": """
with executor.remotely.downloadAll():
    fs = [lambda x, k=k: f(x) + k for k in range(20)]
    a = [h(3) for h in fs]
    b = sum(fs[i % 20](i) for i in range(N))
    del fs
""",
    "a comprehension that makes closures": """
with executor.remotely.downloadAll():
    fs = [lambda: f(i) for i in range(30_000)]
    a = fs[0](), fs[10_000](), fs[-1]()
    gs = {k: (lambda: k) for k in range(100)}
    b = gs[0](), gs[99]()
    del fs, gs
""",
    "shadowed builtins": """
def sum(xs, start=0):
    return "mine"
class list(list):
    pass
with executor.remotely.downloadAll():
    a = sum(f(i) for i in range(N))
    b = type(list(f(i) for i in range(10))).__name__
    max = lambda xs: "block's"
    c = max(f(i) for i in range(N))
    del max
""",
    "class scope and comprehension": """
with executor.remotely.downloadAll():
    class K:
        n = 30_000
        xs = [f(i) for i in range(n)]
        total = __builtins__ and 1
    total = K.xs[-1], len(K.xs)
    del K
""",
    "word count": """
with executor.remotely.downloadAll():
    tokens = [w for line in text.split("fox") for w in line.split()]
    counts = {}
    for w in tokens:
        counts[w] = counts.get(w, 0) + 1
    top = sorted(counts.items(), key=lambda kv: (-kv[1], kv[0]))[:3]
    index = {w: [i for i, x in enumerate(tokens[:500]) if x == w] for w in counts}
    lengths = collections.Counter(len(w) for w in tokens)
""",
    "grouping with itertools and dicts": """
second = operator.itemgetter(1)
with executor.remotely.downloadAll():
    grouped = {k: [r[0] for r in v] for k, v in itertools.groupby(sorted(rows, key=second), key=second)}
    means = {k: sum(v) / len(v) for k, v in grouped.items()}
    transposed = list(zip(*rows))[1][:10]
    windows = [sum(captured[i:i + 5]) for i in range(N - 5)]
""",
    "map, filter and starmap in builtins": """
class Own:
    def __init__(self, k):
        self.k = k
    def method(self, i):
        return f(i) * self.k
own = Own(3)
with executor.remotely.downloadAll():
    a = sum(map(f, range(N))), sum(map(g, captured)), sum(map(g, captured), 0.25)
    b = list(map(f, captured)), tuple(filter(odd, range(N))), set(map(f, range(N)))
    c = dict(map(lambda i: (f(i), i), range(N))), ",".join(map(t, range(N)))
    d = max(map(f, range(N)), default=None), min(map(f, ()), default=-1), max(map(g, range(N)), key=lambda v: -v)
    e = any(map(odd, range(N))), all(map(odd, range(N))), any(map(lambda i: f(i) < 0, range(N)))
    h = sorted(filter(odd, range(N)), key=lambda i: -i), functools.reduce(operator.sub, map(f, range(N)))
    i = list(itertools.starmap(lambda a, b: f(a) + b, rows)), sum(map(add, map(f, range(N)), captured))
    j = sum(map(functools.partial(add, 3), map(f, range(N)))), sum(map(own.method, range(N)))
    k = dict(zip(words, map(f, range(N)))), [n * y for n, y in enumerate(map(f, captured), 2)]
    l = [y + z for y in map(f, range(N)) for z in filter(odd, (y, y + 1))], [*map(f, range(100))]
    m = collections.Counter(map(f, range(N))).most_common(3), statistics.mean(map(f, range(N)))
    o = math.fsum(map(g, range(N))), math.prod(map(lambda i: f(i) % 3 + 1, range(N)))
    n = next(filter(lambda i: f(i) == 17, range(N)), None), frozenset(filter(None, map(f, range(N))))
""",
    "sorted, min and max with a key function": """
class Own:
    def __init__(self, k):
        self.k = k
    def key(self, i):
        return f(i) % self.k
def noted(i):
    if i % 1_000 == 0:
        print("key", i)
    return f(i) % 5
def failing(i):
    if f(i) >= 0 and i == 31_234:
        raise KeyError(i)
    return noted(i)
def stopping(i):
    if f(i) >= 0 and i == 31_234:
        raise StopIteration(i)
    return noted(i)
with executor.remotely.downloadAll():
    a = sorted(range(N), key=f)[:50], sorted(captured, key=noted)[::500]
    b = sorted(captured, key=noted, reverse=True)[::500], max((), key=f, default=0)
    b += max(captured, key=f), min(range(N), key=noted), max(words, key=lambda w: f(int(w[1:])))
    c = sorted(table.items(), key=lambda kv: (f(kv[1]), -kv[0]))[::700], sorted(set(captured), key=Own(7).key)[:20]
    d = sorted(range(N), key=functools.partial(add, 3))[:3], max(rows, key=operator.itemgetter(1))
    e = sorted(range(N), key=lambda i: (math.nan, f(i)))[:20], max(range(N), key=lambda i: [math.nan, f(i) % 3])
    h = []
    for key in (failing, stopping, lambda i: "text" if f(i) == 77 else f(i), None):
        for make in (sorted, min, max, lambda xs, key: list(xs).sort(key=key)):
            try:
                h.append(make(range(N), key=key) == 5)
            except (KeyError, StopIteration, TypeError) as error:
                h.append((type(error).__name__, error.args))
    del make, key
""",
    "map that was begun elsewhere, or has no end": """
with executor.remotely.downloadAll():
    made = map(f, range(N))
    first = next(made)
    part = list(itertools.islice(made, 10_000))
    rest = sum(y for y in made), next(made, "ended")
    endless = list(itertools.islice(map(f, itertools.count()), N))
    until = len(list(itertools.takewhile(lambda y: y != 5, map(f, itertools.count()))))
    once = iter(map(f, range(10)))
    pairs = list(zip(once, once))
    found = next(y for y in map(f, itertools.count(7)) if y % 100 == 3)
    del made, once
""",
    "map that prints": """
def noted(i):
    if i % 1_000 == 0:
        print("call", i)
    return f(i)
with executor.remotely.downloadAll():
    total = sum(map(noted, range(N)))
    print("between")
    found = any(map(lambda i: noted(i) == 17, range(N)))
    some = list(zip(map(noted, range(N)), range(N - 5)))
    values = [y for y in filter(noted, captured)]
    lazy = map(noted, range(N))
    print("nothing is called yet")
    first = next(lazy)
    del lazy
""",
    "map that fails": """
def failing(i):
    if f(i) >= 0 and i == 31_234:
        raise KeyError(i)
    return i
with executor.remotely.downloadAll():
    try:
        total = sum(map(failing, range(N)))
    except KeyError as error:
        total = error.args
    found = any(map(lambda i: failing(i) == 31_000, range(N)))
    kept = []
    for make in (
        lambda: sum(map(f)),
        lambda: sum(map(f, 5)),
        lambda: list(map(7, range(N))),
        lambda: max(map(f, ())),
        lambda: sum(map(add, range(N))),
        lambda: list(itertools.starmap(f, range(N))),
        lambda: ",".join(map(f, range(N))),
    ):
        try:
            kept.append(make())
        except (TypeError, ValueError) as error:
            kept.append((type(error).__name__, str(error)))
    try:
        raised = [y for y in map(failing, range(N))]
    except KeyError as error:
        raised = error.args
""",
    "a map of one's own": """
def map(function, values):
    print("mine", function.__name__)
    return {v: function(v) for v in values}
class filter:
    def __init__(self, *given):
        self.given = given
    def __iter__(self):
        return iter(self.given[1][:3])
with executor.remotely.downloadAll():
    a = sum(map(f, range(N))), dict(map(f, range(100))), [y for y in map(f, range(9))]
    b = list(filter(odd, captured)), [x for x in filter(odd, captured)]
    def sum(values):
        return type(values).__name__
    c = sum(map(f, range(3)))
    del sum
""",
    **{
        f"StopIteration out of call {number:,} of a map": f"""
def ending(i):
    if f(i) % 500 == 0:
        print("at", i)
    if i == {number}:
        raise StopIteration(i)
    return f(i)
with executor.remotely.downloadAll():
    a = sum(map(ending, range(N))), list(map(ending, range(N))), [y for y in map(ending, range(N))]
    b = any(map(lambda i: ending(i) < 0, range(N))), max(map(ending, range(N)), default=None)
    c = sorted(filter(ending, range(N))), dict(zip(range(N), map(ending, range(N))))
    d = [p for p in enumerate(map(ending, range(N)), 3)], functools.reduce(operator.xor, map(ending, range(N)), 0)
    e = list(map(ending, map(abs, range(N)), captured)) if False else ",".join(map(str, map(ending, range(N))))
    h = next(filter(lambda i: ending(i) < 0, range(N)), "none"), [x + y for x in map(ending, range(N)) for y in (1, 2)]
"""
        for number in (0, 1, 9_000, 39_999)
    },
    **{
        f"StopIteration out of element {number:,}": f"""
def ending(i):
    if f(i) >= 0 and i == {number}:
        raise StopIteration(i)
    return i
met = []
with executor.remotely.downloadAll():
    for make in (
        lambda: [ending(i) for i in range(N)],
        lambda: [i for i in captured[:1] + list(range(N)) if ending(i) is not None],
        lambda: {{i: ending(i) for i in range(N)}},
        lambda: {{ending(i) for i in range(N)}},
        lambda: sum(ending(i) for i in range(N)),
        lambda: [x for x in map(ending, range(N))],
    ):
        try:
            how = len(make())
        except (StopIteration, RuntimeError, TypeError) as error:
            how = (type(error), error.args)
        print(how)
"""
        for number in (0, 9_000, 39_999)
    },
}

ROWS = [_consumer(name, expressions) for name, expressions in CONSUMERS.items()]
ROWS += [_source(name, source) for name, source in SOURCES.items()]
ROWS += [same(name, SETUP + text) for name, text in PROGRAMS.items()]
ROWS += [
    *(
        same(
            f"an aggregate that raises after elements that print: {aggregate.split('(')[0]}, {where}",
            f"""
            import math, statistics
            from functools import reduce
            def f(i):
                for _ in range(20): pass
                if i % {print_each} == 0:
                    print('element', i)
                return {good} if i < {bad_from} else {bad}
            with executor.remotely.downloadAll():
                x = {aggregate.replace("N", str(count))}
            """,
            raises="TypeError",
        )
        for aggregate, good, bad in (
            ("''.join(f(i) for i in range(N))", "'a'", "i"),
            ("sum(f(i) for i in range(N))", "3", "'a'"),
            ("max(f(i) for i in range(N))", "3", "'a'"),
            ("sorted(f(i) for i in range(N))", "3", "'a'"),
            ("dict(f(i) for i in range(N))", "(i, 2)", "i"),
            ("set(f(i) for i in range(N))", "i", "[i]"),
            ("math.fsum(f(i) for i in range(N))", "i", "'b'"),
            ("statistics.mean(f(i) for i in range(N))", "i", "'b'"),
            ("reduce(lambda a, b: a + b, (f(i) for i in range(N)))", "i", "'b'"),
        )
        for where, count, bad_from, print_each in (("in place", 10, 3, 1), ("spread", 60_000, 53_000, 10_000))
    ),
    same(
        "a dict and a set whose keys the first elements exchange, the others being pure",
        """
        def f(i):
            for _ in range(30):
                i = i * 7 % 100003
            return i
        def g(k):
            if k < 3:
                members.remove(k)
                members.add(k + 10**6)
            return f(k)
        def h(k):
            if k < 3:
                table[k + 10**6] = table.pop(k)
            return f(k)
        with executor.remotely.downloadAll():
            members = set(range(30_000))
            total = 0
            for k in members:
                total += g(k)
            members = set(range(30_000))
            made = sum([g(k) for k in members])
            table = {i: i for i in range(30_000)}
            try:
                said = sum(h(k) for k in table)
            except RuntimeError as error:
                said = str(error)
        """,
    ),
]
