"""The first milliseconds of a loop, by a clock that only its elements advance."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import FunctionType
from typing import Any, cast

import pytest

from pyfora.execute import folding as folding_module
from pyfora.execute import prefix as prefix_module
from pyfora.execute.folding import Folding
from pyfora.execute.loops import LoopReport, LoopRun
from pyfora.execute.offers import Offer
from pyfora.execute.output import ProgramOutput
from pyfora.execute.paces import QUICK_ELEMENTS, SHORT_ELEMENTS, SHORT_TIMES_LIMIT, Paces
from pyfora.execute.prefix import KEPT_LIMIT, Prefix
from pyfora.execute.short import short_loops
from pyfora.fold.partials import Form, partial_of
from pyfora.fold.plan import PREFIX_S, Plan
from pyfora.fold.views import View
from pyfora.language.primitives import FOLD, IS_SHORT, IS_SHORT_FOLD, IS_SHORT_KEYED, KEPT, SOURCE


class Clock:
    """Seconds since the test began."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(prefix_module, "perf_counter", clock)
    monkeypatch.setattr(folding_module, "perf_counter", clock)
    return clock


HERE = "1:0 p.py"


class Here:
    """Spreads nothing: runs the rest of a loop in one leaf, at once, and notes what it was offered."""

    busy = False

    def __init__(self) -> None:
        self.offers: list[Offer] = []
        self.spread_s = 0.0

    def spread(self, offer: Offer, run: LoopRun) -> None:
        self.offers.append(offer)
        rest = offer.part(offer.source[offer.first :])
        offer.folder.absorb(partial_of(offer.folder.form, offer.callee, rest))

    def analysed(self, part: object, source: object) -> tuple[None, str]:
        return None, "no kernel"


def part_of(clock: Clock, element_s: float) -> Any:
    def element(i: int) -> int:
        clock.now_s += element_s
        return i

    return lambda source: (element(i) for i in source)


def folding() -> tuple[Folding, Here]:
    spreader = Here()
    return Folding(cast(Any, spreader), ProgramOutput(lambda *_: None), LoopReport()), spreader


@pytest.mark.parametrize("callee", [sum, min, max, any, all, list, tuple, set, frozenset, sorted])
@pytest.mark.parametrize(("count", "element_s", "spread"), [(1000, 1e-7, False), (1000, 1e-3, True), (3, 5.0, True)])
def test_what_is_worth_spreading(clock: Clock, callee: Any, count: int, element_s: float, spread: bool) -> None:
    folds, spreader = folding()
    source = range(1, count + 1) if callee is all else range(count) if callee is not any else range(1)
    if callee is any:
        # Something that never decides.
        part = cast(Any, lambda source: (False for _ in part_of(clock, element_s)(source)))
        source = range(count)
    else:
        part = part_of(clock, element_s)
    assert folds.fold(callee, part, source, at=HERE) == callee(0 if callee is any else i for i in source)
    assert bool(spreader.offers) is spread
    for offer in spreader.offers:
        assert 0 < offer.first < count
        assert offer.first * element_s <= max(4 * PREFIX_S, 2 * element_s)


@pytest.mark.parametrize(("count", "share", "spread"), [(5, 0.9, False), (5, 0.1, True), (200, 0.9, True)])
def test_few_elements_whose_own_loops_are_spread_are_run_one_by_one(
    clock: Clock, count: int, share: float, spread: bool
) -> None:
    folds, spreader = folding()

    def element(i: int) -> int:
        clock.now_s += 0.4
        spreader.spread_s += 0.4 * share
        return i

    def part(source: Any) -> Iterator[int]:
        return (element(i) for i in source)

    assert folds.comprehension("list", lambda source: list(part(source)), range(count), at=HERE) == list(range(count))
    assert folds.fold(sum, part, range(count), at="2:0 p.py") == sum(range(count))
    assert len(spreader.offers) == (2 if spread else 0)


def test_one_slow_element_misleads_nobody(clock: Clock) -> None:
    folds, spreader = folding()

    def element(i: int) -> int:
        clock.now_s += 0.01 if i == 40 else 1e-6
        return i

    part = cast(FunctionType, lambda source: (element(i) for i in source))
    assert folds.fold(sum, part, range(5000), at=HERE) == sum(range(5000))
    assert spreader.offers == []


