"""A kernel that gives up says which check it was, and at which construct of the user's text."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from pyfora.compile import GaveUp, Kernel, KernelCache, Output, check_at, load_kernel
from pyfora.compile.giving_up import OTHER, at_call, call_of, check_of, status_of
from pyfora.compile.own_names import OWN_NAMES
from pyfora.compile.sites import numbers_of_calls
from tests.compile.loops import compiled, module

LIBRARY = """
import functools
import random
xs = [1, 2, 3]
def outer(n):
    return inner(n) + 1
def inner(n):
    assert n < 5
    return 10 // n
def deep(n):
    return n + deep(n - 1) if n > 0 else n // n
def endless(n):
    return endless(n - 1) if n > 0 else 0
class Box:
    def __init__(self, width):
        self.width = width * 2
    def times(self, n):
        return (self.width *
                n)
    def __add__(self, other):
        return self.width + other.width
    @property
    def half(self):
        return 1 // (self.width - 6)
def method(n): return Box(n).times(n)
def made(n): return Box(n).width
def operator_(n): return Box(n) + Box(1)
def property_(n): return Box(n).half
def reduced(n): return functools.reduce(lambda a, b: a * b, [n, n])
def raises(n):
    for k in range(n):
        if k > 3:
            raise ValueError(k)
    return 0
def largest(n): return max(k for k in range(n))
def folded(n): return sum(k * n for k in range(2, 4))
def sorted_(n): return sorted([n, 3], key=lambda q: q + q)[0]
def key(n):
    table = {1: 2}
    return table[n]
def maybe(n): return None if n > 5 else n
def some(n): return maybe(n) + 1
def inside(n):
    def closure(k):
        return k * n * 3
    return closure(n)
def given(n):
    for k in range(3):
        yield k * n
def generated(n): return sum(given(n))
def augmented(n):
    n *= n
    return n
def unpacked(n):
    a, b = n, n // (n - 5)
    return a + b
