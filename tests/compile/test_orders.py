"""What has an order in kernels: tuples and letters compared, sorted, and the least of them, as CPython has them."""

from __future__ import annotations

import math
from collections import Counter, namedtuple
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyfora.compile import KernelCache, NotCompiled, analyse
from tests.compile.loops import compiled, loop, module, times_given_up

_NUMBERS = {
    "int": st.one_of(st.integers(-2, 2), st.sampled_from([2**53, 2**53 + 1, 2**63 - 1, -(2**63)])),
    "float": st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, math.inf, -math.inf, 2.0**53, 5e-324]),
    "bool": st.booleans(),
    "letter": st.sampled_from("ab\u00e4\U0001f600"),
}
_SHAPES = {
    "ints": st.tuples(_NUMBERS["int"], _NUMBERS["int"]),
    "int and float": st.tuples(_NUMBERS["int"], _NUMBERS["float"]),
    "float and bool": st.tuples(_NUMBERS["float"], _NUMBERS["bool"], _NUMBERS["int"]),
    "letter first": st.tuples(_NUMBERS["letter"], _NUMBERS["float"]),
    "nested": st.tuples(_NUMBERS["bool"], st.tuples(_NUMBERS["float"], _NUMBERS["letter"])),
    "alone": st.tuples(_NUMBERS["float"]),
}

SORTED = """
def traced(rows):
    trace = 0.0
    for n, row in rows:
        trace = trace * 0.75 + n
    return trace

def in_order(i):
    rows = [(n, row) for n, row in enumerate(ROWS)]
    if i == 0:
        rows.sort(key=lambda pair: pair[1])
    elif i == 1:
        rows.sort(key=lambda pair: pair[1], reverse=True)
    elif i == 2:
        rows = sorted(rows, key=lambda pair: (pair[1], -pair[0]))
    elif i == 3:
        rows = sorted(rows, key=lambda pair: (pair[1], pair[0] % 2 == 0), reverse=True)
    elif i == 4:
        least, most = min(rows, key=lambda pair: pair[1]), max(rows, key=lambda pair: pair[1])
        return least[0] * 100.0 + most[0]
    elif i == 5:
        least, most = min(pair[1] for pair in rows), max([pair[1] for pair in rows])
        return sum(n * 1.0 for n, row in rows if row == least) * 100.0 + sum(n * 1.0 for n, row in rows if row == most)
    elif i == 6:
        ordered = sorted([pair[1] for pair in rows])
        return sum(0.5 * n for n, row in enumerate(ROWS) if row == ordered[0])
    else:
        return sum(
            1.0 * (a < b) + 2.0 * (a <= b) + 4.0 * (a > b) + 8.0 * (a >= b) + 16.0 * (a == b) + 32.0 * (a != b) + n * m
            for n, a in rows for m, b in rows
        )
    return traced(rows)
"""