def test_elements_that_grow_slower_are_noticed(clock: Clock) -> None:
    folds, spreader = folding()

    def element(i: int) -> int:
        clock.now_s += 1e-7 if i < 50_000 else 1e-3
        return i

    part = cast(FunctionType, lambda source: [element(i) for i in source])
    assert folds.comprehension("list", part, range(200_000), at=HERE) == list(range(200_000))
    (offer,) = spreader.offers
    assert 50_000 <= offer.first < 51_000 + 2 * PREFIX_S / 1e-7


def test_elements_that_grow_slower_bit_by_bit_are_noticed(clock: Clock) -> None:
    folds, spreader = folding()

    def element(i: int) -> int:
        clock.now_s += i * 1e-9
        return i

    part = cast(FunctionType, lambda source: (element(i) for i in source))
    assert folds.fold(sum, part, range(20_000), at=HERE) == sum(range(20_000))
    (offer,) = spreader.offers
    assert offer.first < 12_000


def test_a_filter_that_lets_nothing_through_does_not_hide_the_loop(clock: Clock) -> None:
    folds, spreader = folding()
    part = cast(FunctionType, lambda source: (i for i in part_of(clock, 1e-5)(source) if i > 99_990))
    assert folds.fold(sum, part, range(100_000), at=HERE) == sum(range(99_991, 100_000))
    assert spreader.offers[0].folder.form is Form.TOTAL
    assert spreader.offers[0].first < 1000


def test_the_builtin_takes_elements_one_by_one(clock: Clock) -> None:
    """Nothing is made before it is asked for."""
    seen: list[str] = []
    folds, _ = folding()

    def element(i: int) -> int:
        seen.append(f"make {i}")
        return i

    def key(i: int) -> int:
        seen.append(f"key {i}")
        return -i

    part = cast(FunctionType, lambda source: (element(i) for i in source))
    assert folds.fold(max, part, range(20), key=key, at=HERE) == 0
    assert seen == [f"{word} {i}" for i in range(20) for word in ("make", "key")]
    seen.clear()
    assert folds.fold(any, part, range(20), at=HERE) is True
    assert seen == ["make 0", "make 1"]


def test_short_loops_are_run_as_they_stand_from_their_second_time(clock: Clock) -> None:
    folds, _ = folding()
    met: list[object] = []

    def part(source: Any) -> Iterator[int]:
        met.append(source)
        return (i for i in source)

    for _ in range(2):
        assert folds.fold(sum, cast(FunctionType, part), range(5), at=HERE) == 10
    assert isinstance(met[0], itertools.islice)
    assert met[-1] == range(5)


def test_a_short_loop_that_grew_slow_is_watched_again(clock: Clock) -> None:
    folds, spreader = folding()
    pace = [1e-7]

    def element(i: int) -> int:
        clock.now_s += pace[0]
        return i

    part = cast(FunctionType, lambda source: (element(i) for i in source))
    for element_s, offered in ((1e-7, 0), (1e-7, 0), (0.1, 0), (0.1, 1)):
        pace[0] = element_s
        assert folds.fold(sum, part, range(100), at=HERE) == sum(range(100))
        assert len(spreader.offers) == offered


def test_any_that_stops_early_tells_nothing_of_its_pace(clock: Clock) -> None:
    folds, spreader = folding()

    def element(i: int) -> bool:
        clock.now_s += 1e-5
        return i == stop_at

    part = cast(FunctionType, lambda source: (element(i) for i in source))
    stop_at = 0
    for _ in range(5):
        assert folds.fold(any, part, range(4000), at=HERE) is True
    stop_at = 3999
    assert folds.fold(any, part, range(4000), at=HERE) is True
    assert len(spreader.offers) == 1


def test_paces() -> None:
    paces = Paces()
    assert not paces.is_quick(HERE, 1)
    paces.note(HERE, 1e-9)
    assert paces.is_quick(HERE, QUICK_ELEMENTS)
    assert not paces.is_quick(HERE, QUICK_ELEMENTS + 1)
    paces.note(HERE, 1e-3)
    assert not paces.is_quick(HERE, 1)


def test_how_often_a_loop_runs_untimed() -> None:
    paces = Paces()
    row = []
    for _ in range(40):
        paces.note(HERE, 1e-6)
        row.append(list(paces.short[HERE]))
    assert row[:3] == [[], [], []]
    assert row[3:6] == [[SHORT_ELEMENTS], [SHORT_ELEMENTS] * 2, [SHORT_ELEMENTS] * 4]
    assert row[-1] == [SHORT_ELEMENTS] * SHORT_TIMES_LIMIT
    paces.note(HERE, 4e-5)
    assert list(paces.short[HERE]) == []
    for _ in range(5):
        paces.note(HERE, 4e-5)
    assert set(paces.short[HERE]) == {5}


