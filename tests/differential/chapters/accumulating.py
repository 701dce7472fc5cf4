"""`for` loops that accumulate, long enough that turns are jumped; and such that must not be."""

from __future__ import annotations

import textwrap

from tests.differential.rows import Row, same

SETUP = """
import collections, itertools, math
def f(i):
    x = i
    for _ in range(60):
        x = (x * 7919 + 13) % 10007
    return x
def g(i):
    return f(i) / 7
N, QUICK = 40_000, 6_000_000
captured = [(i * 31) % 1009 for i in range(N)]
words = ["w" + str(i % 700) for i in range(N)]
"""

# name: statements of the block
BLOCKS: dict[str, str] = {
    "ints and floats are added": """
total, share = 0, 0.0
for i in range(N):
    x = f(i)
    total += x
    share += x / 7
""",
    "floats onto an int, negative zero": """
total = 0
least = -0.0
for i in range(N):
    total += g(i)
    least += -0.0 if f(i) >= 0 else 1.0
""",
    "append, with a condition and continue": """
found = []
for i in range(N):
    if f(i) % 3:
        continue
    found.append((i, f(i)))
""",
    "append over a list, a zip, an enumerate, a product": """
a, b, c, d = [], [], [], []
for word in words:
    a.append(word + str(f(len(word))))
for x, word in zip(captured, words):
    b.append(word * (f(x) % 3))
for i, x in enumerate(captured):
    c.append(f(i) + x)
for x, y in itertools.product(range(200), range(200)):
    d.append(f(x) ^ f(y))
""",
    "sets, dicts, counts and groups": """
seen, table, counts, groups = set(), {}, {}, {}
tally, by = collections.Counter(), collections.defaultdict(list)
for i in range(N):
    x = f(i)
    seen.add(x % 1000)
    table[x] = i
    counts[x % 7] = counts.get(x % 7, 0) + 1
    groups.setdefault(x % 5, []).append(i)
    tally[x % 11] += 1
    by[x % 3].append(x)
""",
    "a histogram in a list": """
bins = [0] * 10
for i in range(N):
    bins[f(i) % 10] += 1
""",
    "the best and where it was": """
best, where = -1, None
least = 10**9
most = float("-inf")
for i in range(N):
    x = f(i)
    if x > best:
        best, where = x, i
    least = min(least, x)
    most = max(most, g(i))
""",
    "the best among ints and floats, the first of equals": """
best = 0
for i in range(N):
    x = f(i) % 5 * (1.0 if i % 2 else 1)
    best = max(best, x)
kind = type(best).__name__
""",
    "texts and lists with +=": """
text, items = "", []
for i in range(N):
    text += str(f(i) % 10)
    items += [f(i), i] if i % 2 else (i,)
    items.extend(range(f(i) % 2))
""",
    "nested loops that add": """
total, rows = 0, []
for i in range(300):
    row = []
    inner = 0
    for j in range(40):
        row.append(f(i * j))
        inner += f(j) / (1 + i)
    rows.append(row)
    total += inner
""",
    "variables of turns are as the last turn left them": """
total = 0
for i in range(N):
    x = f(i)
    if x % 1000 == 3:
        rare = i
    total += x
""",
    "in a function, with variables that only some turns bind": """
def work(n):
    total, seen = 0, []
    for i in range(n):
        if f(i) % 2:
            odd = f(i)
            seen.append(odd)
        else:
            total += f(i)
    return total, len(seen), i
answer = work(N)
""",
    "in a method, with private names": """
class Model:
    def __init__(self):
        self.__scale = 3
    def run(self, n):
        out, total = [], 0.0
        for i in range(n):
            x = f(i) * self.__scale
            out.append(x)
            total += x / 7
        return out, total
answer = Model().run(N)
""",
    "prints of turns": """
total = 0
for i in range(N):
    if f(i) % 997 == 0:
        print("turn", i)
    total += f(i)
print(total)
""",
    "a list of lists, each its own": """
rows, same_row = [], []
shared = [1]
for i in range(N):
    rows.append([f(i)])
    same_row.append(shared)
shared.append(2)
rows[0].append(5)
""",
    "errors that are caught and counted": """
total, failed = 0, []
for i in range(N):
    try:
        x = 100 // (f(i) % 50)
    except ZeroDivisionError as error:
        failed.append((i, str(error)))
    else:
        total += x
""",
    "two loops, one after the other, and again": """
answers = []
for start in (0, 1, 2):
    total = 0
    for i in range(start, N):
        total += f(i)
    answers.append(total)
""",
    "comprehensions in turns": """
out = []
for i in range(2_000):
    out.append(sum(f(j) for j in range(i % 20)))
    squares = [f(j) for j in range(5)]
    out.append(max(squares, key=lambda v: -v))
""",
    "while loops and generators in turns": """
def upto(n):
    while n:
        yield n
        n -= 1
out = []
for i in range(12_000):
    n, steps = i + 1, 0
    while n != 1 and steps < 40:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    out.append((steps, sum(upto(i % 7))))
""",
    # ---- what must not be jumped, or only with care
    "a function looks at what is added to": """
total, found = 0, []
def so_far():
    return total
for i in range(12_000):
    found.append(so_far() + f(i))
    total += 1
""",
    "a function looks at what turns bind": """
def doubled():
    return f(i) * 2
def more():
    return sum((lambda: k)() for _ in range(2)) + f(3)
total = rest = 0
for i in range(12_000):
    total += doubled()
for i in range(12_000):
    k = i % 7
    rest += more()
""",
    "a function looks at the list that is appended to": """
primes = [2]
def is_prime(n):
    return all(n % p for p in itertools.takewhile(lambda p: p * p <= n, primes))
for n in range(3, 12_000, 2):
    if is_prime(n):
        primes.append(n)
""",
    "a turn changes what others read": """
memo = {}
def fib(n):
    if n not in memo:
        memo[n] = n if n < 2 else fib(n - 1) + fib(n - 2)
    return memo[n]
total = 0
for i in range(12_000):
    total += fib(i % 90) + f(i)
size = len(memo)
""",
    "an alias of what is added to": """
a = b = []
for i in range(12_000):
    a.append(f(i) + len(b))
""",
    "an alias among groups": """
groups = {0: []}
first = groups[0]
out = []
for i in range(12_000):
    groups[i % 3 * 0].append(i)
    out.append(f(i) + len(first))
""",
    "the list that it runs over": """
items = list(range(12_000))
for x in items:
    if f(x) % 2 and len(str(x)) < 5:
        items.append(x + 100_000)
""",
    "a variable from turn to turn": """
state, out = 1, []
for i in range(N):
    state = (state * 31 + f(i)) % 1009
    out.append(state)
""",
    "break, else": """
out = []
for i in range(N):
    if f(i) == 9_999:
        break
    out.append(f(i))
else:
    out.append(-1)
for i in range(12_000):
    out.append(f(i))
else:
    out.append(-2)
""",
    "numbers of classes, and values that change their kind": """
from fractions import Fraction
from decimal import Decimal
a, b, c = Fraction(0), Decimal(0), 0
for i in range(12_000):
    x = f(i)
    a += Fraction(x, 7)
    b += Decimal(x)
    c += x if i < 9_000 else Fraction(x, 3)
""",
    "a class with its own +=": """
class Sum:
    def __init__(self):
        self.seen = []
    def __iadd__(self, x):
        self.seen.append(x)
        return self
s = Sum()
for i in range(12_000):
    s += f(i)
seen = s.seen
""",
    "a name max of the user's": """
def max(a, b):
    return a + b
best = 0
for i in range(12_000):
    best = max(best, f(i))
""",
    "NaN among the best": """
best, least = -1.0, 5.0
for i in range(N):
    x = math.nan if i in (3, 20_000) else g(i)
    if x > best:
        best = x
    least = min(least, x)
""",
    "closures that outlive their turn": """
makers = []
for i in range(12_000):
    y = f(i)
    makers.append(lambda: y + i)
answers = {m() for m in makers}
""",
    "variables bound in a comprehension of the same name": """
out = []
for i in range(12_000):
    out.append([i for i in range(f(i) % 5)])
    out.append(i)
""",
    "a map as what it runs over": """
def once(i):
    if i == 4_000:
        raise StopIteration
    return f(i)
out = []
for x in map(once, range(12_000)):
    out.append(f(x))
""",
    "pairs that are unpacked once": """
pairs = [iter((i, i + 1)) if i % 2 else (i, i + 1) for i in range(12_000)]
out = []
for x, y in pairs:
    out.append(f(x) - y)
left = [list(pair) for pair in pairs]
del pairs
""",
    "the last turn alone binds": """
for i in range(N):
    x = f(i)
    if i == N - 1:
        last = x
    elif i == 7:
        first = x
    print(end="")
out = [last, first]
""",
    "keys that are missing in the end": """
table = {i: 0 for i in range(10)}
try:
    for i in range(N):
        table[f(i) % 10 if i < 30_000 else i] += 1
except KeyError as error:
    missed = error.args
""",
    "a global is added to in a function of the block": """
def work():
    total = 0
    for i in range(N):
        total += f(i)
    return total
total = work()
total += work()
""",
    "sums beyond what floats can hold": """
total, other = 10**400, 0
for i in range(12_000):
    total += f(i)
    other += 10**300 * f(i)
""",
    "a dict that grows while it is gone through": """
table, turns = {i: i for i in range(N)}, 0
try:
    for key in table:
        turns += 1
        table[key + N] = f(key)
except RuntimeError as error:
    said, size = str(error), len(table)
""",
    "keys exchanged while a dict, and elements while a set, is gone through": """
table, members = {i: i for i in range(N)}, set(range(3000))
try:
    swapped = sum(table.pop(key) + table.setdefault(key + N, f(key)) for key in table)
except RuntimeError as error:
    said, size = str(error), len(table)
more = sum((members.remove(x), members.add(x + 10**6), f(x % 100))[2] for x in members)
""",
    "what is captured, within tuples within tuples": """
groups, total = collections.defaultdict(list), 0
for i in range(N):
    total += f(i)
    groups[i % 40].append(captured if i % 2 else i)
nested = [(i, (f(i), (i, captured))) for i in range(N)]
themselves = [sum(x is captured for group in groups.values() for x in group)]
themselves.append(sum(x[1][1][1] is captured for x in nested))
del groups, nested
""",
    "a function that lists the globals meanwhile": """
def ours():
    return sorted(name for name in globals() if "pyfora" in name)
total, listed = 0, []
for i in range(N):
    total += f(i) + len(ours())
listed = ours()
""",
}

