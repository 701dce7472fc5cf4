"""Captured dicts, sets and lists in kernels: asked as CPython asks them, gone through in their order, or a give-up."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyfora.compile import KernelCache, NotCompiled, analyse, compile_loop
from pyfora.compile.frozen import ELEMENTS_LIMIT, FrozenOnes
from pyfora.compile.loop import Output
from tests.compile.loops import loop, module, times_given_up

_INTS = st.one_of(st.integers(-9, 9), st.sampled_from([2**31, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), -(2**40)]))
_FLOATS = st.one_of(
    st.floats(allow_nan=False).filter(lambda x: x != 0.0 or math.copysign(1.0, x) > 0),
    st.integers(0, 40).map(float),
)
_LETTERS = st.characters(min_codepoint=0, max_codepoint=0x10FFFF)
_KEYS: dict[str, st.SearchStrategy[Any]] = {
    "int": _INTS,
    "float": _FLOATS,
    "bool": st.booleans(),
    "letter": _LETTERS,
    "pair": st.tuples(_INTS, _INTS),
    "nested": st.tuples(st.tuples(_INTS, st.booleans()), _LETTERS),
    "alone": st.tuples(_INTS),
}

ASKING = """
def asked(i):
    key = KEYS[i]
    trace = 0.0
    if key in HELD:
        trace += 1.0
        trace = trace * 0.5 + HELD[key]
    found = HELD.get(key)
    if found is not None:
        trace = trace * 0.5 + found
    trace = trace * 0.5 + HELD.get(key, -7.5)
    if key in ALSO:
        trace += 2.0
    for k in HELD:
        trace = trace * 0.75 + HELD[k]
    for v in HELD.values():
        trace = trace * 0.75 + v
    n = 0
    for k, v in HELD.items():
        n += 1
        trace = trace * 0.75 + n * v
    for k in ALSO:
        trace = trace * 0.75 + HELD.get(k, 0.25)
    return trace + len(HELD) + 0.5 * len(ALSO) + (16 if HELD else 0)
"""


@pytest.mark.parametrize("kind", list(_KEYS))
@settings(derandomize=True, deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_asked_of_a_captured_dict_and_set(cache: KernelCache, kind: str, data: st.DataObject) -> None:
    keys = data.draw(st.lists(_KEYS[kind], min_size=1, max_size=60))
    held = {key: float(number) for number, key in enumerate(data.draw(st.permutations(keys)))}
    others = data.draw(st.lists(_KEYS[kind], min_size=1, max_size=20))
    also = data.draw(st.sampled_from([set, frozenset]))(others)
    names = module(ASKING, HELD=held, ALSO=also, KEYS=[*keys[:5], *others[:5]])
    assert times_given_up("asked", names, cache, range(len(names["KEYS"]))) == 0


@settings(derandomize=True, deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(_INTS, st.lists(_INTS, max_size=4), min_size=1, max_size=30).filter(lambda d: any(d.values())))
def test_dicts_of_lists_and_lists_of_tuples(cache: KernelCache, graph: dict[int, list[int]]) -> None:
    text = """
    def walked(i):
        trace = 0
        for key, near in GRAPH.items():
            trace = (trace * 31 + key % 1009 + len(near)) % 1000003
            for other in near:
                trace = (trace * 7 + other % 1013 + (1 if other in GRAPH else 0)) % 1000003
            if i in near:
                trace += 1 + near.index(i)
            trace += sum(x % 5 for x in near[1:]) + len(sorted(near))
        for a, (b, c), letter in ROWS:
            trace = (trace * 3 + a % 7 + (2 if c else 3) + ord(letter)) % 1000003
        own = GRAPH.get(i)
        return trace + ROWS[i % len(ROWS)][0] % 11 + (len(own) if own is not None else -1)
    """
    rows = [(key, (key * 0.5, key > 0), chr(97 + number % 26)) for number, key in enumerate(graph)]
    names = module(text, GRAPH=graph, ROWS=rows)
    assert times_given_up("walked", names, cache, range(-3, 4)) == 0


def test_a_large_dict(cache: KernelCache) -> None:
    text = """
    def found(i):
        return INTS.get(i * 37, -1) + FLOATS.get(i * 0.5, -1) + PAIRS.get((i, i + 1), -1) + (3 if i in SET else 0)
    """
    names = module(
        text,
        INTS={number * 65536 - 7: number for number in range(20000)} | {k: k for k in range(5000)},
        FLOATS={number * 1.0: number for number in range(20000)},
        PAIRS={(number, number + number % 2): number for number in range(20000)},
        SET=set(range(0, 30000, 7)),
    )
    assert times_given_up("found", names, cache, range(-50, 450)) == 0


@dataclass
class Point:
    """What a captured list may hold."""

    x: float
    weight: int

    def scaled(self, by: float) -> float:
        """Something to be called."""
        return self.x * by + self.weight


KINDS = """
def counter(i):
    return COUNTER[i] * 10 + COUNTER.get(i, 5) + sum(COUNTER.values()) + len(COUNTER.keys())

def default(i):
    return DEFAULT[i]

