"""Values nested some thousand levels deep, and NaNs, which are told from others by their identity."""

from __future__ import annotations

from tests.differential.rows import Row, refused, same

_DEPTH = """
        def depth(x, inner):
            n = 0
            while x:
                x = inner(x)
                n += 1
            return n
"""

ROWS: list[Row] = [
    same(
        "depths: lists, dicts and tuples within each other, captured and back",
        _DEPTH
        + """
        xs, ds, ts = [], {}, ()
        for i in range(2000):
            xs, ds, ts = [xs, i], {"in": ds, i: [i]}, (ts, [i])
        with executor.remotely.downloadAll():
            a = depth(xs, lambda x: x[0]), depth(ds, lambda x: x["in"]), depth(ts, lambda x: x[0])
            b, c, d = [], {}, ()
            for i in range(2000):
                b, c, d = [b, i], {"in": c, i: [i]}, (d, [i])
            old = xs, ds, ts
        e = depth(b, lambda x: x[0]), depth(c, lambda x: x["in"]), depth(d, lambda x: x[0])
        f = old[0] is xs, old[1] is ds, old[2] is ts, b[1], c[1999], d[1], b[0][1], c["in"][1998], d[0][1]
        del xs, ds, ts, b, c, d, old
        """,
    ),
    same(
        "depths: a linked list both ways, with what its nodes share",
        """
        import collections
        class Node:
            def __init__(self, value, before, shared):
                self.value, self.before, self.after, self.shared = value, before, None, shared
                self.counts = collections.Counter({value: 1})
                if before is not None:
                    before.after = self
        def chain(length):
            first = last = Node(0, None, shared := [1, {2: "x"}])
            for value in range(1, length):
                last = Node(value, last, shared)
            return first, last
        def check(first, last):
            node, total, shared = first, 0, 0
            while node.after is not None:
                total += node.value + node.counts[node.value] + (node.after.before is node)
                shared += node.shared is last.shared
                node = node.after
            return node is last, total, shared
        first, last = chain(3000)
        with executor.remotely.downloadAll():
            a = check(first, last)
            one, two = chain(3000)
            middle = one.after.after
            same = first.after
        b = check(one, two), middle is one.after.after, same is first.after, type(one) is Node
        del first, last, one, two, middle, same
        """,
    ),
    same(
        "depths: nodes of every kind",
        """
        import dataclasses, collections
        @dataclasses.dataclass(frozen=True)
        class Frozen:
            value: int
            inner: object
        class Slots:
            __slots__ = ("value", "inner")
            def __init__(self, value, inner):
                self.value, self.inner = value, inner
        class Items(list):
            def __init__(self, value, inner):
                self.value = value
                self.append(inner)
            @property
            def inner(self):
                return self[0]
        class Guarded:
            def __init__(self, value, inner):
                object.__setattr__(self, "value", value)
                object.__setattr__(self, "inner", inner)
            def __setattr__(self, name, value):
                raise AttributeError(name)
        def chain(kind, length):
            made = None
            for value in range(length):
                made = kind(value, made)
            return made
        def total(node):
            found = 0
            while node is not None:
                found += node.value
                node = node.inner
            return found
        kinds = [Frozen, Slots, Items, Guarded]
        captured = [chain(kind, 2500) for kind in kinds]
        with executor.remotely.downloadAll():
            a = [total(node) for node in captured]
            back = [chain(kind, 2500) for kind in kinds]
        b = [total(node) for node in back], [type(node) is kind for node, kind in zip(back, kinds)]
        del captured, back
        """,
    ),
    same(
        "depths: keys and elements that are hashed by what they hold",
        """
        class Key:
            def __init__(self, n, box):
                self.n, self.box = n, box
            def __hash__(self):
                return hash(self.n)
            def __eq__(self, other):
                return type(other) is Key and self.n == other.n
        with executor.remotely.downloadAll():
            xs = []
            for i in range(3000):
                xs = [xs, {Key(i, [i]): i, (i, "t"): Key(i, None)}, {Key(i, {}), i}, frozenset([Key(-i, ())])]
        x, n = xs, 2999
        ok = 0
        while x:
            ok += x[1][Key(n, None)] == n and x[1][n, "t"].n == n and Key(n, 0) in x[2] and Key(-n, 0) in x[3]
            x, n = x[0], n - 1
        del xs, x
        """,
    ),
    same(
        "depths: with sets in their order, NaNs, functions and classes",
        """
        nan = float("nan")
        odd = {8, 0}
        def twice(x):
            return x * 2
        class Plain: pass
        xs = [nan, odd, twice, Plain, Plain()]
        for i in range(3000):
            xs = [xs]
        def inner(x):
            while len(x) == 1:
                x = x[0]
            return x
        with executor.remotely.downloadAll():
            p, q, r, s, t = inner(xs)
            a = p is nan, p in [nan], list(q), r(4), s is Plain, type(t) is Plain
            ys = [p, {8, 0}, lambda x: x + 1, s, t, odd]
            for i in range(3000):
                ys = [ys]
        u = inner(ys)
        b = u[0] is nan, list(u[1]), u[2](1), u[3] is Plain, u[4] is inner(xs)[4], u[5] is odd
        del xs, ys, u
        """,
    ),
    same(
        "depths: a captured one in a parallel loop, and out of one",
        """
        def deep(n):
            x = []
            for i in range(n):
                x = [x, i]
            return x
        def depth(x):
            n = 0
            while x:
                x = x[0]
                n += 1
            return n
        xs = deep(2000)
        def work(i):
            return depth(xs) + i
        with executor.remotely.downloadAll():
            a = sum(work(i) for i in range(500))
            b = [deep(1000 + i) for i in range(40)]
        c = sum(map(depth, b))
        del xs, b
        """,
    ),
    same(
        "depths: in an exception",
        """
        x = None
        try:
            with executor.remotely.downloadAll():
                x = []
                for i in range(3000):
                    x = [x]
                raise ValueError(x)
        except ValueError as error:
            a = error.args[0] is x
        del x
        """,
    ),
    refused(
        "depths: changing a captured list far down",
        "`xs` was changed inside the block",
        """
        xs = [last := []]
        for i in range(3000):
            xs = [xs]
        with executor.remotely.downloadAll():
            x = xs
            while x[0]:
                x = x[0]
            x[0].append(1)
            x = None
        """,
    ),
    same(
        "depths: named tuples",
        """
        import collections, typing
        Cons = collections.namedtuple("Cons", "head tail")
        class Pair(typing.NamedTuple):
            head: int
            tail: object
        def chain(kind):
            made = None
            for i in range(3000):
                made = kind(i, made)
            return made
        def total(node):
            found = 0
            while node:
                found += node.head
                node = node.tail
            return found
        cons, pair = chain(Cons), chain(Pair)
        with executor.remotely.downloadAll():
            a = total(cons), total(pair)
            x, y = chain(Cons), chain(Pair)
        b = total(x), total(y), type(x) is Cons, type(y) is Pair
        del cons, pair, x, y
        """,
    ),
    refused(
        "depths: what is made by calls of calls of calls",
        "`made` cannot be sent to the cluster: it is nested too deeply, or refers to itself without end",
        """
        import functools
        made = len
        for i in range(5000):
            made = functools.partial(print, made)
        try:
            with executor.remotely.downloadAll():
                a = made.func
        finally:
            while made is not len:
                made = made.args[0]
        """,
        refusal="UnconvertibleValueError",
    ),
    same(
        "NaNs: those that modules have, and their bits",
        """
        import math, cmath, struct
        import numpy as np
        def bits(x):
            return struct.pack("<d", x).hex()
        odd = struct.unpack("<d", bytes.fromhex("010000000000f4ff"))[0]
        with executor.remotely.downloadAll():
            a, b, c = math.nan, np.nan, cmath.nan
            d = [math.nan, np.nan, -math.nan, odd]
            e = {math.nan: 1, odd: 2}
            f = bits(odd)
        g = a is math.nan, b is np.nan, c is cmath.nan, d[0] is a, d[1] is b, d[2] is a, d[3] is odd
        h = e[math.nan], e[odd], [bits(x) for x in d], f
        """,
    ),
    same(
        "NaNs: one in many places of what comes back",
        """
        class P: pass
        with executor.remotely.downloadAll():
            x = float("nan")
            y = float("nan")
            p = P()
            p.x, p.xs = x, (x, [x, y], {1: y})
            s = {x, y}
            c = complex(x, 1)
        a = p.x is x, p.xs[0] is x, p.xs[1][0] is x, p.xs[1][1] is y, p.xs[2][1] is y, x in s, y in s, len(s)
        b = [x] == [p.x], [x] == [y], p.xs[1].index(x), p.xs[1].count(y)
        """,
    ),
    same(
        "NaNs: out of a parallel loop, captured ones and others",
        """
        import math
        nan = float("nan")
        def f(i):
            for _ in range(90): pass
            return (nan, math.nan, float("nan"), 1.5)[i % 4]
        def g(i):
            x = f(i)
            return [x, x]
        with executor.remotely.downloadAll():
            a = [f(i) for i in range(20_000)]
            b = [g(i) for i in range(20_000)]
            c = {i: f(i) for i in range(20_000)}
            d = sum(x is nan for x in a), sum(x is math.nan for x in a), len(set(a)), a.index(nan)
        e = sum(x is nan for x in a), sum(x is math.nan for x in a), len(set(a)), sum(x is y for x, y in b if x != x)
        h = sum(x is nan for x in c.values()), sum(x[0] is math.nan for x in b), a.count(nan)
        del a, b, c
        """,
    ),
    same(
        "NaNs: in an exception, and in what the block passes on",
        """
        nan = float("nan")
        def check(xs):
            if nan in xs:
                raise ValueError(nan, xs)
        xs = [1.0, nan]
        y = None
        try:
            with executor.remotely.downloadAll():
                y = xs[1]
                check(xs)
        except ValueError as error:
            a = error.args[0] is nan, error.args[1] is xs, y is nan
        """,
    ),
]
