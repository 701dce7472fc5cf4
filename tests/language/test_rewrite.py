"""What the rewriting makes of a text, and what it leaves alone."""

from __future__ import annotations

import ast

import pytest

from pyfora.errors import CantGetSourceTextError
from pyfora.language.explain import explain_source
from pyfora.language.rewrite import rewrite_text


def rewritten(text: str) -> str:
    return explain_source(text).text.strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "x = sum(math.sin(i) for i in range(9))",
            "x = pyfora_fold(sum, lambda source: (math.sin(i) for i in source), range(9), at='1:4 <text>')",
        ),
        (
            "[e for i in s if c]",
            "pyfora_comprehension('list', lambda source: [e for i in source if c], s, at='1:0 <text>')",
        ),
        ("{e for i in s}", "pyfora_comprehension('set', lambda source: (e for i in source), s, at='1:0 <text>')"),
        (
            "{k: v for k, v in s}",
            "pyfora_comprehension('dict', lambda source: {k: v for k, v in source}, s, at='1:0 <text>')",
        ),
        (
            "sorted((e for i in s), key=f, reverse=True)",
            "pyfora_fold(sorted, lambda source: (e for i in source), s, key=f, reverse=True, at='1:0 <text>')",
        ),
        ("sum((e for i in s), 5)", "pyfora_fold(sum, lambda source: (e for i in source), s, 5, at='1:0 <text>')"),
        ("math.fsum(e for i in s)", "pyfora_fold(math.fsum, lambda source: (e for i in source), s, at='1:0 <text>')"),
        ("','.join(e for i in s)", "pyfora_fold(','.join, lambda source: (e for i in source), s, at='1:0 <text>')"),
        ("sum(map(f, s), 5)", "pyfora_fold(sum, None, pyfora_source('1:0 <text>', map, f, s), 5, at='1:0 <text>')"),
        (
            "dict(zip(a, map(f, s)))",
            "pyfora_fold(dict, None, pyfora_source('1:0 <text>', zip, a, pyfora_source('1:0 <text>', map, f, s)), "
            "at='1:0 <text>')",
        ),
        ("max(s, key=f, default=d)", "pyfora_keyed(max, s, f, default=d, at='1:0 <text>')"),
        ("sorted(s, reverse=True, key=f)", "pyfora_keyed(sorted, s, f, reverse=True, at='1:0 <text>')"),
        (
            "reduce(f, filter(g, s), 0)",
            "pyfora_reduce(reduce, f, None, pyfora_source('1:0 <text>', filter, g, s), 0, at='1:0 <text>')",
        ),
        ("xs.sort(key=f)", "pyfora_sort(xs.sort, f, at='1:0 <text>')"),
        (
            "list(accumulate((f(i) for i in s), g, initial=1))",
            "pyfora_accumulate(list, accumulate, lambda source: (f(i) for i in source), s, g, initial=1, "
            "at='1:0 <text>')",
        ),
        (
            "total(f(i) for i in s)",
            "total(pyfora_generator(lambda source: (f(i) for i in source), s, at='1:5 <text>'))",
        ),
        ("sum(x)", "sum(x)"),
        (
            "any(a for a in b for c in a)",
            "pyfora_fold(any, lambda source: (a for a in source for c in a), b, at='1:0 <text>')",
        ),
        (
            "[f(source) for i in s]",
            "pyfora_comprehension('list', lambda source_1: [f(source) for i in source_1], s, at='1:0 <text>')",
        ),
        (
            "[[a for a in b] for b in c]",
            "pyfora_comprehension('list', lambda source: [pyfora_comprehension('list', lambda source: "
            "[a for a in source], b, at='1:1 <text>') for b in source], c, at='1:0 <text>')",
        ),
        (
            "[a for a in [b for b in c]]",
            "pyfora_comprehension('list', lambda source: [a for a in source], pyfora_comprehension('list', "
            "lambda source: [b for b in source], c, at='1:12 <text>'), at='1:0 <text>')",
        ),
        (
            "f(lambda x=[i for i in s]: x)",
            "f(lambda x=pyfora_comprehension('list', lambda source: [i for i in source], s, at='1:11 <text>'): x)",
        ),
    ],
)
def test_the_two_forms(text: str, expected: str) -> None:
    assert rewritten(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[e for i in s]",
            "[e for i in pyfora_kept()] if pyfora_is_short('1:0 <text>', s) else "
            "pyfora_comprehension('list', lambda source: [e for i in source], pyfora_kept(), at='1:0 <text>')",
        ),
        (
            "{e for i in zip(a, b)}",
            "{e for i in pyfora_kept()} if "
            "pyfora_is_short('1:0 <text>', pyfora_source('1:0 <text>', zip, a, b)) else "
            "pyfora_comprehension('set', lambda source: (e for i in source), pyfora_kept(), at='1:0 <text>')",
        ),
        (
            "sum((e for i in s), 5)",
            "pyfora_kept()((e for i in pyfora_kept()), 5) if pyfora_is_short_fold('1:0 <text>', sum, s) else "
            "pyfora_fold(pyfora_kept(), lambda source: (e for i in source), pyfora_kept(), 5, at='1:0 <text>')",
        ),
    ],
)
def test_the_original_stays_for_short_loops(text: str, expected: str) -> None:
    assert ast.unparse(rewrite_text(text, "<text>")) == expected


