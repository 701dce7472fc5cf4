"""What caches of functions keep, as far as it matters where others have caches of their own."""

from __future__ import annotations

import functools
import threading
from typing import Any

import pytest

from pyfora.errors import InvalidPyforaOperation
from pyfora.language.caches import Kept, answers, keep, keep_objects, kept_by, pairs, stop_counting


def first(*arguments: Any, **_: Any) -> Any:
    return arguments[0]


class Own:
    @functools.lru_cache(7)  # noqa: B019  # that it keeps `self` is what is tested
    def boxed(self, number: int) -> list[int]:
        return [number]


@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize("size", [None, 1, 3, 128])
def test_what_a_cache_keeps(size: int | None, typed: bool) -> None:
    cached = functools.lru_cache(size, typed)(first)
    assert not keep_objects([cached])
    for arguments in ((1,), (2, 3), ("text", Own()), ((1, "a", (2.5, None)),)):
        cached(*arguments, by=arguments)
        assert not keep_objects([5, cached])
    cached(Own())
    assert keep_objects([5, cached])
    cached(frozenset())
    assert keep_objects([cached])
    cached.cache_clear()
    assert not keep_objects([cached])


def test_a_cache_of_no_size_keeps_nothing() -> None:
    cached = functools.lru_cache(0)(first)
    cached(Own())
    assert not keep_objects([cached])


def test_a_cached_method_keeps_what_it_gives_not_what_it_is_asked_with() -> None:
    assert not keep_objects([Own.boxed])
    Own().boxed(3)
    assert keep_objects([Own.boxed])
    Own.boxed.cache_clear()


@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize("size", [None, 0, 2, 128])
def test_a_cache_keeps_what_another_kept(size: int | None, typed: bool) -> None:
    def made(*args: Any, **named: Any) -> list[Any]:
        return [args, named]

    first, second = (functools.lru_cache(size, typed)(made) for _ in range(2))
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        *(((1,), {}), ((1.0,), {}), (("a", 2), {"b": 3, "c": None}), ((), {}), ((), {"b": 3})),
        *((((1, 2),), {}), ((True,), {}), ((1,), {})),
    ]
    for args, named in calls:
        first(*args, **named)
    second("other")
    keep(second, kept_by(first))
    assert second.cache_info() == first.cache_info()
    assert [key for key, _ in pairs(second)] == [key for key, _ in pairs(first)]
    assert all(one is other for one, other in zip(answers(second), answers(first), strict=True))
    again = [(first(*args, **named), second(*args, **named)) for args, named in calls]
    assert second.cache_info() == first.cache_info()
    assert size in (0, 2) or all(one is other for one, other in again)


def test_counts_are_refused_until_the_cache_is_cleared() -> None:
    cached = functools.lru_cache(first)
    cached(1)
    stop_counting(cached)
    with pytest.raises(InvalidPyforaOperation, match=r"first\.cache_info\(\) counts calls"):
        cached.cache_info()
    assert not kept_by(cached).counted
    cached.cache_clear()
    assert cached.cache_info().misses == 0 and kept_by(cached).counted


def test_other_threads_are_answered_by_the_function_while_a_cache_is_filled() -> None:
    cached = functools.lru_cache(None)(first)
    asked: list[Any] = []

    class Asking:
        def __hash__(self) -> int:
            thread = threading.Thread(target=lambda: asked.append(cached(len(asked))))
            thread.start()
            thread.join(10)
            return 1

    keep(cached, Kept((((Asking(),), {}, "kept"),), hits=5, misses=7))
    assert asked == [0] and cached(0) == 0
    assert (cached.cache_info().hits, cached.cache_info().misses) == (6, 7)
