"""`id` and `hash` as user code sees them: refused where the answer would be an address.

Only user code has them among its builtins; libraries, which use them for their own book-keeping, go on as before.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from types import BuiltinFunctionType, FrameType, MethodType, MethodWrapperType
from typing import Any

from pyfora.errors import InvalidPyforaOperation
from pyfora.execute.impure import ADDRESS, HASHED_ADDRESS
from pyfora.execute.purity import is_user_code, refusal
from pyfora.language import making

_OF_THEIR_OBJECT = (MethodType, MethodWrapperType, BuiltinFunctionType)
"""Hashed by the address of the object that they belong to."""


class _GuardedBuiltin:
    """A builtin that user code has in the place of the true one; pickled as the true one."""

    def __init__(self, name: str) -> None:
        self.__name__ = self.__qualname__ = name
        self.__doc__ = getattr(builtins, name).__doc__

    def __repr__(self) -> str:
        return f"<built-in function {self.__name__}>"

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return making.attribute_of, ("builtins", self.__name__)

    def _refusal(self, reason: str, frame: FrameType) -> InvalidPyforaOperation:
        user: FrameType | None = frame
        while user is not None and not is_user_code(user):
            user = user.f_back
        return refusal(self.__name__, reason, user or frame)


class _Id(_GuardedBuiltin):
    def __call__(self, obj: object, /) -> int:
        frame = sys._getframe(1)
        if _only_finds_a_place(frame):
            return id(obj)
        raise self._refusal(ADDRESS, frame)


class _Hash(_GuardedBuiltin):
    def __call__(self, obj: object, /) -> int:
        frame = sys._getframe(1)
        if _only_finds_a_place(frame):
            return hash(obj)
        if _is_hashed_by_address(obj):
            raise self._refusal(HASHED_ADDRESS, frame)
        _asked.append(obj)
        try:
            return hash(obj)
        finally:
            _asked.pop()


_asked: list[object] = []
"""What user code wants the hash of as a number."""


def _only_finds_a_place(frame: FrameType) -> bool:
    """Whether a `__hash__` is asked by a dict or set: it finds a place in there, and nobody sees the number.

    Such a method may well hash a None (an address, before 3.12), or be `return id(self)`.
    """
    return frame.f_code.co_name == "__hash__" and not _asked


def _is_hashed_by_address(value: object) -> bool:
    hashing = type(value).__hash__
    if hashing is object.__hash__ or isinstance(value, _OF_THEIR_OBJECT):
        return True
    if isinstance(value, (tuple, frozenset)) and hashing in (tuple.__hash__, frozenset.__hash__):
        return any(map(_is_hashed_by_address, value))
    return isinstance(value, (float, complex)) and value != value


GUARDED_BUILTINS: dict[str, Callable[..., Any]] = {"id": _Id("id"), "hash": _Hash("hash")}
"""What a program's code finds in the place of the builtins of these names."""
