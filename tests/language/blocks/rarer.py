"""Blocks with classes, exceptions and functions of the less usual kinds; see values.py for the form."""

CASES = {
    "slots_private": """
class A:
    __slots__=("__x","y","__weakref__")
    def __init__(s): s.__x=1; s.y=2
    def get(s): return s.__x
import dataclasses
@dataclasses.dataclass(frozen=True, slots=True)
class D:
    a: int
    b: int = 3
a0=A()
with executor.remotely:
    a=A(); r=a.get(), a.y, a0.get()
    try: a.z=1
    except AttributeError as e: m=str(e)
    d=D(1)
    try: d.a=4
    except Exception as e: n=type(e).__name__
out=r,m,a.get(),type(a) is A,d,n,hash(d)==hash(D(1))
""",
    "generic": """
import typing
T=typing.TypeVar("T")
class Box(typing.Generic[T]):
    def __init__(self,v:T): self.v=v
    def map(self,f): return Box(f(self.v))
class IntBox(Box[int]): pass
with executor.remotely:
    b=Box[int](3).map(lambda x:x+1)
    c=IntBox(4)
    r=b.v,isinstance(c,Box), IntBox.__orig_bases__[0].__args__
out=r,type(b) is Box,type(c) is IntBox
""",
    "init_subclass": """
class Base:
    registry=[]
    def __init_subclass__(cls, tag="x", **kw):
        super().__init_subclass__(**kw); cls.tag=tag
class K(Base, tag="k"): pass
with executor.remotely:
    r=K.tag, K().tag
    class L(Base, tag="l"): pass
    s=L.tag
out=r,s,L.tag,K.tag
""",
    "descriptor": """
class Desc:
    def __set_name__(self, owner, name): self.name=name
    def __get__(self, o, t=None): return self if o is None else o.__dict__.get("_"+self.name,0)
    def __set__(self,o,v): o.__dict__["_"+self.name]=v*2
class A:
    x=Desc()
    _p=1
    @property
    def p(self): return self._p
    @p.setter
    def p(self,v): self._p=v
with executor.remotely:
    a=A(); a.x=4; a.p=9
    r=a.x,a.p
out=r,a.x,a.p
""",
    "raise_from_none": """
try:
    with executor.remotely:
        try: 1/0
        except ZeroDivisionError: raise KeyError(1) from None
except KeyError as e: out=e.__cause__,e.__suppress_context__,type(e.__context__)
""",
    "key_traceback": """
def key(v): return 1/v
try:
    with executor.remotely:
        r=sorted([1,0,2], key=key)
except ZeroDivisionError as e: out=frames(e)
""",
    "json_tb": """
import json
try:
    with executor.remotely:
        json.loads("{")
except json.JSONDecodeError as e: out=e.args,e.pos,e.lineno,e.doc,type(e).__name__,[f[5] for f in frames(e)]
""",
    "recursion_err": """
def f(n): return f(n+1)
try:
    with executor.remotely: f(0)
except RecursionError as e: out=str(e)[:32]
""",
    "closure_list": """
def make():
    fs=[]
    def reg(f): fs.append(f); return f
    @reg
    def a(x): return b(x)+1
    @reg
    def b(x): return x*2
    return a, lambda: len(fs)
a,n=make()
with executor.remotely:
    r=a(3), n()
    same=a
out=r, same is a
""",
    "class_in_func": """
def mk(k):
    class A:
        z=k
        def m(self): return [self.z+i+k for i in range(2)]
        def clone(self): return A()
    return A
A1=mk(1); A2=mk(2)
with executor.remotely:
    x=A1(), A2().clone()
    r=[o.m() for o in x], type(x[1]).__qualname__
out=r,type(x[0]) is A1,type(x[1]) is A2
""",
    "total_ordering": """
import functools
@functools.total_ordering
class A:
    def __init__(s,v): s.v=v
    def __eq__(s,o): return s.v==o.v
    def __lt__(s,o): return s.v<o.v
    def __hash__(s): return hash(s.v)
with executor.remotely:
    r=A(1)>=A(0), max(A(i) for i in range(3)).v, {A(1):2}[A(1)]
    k=A(3)
out=r,k<=A(3)
""",
    "future": """
from __future__ import annotations
def f(a: nope) -> None: return a
with executor.remotely:
    r=f(1), f.__annotations__
out=r
""",
    "enum_more": """
import enum
class F(enum.Flag):
    A=1
    B=2
class I(enum.IntEnum):
    X=1
    def dbl(self): return self.value*2
with executor.remotely:
    a=F.A|F.B; b=I.X.dbl(); c=[*I]
    class Q(enum.Enum):
        U="u"
    d=Q.U
out=a==F.A|F.B,b,c[0] is I.X,d is Q.U
""",
    "exc_group": """
try:
    with executor.remotely:
        try: raise ExceptionGroup("g",[ValueError(1),KeyError(2)])
        except* ValueError: pass
except ExceptionGroup as e: out=[type(x).__name__ for x in e.exceptions]
""",
    "user_reduce": """
class R:
    def __init__(s,a): s.a=a
    def __reduce__(s): return R,(s.a,)
class S:
    def __init__(s): s.v=1
    def __getstate__(s): return {"v":s.v+1}
    def __setstate__(s,st): s.v=st["v"]
with executor.remotely:
    r=R(3)
out=type(r) is R,r.a
""",
    "str_subclass": """
class Str(str): pass
class D(dict): pass
class L(list):
    extra=1
with executor.remotely:
    s=Str("a"); d=D(a=1); l=L([1,2]); l.k=4
out=type(s) is Str,s,type(d) is D,d,type(l) is L,list(l),l.k
""",
    "interned_default_mutable": """
def f(x, acc=None):
    acc = [] if acc is None else acc
    acc.append(x)
    return acc
with executor.remotely:
    r=[f(i) for i in range(2)], f(1,[0])
out=r
""",
    "iter_cls": """
class It:
    def __init__(s,n): s.n=n
    def __iter__(s): return s
    def __next__(s):
        if s.n==0: raise StopIteration
        s.n-=1; return s.n
with executor.remotely:
    r=[i for i in It(3)], sum(i for i in It(4)), list(It(2))
out=r
""",
    "chained_lambda_in_class": """
class A:
    fs=[lambda self,x: x+1, lambda self,x: x+2]
    op=staticmethod(lambda x: x*3)
    K={k: (lambda v,k=k: v*k) for k in range(3)}
with executor.remotely:
    r=A.fs[1](None,3), A.op(2), [A.K[k](5) for k in A.K]
out=r
""",
    "in_except": """
out=[]
try: 1/0
except ZeroDivisionError as z:
    with executor.remotely:
        q=str(z), type(z).__name__
    out=q
""",
    "globals_in_function_after": """
def f(): return later_value + 1
with executor.remotely:
    later_value = 4
    r=f()
out=r, later_value
""",
    "typing_nt_in_block": """
with executor.remotely:
    from typing import NamedTuple
    class P(NamedTuple):
        x: int
        y: int = 2
    p=P(1)
    from collections import namedtuple
    N=namedtuple("N","a b")
    n=N(1,2)
out=p,type(p) is P,P(5),n,type(n) is N
""",
    "method_ref": """
class A:
    def m(self): return 1
    @classmethod
    def c(cls): return cls
with executor.remotely:
    f=A.m; g=A.c
out=f is A.m, g() is A
""",
    "module_getattr": """
import os, sys
with executor.remotely:
    r=os.path.join("a","b"), sys.maxsize
    import xml.etree.ElementTree as ET
    t=ET.fromstring("<a><b/></a>").tag
out=r,t
""",
}
