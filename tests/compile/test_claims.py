"""What the compiler claims to know of values before it leaves out a check: held against the values themselves."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyfora.compile import GaveUp, KernelCache, Output, intervals
from pyfora.compile.calls import Calls
from pyfora.compile.generated import generate
from pyfora.compile.loop import Loop
from pyfora.compile.refusal import NotCompiled
from pyfora.compile.scope import Scope, Unit
from tests.compile.drawing import DRAWS
from tests.compile.loops import FILENAME, compile_loop, function_source, looker, loop, module, run_terms, same

_ENDS = [
    sign * size + offset
    for size in (0, 1, 2, 5, 2**15, 2**30, 3037000499, 2**31, 2**53, 2**62)
    for offset in (-1, 0, 1)
    for sign in (1, -1)
]
_INTERVALS = st.lists(st.sampled_from(_ENDS), min_size=2, max_size=2).map(sorted)
_LITERALS = ["0", "1", "2", "-3", "7", "8", "256", "1000003", "2**40", "0.5", "-0.0", "3.0", "1e-300", "1e300", "True"]
_INNER = st.one_of(st.sampled_from(["i", "i", "j", "x", "flag"]), st.sampled_from(_LITERALS))


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "&", "|"]), inner),
        st.builds("{}({})".format, st.sampled_from(["abs", "int", "float", "round", "-", "math.floor"]), inner),
        st.builds("{}({})".format, st.sampled_from(["math.ceil", "math.trunc", "bool"]), inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} and {})".format, inner, inner),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), inner, inner),
        st.builds("({} ** 2)".format, inner),
    )


EXPRESSIONS = st.recursive(_INNER, _grow, max_leaves=10)
seen: Counter[str] = Counter()


@settings(DRAWS, max_examples=DRAWS.max_examples * 2)
@given(EXPRESSIONS, _INTERVALS, _INTERVALS, st.data())
def _search(text: str, one: list[int], other: list[int], data: st.DataObject) -> None:
    tree = ast.parse(text, mode="eval").body
    floats = (float(other[0]) / 3, float(other[1]) / 3)
    scope = Scope(Unit(FILENAME, function_source), FILENAME, looker({"math": math}), {*"ijx", "flag"}, owner="test")
    for name, kind, interval in (
        ("i", "int", one),
        ("j", "int", other),
        ("x", "float", floats),
        ("flag", "bool", None),
    ):
        scope.bind(name, kind)  # type: ignore[arg-type]
        if interval is not None:
            scope.intervals[name, kind] = (interval[0], interval[1])  # type: ignore[index]
    draws = []
    for _ in range(4):
        i, j = (data.draw(st.one_of(st.sampled_from(ends), st.integers(*ends))) for ends in (one, other))
        x = data.draw(st.one_of(st.sampled_from(floats), st.floats(*floats)))
        draws.append({"i": i, "j": j, "x": x, "flag": data.draw(st.booleans()), "math": math})
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr):
            continue
        try:
            term = Calls().expressions.value(scope, node)
        except NotCompiled:
            continue
        if term.type not in ("int", "float", "bool"):
            continue
        claim = intervals.known(term)
        seen["claims" if claim else "nothing claimed"] += 1
        if claim is None:
            continue
        code = compile(ast.Expression(node), "<claim>", "eval")
        for names in draws:
            try:
                value = eval(code, dict(names))
            except ArithmeticError:
                continue
            if type(value) is int and not -(2**63) <= value < 2**63:
                # Where it is computed with a check: then no value is left to which the claim could apply.
                assert not intervals.fits(claim) or "_int(" in term.text, (ast.unparse(node), names)
                continue
            assert claim[0] <= value <= claim[1], (ast.unparse(node), claim, names)
            assert term.type != "float" or math.isfinite(value)
            seen["values"] += 1


def test_every_value_lies_where_it_is_said_to() -> None:
    _search()
    assert seen["values"] > 1000 and seen["claims"] > seen["nothing claimed"] / 4, seen


SPANS = [(0, 9), (0, 2**30), (-(2**30), 5), (0, 3037000499), (-3037000499, 3037000499), (0, 2**53), (-(2**53), 2**53)]
_INDEXED = [
    "(i * i for i in source)",
    "(i * i + i * i for i in source)",
    "(i * 7919 + 13 for i in source)",
    "(-i for i in source)",
    "(abs(i) % 10 for i in source)",
    "(i // 3 + i % 7 for i in source)",
    "(i / 7 for i in source)",
    "(i / 7 < i for i in source)",
    "(math.floor(i * 0.013) for i in source)",
    "(round(i * -0.5) for i in source)",
    "(int(i / 3.0) + math.ceil(i / 3) for i in source)",
    "(xs[i % 4] for i in source)",
    "(xs[i % 5] for i in source)",
    "(xs[-1 - i % 4] for i in source)",
    "(twice(i) for i in source)",
    "(halved(i, i % 9) for i in source)",
    "(i + 1 if i % 2 else 3 * i + 1 for i in source)",
]
LIBRARY = """
xs = [3, 1, 4, 1]
def once(n):
    m = n * 3
    return m * 5 - n
