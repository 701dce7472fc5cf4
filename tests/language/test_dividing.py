"""Which calls are made such that they can be put off, and what is bound to them."""

from __future__ import annotations

import ast

import pytest

from pyfora.language.explain import explain_source
from pyfora.language.rewrite import rewrite_text


def thunks(text: str) -> list[str]:
    """What can be put off, as lambdas."""
    tree = rewrite_text(text, "program.py")
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    begun = [node for node in found if ast.unparse(node.func) in ("pyfora_calls.begin", "pyfora_calls.begin_row")]
    return [ast.unparse(thunk).replace("source=None", "-") for node in begun for thunk in node.args]


DIVIDED = {
    "x = f(1) + g(2)": ["lambda -: g(2)"],
    "h(f(1), 2, g(3), k=4)": ["lambda -: g(3)"],
    "x = [f(1), g(2), f(3)]": ["lambda -: g(2)", "lambda -: f(3)"],
    "x = f(1)\ny = g(2)": ["lambda -: g(2)"],
    "def t(n):\n    return t(n - 1) + t(n - 2)": ["lambda -, *, n=n: t(n - 2)"],
    "def t(n):\n    m = n\n    return f(n), g(m)": ["lambda -, *, m=m: g(m)"],
    "def t(n):\n    if n:\n        m = n\n    return f(n), g(m)": ["lambda -: g(m)"],
    "def t(n):\n    m = n\n    del m\n    return f(n), g(m)": ["lambda -: g(m)"],
    "def t(n):\n    k = lambda: n\n    return f(n), g(n)": ["lambda -: g(n)"],
    "class A:\n    def m(self, n):\n        return self.m(n) + self.m(n - 1)": [
        "lambda -, *, n=n, self=self: self.m(n - 1)"
    ],
}


@pytest.mark.parametrize("text", DIVIDED)
def test_a_later_call_can_be_put_off(text: str) -> None:
    assert thunks(text) == DIVIDED[text]


NOT_DIVIDED = (
    "x = f(1) + len(y)",
    "x = f(1)\ny = g(x)",
    "x = f(1)\ndel z\ny = g(2)",
    "x = f(y := 1) + g(y)",
    "def t():\n    return (yield f(1)) + g(2)",
    "async def t():\n    return f(1) + await g(2)",
    "class A(B):\n    def m(self):\n        return f(super().m()) + g(super().m())",
    "class A:\n    x = f(1) + g(2)",
    "x = [f(i) + g(i) for i in s]",
    "h(*a, f(1), g(2))",
    "x = f(1) and g(2)",
    "x = y.f(1) + y.g(2)",
)


@pytest.mark.parametrize("text", NOT_DIVIDED)
def test_what_depends_on_its_place_is_not_put_off(text: str) -> None:
    assert thunks(text) == []


def test_a_person_reads_what_was_written() -> None:
    text = "x = f(1) + g(2)\ny = g(2)\nz = h(f(1), g(2))"
    assert explain_source(text).text.strip() == text


def test_a_long_sum_is_rewritten_without_recursion() -> None:
    text = "x = " + " + ".join(f"a{number}" for number in range(700))
    tree = rewrite_text(text, "program.py")
    assert sum(isinstance(node, ast.Name) for node in ast.walk(tree)) == 701
