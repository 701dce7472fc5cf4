"""Elements that one place makes and another consumes: generators passed on, `accumulate`, the keys of `list.sort`."""

from __future__ import annotations

from tests.differential.rows import same

ROWS = [
    same(
        "a generator passed on to who consumes it",
        """
        import math
        def f(x):
            for _ in range(300): pass
            return math.sin(x)
        def total(items): return sum(items)
        def collect(items): return list(items), next(items, "end")
        with executor.remotely.downloadAll():
            a = total(f(i) for i in range(500))
            b = collect(f(i) for i in range(500))
            g = (f(i) for i in range(300) if i % 3)
            c = tuple(g)
            d = list(g)
            h = (str(f(i)) for i in [1, 2, 3] * 100)
            e = ",".join(h)
            k = next(h, None)
            m = max(total(f(i) for i in range(200)), 3)
            del g, h
        """,
    ),
    same(
        "a generator left where sum raised",
        """
        def f(x):
            for _ in range(300): pass
            return x if x != 400 else "s"
        def g1(items):
            try:
                return sum(items)
            except TypeError as e:
                return str(e), next(items), list(items)
        with executor.remotely.downloadAll():
            a = g1(f(i) for i in range(500))
        """,
    ),
    same(
        "a generator left where set raised",
        """
        def f(x):
            for _ in range(300): pass
            return x if x != 400 else []
        def g1(items):
            try:
                return set(items)
            except TypeError as e:
                return str(e), next(items), list(items)
        with executor.remotely.downloadAll():
            a = g1(f(i) for i in range(500))
            b = g1(f(i) for i in range(500) if i % 2 == 0)
        """,
    ),
    same(
        "a generator whose element raises",
        """
        def f(x):
            print("p", x)
            for _ in range(300): pass
            if x == 400: raise KeyError(x)
            return x
        def g1(items):
            try:
                return sum(items)
            except KeyError as e:
                return str(e), next(items, "none"), list(items)
        with executor.remotely.downloadAll():
            a = g1(f(i) for i in range(500))
            b = g1(f(i) for i in range(500) if i % 2 == 0)
        """,
    ),
    same(
        "a generator whose element raises, uncaught",
        """
        def f(x):
            for _ in range(300): pass
            if x == 400: raise KeyError(x)
            return x
        def total(items):
            return sum(items)
        with executor.remotely.downloadAll():
            a = total(f(i) for i in range(500))
        """,
        raises="KeyError",
    ),
    same(
        "a generator that has begun",
        """
        def f(x):
            for _ in range(300): pass
            return x
        with executor.remotely.downloadAll():
            g = (f(i) for i in range(500))
            a = next(g), next(g)
            b = sum(g)
            c = list(g)
            n = repr(type(g)), g.__name__, g.__qualname__
            del g
        """,
    ),
    same(
        "a generator over a list that grows meanwhile",
        """
        def f(x):
            for _ in range(300): pass
            return x
        with executor.remotely.downloadAll():
            xs = list(range(200))
            g = (f(i) for i in xs)
            xs.extend(range(1000, 1200))
            a = list(g)
            del g
        """,
    ),
    same(
        "a generator whose variables change before it is consumed",
        """
        def f(x, k):
            for _ in range(300): pass
            return x * k
        def run():
            k = 2
            g = (f(i, k) for i in range(300))
            k = 5
            return sum(g)
        with executor.remotely.downloadAll():
            a = run()
        """,
    ),
    same(
        "what generators are called",
        """
        def run():
            g = (i for i in range(300))
            def inner():
                return (i for i in range(30))
            return g.__qualname__, inner().__qualname__, (lambda: (i for i in range(30)))().__qualname__
        with executor.remotely.downloadAll():
            a = run()
            b = (i for i in range(30)).__qualname__
        """,
    ),
    same(
        "a generator of a function with state, left where sum raised",
        """
        seen = []
        def make():
            calls = []
            def f(x):
                for _ in range(300): pass
                calls.append(x)
                return len(calls) if len(calls) < 450 else "s"
            return f, calls
        def g1(items):
            try:
                return sum(items)
            except TypeError as e:
                return str(e), next(items), len(list(items))
        with executor.remotely.downloadAll():
            f, calls = make()
            a = g1(f(i) for i in range(500))
            n = len(calls)
        """,
    ),
    same(
        "a generator that several consume",
        """
        def f(x):
            for _ in range(300): pass
            return x
        with executor.remotely.downloadAll():
            g = (f(i) for i in range(400))
            pairs = list(zip(g, g))
            h = (f(i) for i in range(400))
            a = [x for x in h]
            b = sum(h)
            k = (f(i) for i in range(400))
            c = sum(f(x) for x in k)
            d = list(k)
            del g, h, k
        """,
    ),
    same(
        "generators of two clauses, and in loops",
        """
        def f(x, y):
            for _ in range(300): pass
            return x * y
        def total(xs): return sum(xs)
        with executor.remotely.downloadAll():
            a = total(f(x, y) for x in range(30) for y in range(30))
            b = total(total(f(x, y) for x in range(10)) for y in range(50))
            c = [total(f(x, y) for x in range(10)) for y in range(50)]
        """,
    ),
    same(
        "a generator whose elements print",
        """
        def f(x):
            print("e", x)
            for _ in range(300): pass
            return x
        def total(xs): return sum(xs)
        def srt(xs):
            try:
                return sorted(xs)
            except TypeError as e:
                return str(e), list(xs)
        with executor.remotely.downloadAll():
            a = total(f(x) for x in range(300))
            b = srt(f(x) if x != 250 else "s" for x in range(300))
        """,
    ),
    same(
        "accumulate of what is made in parallel",
        """
        import itertools, operator, random
        from itertools import accumulate
        def f(x):
            for _ in range(300): pass
            return x * 1.1
        def mx(a, b):
            return max(a, b)
        with executor.remotely.downloadAll():
            a = list(accumulate(f(i) for i in range(500)))
            b = sum(itertools.accumulate((f(i) for i in range(500)), operator.mul, initial=0.5))
            c = list(accumulate(map(f, range(500)), mx))
            d = [f(x) for x in accumulate(range(500))]
            e = sum(f(x) for x in accumulate([1, 5, 3] * 100, max))
            r = list(accumulate(range(400), initial=10))
            s = set(accumulate([1.5] * 400))
            t = {x: f(x) for x in accumulate([0.1] * 400)}
            u = any(accumulate(f(i) for i in range(500)))
        """,
    ),
    same(
        "accumulate whose function raises before an element does",
        """
        from itertools import accumulate
        def f(x):
            print("f", x)
            for _ in range(300): pass
            if x == 450: raise KeyError(x)
            return x
        def add(a, b):
            if b == 300: raise ValueError(b)
            return a + b
        with executor.remotely.downloadAll():
            try:
                a = list(accumulate((f(i) for i in range(500)), add))
            except Exception as e:
                r = repr(e)
        """,
    ),
    same(
        "list.sort by a key",
        """
        def f(x):
            for _ in range(300): pass
            return x * 7919 % 1009
        with executor.remotely.downloadAll():
            xs = list(range(500))
            xs.sort(key=f)
            ys = [[i] for i in range(400)]
            zs = ys[:]
            ys.sort(reverse=True, key=lambda v: f(v[0]))
            same = all(any(a is b for b in zs) for a in ys[:5])
        """,
    ),
    same(
        "list.sort whose key raises",
        """
        def f(x):
            print("k", x)
            for _ in range(300): pass
            if x == 300: raise KeyError(x)
            return x * 7919 % 1009
        with executor.remotely.downloadAll():
            xs = list(range(500))
            try:
                xs.sort(key=f)
            except KeyError as e:
                r = repr(e)
        """,
    ),
    same(
        "list.sort whose key looks at the list",
        """

        with executor.remotely.downloadAll():
            xs = list(range(400))
            def f(x):
                for _ in range(300): pass
                return -x + len(xs)
            xs.sort(key=f)
            ys = list(range(400))
            def g(x):
                for _ in range(300): pass
                if x == 399: ys.append(1)
                return -x
            try:
                ys.sort(key=g)
            except ValueError as e:
                r = repr(e)
            class L(list):
                def sort(self, key=None): return "own"
            z = L([1, 2]).sort(key=f)
        """,
    ),
    same(
        "recursion too deep for compiled code",
        """
        import sys

        def down(n):
            return 0 if n <= 0 else 1 + down(n - 1)

        def below(k):
            return below(k - 1) if k else sum(down(i % 180) for i in range(60_000))

        with executor.remotely.downloadAll():
            fits = below(100)
            try:
                deep = below(850)
            except RecursionError:
                deep = "too deep"
            sys.setrecursionlimit(100)
            try:
                low = sum(down(i % 150) for i in range(60_000))
            except RecursionError:
                low = "too deep"
            sys.setrecursionlimit(1000)
        """,
    ),
    same(
        "recursion too deep where a loop stands deep itself",
        """
        def deep(n):
            return 0 if n == 0 else 1 + deep(n - 1)
        def fits(n):
            try:
                deep(n)
                return True
            except RecursionError:
                return False
        def from_below(d):
            if d:
                return from_below(d - 1)
            return [fits(i) for i in range(800, 900)], sum(map(fits, range(800, 900))), [fits(i) for i in range(100)]
        with executor.remotely.downloadAll():
            x = from_below(300)
        """,
    ),
]
