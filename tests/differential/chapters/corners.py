"""Corners: identity of values without an address, printing while a class is made, deep values, tracebacks of loops."""

from __future__ import annotations

from tests.differential.rows import refused, same

ROWS = [
    same(
        "a captured namedtuple, _replace",
        """
        import collections
        P = collections.namedtuple('P', 'x y')
        p = P(1, 2)
        with executor.remotely.downloadAll():
            q = p._replace(x=5)
        """,
    ),
    same(
        "typing.NamedTuple, _asdict",
        """
        import typing
        class Row(typing.NamedTuple):
            a: int = 3
            def twice(self):
                return self.a * 2
        with executor.remotely.downloadAll():
            x = Row()._asdict(), Row().twice(), Row._fields
        """,
    ),
    same(
        "__init_subclass__ that reads its own class",
        """
        class Base:
            kinds = []
            def __init_subclass__(cls, **kw):
                Base.kinds.append(cls.__name__)
        class A(Base):
            pass
        with executor.remotely.downloadAll():
            x = A()
        """,
    ),
    same(
        "__init_subclass__ with super",
        """
        class Base:
            def __init_subclass__(cls, **kw):
                super().__init_subclass__(**kw)
        class A(Base):
            pass
        with executor.remotely.downloadAll():
            x = A()
        """,
    ),
    same(
        "a metaclass that prints",
        """
        class M(type):
            def __new__(m, n, b, d):
                print('made', n)
                return super().__new__(m, n, b, d)
        class A(metaclass=M):
            pass
        with executor.remotely.downloadAll():
            y = A()
        """,
    ),
    same(
        "an element of a captured list, in a new list",
        """
        xs=[[1],[2]]
        with executor.remotely.downloadAll():
            y=[xs[0]]
        ok=y[0] is xs[0]
        """,
    ),
    same(
        "the cause of an exception that is a value",
        """
        with executor.remotely.downloadAll():
            e=ValueError('x')
            e.__cause__=KeyError('y')
        """,
    ),
    refused(
        "annotations of a captured function changed",
        "`f`",
        """
        def f(x: int): pass
        with executor.remotely.downloadAll():
            f.__annotations__['x']=str
        """,
    ),
    refused(
        "keyword defaults of a captured function changed",
        "`f`",
        """
        def f(*, x=1): pass
        with executor.remotely.downloadAll():
            f.__kwdefaults__['x']=2
        """,
    ),
    same(
        "decimal precision set in the block",
        """
        import decimal
        with executor.remotely.downloadAll():
            decimal.getcontext().prec=5
        y=decimal.getcontext().prec
        """,
    ),
    same(
        "numpy error state set in the block",
        """
        import numpy as np
        with executor.remotely.downloadAll():
            np.seterr(all='raise')
        y=np.geterr()['divide']
        """,
    ),
    same(
        "logging level set in the block",
        """
        import logging
        with executor.remotely.downloadAll():
            logging.getLogger().setLevel(10)
        y=logging.getLogger().level
        """,
    ),
    refused(
        "an attribute of builtins set in the block",
        "",
        """
        import builtins
        with executor.remotely.downloadAll():
            builtins.extra=1
        """,
    ),
    refused(
        "an attribute of a Python module of the library set in the block",
        "",
        """
        import json
        with executor.remotely.downloadAll():
            json.foo=3
        """,
    ),
    refused(
        "an attribute of an inner module set by a function",
        "posixpath.extra",
        """
        import os
        def f():
            setattr(os.path, "extra", 1)
        with executor.remotely.downloadAll():
            os.path
            f()
        """,
    ),
    refused(
        "an attribute of a module that the block imports",
        "`json.decoder`",
        """
        with executor.remotely.downloadAll():
            import json
            json.decoder = None
            del json
        """,
    ),
    same(
        "attributes of modules set and set back",
        """
        import contextlib, io, sys, math, xml
        with executor.remotely.downloadAll():
            with contextlib.redirect_stdout(io.StringIO()):
                print("nowhere", file=sys.stdout)
            pi, math.pi = math.pi, 3
            x = math.pi
            math.pi = pi
            import xml.dom.minidom
            y = xml.dom.minidom.__name__
            del xml
        """,
    ),
    same(
        "a captured list changed and changed back",
        """
        xs=[1,2]
        with executor.remotely.downloadAll():
            xs.append(3)
            n=len(xs)
            xs.pop()
        """,
    ),
    same(
        "a captured list changed and changed back in a parallel loop",
        """
        xs=[1,2]
        def f(i):
            xs.append(i)
            n=len(xs)
            xs.pop()
            for _ in range(5): n=n*31%1009
            return n
        with executor.remotely.downloadAll():
            ys=[f(i) for i in range(60_000)]
        """,
    ),
    same(
        "a file beside the script, by relative path",
        """
        with executor.remotely.downloadAll():
            x=open('program.py').read()[:4]
        """,
    ),
    same(
        "a submodule of a user package by attribute",
        """
        import pkg.sub
        with executor.remotely.downloadAll():
            b = pkg.sub.x
        """,
        files={"pkg/__init__.py": "", "pkg/sub.py": "x = 5\n"},
    ),
    same(
        "a context variable",
        """
        import contextvars
        v=contextvars.ContextVar('v', default=3)
        v.set(5)
        with executor.remotely.downloadAll():
            x=v.get()
        """,
    ),
    same(
        "__reduce__ with other arguments",
        """
        class P:
            def __init__(self, x):
                print('init')
                self.x=x
            def __reduce__(self):
                return (P, (self.x+1,))
        p=P(1)
        with executor.remotely.downloadAll():
            a=p.x
        """,
    ),
    same(
        "__reduce__ of elements of a parallel loop",
        """
        class P:
            def __init__(self, x):
                self.x=x
            def __reduce__(self):
                return (P, (self.x+1,))
        def f(i):
            for _ in range(9): i=i*31%1009
            return P(i)
        with executor.remotely.downloadAll():
            a=sum(p.x for p in [f(i) for i in range(60_000)])
        """,
    ),
    same(
        "__reduce__ of slow elements of parallel loops",
        """
        class P:
            def __init__(self, x):
                self.x=x
            def __reduce_ex__(self, protocol):
                return (P, (self.x+1,))
        def f(i):
            for _ in range(900): i=i*31%1009
            return P(i)
        with executor.remotely.downloadAll():
            made=[f(i) for i in range(3000)]
            a=sum(p.x for p in made)
            made=[]
            for i in range(3000): made.append(f(i))
            b=sum(p.x for p in made)
            c=sum(p.x for p in {i: f(i) for i in range(3000)}.values())
            d=max((f(i) for i in range(3000)), key=lambda p: p.x).x
            del made
        """,
    ),
    same(
        "__getstate__ and __setstate__ of slow elements of a parallel loop",
        """
        class P:
            __slots__=("x",)
            def __init__(self, x):
                self.x=x
            def __getstate__(self): return (None, {"x": self.x+1})
        class Q:
            def __init__(self, x):
                self.x=x
            def __setstate__(self, state): self.x=state["x"]+1
        def f(kind, i):
            for _ in range(900): i=i*31%1009
            return kind(i)
        with executor.remotely.downloadAll():
            a=sum(p.x for p in [f(P, i) for i in range(3000)])
            b=sum(q.x for q in [f(Q, i) for i in range(3000)])
        """,
    ),
    same(
        "a __getstate__ that drops what a parallel loop needs",
        """
        class P:
            def __init__(self, x):
                self.x=x
                self.steps=(i for i in range(3))
            def __getstate__(self): return {"x": self.x}
        def f(p, i):
            for _ in range(900): i=i*31%1009
            return i + p.x + hasattr(p, "steps")
        with executor.remotely.downloadAll():
            p=P(3)
            a=sum(f(p, i) for i in range(3000))
            b=sum(hasattr(q, "steps") for q in [P(f(p, i)) for i in range(3000)])
            del p
        """,
    ),
    same(
        "objects that caches keep, out of parallel loops",
        """
        import functools
        class P:
            def __init__(self, k): self.k=k
            @functools.lru_cache(maxsize=200)
            def box(self, k): return [k]
        @functools.lru_cache(None)
        def made(k): return P(k)
        @functools.lru_cache(maxsize=2)
        def table(k): return {}
        def slow(i):
            for _ in range(900): i=i*31%1009
            return i
        def one_of_three(i): return made(slow(i)%3)
        def filled(i):
            table(i%2)[slow(i)]=1
            return len(table(i%2))
        def longer(p, i):
            p.box(slow(i)%3).append(1)
            return len(p.box(i%3))
        with executor.remotely.downloadAll():
            ps=[one_of_three(i) for i in range(600)]
            a=sum(p is ps[0] for p in ps)
            b=sum(filled(i) for i in range(600))
            c=max(longer(ps[0], i) for i in range(600))
            del ps
        """,
    ),
    same(
        "an object that a captured cache keeps",
        """
        import functools
        class P: pass
        @functools.cache
        def made(k): return P()
        p=made(0)
        with executor.remotely.downloadAll():
            a=made(0) is p
        """,
    ),
    same(
        "a cached function of plain answers in a parallel loop",
        """
        import functools
        @functools.lru_cache(None)
        def sizes(k): return (k, "x", 1.5, None, (2, 3))
        def f(i):
            for _ in range(900): i=i*31%1009
            return sizes(i)
        with executor.remotely.downloadAll():
            a=[f(i) for i in range(600)]
        """,
    ),
    same(
        "traceback of a parallel dict comprehension",
        """
        def f(i):
            for _ in range(5): pass
            return 1//(i-45_000)
        with executor.remotely.downloadAll():
            a={i: f(i) for i in range(60_000)}
        """,
        raises="ZeroDivisionError",
    ),
    same(
        "traceback of a parallel sum",
        """
        def f(i):
            for _ in range(5): pass
            return 1//(i-45_000)
        with executor.remotely.downloadAll():
            a=sum((f(i) for i in range(60_000)))
        """,
        raises="ZeroDivisionError",
    ),
    same(
        "traceback of a parallel map",
        """
        def f(i):
            for _ in range(5): pass
            return 1//(i-45_000)
        with executor.remotely.downloadAll():
            a=list(map(f, range(60_000)))
        """,
        raises="ZeroDivisionError",
    ),
    same(
        "traceback of a for loop",
        """
        def f(i):
            for _ in range(5): pass
            return 1//(i-45_000)
        with executor.remotely.downloadAll():
            a=0
            for i in range(60_000):
                a += f(i)
        """,
        raises="ZeroDivisionError",
    ),
    same(
        "traceback of a loop over several lines",
        """
        def f(i):
            for _ in range(5): pass
            return 1//(i-45_000)
        def g(n):
            return max(
                f(i)
                for i in range(n)
            )
        with executor.remotely.downloadAll():
            a=[1,
               g(60_000)]
        """,
        raises="ZeroDivisionError",
    ),
    same(
        "the type of a list iterator",
        """
        with executor.remotely.downloadAll():
            x = type(iter([]))
        """,
    ),
    same(
        "enum alias by name",
        """
        import enum
        class C(enum.Enum):
            RED = 1
            ROT = 1
        with executor.remotely.downloadAll():
            b = C['ROT'] is C.RED
        """,
    ),
    same(
        "enum alias by attribute",
        """
        import enum
        class C(enum.Enum):
            RED = 1
            ROT = 1
        with executor.remotely.downloadAll():
            b = C.ROT
        """,
    ),
    same(
        "a class body that prints",
        """
        print('top')
        class A:
            print('body')
            x = print('attr')
            def f(self):
                return 1
        with executor.remotely.downloadAll():
            b = A().f()
        """,
    ),
    same(
        "a class decorator that prints",
        """
        def deco(c):
            print('deco')
            c.extra = 1
            return c
        @deco
        class A:
            pass
        with executor.remotely.downloadAll():
            b = A.extra
        """,
    ),
    same(
        "decorators that count",
        """
        n = [0]
        def deco(f):
            n[0] += 1
            f.order = n[0]
            return f
        @deco
        def f(): pass
        @deco
        def g(): pass
        with executor.remotely.downloadAll():
            b = f.order, g.order
        """,
    ),
    same(
        "a module that prints when imported",
        """
        import noisy
        with executor.remotely.downloadAll():
            b = noisy.f()
        """,
        files={"noisy.py": "print('imported')\nlevel = 1\ndef get():\n    return level\ndef f():\n    return 1\n"},
    ),
    same(
        "a module's state that the script changed",
        """
        import noisy
        noisy.level = 7
        with executor.remotely.downloadAll():
            b = noisy.get()
        """,
        files={"noisy.py": "print('imported')\nlevel = 1\ndef get():\n    return level\ndef f():\n    return 1\n"},
    ),
    same(
        "the statistics of a captured cache",
        """
        import functools
        @functools.lru_cache
        def f(x):
            return x + 1
        f(1)
        with executor.remotely.downloadAll():
            a = f(1)
            b = f.cache_info().hits
        """,
    ),
    same(
        "the statistics of a cache after the block",
        """
        import functools
        @functools.lru_cache
        def f(x):
            return x + 1
        with executor.remotely.downloadAll():
            a = f(1)
        b = f.cache_info().currsize
        """,
    ),
    same(
        "recursive generators",
        """
        def walk(t):
            if isinstance(t, list):
                for x in t:
                    yield from walk(x)
            else:
                yield t
        with executor.remotely.downloadAll():
            a = list(walk([1, [2, [3, [4]]]] * 3000))
            b = sum(x for x in walk([1, [2, [3, [4]]]] * 3000))
        """,
    ),
    same(
        "a deeply nested captured list",
        """
        xs=[]
        for _ in range(5000):
            xs=[xs]
        with executor.remotely.downloadAll():
            n=0
            y=xs
            while y:
                y=y[0]; n+=1
        xs=y=None
        """,
    ),
    same(
        "a deeply nested result",
        """
        with executor.remotely.downloadAll():
            xs=[]
            for _ in range(5000):
                xs=[xs]
        n=0
        while xs:
            xs=xs[0]; n+=1
        """,
    ),
    same(
        "a linked list as result",
        """
        class N:
            def __init__(self,v,n):
                self.v,self.n=v,n
        with executor.remotely.downloadAll():
            h=None
            for i in range(5000):
                h=N(i,h)
        c=0
        while h:
            h=h.n; c+=1
        """,
    ),
    same(
        "a captured nan is the same object everywhere",
        """
        nan=float('nan')
        xs=[nan]*3
        with executor.remotely.downloadAll():
            a=nan in xs, xs==[nan]*3, xs.count(nan), len({nan, nan})
            b=[x for x in xs]
            c=b[0] in xs
        """,
    ),
    same(
        "a captured nan out of a parallel loop",
        """
        nan=float('nan')
        xs=[nan, float(1)]*30_000
        def f(x):
            for _ in range(9): pass
            return x
        with executor.remotely.downloadAll():
            b=[f(x) for x in xs]
            a=sum(y is nan for y in b), len(set(b)), b==xs
        """,
    ),
    same(
        "a nan after the block, and in the next one",
        """
        nan = float("nan")
        xs = [nan, 1.0, nan]
        with executor.remotely.downloadAll():
            y = xs[0]
            ys = [nan, 2.0]
            zs = {"list": [nan], "set": {nan}, "tuple": (nan, nan)}
            own = float("inf") - float("inf")
            twice = [own, own]
        a = y is nan, nan in ys, ys == [nan, 2.0], zs["list"][0] is nan, nan in zs["set"], zs["tuple"] == (nan, nan)
        b = twice[0] is twice[1], own is twice[0]
        with executor.remotely.downloadAll():
            c = own in twice, twice == [own, own], y is xs[2]
        """,
    ),
    same(
        "nans within tuples and lists out of a parallel loop",
        """
        nan = float("nan")
        with executor.remotely.downloadAll():
            pairs = [(i, nan if i % 2 else 0.0) for i in range(60_000)]
            lists = {i: [nan] for i in range(30_000)}
            a = sum(pair[1] is nan for pair in pairs), sum(nan in found for found in lists.values())
        del pairs, lists
        """,
    ),
    same(
        "what a cache tells of itself, as a result",
        """
        import functools
        with executor.remotely.downloadAll():
            @functools.lru_cache
            def f(x):
                return x + 1
            f(1)
            info = f.cache_info()
            kind = type(info)
        """,
    ),
    same(
        "nan in sets out of a parallel loop",
        """
        def f(i):
            for _ in range(9): pass
            return N if i%2 else i
        N=float('nan')
        with executor.remotely.downloadAll():
            b=len({f(i) for i in range(60_000)})
            c=len(set(f(i) for i in range(60_000)))
        """,
    ),
    same(
        "a captured sentinel out of a parallel loop",
        """
        S=object()
        def f(i):
            for _ in range(9): pass
            return S if i%2 else i
        with executor.remotely.downloadAll():
            b=sum(x is S for x in [f(i) for i in range(60_000)])
            c=[f(1)]
        ok=c[0] is S
        """,
    ),
    same(
        "a sentinel of the block out of a parallel loop",
        """
        def f(i):
            for _ in range(9): pass
            return S if i%2 else i
        with executor.remotely.downloadAll():
            S=object()
            b=sum(x is S for x in [f(i) for i in range(60_000)])
            del S
        """,
    ),
    refused(
        "a singleton class",
        "`T`",
        """
        class T:
            _one=None
            def __new__(cls):
                if cls._one is None:
                    cls._one=super().__new__(cls)
                return cls._one
        with executor.remotely.downloadAll():
            b=T() is T()
        """,
    ),
    same(
        "generators as elements of a parallel loop",
        """
        def f(i):
            for _ in range(9): pass
            return (i+k for k in range(2))
        with executor.remotely.downloadAll():
            b=sum(sum(g) for g in [f(i) for i in range(60_000)])
        """,
    ),
    same(
        "locks as elements of a parallel loop",
        """
        import threading
        def f(i):
            for _ in range(9): pass
            return threading.Lock()
        with executor.remotely.downloadAll():
            b=len([f(i) for i in range(60_000)])
        """,
    ),
    same(
        "captured objects chosen in a parallel loop",
        """
        def f(i):
            for _ in range(9): pass
            return i%3
        L=[[0],[1],[2]]
        with executor.remotely.downloadAll():
            b=[L[f(i)] for i in range(60_000)]
            n=sum(x is L[0] for x in b)
            c=b[0] is L[0], b[-1] is L[2], b[30_000] is b[0]
            del b
        """,
    ),
    same(
        "the block's objects chosen in a parallel loop",
        """
        def f(i):
            for _ in range(9): pass
            return i%3
        with executor.remotely.downloadAll():
            L=[[0],[1],[2]]
            b=[L[f(i)] for i in range(60_000)]
            c=b[0] is L[0], b[-1] is L[2], b[30_000] is b[0]
            L[0].append(9)
            d=b[30_000]
        """,
    ),
    same(
        "aliasing inside an element of a parallel loop",
        """
        def f(i):
            for _ in range(9): pass
            x=[i]
            return (x,x)
        with executor.remotely.downloadAll():
            b=[f(i) for i in range(30_000)]
            ok=all(p is q for p,q in b)
        """,
    ),
    same(
        "a captured cache of mutable objects",
        """
        import functools
        @functools.cache
        def mk(k):
            return [k]
        def f(i):
            for _ in range(9): pass
            return mk(i%5)
        with executor.remotely.downloadAll():
            b=[f(i) for i in range(30_000)]
            ok=b[0] is b[5], b[0] is b[29_995]
        """,
    ),
    same(
        "the block's cache of mutable objects",
        """
        import functools
        def f(i):
            for _ in range(9): pass
            return mk(i%5)
        with executor.remotely.downloadAll():
            @functools.cache
            def mk(k):
                return [k]
            b=[f2(i) for i in range(30_000)] if False else [mk(i%5) for i in range(30_000)]
            ok=b[0] is b[5], b[0] is b[29_995]
            del mk
        """,
    ),
]
