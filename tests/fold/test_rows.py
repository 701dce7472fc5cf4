"""Rows that are shortened add up to the same: held against what plain dicts and sets make of the same values."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfora.fold.added import AddedFolder, Repeated, shortened
from pyfora.fold.adding import WAYS, Steps
from pyfora.fold.partials import Form, Partial, Total
from pyfora.fold.rows import Rows, Spec, counted, exact_sum, first_of_each, last_of_each

INTS = st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1), st.integers(-(10**4), 10**4))
FLOATS = st.one_of(st.sampled_from([0.0, -0.0, 1.5, float("inf")]), st.floats(allow_nan=False))
HALVES = ("real", "imag")
DTYPES = {"int": np.int64, "float": np.float64, "bool": np.bool_, "letter": np.int64}
SCALARS: dict[str, Any] = {"int": INTS, "float": FLOATS, "bool": st.booleans(), "letter": st.characters()}
SCALARS["complex"] = st.builds(complex, FLOATS, FLOATS)
SCALARS["numpy.complex128"] = SCALARS["complex"].map(np.complex128)


def rows_of(spec: Spec, values: list[Any]) -> Rows:
    if spec in ("complex", "numpy.complex128"):
        return Rows(spec, tuple(np.array([getattr(value, half) for value in values], float) for half in HALVES))
    if not isinstance(spec, tuple):
        numbers = [ord(value) for value in values] if spec == "letter" else values
        return Rows(spec, (np.array(numbers, DTYPES[spec]),))
    parts = [rows_of(one, [value[number] for value in values]) for number, one in enumerate(spec)]
    return Rows(spec, tuple(column for part in parts for column in part.columns))


@st.composite
def some_rows(draw: st.DrawFn, least: int = 0) -> Rows:
    spec: Spec = draw(
        st.sampled_from([*SCALARS, ("int", "float"), ("letter", ("bool", "int")), ("numpy.complex128", "complex")])
    )
    return rows_of(spec, draw(st.lists(strategy_of(spec), min_size=least, max_size=60)))


def strategy_of(spec: Spec) -> Any:
    return st.tuples(*map(strategy_of, spec)) if isinstance(spec, tuple) else SCALARS[spec]


@given(st.data())
def test_values_come_back_with_their_types(data: st.DataObject) -> None:
    spec: Spec = data.draw(st.sampled_from([*SCALARS, ("numpy.complex128", "int", "complex")]))
    values = data.draw(st.lists(strategy_of(spec), max_size=9))
    found = rows_of(spec, values).values()
    assert list(map(repr, found)) == list(map(repr, values)) and list(map(type, found)) == list(map(type, values))


@given(some_rows())
def test_keys_are_those_of_a_dict(rows: Rows) -> None:
    values = rows.values()
    counts = collections.Counter(values)
    positions, times = counted(rows)
    assert list(map(repr, rows.at(positions).values())) == list(map(repr, counts))
    assert times.tolist() == list(counts.values())
    assert list(map(repr, rows.at(first_of_each(rows)).values())) == list(map(repr, dict.fromkeys(values)))
    first, last = last_of_each(rows)
    assert first.tolist() == positions.tolist()
    assert last.tolist() == list({value: place for place, value in enumerate(values)}.values())


@given(st.lists(INTS, max_size=60))
def test_sums_are_exact(values: list[int]) -> None:
    assert exact_sum(np.array(values, np.int64)) == sum(values)


def outcome(steps: Steps, values: tuple[Any, ...], partials: list[Partial]) -> list[str]:
    folder = AddedFolder(steps, values, fold_terms)
    for partial in partials:
        folder.absorb(partial)
    return [repr(value) for value in folder.finish()]


def fold_terms(terms: Any, count: int, state: tuple[float, ...]) -> tuple[float, ...]:
    total = state[0]
    for term in terms[:count].tolist():
        total += term
    return (total,)


CASES: dict[str, tuple[str, Spec, Any]] = {
    "ints": ("+=", "int", lambda: 5),
    "ints onto a float": ("+=", "int", lambda: 0.1),
    "floats": ("+=", "float", lambda: 0.1),
    "floats onto an int": ("+=", "float", lambda: 2**60 + 1),
    "floats onto a complex": ("+=", "float", lambda: 1j),
    "bools": ("+=", "bool", lambda: True),
    "letters": ("+=", "letter", lambda: "text"),
    "largest": ("max", "float", lambda: -1),
    "smallest": ("min", "int", lambda: 0.5),
    "the last of the largest": (">=", ("float", "int"), lambda: 0),
    "the first of the smallest": ("<", ("int", "letter"), lambda: 3),
    "a set": ("add", ("int", "bool"), lambda: {(1, True)}),
    "put": ("[]=", ("int", "letter"), lambda: {"a": 1}),
    "put of floats": ("[]=", ("float", "float"), dict),
    "counts": ("[]+=", ("int", "int"), lambda: collections.defaultdict(int, {1: 5})),
    "counts by floats": ("[]+=", ("letter", "int"), lambda: collections.defaultdict(float, {"a": 0.1})),
    "counts of floats": ("[]+=", ("int", "float"), lambda: collections.Counter({0: 3})),
    "groups": ("[]append", ("int", "letter"), lambda: collections.defaultdict(list)),
}


@pytest.mark.parametrize("name", CASES)
@given(data=st.data(), constant=st.booleans())
def test_what_is_shortened_adds_as_much(name: str, data: st.DataObject, constant: bool) -> None:
    kind, spec, start = CASES[name]
    values = data.draw(st.lists(strategy_of(spec), max_size=40))
    if constant and isinstance(spec, tuple) and values:
        values = [(key, values[0][1]) for key, _ in values]
    at = (0, 1) if kind in (">=", "<") else (0,)
    steps: Steps = ((kind, at),)
    before = (start(), None)[: len(at)]
    expected = list(before)
    for value in values:
        given_value = ({"max": max, "min": min}[kind], value) if kind in ("max", "min") else value
        WAYS[kind].add(expected, at, given_value)
    how = AddedFolder(steps, (start(), None)[: len(at)], fold_terms).shortenings
    assert len(how) == 1 and how[0][0] == 0
    cut = data.draw(st.integers(0, len(values)))
    pieces = [shortened(how[0][1], rows_of(spec, part)) for part in (values[:cut], values[cut:])]
    partials = [Partial(Form.ADDED, [(0, piece)]) for piece in pieces]
    assert outcome(steps, (start(), None)[: len(at)], partials) == list(map(repr, expected))


def test_how_much_is_shortened() -> None:
    assert shortened("total", rows_of("int", [2**62] * 4)) == Total(2**64, None)
    found = shortened("[]+=", rows_of(("int", "int"), [(k % 3, 1) for k in range(90)]))
    assert isinstance(found, Repeated) and found.rows.values() == [(0, 1), (1, 1), (2, 1)]
    assert found.times.tolist() == [30, 30, 30]
    winner = shortened(">", rows_of(("float", "int"), [(0.5, 1), (2.5, 2), (2.5, 3)]))
    assert isinstance(winner, Rows) and winner.values() == [(2.5, 2)]