def plain(i):
    return PLAIN[i]

def nested(i):
    return TABLE[i % 2][i % 3]

def copied(i):
    own = PLAIN.copy()
    own[i] = 100
    own[77] = 1
    other = COUNTER.copy()
    other[i] += 3
    mine = SET.copy()
    mine.add(i)
    return own[i] + len(own) + PLAIN.get(i, 50) + len(PLAIN) + other[i] + COUNTER[i] + other[99] + len(mine) - len(SET)

def in_order(i):
    t = 0
    for x in sorted(SET): t = t * 3 + x
    for x in list(PLAIN): t = t * 3 + x
    for x in sorted(PLAIN.values(), reverse=True): t = t * 3 + x
    for x in list(SET): t = t * 3 + x
    return t + sum(SET) + max(SET) + min(PLAIN) + sum(PLAIN.values()) + max(PLAIN.values())

def equal_keys(i):
    flag = i > 2
    return PLAIN.get(flag, 9) + HALVES.get(i, 9) + HALVES.get(i > 1, 8)

def of_numpy(i):
    t = 0
    for x in ARRAY: t += PLAIN.get(x, 7)
    return t

def instances(i):
    t = 0.0
    for p in POINTS: t = t * 0.5 + p.x * p.weight + p.scaled(2.0)
    return t + POINTS[i % 2].weight + BY_NUMBER[i % 2].x

def settings_(i):
    return SETTINGS["rate"] * i + SETTINGS["steps"] + SETTINGS["inner"]["depth"] + len(SETTINGS) + \
        SETTINGS.get("absent", 3) + SETTINGS.get("steps", 0) + (5 if "rate" in SETTINGS else 1) + \
        (5 if "other" not in SETTINGS else 1) + SETTINGS["list"][i % 2] + WORDS["seen"] + WORDS["unseen"]

def letters(i):
    t = 0
    for ch in "abcz": t = t * 5 + VALUES.get(ch, 0)
    return t + VALUES["a"]

def reached(i):
    state, steps = i % 3, 0
    while state in MOVES and steps < 9:
        state, cost = MOVES[state]
        steps += cost
    return steps
