"""Sets that travel: the same order there and back, and the identity of everything as ever."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest

from pyfora.errors import UnconvertibleValueError
from pyfora.execute.pieces import PieceReport, known_objects, pack_piece, unpack_piece
from pyfora.fold.partials import Form, Partial
from pyfora.language import sets
from pyfora.language.program import Origin, build_call_program
from pyfora.language.raising import pack_exception, unpack_exception
from pyfora.language.results import pack_environment, pack_results, unpack_environment, unpack_results
from pyfora.language.running import LoadedProgram, load_program
from pyfora.values.parcels import read_parcel
from pyfora.values.set_order import SetOrderError, recipe_for
from tests.language.rehearsal import PRIMITIVES
from tests.language.test_copies import back_and_forth


def odd() -> set[int]:
    """Filled again in its order it has another one."""
    return {7, 31}


def test_sets_come_back_in_their_order() -> None:
    assert [*{*list(odd())}] != list(odd())
    for value in (odd(), frozenset(odd()), frozenset([7, 31]), {n << 20 for n in range(1000)}):
        copy = back_and_forth(value)
        assert type(copy) is type(value)
        assert list(copy) == list(value)
        assert sys.getsizeof(copy) == sys.getsizeof(value)


def test_sets_are_found_wherever_they_are() -> None:
    def closure() -> list[int]:
        return [*default, *(31, 7)]

    default = odd()
    for value in (
        [odd()],
        {"a": (frozenset(odd()),)},
        {frozenset(odd()): 1},
        Node(odd()),
        [[odd(), frozenset([7, 31])]],
    ):
        assert orders(back_and_forth(value)) == orders(value)
    assert back_and_forth(closure)() == closure()
    assert back_and_forth(defaulted)() == defaulted()


def defaulted(given: frozenset[int] = frozenset([7, 31])) -> list[int]:
    return list(given)


class Node:
    """May be in the set that it holds."""

    def __init__(self, held: Any) -> None:
        self.held = held


def orders(value: Any) -> Any:
    """The order of all sets in a value."""
    if isinstance(value, (set, frozenset)):
        return list(map(orders, value))
    if isinstance(value, dict):
        return [(orders(key), orders(held)) for key, held in value.items()]
    if isinstance(value, (list, tuple)):
        return list(map(orders, value))
    return orders(value.held) if isinstance(value, Node) else value


def test_one_set_in_two_places_is_one_set() -> None:
    shared, frozen = odd(), frozenset([7, 31])
    copy = back_and_forth([shared, {"again": shared}, frozen, [frozen]])
    assert copy[0] is copy[1]["again"] and copy[2] is copy[3][0]
    assert list(copy[0]) == list(shared)


class Hashed(Node):
    """With a place in a set that does not depend on its address."""

    def __init__(self, held: Any, number: int) -> None:
        super().__init__(held)
        self.number = number

    def __hash__(self) -> int:
        return vars(self).get("number", 0)

    def __eq__(self, other: object) -> bool:
        return self is other


@pytest.mark.parametrize("kind", [set, frozenset])
def test_an_element_may_lead_back_to_its_set(kind: type) -> None:
    elements = [Hashed(None, 7), Hashed(None, 31)]
    ring = kind(elements)
    for element in elements:
        element.held = ring
    assert recipe_for(ring) is not None
    copy = back_and_forth(ring)
    assert type(copy) is kind
    assert all(element.held is copy for element in copy)
    assert len(copy) == 2
    from_outside = back_and_forth([elements[0]])[0]
    assert len(from_outside.held) == 2
    assert any(element is from_outside for element in from_outside.held)


class Many(set[int]):
    """A subclass with attributes."""


class ManyFrozen(frozenset[int]):
    """A subclass without."""


class OwnInit(set[int]):
    """Not filled by its own __init__."""

    def __init__(self, *given: int) -> None:
        super().__init__(given)


def test_subclasses_have_their_order_too() -> None:
    many = Many([7, 31])
    many.name = "so"  # type: ignore[attr-defined]
    for value in (many, Many({7, 31}), ManyFrozen([7, 31]), ManyFrozen({7, 31, 39, 71, 8}), OwnInit(7, 31)):
        copy = back_and_forth(value)
        assert type(copy) is type(value)
        assert list(copy) == list(value)
        assert vars(copy) == vars(value)


class Making:
    """Hands out another set each time it is asked for its state."""

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers
        self.lock = threading.Lock()  # cannot be sent, so that the class is asked

    def __reduce__(self) -> Any:
        return taken, (set(self.numbers),)


def taken(held: set[int]) -> list[int]:
    return list(held)


def test_sets_that_are_made_to_be_sent_have_their_order_too() -> None:
    assert back_and_forth([odd(), Making([7, 31])])[1] == list(odd())


def run(function: Any, *args: Any) -> tuple[Any, LoadedProgram, Origin]:
    program = build_call_program(function, args, {})
    loaded = load_program(program.to_bytes(), PRIMITIVES)
    end = loaded.run()
    assert end.exception is None
    parcel = read_parcel(pack_results(end.names, loaded).to_bytes())
    return unpack_results(parcel, program.origin)["result"], loaded, program.origin


def test_what_was_captured_comes_back_as_itself() -> None:
    captured, frozen, inner = odd(), frozenset([7, 31]), [1]
    result, *_ = run(lambda s, f, i: [s, f, i, {7, 31}, list(s)], captured, frozen, inner)
    assert result[0] is captured and result[1] is frozen and result[2] is inner
    assert list(result[3]) == result[4] == list(captured)


def test_leaves_and_what_they_hand_back() -> None:
    _, loaded, _ = run(lambda: 0)
    held, known_list = odd(), [1]
    remembered: dict[int, Any] = {}
    unpacked: dict[int, Any] = {}
    parcel = pack_environment({"held": held, "known": known_list}, loaded, remembered)
    there = unpack_environment(read_parcel(parcel.to_bytes()), PRIMITIVES, remembered=unpacked)
    assert list(there["held"]) == list(held)
    fresh = [there["held"], odd(), frozenset([7, 31]), there["known"]]
    piece = pack_piece(PieceReport([Partial(Form.ELEMENTS, fresh)]), known_objects(unpacked))
    report = unpack_piece(piece.to_bytes(), known_objects(remembered))
    back = report.partials[0].data
    assert back[0] is held and back[3] is known_list
    assert list(back[1]) == list(odd()) and list(back[2]) == list(frozenset([7, 31]))


def lose_sets(original: object) -> None:
    raise SetOrderError("the set {31, 7} cannot be made again")


def test_a_set_that_cannot_be_made_again_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "recipe_for", lose_sets)
    with pytest.raises(UnconvertibleValueError, match="cannot be made again"):
        build_call_program(len, ([odd()],), {})


def test_a_set_that_cannot_be_made_again_is_not_handed_back(monkeypatch: pytest.MonkeyPatch) -> None:
    _, loaded, origin = run(lambda: 0)
    monkeypatch.setattr(sets, "recipe_for", lose_sets)
    packed = pack_results({"good": [1], "bad": [odd()]}, loaded)
    names = unpack_results(read_parcel(packed.to_bytes()), origin)
    assert names["good"] == [1]
    with pytest.raises(UnconvertibleValueError, match="cannot be made again"):
        len(names["bad"])  # type: ignore[arg-type]
    raised = unpack_exception(read_parcel(pack_exception(ValueError(odd()), loaded).to_bytes()), origin)
    assert "cannot be made again" in str(raised)
