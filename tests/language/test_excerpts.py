"""A construct is shown on one line, with carets under just that construct."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfora.compile import Site
from pyfora.language.excerpts import EXCERPT_CHARACTERS, excerpt


def shown(text: str, kind: type[ast.AST]) -> list[str]:
    """How the first construct of this kind is shown."""
    node = next(node for node in ast.walk(ast.parse(text)) if isinstance(node, kind))
    site = Site("f.py", node)
    last, end_column = site.end
    return str(excerpt(text.splitlines()[site.line - 1 : last], site.column, end_column)).splitlines()


@pytest.mark.parametrize(
    ("text", "kind", "line", "carets"),
    [
        ("x = a * b", ast.BinOp, "x = a * b", "    ^^^^^"),
        ("if x:\n    y = f(2)  # why", ast.Call, "y = f(2)  # why", "    ^^^^"),
        ("äö = 'ü' + f(ß)", ast.Call, "äö = 'ü' + f(ß)", "           ^^^^"),
        ("if x:\n\ty = f(2)", ast.Call, "y = f(2)", "    ^^^^"),
        ("x = (a\n     * b)", ast.BinOp, "x = (a * b)", "     ^^^^^"),
        ("x = f(\n    1,\n    2,\n) + 3", ast.Call, "x = f( 1, 2, ) + 3", "    ^^^^^^^^^^"),
        ("x = (a  # why\n  # so\n\n  // '#b')  # c", ast.BinOp, "x = (a // '#b')  # c", "     ^^^^^^^^^"),
        ("s = '''\n# ''' + f(1,  # why\n  2)", ast.Call, "# ''' + f(1, 2)", "        ^^^^^^^"),
        ("def f(x):\n    return x", ast.FunctionDef, "def f(x):", "^^^^^^^^^"),
        ("for k in xs:\n    y = k", ast.For, "for k in xs:", "^^^^^^^^^^^^"),
        ("raise ValueError(3)", ast.Raise, "raise ValueError(3)", "^^^^^^^^^^^^^^^^^^^"),
    ],
)
def test_what_is_shown(text: str, kind: type[ast.AST], line: str, carets: str) -> None:
    assert shown(text, kind) == [line, carets]


def test_of_lines_that_are_no_tokens_the_first_is_shown() -> None:
    assert str(excerpt(["x = (a  # why", "'b"], 5, 2)) == "x = (a  # why\n     ^^^^^^^^"


def test_of_a_long_line_the_part_around_the_construct_is_shown() -> None:
    line, carets = shown(f"x = {'a + ' * 100}f(2) + {'b + ' * 100}c", ast.Call)
    assert len(line) == EXCERPT_CHARACTERS
    assert line[carets.index("^") : len(carets)] == "f(2)"


@given(st.lists(st.text(max_size=300), min_size=1, max_size=4), st.integers(0, 400), st.integers(0, 2**20))
def test_no_text_is_shown_outside_of_its_line(lines: list[str], column: int, end_column: int) -> None:
    found = excerpt(lines, column, end_column)
    assert len(found.text) <= EXCERPT_CHARACTERS
    assert 0 <= found.column <= EXCERPT_CHARACTERS and 0 <= found.width <= EXCERPT_CHARACTERS
    assert found.construct in found.text