"""


def test_each_kind_of_captured_value(cache: KernelCache) -> None:
    names = module(
        KINDS,
        COUNTER=Counter([1, 1, 2, 3, 3, 3]),
        DEFAULT=defaultdict(int, {0: 5, 1: 6, 2: 7}),
        PLAIN={3: 4, 1: 5, 0: -2},
        HALVES={1.0: 3, 2.5: 4, 0.0: 6},
        TABLE={0: {0: 1, 1: 2, 2: 3}, 1: {0: 4, 1: 5, 2: 6}},
        SET={9, 2, 33, 17, 65},
        ARRAY=np.array([3, 1, 8], np.int32),
        POINTS=[Point(0.5, 2), Point(-1.5, 3)],
        BY_NUMBER={0: Point(1.0, 1), 1: Point(2.0, 1)},
        SETTINGS={"rate": 0.5, "steps": 4, "inner": {"depth": 2}, "list": [1, 2], "unused": object()},
        WORDS=Counter(["seen", "seen"]),
        VALUES={"a": 1, "b": 2, "c": 3},
        MOVES={0: (1, 2), 1: (5, 3)},
    )
    given_up = {"default": 3, "plain": 3}
    tried = list(names["__nodes__"])
    found = {name: times_given_up(name, names, cache, range(6)) for name in tried}
    assert {name: times for name, times in found.items() if times} == given_up


def test_a_key_that_is_equal_to_other_bits_is_given_up(cache: KernelCache) -> None:
    text = "def f(i):\n    return HELD.get(KEY, 3)\n"
    for key in (-0.0, math.nan):
        assert times_given_up("f", module(text, HELD={0.0: 1, 1.5: 2}, KEY=key), cache, range(1)) == 1
    # An int that no float is, which a float key may not be compared with.
    assert times_given_up("f", module(text, HELD={2.0**53: 1}, KEY=2**53 + 1), cache, range(1)) == 1


class Own(dict[int, int]):
    """A dict that says what it likes."""

    def __missing__(self, key: int) -> int:
        return 7


class Mine(Counter[int]):
    """So does this one."""


@pytest.mark.parametrize(
    ("held", "body", "reason"),
    [
        ({1: 2, 1.5: 3}, "HELD[i]", "a dict of several types: float and int"),
        ({1: 2, False: 4}, "HELD[i]", "a dict of several types: bool and int"),
        ({1: 2, 2: 0.5}, "HELD[i]", "a dict of several types: float and int"),
        ({math.nan: 1}, "HELD.get(0.5, i)", "a key that is nan or -0.0"),
        ({-0.0: 1}, "HELD.get(0.5, i)", "a key that is nan or -0.0"),
        ({(1, 0.5): 1}, "HELD.get((1, 0.5), i)", "keys that are tuples of floats"),
        ({1: None}, "1 if HELD.get(i) else 0", "of what is known beforehand"),
        ({}, "HELD.get(i, 1)", "a dict that is empty"),
        (set(), "1 if i in HELD else 0", "a set that is empty"),
        ({2**63: 1}, "HELD[i]", "ints beyond 64 bits"),
        ({1: 2**63}, "HELD[i]", "ints beyond 64 bits"),
        (Own({1: 2}), "HELD[i]", "'HELD', a Own"),
        (Mine([1, 2]), "HELD[i]", "'HELD', a Mine"),
        ({1: "one"}, "len(HELD[i])", "texts that are not single letters"),
        ({"one": 1}, "HELD[chr(i)]", "a letter as a key of a dict whose keys are texts"),
        ({"one": 1}, "HELD['two']", "the key 'two', which is not there"),
        ({"one": 1}, "sum(HELD.values())", "attribute 'values' of a dict"),
        ({"one": 1}, "sum(1 for k in HELD)", "a loop over something else"),
        ({1: 2}, "HELD[0.5]", "a float as a key beside those of type int"),
        ({(1, 2): 2}, "HELD[i, True]", "a tuple as a key beside those of type tuple"),
        ({1: 2}, "HELD.setdefault(i, 2)", "a change of a captured dict"),
        ({1: 2}, "HELD.pop(1)", "a change of a captured dict"),
        ({1, 2}, "HELD.add(i)", "a change of a captured set"),
        (frozenset([1, 2]), "len(HELD.copy())", "the method 'copy' of a set"),
        (defaultdict(int, {1: 2}), "HELD.copy()[i]", "the method 'copy' of a defaultdict"),
        ({1: [2]}, "HELD[1].append(i)", "the method 'append' of a captured list"),
        ([[]], "len(HELD[0])", "a list that is empty, or of empty ones"),
        ([(1, 2), (1, 2, 3)], "HELD[0][0]", "several numbers of parts"),
        ([NotImplemented], "len(HELD) + i", "a list of elements of type NotImplementedType"),
        ([[[[[[[[1]]]]]]]], "len(HELD) + i", "a list that is nested too deeply"),
        ([[1]] * (ELEMENTS_LIMIT + 1), "len(HELD)", "a list of more than 1,000,000 elements"),
        ({1: 2}, "len(HELD | {3: 4})", "operator BitOr"),
        ({1: 2}, "1 if HELD == {1: 2} else i", "a comparison of dict and dict"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_not_compiled_of_them(held: object, body: str, reason: str) -> None:
    names = module(f"def f(i):\n    return {body}\n", HELD=held)
    with pytest.raises(NotCompiled) as caught:
        analyse(loop("(f(i) for i in source)", names))
    assert reason in caught.value.reason


@pytest.mark.parametrize("change", ["HELD[i] = 1", "HELD[i] += 1", "del HELD[i]", "HELD.clear()"])
def test_a_change_of_a_captured_dict_is_not_compiled(change: str) -> None:
    names = module(f"def f(i):\n    {change}\n    return i\n", HELD={1: 2})
    with pytest.raises(NotCompiled) as caught:
        analyse(loop("(f(i) for i in source)", names))
    assert caught.value.reason == "a change of a captured dict"


def test_a_kernel_is_for_one_layout(cache: KernelCache) -> None:
    names = module("def f(i):\n    return HELD[i]\n", HELD={1: 2})
    kernel = compile_loop(loop("(f(i) for i in source)", names), Output.TERMS, cache)
    other = FrozenOnes().laid_out({1: 0.5})[1]
    buffer = np.empty(1, np.int64)
    for wrong in (other, 5, np.zeros(3, np.int64)):
        with pytest.raises(TypeError, match="the kernel takes frozen"):
            kernel.run((wrong,), 1, 1, 1, buffer)
    assert kernel.run((FrozenOnes().laid_out({1: 7, 2: 8})[1],), 1, 1, 1, buffer) == 1
    assert buffer[0] == 7


def test_a_sample_tells_the_types_and_a_kernel_looks_at_all(cache: KernelCache) -> None:
    from dataclasses import replace

    held: dict[int, Any] = {number: number for number in range(100)}
    held[100] = 0.5
    names = module("def f(i):\n    return HELD[i]\n", HELD=held)
    described = loop("(f(i) for i in source)", names)
    assert analyse(replace(described, sample=True)) == "int"
    with pytest.raises(NotCompiled, match="several types: float and int"):
        compile_loop(described, Output.TERMS, cache)


def test_values_of_the_same_words_have_kernels_of_their_own(cache: KernelCache) -> None:
    """What lies in memory is the same, and so is the text of the kernel."""
    alike: list[dict[int, Any]] = [{1: "a", 2: "b"}, {1: (97,), 2: (98,)}, {1: 97, 2: 98}, {1: np.int64(97)}]
    alike += [{1: 0.5 + 2j}, {1: (0.5, 2.0)}]
    for held in alike:
        names = module("def f(i):\n    return HELD[i]\n", HELD=held)
        kernel = compile_loop(loop("(f(i) for i in source)", names), Output.ROWS, cache)
        (rows,) = kernel.run_rows(kernel.captured, 1, 1, 1, 4).values()
        assert [(type(value), value) for value in rows.values()] == [(type(held[1]), held[1])]
