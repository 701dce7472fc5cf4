"""What caches of functions keep, as far as it matters where others have caches of their own."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from pyfora.language.caches import keep_objects


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
