"""Classes of all kinds, their instances, and what comes back of them."""

from __future__ import annotations

from tests.differential.rows import same

ROWS = [
    same(
        "inheritance and super",
        """
        class Base:
            rate = 2
            def __init__(self, x):
                self.x = x
            def value(self):
                return self.x * self.rate
        class Left(Base):
            def value(self):
                return super().value() + 1
        class Right(Base):
            rate = 5
            def value(self):
                return super(Right, self).value() + 2
        class Both(Left, Right):
            def __init__(self, x, y):
                super().__init__(x)
                self.y = y
        with executor.remotely.downloadAll():
            b = Both(3, 4)
            v = b.value()
            total = sum(Both(i, 0).value() for i in range(30_000))
            mro = [c.__name__ for c in Both.__mro__]
            is_a = isinstance(b, Right), issubclass(Both, Base), type(b) is Both
        ok = type(b) is Both
        """,
    ),
    same(
        "property, staticmethod, classmethod, class attribute",
        """
        class Temperature:
            zero = 273.15
            known = {"ice": 0.0}
            def __init__(self, celsius):
                self._celsius = celsius
            @property
            def kelvin(self):
                return self._celsius + self.zero
            @kelvin.setter
            def kelvin(self, value):
                self._celsius = value - self.zero
            @kelvin.deleter
            def kelvin(self):
                self._celsius = None
            @staticmethod
            def convert(x):
                return x * 9 / 5 + 32
            @classmethod
            def named(cls, name):
                return cls(cls.known[name])
        with executor.remotely.downloadAll():
            t = Temperature(20.0)
            k = t.kelvin
            t.kelvin = 300
            ice = Temperature.named("ice")
            many = sum(Temperature(i).kelvin for i in range(30_000))
            f = [Temperature.convert(i) for i in range(1000)]
            gone = Temperature(1.0)
            del gone.kelvin
            try:
                Temperature(1).nothing
            except AttributeError as error:
                text = str(error)
        """,
    ),
    same(
        "slots",
        """
        class Point:
            __slots__ = ("x", "y", "__hidden")
            def __init__(self, x, y):
                self.x, self.y = x, y
                self.__hidden = x + y
        class Sub(Point):
            __slots__ = ("z",)
        class Open(Point):
            pass
        p = Point(1, 2)
        with executor.remotely.downloadAll():
            q = Point(3, 4)
            r = Sub(5, 6)
            o = Open(7, 8)
            o.extra = [1]
            total = sum(Point(i, 1).x for i in range(30_000))
            passed = p
            many = [Point(i, p.x) for i in range(5_000)]
            try:
                q.other = 1
            except AttributeError as error:
                text = str(error)
        ok = passed is p, type(q) is Point
        """,
    ),
    same(
        "dataclasses",
        """
        from dataclasses import dataclass, field, asdict, replace, fields
        @dataclass(order=True)
        class Item:
            price: float
            name: str = "none"
            tags: list = field(default_factory=list)
            total: float = field(init=False, compare=False)
            def __post_init__(self):
                self.total = self.price * 2
        captured = Item(1.5, "c", ["x"])
        with executor.remotely.downloadAll():
            a = Item(2.0)
            a.tags.append("mine")
            b = replace(a, name="b")
            shown = repr(b)
            d = asdict(a)
            cheapest = min((Item(float(i * 7919 % 1000 + 1), str(i)) for i in range(20_000)))
            ordered = sorted([Item(3.0), Item(1.0), captured])
            names = [f.name for f in fields(Item)]
            equal = a == Item(2.0, tags=["mine"])
        ok = type(a) is Item and ordered[1] is captured
        """,
    ),
    same(
        "frozen dataclass",
        """
        from dataclasses import dataclass, FrozenInstanceError
        @dataclass(frozen=True, slots=True)
        class Key:
            a: int
            b: str
        k = Key(1, "x")
        with executor.remotely.downloadAll():
            counts = {Key(i % 3, "y"): i for i in range(20_000)}
            found = counts[Key(2, "y")]
            try:
                k.a = 5
            except FrozenInstanceError as error:
                message = str(error)
            made = [Key(i, "z") for i in range(3)]
        ok = type(made[0]) is Key
        """,
    ),
    same(
        "namedtuples",
        """
        import collections, typing
        Point = collections.namedtuple("Point", "x y", defaults=[0])
        class Row(typing.NamedTuple):
            name: str
            value: int = 3
            def twice(self):
                return self.value * 2
        p = Point(1, 2)
        with executor.remotely.downloadAll():
            q = p._replace(x=5)
            r = Row("a")
            t = sum(Row("b", i).twice() for i in range(30_000))
            many = [Point(i) for i in range(10_000)]
            x, y = q
            d = r._asdict()
            f = Point._fields
        ok = type(q) is Point, type(r) is Row, type(many[0]) is Point
        """,
    ),
    same(
        "enums",
        """
        import enum
        class Color(enum.Enum):
            RED = 1
            GREEN = "g"
            ROT = 1
            def low(self):
                return self.name.lower()
        class Level(enum.IntEnum):
            A = 1
            B = 2
        class Flags(enum.Flag):
            R = enum.auto()
            W = enum.auto()
        with executor.remotely.downloadAll():
            a = Color.RED
            b = Color("g")
            c = [Color(1 if i % 2 else "g") for i in range(20_000)]
            same = all(x is Color.RED or x is Color.GREEN for x in c)
            d = Flags.R | Flags.W
            e = Level.A + Level.B, Level.B > Level.A, max(Level)
            f = {Color.RED: 1, Color.ROT: 2}
            names = [m.low() for m in Color]
            members = list(Color.__members__)
        ok = a is Color.RED and c[1] is Color.RED
        """,
    ),
    same(
        "operator methods",
        """
        class V:
            def __init__(self, *xs):
                self.xs = xs
            def __add__(self, o):
                return V(*(a + b for a, b in zip(self.xs, o.xs)))
            def __radd__(self, o):
                return self if o == 0 else NotImplemented
            def __mul__(self, k):
                return V(*(a * k for a in self.xs))
            __rmul__ = __mul__
            def __neg__(self):
                return self * -1
            def __eq__(self, o):
                return isinstance(o, V) and self.xs == o.xs
            def __hash__(self):
                return hash(self.xs)
            def __lt__(self, o):
                return self.xs < o.xs
            def __matmul__(self, o):
                return sum(a * b for a, b in zip(self.xs, o.xs))
            def __bool__(self):
                return any(self.xs)
            def __abs__(self):
                return max(map(abs, self.xs))
            def __repr__(self):
                return f"V{self.xs}"
            def __iadd__(self, o):
                self.xs = tuple(a + b for a, b in zip(self.xs, o.xs))
                return self
        with executor.remotely.downloadAll():
            total = sum(V(i, -i) for i in range(20_000))
            big = max(V(i % 100, i) for i in range(20_000))
            dot = V(1, 2) @ V(3, 4)
            v = 2 * -V(1, 2)
            w = v
            w += V(1, 1)
            distinct = len({V(i % 10) for i in range(20_000)})
            falsy = bool(V(0, 0))
            shown = repr(V(1))
            try:
                "a" + V(1)
            except TypeError as error:
                text = str(error)
        """,
    ),
    same(
        "container methods",
        """
        class Box:
            def __init__(self, xs):
                self.xs = xs
            def __getitem__(self, i):
                return self.xs[i]
            def __setitem__(self, i, v):
                self.xs[i] = v
            def __delitem__(self, i):
                del self.xs[i]
            def __len__(self):
                return len(self.xs)
            def __iter__(self):
                return iter(self.xs)
            def __contains__(self, x):
                return x in self.xs
            def __reversed__(self):
                return reversed(self.xs)
            def __call__(self, k):
                return [x * k for x in self.xs]
            def __missing__(self, k):
                return k
        shared = Box(list(range(100)))
        with executor.remotely.downloadAll():
            total = sum(shared[i % 100] for i in range(50_000))
            total2 = sum(x for x in shared)
            inside = [i in shared for i in range(200)]
            b = Box([1, 2, 3])
            b[0] = 5
            del b[1]
            n, r, s, c = len(b), list(reversed(b)), b[:1], b(2)
            first, *rest = b
        """,
    ),
    same(
        "old sequence protocol and __getattr__",
        """
        class Old:
            def __getitem__(self, i):
                if i > 4:
                    raise IndexError
                return i * i
        class Dynamic:
            def __getattr__(self, name):
                if name.startswith("__"):
                    raise AttributeError(name)
                return name.upper()
        with executor.remotely.downloadAll():
            a = [x for x in Old()]
            b = 9 in Old()
            c = Dynamic().hello
            d = sum(x for _ in range(3_000) for x in Old())
        """,
    ),
    same(
        "context managers of one's own",
        """
        import contextlib
        class Guard:
            def __init__(self, name, swallow=False):
                self.name, self.swallow = name, swallow
            def __enter__(self):
                print("enter", self.name)
                return self
            def __exit__(self, kind, value, tb):
                print("exit", self.name, kind and kind.__name__)
                return self.swallow
        @contextlib.contextmanager
        def manager(x):
            print("before")
            try:
                yield x + 1
            finally:
                print("after")
        with executor.remotely.downloadAll():
            with Guard("a") as a, Guard("b", True) as b:
                with manager(1) as two:
                    raise ValueError("swallowed")
            with contextlib.suppress(KeyError):
                {}["x"]
            with contextlib.ExitStack() as stack:
                stack.callback(print, "callback")
                n = stack.enter_context(manager(5))
            del stack
            done = True
        """,
    ),
    same(
        "__init_subclass__, __set_name__, descriptors",
        """
        class Field:
            def __set_name__(self, owner, name):
                self.name = name
            def __get__(self, obj, owner=None):
                return self if obj is None else obj.__dict__.get(self.name, 0)
            def __set__(self, obj, value):
                obj.__dict__[self.name] = value * 2
        class Base:
            kinds = []
            def __init_subclass__(cls, /, tag="none", **kwargs):
                super().__init_subclass__(**kwargs)
                cls.tag = tag
                Base.kinds.append(cls.__name__)
        class A(Base, tag="a"):
            x = Field()
        class B(A):
            pass
        with executor.remotely.downloadAll():
            a = A()
            a.x = 5
            x = a.x
            tags = A.tag, B.tag
            kinds = list(Base.kinds)
        """,
    ),
    same(
        "metaclass",
        """
        class Meta(type):
            def __new__(mcls, name, bases, body, **kw):
                body["added"] = len(body)
                return super().__new__(mcls, name, bases, body)
            def __init__(cls, name, bases, body, **kw):
                super().__init__(name, bases, body)
            def __call__(cls, *args):
                made = super().__call__(*args)
                made.counted = True
                return made
            def __len__(cls):
                return 42
        class A(metaclass=Meta, option=1):
            pass
        with executor.remotely.downloadAll():
            a = A()
            n = len(A)
            t = type(A).__name__
            m = sum(A().counted for _ in range(10_000))
        ok = type(a) is A
        """,
    ),
    same(
        "abc and Protocol",
        """
        import abc, typing
        class Shape(abc.ABC):
            @abc.abstractmethod
            def area(self): ...
            @property
            @abc.abstractmethod
            def name(self): ...
        class Square(Shape):
            def __init__(self, a):
                self.a = a
            def area(self):
                return self.a ** 2
            @property
            def name(self):
                return "square"
        @typing.runtime_checkable
        class HasArea(typing.Protocol):
            def area(self) -> int: ...
        @Shape.register
        class Virtual:
            pass
        with executor.remotely.downloadAll():
            s = Square(3)
            total = sum(Square(i).area() for i in range(30_000))
            try:
                Shape()
            except TypeError as error:
                text = str(error)
            checks = isinstance(s, HasArea), isinstance(3, HasArea), isinstance(Virtual(), Shape)
        """,
    ),
    same(
        "generic and TypeVar",
        """
        from typing import Generic, TypeVar, Optional
        T = TypeVar("T")
        class Stack(Generic[T]):
            def __init__(self):
                self.items: list[T] = []
            def push(self, x: T) -> "Stack[T]":
                self.items.append(x)
                return self
            def pop(self) -> Optional[T]:
                return self.items.pop() if self.items else None
        with executor.remotely.downloadAll():
            s = Stack[int]().push(1).push(2)
            x = s.pop()
        """,
    ),
    same(
        "subclasses of builtins",
        """
        class MyInt(int):
            def __add__(self, o):
                return MyInt(int(self) + int(o))
        class MyStr(str):
            pass
        class MyList(list):
            def total(self):
                return sum(self)
        class MyDict(dict):
            def __missing__(self, key):
                return key * 2
        class MyTuple(tuple):
            def __new__(cls, *xs):
                return super().__new__(cls, xs)
        class MyFloat(float):
            pass
        with executor.remotely.downloadAll():
            a = MyInt(3) + 4
            b = MyStr("x")
            b.note = "n"
            c = MyList(range(20_000))
            n = c.total()
            c2 = MyList([1])
            c2.tag = c2
            d = MyDict(a=1)
            e = d["q"]
            f = MyTuple(1, 2)
            g = MyFloat(2.5)
        """,
    ),
    same(
        "instances as captured constants",
        """
        class Config:
            def __init__(self):
                self.table = {i: i * i for i in range(100)}
                self.next = self
            def look(self, i):
                return self.table[i % 100]
        config = Config()
        class Namespace:
            scale = 3
            inner = config
        with executor.remotely.downloadAll():
            total = sum(config.look(i) for i in range(50_000))
            scaled = [Namespace.scale * i for i in range(10_000)]
            same = Namespace.inner is config, config.next is config
            back = config
        ok = back is config
        """,
    ),
    same(
        "instance of a module's class",
        """
        import shapes
        from shapes import Circle
        with executor.remotely.downloadAll():
            c = Circle(2)
            d = shapes.make(3)
            many = [Circle(i) for i in range(10_000)]
            k = shapes.Kind.ROUND
        ok = type(c) is Circle, type(d) is shapes.Circle, type(many[-1]) is Circle, k is shapes.Kind.ROUND
        """,
        files={
            "shapes.py": """
            import enum
            class Kind(enum.Enum):
                ROUND = 1
            class Circle:
                kind = Kind.ROUND
                def __init__(self, r):
                    self.r = r
                    self.mine = self.kind
            def make(r):
                return Circle(r)
            """
        },
    ),
    same(
        "a class defined in the block",
        """
        with executor.remotely.downloadAll():
            class Inner:
                count = 0
                def __init__(self, v):
                    self.v = v
                class Nested:
                    pass
            i = Inner(3)
            xs = [Inner(k) for k in range(10_000)]
            n = Inner.Nested()
            total = sum(x.v for x in xs)
        ok = type(i) is Inner, type(xs[0]) is Inner, type(n) is Inner.Nested
        """,
    ),
    same(
        "a class made by a function",
        """
        def make(n):
            class Made:
                size = n
                def f(self):
                    return self.size
            return Made
        Three = make(3)
        with executor.remotely.downloadAll():
            a = Three().f()
            b = make(5)().f()
            c = Three()
        ok = type(c) is Three
        """,
    ),
    same(
        "type() of three arguments",
        """
        Dyn = type("Dyn", (), {"x": 5, "__module__": __name__})
        with executor.remotely.downloadAll():
            Made = type("Made", (list,), {"y": 6})
            y = Made([1]).y
            del Made
        """,
    ),
    same(
        "bound methods as values",
        """
        class A:
            def __init__(self, k):
                self.k = k
            def times(self, x):
                return self.k * x
        a = A(3)
        f = a.times
        g = A.times
        h = "x".join
        with executor.remotely.downloadAll():
            total = sum(f(i) for i in range(50_000))
            b = g(a, 2)
            c = h(str(i) for i in range(10_000))
            m = list(map(a.times, range(20_000)))
        """,
    ),
    same(
        "typed dicts",
        """
        import typing
        class Point(typing.TypedDict, total=False):
            x: int
            name: typing.Required[str]
        class Line(Point):
            end: "Point"
        def line(i):
            return Line(x=i, name="a", end=Point(name="b"))
        with executor.remotely.downloadAll():
            made = line(1)
            hints = sorted(typing.get_type_hints(Line)), Line.__required_keys__, typing.is_typeddict(Line)
            class Own(typing.TypedDict):
                m: int
            class Further(Own, total=False):
                n: int
        own = Further(m=1), sorted(Further.__required_keys__), Further.__total__, typing.is_typeddict(Further)
        """,
    ),
    same(
        "an operator.methodcaller, called",
        """
        import operator
        split = operator.methodcaller("split", sep=",")
        with executor.remotely.downloadAll():
            parts = split("a,b")
        """,
    ),
    same(
        "attributes of instances whose library says what is copied",
        """
        import collections, datetime, decimal, fractions, ipaddress, pathlib, random
        class Counts(collections.Counter):
            def __init__(self, *counted, tag):
                print("made", tag)
                super().__init__(*counted)
                self.tag = tag
        class Lists(collections.defaultdict): pass
        class Day(datetime.date):
            def __new__(cls, text):
                return super().__new__(cls, *map(int, text.split("-")))
            def __init__(self, text):
                self.text = text
        class Share(fractions.Fraction):
            __slots__ = ("note", "__private")
            def __new__(cls, *parts):
                made = super().__new__(cls, *parts)
                made.note, made.__private = [1], 2
                return made
            def both(self):
                return self.note, self.__private
        class Price(decimal.Decimal): pass
        class Address(ipaddress.IPv4Address): pass
        class Place(pathlib.PurePosixPath): pass
        class Chance(random.Random):
            def __init__(self, seed):
                super().__init__(seed)
                self.draws = 0
        def make(i):
            found = [Lists(list, a=[1]), Price(i), Address(i), Place("/a")]
            for one in found:
                one.mark = [i]
            return [*found, Counts("ab" * i, tag=i), Day(f"2020-1-{i + 1}"), Share(i, 7), Chance(i)]
        def what_is_in(found):
            *marked, counts, day, share, chance = found
            return [one.mark for one in marked], counts.tag, day.text, share.both(), chance.draws, chance.random()
        captured = make(3)
        with executor.remotely.downloadAll():
            a = what_is_in([*captured[:-1], Chance(5)])
            made = make(4)
            b = what_is_in(made[:-1] + [Chance(6)])
            many = [make(i % 20) for i in range(3_000)]
            c = list(map(what_is_in, many))
        d = what_is_in(captured), what_is_in(made), captured[4] is captured[4]
        e = list(map(what_is_in, many[:20]))
        many = made = captured = None
        """,
    ),
    same(
        "notes and attributes of an exception whose library says what is copied",
        """
        import json
        def tried(i):
            try:
                json.loads("[" * i)
            except json.JSONDecodeError as error:
                error.add_note(f"note {i}")
                error.number = i
                return error
        with executor.remotely.downloadAll():
            kept = tried(2)
            many = [tried(i % 30) for i in range(3_000)]
            found = [(error.__notes__, error.number, error.pos) for error in many]
        after = kept.__notes__, kept.number, many[7].__notes__
        many = None
        """,
    ),
    same(
        "custom pickling",
        """
        class P:
            def __init__(self, x):
                self.x = x
                self.cache = "big"
            def __getstate__(self):
                return {"x": self.x}
            def __setstate__(self, state):
                self.x = state["x"]
                self.cache = "restored"
        p = P(1)
        with executor.remotely.downloadAll():
            a = p.cache
            x = p.x
        """,
    ),
    same(
        "private names and class scope",
        """
        x = "global"
        class A:
            x = "class"
            y = [x for _ in range(1)]
            def __private(self):
                return x
            def get(self):
                return self.__private(), self.x
        with executor.remotely.downloadAll():
            a = A().get()
            y = A.y
            names = [n for n in vars(A) if "private" in n]
            class B:
                z = 5
                w = z + 1
            w = B.w
            del B
        """,
    ),
    same(
        "cached_property and total_ordering",
        """
        import functools
        @functools.total_ordering
        class N:
            def __init__(self, n):
                self.n = n
            def __eq__(self, o):
                return self.n == o.n
            def __lt__(self, o):
                return self.n < o.n
            @functools.cached_property
            def big(self):
                return self.n * 1000
        with executor.remotely.downloadAll():
            a = N(3)
            b = a.big
            top = max(N(i * 7919 % 10007) for i in range(20_000)).n
            ge = N(3) >= N(3)
            many = sorted([N(3), N(1), N(2)])
        """,
    ),
    same(
        "cached_property of a captured instance",
        """
        import functools
        class N:
            def __init__(self, n):
                self.n = n
            @functools.cached_property
            def big(self):
                return self.n * 1000
        n = N(4)
        n.big
        with executor.remotely.downloadAll():
            b = n.big
        """,
    ),
    same(
        "weak references and __del__",
        """
        import weakref
        class A:
            pass
        with executor.remotely.downloadAll():
            a = A()
            r = weakref.ref(a)
            alive = r() is a
            del a
            dead = r() is None
            del r
        """,
    ),
    same(
        "match on classes",
        """
        from dataclasses import dataclass
        @dataclass
        class P:
            x: int
            y: int
        class Q:
            __match_args__ = ("a",)
            def __init__(self, a):
                self.a = a
        def show(v):
            match v:
                case P(0, y=yy):
                    return ("p0", yy)
                case P(x=xx) if xx > 5:
                    return ("big", xx)
                case P():
                    return "p"
                case Q(int(n)):
                    return ("q", n)
                case [1, *rest]:
                    return ("list", rest)
                case {"k": k, **others}:
                    return ("dict", k, others)
                case "a" | "b" as s:
                    return s
                case None | True:
                    return "const"
                case _:
                    return "else"
        with executor.remotely.downloadAll():
            vs = [P(0, 1), P(9, 1), P(1, 1), Q(5), Q("s"), [1, 2, 3], {"k": 1, "z": 2}, "b", None, True, 3.5]
            out = [show(v) for v in vs]
            many = [show(P(i % 12, i)) for i in range(20_000)]
        """,
    ),
]
