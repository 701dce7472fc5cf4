"""What is not compiled is refused in words that name the construct and the line."""

from __future__ import annotations

import ast
import enum
import textwrap
from typing import Any

import pytest

from pyfora.compile import KernelCache, Loop, NotCompiled, Output, analyse
from tests.compile.loops import FILENAME, compiled, function_source, looker, loop, module


class Colour(enum.IntEnum):
    RED = 1


BODIES = [
    ("x = 0\nfor j in range(n):\n    x = x + 0.5\nreturn x", "'x' is int on one path and float on another", 4),
    ("if n:\n    x = 1\nelse:\n    x = 1.0\nreturn x", "'x' is int on one path and float on another", 6),
    ("if n:\n    return 1\nreturn 1.0", "returns int on one path and float on another", 4),
    ("if n:\n    return 1\nreturn True", "returns int on one path and bool on another", 4),
    ("if n:\n    x = 1\nreturn x", "'x' may be read before it has a value", 4),
    ("for j in range(n):\n    pass\nreturn j", "'j' may be read before it has a value", 4),
    ("while n:\n    x = n\n    n -= 1\nreturn x", "'x' may be read", 5),
    ("if n:\n    return 1\nelif n > 1:\n    return 0.5", "returns int on one path and float on another", 5),
    ("return", "the value of a call that gives None", 1),
    ("return None", "the value of a call that gives None", 1),
    ("return [1, 2]", "a list of ints where", 1),
    ("return 'text'", "returns a str", 1),
    ("return (n, 1)[n]", "a tuple", 2),
    ("return n if n else 0.5", "of different types: int and float", 2),
    ("return n or 0.5", "operands of 'or' are of different types", 2),
    ("return 10 ** 30", None, 0),
    ("return 100000000000000000000", "beyond 64 bits", 2),
    ("y = n\nreturn y[0]", "indexing of a int", 3),
    ("print(n)\nreturn n", "print", 2),
    ("return len('abc' * n)", "str", 2),
    ("return math.dist(n, 1.0)", "math.dist", 2),
    ("return math.fsum(n)", "math.fsum", 2),
    ("return math.floor", "returns a builtin_function_or_method", 1),
    ("return math.nothing", "'nothing'", 2),
    ("return missing + n", "'missing' has no value", 2),
    ("return numbers + n", "'numbers', a list", 2),
    ("return huge + n", "an int beyond 64 bits: 'huge'", 2),
    ("return colour + n", "'colour', a Colour", 2),
    ("try:\n    return 1\nfinally:\n    n = 2", "'finally' around a return", 2),
    ("with n:\n    return 1", "with", 2),
    ("import os\nreturn n", "import", 2),
    ("del n\nreturn n", "'n' may be read before it has a value", 3),
    ("global g\nreturn n", "global", 2),
    ("def inner():\n    return 1\nreturn inner", "returns a function", 1),
    ("return (y := n)", ":=", 2),
    ("yield n", "a generator that is not gone through at once", 1),
    ("return n is True", "'is'", 2),
    ("for j in n:\n    pass\nreturn n", "something else than a range or a list", 2),
    ("for j, k in range(3):\n    pass\nreturn n", "unpacking of a int", 2),
    ("x, *y = 1, 2\nreturn n", "a starred", 2),
    ("return ~True", "'~' of a bool", 2),
    ("return 1.5 & n", "'&' of a float", 2),
    ("return 1.5 << n", "LShift", 2),
    ("return round(n, 1.5)", "round() of (int, float)", 2),
    ("return min(n, 0.5)", "min()", 2),
    ("return range(1.5)", "range()", 2),
    ("return sum(k for k in range(1.5))", "range() of a float", 2),
    ("return f(n, 1)", "too many arguments", 2),
    ("return f()", "without 'n'", 2),
    ("return f(m=1)", "without 'n'", 2),
    ("return f(*[n])", "*list of ints in a call", 2),
    ("return other(n)", "by way of another function", None),
    ("return n @ n", "MatMult", 2),
]


@pytest.mark.parametrize(("body", "reason", "line"), BODIES, ids=lambda value: repr(value)[:40])
def test_a_refusal_names_construct_and_line(
    body: str, reason: str | None, line: int | None, cache: KernelCache
) -> None:
    text = f"def f(n):\n{textwrap.indent(body, '    ')}\n\ndef other(n):\n    return f(n)\n"
    names = module(text, numbers=[1, "a"], huge=2**63, colour=Colour.RED)
    if reason is None:
        analyse(loop("(f(i) for i in source)", names))
        return
    with pytest.raises(NotCompiled) as caught:
        compiled("(f(i) for i in source)", names, cache)
    refusal = caught.value
    assert reason in refusal.reason
    assert refusal.site is not None and refusal.site.filename == FILENAME
    assert str(refusal) == f"{refusal.reason} (line {refusal.site.line} of {FILENAME})"
    if line is not None:
        assert refusal.site.line == line


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("((i, []) for i in source)", "a list where a number"),
        ("(j for i in source for j in i)", "something else than a range"),
        ("(i + j for i, j in source)", "a tuple as the variable"),
        ("({i} for i in source)", "a set"),
        ("(f'{i}' for i in source)", "an f-string"),
        ("([j for j in range(i)] for i in source)", "a list of ints where"),
        ("(i.real for i in source)", "attribute 'real' of a int"),
        ("(j for i in source for j in range(i) if k for k in range(2))", "'k'"),
        ("(None for i in source)", "a None"),
        ("(open(i) for i in source)", "open"),
    ],
)
def test_a_loop_is_refused(text: str, reason: str) -> None:
    with pytest.raises(NotCompiled, match=r"line 1 of user\.py") as caught:
        analyse(loop(text, {}))
    assert reason in caught.value.reason


def test_positions_are_those_of_the_users_file() -> None:
    tree = ast.parse("x = 1\n\ny = sum(\n    'a'\n    for i in range(9)\n)\n")
    node = next(node for node in ast.walk(tree) if isinstance(node, ast.GeneratorExp))
    with pytest.raises(NotCompiled) as caught:
        analyse(Loop("there.py", node, looker({}), function_source))
    site = caught.value.site
    assert site is not None
    assert (site.filename, site.line, site.column, site.end) == ("there.py", 4, 4, (4, 7))


def test_unknown_source_is_refused() -> None:
    names: dict[str, Any] = module("def f(n):\n    return n\n")
    asked = loop("(f(i) for i in source)", names)
    with pytest.raises(NotCompiled, match="source of 'f' is not known"):
        analyse(Loop(asked.filename, asked.node, asked.lookup, lambda function: None))


@pytest.mark.parametrize("depth", [300, 20_000])
def test_very_deep_code_is_refused_not_crashed(depth: int) -> None:
    asked = loop("(i for i in source)", {})
    for _ in range(depth):
        asked.node.elt = ast.copy_location(ast.UnaryOp(ast.Invert(), asked.node.elt), asked.node)
    with pytest.raises(NotCompiled, match="too deeply"):
        analyse(asked)


def test_a_loop_that_needs_no_llvm_to_be_refused(cache: KernelCache) -> None:
    with pytest.raises(NotCompiled):
        compiled("('a' for i in source)", {}, cache, Output.COUNT)
