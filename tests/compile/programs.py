"""Whole functions drawn at random: statements over ints, lists, dicts, records, closures and what may be None."""

from __future__ import annotations

import random
import textwrap

LIBRARY = """
from collections import Counter, defaultdict

class Cell:
    def __init__(self, v):
        self.v = v
        self.w = 2
    def bump(self, by):
        self.v += by
        return self.v - by

def first_and_more(a, b=3, *, c=4):
    return a * 3 + b - c

def take(xs, at):
    return xs.pop(at) if len(xs) > 2 else len(xs)

def swap(cells, v):
    cells[0], cells[1] = cells[1], Cell(v)
    return v

def maybe(xs, v):
    xs.append(v)
    return v if v > 3 else None
"""
_NUMBERS = ["0", "1", "2", "-1", "3", "7", "2147483648", "9007199254740993", "4611686018427387904", "-3037000500"]
_SCALARS = ["n", "a", "b", "a", "b", "r.v", "r.w", "len(xs)", "len(d)", "len(e)"]
_ACTS = [
    *(
        "take(xs, 0)",
        "r.bump(a & 3)",
        "xs.pop()",
        "xs.pop(0)",
        "d[{} % 3]",
        "e.pop({} & 1, 4)",
        "e.setdefault({} & 7, b)",
    ),
    *(
        "cells[0].v",
        "cells[{} & 1].w",
        "swap(cells, {})",
        "f({})",
        "g()",
        "xs[{} % 2]",
        "(a, {}, b)[1]",
        "e.get({}, 5)",
    ),
    *(
        "sum(j * {} for j in range(3))",
        "sum(j for j in xs)",
        "len([j for j in xs if j > {}])",
        "min({}, b)",
        "max(a, {})",
    ),
    *("first_and_more({}, c={})", "first_and_more(b={}, a={})", "first_and_more({}, {})", "[{}, {}][1]", "({})[0] * 2"),
    *("(a if {} > b else {})", "({} and b)", "({} or a)", "(a < {} < 50) + 1", "abs({})", "len(xs[{}:{}])"),
    *("({} if o is None else o)", "(o or {})", "(1 if maybe(xs, {}) is None else {})", "(lambda p, q=b: p - q)({})"),
    *("len({{{}: {}, {}: {}}})", "{{1: {}, 2: {}}}[1]", "sum([a, {}])", "len([{}] * 2)", "len(2 * [{}])"),
]
_LINES = [
    *("a = {}", "b = {}", "a += {}", "b -= {}", "a, b = {}, {}", "a = b = {}", "xs.append({})", "xs[{} % 2] = {}"),
    *(
        "xs[0] += {}",
        "d[{} & 3] = {}",
        "d[{} & 7] += {}",
        "e[{} & 3] = {}",
        "e[0] += {}",
        "c[{} & 3] += {}",
        "r.v = {}",
    ),
    *("r.v += {}", "cells[0].v += {}", "cells[{} & 1].w = {}", "o = {}", "o = None", "o = maybe(xs, {})", "del xs[0]"),
    *(
        "d[{} & 3]",
        "{}",
        "xs.insert({} & 1, {})",
        "xs.reverse()",
        "xs.sort()",
        "f = lambda p: p + a",
        "g = lambda: b - 1",
    ),
    *(
        "del e[0]",
        "xs = [{}, {}]",
        "xs = [j + a for j in xs]",
        "r = Cell({})",
        "cells = [Cell({}), r]",
        "assert {} != 77",
    ),
]
_BLOCKS = [
    *("if {}:", "if {} > {}:", "if o is not None and o < {}:", "for j in range({} & 3):", "for j in range(2, 5):"),
    *("for k, v in enumerate(xs[:3]):", "for v in list(d.values()):", "for k, v in zip(xs, range(3)):"),
    *("for v in map(f, xs[:2]):", "for v in each(3):", "for b in [4, a]:", "for a in range(3, 6):", "for k in e:"),
]


def program(draws: random.Random) -> str:
    """The text of a function `drawn(n)`."""
    lines = ["a, b, k, v, j, o = n & 7, 5, 1, 2, 3, None", "xs = [n, 4, 3, 2]", "d = defaultdict(int)", "c = Counter()"]
    lines += ["e = {0: n, 1: 2}", "r = Cell(3)", "cells = [r, Cell(4)]", "f = lambda p: p + a", "g = lambda: b - 1"]
    lines += ["def each(p):", "    for q in range(p):", "        yield q + a"]
    for _ in range(draws.randint(2, 5)):
        lines += _statement(draws, depth=2)
    lines += [
        "t = 0",
        f"for z in [{_expression(draws, 1)}, a, b, len(xs), len(d), len(e), len(c), r.v, cells[0].v, d[1], c[1]]:",
    ]
    lines += ["    t = (t * 1000003 + z % 1000003) % 2147483647", "for z in xs:"]
    lines += ["    t = (t * 1000003 + z % 1000003) % 2147483647", "return t"]
    return f"def drawn(n):\n{textwrap.indent(chr(10).join(lines), '    ')}\n"


def _expression(draws: random.Random, depth: int) -> str:
    kind = draws.random()
    if depth == 0 or kind < 0.25:
        return draws.choice([*_NUMBERS, *_SCALARS, *_SCALARS, "j", "v"])
    if kind < 0.5:
        operator = draws.choice(["+", "-", "*", "//", "%", "&", "|", "^"])
        return f"({_expression(draws, depth - 1)} {operator} {_expression(draws, depth - 1)})"
    return _filled(draws, draws.choice(_ACTS), depth - 1)


def _filled(draws: random.Random, text: str, depth: int) -> str:
    if text.startswith("({})[0]"):
        return f"({_expression(draws, depth)}, {_expression(draws, depth)})[0] * 2"
    return text.format(*(_expression(draws, depth) for _ in range(6)))


def _statement(draws: random.Random, depth: int) -> list[str]:
    if depth == 0 or draws.random() < 0.65:
        return [_filled(draws, draws.choice(_LINES), draws.randint(0, 2))]
    body = [line for _ in range(draws.randint(1, 3)) for line in _statement(draws, depth - 1)]
    return [_filled(draws, draws.choice(_BLOCKS), 1), *(f"    {line}" for line in body)]