# name: statements of the block; loops of one step over millions of turns, which a kernel may jump
QUICK: dict[str, str] = {
    "floats, onto a float and onto an int": """
total, other = 0.0, 3
for i in range(QUICK):
    total += math.sin(i)
for i in range(QUICK):
    other += i / 7
out = [total.hex(), other.hex(), i]
""",
    "floats whose sum the builtin makes another": """
total = 1e16
for i in range(QUICK):
    total += 0.1 * (i % 13)
out = [total.hex(), sum((0.1 * (i % 13) for i in range(QUICK)), 1e16).hex()]
""",
    "ints and bools, with conditions": """
count, total, true, share = 0, 0, 0, 0.5
for i in range(QUICK):
    if i % 3:
        count += 1
for i in range(QUICK, 0, -2):
    if i % 3:
        if i % 11 != 4:
            total += i * i % 7 - 3
for i in range(QUICK):
    true += i % 7 == 1
for i in range(QUICK):
    share += i
""",
    "negative zeros, and none at all": """
least, none = -0.0, 3
for i in range(QUICK):
    least += -0.0 * i
for i in range(QUICK):
    if i < 0:
        none += 0.5
out = [str(least), none]
""",
    "append": """
squares, shares = [], []
for x in range(QUICK):
    squares.append(x * x % 7)
for x in range(QUICK):
    if x % 50 == 3:
        shares.append(x / 7)
out = [len(squares), squares[-9:], squares[1000:1010], sum(squares), len(shares), shares[:9], shares[-9:], x]
del squares, shares
""",
    "ints beyond 64 bits": """
total, other, large = 0, 0, 0.0
for i in range(QUICK):
    total += i * 2**50
for i in range(QUICK):
    other += i * (2**62 if i == 3_000_000 else 1)
for i in range(QUICK):
    large += i * (2**62 if i == 3_000_000 else 1)
""",
    "infinities and a NaN": """
up, none = 0.0, 0.0
for i in range(QUICK):
    up += 1e308 if i % 2 else 5.0
for i in range(QUICK):
    none += math.inf * (0.0 if i == 3_000_000 else 1.0)
out = [str(up), str(none), math.copysign(1.0, none)]
del up, none
""",
    "a turn raises in the middle: what was added before stays": """
total, count = 0.0, 0
try:
    for i in range(QUICK):
        total += 1 / (i - 3_000_000)
except ZeroDivisionError as error:
    out = [total.hex(), i, str(error)]
try:
    for i in range(QUICK):
        count += 7 % (i - 5_999_999)
except ZeroDivisionError as error:
    out += [count, i, str(error)]
""",
    "short ones, within a function that is called often": """
class Table:
    __width = 9
    def work(self, n):
        __weight = 3
        total, out = 0, []
        for i in range(n):
            total += i % __weight
        for i in range(n, 0, -1):
            if i % 2:
                out.append(i * __weight)
        for i in range(5):
            total += i
        return total, out
found = [Table().work(i % 130) for i in range(3000)]
""",
    "functions that list their variables": """
def listing(n):
    total = 0
    for i in range(n):
        total += i
    return sorted(locals()), sorted(vars()), dir()
def working(n):
    out = []
    for i in range(n):
        out.append(f(i))
    return eval("sorted(locals())")
out = [listing(300), working(300)]
""",
    "a block that lists its variables": """
total = 0
for i in range(300):
    total += i
found = [name for name in dir() if "loop" in name]
""",
    "what is called range is another": """
def counted(range, n):
    total = 0
    for i in range(n):
        total += i
    return total
out = [counted(lambda n: [n, n + 1], 5), counted(reversed, [1, 2]), counted(range, 7), counted(range, QUICK)]
try:
    for i in range("7"):
        total += i
except TypeError as error:
    out.append(str(error))
total, huge = 0, 10**30
try:
    for i in range(huge):
        total += 1 // (i - 300)
except ZeroDivisionError as error:
    out += [total, i, str(error)]
""",
}

