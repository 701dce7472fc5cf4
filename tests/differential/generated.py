"""Programs made from a seed, each run by the local CPython and through a cluster.

`python -m tests.differential.generated --seed N` replays one seed, and removes statements from a program whose outcomes
differ for as long as they do. `--first N --count M --workers W` runs a range of seeds.
"""

from __future__ import annotations

import argparse
import ast
import functools
import signal
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from tests.daemons import Cluster
from tests.differential.harness import Outcome, Program, differences, run_locally, run_on

SECONDS = 15.0
EAGER_SERVER = "tests.execute.eager_server"
REFUSAL = "InvalidPyforaOperation"

# What each program may use beside what is made for it; functions that nothing reaches are not sent.
PRELUDE = """
import collections, contextlib, dataclasses, enum, functools, itertools, math, operator
def spin(i):
    x = i
    for _ in range(8):
        x = (x * 7919 + 13) % 10007
    return x
def wave(i):
    x = i / 7
    for _ in range(6):
        x = x * 1.37 - math.floor(x)
        if x > 50.0:
            x /= 64.0
    return x
def label(i):
    return f"{spin(i) % 97:03d}" + "xyz"[i % 3]
def add(a, b):
    return a + b
def push(target, value):
    target.append(value)
    return value
def put(target, key, value):
    target[key] = value
    return len(target)
def countdown(n):
    while n > 0:
        got = yield n
        n -= 1 if got is None else got
    return n
def adder(k):
    def inner(x):
        return x + k
    return inner
def counter(start):
    n = start
    def bump():
        nonlocal n
        n += 1
        return n
    return bump
def noisy(i, every):
    if i % every == 0:
        print("at", i)
    return i
def said(i, every, value):
    if i % every == 1:
        print("said", i, value if isinstance(value, (int, str, bool)) else type(value))
    return value
def checked(i, k, value, kind=ValueError):
    if i == k:
        raise kind(f"no {i}", value)
    return value
def many(n, k):
    seen = []
    found = [push(seen, spin(i)) for i in range(n) if i != k]
    return sum(checked(i, k, spin(i), Odd) for i in range(n // 2)) + len(found), max(seen)
def consumed(how, items):
    try:
        match how.__name__:
            case "sum": return sum(items)
            case "max": return max(items)
            case "min": return min(items)
            case "set": return set(items)
            case "list": return list(items)
            case "tuple": return tuple(items)
            case "sorted": return sorted(items)
    except (TypeError, ValueError) as error:
        return type(error), str(error), list(items)
def sorted_in_place(key):
    numbers = list(BIG)
    numbers.sort(key=key)
    return numbers
def fails_at(i, k, kind=ValueError):
    if i == k:
        raise kind(f"at {i}", i)
    return spin(i)
class Odd(Exception):
    def __init__(self, what, number=0):
        super().__init__(what, number)
        self.number = number
    def __str__(self):
        return f"odd: {self.number}"
class Guard:
    def __init__(self, log, swallow=()):
        self.log, self.swallow = log, swallow
    def __enter__(self):
        self.log.append("in")
        return self
    def __exit__(self, kind, error, trace):
        self.log.append("out" if kind is None else kind.__name__)
        return kind is not None and issubclass(kind, self.swallow)
@contextlib.contextmanager
def tagged(log, name):
    log.append(name)
    try:
        yield len(log)
    finally:
        log.append("/" + name)
"""

INTS = ("0", "1", "-1", "2", "3", "7", "-5", "10", "255", "1000", "2**31", "-2**63", "2**63 - 1", "2**64", "10**30")
FLOATS = ("0.0", "-0.0", "0.1", "1.5", "-2.75", "3.0", "1e16", "1e-300", "1e308", "float('inf')", "-float('inf')")
TEXTS = ("''", "'a'", "'abc'", "'Zürich'", "'two words'", "'0'", "'-12'", "'x\\ny'", "'ß'", "'%d'", "'😀k'")
BYTES = ("b''", "b'abc'", "b'\\x00\\xff'", "bytes(range(5))")
SCALARS = ("int", "float", "str", "bool")


@dataclass
class Scope:
    """Names by the type of their values; `fresh` are those whose values the block made itself."""

    names: dict[str, list[str]] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)

    def add(self, kind: str, name: str, fresh: bool = False) -> None:
        for others in self.names.values():
            if name in others:
                others.remove(name)
        self.names.setdefault(kind, []).append(name)
        self.fresh.discard(name)
        if fresh:
            self.fresh.add(name)

    def inner(self) -> Scope:
        return Scope({kind: list(names) for kind, names in self.names.items()}, set(self.fresh))


