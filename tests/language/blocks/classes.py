"""Blocks with classes; see values.py for the form."""

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
    "enum_of_records": """
import enum
class Planet(enum.Enum):
    EARTH = (5, 6)
    TERRA = (5, 6)
    def __init__(self, mass, radius):
        self.mass = mass
class Rights(enum.IntFlag):
    R = 1
    W = 2
    RW = 3
with executor.remotely:
    a = Planet.EARTH.mass, Planet["TERRA"] is Planet.EARTH, list(Planet.__members__), Rights["RW"], len(Planet)
    class Coin(enum.Enum):
        ONE = 1
        UN = 1
        def __init__(self, worth):
            self.worth = worth
out = a, Coin.UN.worth, Coin["UN"] is Coin.ONE
""",
    "hooks_of_classes": """
import abc
made = []
class Meta(abc.ABCMeta):
    def __new__(mcs, *args, **more):
        print("new")
        return super().__new__(mcs, *args, **more)
    def __init__(cls, *args, **more):
        print("init")
        super().__init__(*args)
class Base(metaclass=Meta):
    def __init_subclass__(cls, /, tag):
        made.append(tag)
    @abc.abstractmethod
    def f(self): ...
class Slotted:
    __slots__ = ("a",)
    def __init_subclass__(cls, /, tag):
        made.append(tag)
class Kind(Base, tag="k"):
    def f(self): return super().f()
class Own(dict, Kind, tag="o"): pass
class Tight(Slotted, tag="t"):
    __slots__ = ("b",)
with executor.remotely:
    k = Kind(), Own(a=1), Tight()
    k[2].b = 3
    try:
        Base()
    except TypeError as error:
        message = str(error)
    count = list(made)
    bases = [c.__bases__ for c in (Kind, Own, Tight)], Own.__mro__, isinstance(k[0], Base)
    dicts = hasattr(k[2], "__dict__"), hasattr(k[1], "__dict__")
out = [type(x) for x in k] == [Kind, Own, Tight], k[2].b, message, count, bases[0][0] == (Base,), bases[0][1] == (
    dict, Kind), bases[0][2] == (Slotted,), bases[1] == Own.__mro__, bases[2], dicts, made
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
