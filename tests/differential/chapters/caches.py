"""What the caches of captured functions keep, in the block and after it."""

from __future__ import annotations

from tests.differential.rows import Row, refused, same

ROWS: list[Row] = [
    same(
        "caches: every kind of key, in its order, with the counts",
        """
        import functools
        def first(*args, **named):
            return [args, named]
        sizes = {}
        kinds = [functools.lru_cache(size, typed)(first) for size in (None, 0, 3, 128) for typed in (False, True)]
        def ask(f):
            before = f.cache_info()
            return f(1), f(1.0), f("a", b=2), f(b=2), f((1, 2)), f(), f(True, c="x", d=None), f("a", b=2), before
        held = [ask(f) for f in kinds]
        with executor.remotely.downloadAll():
            there = [ask(f) for f in kinds]
            same_there = [[a is b for a, b in zip(x, y)] for x, y in zip(held, there)]
            counts = [f.cache_info() for f in kinds]
        again = [ask(f) for f in kinds]
        same_again = [[a is b for a, b in zip(x, y)] for x, y in zip(there, again)]
        after = [f.cache_info() for f in kinds]
        """,
    ),
    same(
        "caches: what has fallen out",
        """
        import functools
        made = []
        @functools.lru_cache(maxsize=2)
        def f(x):
            return [x]
        a, b, c = f(1), f(2), f(1)
        with executor.remotely.downloadAll():
            d = f(3)
            e = f(1) is a, f(2) is b
            g = f.cache_info()
        h = f(1) is a, f(3) is d, f(2) is b, f.cache_info()
        """,
    ),
    same(
        "caches: an object that the block has made is the one after it",
        """
        import functools
        class Settings:
            def __init__(self, name):
                self.name = name
        @functools.cache
        def settings(name="main"):
            return Settings(name)
        with executor.remotely.downloadAll():
            x = settings()
            y = settings("other")
        x.name = "changed"
        a = settings() is x, settings("other") is y, settings().name, settings.cache_info()
        """,
    ),
    same(
        "caches: of methods, and keys with a hash of their own",
        """
        import functools
        def scale(n):
            return n * 7
        class Key:
            def __init__(self, n):
                self.n = n
            def __hash__(self):
                return hash(scale(self.n))
            def __eq__(self, other):
                return self.n == other.n
            @functools.lru_cache(maxsize=8)
            def box(self, by):
                return [self.n, by]
        k = Key(3)
        b = k.box(2)
        with executor.remotely.downloadAll():
            c = k.box(2) is b, Key(3).box(2) is b, Key(4).box(2) is b
            d = Key(4).box(2)
        e = Key(4).box(2) is d, k.box(2) is b, Key.box.cache_info()
        """,
    ),
    same(
        "caches: a cleared one, and one that raises",
        """
        import functools
        @functools.cache
        def f(x):
            return 1 // x
        @functools.cache
        def g(x):
            return [x]
        f(1), g(1)
        old = g(1)
        try:
            with executor.remotely.downloadAll():
                f.cache_clear()
                f(2)
                g.cache_clear()
                new = g(1)
                g(2)
                f(0)
        except ZeroDivisionError:
            pass
        a = f.cache_info(), g.cache_info(), g(1) is new, g(1) is old
        """,
    ),
    same(
        "caches: attributes of a cached function",
        """
        import functools
        @functools.cache
        def f(x):
            "doc"
            return x
        f.unit = "m"
        with executor.remotely.downloadAll():
            a = f.unit, f.__doc__, f.__name__, f.cache_parameters()
        """,
    ),
    same(
        "caches: of builtins, partials and bound methods",
        """
        import functools, math
        class Scale:
            def __init__(self, by): self.by = by
            def of(self, x): return [x * self.by]
        root = functools.cache(math.isqrt)
        part = functools.lru_cache(functools.partial(lambda a, b: [a, b], 1))
        bound = functools.lru_cache(Scale(3).of)
        root(9), part(2)
        held = bound(2)
        with executor.remotely.downloadAll():
            a = root(9), root(16), root.cache_info()
            b = part(2), part.cache_info()
            c = bound(2) is held, bound.cache_info()
        d = root.cache_info(), part.cache_info(), bound.cache_info()
        """,
    ),
    same(
        "caches: nested in a closure, recursive",
        """
        import functools
        def outer():
            @functools.cache
            def fib(n):
                return n if n < 2 else fib(n - 1) + fib(n - 2)
            return fib
        f = outer()
        f(20)
        with executor.remotely.downloadAll():
            a = f(30), f.cache_info()
        b = f(31), f.cache_info()
        """,
    ),
    same(
        "caches: read in a loop that is short",
        """
        import functools
        @functools.cache
        def f(x):
            return x % 3
        with executor.remotely.downloadAll():
            a = [f(i % 5) + f.cache_info().hits for i in range(20)]
        b = f.cache_info()
        """,
    ),
    refused(
        "caches: changing an object that a captured one keeps",
        "`what f() gave` was changed inside the block",
        """
        import functools
        @functools.cache
        def f(x):
            return [x]
        f(1)
        with executor.remotely.downloadAll():
            f(1).append(2)
        """,
    ),
    refused(
        "caches: an answer that cannot be sent",
        "an answer that the cache of `f` keeps cannot be sent to the cluster: cannot pickle 'generator' object. "
        "Clear the cache before the block: f.cache_clear()",
        """
        import functools
        @functools.cache
        def f(x):
            return (i for i in range(x))
        next(f(5))
        with executor.remotely.downloadAll():
            a = next(f(5))
        """,
        refusal="UnconvertibleValueError",
    ),
    refused(
        "caches: counts after a parallel loop, in the block",
        "f.cache_info() counts calls, some of which a parallel loop has made in other processes",
        """
        import functools
        @functools.cache
        def f(x):
            return x % 3
        def slow(i):
            for _ in range(900): pass
            return f(i % 5)
        with executor.remotely.downloadAll():
            a = [slow(i) for i in range(6_000)]
            try:
                b = f.cache_info()
            except BaseException:
                b = None
        """,
    ),
    refused(
        "caches: counts after a parallel loop, after the block",
        "f.cache_info() counts calls, some of which a parallel loop has made in other processes",
        """
        import functools
        @functools.cache
        def f(x):
            return x % 3
        def slow(i):
            for _ in range(900): pass
            return f(i % 5)
        with executor.remotely.downloadAll():
            a = [slow(i) for i in range(6_000)]
        b = f.cache_info()
        """,
    ),
    same(
        "caches: counts after a parallel loop and a cache_clear",
        """
        import functools
        @functools.cache
        def f(x):
            return x % 3
        def slow(i):
            for _ in range(900): pass
            return f(i % 5)
        with executor.remotely.downloadAll():
            a = [slow(i) for i in range(6_000)]
            f.cache_clear()
            f(1)
            b = f.cache_info()
        c = f(1), f.cache_info()
        with executor.remotely.downloadAll():
            a = [slow(i) for i in range(6_000)]
        f.cache_clear()
        c = f(1), f.cache_info()
        """,
    ),
]