class Generator:
    """Makes one program from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._scope = Scope()
        self._number = 0
        self._functions: list[tuple[str, list[str], str]] = []
        self._shapes: list[str] = []
        self._parallel = 0
        self._in_function = False

    # -- choices

    def _one_of(self, *choices: str) -> str:
        return self._random.choice(choices)

    def _chance(self, percent: int) -> bool:
        return self._random.randrange(100) < percent

    def _new(self, stem: str) -> str:
        self._number += 1
        return f"{stem}{self._number}"

    def _call(self, *makers: Callable[[], str]) -> str:
        return self._random.choice(makers)()

    def _named(self, kind: str) -> str | None:
        names = self._scope.names.get(kind)
        return self._random.choice(names) if names else None

    # -- expressions

    def value(self, kind: str, depth: int = 2) -> str:
        """An expression that has, most likely, a value of the type `kind`."""
        if self._chance(1):
            kind = self._one_of(*SCALARS, "list[int]", "tuple")  # a TypeError, or a coercion
        named = self._named(kind)
        if named is not None and self._chance(40 if depth > 0 else 75):
            return named
        makers: dict[str, Callable[[int], str]] = {
            "int": self._int,
            "float": self._float,
            "str": self._str,
            "bool": self._bool,
            "bytes": lambda _: self._one_of(*BYTES),
            "dict": self._dict,
            "set": self._set,
            "tuple": self._tuple,
            "shape": self._shape,
        }
        if kind.startswith("list["):
            return self._list(kind[5:-1], depth)
        return makers[kind](depth)

    def _int(self, depth: int) -> str:
        if depth <= 0:
            return f"({self._one_of(*INTS) if self._chance(25) else self._random.randrange(-20, 100)})"
        a, d = self.value, depth - 1
        return self._call(
            lambda: f"({a('int', d)} {self._one_of('+', '-', '*', '//', '%', '&', '|', '^')} {a('int', d)})",
            lambda: f"({a('int', d)} {self._one_of('+', '-', '*', '//', '%')} {a('bool', d)})",
            lambda: f"({a('int', d)} {self._one_of('<<', '>>')} ({a('int', d)} % {self._one_of('5', '70')}))",
            lambda: f"({self._one_of('-', '~', '+')}{a('int', d)})",
            lambda: f"(({a('int', d)}) % 50) ** (({a('int', d)}) % 9)",
            lambda: f"pow({a('int', d)}, {self._one_of('2', '3', '-1')}, {self._one_of('7', '10007', '12')})",
            lambda: f"divmod({a('int', d)}, {a('int', d)})[{self._one_of('0', '1')}]",
            lambda: f"len({a(self._one_of('str', 'list[int]', 'dict', 'tuple', 'set', 'list[str]'), d)})",
            lambda: f"int({a(self._one_of('float', 'str', 'bool', 'int'), d)})",
            lambda: f"round({a('float', d)})",
            lambda: f"abs({a('int', d)})",
            lambda: f"({a('int', d)} if {a('bool', d)} else {a('int', d)})",
            lambda: f"{self._sequence('list[int]', d)}[{a('int', 0)} % 4]",
            lambda: f"{a('dict', d)}.get({a('str', d)}, {a('int', d)})",
            lambda: f"{a('dict', d)}[{a('str', d)}]" if self._chance(15) else f"{a('int', d)}.bit_length()",
            lambda: f"{self._one_of('min', 'max')}({a('int', d)}, {a('int', d)})",
            lambda: f"sum({a('list[int]', d)})",
            lambda: f"math.{self._one_of('gcd', 'lcm')}({a('int', d)}, {a('int', d)})",
            lambda: f"math.{self._one_of('floor', 'ceil', 'trunc')}({a('float', d)})",
            lambda: f"ord({a('str', d)}[0])" if self._chance(20) else f"{a('str', d)}.count('a')",
            lambda: f"spin({a('int', d)})",
            lambda: f"adder({a('int', d)})({a('int', d)})",
            lambda: f"(lambda u, v=2: u * v)({a('int', d)})",
            lambda: f"{a('shape', d)}.{self._one_of('area', 'weight()', 'n', 'scaled(3).n')}",
            lambda: f"({a('int', d)} {self._one_of('and', 'or')} {a('int', d)})",
            lambda: f"int.from_bytes({a('bytes', d)}, {self._one_of(repr('big'), repr('little'))})",
            lambda: f"hash({a('int', d)})" if self._chance(30) else f"len(repr({a('float', d)}))",
            lambda: self._own_call("int", d),
        )

    def _float(self, depth: int) -> str:
        if depth <= 0:
            return self._one_of(*FLOATS) if self._chance(40) else repr(self._random.randrange(-80, 80) / 8)
        a, d = self.value, depth - 1
        return self._call(
            lambda: f"({a('float', d)} {self._one_of('+', '-', '*', '/', '//', '%')} {a('float', d)})",
            lambda: f"({a('float', d)} {self._one_of('+', '-', '*', '/')} {a('int', d)})",
            lambda: f"({a('int', d)} / {a('int', d)})",
            lambda: f"(-{a('float', d)})",
            lambda: f"abs({a('float', d)}) ** {self._one_of('0.5', '2', '-1', '3.5', '100')}",
            lambda: f"float({a(self._one_of('int', 'bool', 'str'), d)})",
            lambda: f"round({a('float', d)}, {self._one_of('0', '2', '-1')})",
            lambda: (
                f"math.{self._one_of('sin', 'cos', 'exp', 'sqrt', 'log', 'tanh', 'atan', 'log1p')}({a('float', d)})"
            ),
            lambda: (
                f"math.{self._one_of('fmod', 'atan2', 'hypot', 'copysign', 'pow')}({a('float', d)}, {a('float', d)})"
            ),
            lambda: f"math.fsum({a('list[float]', d)})",
            lambda: f"sum({a('list[float]', d)})",
            lambda: f"{self._one_of('min', 'max')}({a('float', d)}, {a('float', d)}, {a('int', d)})",
            lambda: f"({a('float', d)} if {a('bool', d)} else {a('float', d)})",
            lambda: f"wave({a('int', d)})",
            lambda: f"{self._sequence('list[float]', d)}[{self._random.randrange(-4, 4)}]",
            lambda: f"math.ldexp({a('float', d)}, {a('int', 0)} % 30)",
            lambda: self._own_call("float", d),
        )

    def _str(self, depth: int) -> str:
        if depth <= 0:
            return self._one_of(*TEXTS)
        a, d = self.value, depth - 1
        return self._call(
            lambda: f"({a('str', d)} + {a('str', d)})",
            lambda: f"({a('str', d)} * ({a('int', d)} % 4))",
            lambda: f"str({a(self._any(), d)})",
            lambda: f"repr({a(self._any(), d)})",
            lambda: f"f'{{{self._in_text(d)}}}:{{{self._in_text(d)}!r}}'",
            lambda: f"f'{{{a('int', 0)}:>{self._one_of('6d', '8x', '12_d', '+,d', '5b')}}}'",
            lambda: f"format({a('float', d)}, {self._one_of(repr('.3f'), repr('10.4e'), repr('g'), repr('+.0%'))})",
            lambda: f"'%s|%r' % ({a('str', d)}, {a('float', d)})",
            lambda: f"'{{}}-{{!r}}'.format({a('int', d)}, {a('str', d)})",
            lambda: f"{a('str', d)}{self._slice()}",
            lambda: (
                f"{a('str', d)}.{self._one_of('upper', 'lower', 'title', 'strip', 'swapcase', 'casefold', 'isdigit')}()"
            ),
            lambda: f"{a('str', d)}.replace({a('str', d)}, {a('str', d)}, 3)",
            lambda: f"{a('str', d)}.{self._one_of('zfill', 'center', 'ljust', 'rjust')}({a('int', 0)} % 20)",
            lambda: f"{self._one_of(repr(','), repr(''), repr('--'))}.join({a('list[str]', d)})",
            lambda: f"chr({a('int', d)} % 500)",
            lambda: f"label({a('int', d)})",
            lambda: f"{a('bytes', d)}.hex()",
            lambda: f"{a('str', d)}.encode().decode('latin-1')",
            lambda: f"{self._sequence('list[str]', d)}[{self._random.randrange(-3, 3)}]",
            lambda: f"repr({a('shape', d)})",
            lambda: f"type({a(self._any(), d)}).__name__",
            lambda: self._own_call("str", d),
        )

    def _bool(self, depth: int) -> str:
        if depth <= 0:
            return self._one_of("True", "False")
        a, d = self.value, depth - 1
        compare = ("<", "<=", ">", ">=", "==", "!=")
        kind = self._one_of(*SCALARS)
        return self._call(
            lambda: f"({a(kind, d)} {self._one_of(*compare)} {a(kind, d)})",
            lambda: f"({a('int', d)} {self._one_of(*compare)} {a('float', d)})",
            lambda: f"({a('int', d)} < {a('int', d)} <= {a('int', d)})",
            lambda: f"(not {a(self._any(), d)})",
            lambda: f"({a('bool', d)} {self._one_of('and', 'or', '^', '&', '|')} {a('bool', d)})",
            lambda: f"({a('str', d)} in {a(self._one_of('str', 'dict', 'list[str]'), d)})",
            lambda: f"({a('int', d)} {self._one_of('in', 'not in')} {a(self._one_of('list[int]', 'set'), d)})",
            lambda: f"isinstance({a(self._any(), d)}, ({self._one_of('int', 'float', 'str', 'bool')}, list))",
            lambda: f"({a('list[int]', d)} {self._one_of('<', '==', '!=', '>=')} {a('list[int]', d)})",
            lambda: f"({a('shape', d)} {self._one_of('==', '<', '!=')} {a('shape', d)})",
            lambda: f"math.{self._one_of('isnan', 'isinf')}({a('float', d)})",
            lambda: f"{self._one_of('any', 'all')}({a(self._one_of('list[int]', 'list[str]'), d)})",
            lambda: f"bool({a(self._any(), d)})",
            lambda: f"{a('str', d)}.{self._one_of('startswith', 'endswith')}({a('str', d)})",
        )

    def _any(self) -> str:
        return self._one_of(*SCALARS, "list[int]", "list[float]", "list[str]", "dict", "tuple", "bytes", "shape")

    def _in_text(self, depth: int) -> str:
        """An expression without quotation marks, backslashes and braces, for an f-string of 3.11."""
        for _ in range(5):
            found = self.value(self._one_of("int", "float", "list[int]"), depth)
            if not set("'\"\\{}:") & set(found):
                return found
        return "1"

    def _slice(self) -> str:
        parts = [self._one_of("", "0", "1", "2", "-1", "-2", "3", "100") for _ in range(2)]
        step = self._one_of("", ":1", ":2", ":-1", ":-2") if self._chance(50) else ""
        return f"[{parts[0]}:{parts[1]}{step}]"

    def _sequence(self, kind: str, depth: int) -> str:
        """A list of at least four elements, most likely."""
        if self._chance(75):
            return f"({self.value(kind, depth)} + [{', '.join(self.value(kind[5:-1], 0) for _ in range(4))}])"
        return self.value(kind, depth)

    def _list(self, kind: str, depth: int) -> str:
        a, d = self.value, depth - 1
        if depth <= 0:
            return "[" + ", ".join(a(kind, 0) for _ in range(self._random.randrange(5))) + "]"
        whole = f"list[{kind}]"
        makers = [
            lambda: "[" + ", ".join(a(kind, d) for _ in range(self._random.randrange(1, 5))) + "]",
            lambda: f"({a(whole, d)} + {a(whole, d)})",
            lambda: f"{a(whole, d)}{self._slice()}",
            lambda: f"sorted({a(whole, d)}{self._one_of('', ', reverse=True', ', key=str', ', key=repr')})",
            lambda: f"list(reversed({a(whole, d)}))",
            lambda: f"[*{a(whole, d)}, {a(kind, d)}]",
            lambda: f"({a(whole, d)} * ({a('int', 0)} % 3))",
            lambda: self._comprehension(kind, d, small=True),
        ]
        if kind == "int":
            makers += [
                lambda: f"list(range({a('int', 0)} % 9, {self._random.randrange(9)}, {self._one_of('1', '2', '-1')}))",
                lambda: f"sorted({a('set', d)})",
                lambda: f"list({a('dict', d)}.values())",
                lambda: f"list({a('bytes', d)})",
                lambda: f"list(itertools.accumulate({a(whole, d)}))",
                lambda: f"list(countdown({a('int', 0)} % 6))",
            ]
        if kind == "str":
            makers += [
                lambda: f"{a('str', d)}.{self._one_of('split()', 'splitlines()', 'partition(chr(97))')}[:9]",
                lambda: f"list({a('str', d)})",
                lambda: f"list({a('dict', d)})",
            ]
        return self._call(*makers)

    def _dict(self, depth: int) -> str:
        a, d = self.value, depth - 1
        items = ", ".join(f"{a('str', d)}: {a('int', d)}" for _ in range(self._random.randrange(4)))
        return self._call(
            lambda: "{" + items + "}",
            lambda: "{" + items + "}",
            lambda: f"dict(zip({a('list[str]', d)}, {a('list[int]', d)}))",
            lambda: f"({a('dict', d)} | {a('dict', d)})" if depth > 0 else "{}",
            lambda: f"{{**{a('dict', d)}, {a('str', d)}: {a('int', d)}}}" if depth > 0 else "dict(a=1, b=2)",
            lambda: f"{{k: v for k, v in sorted({a('dict', d)}.items())}}" if depth > 0 else "{'k': 1}",
        )

    def _set(self, depth: int) -> str:
        a, d = self.value, depth - 1
        return self._call(
            # Of some the order follows from how they were filled.
            lambda: "{" + ", ".join(f"{self._random.choice((1, 7, 31, 39, 1 << 20, -1, -2))}" for _ in range(4)) + "}",
            lambda: f"{{x & 63 for x in {a('list[int]', d)}}}",
            lambda: "{" + ", ".join(f"{self._random.randrange(8)}" for _ in range(3)) + "}",
            lambda: f"{{x & 7 for x in {a('list[int]', d)}}}",
            lambda: f"({a('set', d)} {self._one_of('|', '&', '-', '^')} {a('set', d)})" if depth > 0 else "set()",
            lambda: f"frozenset({a('set', d)})" if depth > 0 else "frozenset({1, 2})",
        )

    def _tuple(self, depth: int) -> str:
        return (
            "(" + "".join(self.value(self._any(), depth - 1) + ", " for _ in range(self._random.randrange(1, 4))) + ")"
        )

    def _shape(self, depth: int) -> str:
        if depth <= 0 or not self._chance(30):
            return f"{self._random.choice(self._shapes)}({self.value('int', min(depth - 1, 1))})"
        a, d = self.value, depth - 1
        return self._call(
            lambda: f"({a('shape', d)} {self._one_of('+', '*')} {self._one_of(a('shape', d), a('int', d))})",
            lambda: f"{a('shape', d)}.scaled({a('int', d)})",
            lambda: f"{self._random.choice(self._shapes)}.of({a('str', d)})",
        )

    def _own_call(self, kind: str, depth: int) -> str:
        """A call of a function made for this program, or a literal."""
        found = [function for function in self._functions if function[2] == kind]
        if not found:
            return self.value(kind, 0)
        name, parameters, _ = self._random.choice(found)
        return f"{name}({', '.join(self.value(p, depth) for p in parameters)})"

    # -- loops

    def _source(self, small: bool) -> tuple[str, list[tuple[str, str]], str]:
        """A target, its names with their types, and what to run over."""
        a = self.value
        i, j = self._new("i"), self._new("j")
        if small:
            choices = [
                (i, [(i, "int")], f"range({self._random.randrange(12)})"),
                (i, [(i, "int")], a("list[int]", 1)),
                (i, [(i, "float")], a("list[float]", 1)),
                (i, [(i, "str")], a(self._one_of("str", "list[str]", "dict"), 1)),
                (f"{i}, {j}", [(i, "int"), (j, "str")], f"enumerate({a('list[str]', 1)})"),
                (f"{i}, {j}", [(i, "int"), (j, "float")], f"zip({a('list[int]', 1)}, {a('list[float]', 1)})"),
                (f"{i}, {j}", [(i, "str"), (j, "int")], f"{a('dict', 1)}.items()"),
                (i, [(i, "int")], f"map(spin, {a('list[int]', 1)})"),
                (f"({i}, *{j})", [(i, "int"), (j, "list[int]")], "[(1, 2, 3), (4,), (5, 6)]"),
            ]
            return self._random.choice(choices)
        n = self._random.choice((1_500, 3_000, 6_000))
        step = self._one_of("", "", f", {n // 3}", f", {n * 3}, 2")
        ranged = f"range({n})" if not step else f"range({n // 7}{step if ',' in step[1:] else f', {n}'})"
        two = [(i, "int"), (j, "int")]
        choices = [
            (i, [(i, "int")], ranged),
            (i, [(i, "int")], ranged),
            (i, [(i, "int")], f"range({n}, 0, -1)"),
            (i, [(i, "int")], "BIG"),
            (i, [(i, "int")], f"BIG[:{n}]"),
            (i, [(i, "float")], "FLOATS"),
            (i, [(i, "str")], self._one_of("WORDS", "TEXT", "TABLE", "TABLE.keys()")),
            (i, [(i, "int")], self._one_of("TABLE.values()", "tuple(BIG)", "TEXT.encode()")),
            (f"{i}, {j}", [(i, "str"), (j, "int")], "TABLE.items()"),
            (f"{i}, {j}", [(i, "int"), (j, "str")], f"enumerate(WORDS{self._one_of('', ', 5')})"),
            (f"{i}, {j}", two, f"zip(range({n}), BIG)"),
            (f"{i}, {j}", two, "zip(BIG, reversed(BIG))"),
            (i, [(i, "int")], f"map({self._one_of('spin', 'lambda q: q * q', 'int')}, range({n}))"),
            (i, [(i, "int")], f"filter({self._one_of('None', 'lambda q: q % 3', 'spin')}, range({n}))"),
            (i, [(i, "int")], self._one_of(f"reversed(range({n}))", "reversed(BIG)")),
            (f"{i}, {j}", two, "itertools.product(range(60), range(50))"),
            (f"{i}, {j}", two, "itertools.combinations(range(80), 2)"),
            (f"{i}, {j}", two, "itertools.pairwise(BIG)"),
            (i, [(i, "int")], f"itertools.chain(BIG, range({n}))"),
            (i, [(i, "int")], f"itertools.islice(BIG, 10, {n}, 3)"),
            (i, [(i, "int")], f"itertools.starmap(add, zip(BIG, range({n})))"),
            (i, [(i, "shape")], "SHAPES"),
        ]
        return self._random.choice(choices)

    def _heavy(self, names: list[tuple[str, str]], kind: str) -> str:
        """An expression of an element, with some work in it."""
        name, of = self._random.choice(names)
        if of in ("int", "str") and self._chance(14):
            index = name if of == "int" else f"spin(len({name}))"
            inner = self._heavy(names, kind)
            failure = self._one_of("", ", Odd", ", StopIteration")
            return self._call(
                lambda: f"said({index}, {self._one_of('331', '1009')}, {inner})",
                lambda: f"checked({index}, {self._random.randrange(6_000)}, {inner}{failure})",
                lambda: f"{self._one_of('XS', 'DEEP', 'ONE', 'D')} and {inner}",
                lambda: f"[{inner}, XS, {name}][{self._one_of('0', '1', f'{index} % 2')}]",
            )
        a = self.value
        number = {
            "int": name,
            "float": f"int({name} * 100)",
            "str": f"len({name})",
            "shape": f"{name}.n",
            "list[int]": f"len({name})",
        }[of]
        if kind == "int":
            return self._call(
                lambda: f"spin({number})",
                lambda: f"spin({number}) {self._one_of('+', '*', '-', '^')} {a('int', 1)}",
                lambda: f"len(label({number}))",
                lambda: (
                    f"spin({number}) // ({number} - {self._random.randrange(3_000)})"
                    if self._chance(30)
                    else f"spin({number})"
                ),
                lambda: (
                    f"fails_at({number}, {self._random.randrange(4_000)}{self._one_of('', ', Odd', ', KeyError')})"
                    if self._chance(40)
                    else f"spin(spin({number}))"
                ),
                lambda: f"BIG[spin({number}) % {self._one_of('len(BIG)', 'len(BIG)', '10007')}]",
                lambda: f"noisy(spin({number}), {self._one_of('997', '5003')})",
                lambda: f"Square({number}).weight()" if "Square" in self._shapes else f"spin({number})",
                lambda: f"sum(spin(q) for q in range({number} % 4))",
                lambda: f"(spin({number}) if {a('bool', 1)} else {a('int', 2)})",
                lambda: self._own_call("int", 1),
                lambda: a("int", 2),
            )
        if kind == "float":
            return self._call(
                lambda: f"wave({number})",
                lambda: f"wave({number}) * {a('float', 1)}",
                lambda: f"spin({number}) / 7",
                lambda: f"1 / (spin({number}) - {self._random.randrange(10_007)})",
                lambda: f"math.sqrt(spin({number}) - {self._one_of('0', '3')})",
                lambda: f"math.{self._one_of('sin', 'exp', 'log1p')}(wave({number}))",
                lambda: f"wave({number}) - {self._one_of('1e16', '1e-17', '0.1')}",
                lambda: a("float", 2),
            )
        if kind == "str":
            return self._call(
                lambda: f"label({number})",
                lambda: f"label({number}) + {a('str', 1)}",
                lambda: f"f'{{spin({number})}}'",
                lambda: f"str(wave({number}))",
            )
        if kind == "bool":
            return self._call(
                lambda: f"spin({number}) {self._one_of('<', '>', '==', '!=')} {self._random.randrange(10_007)}",
                lambda: f"label({number}) {self._one_of('<', '>')} {a('str', 1)}",
                lambda: f"(spin({number}) > 3 and {a('bool', 1)})",
            )
        if kind == "shape":
            return f"{self._random.choice(self._shapes)}(spin({number}))"
        if kind == "tuple":
            return f"(spin({number}) % 100, {a(self._one_of(*SCALARS), 1)}, {number})"
        if kind == "list[int]":
            return f"[spin({number}), {number}]"
        return a(kind, 1)

    def _clauses(self, small: bool, inside: Callable[[list[tuple[str, str]]], str]) -> tuple[str, str]:
        """The element that `inside` makes, and the `for` and `if` clauses before which it stands."""
        outside = self._scope
        self._scope = outside.inner()
        target, names, source = self._source(small)
        for name, kind in names:
            self._scope.add(kind, name)
        text = f"for {target} in {source}"
        if self._chance(25):
            text += f" if {self._heavy(names, 'bool') if not small else self.value('bool', 1)}"
        if self._chance(12):
            again, more, over = self._source(True)
            for name, kind in more:
                self._scope.add(kind, name)
            text += f" for {again} in {over if small else f'{over[:0]}range(2)' if ',' not in again else over}"
            if "," not in again and not small:
                self._scope.add("int", again)
        element = inside(names)
        self._scope = outside
        return element, text

    def _comprehension(self, kind: str, depth: int, small: bool) -> str:
        element, clauses = self._clauses(
            small, lambda names: self.value(kind, depth) if small else self._heavy(names, kind)
        )
        if self._chance(6) and not self._in_function and not small:
            element = f"({self._new('last')} := {element})"
        return f"[{element} {clauses}]"

    def _generator(self, kind: str, small: bool = False) -> str:
        element, clauses = self._clauses(
            small, lambda names: self._heavy(names, kind) if not small else self.value(kind, 1)
        )
        return f"{element} {clauses}"

    def loop(self, small: bool) -> tuple[str, str]:
        """A loop that gives a value, long enough to be spread unless `small`; and the type of the value."""
        kind = self._one_of("int", "float", "str", "bool", "tuple", "int", "float")
        g = functools.partial(self._generator, small=small)
        numeric = self._one_of("int", "float")

        def pairs() -> tuple[str, str]:
            return self._clauses(small, lambda names: f"{self._heavy(names, 'str')}: {self._heavy(names, 'int')}")

        makers: list[tuple[Callable[[], str], str]] = [
            (lambda: f"sum({g(numeric)})", numeric),
            (lambda: f"sum(({g(numeric)}), {self.value(numeric, 1)})", numeric),
            (lambda: f"sum({g('bool')})", "int"),
            (lambda: f"{self._one_of('min', 'max')}({g(kind)})", kind),
            (lambda: f"{self._one_of('min', 'max')}(({g(kind)}), default=None)", "any"),
            (lambda: f"{self._one_of('min', 'max')}(({g('int')}), key=lambda q: q % 10)", "int"),
            (lambda: f"{self._one_of('any', 'all')}({g('bool')})", "bool"),
            (lambda: f"sorted({g(numeric)})", f"list[{numeric}]"),
            (lambda: f"sorted(({g('tuple')}), key=lambda q: q[0], reverse=True)", "any"),
            (lambda: f"list({g(numeric)})", f"list[{numeric}]"),
            (lambda: f"tuple({g(kind)})", "tuple"),
            (lambda: f"{{(q & 7) for q in ({g('int')})}}", "set"),
            (lambda: f"sorted(set({g('str')}))", "list[str]"),
            (lambda: f"sorted({self._one_of('set', 'frozenset')}({g('int')}))", "list[int]"),
            (lambda: f"dict(({g('tuple')}))" if self._chance(10) else f"dict(q[:2] for q in [{g('tuple')}])", "any"),
            (lambda: "{" + " ".join(pairs()) + "}", "dict"),
            (lambda: f"{self._one_of(repr(','), repr(''))}.join({g('str')})", "str"),
            (lambda: f"math.fsum({g('float')})", "float"),
            (lambda: f"math.prod({g(numeric)}) % 1e9" if numeric == "float" else f"math.prod({g('bool')})", "any"),
            (lambda: f"collections.Counter({g(self._one_of('str', 'bool'))}).most_common(5)", "any"),
            (lambda: f"collections.Counter({g('str')})", "any"),
            (lambda: f"next(({g(kind)}), None)", "any"),
            (lambda: f"next({g(kind)})", kind),
            (lambda: f"functools.reduce({self._one_of('add', 'operator.xor', 'max')}, ({g('int')}), 1)", "int"),
            (lambda: f"functools.reduce(lambda p, q: (p * 31 + q) % 1009, ({g('int')}))", "int"),
            (lambda: self._comprehension("int", 1, small), "list[int]"),
            (lambda: self._comprehension("float", 1, small), "list[float]"),
            (lambda: self._comprehension("str", 1, small), "list[str]"),
            (lambda: self._comprehension("shape", 1, small), "any"),
            (lambda: self._comprehension("list[int]", 1, small), "any"),
            (lambda: self._comprehension("tuple", 1, small), "any"),
            (lambda: f"len({self._comprehension(kind, 1, small)})", "int"),
            (lambda: f"[*({g(kind)})]", "any"),
            (lambda: f"{self._one_of('min', 'max', 'sorted')}(BIG, key=lambda q: said(q, 400, -spin(q)))", "any"),
            (lambda: f"sorted(BIG, key=lambda q: checked(q, {self._random.randrange(2_000)}, spin(q)))", "any"),
            (lambda: f"[XS if {self._heavy([('q', 'int')], 'bool')} else DEEP for q in range(2_000)]", "any"),
            (lambda: "[(ONE, [spin(q)]) for q in range(2_000)]", "any"),
            (lambda: f"[SHAPES[spin(q) % {self._one_of('len(SHAPES)', '5000')}] for q in range(2_000)]", "any"),
            (lambda: f"many(2_000, {self._random.randrange(4_000)})", "any"),
            (lambda: f"[many(20, {self._random.randrange(300)} + q) for q in range(300)]", "any"),
            (lambda: "[[spin(q) for q in range(n % 7)] for n in range(2_000)]", "any"),
            (lambda: "[*map(spin, BIG)]", "list[int]"),
            (lambda: f"consumed({self._one_of('sum', 'max', 'set', 'list', 'sorted')}, ({g(kind)}))", "any"),
            (lambda: f"consumed({self._one_of('sum', 'tuple', 'min')}, ({g(numeric)}))", "any"),
            (lambda: f"list(itertools.accumulate({g(numeric)}))", f"list[{numeric}]"),
            (lambda: f"sum(itertools.accumulate(({g('int')}), {self._one_of('max', 'add', 'operator.xor')}))", "int"),
            (lambda: f"sorted_in_place({self._one_of('spin', 'lambda q: said(q, 400, -spin(q))')})", "any"),
        ]
        make, result = self._random.choice(makers)
        return make(), result

    # -- statements

    def block(self, count: int, depth: int) -> list[str]:
        lines: list[str] = []
        for _ in range(count):
            lines += self._statement(depth)
        return lines or ["pass"]

    def _body(self, depth: int, count: int | None = None) -> list[str]:
        """An indented suite whose new names are not relied upon after it."""
        outside = self._scope
        self._scope = outside.inner()
        lines = self.block(count or self._random.randrange(1, 3), depth - 1)
        self._scope = outside
        return ["    " + line for line in lines]

    def _assign(self, kind: str, text: str) -> list[str]:
        name = self._new("v")
        if kind != "any":
            self._scope.add(kind, name, fresh=self._is_fresh(text))
        return [f"{name} = {text}"]

    def _is_fresh(self, text: str) -> bool:
        """Whether the expression makes a new container whatever it runs over."""
        return text.startswith(("[", "sorted(", "list(", "{"))

    def _statement(self, depth: int) -> list[str]:
        choices: list[tuple[int, Callable[[int], list[str]]]] = [
            (14, self._plain),
            (4 if self._in_function else 12, self._small_loop),
            (0 if self._in_function else 16, self._big_loop),
            (6, self._print),
            (7, self._mutate),
            (3, self._augment),
            (3, self._unpack),
            (2, self._delete),
        ]
        if not self._in_function:
            choices += [(4, self._parallel_mutation), (1, self._captured_mutation), (2, self._closures)]
            choices += [(14, self._accumulation)]
            choices += [(3, self._iterators), (2, self._class), (3, self._failing_mutation)]
        if depth > 0:
            choices += [
                (5, self._if),
                (4, self._for),
                (2, self._while),
                (6, self._try),
                (3, self._match),
                (3, self._with),
                (2, self._raise),
                (2, self._define),
            ]
        weights = [weight for weight, _ in choices]
        return self._random.choices([make for _, make in choices], weights)[0](depth)

    def _plain(self, _: int) -> list[str]:
        kind = self._one_of(*SCALARS, "int", "list[int]", "list[float]", "list[str]", "dict", "set", "tuple", "shape")
        return self._assign(kind, self.value(kind, 3))

    def _small_loop(self, _: int) -> list[str]:
        text, kind = self.loop(small=True)
        return self._assign(kind, text)

    def _big_loop(self, _: int) -> list[str]:
        if self._parallel >= 3:
            return self._small_loop(0)
        self._parallel += 1
        text, kind = self.loop(small=False)
        return self._assign(kind, text)

    def _print(self, _: int) -> list[str]:
        text = self.value(self._any(), 2)
        return [f"print({text}{self._one_of('', ', end=chr(59)', f', {self.value(self._any(), 1)}, sep=chr(45)')})"]

    def _fresh_of(self, kind: str) -> str | None:
        names = [name for name in self._scope.names.get(kind, []) if name in self._scope.fresh]
        return self._random.choice(names) if names else None

    def _mutate(self, depth: int) -> list[str]:
        kind = self._one_of("int", "float", "str")
        name, a = self._fresh_of(f"list[{kind}]"), self.value
        if name is None:
            mapping = self._fresh_of("dict")
            if mapping is None:
                return self._assign(f"list[{kind}]", f"[{a(kind, 1)}, {a(kind, 1)}]")
            return [
                self._call(
                    lambda: f"{mapping}[{a('str', 1)}] = {a('int', 1)}",
                    lambda: f"{mapping}.update({a('dict', 1)})",
                    lambda: f"{mapping}.setdefault({a('str', 1)}, {a('int', 1)})",
                    lambda: f"{mapping}.pop({a('str', 1)}, None)",
                    lambda: f"del {mapping}[{a('str', 1)}]",
                    lambda: f"{mapping}.popitem()",
                    lambda: f"put({mapping}, {a('str', 1)}, 5)",
                )
            ]
        return [
            self._call(
                lambda: f"{name}.append({a(kind, 1)})",
                lambda: f"{name}.extend({a(f'list[{kind}]', 1)})",
                lambda: f"{name}.insert({a('int', 0)}, {a(kind, 1)})",
                lambda: f"{name}.pop()",
                lambda: f"{name}.sort({self._one_of('', 'reverse=True', 'key=str')})",
                lambda: f"{name}.reverse()",
                lambda: f"{name}[{self._random.randrange(-3, 3)}] = {a(kind, 1)}",
                lambda: f"{name}{self._slice().replace(':1]', ']')} = {a(f'list[{kind}]', 1)}",
                lambda: f"del {name}[{self._random.randrange(3)}:]",
                lambda: f"{name} += {a(f'list[{kind}]', 1)}",
                lambda: f"{name}.remove({a(kind, 1)})",
                lambda: f"push({name}, {a(kind, 1)})",
                lambda: f"{name} *= 2",
            )
        ]

    def _augment(self, depth: int) -> list[str]:
        kind = self._one_of("int", "float", "str")
        name = self._named(kind)
        if name is None or name.isupper():
            return self._plain(depth)
        operator = "+" if kind == "str" else self._one_of("+", "-", "*", "//", "%", "/" if kind == "float" else "|")
        return [f"{name} {operator}= {self.value(kind, 2)}"]

    def _unpack(self, _: int) -> list[str]:
        a, b, c = self._new("a"), self._new("b"), self._new("c")
        made = self._call(
            lambda: f"{a}, {b} = {self.value('int', 2)}, {self.value('int', 2)}",
            lambda: f"{a}, *{c} = {self.value('list[int]', 1)}",
            lambda: f"*{c}, {b} = {self.value('list[int]', 1)}",
            lambda: (
                f"({a}, {b}), {c} = divmod({self.value('int', 1)}, {self.value('int', 1)}), [{self.value('int', 1)}]"
            ),
            lambda: f"{a} = {b} = {self.value('int', 2)}",
            lambda: f"{a} = ({b} := {self.value('int', 2)}) + {b}",
        )
        for name in (a, b):
            if f"{name}," in made or f"{name})" in made or f"{name} " in made:
                self._scope.add("int", name)
        if c in made:
            self._scope.add("list[int]", c, fresh=True)
        return [made]

    def _delete(self, depth: int) -> list[str]:
        kind = self._one_of(*self._scope.names)
        name = self._named(kind)
        if name is None or name.isupper() or self._in_function:
            return self._plain(depth)
        self._scope.names[kind].remove(name)
        return [f"del {name}"]

    def _parallel_mutation(self, _: int) -> list[str]:
        self._parallel += 1
        name, result = self._new("acc"), self._new("v")
        n = self._random.choice((1_500, 4_000))
        lines = self._random.choice(
            [
                [f"{name} = []", f"{result} = [(push({name}, i), len({name}))[1] for i in range({n}) if spin(i) % 3]"],
                [f"{name} = {{}}", f"{result} = sum(put({name}, spin(i) % 50, i) for i in range({n}))"],
                [f"{name} = counter(5)", f"{result} = [{name}() + spin(i) for i in range({n})]", f"del {name}"],
                [f"{name} = [0]", f"{result} = [{name}.__setitem__(0, {name}[0] + spin(i)) for i in range({n})]"],
                [
                    f"{name} = countdown({n})",
                    f"{result} = [(spin(i), next({name})) for i in range({n - 5})]",
                    f"{name} = list({name})",
                ],
                [
                    f"{name} = Square({n})",
                    f"{result} = [({name}.grow(), spin({name}.n))[1] for i in range({n})]",
                ],
                [
                    f"{name} = iter(range({n * 2}))",
                    f"{result} = [(spin(i), next({name}))[1] for i in {name}]",
                    f"del {name}",
                ],
                [
                    f"{name} = set()",
                    f"{result} = [({name}.add(spin(i)), len({name}))[1] for i in range({n})]",
                    f"{name} = sorted({name})",
                ],
            ]
        )
        if "Square" in lines[0] and "Square" not in self._shapes:
            return self._big_loop(0)
        return lines

    def _accumulation(self, _: int) -> list[str]:
        """A long `for` loop that adds to a few variables, in the block or in a function."""
        if self._parallel >= 3:
            return self._small_loop(0)
        self._parallel += 1
        target, names, source = self._source(False)
        begins, body, added = list[str](), list[str](), list[tuple[str, str]]()
        if self._chance(30):
            held = self._new("h")
            body.append(f"{held} = {self._heavy(names, 'int')}")
            names = [*names, (held, "int")]
        for _ in range(self._random.randrange(1, 4)):
            begin, step, name, kind = self._step(names)
            begins.append(begin)
            added.append((name, kind))
            body += self._turned(step, names)
        lines = [*begins, f"for {target} in {source}:", *("    " + line for line in body)]
        if self._chance(15):
            lines += ["else:", f"    {added[0][0]} = [{added[0][0]}]"]
            added = added[1:]
        results = ", ".join(name for name, _ in added)
        if self._chance(30) and added:
            called = self._new("f")
            inside = ["    " + line for line in [*lines, f"return ({results},)"]]
            lines = [f"def {called}():", *inside, f"({results},) = {called}()"]
        for name, kind in added:
            if kind != "any":
                self._scope.add(kind, name, fresh=kind.startswith(("list", "dict")))
        return lines

    def _step(self, names: list[tuple[str, str]]) -> tuple[str, str, str, str]:
        """How a variable begins, how a turn adds to it, the variable, and its type in the end."""
        name = self._new("acc")

        def heavy(kind: str) -> str:
            return self._heavy(names, kind)

        key = self._one_of(f"{heavy('int')} % 40", heavy("str"), f"{heavy('float')} // 9", heavy("bool"))
        return self._random.choice(
            [
                (f"{name} = 0", f"{name} += {heavy('int')}", name, "int"),
                (f"{name} = 2**62", f"{name} += {heavy('int')} << 50", name, "int"),
                (f"{name} = {self._one_of('0.0', '-0.0', '1')}", f"{name} += {heavy('float')}", name, "float"),
                (f"{name} = 0", f"{name} += {heavy(self._one_of('bool', 'int', 'float'))}", name, "any"),
                (f"{name} = 0", f"{name} -= {heavy('int')}", name, "int"),
                (f"{name} = ''", f"{name} += {heavy('str')}", name, "str"),
                (f"{name} = []", f"{name}.append({heavy('int')})", name, "list[int]"),
                (f"{name} = [1, 2]", f"{name}.append({heavy('int')})", name, "list[int]"),
                (f"{name} = []", f"{name} += [{heavy('float')}]", name, "list[float]"),
                (f"{name} = []", f"{name}.extend(({heavy('int')}, {heavy('float')}))", name, "any"),
                (f"{name} = set()", f"{name}.add({key})", name, "any"),
                (f"{name} = {{}}", f"{name}[{key}] = {heavy('int')}", name, "any"),
                (f"{name} = {{}}", f"{name}[{key}] = {name}.get({key}, 0) + {heavy('int')}", name, "any"),
                (f"{name} = {{}}", f"{name}.setdefault({key}, []).append({heavy('int')})", name, "any"),
                (f"{name} = collections.Counter()", f"{name}[{key}] += 1", name, "any"),
                (f"{name} = collections.defaultdict(list)", f"{name}[{key}].append({heavy('str')})", name, "any"),
                (f"{name} = -1", f"{name} = max({name}, {heavy('int')})", name, "int"),
                (f"{name} = 1e9", f"{name} = min({name}, {heavy('float')})", name, "float"),
                (f"{name} = [0] * 10", f"{name}[{heavy('int')} % 10] += 1", name, "list[int]"),
                (f"{name} = XS", f"{name}.append({heavy('int')})", name, "any"),
            ]
        )

    def _turned(self, step: str, names: list[tuple[str, str]]) -> list[str]:
        """The step as it stands, or under a condition, or with a way out."""
        test = self._heavy(names, "bool")
        return self._random.choice(
            [
                [step],
                [step],
                [step],
                [f"if {test}:", f"    {step}"],
                [f"if {test}:", "    continue", step],
                ["try:", f"    {step}", "except (ValueError, Odd):", "    pass"],
                [f"if {test}:", f"    {step}", "else:", f"    said({self._random.randrange(3000)}, 1009, 'other')"],
                [step, f"if {test} and {test} and {self._random.randrange(4)} == 0:", "    break"],
            ]
        )

    def _captured_mutation(self, _: int) -> list[str]:
        fresh = self._random.randrange(1_000, 2_000)
        return [
            self._one_of(
                f"XS.append({fresh})",
                f"push(XS, {fresh})",
                f"DEEP['rows'][0].append({fresh})",
                f"DEEP['new{fresh}'] = {fresh}",
                f"XS[0] = {fresh}",
                f"XS += [{fresh}]",
                f"NUMBERS.add({fresh})",
                "ONE.n += 1",
                "ONE.grow()",
                f"ONE.tags.append({fresh})",
                f"[push(XS, spin(i)) for i in range({fresh * 2})]",
                f"list(map(XS.append, [{fresh}]))",
                f"DEEP['shared'].extend([{fresh}])",
                f"setattr(ONE, 'other', {fresh})",
                f"BYTEARRAY.extend(b'{fresh}')",
            )
        ]

    def _failing_mutation(self, _: int) -> list[str]:
        """State that a loop changes until it fails."""
        name, n, k = self._new("acc"), self._random.choice((1_500, 3_000)), self._random.randrange(3_500)
        element = self._one_of(
            f"push({name}, fails_at(i, {k}))",
            f"said(i, 500, push({name}, checked(i, {k}, spin(i), Odd)))",
            f"push({name}, 1 // (i - {k}) + spin(i))",
            f"({name}.append(i), checked(i, {k}, label(i)))",
        )
        consumer = self._one_of(
            "[{}]", "list({})", "sum(1 for q in [{}])", "sorted({})", "len([{}])", "any({})", "max({})"
        )
        return [
            f"{name} = []",
            "try:",
            f"    {self._new('v')} = {consumer.format(f'{element} for i in range({n})')}",
            f"except {self._one_of('Exception', 'ArithmeticError', 'ValueError', 'Odd')} as error:",
            f"    print(type(error), error, len({name}))",
            f"{self._one_of('finally', 'finally', 'else')}:",
            f"    {self._new('v')} = len({name}), sum({name})",
        ]

    def _iterators(self, _: int) -> list[str]:
        """A generator that is used up in parts."""
        name, a, b = self._new("it"), self._new("v"), self._new("v")
        made = self._one_of(
            f"({self._generator(self._one_of('int', 'str'))})",
            "(said(i, 700, spin(i)) for i in range(3_000))",
            "(checked(i, 2_000, spin(i)) for i in range(3_000))",
            "iter(BIG)",
            "map(spin, BIG)",
            "zip(BIG, map(spin, range(3_000)))",
            "enumerate(countdown(1_500))",
            "(push(XS[:], spin(i)) for i in BIG)",
        )
        first = self._one_of(
            f"next({name}, None)",
            f"[next({name}) for _ in range(3)]",
            f"list(itertools.islice({name}, 5))",
            f"any(spin(len(str(i))) == 1 for i in {name})",
            f"next((i for i in {name} if str(i)[-1] == '7'), None)",
        )
        second = self._one_of(f"list({name})", f"len([*{name}])", f"[(spin(1), i)[1] for i in {name}]", f"max({name})")
        return [
            "try:",
            f"    {name} = {made}",
            f"    {a} = {first}",
            f"    {b} = {second}",
            "finally:",
            f"    {name} = None",
        ]

    def _class(self, _: int) -> list[str]:
        """A class of the block's own, and a loop of its instances."""
        name, result = self._new("Own"), self._new("v")
        base = self._one_of("", "(Base)", "(int)", "(list)", "(Exception)", "(enum.IntEnum)", "(dict)")
        if base == "(enum.IntEnum)":
            return [
                f"class {name}{base}:",
                "    A = 1",
                "    B = 2",
                f"{result} = [{name}(spin(i) % 2 + 1) for i in range(2_000)]",
            ]
        made = {
            "": "()",
            "(Base)": "(i)",
            "(int)": "(i)",
            "(list)": "([i])",
            "(Exception)": "(i, 'x')",
            "(dict)": "(a=i)",
        }[base]
        return [
            f"class {name}{base}:",
            f"    k = {self.value('int', 1)}",
            f"    {self._one_of('made = 0', 'log = []', 'kept = {}')}",
            "    def work(self):",
            f"        return spin(self.k + {self.value('int', 1)} % 100)",
            f"{result} = [({name}{made}.work(), {name}{made}) for i in range(1_500) if spin(i) % 3]",
            f"{self._new('v')} = {name}{made.replace('i', '5', 1) if base != '(dict)' else '()'}.work()",
        ]

    def _closures(self, _: int) -> list[str]:
        name, result = self._new("fs"), self._new("v")
        text = self._one_of(
            "[lambda x: x + i for i in range(5)]",
            "[adder(i) for i in range(2_000)]",
            "[lambda x, i=i: x * spin(i) for i in range(1_500)]",
            "[counter(i) for i in range(4)]",
            "[functools.partial(add, spin(i)) for i in range(2_000)]",
        )
        call = "f()" if "counter" in text else "f(3)"
        return [f"{name} = {text}", f"{result} = [{call} for f in {name}]", f"del {name}"]

    def _if(self, depth: int) -> list[str]:
        lines = [f"if {self.value('bool', 2)}:", *self._body(depth)]
        if self._chance(30):
            lines += [f"elif {self.value('bool', 1)}:", *self._body(depth)]
        if self._chance(50):
            lines += ["else:", *self._body(depth)]
        return lines

    def _for(self, depth: int) -> list[str]:
        outside = self._scope
        self._scope = outside.inner()
        target, names, source = self._source(True)
        for name, kind in names:
            self._scope.add(kind, name)
        lines = [f"for {target} in {source}:", *self._body(depth)]
        if self._chance(35):
            lines += [f"    if {self.value('bool', 1)}:", f"        {self._one_of('break', 'continue')}"]
        if self._chance(30):
            lines += ["else:", *self._body(depth)]
        self._scope = outside
        return lines

    def _while(self, depth: int) -> list[str]:
        name = self._new("w")
        lines = [f"{name} = {self._random.randrange(1, 6)}", f"while {name} > 0:", f"    {name} -= 1"]
        lines += self._body(depth)
        if self._chance(40):
            lines += [f"    if {self.value('bool', 1)}:", f"        {self._one_of('break', 'continue')}"]
        if self._chance(30):
            lines += ["else:", *self._body(depth)]
        self._scope.add("int", name)
        return lines

    def _try(self, depth: int) -> list[str]:
        lines = ["try:", *self._body(depth, self._random.randrange(1, 4))]
        catches = self._random.randrange(3)
        kinds = ["ZeroDivisionError", "(ValueError, OverflowError)", "(KeyError, IndexError)", "ArithmeticError", "Odd"]
        kinds += ["TypeError", "LookupError", "Exception", "Exception"]
        for _ in range(catches):
            lines += [f"except {self._one_of(*kinds)} as error:"]
            lines += self._random.choice(
                [
                    ["    print(type(error).__name__, error)"],
                    [f"    {self._new('v')} = (error.args, type(error))"],
                    ["    print('again', error)", "    raise"],
                    [f"    raise Odd('from', {self._random.randrange(9)}) from error"],
                    ["    raise RuntimeError('while')"],
                    [f"    {self._new('kept')} = error"],
                ]
            )
        if catches and self._chance(30):
            lines += ["else:", *self._body(depth)]
        if not catches or self._chance(35):
            lines += ["finally:", *self._body(depth, 1)]
        return lines

    def _match(self, depth: int) -> list[str]:
        name = self._new("m")
        lines = [f"match {self.value(self._any(), 2)}:"]
        cases = [
            f"[{name}, *_]",
            "{'a': 1, **rest}",
            f"int() | float() as {name}",
            f"str({name})",
            f"{self._random.choice(self._shapes)}(n={name})",
            f"({name}, 2)",
            "None | True | False",
            f"[_, {name}] if {self.value('bool', 1)}",
        ]
        for case in self._random.sample(cases, 3):
            lines += [f"    case {case}:", *["    " + line for line in self._body(depth, 1)]]
        if self._chance(60):
            lines += ["    case _:", *["    " + line for line in self._body(depth, 1)]]
        return lines

    def _with(self, depth: int) -> list[str]:
        log = self._new("log")
        manager = self._one_of(
            f"Guard({log})", f"Guard({log}, (ArithmeticError, Odd))", f"tagged({log}, 't') as {self._new('t')}"
        )
        if self._chance(20):
            manager += f", contextlib.suppress({self._one_of('ValueError', 'LookupError')})"
        return [f"{log} = []", f"with {manager}:", *self._body(depth)]

    def _raise(self, _: int) -> list[str]:
        if self._chance(60):
            return [f"assert {self.value('bool', 1)}, {self.value('str', 1)}"]
        kind = self._one_of("ValueError", "Odd", "KeyError", "RuntimeError", "StopIteration", "OverflowError")
        return [f"if {self.value('bool', 2)}:", f"    raise {kind}({self.value(self._any(), 1)})"]

    def _define(self, depth: int) -> list[str]:
        if self._in_function:
            return self._plain(depth)
        return self._function(depth, captures=True)

    def _function(self, depth: int, captures: bool) -> list[str]:
        """A function of its own, with parameters of known types."""
        outside, self._scope = self._scope, self._scope.inner()
        if not captures:
            self._scope = Scope()
        self._scope = Scope({kind: [n for n in names if n.isupper()] for kind, names in self._scope.names.items()})
        inside, self._in_function = self._in_function, True
        name, result = self._new("own"), self._one_of("int", "float", "str")
        parameters = [
            self._one_of("int", "float", "str", "int", "list[int]") for _ in range(self._random.randrange(1, 3))
        ]
        names = [self._new("p") for _ in parameters]
        last = f"{names[-1]}={self.value(parameters[-1], 0)}" if parameters[-1] != "list[int]" else names[-1]
        for parameter, kind in zip(names, parameters, strict=True):
            self._scope.add(kind, parameter)
        lines = [f"def {name}({', '.join([*names[:-1], last])}):"]
        lines += ["    " + line for line in self.block(self._random.randrange(3), depth - 1)]
        lines += [f"    return {self.value(result, 2)}"]
        self._in_function = inside
        self._scope = outside
        self._functions.append((name, parameters, result))
        return lines

    # -- classes and captured values

    def _classes(self) -> list[str]:
        base = self._one_of("Square", "Round", "Boxed")
        weight = (
            f"return self.n {self._one_of('+', '*', '-', '//', '%')} {self._one_of('2', '0', '7', 'len(self.tags)')}"
        )
        operators = [
            "    def __add__(self, other):",
            "        if isinstance(other, int):",
            "            return type(self)(self.n + other)",
            "        if not isinstance(other, Base):",
            "            return NotImplemented",
            "        return type(self)(self.n + other.n)",
            "    __radd__ = __add__",
            "    def __mul__(self, k):",
            "        return self.scaled(k if isinstance(k, int) else k.n)",
        ]
        lines = [
            "class Base:",
            f"    level = {self._random.randrange(5)}",
            "    def __init__(self, n, tags=()):",
            "        self.n = n",
            "        self.tags = list(tags)",
            "    @property",
            "    def area(self):",
            "        return self.n * self.n",
            "    def weight(self):",
            f"        {weight}",
            "    def grow(self):",
            "        self.n += 1",
            "        return self",
            "    def scaled(self, k):",
            "        return type(self)(self.n * k)",
            "    @classmethod",
            "    def of(cls, text):",
            "        return cls(len(text) + cls.level)",
            *operators,
        ]
        if self._chance(60):
            lines += ["    def __repr__(self):", "        return f'{type(self).__name__}({self.n})'"]
        else:
            lines += ["    def __repr__(self):", "        return 'some ' + type(self).__qualname__"]
        if self._chance(70):
            lines += [
                "    def __eq__(self, other):",
                "        return isinstance(other, Base) and self.n == other.n",
                "    def __hash__(self):",
                "        return hash(self.n)",
            ]
        if self._chance(60):
            lines += ["    def __lt__(self, other):", "        return (self.n % 100) < (other.n % 100)"]
        if self._chance(40):
            lines += ["    def __bool__(self):", "        return self.n % 2 == 0"]
        if self._chance(30):
            lines += ["    def __len__(self):", "        return abs(self.n) % 10"]
        sub = [
            f"class {base}(Base):",
            f"    level = {self._random.randrange(5)}",
            "    def weight(self):",
            f"        return super().weight() {self._one_of('+', '*', '-')} {self._random.randrange(9)}",
        ]
        if self._chance(50):
            sub += ["    @property", "    def area(self):", "        return super().area + 1"]
        if self._chance(30):
            sub += ["    def __getattr__(self, name):", "        raise AttributeError('no ' + name)"]
        options = self._one_of("", "(order=True)", "(frozen=True)", "(slots=True)", "(eq=True, unsafe_hash=True)")
        data = [
            f"@dataclasses.dataclass{options}",
            "class Point:",
            "    n: int",
            "    tags: list = dataclasses.field(default_factory=list)",
            "    @property",
            "    def area(self):",
            f"        return self.n {self._one_of('+', '*')} 3",
            "    def weight(self):",
            "        return self.n - 1",
            "    def scaled(self, k):",
            "        return dataclasses.replace(self, n=self.n * k)",
            "    def grow(self):",
            "        self.n += 1",
            "    def __add__(self, other):",
            "        return Point(self.n + getattr(other, 'n', other))",
            "    def __mul__(self, other):",
            "        return Point(self.n * getattr(other, 'n', other))",
            "    @staticmethod",
            "    def of(text):",
            "        return Point(len(text))",
        ]
        if self._chance(30):
            data += ["    def __post_init__(self):", "        object.__setattr__(self, 'n', self.n * 1)"]
        self._shapes = ["Base", base, "Point"]
        return lines + sub + data

    def _captured(self) -> list[str]:
        """Values in capitals, which the block may only read."""
        a, r = self.value, self._random
        shape = self._one_of(*self._shapes)
        pairs = ", ".join(f"{a('str', 0)}: {a('int', 0)}" for _ in range(4))
        lines = [
            f"BIG = [(i * {r.randrange(3, 99)} + {r.randrange(50)}) % 1009 for i in range({r.choice((1_500, 4_000))})]",
            f"FLOATS = [(x - {r.randrange(500)}) / {r.randrange(1, 30)} for x in BIG]",
            "WORDS = ['w' + str(x % 70) for x in BIG]",
            "TABLE = {'k' + str(i): x for i, x in enumerate(BIG)}",
            "TEXT = 'the quick brown fox ' * 150",
            f"SHAPES = [{shape}(x) for x in BIG]",
            f"XS = [{', '.join(a('int', 0) for _ in range(r.randrange(1, 6)))}]",
            f"YS = [{', '.join(a('float', 0) for _ in range(r.randrange(1, 6)))}]",
            f"WS = [{', '.join(a('str', 0) for _ in range(r.randrange(1, 6)))}]",
            f"D = {{{pairs}}}",
            "NUMBERS = {1, 2, 5}",
            f"I, F, S, B = {a('int', 0)}, {a('float', 0)}, {a('str', 0)}, {a('bool', 0)}",
            f"RAW = {a('bytes', 0)}",
            "BYTEARRAY = bytearray(b'abc')",
            f"T = {a('tuple', 1)}",
            f"ONE = {self._shapes[0]}({a('int', 0)}, [1, 2])",
            "DEEP = {'rows': [[1, 2], [3]], 'sets': ({1},), 'shared': XS, 'again': [XS, ONE], 'f': -0.0}",
            "ALL_CAPTURED = [XS, YS, WS, D, NUMBERS, BYTEARRAY, T, ONE, DEEP, BIG, FLOATS, WORDS, TABLE, SHAPES]",
        ]
        named = {"list[int]": "XS", "list[float]": "YS", "list[str]": "WS", "dict": "D", "set": "NUMBERS", "int": "I"}
        named |= {"float": "F", "str": "S", "bool": "B", "bytes": "RAW", "tuple": "T", "shape": "ONE"}
        for kind, name in named.items():
            self._scope.add(kind, name)
        return lines

    def program(self) -> str:
        """The text of the program."""
        classes = self._classes()
        captured = self._captured()
        functions: list[str] = []
        for _ in range(self._random.randrange(1, 4)):
            functions += self._function(2, captures=True)
        before = self.block(self._random.randrange(2), 0) if self._chance(8) else []
        self._scope.fresh.clear()
        self._parallel = 0
        block = self.block(self._random.randrange(3, 13), 2)
        after: list[str] = []
        if self._chance(25):
            self._scope.fresh.clear()
            self._scope.names.setdefault("int", []).append("I")
            again = self.block(self._random.randrange(1, 5), 2)
            after = ["with executor.remotely.downloadAll():", *["    " + line for line in again]]
        return "\n".join(
            [
                PRELUDE.strip(),
                *classes,
                *captured,
                *functions,
                *before,
                "with executor.remotely.downloadAll():",
                *["    " + line for line in block],
                *after,
                "",
            ]
        )


