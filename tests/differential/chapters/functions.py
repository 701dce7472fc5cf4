"""Functions, closures, generators, decorators, modules beside the script."""

from __future__ import annotations

from tests.differential.rows import refused, same

ROWS = [
    same(
        "function in a parallel sum",
        """
        def work(i):
            x = i
            for _ in range(5):
                x = (x * 1103515245 + 12345) % 2147483648
            return x
        with executor.remotely.downloadAll():
            total = sum(work(i) for i in range(100_000))
            many = [work(i) % 100 for i in range(40_000)]
        """,
    ),
    same(
        "defaults",
        """
        seed = 3
        def f(a, b=seed, *, c=[1, 2]):
            return a + b + len(c)
        seed = 100
        with executor.remotely.downloadAll():
            one = f(1)
            two = f(1, c=[])
            three = f.__defaults__
            four = f.__kwdefaults__
            many = sum(f(i) for i in range(60_000))
        """,
    ),
    same(
        "star arguments",
        """
        def f(a, /, *args, k=1, **kwargs):
            return (a, args, k, kwargs)
        with executor.remotely.downloadAll():
            one = f(1, 2, 3, k=4, z=5, y=6)
            two = f(*[1, 2], **{"b": 3, "a": 4})
            many = [f(i, *range(i % 3), **{str(i % 2): i}) for i in range(20_000)]
        """,
    ),
    same(
        "keyword-only argument missing",
        """
        def f(*, k):
            return k
        with executor.remotely.downloadAll():
            a = f(k=1)
            b = f()
        """,
        raises="TypeError",
    ),
    same(
        "several lambdas on one line",
        """
        add, sub, twice = (lambda x, y: x + y), (lambda x, y: x - y), (lambda x: 2 * x)
        table = {"a": lambda i: i + 1, "b": lambda i: i - 1, "c": lambda i, k=7: i * k}
        with executor.remotely.downloadAll():
            a = sum(add(i, 1) - sub(i, 2) + twice(i) for i in range(50_000))
            b = [table["abc"[i % 3]](i) for i in range(30_000)]
            fs = [lambda x: x + 1, lambda x: x + 2]
            c = [f(1) for f in fs]
            del fs
        """,
    ),
    same(
        "closures",
        """
        def adder(n):
            def add(x):
                return x + n
            return add
        adders = [adder(i) for i in range(10)]
        with executor.remotely.downloadAll():
            total = sum(adders[i % 10](i) for i in range(60_000))
            here = adder(5)
            five = here(1)
            del here
        """,
    ),
    same(
        "late binding of a closure",
        """
        with executor.remotely.downloadAll():
            fs = [lambda: i for i in range(5)]
            values = [f() for f in fs]
            gs = []
            for j in range(3):
                gs.append(lambda: j)
            other = [g() for g in gs]
            del fs, gs
        """,
    ),
    same(
        "nonlocal counter",
        """
        def counter():
            n = 0
            def step():
                nonlocal n
                n += 1
                return n
            return step
        with executor.remotely.downloadAll():
            step = counter()
            values = [step() for _ in range(30_000)]
            last = step()
            del step
        """,
    ),
    same(
        "fib recursion",
        """
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)
        with executor.remotely.downloadAll():
            x = fib(21)
            xs = [fib(i % 12) for i in range(3_000)]
        """,
    ),
    same(
        "merge sort by hand",
        """
        def merge(a, b):
            out = []
            i = j = 0
            while i < len(a) and j < len(b):
                if b[j] < a[i]:
                    out.append(b[j])
                    j += 1
                else:
                    out.append(a[i])
                    i += 1
            return out + a[i:] + b[j:]
        def msort(xs):
            if len(xs) < 2:
                return xs
            middle = len(xs) // 2
            return merge(msort(xs[:middle]), msort(xs[middle:]))
        xs = [(i * 7919) % 10007 for i in range(20_000)]
        with executor.remotely.downloadAll():
            ys = msort(xs)
            right = ys == sorted(xs)
        """,
    ),
    same(
        "recursion too deep",
        """
        def down(n):
            return down(n + 1)
        with executor.remotely.downloadAll():
            try:
                down(0)
            except RecursionError as error:
                caught = type(error).__name__
        """,
    ),
    same(
        "what ends a line for str.splitlines, and not for Python",
        """
        import paged
        def doubled(x):  # \x85 and \x1c
            return 2 * x
        \f
        def last(x):
            return [doubled(x), "\u2028"]
        with executor.remotely.downloadAll():
            a = [paged.first(i) for i in range(3_000)]
            b = [paged.second(i) for i in range(3)]
            c = [last(i) for i in range(3)]
        """,
        files={
            "paged.py": """
            def first(x):
                \'\'\'One line\u2028for a reader.\'\'\'
                return x + 1
            \f
            def second(x):
                x += 1
                if x > 2:
                    return -x
                return x
            """,
        },
    ),
    same(
        "mutual recursion across modules",
        """
        import even
        with executor.remotely.downloadAll():
            a = [even.is_even(i % 50) for i in range(10_000)]
            b = even.is_even(77)
        """,
        files={
            "even.py": """
            import odd
            def is_even(n):
                return True if n == 0 else odd.is_odd(n - 1)
            """,
            "odd.py": """
            import even
            def is_odd(n):
                return False if n == 0 else even.is_even(n - 1)
            """,
        },
    ),
    same(
        "a package beside the script",
        """
        from geometry import area
        from geometry.shapes import Square
        import geometry.shapes as shapes
        square = Square(3)
        with executor.remotely.downloadAll():
            total = sum(area(Square(i)) for i in range(30_000))
            mine = Square(4)
            other = shapes.Square(5)
            same = square
            count = len(shapes.KNOWN)
        ok = type(mine) is Square is type(other) and same is square
        """,
        files={
            "geometry/__init__.py": """
            from .shapes import Square
            def area(shape):
                return shape.area()
            """,
            "geometry/shapes.py": """
            KNOWN = ["square"]
            class Square:
                def __init__(self, side):
                    self.side = side
                def area(self):
                    return self.side ** 2
            """,
        },
    ),
    same(
        "a module imported in the block",
        """
        with executor.remotely.downloadAll():
            import helper
            from helper import double as d2
            import math, json as j
            x = [helper.double(i) for i in range(20_000)]
            y = d2(4)
            z = j.dumps([math.pi])
        """,
        files={"helper.py": "def double(x):\n    return 2 * x\n"},
    ),
    same(
        "a decorator",
        """
        import functools
        def logged(f):
            @functools.wraps(f)
            def wrapper(*args):
                "inner"
                return ("logged", f(*args))
            return wrapper
        @logged
        def g(x):
            "doc of g"
            return x + 1
        with executor.remotely.downloadAll():
            name, doc = g.__name__, g.__doc__
            wrapped = g.__wrapped__(1)
            many = [g(i) for i in range(20_000)]
        """,
    ),
    same(
        "a decorator with arguments",
        """
        def times(n):
            def decorate(f):
                def wrapper(x):
                    for _ in range(n):
                        x = f(x)
                    return x
                return wrapper
            return decorate
        @times(3)
        @times(2)
        def inc(x):
            return x + 1
        with executor.remotely.downloadAll():
            a = inc(0)
            b = sum(inc(i) for i in range(20_000))
        """,
    ),
    same(
        "lru_cache",
        """
        import functools
        @functools.lru_cache(maxsize=None)
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)
        @functools.cache
        def square(n):
            return n * n
        with executor.remotely.downloadAll():
            x = fib(300)
            many = [square(i % 100) for i in range(40_000)]
        """,
    ),
    same(
        "lru_cache defined in the block",
        """
        import functools
        with executor.remotely.downloadAll():
            @functools.lru_cache
            def f(n):
                return n if n < 2 else f(n - 1) + f(n - 2)
            x = f(50)
            info = tuple(f.cache_info())
            del f
        """,
    ),
    same(
        "singledispatch",
        """
        import functools
        @functools.singledispatch
        def show(x):
            return "other"
        @show.register
        def _(x: int):
            return f"int {x}"
        @show.register(str)
        def _(x):
            return f"str {x}"
        with executor.remotely.downloadAll():
            a = [show(x) for x in (1, "a", 2.0)]
        """,
    ),
    same(
        "partial and operator",
        """
        import functools, operator
        power = functools.partial(pow, 2)
        add = functools.partial(lambda a, b=0, *, c: a + b + c, 1, c=3)
        with executor.remotely.downloadAll():
            a = sum(power(i % 20) for i in range(30_000))
            b = add(5)
            c = list(map(operator.itemgetter(1), [(1, 2), (3, 4)]))
            d = operator.attrgetter("real")(3 + 4j)
        """,
    ),
    same(
        "generators",
        """
        def count(n):
            i = 0
            while i < n:
                got = yield i * i
                i += got or 1
        def chained(n):
            result = yield from count(n)
            yield ("result", result)
            return 5
        with executor.remotely.downloadAll():
            a = list(count(30_000))
            b = sum(x for x in count(30_000))
            g = count(100)
            c = [next(g), g.send(5), next(g)]
            d = list(chained(3))
            g.close()
            del g
        """,
    ),
    same(
        "generator with finally and throw",
        """
        def gen():
            try:
                while True:
                    try:
                        yield 1
                    except ValueError as error:
                        yield str(error)
            finally:
                print("closed")
        with executor.remotely.downloadAll():
            g = gen()
            a = next(g)
            b = g.throw(ValueError("thrown"))
            g.close()
            del g
        """,
    ),
    same(
        "an infinite generator",
        """
        import itertools
        def naturals():
            n = 0
            while True:
                yield n
                n += 1
        with executor.remotely.downloadAll():
            a = list(itertools.islice(naturals(), 10_000, 20_000))
            b = next(x for x in naturals() if x * x > 10**6)
            c = sum(itertools.takewhile(lambda x: x < 5000, (n * 2 for n in naturals())))
        """,
    ),
    same(
        "attributes of functions",
        """
        def f(a: int, b: str = "x") -> float:
            "The doc."
            return 1.0
        f.extra = [1, 2]
        with executor.remotely.downloadAll():
            name, qualname, doc, module = f.__name__, f.__qualname__, f.__doc__, f.__module__
            annotations = f.__annotations__
            extra = f.extra
            arguments = f.__code__.co_varnames
        """,
    ),
    same(
        "a function defined in the block",
        """
        with executor.remotely.downloadAll():
            def f(x, y=2):
                return x ** y
            total = sum(f(i) for i in range(50_000))
            g = lambda x: x + 1
        again = f(3), g(4)
        """,
    ),
    same(
        "a function defined in one block, used in another",
        """
        with executor.remotely.downloadAll():
            offset = 10
            def f(x):
                return x + offset
        with executor.remotely.downloadAll():
            total = sum(f(i) for i in range(50_000))
        local = f(1)
        """,
    ),
    same(
        "a closure that comes back",
        """
        def adder(n):
            def add(x):
                return x + n
            return add
        with executor.remotely.downloadAll():
            add5 = adder(5)
        six = add5(1)
        """,
    ),
    same(
        "calls as arguments",
        """
        def g(i):
            return i % 17
        def h(i):
            return i % 13
        def f(a, b):
            return a * b
        with executor.remotely.downloadAll():
            a = f(g(100), h(200))
            b = sum(f(g(i), h(i)) for i in range(60_000))
            c = f(sum(g(i) for i in range(40_000)), sum(h(i) for i in range(40_000)))
        """,
    ),
    same(
        "names of functions within comprehensions",
        """
        def named(count):
            kinds = {(lambda: 0).__qualname__ for _ in range(count)}
            return [(lambda: 0).__qualname__ for _ in range(count)], kinds, list((j for j in "a") for _ in range(2))
        with executor.remotely.downloadAll():
            count = 12
            a = [(lambda: 0).__qualname__ for _ in range(count)]
            b = [[(j for j in "a").__qualname__ for _ in range(2)] for _ in range(count)]
            c = named(count)[:2]
            d = {i: (lambda: [(lambda: 0).__qualname__ for _ in range(2)])() for i in range(count)}
            e = sum((lambda: 0)(i) for i in range(count))
        """,
        raises="TypeError",
    ),
    same(
        "a wrong call",
        """
        def f(a, b):
            return a
        with executor.remotely.downloadAll():
            before = 1
            x = [f(i) for i in range(3)]
        """,
        raises="TypeError",
    ),
    same(
        "global read and shadowed",
        """
        x = 5
        def f():
            return x
        def g():
            x = 6
            return x
        with executor.remotely.downloadAll():
            a, b = f(), g()
            many = sum(f() + g() for _ in range(50_000))
        """,
    ),
    refused(
        "global assigned in a function",
        "counter",
        """
        counter = 0
        def bump():
            global counter
            counter += 1
            return counter
        with executor.remotely.downloadAll():
            a = bump()
        """,
    ),
    same(
        "global assigned in a function that is not called",
        """
        counter = 0
        def bump():
            global counter
            counter += 1
        with executor.remotely.downloadAll():
            a = 3
            if a > 5:
                bump()
        """,
    ),
    refused(
        "async with at block level",
        "await",
        """
        async def f():
            with executor.remotely.downloadAll():
                x = await g()
        async def g():
            return 1
        import asyncio
        asyncio.run(f())
        """,
        refusal="BadWithBlockError",
    ),
    same(
        "modules: imported in the block where it is not run, printing or raising",
        """
        print("before")
        with executor.remotely.downloadAll():
            print("in it")
            if len("ab") == 3:
                import loud, broken
            try:
                import nowhere
            except ImportError as error:
                a = str(error), error.name, type(error)
        import loud
        """,
        files={"loud.py": "print('loud')", "broken.py": "x = 1 / 0"},
    ),
    same(
        "modules: what is in one that prints, imported in the block where it is not run, and after it",
        """
        with executor.remotely.downloadAll():
            if len("ab") == 3:
                from loud import thing, other
                from package.inner import part
        print("after")
        from loud import thing
        from package.inner import part
        a = thing, part
        """,
        files={
            "loud.py": "import numpy\nprint('loud')\nthing = numpy.arange(2)",
            "package/__init__.py": "print('package')",
            "package/inner.py": "print('inner')\npart = 1",
        },
    ),
    same(
        "modules: one that sets up logging, imported in the block",
        """
        import logging
        with executor.remotely.downloadAll():
            import quiet
            a = quiet.N
        logging.warning("heard")
        b = len(logging.getLogger().handlers)
        """,
        files={"quiet.py": "import logging\nlogging.basicConfig(format='%(message)s')\nN = 1"},
    ),
    refused(
        "modules: imported in the block, printing",
        "your module loud prints as it is loaded; import it before the block",
        """
        with executor.remotely.downloadAll():
            print("in it")
            try:
                import loud
            except BaseException:
                a = 1
        """,
        stdout="in it\n",
        files={"loud.py": "print('loud')"},
    ),
    refused(
        "modules: imported in the block, raising",
        "your module broken raises ZeroDivisionError as it is loaded: division by zero; import it before the block",
        """
        with executor.remotely.downloadAll():
            import broken
        """,
        files={"broken.py": "x = 1 / 0"},
    ),
    same(
        "modules: run anew in the block",
        """
        import inspect, counting
        text = inspect.getsource(counting)
        with executor.remotely.downloadAll():
            own = {"__name__": "own"}
            exec(text, own)
            a = [own["count"]() for i in range(5)], own["N"], own["Kept"]().up(), own["Kept"].total
            del own
        b = counting.N, counting.count(), counting.Kept.total
        """,
        files={
            "counting.py": """
            N = 0
            def count(seen=[]):
                global N
                N += 1
                seen.append(N)
                return list(seen)
            class Kept:
                total = 0
                def up(self):
                    type(self).total += 1
                    return self.total
            """
        },
    ),
]
