"""Functions and parts know their own source, as the compiler needs it."""

from __future__ import annotations

import ast
import linecache
import types
from collections.abc import Callable
from typing import Any

import pytest

from pyfora.language.functions import function_source, is_part, loop_source, register, registered_lines
from pyfora.language.program import build_call_program
from pyfora.language.running import load_program
from pyfora.language.sources import Segment, function_reference, parsed
from tests.language.rehearsal import PRIMITIVES


def namespace_of(text: str, filename: str) -> dict[str, Any]:
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    names: dict[str, Any] = {"__name__": "of_a_test"}
    exec(compile(text, filename, "exec", dont_inherit=True), names)
    return names


TEXT = """
import functools
limit = 7
fs = [lambda x: x + 1, lambda x: x + 2, lambda x: (lambda y: x + y), lambda: 3, lambda: [i for i in range(limit)]]
def decorate(f): return f
@decorate
def plain(n, k=lambda: 5):
    inner = lambda m: m + limit
    def nested(q): return [q + i for i in range(n)]
    return inner, nested
class A:
    __secret = 1
    def method(self, n):
        return sum(self.__secret + i for i in range(n))
    @property
    def p(self): return 1
def closure(k):
    __private = 3
    return lambda n: [i * k for i in range(n)]
"""


def test_every_function_is_found_by_its_position() -> None:
    names = namespace_of(TEXT, "/sources/one.py")
    fs = names["fs"]
    functions = [*fs, fs[2](1), names["plain"], *names["plain"](1), names["plain"].__defaults__[0]]
    functions += [names["A"].method, names["A"].p.fget, names["closure"], names["closure"](2)]
    found = []
    for function in functions:
        reference = function_reference(function.__code__, names)
        assert reference is not None
        found.append(ast.unparse(parsed(reference.segment).nodes[reference.number]).splitlines()[0])
    assert found == [
        "lambda x: x + 1",
        "lambda x: x + 2",
        "lambda x: lambda y: x + y",
        "lambda: 3",
        "lambda: [i for i in range(limit)]",
        "lambda y: x + y",
        "@decorate",
        "lambda m: m + limit",
        "def nested(q):",
        "lambda: 5",
        "def method(self, n):",
        "@property",
        "def closure(k):",
        "lambda n: [i * k for i in range(n)]",
    ]


def test_a_function_that_ran_is_still_found() -> None:
    # On 3.11 the caches of the bytecode change as it runs.
    names = namespace_of("import math\ndef f(x):\n    return math.sin(x) + math.cos(x)\n", "/sources/warm.py")
    for _ in range(50):
        names["f"](1.0)
    assert function_reference(names["f"].__code__, names) is not None


def test_another_text_is_not_taken_for_it() -> None:
    names = namespace_of("def f(x):\n    return x + 1\n", "/sources/two.py")
    namespace_of("def f(x):\n    return x + 2\n", "/sources/two.py")
    assert function_reference(names["f"].__code__, names) is None


class Parts:
    """Primitives that keep the parts they are given."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, types.FunctionType]] = []

    def fold(self, callee: Any, part: Any, source: Any, *rest: Any, at: Any, **keywords: Any) -> Any:
        self.seen.append((callee.__name__, part))
        return callee(part(source), *rest, **keywords)

    def comprehension(self, kind: str, part: Any, source: Any, *, at: Any) -> Any:
        self.seen.append((kind, part))
        return part(source)


def run_call(function: Callable[..., Any], *args: Any) -> tuple[Any, Parts]:
    parts = Parts()
    program = build_call_program(function, args, {})
    primitives = {**PRIMITIVES, "pyfora_fold": parts.fold, "pyfora_comprehension": parts.comprehension}
    end = load_program(program.to_bytes(), primitives).run()
    assert end.exception is None
    return end.names["result"], parts


def test_the_loop_of_a_part() -> None:
    names = namespace_of(TEXT, "/sources/three.py")
    result, parts = run_call(names["A"]().method, 3)
    assert result == 6
    ((kind, part),) = parts.seen
    source = loop_source(part)
    assert kind == "sum" and is_part(part.__code__) and source is not None
    assert ast.unparse(source.node) == "(self.__secret + i for i in range(n))"
    assert (source.filename, source.node.lineno) == ("/sources/three.py", 14)
    assert type(source.lookup("self")).__name__ == "A"
    assert source.lookup("range") is range
    with pytest.raises(NameError, match="'absent' is not defined"):
        source.lookup("absent")


def test_parts_within_parts_and_beside_lambdas_of_the_users() -> None:
    text = (
        "def f(n):\n"
        "    g = lambda source: [i for i in source]\n"
        "    return [[a + b for b in range(a)] for a in range(n)], g(range(3)), "
        "{c: [c for _ in range(2)] for c in g(range(2))}\n"
    )
    names = namespace_of(text, "/sources/four.py")
    result, parts = run_call(names["f"], 3)
    assert result == names["f"](3)
    texts = []
    for _, part in parts.seen:
        source = loop_source(part)
        assert source is not None
        assert function_source(part) is None
        texts.append(ast.unparse(source.node))
    assert set(texts) == {
        "[[a + b for b in range(a)] for a in range(n)]",
        "[a + b for b in range(a)]",
        "[i for i in source]",
        "{c: [c for _ in range(2)] for c in g(range(2))}",
        "[c for _ in range(2)]",
    }
    assert texts[0] == "[[a + b for b in range(a)] for a in range(n)]"


def test_the_source_of_a_function() -> None:
    names = namespace_of(TEXT, "/sources/five.py")
    names["probe"] = None
    seen: list[Any] = []
    program = build_call_program(names["closure"](4), (2,), {})
    loaded = load_program(
        program.to_bytes(), {**PRIMITIVES, "pyfora_fold": None, "pyfora_comprehension": lambda *a, **k: seen.append(a)}
    )
    function = loaded.captured["function"]
    source = function_source(function)
    assert source is not None
    assert ast.unparse(source.node) == "lambda n: [i * k for i in range(n)]"
    assert source.lookup("k") == 4
    assert loop_source(function) is None
    assert function_source(Parts.fold) is None


def test_lines_that_may_be_several_are_not_known() -> None:
    def registered(filename: str, *texts: str) -> list[str]:
        for text in texts:
            register(compile(text, filename, "exec"), Segment(filename, 1, text))
        return registered_lines(filename, 2, 2)

    assert registered("<prompt 1>", "def f(x):\n    return x\n") == ["    return x"]
    assert registered("<prompt 1>", "y = 1\n", "def g(x):\n    return x\n") == ["    return x"]
    assert registered("<prompt 1>", "def f(x):\n    return 2 * x\n") == []
    assert registered("<prompt 2>", "def f(x):  # \x0c\n    return 'a\x1cb'\n") == ["    return 'a\x1cb'"]
