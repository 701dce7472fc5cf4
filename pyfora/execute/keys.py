"""The keys of `sorted(xs, key=f)`, and of `min` and `max`: made ahead, and handed to the builtin one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Keys:
    """The part of a loop that makes keys.

    A generator, as a StopIteration of the key function is no end of the elements here: it fails like any other.
    """

    key: Callable[[Any], Any]

    def __call__(self, source: Iterable[Any]) -> Iterator[Any]:
        return (self.key(value) for value in source)


def handing_out(keys: Iterator[Any], key: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A key function that gives the next of `keys`, which are those of the values that it will be called with."""
    missing = object()

    def next_key(value: Any) -> Any:
        # Elements that the key function itself added on the way have none yet.
        return key(value) if (made := next(keys, missing)) is missing else made

    return next_key
