"""Blocks whose outcome must be what plain Python gives; each ends by setting `out` to plain data."""

CASES = {
    "closure_shares_the_frame": """
def f(q):
    with executor.remotely:
        k = 5
        def g(x): return x + k + q
        def set_k(v):
            nonlocal k
            k = v
        class C:
            def m(self): return k
    k = 6
    a = g(1), C().m()
    set_k(9)
    q = 100
    return a, k, g(1), C().m()
out = f(10)
""",
    "unconvertible_in_closure": """
import threading
def make():
    lock = threading.Lock()
    n = 4
    def safe(x):
        if x < 0: return lock.locked()
        return x + n
    def other(x): return safe(x) * 2
    return safe, other
safe, other = make()
def g(k):
    lock = threading.Lock()
    inner = lambda x: lock if x < 0 else x + k
    with executor.remotely:
        r = inner(1)
    return r
with executor.remotely:
    r = safe(1), other(2)
out = r, g(3)
""",
    "sum": """
import math
with executor.remotely.downloadAll():
    x = sum(math.sin(i) for i in range(1000))
out = x
""",
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
    "in_method": """
class A:
    factor = 3
    def __init__(self, n): self.n = n
    def go(self):
        with executor.remotely:
            r = [self.n * i * self.factor for i in range(3)]
        return r
out = A(2).go()
""",
    "super_in_block": """
class A:
    def name(self): return "A"
class B(A):
    def name(self): return "B"
    def go(self):
        with executor.remotely:
            r = super().name() + self.name() + __class__.__name__
        return r
out = B().go()
""",
    "private_names": """
class A:
    __limit = 4
    def __init__(self): self.__v = 3
    def __m(self, i): return self.__v + i
    def go(self):
        __k = 10
        with executor.remotely:
            r = [self.__m(i) + self.__limit + __k for i in range(2)]
        return r
out = A().go()
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
    "nested_with_inside": """
import contextlib
log = 0
with executor.remotely:
    class Ctx:
        def __enter__(self): return 7
        def __exit__(self, *a): return True
    with Ctx() as v:
        w = v + 1
        raise ValueError
out = v, w
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
    "classes": """
class Point:
    dims = 2
    def __init__(self, x, y): self.x, self.y = x, y
    def __add__(self, o): return Point(self.x + o.x, self.y + o.y)
    def __eq__(self, o): return (self.x, self.y) == (o.x, o.y)
    def __repr__(self): return f"Point({self.x}, {self.y})"
    @property
    def norm(self): return self.x ** 2 + self.y ** 2
    @staticmethod
    def zero(): return Point(0, 0)
    @classmethod
    def make(cls, v): return cls(v, v)
class Point3(Point):
    def __init__(self, x, y, z):
        super().__init__(x, y)
        self.z = z
    @property
    def norm(self): return super().norm + self.z ** 2
p = Point(1, 2)
with executor.remotely:
    q = p + Point(3, 4)
    r = [Point3(i, i, i).norm for i in range(3)]
    z = Point.zero()
    m = Point3.__mro__[1].make(4)
    t = Point3(1, 2, 3)
    same = p
out = q, r, z, m, type(q) is Point, type(t) is Point3, isinstance(t, Point), t.norm, same is p, Point.dims
""",
    "slots_and_abc": """
import abc
class Shape(abc.ABC):
    __slots__ = ("w",)
    def __init__(self, w): self.w = w
    @abc.abstractmethod
    def area(self): ...
class Square(Shape):
    __slots__ = ()
    def area(self): return self.w ** 2
with executor.remotely:
    s = Square(3)
    r = s.area()
    try:
        Shape(1)
    except TypeError as err:
        bad = str(err)
out = r, s.area(), type(s) is Square, s.w, bad, isinstance(s, Shape)
""",
    "dataclass": """
import dataclasses
@dataclasses.dataclass(order=True)
class P:
    x: int
    y: float = 2.0
    tags: list = dataclasses.field(default_factory=list)
with executor.remotely:
    a = [P(i) for i in range(3)]
    b = dataclasses.replace(a[0], y=5.0)
    m = max(a)
    fields = [f.name for f in dataclasses.fields(P)]
    @dataclasses.dataclass
    class Q:
        v: int
        w: int = 3
    c = Q(1)
    missing = P.__dataclass_fields__["x"].default is dataclasses.MISSING
out = a, b, m, fields, c, type(a[0]) is P, type(c) is Q, Q(4), missing
""",
    "enum": """
import enum
class Colour(enum.Enum):
    RED = 1
    BLUE = 2
with executor.remotely:
    c = Colour(2)
    d = [k.name for k in Colour]
out = c is Colour.BLUE, d
""",
    "namedtuple": """
import collections, typing
P = collections.namedtuple("P", "x y")
class T(typing.NamedTuple):
    a: int
    b: str = "b"
with executor.remotely:
    p = P(1, 2)
    t = T(3)
    q = p._replace(x=5)
out = p, t, q, type(p) is P, type(t) is T
""",
    "user_exception": """
class Mine(Exception):
    def __init__(self, code, text):
        super().__init__(f"{code}: {text}")
        self.code = code
try:
    with executor.remotely:
        before = 1
        raise Mine(3, "oh")
        after = 2
except Mine as err:
    out = type(err) is Mine, err.args, err.code, str(err), before, "after" in globals(), frames(err)
""",
    "traceback_through_functions": """
def f(x):
    return (1 +
            g(x) + 2)
def g(x): return x / 0
try:
    with executor.remotely:
        a = 1
        b = f(a) + \\
            2
except ZeroDivisionError as err:
    out = err.args, frames(err)
""",
    "traceback_in_genexpr": """
def g(x): return 1 / (x - 3)
try:
    with executor.remotely:
        a = sum(
            g(i)
            for i in range(10))
except ZeroDivisionError as err:
    out = err.args, frames(err)
""",
    "traceback_in_listcomp": """
def go():
    with executor.remotely:
        a = 0
        b = [
            1 / (i - 3)
            for i in range(10)
        ]
try:
    go()
except ZeroDivisionError as err:
    out = err.args, frames(err)
""",
    "traceback_in_function_listcomp": """
def h(n):
    return [
        1 / (i - 3)
        for i in range(n)
    ]
try:
    with executor.remotely:
        b = h(10)
except ZeroDivisionError as err:
    out = err.args, frames(err)
""",
    "not_iterable": """
try:
    with executor.remotely:
        b = [i for i in 5]
except TypeError as err:
    out = err.args, frames(err)[:1]
""",
    "cause_and_context": """
try:
    with executor.remotely:
        try:
            {}["k"]
        except KeyError as key:
            raise ValueError("v") from key
except ValueError as err:
    c = err.__cause__
    out = [(type(c), c.args, frames(c)), err.__suppress_context__, err.__context__ is c]
try:
    with executor.remotely:
        try:
            {}["k"]
        except KeyError:
            int("x")
except ValueError as err:
    out += [type(err.__context__), err.args, err.__cause__, err.__suppress_context__]
""",
    "notes_and_groups": """
try:
    with executor.remotely:
        e = ValueError(1, 2)
        e.add_note("a note")
        e.extra = [1]
        raise e
except ValueError as err:
    out = [err.args, err.__notes__, err.extra]
try:
    with executor.remotely:
        raise ExceptionGroup("g", [ValueError(1), TypeError(2)])
except ExceptionGroup as err:
    out += [err.message, [(type(x), x.args) for x in err.exceptions]]
""",
    "special_exceptions": """
out = []
def attempt(fn):
    try:
        with executor.remotely:
            fn()
    except BaseException as err:
        out.append((type(err), err.args, str(err)))
        return err
e = attempt(lambda: open("/no/such/file"))
out.append((e.errno, e.filename))
e = attempt(lambda: b"\\xff".decode("utf-8"))
out.append((e.start, e.reason))
e = attempt(lambda: next(iter(())))
e = attempt(lambda: nothing_here)
out.append(e.name)
e = attempt(lambda: (1).nope)
e = attempt(lambda: [][3])
e = attempt(lambda: __import__("no_such_module_anywhere"))
out.append(e.name)
e = attempt(lambda: compile("1 +", "f", "exec"))
out.append((e.lineno, e.msg))
def exits(): raise SystemExit(4)
e = attempt(exits)
out.append(e.code)
""",
    "unbound": """
def f(flag):
    if flag:
        later = 1
    try:
        with executor.remotely:
            a = 1
            b = later
            c = 3
    except UnboundLocalError as err:
        return str(err), a, "b" in locals(), "c" in locals()
out = f(False)
try:
    with executor.remotely:
        q = undefined_name
except NameError as err:
    out += (str(err), err.name, "q" in globals())
""",
    "unbound_stays_local": """
later = "global"
def f():
    try:
        with executor.remotely:
            got = [later for _ in range(1)]
    except NameError as err:
        return isinstance(err, NameError)
    if 0:
        later = 1
out = f()
""",
    "del_names": """
a, b = 1, 2
with executor.remotely:
    del a
    c = b
    del c
def f():
    x, y, k = 1, 2, 3
    def g(): return y
    with executor.remotely:
        del x, y
        k = 5
    return sorted(n for n in ("x", "y", "k") if n in locals()), k
out = "a" in globals(), "c" in globals(), b, f()
""",
    "except_name_unbinds": """
def f():
    err = "mine"
    with executor.remotely:
        try:
            1 / 0
        except ZeroDivisionError as err:
            m = str(err)
    return "err" in locals(), m
err = "mine"
with executor.remotely:
    try:
        1 / 0
    except ZeroDivisionError as err:
        m = str(err)
out = f(), "err" in globals(), m
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
    "identity": """
xs = [1, 2]
class K: pass
k = K()
def fn(): return 1
import math
with executor.remotely:
    ys = xs
    both = [xs, xs, k]
    k2 = k
    f2 = fn
    m2 = math
    K2 = K
    new = [9]
    again = new
    pair = (new, again)
out = (ys is xs, both[0] is xs, both[1] is xs, both[2] is k, k2 is k, f2 is fn, m2 is math, K2 is K,
       again is new, pair[0] is new)
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
    "defined_classes_come_back": """
with executor.remotely:
    class Base:
        def hi(self): return "base"
    class Derived(Base):
        count = 0
        def hi(self): return super().hi() + "!"
        @property
        def p(self): return [i for i in range(2)]
    d = Derived()
    ds = [Derived() for _ in range(2)]
out = d.hi(), type(d) is Derived, [type(x) is Derived for x in ds], Derived().p, Derived.__mro__[1] is Base
out += (Derived.__qualname__,)
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
    "try_finally": """
with executor.remotely:
    log = []
    try:
        try:
            log.append(1)
            raise KeyError("x")
        finally:
            log.append(2)
    except KeyError as e:
        log.append(e.args)
    else:
        log.append("no")
out = log
""",
    "unconvertible_not_read": """
import threading
lock = threading.Lock()
def guarded(x):
    if x < 0:
        with lock: pass
    return x * 2
with executor.remotely:
    if False: lock.acquire()
    r = [guarded(i) for i in range(3)]
def f():
    fd = threading.Lock()
    with executor.remotely:
        if r[0]: fd.read()
        z = 4
    return z
out = r, f()
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
    "partial_and_operator": """
import functools, operator
def add(a, b): return a + b
inc = functools.partial(add, 1)
with executor.remotely:
    r = [inc(i) for i in range(3)], list(map(operator.itemgetter(0), ["ab", "cd"])), functools.reduce(add, range(5))
    dec = functools.partial(add, -1)
out = r, dec(5)
""",
    "bound_methods": """
class A:
    def __init__(self, k): self.k = k
    def times(self, x): return self.k * x
a = A(3)
m = a.times
with executor.remotely:
    r = [m(i) for i in range(3)]
    n = A(4).times
out = r, n(2)
""",
    "cached_property": """
import functools
class A:
    @functools.cached_property
    def v(self): return 42
with executor.remotely:
    r = A().v
    b = A()
out = r, b.v
""",
    "metaclass_and_hooks": """
class Meta(type):
    def __call__(cls, *a):
        made = super().__call__(*a)
        made.tag = cls.__name__
        return made
class A(metaclass=Meta):
    def __init__(self, v): self.v = v
    def __getattr__(self, name): return name.upper()
    def __call__(self, x): return self.v + x
    def __iter__(self): return iter(range(self.v))
with executor.remotely:
    a = A(3)
    r = a.tag, a.foo, a(4), [i for i in a], sum(i for i in a)
out = r, a.tag, type(a) is A
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
    "shadowed_builtins": """
def sum(xs): return "mine %s" % [x for x in xs]
with executor.remotely:
    list = "shadow"
    r = sum(i for i in range(3))
    s = [c for c in list]
out = r, s
""",
    "names_like_ours": """
source = 5
with executor.remotely:
    r = [source + i for i in range(3)]
    q = [source for source in range(3)]
out = r, q, source
""",
    "conditional_lambda_default": """
def f(key=lambda x: -x, *, other=lambda x: x): return sorted(range(4), key=key), other(2)
with executor.remotely:
    r = f(), f(key=lambda v: v % 2)
out = r
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
    "class_body_comprehension": """
with executor.remotely:
    class A:
        n = 3
        xs = [i for i in range(3)]
        ys = sum(i for i in range(4))
        def m(self): return [self.n * i for i in range(2)]
    r = A.xs, A.ys, A().m()
out = r, A.xs
""",
    "numbers": """
with executor.remotely:
    r = 7 // -2, 7 % -2, -7 // 2, 2 ** -1, 0.1 + 0.2, 10 ** 20, 1e308 * 10, round(2.5), divmod(-7, 3), hash(1.0)
out = r
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
    "property_of_closure_default": """
def make(k):
    class Inner:
        def get(self): return k
        @classmethod
        def build(cls): return cls()
    return Inner
I = make(7)
with executor.remotely:
    o = I.build()
    r = o.get()
out = r, type(o) is I, o.get()
""",
}
