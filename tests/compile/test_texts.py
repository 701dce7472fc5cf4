"""Texts in kernels: their letters are CPython's, or it gives up."""

from __future__ import annotations

import pytest

from pyfora.compile import GaveUp, KernelCache, NotCompiled, analyse
from tests.compile.loops import compiled, loop, module, run_terms, same

LIBRARY = """
MODE = "fast"
TEXT = "the quick brown f\\u00f6x \\U0001f600 jumps \\ud800 over"
def spaces(i):
    return sum(1 for k in range(len(TEXT)) if TEXT[k] == " " and k != i)
def letters(i):
    total = 0
    for c in TEXT:
        if c > "m" or "b" >= c:
            total += ord(c) * i
        elif c != TEXT[i % len(TEXT)]:
            total -= 1
    return total
def last(i):
    return ord(TEXT[-1 - i])
def mode(how, i):
    return i if how == "same" else -i
def both(i):
    return mode("same", i) + mode("other", 2 * i) + len("abc")
def code(text, i):
    return ord(text[i % len(text)])
def passed(i):
    return code(TEXT, i) + code("xyz", i)
def outside(i):
    return ord(TEXT[i + 1000])
def joined(i):
    return len(TEXT + "x")
def method(i):
    return 1 if TEXT[i].isdigit() else 0
def doubled(i):
    return 1 if TEXT[i] < "ab" else 0
def literals(i):
    c = TEXT[i]
    found = (1 if c in ("a", "e", "the") else 0) + (2 if c in {"o", " "} else 0) + (4 if c not in ["q", "u", ""] else 0)
    return found + (8 if TEXT[i] == "ab" else 0) + (16 if "" != TEXT[i] else 0) + (32 if MODE in ("fast", "x") else 9)
def beside_numbers(i):
    return 1 if TEXT[i] in ("a", 2) else 0
def number_in_texts(i):
    return 1 if i in ("a", "b") else 0
def within(i):
    return 1 if TEXT[i] in "abc" else 0
def same_one(i):
    return 1 if TEXT[i] is TEXT[0] else 0
def sliced(i):
    return len(TEXT[1:i])
"""


@pytest.mark.parametrize("name", ["spaces", "letters", "last", "both", "passed", "within", "literals"])
def test_letters_are_pythons(name: str, cache: KernelCache) -> None:
    names = module(LIBRARY)
    indices = range(len(names["TEXT"]))
    kernel = compiled(f"({name}(i) for i in source)", names, cache)
    assert same(run_terms(kernel, indices), [names[name](i) for i in indices])


def test_past_the_end_of_a_text(cache: KernelCache) -> None:
    with pytest.raises(GaveUp):
        run_terms(compiled("(outside(i) for i in source)", module(LIBRARY), cache), range(1))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("joined", "operator Add of str and str"),
        ("method", "attribute 'isdigit'"),
        ("doubled", "something else than a letter"),
        ("beside_numbers", "'in' of a tuple, but for numbers"),
        ("number_in_texts", "'in' of a tuple of texts, but for a int"),
        ("same_one", "'is' or 'in' of texts"),
        ("sliced", "a slice of a str"),
    ],
)
def test_what_is_not_compiled_of_texts(name: str, reason: str) -> None:
    with pytest.raises(NotCompiled) as caught:
        analyse(loop(f"({name}(i) for i in source)", module(LIBRARY)))
    assert reason in caught.value.reason
