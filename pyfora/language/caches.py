"""What the caches of the user's functions keep: a process that shares the work has caches of its own."""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterable
from typing import Any

from pyfora.fold.partials import are_plain

CACHE_WRAPPER = type(functools.lru_cache(lambda: None))
"""The class of what `functools.lru_cache` and `functools.cache` make."""
_LINK = "_lru_list_elem"


def keep_objects(values: Iterable[object]) -> bool:
    """Whether a cache among `values` keeps an answer that can be changed, or whose identity may matter.

    Such an answer is one object locally, and would be one in each process.
    """
    return any(type(value) is CACHE_WRAPPER and not are_plain(_answers(value)) for value in values)


def _answers(cache: Any) -> list[object]:
    # Nothing but the collector's view leads to them. A cache without a limit holds a dict from its keys to its answers;
    # any other shows each key, its answer, and the type of the link that holds the two.
    seen = gc.get_referents(cache)
    if cache.cache_parameters()["maxsize"] is None:
        own = vars(cache)
        found = [answer for held in seen if type(held) is dict and held is not own for answer in held.values()]
    else:
        links = [place for place, held in enumerate(seen) if isinstance(held, type) and held.__name__ == _LINK]
        found = [seen[place - 1] for place in links[: cache.cache_info().currsize]]
    if len(found) != cache.cache_info().currsize:
        raise RuntimeError("this Python keeps the answers of a functools.lru_cache in another way")
    return found
