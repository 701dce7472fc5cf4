"""What the caches of the user's functions keep, and how one is given to keep the same."""

from __future__ import annotations

import ctypes
import functools
import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import get_ident
from typing import Any, NoReturn

from pyfora.errors import InvalidPyforaOperation
from pyfora.fold.partials import are_plain
from pyfora.language.reach import is_user_module

CACHE_WRAPPER: Any = type(functools.lru_cache(lambda: None))
"""The class of what `functools.lru_cache` and `functools.cache` make."""
UNCOUNTED = (
    "counts calls, some of which a parallel loop has made in other processes, so it would be another answer; "
    "count with values of your own, or ask after a cache_clear() from which on no parallel loop calls the function"
)
_LINK = "_lru_list_elem"
_WORD_BYTES = ctypes.sizeof(ctypes.c_void_p)


@dataclass(frozen=True)
class Kept:
    """All that a cache keeps: what it was called with and the answer, the call longest ago first; and its counts."""

    entries: tuple[tuple[tuple[Any, ...], dict[str, Any], Any], ...]
    hits: int = 0
    misses: int = 0
    counted: bool = True
    """Whether the counts are those that one process would have."""


def keep_objects(values: Iterable[object]) -> bool:
    """Whether a cache among `values` keeps an answer that can be changed, or whose identity may matter.

    Such an answer is one object locally, and would be one in each process.
    """
    return any(type(value) is CACHE_WRAPPER and not are_plain(answers(value)) for value in values)


def answers(cache: Any) -> list[object]:
    """The answers that `cache` keeps."""
    return [answer for _, answer in pairs(cache)]


def pairs(cache: Any) -> list[tuple[Any, Any]]:
    """Each key of `cache` with its answer, the one used longest ago first."""
    # Nothing but the collector's view leads to them. A cache without a limit holds a dict from its keys to its answers;
    # any other shows each key, its answer, and the type of the link that holds the two.
    seen = gc.get_referents(cache)
    size = CACHE_WRAPPER.cache_info(cache).currsize
    if cache.cache_parameters()["maxsize"] is None:
        own = vars(cache)
        found = [pair for held in seen if type(held) is dict and held is not own for pair in held.items()]
    else:
        links = [place for place, held in enumerate(seen) if isinstance(held, type) and held.__name__ == _LINK]
        found = [(seen[place - 2], seen[place - 1]) for place in links[:size]]
    if len(found) != size:
        raise RuntimeError("this Python keeps the answers of a functools.lru_cache in another way")
    return found


def kept_by(cache: Any) -> Kept:
    """All that `cache` keeps."""
    typed = cache.cache_parameters()["typed"]
    entries = tuple((*_called_with(key, typed=typed), answer) for key, answer in pairs(cache))
    info = CACHE_WRAPPER.cache_info(cache)
    return Kept(entries, info.hits, info.misses, is_counted(cache))


def keep(cache: Any, kept: Kept) -> None:
    """Let `cache` keep exactly this. Raises what the `__hash__` and `__eq__` of the user's raise."""
    count_again(cache)
    at = _layout()
    function = ctypes.c_void_p.from_address(id(cache) + at.function)
    found = iter([answer for *_, answer in kept.entries])
    own, called = get_ident(), cache.__wrapped__

    def feed(*args: Any, **kwargs: Any) -> Any:
        # Threads of the user's go on calling the function.
        return next(found) if get_ident() == own else called(*args, **kwargs)

    before = function.value
    # There is no other way to let it keep an answer: it calls its function for each.
    function.value = id(feed)
    try:
        for args, kwargs, _ in kept.entries:
            cache(*args, **kwargs)
    finally:
        function.value = before
    for offset, count in ((at.hits, kept.hits), (at.misses, kept.misses)):
        ctypes.c_ssize_t.from_address(id(cache) + offset).value = count
    if not kept.counted:
        stop_counting(cache)


def name_of(cache: Any) -> str:
    """What its function is called, for the user."""
    return str(getattr(cache, "__name__", "the cached function"))


# ---- counts ----------------------------------------------------------------------------------------------------


