"""What stands in for a value that cannot be sent: it fails when it is read, not before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from pyfora.errors import UnconvertibleValueError

_OPERATIONS = """
add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or
radd rsub rmul rmatmul rtruediv rfloordiv rmod rdivmod rpow rlshift rrshift rand rxor ror
iadd isub imul imatmul itruediv ifloordiv imod ipow ilshift irshift iand ixor ior
neg pos abs invert complex int float index round bool len iter next reversed contains
getitem setitem delitem call enter exit eq ne lt le gt ge hash str repr format bytes
""".split()  # noqa: SIM905 (a list of 88 quoted words is harder to read)


class Unconvertible:
    """Stands where a value would be. Every use of it raises UnconvertibleValueError with `text`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_text", text)

    def __reduce__(self) -> tuple[type[Unconvertible], tuple[str]]:
        return Unconvertible, (object.__getattribute__(self, "_text"),)

    def __getattribute__(self, name: str) -> Any:
        if name in ("__class__", "__reduce__", "__reduce_ex__"):
            return object.__getattribute__(self, name)
        raise error_for(self)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise error_for(self)

    def __delattr__(self, name: str) -> NoReturn:
        raise error_for(self)


def _refuse(self: Unconvertible, *_: object, **__: object) -> NoReturn:
    raise error_for(self)


for _operation in _OPERATIONS:
    setattr(Unconvertible, f"__{_operation}__", _refuse)


def not_sent(name: str, reason: str) -> Unconvertible:
    """What a block finds where `name` could not be sent to the cluster."""
    return Unconvertible(
        f"`{name}` cannot be sent to the cluster: {reason}. "
        "Leave it out of the block, or make it from plain values inside the block."
    )


def not_kept(name: str, reason: str) -> Unconvertible:
    """What a function called `name` answers where the answer that its cache keeps could not be sent."""
    return Unconvertible(
        f"an answer that the cache of `{name}` keeps cannot be sent to the cluster: {reason}. "
        f"Clear the cache before the block: {name}.cache_clear()"
    )


def not_brought_back(name: str, value: object, reason: str) -> Unconvertible:
    """What stands where a block bound `name` to a `value` that could not be sent back."""
    kind = type(value)
    shown = (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )
    return Unconvertible(
        f"`{name}`, which the block bound to an object of the type {shown}, cannot be brought back from the cluster: "
        f"{reason}. Inside the block, bind what you need of it to names of its own, as plain values."
    )


def error_for(value: Unconvertible) -> UnconvertibleValueError:
    """The error that reading `value` raises."""
    return UnconvertibleValueError(object.__getattribute__(value, "_text"))


def make_reader(violations: list[BaseException]) -> Callable[[Any], Any]:
    """The primitive that rewritten code reads doubtful names through.

    What it raises is also noted in `violations`, so that a bare `except:` in the program cannot hide it.
    """

    def pyfora_read(value: Any) -> Any:
        if type(value) is Unconvertible:
            error = error_for(value)
            violations.append(error)
            raise error
        return value

    return pyfora_read
