"""Blocks with functions, or in them; see values.py for the form."""

CASES = {
    "sum_start": """
with executor.remotely:
    a = sum((i for i in range(10)), 5)
    b = sum((i for i in range(10)), start=2.5)
    c = sorted((i % 4 for i in range(10)), key=lambda v: -v, reverse=True)
    d = max((i for i in ()), default="none")
    e = ",".join(str(i) for i in range(5))
    f = dict((i, i * i) for i in range(4))
out = (a, b, c, d, e, f)
""",
    "user_function": """
def isPrime(n):
    return n > 1 and all(n % i for i in range(2, int(n ** 0.5) + 1))
with executor.remotely:
    primes = [i for i in range(100) if isPrime(i)]
    count = sum(isPrime(i) for i in range(100))
out = primes, count, type(count)
""",
    "in_function": """
def f(q):
    k = 3
    with executor.remotely:
        z = [k + q + i for i in range(3)]
        k += 1
    return z, k
out = f(4)
""",
    "in_closure": """
def outer(a):
    def inner(b):
        with executor.remotely:
            c = [a * b + i for i in range(3)]
        return c
    return inner
out = outer(2)(5)
""",
    "recursion": """
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
with executor.remotely:
    x = [fib(i) for i in range(10)]
out = x
""",
    "mutual_recursion": """
def even(n): return True if n == 0 else odd(n - 1)
def odd(n): return False if n == 0 else even(n - 1)
with executor.remotely:
    x = [even(i) for i in range(10)]
out = x
""",
    "inner_recursion": """
def f():
    def fact(n): return 1 if n < 2 else n * fact(n - 1)
    with executor.remotely:
        x = fact(10)
    return x
out = f()
""",
    "lru_cache": """
import functools
@functools.lru_cache(maxsize=None)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
with executor.remotely:
    x = fib(50)
    same = fib
out = x, same is fib, fib.cache_parameters()
""",
    "lambdas_on_a_line": """
fs = [lambda x: x + 1, lambda x: x * 2, lambda: (lambda y: y - 1), lambda: 5, lambda: 6]
with executor.remotely:
    r = fs[0](3), fs[1](3), fs[2]()(3), fs[3](), fs[4]()
    g, h = lambda x: x + 10, lambda x: x + 20
out = r, g(1), h(1)
""",
    "closures_share": """
def make():
    n = [0]
    total = 0
    def add(k):
        nonlocal total
        total += k
        return total
    def get(): return total
    return add, get
with executor.remotely:
    add, get = make()
    add(3); add(4)
    r = get()
out = r
""",
    "late_binding": """
with executor.remotely:
    fs = [lambda: i for i in range(3)]
    gs = [lambda i=i: i for i in range(3)]
    r = [f() for f in fs], [g() for g in gs]
out = r
""",
    "defaults": """
def f(a, b=2, *args, c, d=4, **kw): return a, b, args, c, d, kw
def g(xs=[1, 2]): return sum(x for x in xs)
f.note = "hi"
with executor.remotely:
    r = f(1, c=3), f(1, 9, 8, c=3, d=5, z=1), g(), f.note, f.__defaults__, f.__kwdefaults__, f.__name__
out = r
""",
    "decorators": """
import functools
def twice(fn):
    @functools.wraps(fn)
    def wrapper(*a): return fn(*a) * 2
    return wrapper
@twice
def f(x):
    "doc"
    return x + 1
with executor.remotely:
    r = f(3), f.__name__, f.__doc__, f.__wrapped__(3)
    @twice
    def h(x): return x
    s = h(4)
out = r, s, h(5), h.__name__
""",
    "contextmanager": """
import contextlib
@contextlib.contextmanager
def around(n):
    yield n + 1
with executor.remotely:
    with around(4) as v:
        r = v * 2
out = r
""",
    "generators": """
def squares(n):
    for i in range(n):
        got = yield i * i
with executor.remotely:
    r = list(squares(5))
    g = squares(3)
    first = next(g)
    del g
    t = sum(x for x in squares(4))
    def gen():
        yield from squares(3)
    u = [*gen()]
out = r, first, t, u, list(gen())
""",
    "defined_functions_come_back": """
rate = 3
with executor.remotely:
    def scaled(x, by=2): return [x * rate * by * i for i in range(3)]
    total = lambda xs: sum(v for v in xs)
    r = scaled(1)
rate = 10
out = r, scaled(1), total([1, 2]), scaled.__module__, scaled.__globals__ is globals(), scaled.__code__.co_filename[-5:]
""",
    "closure_comes_back": """
def f():
    with executor.remotely:
        k = 5
        def g(x): return x + k
        h = lambda x: g(x) * 2
    return g, h
g, h = f()
out = g(1), h(1), g.__qualname__, g.__name__
""",
    "name_is_main": """
with executor.remotely:
    a = __name__
    def f(): pass
    b = f.__module__, f.__qualname__
out = a, b, f.__module__
""",
    "nested_functions_and_nonlocal": """
def f():
    with executor.remotely:
        count = 0
        def inc():
            nonlocal count
            count += 1
            return count
        inc(); inc()
        r = count
    return r, count
out = f()
""",
    "async_defined_inside": """
import asyncio
with executor.remotely:
    async def co(n):
        await asyncio.sleep(0)
        return n + 1
    r = asyncio.run(co(3))
out = r
""",
    "annotations": """
x: int = 1
def f(a: int, b: "str" = "q") -> list[int]: return [a]
with executor.remotely:
    y: float = 2.0
    z: "later"
    ann = f.__annotations__
    w = f(3)
out = y, w, ann, "z" in globals()
""",
    "shadowed_builtins": """
def sum(xs): return "mine %s" % [x for x in xs]
with executor.remotely:
    list = "shadow"
    r = sum(i for i in range(3))
    s = [c for c in list]
out = r, s
""",
    "conditional_lambda_default": """
def f(key=lambda x: -x, *, other=lambda x: x): return sorted(range(4), key=key), other(2)
with executor.remotely:
    r = f(), f(key=lambda v: v % 2)
out = r
""",
    "yield_and_return_in_inner": """
def f():
    with executor.remotely:
        def g():
            for i in range(3):
                yield i
        def h(x):
            return x + 1
        r = [h(v) for v in g()]
    return r
out = f()
""",
    "nested_same_line": """
with executor.remotely: a = 1; f = [lambda: a, lambda: a + 1]; g = [x() for x in f]
out = g
""",
    "finally_copies": """
def f():
    try:
        pass
    finally:
        with executor.remotely:
            x = 4
    return x
out = f()
""",
    "in_lambda_called_function": """
def apply(fn, n):
    with executor.remotely:
        r = [fn(i) for i in range(n)]
    return r
out = apply(lambda v: v * v, 4), apply(abs, 3), apply(str, 2)
""",
}
