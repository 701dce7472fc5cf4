"""Expressions and functions drawn at random: what a kernel yields is what CPython yields, or it gives up."""

from __future__ import annotations

import dataclasses
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pyfora.compile import GaveUp, KernelCache, NotCompiled, Output, compile_loop
from tests.compile.drawing import DRAWS
from tests.compile.loops import loop, matches_or_gave_up, module

_OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "<", "<=", "==", "!=", "&", "|", "^", "<<", ">>"]
_MADE = ["Point(i, x).x", "Point(a, i).size()", "(i, x, a)[0]", "(i, x)[1]", "[i, a, 3][i % 3]", "xs[i % 4]", "xs[a]"]
_MADE += [
    "complex(x, i).imag",
    "(complex(i, y) * complex(x, 2.0)).real",
    "len([a] * 3)",
    "sum(k * i for k in range(4))",
]
_LEAVES = [
    *_MADE,
    "i",
    "i",
    "a",
    "b",
    "x",
    "y",
    "flag",
    "0",
    "1",
    "2",
    "-3",
    "7",
    "0.5",
    "-2.0",
    "1e300",
    "2**62",
    "True",
]
_CALLS = ["abs({})", "int({})", "float({})", "bool({})", "round({})", "math.sin({})", "math.floor({})", "math.sqrt({})"]
_CALLS += ["math.ceil({})", "math.exp({})", "math.log({})", "Point({}, 2).size()", "helper({}, i)", "[{}, 1, 2][0]"]
_LIBRARY = """
xs = [3, -1, 4, 2**62]
class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y
    def size(self):
        return self.x * 3 + self.y
def helper(p, q):
    both = p + q * 2
    return both if q % 2 else both - 1
"""
_VALUES = {"a": 5, "b": -(2**40), "x": 1.25, "y": -7.5e10, "flag": True}


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(_OPERATORS), inner),
        st.builds(lambda call, argument: call.format(argument), st.sampled_from(_CALLS), inner),
        st.builds("(-{})".format, inner),
        st.builds("(not {})".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
        st.builds("min({}, {})".format, inner, inner),
    )


expressions = st.recursive(st.sampled_from(_LEAVES), _grow, max_leaves=8)
seen: Counter[str] = Counter()
LOWEST, HIGHEST = -3, 61


def _compare(text: str, names: dict[str, object], cache: KernelCache) -> None:
    try:
        known = dataclasses.replace(loop(text, names), indices=(LOWEST, HIGHEST))
        # What is known of the indices leaves out checks: with them and without, in turn.
        asked = known if seen.total() % 2 else loop(text, names)
        kernel = compile_loop(asked, Output.TERMS, cache)
    except NotCompiled as refusal:
        assert "cannot be lowered" not in refusal.reason, refusal
        seen["refused"] += 1
        return
    except GaveUp:
        raise AssertionError("only a run may give up") from None
    for index in (LOWEST, 0, 1, 2, HIGHEST):
        verdict = matches_or_gave_up(kernel, text, names, index)
        assert verdict is not False, (text, index, kernel.source)
        seen["agreed" if verdict else "gave up"] += 1


@DRAWS
@given(expressions)
def _search_expressions(cache: KernelCache, expression: str) -> None:
    _compare(f"({expression} for i in source)", module(_LIBRARY, **_VALUES), cache)


_blocks = st.recursive(
    st.one_of(
        st.builds("{} = {}".format, st.sampled_from(["p", "q", "r"]), expressions.map(lambda text: text)),
        st.builds("{} {}= {}".format, st.sampled_from(["p", "q"]), st.sampled_from(["+", "-", "*", "//"]), expressions),
        st.sampled_from(["pass", "p, q = q, p", "r = p", "return p", "assert p != 3"]),
    ),
    lambda inner: st.one_of(
        st.builds("{}\n{}".format, inner, inner),
        st.builds(lambda test, body: f"if {test}:\n{_indent(body)}", expressions, inner),
        st.builds(lambda test, x, y: f"if {test}:\n{_indent(x)}\nelse:\n{_indent(y)}", expressions, inner, inner),
        st.builds(lambda n, body: f"for j in range({n}):\n{_indent(body)}", st.integers(0, 4), inner),
        st.builds(
            lambda n, x, y: f"for j in range(i, {n}):\n{_indent(x)}\nelse:\n{_indent(y)}",
            st.integers(0, 4),
            inner,
            inner,
        ),
        st.builds(
            lambda n, x: f"k = {n}\nwhile k > 0:\n    k -= 1\n{_indent(x)}\n    if p == 2:\n        break",
            st.integers(0, 3),
            inner,
        ),
    ),
    max_leaves=6,
)


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


@DRAWS
@given(_blocks, st.sampled_from(["1", "0.5", "i"]))
def _search_functions(cache: KernelCache, block: str, first: str) -> None:
    text = f"{_LIBRARY}def f(i):\n    p = {first}\n    q = 2\n{_indent(block)}\n    return p\n"
    _compare("(f(i) for i in source)", module(text, **_VALUES), cache)


def test_expressions(cache: KernelCache) -> None:
    _search_expressions(cache=cache)
    assert seen["agreed"] > 100, seen


def test_functions(cache: KernelCache) -> None:
    _search_functions(cache=cache)
    assert seen["agreed"] > 100 and seen["gave up"] > 5, seen