# -- running


def program_of(seed: int) -> str:
    """The program of a seed."""
    return Generator(seed).program()


def complaints(text: str, url: str) -> list[str]:
    """What is different on the cluster at `url`; a refusal is right where the local run changed a captured value."""
    local = run_locally(Program(text, seconds=SECONDS))
    if local.raised == "ended":
        return []  # without an end, or too much for the memory: nothing to compare with
    remote = run_on(url, Program(text, seconds=SECONDS))
    if remote.raised == REFUSAL and local.raised != REFUSAL and _changes_captured(text, local):
        return []
    return differences(local, remote)


def _changes_captured(text: str, local: Outcome) -> bool:
    """Whether the local run of the program left other captured values than there were before its block."""
    before = text[: text.index("\nwith executor.remotely") + 1]
    return run_locally(Program(before, seconds=SECONDS)).names.get("ALL_CAPTURED") != local.names.get("ALL_CAPTURED")


def kinds_of(found: list[str]) -> frozenset[str]:
    """What sort of differences these are, without their details."""
    return frozenset(
        "name" if line.startswith("`") else line.split(":")[0].split(" (from")[0].split(" of ")[0] for line in found
    )


def shrunk(text: str, differs: Callable[[str], bool], seconds: float = 120.0) -> str:
    """The program with as few statements and as small expressions as still differ."""
    deadline = time.monotonic() + seconds
    text = ast.unparse(ast.parse(text)) + "\n"
    again = True
    while again:
        again = False
        done = 0
        while True:
            smaller = next((c for c in _smaller(text, done) if c is not None), None)
            if smaller is None or time.monotonic() > deadline:
                break
            if smaller != text and differs(smaller):
                text, again = smaller, True
            else:
                done += 1
    return text


