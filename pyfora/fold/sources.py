"""Sources that can be cut: what a parallel loop may run over."""

from __future__ import annotations

import itertools
import operator
import sys
from collections.abc import Callable
from typing import Any, cast

from pyfora.fold.calling import Called
from pyfora.fold.joined import Chained, Numbered, Paired, Reversed, Zipped
from pyfora.fold.live import Accumulated, Snapshot
from pyfora.fold.ranked import Chosen, Multiplied
from pyfora.fold.views import View, functions_of, is_array

Source = range | list[object] | tuple[object, ...] | str | bytes | View
"""A source has a length, and slices that mean what iterating over it means. (Arrays of one dimension are others.)"""

_SEQUENCES = frozenset((range, list, tuple, str, bytes))
_SNAPSHOTS = frozenset(map(type, ({}, {}.keys(), {}.values(), {}.items(), set(), frozenset())))
_ELEMENTS_LIMIT = sys.maxsize


def as_source(value: object) -> Source | None:
    """`value` as a source; None where it cannot be cut.

    Exact types only: a subclass may iterate otherwise than it is sliced.
    """
    kind = type(value)
    if kind in _SEQUENCES or isinstance(value, View):
        return cast("Source", value) if _length(value) < _ELEMENTS_LIMIT else None
    if kind in _SNAPSHOTS:
        return Snapshot(value)
    return cast("Source", value) if is_array(value) else None


def _length(value: Any) -> int:
    """The length, or a bound of it: len() of a range that is too long raises OverflowError."""
    if type(value) is range:
        return abs(value.stop - value.start) // abs(value.step)
    try:
        return len(value)
    except OverflowError:
        return _ELEMENTS_LIMIT


# ---- what a program makes of sources -------------------------------------------------------------------------------


def make_source(maker: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """`maker(*arguments, **keywords)` for one loop to run over: a view where that can be one, else what it gives.

    Raises what `maker` raises.
    """
    make = _VIEWS.get(id(maker))
    if make is not None:
        try:
            view = make(*arguments, **keywords)
        except (TypeError, ValueError):
            # No call that a view is made of; the maker says what is wrong with it, if anything is.
            view = None
        if view is not None and _length(view) < _ELEMENTS_LIMIT:
            return view
    return maker(*(iter(one) if isinstance(one, View) else one for one in arguments), **keywords)


def _sources(values: tuple[object, ...]) -> tuple[Source, ...] | None:
    found = tuple(source for value in values if (source := as_source(value)) is not None)
    return found if values and len(found) == len(values) else None


def _zip(*bases: object) -> View | None:
    found = _sources(bases)
    return Zipped(found) if found and _stand_side_by_side(found) else None


def _stand_side_by_side(bases: tuple[Source, ...]) -> bool:
    """Whether the elements of an index belong together, and no function is called for one that is then left over."""
    if not all(map(_is_even, bases)):
        return False
    shortest = min(map(_length, bases))
    # At the end they are asked in their order, up to the first that has no more.
    asked = itertools.takewhile(lambda base: _length(base) > shortest, bases)
    return not any(map(functions_of, asked))


def _is_even(source: Source) -> bool:
    return not isinstance(source, View) or source.is_even


def _enumerate(base: object, start: object = 0) -> View | None:
    source = as_source(base)
    if source is None or type(start) is not int or not _is_even(source):
        return None
    return Numbered(source, start)


def _map(function: object, *bases: object) -> View | None:
    found = _sources(bases)
    if not found or (len(found) > 1 and not _stand_side_by_side(found)):
        return None
    return Called(map, function, found)


def _caller(maker: Any) -> Callable[..., View | None]:
    def call(function: object, base: object) -> View | None:
        source = as_source(base)
        return None if source is None else Called(maker, function, (source,))

    return call


def _reversed(base: object) -> View | None:
    return Reversed(base) if type(base) in _SEQUENCES else None


def _chain(*bases: object) -> View | None:
    # What changes its length on the way would be looked at too early.
    found = _sources(bases) if not any(type(base) in _SNAPSHOTS for base in bases) else None
    return Chained(found) if found and not any(map(functions_of, found)) else None


def _islice(base: Any, *bounds: object) -> Any:
    if type(base) not in (range, tuple, str, bytes) or not 0 < len(bounds) <= 3:
        return None
    if not all(bound is None or (type(bound) is int and bound >= 0) for bound in bounds):
        return None
    return base[slice(*bounds)]


def _pairwise(base: object) -> View | None:
    source = as_source(base)
    return None if source is None or isinstance(source, Snapshot) or functions_of(source) else Paired(source)


def _accumulate(base: object, function: object = None, *, initial: object = None) -> View | None:
    source = as_source(base)
    if source is None or isinstance(source, View) or _length(source) > _POOL_LIMIT or initial is not None:
        return None
    # Of numbers, whose sums and winners can be made ahead: nobody sees it, and nothing is raised.
    plain = (function is None or any(function is one for one in (operator.add, min, max))) and not is_array(source)
    return Accumulated(source, function) if plain and set(map(type, source)) in ({int}, {float}) else None


def _product(*bases: object, repeat: object = 1) -> View | None:
    found = _sources(bases)
    if not found or type(repeat) is not int or repeat < 0 or any(map(_is_no_pool, found)):
        return None
    # `itertools.product` itself takes its pools whole before it begins.
    return Multiplied.of(tuple(map(tuple, found)) * repeat)


def _combinations(base: object, count: object) -> View | None:
    source = as_source(base)
    if source is None or type(count) is not int or count < 0 or _is_no_pool(source):
        return None
    return Chosen.of(tuple(source), count)


_POOL_LIMIT = 1_000_000


def _is_no_pool(source: Source) -> bool:
    return _length(source) > _POOL_LIMIT or bool(functions_of(source))


# By identity: whatever else a program calls by these names is called as it stands.
_VIEWS: dict[int, Callable[..., Any]] = {
    id(zip): _zip,
    id(enumerate): _enumerate,
    id(reversed): _reversed,
    id(map): _map,
    id(filter): _caller(filter),
    id(itertools.starmap): _caller(itertools.starmap),
    id(itertools.chain): _chain,
    id(itertools.islice): _islice,
    id(itertools.pairwise): _pairwise,
    id(itertools.accumulate): _accumulate,
    id(itertools.product): _product,
    id(itertools.combinations): _combinations,
}
