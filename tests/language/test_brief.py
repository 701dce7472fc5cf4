"""Comprehensions that are left as they were written, since their text tells that they are over at once."""

from __future__ import annotations

import ast

import pytest

from pyfora.language.brief import is_brief
from pyfora.language.rewrite import rewrite_text
from pyfora.language.trees import all_nodes


@pytest.mark.parametrize(
    "text",
    [
        "[0 for _ in range(10)]",
        "sum(i * 7 % 1009 for i in range(5_000))",
        "{i: -i if i & 1 else i / 2 for i in range(3, 1_000, 7) if i != 4}",
        "{i // 3 for i in range(100, 0)}",
    ],
)
def test_little_arithmetic_over_a_range_of_constants_is_brief(text: str) -> None:
    assert ast.unparse(rewrite_text(text, "<text>")) == ast.unparse(ast.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "[0 for _ in range(50_000)]",
        "[i * 2 + 1 for i in range(10_000)]",
        "[i * n for i in range(10)]",
        "[f(i) for i in range(10)]",
        "[i for i in range(n)]",
        "[i for i in s]",
        "[i for i in range(10) if i in s]",
        "[i for i in range(10) for j in range(10)]",
        "[2 ** i for i in range(10)]",
        "[1 << i for i in range(10)]",
        "['a' * i for i in range(10)]",
        "[i for i in range(0, 10, 0)]",
        "[i for i in range(2**62, 2**63)]",
        "[i for i in range(0, 9999999999, 1)]",
        "[i for i in range(*b)]",
        "[x.y for x in range(10)]",
    ],
)
def test_anything_else_is_not(text: str) -> None:
    (node,) = [node for node in all_nodes(ast.parse(text)) if isinstance(node, ast.ListComp)]
    assert not is_brief(node)
