"""Loops whose elements change something that they share, wherever that is: they are run in order."""

from __future__ import annotations

import contextlib
import enum
import functools
import io
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.execute.asking import check_equal
from tests.execute.worker_in_test import WorkerInTest


def underscored_attribute(count: int) -> tuple[list[int], int]:
    class Counted:
        __made__ = 0

        def number(self) -> int:
            type(self).__made__ += 1
            return self.__made__

    return [Counted().number() for i in range(count)], Counted.__made__


def variable_of_an_init(count: int) -> tuple[list[int], int]:
    made = 0

    class Counted:
        def __init__(self) -> None:
            nonlocal made
            made += 1
            self.number = made

    return [Counted().number for i in range(count)], made


def default_of_an_operator(count: int) -> tuple[list[int], int]:
    class Adding:
        def __add__(self, other: int, seen: list[int] = []) -> int:  # noqa: B006  # the very thing
            seen.append(other)
            return len(seen)

    return [Adding() + i for i in range(count)], Adding() + 0


def attribute_of_a_base(count: int) -> tuple[list[int], int]:
    class Base:
        numbers: list[int] = []  # noqa: RUF012  # the very thing

    class Derived(Base):
        def __init__(self, number: int) -> None:
            self.numbers.append(number)
            self.number = len(self.numbers)

    return [Derived(i).number for i in range(count)], len(Base.numbers)


def attribute_of_a_metaclass(count: int) -> tuple[list[int], int]:
    class Meta(type):
        calls: list[int] = []  # noqa: RUF012  # the very thing

        def __call__(cls, number: int) -> Any:
            cls.calls.append(number)
            return super().__call__(number)

    class Made(metaclass=Meta):
        def __init__(self, number: int) -> None:
            self.number = len(type(type(self)).calls)  # type: ignore[attr-defined]

    return [Made(i).number for i in range(count)], len(Meta.calls)


def member_of_an_enumeration(count: int) -> tuple[list[int], int]:
    class Color(enum.Enum):
        RED = 1
        BLUE = 2

        def __init__(self, _: int) -> None:
            self.hits = 0

        def hit(self) -> int:
            self.hits += 1
            return self.hits

    return [Color(i % 2 + 1).hit() for i in range(count)], Color.RED.hits


def value_of_a_member(count: int) -> tuple[list[int], int]:
    class Color(enum.Enum):
        RED = [1]  # noqa: RUF012  # the very thing

        def hit(self) -> int:
            self.value.append(1)
            return len(self.value)

    return [Color.RED.hit() for _ in range(count)], len(Color.RED.value)


@pytest.mark.parametrize(
    "function",
    [
        underscored_attribute,
        variable_of_an_init,
        default_of_an_operator,
        attribute_of_a_base,
        attribute_of_a_metaclass,
        member_of_an_enumeration,
        value_of_a_member,
    ],
    ids=lambda function: function.__name__,
)
def test_what_elements_change(spreading_worker: WorkerInTest, function: Callable[[int], Any]) -> None:
    loops = check_equal(spreading_worker, function, 12)
    assert [loop["how"] for loop in loops] == ["in order"]


def combinations_of_flags(count: int) -> list[str]:
    class Permission(enum.Flag):
        READ = 1
        WRITE = 2
        RUN = 4

    return [str(Permission(i % 8)) for i in range(count)]


def test_an_enumeration_may_note_combinations(spreading_worker: WorkerInTest) -> None:
    loops = check_equal(spreading_worker, combinations_of_flags, 12)
    assert [loop["how"] for loop in loops] == ["interpreted"]


def cached_function_that_prints(count: int) -> list[int]:
    @functools.cache
    def answer(number: int) -> int:
        print("asked for", number)
        return number * 2

    few = [answer(i % 3) for i in range(count)]
    return few + [answer(i) for i in range(count)]


def test_a_cached_function_prints_once(spreading_worker: WorkerInTest) -> None:
    loops = check_equal(spreading_worker, cached_function_that_prints, 12)
    assert [loop["how"] for loop in loops] == ["in order", "in order"]


def redirected(count: int) -> tuple[str, str, list[int]]:
    def printed(number: int) -> int:
        print("turn", number)
        return number * 2

    to, also = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(to):
        found = [printed(i) for i in range(count)]
        for i in range(count):
            found.append(printed(i))
    with contextlib.redirect_stderr(also):
        found += [len(str(print(i, file=sys.stderr))) for i in range(count)]
        found += [printed(i) for i in range(count)]
    return to.getvalue(), also.getvalue(), found


def test_what_is_printed_goes_where_the_program_has_sent_it(spreading_worker: WorkerInTest) -> None:
    loops = check_equal(spreading_worker, redirected, 12)
    assert [loop["how"] for loop in loops] == ["in order", "in order", "in order", "interpreted"]