# name: statements of the block, what they raise
FAILURES: dict[str, tuple[str, str]] = {
    "a turn fails: what was added before stays": (
        """
out, total = [], 0
for i in range(N):
    out.append(f(i))
    total += 1 // (i - 30_000)
""",
        "ZeroDivisionError",
    ),
    "the last turn fails": (
        """
out = []
for i in range(N):
    if i == N - 1:
        raise ValueError(i)
    out.append(f(i))
""",
        "ValueError",
    ),
    "a key that is missing": (
        """
table = {i: 0 for i in range(10)}
for i in range(N):
    table[f(i) % 10 if i < 30_000 else i] += 1
""",
        "KeyError",
    ),
    "a quick turn fails": (
        """
total = 0
for i in range(QUICK):
    total += 7 // (i - 3_000_000)
""",
        "ZeroDivisionError",
    ),
    "a text onto a number": (
        """
total = 0
for i in range(N):
    total += f(i) if i < 30_000 else str(i)
""",
        "TypeError",
    ),
    "an unbound variable": (
        """
for i in range(N):
    if f(i) >= 0 and i > 30_000:
        missing.append(i)
""",
        "NameError",
    ),
    "what cannot be iterated over": (
        """
out = []
for i in len:
    out.append(f(i))
""",
        "TypeError",
    ),
}


