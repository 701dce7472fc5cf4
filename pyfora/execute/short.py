"""Loops that are known to be short run as they were written: the tests that stand before each."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, GeneratorType, MethodType
from typing import Any

from pyfora.execute.purity import is_safe_to_call_for
from pyfora.fold.columns import NUMPY_NUMBERS
from pyfora.fold.sources import make_source
from pyfora.fold.views import is_array
from pyfora.language.primitives import (
    GENERATOR_TYPE,
    IS_LONG_ARRAY,
    IS_SHORT,
    IS_SHORT_FOLD,
    IS_SHORT_KEYED,
    KEPT,
    RANGE,
    SOURCE,
    TYPE,
)

_SIZED = frozenset(map(type, ({}, {}.keys(), {}.values(), {}.items(), set(), frozenset())))
_SIZED |= {list, tuple, range, str, bytes}
_MAKERS = {zip, enumerate, map, filter, itertools.starmap, itertools.chain, itertools.islice, itertools.pairwise}
"""What gives no more elements than its arguments have."""
_ITERATORS = _MAKERS | {reversed, GeneratorType, type(iter([])), type(iter(())), type(reversed([]))}
"""What cannot be cut: a loop over it runs as it was written, however long it is."""
_PASSED_ON = _ITERATORS | {int, type(None), FunctionType, BuiltinFunctionType, MethodType, functools.partial, type}
_MAKERS_BY_ID = {id(maker) for maker in (*_MAKERS, reversed)}
_CALLING_BY_ID = {id(map), id(filter), id(itertools.starmap)}
_KEYED_BY_ID = {id(sorted), id(min), id(max)}
_KEYS = {FunctionType, MethodType, functools.partial}
"""Functions whose calls may be worth spreading; native ones are not."""
_NEVER: Iterator[int] = iter(())
_MANY = 10_000
"""Turns that do no work are over within a millisecond where there are no more of them."""


def short_loops(lengths: Mapping[str, Iterator[int]]) -> dict[str, Callable[..., Any]]:
    """The primitives for loops that are short where `lengths` says so.

    `lengths` gives, by the loop's place, up to how many elements it is short: once for each time that it is run.
    """
    kept: list[Any] = []
    keep = kept.append

    # Closures, and the loop's times counted by `next`: each of these lines is a good part of a short loop's time.
    def is_short(at: str, source: Any) -> bool:
        keep(source)
        kind = type(source)
        try:
            return len(source) <= next(lengths.get(at, _NEVER), -1) if kind in _SIZED else kind in _ITERATORS
        except OverflowError:
            return False

    def is_short_fold(at: str, callee: Any, source: Any) -> bool:
        keep(source)
        keep(callee)
        kind = type(source)
        try:
            return len(source) <= next(lengths.get(at, _NEVER), -1) if kind in _SIZED else kind in _ITERATORS
        except OverflowError:
            return False

    def source(at: str, maker: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        length = next(lengths.get(at, _NEVER), -1) if id(maker) in _MAKERS_BY_ID else -1
        if length >= 0:
            for argument in arguments:
                kind = type(argument)
                if kind not in _PASSED_ON and (kind not in _SIZED or _is_longer(argument, length)):
                    break
            else:
                return maker(*arguments, **keywords)
        if id(maker) in _CALLING_BY_ID and arguments and not is_safe_to_call_for(arguments[0]):
            return maker(*arguments, **keywords)
        return make_source(maker, *arguments, **keywords)

    def is_short_keyed(at: str, callee: Any, source: Any, key: Any) -> bool:
        kept.extend((key, source, callee))
        if type(source) not in _SIZED or id(callee) not in _KEYED_BY_ID:
            return True
        length = next(lengths.get(at, _NEVER), -1)
        return not _is_longer(source, length) or not is_key_of_the_users(key)

    return {
        IS_SHORT: is_short,
        IS_SHORT_FOLD: is_short_fold,
        IS_SHORT_KEYED: is_short_keyed,
        KEPT: kept.pop,
        TYPE: type,
        RANGE: range,
        IS_LONG_ARRAY: _is_long_array,
        GENERATOR_TYPE: GeneratorType,
        SOURCE: source,
    }


def is_key_of_the_users(key: Any) -> bool:
    """Whether calls of this key function may be worth sharing out, and may be made by us."""
    return type(key) in _KEYS and is_safe_to_call_for(key)


def _is_longer(source: Any, length: int) -> bool:
    try:
        return len(source) > length
    except OverflowError:
        return True


def _is_long_array(source: Any) -> bool:
    """Whether this is an array of so many numbers that a kernel may be worth the look-out for a jump in each turn.

    That costs as much as the quickest turns over a list do, whose numbers would have to be laid out first.
    """
    return is_array(source) and len(source) > _MANY and source.dtype.name in NUMPY_NUMBERS


def all_short() -> dict[str, Any]:
    """The primitives where every loop runs as it was written."""
    kept: list[Any] = []
    keep = kept.append

    def is_short(at: str, source: Any) -> bool:
        keep(source)
        return True

    def is_short_fold(at: str, callee: Any, source: Any) -> bool:
        keep(source)
        keep(callee)
        return True

    def is_short_keyed(at: str, callee: Any, source: Any, key: Any) -> bool:
        kept.extend((key, source, callee))
        return True

    def source(at: str, maker: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        return maker(*arguments, **keywords)

    return {
        IS_SHORT: is_short,
        IS_SHORT_FOLD: is_short_fold,
        IS_SHORT_KEYED: is_short_keyed,
        KEPT: kept.pop,
        TYPE: type,
        # The type of nothing: a loop over a range has no look-out for a jump in each of its turns.
        RANGE: None,
        IS_LONG_ARRAY: lambda source: False,
        GENERATOR_TYPE: GeneratorType,
        SOURCE: source,
    }