def _smaller(text: str, number: int) -> Iterator[str | None]:
    """The `number`th way to make the program smaller: the last statements first, then parts for wholes."""
    tree = ast.parse(text)
    ways: list[Callable[[], None]] = []
    for parent in ast.walk(tree):
        for name, suite in ast.iter_fields(parent):
            if isinstance(suite, list) and suite and isinstance(suite[0], ast.stmt):
                for at in reversed(range(len(suite))):
                    ways += _ways_in_suite(suite, at, parent is tree and _is_block(suite[at]))
                if name in ("orelse", "finalbody"):
                    ways.append(suite.clear)
            if isinstance(suite, list) and len(suite) > 1 and isinstance(suite[0], ast.expr | ast.excepthandler):
                ways += [functools.partial(suite.pop, at) for at in range(len(suite))]
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            for part, put in _places(parent, name, value):
                ways += [functools.partial(put, small) for small in _parts(part)]
    if number < len(ways):
        ways[number]()
        ast.fix_missing_locations(tree)
        try:
            made = ast.unparse(tree) + "\n"
            compile(made, "smaller", "exec")
        except (SyntaxError, ValueError, TypeError, AttributeError, IndexError):
            made = text
        yield made


def _is_block(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.With) and "executor.remotely" in ast.unparse(statement.items[0])


