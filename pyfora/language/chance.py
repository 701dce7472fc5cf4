"""The hidden generators of `random` and of `numpy.random`: code that has seeded one may draw from it.

Before that its state is anybody's. From then on it follows from the seed, and is a setting of the process like any
other: it travels to the leaves of a loop, where a draw is seen as a change, and back to the client.
"""

from __future__ import annotations

import base64
import functools
import importlib
import struct
import sys
from collections.abc import Callable
from types import BuiltinMethodType, MethodType
from typing import Any

State = list[Any]
"""Of JSON's: the words in base64, and the rest as it is."""


class HiddenGenerator:
    """The generator behind the functions of one module."""

    def __init__(
        self,
        module: str,
        owner: str,
        instance: str,
        set_state: str,
        read: Callable[[Any], State],
        write: Callable[[Any, State], None],
    ) -> None:
        """`owner`: the module that holds it, as `instance`; `set_state`: the function that sets all of its state."""
        self.module = module
        self._owner = owner
        self._instance = instance
        self._set_state = set_state
        self._read = read
        self._write = write
        self._watched = False
        self._seeded = False

    def __reduce__(self) -> str:
        return "PLAIN" if self is PLAIN else "ARRAYS"

    def watch(self) -> None:
        """From now on note whether code of this process seeds the generator, or sets its state."""
        if self._watched:
            return
        self._watched = True
        module = importlib.import_module(self.module)
        for name, is_fixed in (("seed", is_seed), (self._set_state, _always)):
            original = getattr(module, name)
            setattr(module, name, rebound(original, functools.partial(self._noted, is_fixed)))

    def _noted(self, is_fixed: Callable[..., bool], original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def seed(*args: Any, **kwargs: Any) -> Any:
            original(*args, **kwargs)
            self._seeded = is_fixed(*args, **kwargs)

        return seed

    def is_anybodys(self, *_: Any, **__: Any) -> bool:
        """Whether no seed of this process' code decides what is drawn next."""
        return not self._seeded

    def get(self) -> State | None:
        """The state; None where it is anybody's."""
        return self._read(self._generator()) if self._seeded else None

    def set(self, state: State | None) -> None:
        """Let the generator have that state. On a client, where nothing is watched, it is anybody's again then."""
        if state is not None:
            self._write(self._generator(), state)
        self._seeded = self._watched and state is not None

    def _generator(self) -> Any:
        return getattr(importlib.import_module(self._owner), self._instance)

    def owns(self, method: MethodType | BuiltinMethodType) -> bool:
        """Whether `method` is one of the generator's, as those that the module has for functions are."""
        owner = sys.modules.get(self._owner)
        return owner is not None and method.__self__ is getattr(owner, self._instance, None)


def rebound(
    original: Callable[..., Any], wrap: Callable[[Callable[..., Any]], Callable[..., Any]]
) -> Callable[..., Any]:
    """What is to take the place of `original`: wrapped, and a method of the same generator where it is one.

    A plain function would become a method of whatever has it as an attribute of its class.
    """
    if not isinstance(original, (MethodType, BuiltinMethodType)) or by_name(original) is None:
        return wrap(original)
    owner = original.__self__
    function = original.__func__ if isinstance(original, MethodType) else getattr(type(owner), original.__name__)
    return MethodType(wrap(function), owner)


def is_seed(*args: Any, **kwargs: Any) -> bool:
    """Whether the arguments of a `seed` function decide all that is drawn after it."""
    # A method is called with its instance first.
    first = next((value for value in args if type(value).__name__ not in ("Random", "RandomState")), None)
    value = kwargs.get("a", kwargs.get("seed")) if first is None else first
    return value is not None and not (isinstance(value, float) and value != value)  # a NaN is hashed by its address


def _always(*_: Any, **__: Any) -> bool:
    return True


def by_name(method: MethodType | BuiltinMethodType) -> tuple[str, str] | None:
    """The module and the name of a function that draws from a hidden generator; None for other methods."""
    for generator in (PLAIN, ARRAYS):
        if generator.owns(method):
            return generator.module, method.__name__
    return None


_PLAIN_WORDS = struct.Struct("<625I")


def _read_plain(generator: Any) -> State:
    _, words, gauss = generator.getstate()
    return [base64.b64encode(_PLAIN_WORDS.pack(*words)).decode(), gauss]


def _write_plain(generator: Any, state: State) -> None:
    words, gauss = state
    generator.setstate((3, _PLAIN_WORDS.unpack(base64.b64decode(words)), gauss))


def _read_arrays(generator: Any) -> State:
    kind, words, *rest = generator.get_state()
    return [kind, base64.b64encode(words.astype("<u4").tobytes()).decode(), *rest]


def _write_arrays(generator: Any, state: State) -> None:
    kind, words, *rest = state
    generator.set_state((kind, struct.unpack("<624I", base64.b64decode(words)), *rest))


PLAIN = HiddenGenerator("random", "random", "_inst", "setstate", _read_plain, _write_plain)
ARRAYS = HiddenGenerator("numpy.random", "numpy.random.mtrand", "_rand", "set_state", _read_arrays, _write_arrays)