def tested(n): return 1 if 1.5 / n > 0.5 else 0
def looped(n):
    total = 0
    for k in range(n // (n - 5)):
        total += k
    return total
def stepped(n): return sum(k for k in range(0, 9, n))

def drawn(n):
    rng = random.Random(1)
    return rng.randrange(n)
"""


def told_by(kernel: Kernel, known: Kernel, index: int) -> tuple[str, int, str]:
    """The check, line and construct at which `kernel` gives up; `known` is the same one where it was translated."""
    with pytest.raises(GaveUp) as caught:
        if kernel.output is Output.ROWS:
            kernel.run_rows(known.captured, index, 1, 1, 8)
        else:
            kernel.run(known.captured, index, 1, 1, np.empty(8, kernel.dtype))
    site = known.sites[caught.value.call - 1]
    assert caught.value.call and site is not None, kernel.source
    return check_at(str(caught.value), site.node), site.line, ast.unparse(site.node).partition("\n")[0]


def gives_up(text: str, library: str, index: int, cache: KernelCache) -> tuple[str, int, str]:
    kernel = compiled(text, module(library, nan=float("nan")), cache)
    return told_by(kernel, kernel, index)


_WIDE = "an int beyond 64 bits"
_ZERO = "a division by zero, or of the smallest int by -1"
_RAISES = "what raises in Python, or a nan"
_ERROR = "a domain or range error, an infinity or a nan"
_RANGE = "a step of 0, or a range of more elements than 64 bits count"
_NONE = "None, or a number of Python's own, where it is worked with as something else"


@pytest.mark.parametrize(
    ("text", "index", "check", "line", "construct"),
    [
        ("i * i * i", 2**40, f"square_int: {_WIDE}", 1, "i * i"),
        ("i * i * i", 2**22, f"mul_int: {_WIDE}", 1, "i * i * i"),
        ("i + i * 3", 2**62, f"affine_int: {_WIDE}", 1, "i * 3"),
        ("7 % i", 0, f"mod_int: {_ZERO}", 1, "7 % i"),
        ("1.5 / i", 0, "div_float: a division by zero", 1, "1.5 / i"),
        ("i / 3", 2**60, "exact_float: an int beyond 2**53 beside a float or in a division", 1, "i / 3"),
        ("math.log(i)", 0, f"log_float: {_ERROR}", 1, "math.log(i)"),
        ("math.exp(i)", 1000, f"exp_float: {_ERROR}", 1, "math.exp(i)"),
        ("int(i * 1e300)", 1, "int_from_float: a float that is no int of 64 bits", 1, "int(i * 1e+300)"),
        ("xs[i]", 3, "get_frozen_int: an index outside of a list", 1, "xs[i]"),
        ("nan * i", 1, "odd_terms_int: a nan among the elements", 1, "nan * i"),
        ("(lambda q: q * q)(i)", 2**40, f"square_int: {_WIDE}", 1, "q * q"),
        ("(i, 7 // i)", 0, f"floordiv_int: {_ZERO}", 1, "7 // i"),
        ("outer(i)", 0, f"floordiv_int: {_ZERO}", 9, "10 // n"),
        ("outer(i)", 7, "give_up_int: an assertion that fails", 8, "assert n < 5"),
        ("deep(i)", 4, f"floordiv_int: {_ZERO}", 11, "n // n"),
        ("endless(i)", 900, "too_deep_int: a function that calls itself too often", 12, "def endless(n):"),
        ("method(i)", 2**40, f"mul_int: {_WIDE}", 18, "self.width * n"),
        ("made(i)", 2**62, f"affine_int: {_WIDE}", 16, "width * 2"),
        ("operator_(i)", 2**62 - 1, f"add_int: {_WIDE}", 21, "self.width + other.width"),
        ("property_(i)", 3, f"floordiv_int: {_ZERO}", 24, "1 // (self.width - 6)"),
        ("reduced(i)", 2**40, f"mul_int: {_WIDE}", 29, "a * b"),
        ("raises(i)", 9, "give_up_int: an exception that is raised", 33, "raise ValueError(k)"),
        ("largest(i)", 0, f"give_up_int: {_RAISES}", 35, "max((k for k in range(n)))"),
        ("folded(i)", 2**62, f"mul_int: {_WIDE}", 36, "k * n"),
        ("folded(i)", 2**61, f"add_int: {_WIDE}", 36, "sum((k * n for k in range(2, 4)))"),
        ("sorted_(i)", 2**62, f"add_int: {_WIDE}", 37, "q + q"),
        ("key(i)", 2, f"give_up_int: {_RAISES}", 40, "table[n]"),
        ("some(i)", 6, f"found_none_int: {_NONE}", 42, "maybe(n) + 1"),
        ("inside(i)", 2**31, f"mul_int: {_WIDE}", 45, "k * n * 3"),
        ("generated(i)", 2**62, f"mul_int: {_WIDE}", 49, "k * n"),
        ("augmented(i)", 2**40, f"square_int: {_WIDE}", 52, "n *= n"),
        ("unpacked(i)", 5, f"floordiv_int: {_ZERO}", 55, "n // (n - 5)"),
        ("tested(i)", 0, "div_float: a division by zero", 57, "1.5 / n"),
        ("looped(i)", 5, f"floordiv_int: {_ZERO}", 60, "n // (n - 5)"),
        ("stepped(i)", 0, f"range_count: {_RANGE}", 63, "range(0, 9, n)"),
        ("drawn(i)", 0, f"give_up_int: {_RAISES}", 67, "rng.randrange(n)"),
    ],
)  # fmt: skip
def test_the_check_and_the_construct_are_named(
    text: str, index: int, check: str, line: int, construct: str, cache: KernelCache
) -> None:
    told = gives_up(f"({text} for i in source)", LIBRARY, index, cache)
    assert told == (check, line, construct)


@pytest.mark.parametrize("text", ["(j for i in source for j in range(7 // i))", "(i for i in source if 7 // i)"])
def test_clauses_have_places_of_their_own(text: str, cache: KernelCache) -> None:
    assert gives_up(text, "", 0, cache) == (f"floordiv_int: {_ZERO}", 1, "7 // i")


def test_of_equal_constructs_the_first_is_named(cache: KernelCache) -> None:
    text = "def f(n):\n    a = 7 % n if n else 0\n    return a + 7 // (n - 3) + 8 // (n - 3)\n"
    assert gives_up("(f(i) for i in source)", text, 3, cache)[1:] == (3, "7 // (n - 3)")
    assert gives_up("(i * i - i * i for i in source)", "", 2**40, cache)[1:] == (1, "i * i")


def test_a_loop_that_was_moved_has_the_same_kernel_and_its_own_places(cache: KernelCache) -> None:
    kernels = [
        compiled("(outer(i) for i in source)", module(f"{before}{LIBRARY}"), cache) for before in ("", "\n\n# moved\n")
    ]
    assert kernels[0].key == kernels[1].key and kernels[0].object_code == kernels[1].object_code
    lines = [told_by(kernel, kernel, 0)[1] for kernel in kernels]
    assert lines == [9, 12]


def test_a_kernel_that_was_shipped_tells_by_numbers(cache: KernelCache) -> None:
    kernel = compiled("(method(i) for i in source)", module(LIBRARY), cache)
    shipped = load_kernel(kernel.object_code)
    assert shipped.sites == ()
    assert told_by(shipped, kernel, 2**40) == (f"mul_int: {_WIDE}", 18, "self.width * n")


def test_the_source_and_the_key_know_nothing_of_places(cache: KernelCache) -> None:
    kernel = compiled("(operator_(i) + folded(i) for i in source)", module(LIBRARY), cache)
    assert kernel.source.isascii() and kernel.source.replace("\n", "").isprintable()
    calls = numbers_of_calls(kernel.source)
    assert len(calls) == len(kernel.sites) and sorted(calls.values()) == [*range(1, len(calls) + 1)]
    named = [ast.unparse(site.node) for site in kernel.sites if site is not None]
    assert {"self.width + other.width", "k * n", "Box(n) + Box(1)"} <= {*named}


def test_a_function_of_ours_is_told_by_its_call() -> None:
    status = status_of("mul_int")
    assert call_of(status) == 0 and check_of(status).startswith("mul_int: ")
    placed = at_call(status, 77)
    assert call_of(placed) == 77 and check_of(placed) == check_of(status)
    assert at_call(status, 10**9) == status, "more calls than there are numbers"
    assert 0 < at_call(status, 2**19 - 1) < 2**31


def test_every_name_has_a_status_of_its_own() -> None:
    statuses = {status_of(name) for name in OWN_NAMES}
    assert len(statuses) == len(OWN_NAMES) and min(statuses) > 0
    assert max(statuses) + 1 < at_call(0, 1)
    assert all(check_of(status_of(name)).startswith(f"{name}: ") for name in OWN_NAMES)
    assert check_of(status_of("unheard_of")) == check_of(-1) == OTHER
    assert call_of(-1) == 0