class Uncounted:
    """Stands where a cache's `cache_info` would be, while others have called the function, too."""

    refuse: Callable[[str], NoReturn]
    """Raises for the function of that name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self) -> NoReturn:
        type(self).refuse(self._name)


def _refuse(name: str) -> NoReturn:
    raise InvalidPyforaOperation(f"{name}.cache_info() {UNCOUNTED}.")


Uncounted.refuse = staticmethod(_refuse)


def is_counted(cache: Any) -> bool:
    """Whether the counts of `cache` are those that one process would have."""
    return type(vars(cache).get("cache_info")) is not Uncounted


def stop_counting(cache: Any) -> None:
    """Refuse `cache_info()` of `cache` until it is cleared."""

    def cache_clear() -> None:
        count_again(cache)

    vars(cache).update(cache_info=Uncounted(name_of(cache)), cache_clear=cache_clear)


def count_again(cache: Any) -> None:
    """Clear `cache`, whose counts begin anew."""
    if not is_counted(cache):
        del vars(cache)["cache_info"], vars(cache)["cache_clear"]
    CACHE_WRAPPER.cache_clear(cache)


def attributes_of(cache: Any) -> dict[str, Any]:
    """What a cache has as attributes, those apart that `functools` and this module give it."""
    return {name: value for name, value in vars(cache).items() if name not in _OWN_ATTRIBUTES}


_OWN_ATTRIBUTES = ("cache_parameters", "__wrapped__", "cache_info", "cache_clear")


def is_librarys(cache: Any) -> bool:
    """Whether `cache` is what an installed or a standard module has by its name."""
    own = vars(cache)
    module = str(own.get("__module__"))
    if is_user_module(module):
        return False
    found: Any = sys.modules.get(module)
    for part in str(own.get("__qualname__")).split("."):
        found = getattr(found, part, None)
    return found is cache


# ---- how functools does it ---------------------------------------------------------------------------------------


def _called_with(key: Any, *, typed: bool) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments that a key was made of (see `_make_key` in functools)."""
    if type(key) is not tuple:
        return (key,), {}
    mark = _mark_of_keywords()
    count = next((place for place, part in enumerate(key) if part is mark), None)
    if count is None:
        return key[: len(key) // 2] if typed else key, {}
    named = key[count + 1 :]
    # The types of all arguments follow.
    length = 2 * (len(named) - count) // 3 if typed else len(named)
    return key[:count], dict(zip(named[:length:2], named[1:length:2], strict=True))


@functools.cache
def _mark_of_keywords() -> object:
    probe = functools.lru_cache(None)(lambda **_: None)
    probe(name=None)
    ((key, _),) = pairs(probe)
    return key[0]


@dataclass(frozen=True)
class _Layout:
    """Where a cache has its function and its counts, in bytes from its beginning."""

    function: int
    hits: int
    misses: int


@functools.cache
def _layout() -> _Layout:
    """Found by watching one. Raises RuntimeError where this Python's is not to be understood."""

    def called(number: int) -> int:
        return number

    probe = functools.lru_cache(None)(called)
    before = list(_words(probe))
    probe(1)
    missed = list(_words(probe))
    probe(1)
    hit = list(_words(probe))
    functions = [place for place, word in enumerate(before) if word == id(called)]
    misses = [place for place, (old, new) in enumerate(zip(before, missed, strict=True)) if old != new]
    hits = [place for place, (old, new) in enumerate(zip(missed, hit, strict=True)) if old != new]
    if not len(functions) == len(misses) == len(hits) == 1 or missed[misses[0]] != 1 or hit[hits[0]] != 1:
        raise RuntimeError("this Python lays out a functools.lru_cache in another way")
    return _Layout(functions[0] * _WORD_BYTES, hits[0] * _WORD_BYTES, misses[0] * _WORD_BYTES)


def _words(cache: Any) -> Iterator[int]:
    data = ctypes.string_at(id(cache), CACHE_WRAPPER.__basicsize__)
    for place in range(0, len(data), _WORD_BYTES):
        yield int.from_bytes(data[place : place + _WORD_BYTES], sys.byteorder)
