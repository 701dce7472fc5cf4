"""Blocks of plain statements; each table's block ends by setting `out` to plain data, for comparison."""

CASES = {
    "sum": """
import math
with executor.remotely.downloadAll():
    x = sum(math.sin(i) for i in range(1000))
out = x
""",
    "comprehensions": """
with executor.remotely:
    a = [x * y for x in range(5) for y in range(x) if y % 2]
    b = {x % 3 for x in range(10)}
    c = {x: [y for y in range(x)] for x in range(4)}
    d = [[i * j for j in range(3)] for i in range(3)]
    e = list(x for x in range(3))
    f = tuple(x for x in "abc")
    g = set(x for x in "abc")
out = a, b, c, d, e, f, g
""",
    "one_line": """
with executor.remotely: x = 1; y = x + 1
out = x, y
""",
    "loop": """
out = []
for i in range(3):
    with executor.remotely:
        y = i * 10
    out.append(y)
""",
    "inside_with": """
import io
with io.StringIO("abc") as fd, executor.remotely.downloadAll():
    x = 5
with executor.remotely as e:
    y = x + 1
out = x, y, fd.closed, type(e).__name__[-8:]
""",
    "item_after": """
import contextlib
with executor.remotely, contextlib.suppress(ZeroDivisionError):
    x = 1
    1 / 0
    x = 2
out = x
""",
    "not_taken_branch": """
x = [1]
y = x
with executor.remotely:
    if not x:
        x = 5
        z = 1
out = x is y, "z" in globals()
""",
    "imports": """
with executor.remotely:
    import os.path
    import json as j
    from math import sqrt as root, pi
    import collections.abc, string
    r = j.dumps([root(16), pi > 3]), string.digits
out = r, os.path.__name__, j.__name__, root.__name__, pi, collections.abc.__name__
""",
    "walrus_match_star": """
data = {"kind": "a", "items": [1, 2, 3]}
with executor.remotely:
    if (n := len(data)) > 1:
        big = True
    last = [m := v for v in range(4)]
    match data:
        case {"kind": kind, "items": [head, *tail], **rest}:
            ok = True
    first, *others = range(4)
out = n, big, last, m, kind, head, tail, rest, first, others
""",
    "loops_inside": """
with executor.remotely:
    total = 0
    for i in range(10):
        if i == 3: continue
        if i == 7: break
        total += i
    else:
        total = -1
    while total > 10:
        total -= 3
        if total % 2: continue
out = total, i
""",
    "types_kept": """
import decimal, fractions, datetime, collections
with executor.remotely:
    vals = [True, 1, 1.0, -0.0, 2**100, 1j, b"x", bytearray(b"y"), "s", None, ..., range(3), slice(1, 2),
            frozenset([1]), decimal.Decimal("1.10"), fractions.Fraction(1, 3), datetime.date(2020, 1, 2),
            collections.Counter("aab"), collections.deque([1], 3), collections.OrderedDict(a=1), float("inf")]
    d = collections.defaultdict(list); d[1].append(2)
    nan = float("nan")
out = [(type(v), repr(v)) for v in vals], repr(d), nan != nan
""",
    "unpacking_swap": """
a, b = 1, 2
with executor.remotely:
    a, b = b, a
    (c, [d, e]), f = (1, [2, 3]), 4
    g = h = [1]
out = a, b, c, d, e, f, g is h
""",
    "aug_assign": """
n = 5
s = "a"
t = (1,)
with executor.remotely:
    n += 1
    s += "b"
    t += (2,)
out = n, s, t
""",
    "string_formatting": """
v = 3.14159
with executor.remotely:
    a = f"{v:.2f} {[i for i in range(3)]!r} {sum(i for i in range(3)):>4}"
    b = "%d %s" % (3, "x")
out = a, b
""",
    "globals_by_string": """
import math
ham = 3
with executor.remotely:
    a = globals()["ham"]
    b = getattr(math, "pi")
    c = "ham" in globals(), "no" in globals()
out = a, b, c
""",
    "deep_and_shared": """
a = [1]
b = {"x": a, "y": a}
b["self"] = b
with executor.remotely:
    c = {"x": [1]}
    c["y"] = c["x"]
    c["self"] = c
    same = b["x"] is b["y"], b["self"] is b
out = same, c["x"] is c["y"], c["self"] is c
""",
    "names_like_ours": """
source = 5
with executor.remotely:
    r = [source + i for i in range(3)]
    q = [source for source in range(3)]
out = r, q, source
""",
    "proxy": """
p = Proxy("v1")
with executor.remotely:
    r = [len(p), p[1]] if not hasattr(p, "value_id") else ["value", "v1"] and [2, "v1"]
    q = p
out = r, q is p
""",
    "remote_block_after_block": """
with executor.remotely: a = [1, 2]
with executor.remotely: b = [x + 1 for x in a]; c = a
out = a, b, c is a
""",
    "numbers": """
with executor.remotely:
    r = 7 // -2, 7 % -2, -7 // 2, 2 ** -1, 0.1 + 0.2, 10 ** 20, 1e308 * 10, round(2.5), divmod(-7, 3), hash(1.0)
out = r
""",
}
