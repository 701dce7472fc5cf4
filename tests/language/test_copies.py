"""Instances, classes and exceptions that travel: the same state on the other side, and no user's method run for it."""

from __future__ import annotations

import collections
import threading
from typing import Any, NoReturn

from pyfora.language.program import build_call_program
from pyfora.language.results import pack_results, unpack_results
from pyfora.language.running import load_program
from pyfora.values.parcels import read_parcel
from tests.language.rehearsal import PRIMITIVES


def back_and_forth(value: object) -> Any:
    """A copy of `value` that a program made: it went there as an argument and came back as a part of a new object."""
    program = build_call_program(lambda x: (x, 0), (value,), {})
    loaded = load_program(program.to_bytes(), PRIMITIVES)
    end = loaded.run()
    if end.exception is not None:
        raise end.exception
    # Without the origin of the program: the objects themselves, not what they were made from.
    stripped = build_call_program(lambda: 0, (), {})
    again = load_program(stripped.to_bytes(), PRIMITIVES)
    parcel = read_parcel(pack_results(end.names, again).to_bytes())
    return unpack_results(parcel, stripped.origin)["result"][0]


def never(*_: object, **__: object) -> NoReturn:
    raise AssertionError("a method of the user's was run to copy an instance")


class Pickled:
    """Says what pickle should do with it."""

    __slots__ = ("__dict__", "slot")
    __getstate__ = __setstate__ = __reduce__ = __reduce_ex__ = never


def filled(obj: Any, **attributes: object) -> Any:
    obj.__dict__.update(attributes)
    return obj


def test_the_state_of_an_instance_is_what_is_copied() -> None:
    one = filled(Pickled(), x=1)
    one.slot = [one]
    copy = back_and_forth(one)
    assert type(copy) is Pickled and copy.x == 1 and copy.slot[0] is copy is not one


class OwnTuple(tuple[int, ...]):
    """Made from other arguments."""

    def __new__(cls, a: int, b: int) -> OwnTuple:
        return super().__new__(cls, (a, b))


class OwnInt(int):
    """Made from other arguments."""

    def __new__(cls, a: int, b: int) -> OwnInt:
        return super().__new__(cls, a + b)


class OwnDict(dict[str, int]):
    """Changes what is put into it."""

    def __setitem__(self, key: str, value: int) -> None:
        super().__setitem__(key, value + 1)


class OwnList(list[int]):
    """Cannot grow after it was made."""

    append = extend = never


class OwnSet(set[int]):
    """Made from other arguments."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__((a, b))


class OwnDeque(collections.deque[int]):
    """Made from other arguments."""

    def __init__(self, a: int) -> None:
        super().__init__([a], 3)


class OwnOrder(collections.OrderedDict[str, int]):
    """Made from other arguments."""

    def __init__(self, a: str, b: str) -> None:
        super().__init__(((a, 1), (b, 2)))


class OwnDefault(collections.defaultdict[str, int]):
    """Made from no argument."""

    def __init__(self) -> None:
        super().__init__(int, a=1)


class OwnBytes(bytearray):
    """Made from other arguments."""

    def __init__(self, a: int, b: int) -> None:
        super().__init__([a, b])


def test_subclasses_of_builtins_hold_what_they_held() -> None:
    mapping = OwnDict()
    mapping["a"] = 1
    for value in (
        OwnTuple(1, 2),
        OwnInt(1, 2),
        mapping,
        OwnList([1, 2]),
        OwnSet(1, 2),
        OwnDeque(4),
        OwnOrder("b", "a"),
        OwnDefault(),
        OwnBytes(1, 2),
        collections.namedtuple("Row", "x y")(1, [2]),
    ):
        filled(value, mark=[1]) if hasattr(value, "__dict__") else None
        copy = back_and_forth(value)
        assert type(copy) is type(value) and copy == value
        assert getattr(copy, "__dict__", None) == getattr(value, "__dict__", None)
        if isinstance(value, collections.deque):
            assert copy.maxlen == 3
        if isinstance(value, collections.defaultdict):
            assert copy.default_factory is int


class WithLock:
    """Leaves out what cannot be sent."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inner = self

    def __getstate__(self) -> dict[str, object]:
        return {"inner": self.inner}


def test_a_state_that_cannot_be_sent_is_what_the_class_makes_of_it() -> None:
    copies = back_and_forth([WithLock(), WithLock()])
    assert all(copy.inner is copy and not hasattr(copy, "lock") for copy in copies)


class OwnError(Exception):
    """Made from other arguments, and pickled in its own way."""

    __reduce__ = never

    def __init__(self, a: int, b: int) -> None:
        super().__init__(f"{a}{b}")
        self.a = a


def test_exceptions_keep_what_they_are_linked_to() -> None:
    error = OwnError(1, 2)
    error.__cause__ = KeyError("cause")
    error.__context__ = OSError(2, "no such file", "name")
    error.add_note("a note")
    copy = back_and_forth([error])[0]
    assert type(copy) is OwnError and copy.args == ("12",) and copy.a == 1 and copy.__notes__ == ["a note"]
    assert copy.__cause__.args == ("cause",) and copy.__context__.filename == "name" and copy.__suppress_context__


def test_what_was_sent_comes_back_as_itself() -> None:
    inner: list[Any] = [
        [1],
        {"a": [2]},
        {3},
        bytearray(b"x"),
        collections.deque([4]),
        (5, [6]),
        "t" * 2000,
        b"b" * 2000,
    ]
    lock = threading.Lock()

    def reads_lock() -> Any:
        return lambda: lock

    program = build_call_program(lambda xs, f: [*xs, xs[1]["a"], xs[5][1], f()], (inner, reads_lock), {})
    loaded = load_program(program.to_bytes(), PRIMITIVES)
    end = loaded.run()
    parcel = read_parcel(pack_results(end.names, loaded).to_bytes())
    result: Any = unpack_results(parcel, program.origin)["result"]
    expected = [*inner, inner[1]["a"], inner[5][1]]
    assert all(mine is sent for mine, sent in zip(result, expected, strict=False)) and len(result) == len(expected) + 1
    # The function that came back has a cell of its own: in the client's there is still what could not be sent.
    assert reads_lock()() is lock