def _program(block: str) -> str:
    return f"{SETUP}with executor.remotely.downloadAll():{textwrap.indent(block, '    ')}"


NUMPY = """
import numpy as np, warnings
ints = (np.arange(1_500_000) * 7919 % 1013 - 300).astype(np.int32)
floats = np.sin(np.arange(1_500_000.0))
"""
# name: statements of the block, which make arrays first, and what is raised
OF_NUMPY: dict[str, tuple[str, str | None]] = {
    "numbers out of arrays": (
        """
total, share, single, size, n = 0, 0.0, np.float32(0.25), np.uint16(0), 0
for i in range(1_500_000):
    total += ints[i]
    share += floats[i] * 2
    n += 1
for i in range(1_500_000):
    single += np.float32(floats[i])
for i in range(1_500_000):
    size += np.uint16(i < 60_000)
kinds = [type(x).__name__ for x in (total, share, single, size, n)]
""",
        None,
    ),
    "arrays gone through": (
        """
total, share, best, count = np.int64(3), 0.0, -9.0, 0
for x in ints:
    total += x
for x in floats:
    share += x * x - 0.5
    if x > 0.25:
        count += 1
held = [floats[::-1]]
for x in held[0]:
    if x > best:
        best = x
last, kinds = x, [type(x).__name__ for x in (total, share, best, count, x)]
for x in ints[:5]:
    total += x
for word in ("a", "b"):
    count += 1
""",
        None,
    ),
    "one of numpy's becomes another": (
        """
total = np.int16(1)
for i in range(1_500_000):
    total += np.int16(0) if i < 1_200_000 else ints[i]
kind = type(total).__name__
""",
        None,
    ),
    "numpy warns far into a loop": (
        """
warnings.simplefilter("error")
total, seen = np.int32(0), 0
for x in ints:
    total += x * np.int32(9)
    seen += 1
""",
        "RuntimeWarning",
    ),
    "a float of numpy's becomes infinite": (
        """
total = np.float32(0)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for i in range(1_500_000):
        total += np.float32(3e38) if i == 1_000_000 or i == 1_000_001 else np.float32(0)
told = [str(one.message) for one in caught]
""",
        None,
    ),
}


ROWS: list[Row] = [
    *(same(f"accumulating: {name}", _program(block)) for name, block in BLOCKS.items()),
    *(same(f"accumulating, quick: {name}", _program(block)) for name, block in QUICK.items()),
    *(same(f"accumulating: {name}", _program(block), raised) for name, (block, raised) in FAILURES.items()),
    *(same(f"accumulating: {name}", _program(NUMPY + block), raised) for name, (block, raised) in OF_NUMPY.items()),
]