def _ways_in_suite(suite: list[ast.stmt], at: int, keep: bool) -> Iterator[Callable[[], None]]:
    def replace(by: list[ast.stmt]) -> None:
        suite[at : at + 1] = by or ([ast.Pass()] if len(suite) == 1 else [])

    if keep:
        return
    if not isinstance(suite[at], ast.Pass):
        yield lambda: replace([])
    for name in ("body", "orelse", "finalbody"):
        inside = getattr(suite[at], name, [])
        if isinstance(inside, list) and inside and not isinstance(suite[at], ast.FunctionDef | ast.ClassDef):
            yield functools.partial(replace, inside)


def _places(parent: ast.AST, name: str, value: object) -> Iterator[tuple[ast.expr, Callable[[ast.expr], None]]]:
    """The expressions under a field, each with what puts another one there."""
    if name in ("func", "target", "targets", "decorator_list", "format_spec", "items", "bases"):
        return
    if isinstance(value, ast.expr):
        yield value, functools.partial(setattr, parent, name)
    elif isinstance(value, list):
        for at, part in enumerate(value):
            if isinstance(part, ast.expr):
                yield part, functools.partial(value.__setitem__, at)


def _parts(whole: ast.expr) -> Iterator[ast.expr]:
    """Smaller expressions to stand for this one."""
    if isinstance(whole, ast.Constant | ast.Name | ast.JoinedStr | ast.FormattedValue | ast.Starred | ast.Lambda):
        return
    for child in ast.iter_child_nodes(whole):
        if isinstance(child, ast.expr) and not isinstance(child, ast.Starred | ast.FormattedValue):
            yield child
        if isinstance(child, ast.comprehension):
            yield child.iter
    yield ast.Constant(1)