def test_the_key_is_evaluated_in_its_turn() -> None:
    assert ast.unparse(rewrite_text("sorted(s, key=f, reverse=r)", "<text>")) == (
        "pyfora_kept()(pyfora_kept(), key=pyfora_kept(), reverse=r) "
        "if pyfora_is_short_keyed('1:0 <text>', sorted, s, f) else "
        "pyfora_keyed(pyfora_kept(), pyfora_kept(), pyfora_kept(), reverse=r, at='1:0 <text>')"
    )


def test_deep_nests_do_not_double_at_each_level() -> None:
    text = "s"
    sizes = []
    for _ in range(8):
        text = f"[a for a in b if {text}]"
        sizes.append(len(ast.unparse(rewrite_text(text, "<text>"))))
    assert sizes[-1] < 30 * len(text)


@pytest.mark.parametrize(
    "text",
    [
        "mine((e for i in s for j in i))",
        "sum((e for i in s for j in i), **kw)",
        "sum(*(e for i in s for j in i))",
        "sum((e for i in s for j in i), *rest)",
        "sum((e for i in s for j in i), at=1)",
        "len(x)",
        "sum(xs)",
        "sum(zip(a, b))",
        "sum(pool.map(f, s))",
        "sum(map(f, s), *rest)",
        "mine(map(f, s))",
        "max(a, b, key=f)",
        "max(*s, key=f)",
        "sorted(s, reverse=r(), key=f)",
        "sorted(s, **kw)",
        "s.sort(reverse=True)",
        "(e for i in s for j in i)",
        "[(y := i) for i in s]",
        "[(yield i) for i in s]".replace("(yield i)", "i").replace("s]", "[1, 2]]"),
        "[super().f(i) for i in s]",
        "[__class__ for i in s]",
        "[locals() for i in s]",
        "[i for i in (1, 2, 3)]",
        "class A:\n    xs = [i for i in s]\n    y = sum((i for i in s))",
        "class A:\n\n    def f(self, x=[i for i in s]):\n        pass",
        "async def f():\n    return [i async for i in s]",
        "async def f():\n    return [await i for i in s]",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert rewritten(text) == text.replace("sum(((", "sum((") == ast.unparse(ast.parse(text))


def test_functions_within_a_class_are_rewritten() -> None:
    text = "class A:\n    def f(self):\n        return [self.g(i) for i in s]"
    assert "pyfora_comprehension('list', lambda source: [self.g(i) for i in source], s, at='3:15 <text>')" in rewritten(
        text
    )


def test_positions_stay_those_of_the_text() -> None:
    text = "x = 1\ny = sum(\n    f(i)\n    for i in s)\n"
    for node in ast.walk(rewrite_text(text, "<text>")):
        if isinstance(node, ast.expr):
            assert 1 <= node.lineno <= 4 and node.end_lineno is not None and node.end_lineno <= 4
    call = rewrite_text(text, "<text>").body[1].value  # type: ignore[attr-defined]
    assert (call.lineno, call.col_offset, call.end_lineno, call.end_col_offset) == (2, 4, 4, 15)


def test_explaining_a_text() -> None:
    text = "with executor.remotely:\n    x = sum(i for i in s)\n    y = [j for j in s]\nz = [j for j in (1, 2)]\n"
    explained = explain_source(text, "file.py")
    assert explained.text == (
        "with executor.remotely:\n"
        "    x = pyfora_fold(sum, lambda source: (i for i in source), s, at='2:8 file.py')\n"
        "    y = pyfora_comprehension('list', lambda source: [j for j in source], s, at='3:8 file.py')\n"
        "z = [j for j in (1, 2)]\n"
    )
    assert [(loop.node.lineno, loop.in_order is None) for loop in explained.loops] == [(2, True), (3, True), (4, False)]
    assert explained.blocks == (1,)


def test_explaining_what_is_no_python() -> None:
    with pytest.raises(CantGetSourceTextError, match=r"file.py:2: this is no Python"):
        explain_source("x = 1\ny = (\n", "file.py")


@pytest.mark.parametrize(
    ("text", "is_jumped"),
    [
        ("with r:\n    for x in xs:\n        t += x", True),
        ("with r:\n    for x in o.xs[1]:\n        t += x", True),
        ("with r:\n    for x in zip(xs):\n        t += x", False),
        ("with r:\n    for y in ys:\n        for x in xs:\n            t += x", False),
        ("with r:\n    while y:\n        for x in xs:\n            t += x", False),
        ("for x in xs:\n    t += x", False),
        ("def f():\n    for x in xs:\n        t += x", False),
        ("with r:\n    for x in range(9):\n        t += x", False),
    ],
)
def test_a_quick_turn_has_a_look_out_only_in_the_block_itself(text: str, is_jumped: bool) -> None:
    """Where the loop is over an array: that it is one is seen when it runs."""
    assert ("pyfora_loop(" in rewritten(text)) is is_jumped
    tree = ast.unparse(rewrite_text(text, "<text>"))
    assert ("if pyfora_is_long_array(" in tree) is is_jumped
