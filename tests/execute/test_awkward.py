"""Loops that are spread as soon as they can be, in programs where that could be seen: it cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.execute import awkward, programs
from tests.execute.asking import check_equal
from tests.execute.worker_in_test import WorkerInTest


@pytest.mark.parametrize(("function", "count"), awkward.EQUAL, ids=lambda v: getattr(v, "__name__", v))
def test_spreading_cannot_be_seen(spreading_worker: WorkerInTest, function: Callable[[int], Any], count: int) -> None:
    loops = check_equal(spreading_worker, function, count)
    assert any(loop["leaves"] for loop in loops) or any("leave" in loop["reason"] for loop in loops)


@pytest.mark.parametrize(("function", "count"), awkward.BY_KERNELS, ids=lambda v: getattr(v, "__name__", v))
def test_kernels_cannot_be_seen(compiling_worker: WorkerInTest, function: Callable[[int], Any], count: int) -> None:
    loops = check_equal(compiling_worker, function, count)
    assert {loop["how"] for loop in loops} == {"compiled"}


@pytest.mark.parametrize(("function", "count"), programs.EQUAL, ids=lambda v: getattr(v, "__name__", v))
def test_eagerly(eager_worker: WorkerInTest, function: Callable[[int], Any], count: int) -> None:
    check_equal(eager_worker, function, min(count, 20_000))


def test_the_compiler_asks_no_metaclass(compiling_worker: WorkerInTest) -> None:
    loops = check_equal(compiling_worker, awkward.metaclass_that_answers, 12)
    assert {loop["how"] for loop in loops} == {"interpreted"}