def _show(text: str, found: list[str]) -> None:
    print(textwrap.indent(text[_needed_from(text) :], "    | "))
    for line in found:
        print(f"    {line}", flush=True)


def _needed_from(text: str) -> int:
    """Where the program's own part begins."""
    return len(PRELUDE.strip()) if text.startswith(PRELUDE.strip()) else 0


def _replay(seed: int, url: str, shrink: bool) -> None:
    text = program_of(seed)
    found = complaints(text, url)
    print(f"seed {seed}: {'DIFFERENT' if found else 'same'}", flush=True)
    if found and shrink:
        kinds = kinds_of(found)
        text = shrunk(text, lambda smaller: kinds_of(complaints(smaller, url)) == kinds)
        found = complaints(text, url)
    _show(text, found)


def _kill_one(cluster: Cluster) -> None:
    """End a worker as a crash of its machine would, and start another one."""
    worker = cluster.workers.pop(0)
    worker.signal_family(signal.SIGKILL)
    worker.process.wait(10)
    cluster.start_worker()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.differential.generated", description=__doc__)
    parser.add_argument("--seed", type=int, help="replay this one, and shrink it if it differs")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after this many")
    parser.add_argument("--kill-every", type=int, default=0, help="kill a worker in the midst of each so many programs")
    parser.add_argument("--eager", action="store_true", help="spread loops that last a fraction of a millisecond")
    parser.add_argument("--no-shrink", action="store_true")
    options = parser.parse_args()
    start = time.monotonic()
    ran, different = 0, []
    server = {"fork_server": EAGER_SERVER} if options.eager else {}
    with Cluster(workers=options.workers, **server) as cluster:
        if options.seed is not None:
            _replay(options.seed, cluster.url, not options.no_shrink)
            return
        for seed in range(options.first, options.first + options.count):
            if time.monotonic() - start > options.seconds:
                break
            killer = None
            if options.kill_every and ran % options.kill_every == options.kill_every - 1:
                cluster.wait_for_workers(options.workers)
                killer = threading.Timer(Random(seed).random() * 0.4, _kill_one, [cluster])
                killer.start()
            begun = time.monotonic()
            found = complaints(program_of(seed), cluster.url)
            took = time.monotonic() - begun
            if killer is not None:
                killer.join()
            ran += 1
            if took > 10:
                print(f"seed {seed}: {took:.1f} s", flush=True)
            if found:
                different.append(seed)
                print(f"seed {seed}: DIFFERENT", *found[:8], sep="\n    ", flush=True)
    print(f"{ran} programs in {time.monotonic() - start:.0f} s, {len(different)} different: {different}")
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
