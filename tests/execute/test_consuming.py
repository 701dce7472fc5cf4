"""Generators that are made in one place and consumed in another: what is shared out, and where they are left."""

from __future__ import annotations

import builtins
import itertools
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from pyfora.execute.folding import Folding
from pyfora.execute.in_place import PRIMITIVES_IN_PLACE
from pyfora.execute.loops import LoopReport, LoopRun
from pyfora.execute.offers import Offer
from pyfora.execute.output import ProgramOutput
from pyfora.fold.partials import partial_of
from pyfora.language.primitives import ACCUMULATE, CONSUME, GENERATOR, LOOP, SORT
from pyfora.language.rewrite import rewrite_text

HERE = "1:0 p.py"


class Elsewhere:
    """Runs the rest of every loop as one leaf. An exception there is one of its first element."""

    busy = False
    spread_s = 0.0

    def __init__(self) -> None:
        self.offers: list[Offer] = []

    def spread(self, offer: Offer, run: LoopRun) -> int | None:
        self.offers.append(offer)
        try:
            partial = partial_of(offer.folder.form, offer.callee, offer.part(offer.source[offer.first :]))
        except KeyError:
            return offer.first
        offer.folder.absorb(partial)
        return None

    def analysed(self, part: object, source: object) -> tuple[None, str]:
        return None, "no kernel"


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    # A clock of which every look is a second after the one before: all that is worth it is shared out at once.
    seconds = itertools.count()
    monkeypatch.setattr("pyfora.execute.prefix.perf_counter", lambda: float(next(seconds)))
    return Elsewhere()


def primitives(elsewhere: Elsewhere) -> dict[str, Callable[..., Any]]:
    return Folding(cast(Any, elsewhere), ProgramOutput(lambda *_: None), LoopReport()).primitives()


def identity(source: Any) -> Iterator[Any]:
    return (element for element in source)


@pytest.mark.parametrize("callee", [sum, min, max, list, tuple, set, frozenset, sorted])
def test_the_rest_is_shared_out_and_the_generator_is_exhausted(callee: Any, elsewhere: Elsewhere) -> None:
    run = primitives(elsewhere)
    made = run[GENERATOR](identity, range(1000), at=HERE)
    assert run[CONSUME](callee, made) == callee(range(1000))
    assert len(elsewhere.offers) == 1 and 0 < elsewhere.offers[0].first < 100
    assert list(made) == []


@pytest.mark.parametrize("callee", [any, all])
def test_what_stops_early_consumes_one_by_one(callee: Any, elsewhere: Elsewhere) -> None:
    run = primitives(elsewhere)
    made = run[GENERATOR](identity, range(1000), at=HERE)
    assert run[CONSUME](callee, made) is callee(range(1000))
    assert elsewhere.offers == []
    assert next(made) == (2 if callee is any else 1)


def test_one_that_has_begun_is_consumed_as_it_is(elsewhere: Elsewhere) -> None:
    run = primitives(elsewhere)
    made = run[GENERATOR](identity, range(1000), at=HERE)
    assert next(made) == 0
    assert run[CONSUME](list, made) == list(range(1, 1000))
    assert elsewhere.offers == []


@pytest.mark.parametrize("callee", [sum, set, sorted, ",".join])
def test_it_is_left_where_its_consumer_raised(callee: Any, elsewhere: Elsewhere) -> None:
    elements = [*map(str, range(600)), [], *map(str, range(400))]
    if callee is sum:
        elements = [*range(600), "x", *range(400)]
    local = (element for element in elements)
    with pytest.raises(TypeError) as expected:
        callee(local)
    run = primitives(elsewhere)
    made = run[GENERATOR](identity, elements, at=HERE)
    with pytest.raises(TypeError) as raised:
        run[CONSUME](callee, made)
    assert str(raised.value) == str(expected.value)
    assert len(elsewhere.offers) == 1
    assert list(made) == list(local)


@pytest.mark.parametrize("callee", [sum, set])
def test_it_has_ended_where_an_element_raised(callee: Any, elsewhere: Elsewhere) -> None:
    met: list[int] = []

    def element(i: int) -> int:
        met.append(i)
        if i == 700:
            raise KeyError(i)
        return i

    run = primitives(elsewhere)
    made = run[GENERATOR](lambda source: (element(i) for i in source), range(1000), at=HERE)
    with pytest.raises(KeyError):
        run[CONSUME](callee, made)
    assert len(elsewhere.offers) == 1
    assert met[-1] == 700 and list(made) == []


def test_accumulated_elements_are_made_elsewhere(elsewhere: Elsewhere) -> None:
    run = primitives(elsewhere)
    assert run[ACCUMULATE](list, itertools.accumulate, identity, range(1000), at=HERE, initial=5) == list(
        itertools.accumulate(range(1000), initial=5)
    )
    assert len(elsewhere.offers) == 1
    # Of the user's own function of that name nothing is known.
    assert run[ACCUMULATE](list, lambda elements: [*elements][:2], identity, range(1000), at=HERE) == [0, 1]
    assert len(elsewhere.offers) == 1


def test_a_key_of_a_list_that_is_sorted_sees_it_empty(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyfora.execute.folding.is_key_of_the_users", lambda key: key is not None)
    run = primitives(elsewhere)
    numbers = list(range(1000))
    seen: set[int] = set()

    def key(number: int) -> int:
        seen.add(len(numbers))
        return -number

    assert run[SORT](numbers.sort, key, at=HERE) is None
    assert numbers == list(range(999, -1, -1)) and seen == {0}
    assert len(elsewhere.offers) == 1
    assert run[SORT](numbers.sort, None, at=HERE, reverse=True) is None
    assert numbers == list(range(999, -1, -1))


def test_a_leaf_runs_a_loop_over_a_range_as_it_was_written() -> None:
    text = "def add(n):\n    total = 0\n    for i in range(n):\n        total += i\n    return total\n"

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a leaf would jump")

    names: dict[str, Any] = {"__builtins__": {**vars(builtins), **PRIMITIVES_IN_PLACE, LOOP: refuse}}
    exec(compile(rewrite_text(text, "program.py"), "program.py", "exec"), names)
    assert names["add"](10_000) == sum(range(10_000))