class Sized(list[int]):
    """Its length may be the user's code."""

    def __len__(self) -> int:
        raise AssertionError("nobody asks a user's class for its length")


def test_which_loops_are_short() -> None:
    lengths = {HERE: itertools.repeat(3, 3)}
    primitives = short_loops(lengths)
    is_short, is_short_fold, kept = (primitives[name] for name in (IS_SHORT, IS_SHORT_FOLD, KEPT))
    for source, expected in (
        ([1, 2, 3], True),
        ((1, 2, 3, 4), False),
        (Sized([1]), False),
        (iter([1]), True),
        ((i for i in "abcde"), True),
        (range(10**30), False),
        ({1: 2}, True),
        ({1: 2}, False),  # not known any more
    ):
        assert is_short(HERE, source) is expected
        assert kept() is source
    assert not is_short("2:0 p.py", [])
    assert not is_short_fold("2:0 p.py", sum, [1])
    assert (kept(), kept(), kept()) == (sum, [1], [])


@pytest.mark.parametrize(
    ("arguments", "plain"),
    [
        ((zip, [1], (2,)), True),
        ((zip, [1], range(9)), False),
        ((zip, [1], range(10**30)), True),  # too long for a view of it
        ((enumerate, [1, 2], 5), True),
        ((enumerate, iter(())), True),
        ((reversed, [1, 2]), True),
        ((itertools.product, [1, 2], [3]), False),
    ],
)
def test_short_sources_are_what_was_written(arguments: tuple[Any, ...], plain: bool) -> None:
    source = short_loops({HERE: itertools.repeat(3)})[SOURCE]
    maker, *rest = arguments
    found = source(HERE, *arguments)
    assert isinstance(found, View) is not plain
    if plain:
        assert list(found) == list(maker(*rest))
    assert list(source("2:0 p.py", zip, [1], (2,))) == [(1, 2)]


def test_a_list_is_iterated_over_as_it_is_when_its_turn_comes(clock: Clock) -> None:
    numbers = [0]
    prefix = Prefix(lambda source: (numbers.append(i + 1) or i for i in source if len(numbers) < 50), numbers)  # type: ignore[func-returns-value]
    assert list(itertools.chain.from_iterable(prefix.chunks())) == list(range(49))
    assert prefix.plan is Plan.HERE


def test_what_is_kept_is_bounded(clock: Clock) -> None:
    prefix = Prefix(part_of(clock, 2e-9), list(range(4 * KEPT_LIMIT)), keep=True)
    assert sum(1 for _ in itertools.chain.from_iterable(prefix.chunks())) == 4 * KEPT_LIMIT
    assert KEPT_LIMIT < len(prefix.kept) < 2.5 * KEPT_LIMIT


def test_a_subclass_of_int_is_no_reason_to_trust_a_sum(clock: Clock) -> None:
    folds, spreader = folding()

    class Own(int):
        pass

    part = cast(FunctionType, lambda source: (Own(i) for i in part_of(clock, 1e-3)(source)))
    assert folds.fold(sum, part, range(100), at=HERE) == sum(range(100))
    assert spreader.offers[0].folder.form is Form.ELEMENTS


def test_which_keys_are_made_ahead() -> None:
    """Only those of a function of the user's, for the builtins themselves, over what can be cut."""

    def key(i: int) -> int:
        return -i

    users = FunctionType(key.__code__, {"__builtins__": {FOLD: None}})
    primitives = short_loops({HERE: itertools.repeat(3)})
    is_short, kept = primitives[IS_SHORT_KEYED], primitives[KEPT]
    for callee, source, function, expected in (
        (sorted, [1, 2, 3, 4], users, False),
        (max, range(10**30), users, False),
        (sorted, [1, 2, 3], users, True),
        (sorted, [1, 2, 3, 4], key, True),
        (sorted, [1, 2, 3, 4], len, True),
        (sorted, iter([1, 2, 3, 4]), users, True),
        (part_of, [1, 2, 3, 4], users, True),
    ):
        assert is_short(HERE, callee, source, function) is expected
        assert (kept(), kept(), kept()) == (callee, source, function)
