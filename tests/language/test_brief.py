"""Comprehensions left as they were written, since it is known before they are run that they are over at once."""

from __future__ import annotations

import ast

import pytest

from pyfora.language.brief import NO_CONSTANTS, Constants, is_brief
from pyfora.language.rewrite import rewrite_text, rewritten_block
from pyfora.language.sources import Segment
from pyfora.language.trees import all_nodes


def comprehension(text: str) -> ast.ListComp:
    """The one in the text."""
    (node,) = [node for node in all_nodes(ast.parse(text)) if isinstance(node, ast.ListComp)]
    return node


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
    assert not is_brief(comprehension(text))


CONSTANTS = Constants(
    {
        "few": list(range(5_000)),
        "pair": (1, 2.5),
        "rest": 1009,
        "many": [0] * 60_000,
        "huge": 2**40,
        "of_huge": [1, 2**40],
        "of_text": [1, "a"],
        "of_lists": [[1]],
        "text": "abc",
        "own": type("Own", (list,), {})([1, 2]),
        "truth": True,
    }
)


@pytest.mark.parametrize(
    "text",
    [
        "[x * 7 % rest for x in few]",
        "[x / 2 + rest for x in pair if truth]",
        "[i + rest for i in range(rest)]",
        "[i for i in range(-5, rest, 2)]",
    ],
)
def test_so_is_arithmetic_of_what_was_captured(text: str) -> None:
    assert is_brief(comprehension(text), CONSTANTS)
    assert not is_brief(comprehension(text), NO_CONSTANTS)


@pytest.mark.parametrize(
    "text",
    [
        "[x for x in many]",
        "[x * x * x * x * x * x for x in few]",
        "[x * huge for x in few]",
        "[x for x in of_huge]",
        "[x for x in of_text]",
        "[x for x in of_lists]",
        "[x for x in text]",
        "[x for x in own]",
        "[x * text for x in few]",
        "[x for x in unknown]",
        "[x + unknown for x in few]",
        "[few for x in few]",
        "[i for i in range(huge)]",
        "[i for i in range(truth)]",
    ],
)
def test_not_where_it_may_take_longer(text: str) -> None:
    assert not is_brief(comprehension(text), CONSTANTS)


BLOCK = """
with block:
    once = [x * rest for x in few]
    for few in again:
        often = [x * rest for x in few]
    def inner(few):
        return [x * rest for x in few]
    rows = [[x * rest for x in few] for y in unknown]
"""


def test_what_is_captured_is_known_in_the_block_itself_and_not_within_its_functions_and_loops() -> None:
    segment = Segment("<block>", 1, BLOCK)
    plain, known = (ast.unparse(rewritten_block(segment, 0, one)) for one in (NO_CONSTANTS, CONSTANTS))
    assert plain.count("x * rest for x in few") == 0
    assert known.count("once = [x * rest for x in few]") == 1
    assert known.count("x * rest for x in few") == 1