def twice(n):
    return once(n) + once(n + 1) * once(-n)
def halved(n, k):
    half = n / 2
    k = k + n
    return math.floor(half) * k
"""


@pytest.mark.parametrize("text", _INDEXED)
def test_kernels_for_known_indices(text: str, cache: KernelCache) -> None:
    names = module(LIBRARY)
    agreed = 0
    for low, high in SPANS:
        known = Loop(**{**vars(loop(text, names)), "indices": (low, high)})
        kernel = compile_loop(known, Output.TERMS, cache)
        middle = (low + high) // 2
        for index in sorted({low, low + 1, low + 2, -1, 0, 1, 2, 3, middle, high - 2, high - 1, high}):
            if not low <= index <= high:
                continue
            try:
                found: list[Any] = run_terms(kernel, range(index, index + 1))
            except GaveUp:
                continue
            assert same(found, list(eval(text, dict(names), {"source": [index]}))), (low, high, index)
            agreed += 1
    assert agreed > 20


def test_indices_that_the_kernel_is_not_for_give_up(cache: KernelCache) -> None:
    known = Loop(**{**vars(loop("(i * i for i in source)", {})), "indices": (0, 100)})
    kernel = compile_loop(known, Output.TOTAL, cache)
    assert "square_int" not in kernel.source
    assert kernel.run((), 0, 1, 101) == sum(i * i for i in range(101))
    for start, step, count in [(-1, 1, 1), (2**62, 1, 1), (2**15, 2**62, 2), (5, -3, 4), (2**15 - 1, 1, 3)]:
        with pytest.raises(GaveUp):
            kernel.run((), start, step, count)


def test_a_list_that_is_shorter_than_it_was_is_refused(cache: KernelCache) -> None:
    names = module(LIBRARY)
    kernel = compile_loop(loop("(xs[i % 3] for i in source)", names), Output.TOTAL, cache)
    assert "get_known_int" in kernel.source
    assert kernel.run((np.array([1, 2, 3]),), 0, 1, 4) == 7
    for short in (np.array([1, 2]), np.array([], np.int64), 5):
        with pytest.raises(TypeError):
            kernel.run((short,), 0, 1, 4)


COUNTING = """
def known(n):
    total, odd = 5, 0
    for k in range(100):
        total += 3
        odd += k % 3 == n % 3
    return total * 1000 + odd
def unknown(n):
    total = 0
    for k in range(n):
        total += 1
        if k == 3:
            total -= 10
    return total
def nested(n):
    total = 0
    for k in range(n):
        for j in range(10):
            total += 1
    return total
def never(n):
    total = 0
    for k in range(n):
        for j in range(n):
            total += 1
    return total
def whiles(n):
    total = 0
    while n > 0:
        n -= 1
        total += 2
    return total
def wide(n):
    total = 0
    for k in range(n):
        total += 4611686018427387904
    return total
def rebound(n):
    total = 0
    for k in range(n):
        total += 1
        total = total * 1000
    return total
def otherwise(n):
    total = 0
    for k in range(3):
        total += 1
    else:
        total += 7
    return total
"""


@pytest.mark.parametrize(
    ("name", "free"),
    [
        *[("known", True), ("unknown", True), ("nested", True), ("otherwise", True)],
        *[("never", False), ("whiles", False), ("wide", False), ("rebound", False)],
    ],
)
def test_what_only_counts_is_not_checked(name: str, free: bool, cache: KernelCache) -> None:
    names = module(COUNTING)
    text = f"({name}(i) for i in source)"
    source = generate(loop(text, names), Output.TERMS).source
    changes = re.findall(r"^ +total\w* = (?:\(|\w+_int\()total.*$", source, re.MULTILINE)
    assert changes and all("_int(" not in line for line in changes) is free, source
    kernel = compile_loop(loop(text, names), Output.TERMS, cache)
    for index in range(-1, 12):
        try:
            found = run_terms(kernel, range(index, index + 1))
        except GaveUp:
            assert abs(names[name](index)) >= 2**62
            continue
        assert same(found, [names[name](index)])


def test_a_loop_that_turns_beyond_all_measure_gives_up(cache: KernelCache) -> None:
    names = module(COUNTING)
    kernel = compile_loop(loop("(unknown(i) for i in source)", names), Output.TERMS, cache)
    with pytest.raises(GaveUp):
        # LLVM knows the answer without a turn of the loop; but nobody has proved that it did not wrap.
        run_terms(kernel, range(2**62, 2**62 + 1))
