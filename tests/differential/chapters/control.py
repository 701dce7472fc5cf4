"""Statements and expressions at block level and in functions; the names that a body assigns."""

from __future__ import annotations

from tests.differential.rows import refused, same

ROWS = [
    same(
        "names that a body assigns",
        """
        old = 1
        with executor.remotely.downloadAll():
            for i in range(3):
                inner = i
            for a, (b, *c) in [(1, (2, 3, 4)), (5, (6, 7))]:
                pass
            if (w := 10) > 5:
                z = w
            [last := q for q in range(4)]
            with open(__file__) as handle:
                line = handle.readline()
            del handle
            x: int = 3
            y: str
            old += 1
            try:
                raise ValueError
            except ValueError as gone:
                pass
            import math as m
            from os import path
        bound = sorted(n for n in globals() if not n.startswith("_"))
        """,
    ),
    same(
        "deleted names",
        """
        a, b, keep = 1, [2], 3
        with executor.remotely.downloadAll():
            c = a + 1
            del a
            b2 = b
            del b
            d = 5
            del d
        bound = sorted(n for n in globals() if not n.startswith("_"))
        """,
    ),
    same(
        "read after del",
        """
        a = 1
        with executor.remotely.downloadAll():
            first = 1
            del a
            second = a
        """,
        raises="NameError",
    ),
    same(
        "a name that is not bound",
        """
        with executor.remotely.downloadAll():
            first = 1
            second = not_there
        """,
        raises="NameError",
    ),
    same(
        "names not bound in a branch",
        """
        flag = False
        with executor.remotely.downloadAll():
            if flag:
                x = 1
            else:
                y = 2
            for never in []:
                z = 1
        bound = sorted(n for n in globals() if not n.startswith("_"))
        """,
    ),
    same(
        "loop variable kept of a long loop",
        """
        with executor.remotely.downloadAll():
            total = 0
            for i in range(100_000):
                total += i * i % 7
            squares = [i * i for i in range(50_000)]
            after = i
        """,
    ),
    same(
        "walrus in a long comprehension",
        """
        def f(x):
            return x * 7919 % 1009
        with executor.remotely.downloadAll():
            xs = [y for i in range(60_000) if (y := f(i)) > 500]
            last = y
            found = any((hit := i) > 40_000 for i in range(60_000))
        """,
    ),
    same(
        "walrus as running total",
        """
        with executor.remotely.downloadAll():
            total = 0
            sums = [total := total + i for i in range(60_000)]
        """,
    ),
    same(
        "chained comparisons",
        """
        def f(x):
            print("f", x)
            return x
        with executor.remotely.downloadAll():
            a = 1 < f(2) < f(3) > f(0) != 5
            b = f(3) < f(2) < f(1)
            n = sum(1 for i in range(100_000) if 10 < i % 1000 <= 500 != i)
        """,
    ),
    same(
        "star-unpacking",
        """
        with executor.remotely.downloadAll():
            a, *b, c = range(5)
            (d, e), [f, *g] = (1, 2), "xyz"
            h = [*b, *g, *{1: 2}]
            i = {**{"a": 1}, "b": 2, **{"a": 3}}
            *j, = "ab"
            k = (*range(3),)
        """,
    ),
    same(
        "unpacking the wrong number",
        """
        with executor.remotely.downloadAll():
            a = 1
            b, c = [1, 2, 3]
        """,
        raises="ValueError",
    ),
    same(
        "f-strings",
        """
        class A:
            def __format__(self, spec):
                return f"<{spec}>"
        with executor.remotely.downloadAll():
            x, w = 3.14159, 10
            a = f"{x:.2f} {x!r:>{w}} {w=} {'q'!a} {A():abc} {{}} {x + w = :.1f}"
            b = "".join(f"{i:03d}," for i in range(30_000))
            c = "%s %5.1f %x" % ("a", 2.25, 255)
            d = "{0} {k}".format(1, k=2)
        """,
    ),
    same(
        "for else and while else",
        """
        def search(xs, t):
            for i, x in enumerate(xs):
                if x == t:
                    break
            else:
                return None
            return i
        with executor.remotely.downloadAll():
            a = search(range(1000), 500)
            b = search([1], 2)
            for i in range(3):
                pass
            else:
                c = "no break"
            n = 0
            while n < 10:
                n += 1
                if n == 5:
                    break
            else:
                d = "not reached"
            while False:
                pass
            else:
                e = 1
        """,
    ),
    same(
        "continue and break in long loops",
        """
        with executor.remotely.downloadAll():
            total = 0
            for i in range(200_000):
                if i % 3 == 0:
                    continue
                if i > 100_000:
                    break
                total += i
            outer = 0
            for a in range(300):
                for b in range(300):
                    if b > a:
                        break
                    outer += 1
        """,
    ),
    same(
        "match statements at block level",
        """
        command = ["go", "north", 3]
        with executor.remotely.downloadAll():
            match command:
                case ["go", ("north" | "south") as way, int(n)] if n > 2:
                    x = way, n
                case _:
                    x = None
            match {"a": 1}:
                case {"a": 1, **more}:
                    y = more
        """,
    ),
    same(
        "set and dict comprehensions",
        """
        with executor.remotely.downloadAll():
            s = {i * i % 1009 for i in range(60_000)}
            d = {i % 100: i for i in range(60_000)}
            first, last = next(iter(d.items())), list(d)[-1]
            inverse = {v: k for k, v in d.items()}
            nested = {i: {j for j in range(i % 4)} for i in range(5_000)}
        """,
    ),
    same(
        "nested clauses and conditions",
        """
        with executor.remotely.downloadAll():
            a = [(i, j) for i in range(300) for j in range(i % 20) if (i + j) % 3 == 0]
            b = sum(i * j for i in range(300) if i % 2 for j in range(300) if j % 3)
            c = [[i * j for j in range(10)] for i in range(2_000)]
            d = [x for row in c for x in row if x % 7 == 0]
        """,
    ),
    same(
        "conditional expressions and short circuit",
        """
        def loud(x):
            print(x)
            return x
        with executor.remotely.downloadAll():
            a = loud(0) and loud(1) or loud(2)
            b = "y" if loud([]) else "n"
            c = not loud("") and loud(3)
        """,
    ),
    same(
        "augmented assignments",
        """
        with executor.remotely.downloadAll():
            a = 5
            a += 1; a -= 2; a *= 10; a //= 3; a **= 2; a %= 100; a <<= 2; a |= 1; a ^= 7; a &= 255; a >>= 1
            xs = ys = [1, 2]
            xs += [3]
            xs *= 2
            d = {"k": 1}
            d["k"] += 5
            d |= {"z": 1}
            s = {1}
            s |= {2}
            s -= {1}
            t = u = (1,)
            t += (2,)
            f = 1.0
            f /= 3
        """,
    ),
    same(
        "slices",
        """
        xs = list(range(1000))
        with executor.remotely.downloadAll():
            a = xs[10:20], xs[::-100], xs[-3:], xs[5000:]
            ys = xs[:]
            ys[2:5] = "ab"
            ys[::2] = [0] * len(ys[::2])
            del ys[10:]
            s = slice(1, None, 2)
            z = xs[s][:5]
        """,
    ),
    same(
        "assert",
        """
        with executor.remotely.downloadAll():
            assert True, "fine"
            before = 1
            assert before > 2, f"wrong: {before}"
        """,
        raises="AssertionError",
    ),
    same(
        "two blocks and code between",
        """
        def f(i):
            return i % 97
        with executor.remotely.downloadAll():
            xs = [f(i) for i in range(50_000)]
        xs.append(-1)
        between = len(xs)
        with executor.remotely.downloadAll():
            total = sum(xs)
            same = xs
        ok = same is xs
        """,
    ),
    same(
        "a block in a function",
        """
        def outer(n):
            local = [1, 2, 3]
            with executor.remotely.downloadAll():
                total = sum(i * n for i in range(50_000))
                size = len(local)
            return total + size
        result = outer(3)
        """,
    ),
    same(
        "a block in a loop and a try",
        """
        results = []
        for k in range(3):
            try:
                with executor.remotely.downloadAll():
                    r = 10 // (k - 1)
                results.append(r)
            except ZeroDivisionError as error:
                results.append(str(error))
        """,
    ),
    same(
        "a block in a method with self",
        """
        class Job:
            def __init__(self, n):
                self.n = n
            def step(self, i):
                return i % self.n
            def run(self):
                with executor.remotely.downloadAll():
                    total = sum(self.step(i) for i in range(50_000))
                self.total = total
                return total
        job = Job(7)
        answer = job.run()
        """,
    ),
    same(
        "a block that does nothing",
        """
        x = 1
        with executor.remotely.downloadAll():
            pass
        with executor.remotely.downloadAll():
            ...
        with executor.remotely.downloadAll():
            "text"
            x
        """,
    ),
    same(
        "globals and locals read",
        """
        limit = 5
        with executor.remotely.downloadAll():
            a = globals()["limit"]
            b = "limit" in globals()
            def f(p):
                q = 2
                return sorted(locals())
            names = f(1)
            del f
            c = eval("limit + 1")
            d = [eval("i * 2", {"i": i}) for i in range(100)]
        """,
    ),
    refused(
        "return at block level",
        "return",
        """
        def f():
            with executor.remotely.downloadAll():
                return 1
        f()
        """,
        refusal="BadWithBlockError",
    ),
    refused(
        "yield at block level",
        "yield",
        """
        def f():
            with executor.remotely.downloadAll():
                yield 1
        list(f())
        """,
        refusal="BadWithBlockError",
    ),
    refused(
        "break out of the block",
        "break",
        """
        for i in range(3):
            with executor.remotely.downloadAll():
                break
        """,
        refusal="BadWithBlockError",
    ),
    refused(
        "star import in the block",
        "import *",
        """
        def f():
            pass
        with executor.remotely.downloadAll():
            from math import *
        """,
        refusal="BadWithBlockError",
    ),
    refused(
        "a block in a class body",
        "class",
        """
        class A:
            with executor.remotely.downloadAll():
                x = 1
        """,
        refusal="BadWithBlockError",
    ),
    refused(
        "a block in a block",
        "remote",
        """
        with executor.remotely.downloadAll():
            with executor.remotely.downloadAll():
                x = 1
        """,
        refusal="BadWithBlockError",
    ),
    same(
        "async functions run to their end inside the block",
        """
        async def g(x):
            return x + 1
        async def h():
            return [await g(i) async for i in numbers()]
        async def numbers():
            for i in range(3):
                yield i
        def drive(coroutine):
            try:
                coroutine.send(None)
            except StopIteration as stop:
                return stop.value
        with executor.remotely.downloadAll():
            x = drive(h())
        """,
    ),
]