@pytest.mark.parametrize("shape", list(_SHAPES))
@settings(derandomize=True, deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_tuples_in_order(cache: KernelCache, shape: str, data: st.DataObject) -> None:
    rows = data.draw(st.lists(_SHAPES[shape], min_size=1, max_size=40))
    assert times_given_up("in_order", module(SORTED, ROWS=rows), cache, range(8)) == 0


def test_nan_in_a_tuple_has_no_order(cache: KernelCache) -> None:
    rows = [(1.0, 2), (math.nan, 1), (0.5, 3)]
    assert times_given_up("in_order", module(SORTED, ROWS=rows), cache, range(8)) == 8


def test_parts_of_several_kinds(cache: KernelCache) -> None:
    text = """
    def f(i):
        one, other = (i, i * 0.5, i > 2), (i * 1.0, i // 2, 1)
        return (1 if one < other else 0) + (2 if one == other else 0) + (4 if one >= (BIG, 0.0, 5) else 0)
    """
    assert times_given_up("f", module(text, BIG=3), cache, range(-3, 8)) == 0
    # One part is no float that is compared with a float.
    assert times_given_up("f", module(text.replace("BIG, 0.0", "BIG + 0.5, 0.0"), BIG=3), cache, range(-3, 8)) == 0
    names = module("def f(i):\n    return 1 if (i, 2) < (BIG, 3) else 0\n", BIG=2.0**53)
    assert times_given_up("f", names, cache, range(2**53 - 1, 2**53 + 3)) == 2


BY_KEY = """
def keyed(i):
    xs = [x * 7919 % 13 - 6 for x in range(i)]
    least = min(xs, key=lambda x: x * x, default=None)
    if least is None:
        return -1
    most = max(xs, key=abs)
    return least * 100 + most + max(xs, key=lambda x: (x % 3, -x)) + min(xs, key=lambda x: x % 2 == 0)

def of_ranges(i):
    return min(range(-i, i + 1), key=lambda x: abs(x - 2)) + max((x * x % 11 for x in range(i)), key=lambda x: -x) + \
        max(i, 3, -5, key=abs) + min(zip(range(3, i), [5, 1, 2, 1]), key=lambda p: p[1])[0]

def of_dicts(i):
    counts = {}
    for x in range(i):
        counts[x * 7 % 5] = counts.get(x * 7 % 5, 0) + x
    best = max(counts, key=counts.get)
    pair = max(counts.items(), key=lambda kv: kv[1])
    letter = max(COUNTS, key=COUNTS.get)
    return best * 100 + pair[0] + max(HELD, key=HELD.get) + min(HELD, key=HELD.__getitem__) + ord(letter)

def floats(i):
    xs = [x for x in FLOATS[i:]]
    return min(xs, key=lambda x: -x, default=7.0) + max(xs, key=lambda x: x * x, default=9.0)

def literal(i):
    return min([x for x in range(i) if x > 3], key=lambda x: -x, default=5)

def nearest(i):
    return min(POINTS, key=lambda p: (p[0] - i) ** 2 + p[1] ** 2)[1]

def named(i):
    one, other = Pair(i, 2.5), Pair(3, i * 1.0)
    return (1 if one < other else 0) + (2 if one == other else 0) + (4 if one != Pair(2, 2.0) else 0)

def letters(i):
    return ord(max(ch for ch in WORD)) + ord(min(WORD, key=lambda ch: (ch == "e", ch))) + (1 if "b" < WORD[i] else 0)

def items(i):
    d = {(x * 7 % 5, x % 2 == 0): x * 0.5 for x in range(i)}
    trace = 0.0
    for (a, b), v in sorted(d.items()):
        trace = trace * 0.5 + a + v + (1 if b else 0)
    for (a, b), v in sorted(d.items(), key=lambda kv: (-kv[1], kv[0])):
        trace = trace * 0.5 + a - v
    for x in sorted((3, 1, i), reverse=True):
        trace = trace * 0.5 + x
    return trace
"""


def test_the_least_and_the_most_by_a_key(cache: KernelCache) -> None:
    names = module(
        BY_KEY,
        HELD={3: 1, 5: 9, 2: 9, 7: 0},
        COUNTS=Counter("hello"),
        FLOATS=[1.0, math.nan, -2.0, 0.0, -0.0],
        POINTS=[(0.5, 1.0), (1.5, -2.0), (0.5, 3.0)],
        Pair=namedtuple("Pair", "x y"),
        WORD="helloworld",
    )
    # Of no elements, or of an index past the end, CPython raises.
    assert {name: times_given_up(name, names, cache, range(6)) for name in names["__nodes__"] if "." not in name} == {
        "keyed": 0,
        "of_ranges": 4,
        "of_dicts": 1,
        "floats": 1,  # a nan
        "literal": 0,
        "nearest": 0,
        "named": 0,
        "letters": 0,
        "items": 0,
    }


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return 1 if (1, [i]) < (1, [2]) else 0", "a comparison of tuple and tuple of such parts"),
        ("return 1 if (1, i) < (1, 2, 3) else 0", "a comparison of tuple and tuple of such parts"),
        ("return 1 if (1, i) == (1, 'a') else 0", "a comparison of tuple and tuple of such parts"),
        ("return len(min([[i], [2]], key=lambda x: x))", "min() by keys that are list of ints"),
        ("return len(sorted([[i], [2]]))", "an order of elements that are list of ints"),
        ("return min([i, 2], key=lambda x: x, other=3)", "a fold with keyword arguments"),
        (
            "xs = [1, 2]\nreturn min((x for x in range(i)), key=lambda x: xs.pop())",
            "a key that may change what the elements are made of meanwhile",
        ),
        ("return max([i, 2], key=lambda x: x, default=0.5)", "a default that is neither a literal"),
        ("return max([None, None], key=lambda x: i) is None", "a list of elements of type None"),
        ("return min(Own(i, 2), Own(2, i)).x", "min() of (Own, Own)"),
        ("return 1 if Own(i, 2) < Own(2, i) else 0", "of such parts"),
    ],
)
def test_what_is_not_compiled_of_them(body: str, reason: str) -> None:
    class Own(namedtuple("Own", "x y")):
        def __lt__(self, other: Any) -> bool:
            return False

    indented = "\n".join(f"    {line}" for line in body.split("\n"))
    names: dict[str, Any] = module(f"def f(i):\n{indented}\n", Own=Own)
    with pytest.raises(NotCompiled) as caught:
        analyse(loop("(f(i) for i in source)", names))
    assert reason in caught.value.reason


def test_a_default_beside_several_is_not_compiled(cache: KernelCache) -> None:
    with pytest.raises(NotCompiled):
        compiled("(min(i, 3, key=lambda x: -x, default=2) for i in source)", {}, cache)
