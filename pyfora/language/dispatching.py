"""Functions of `functools.singledispatch`: made again of what is registered with them."""

from __future__ import annotations

import functools
from types import FunctionType
from typing import Any

from pyfora.language import making

_any_dispatcher: Any = functools.singledispatch(lambda _: None)
_CODE = _any_dispatcher.__code__
"""What all of them have in common."""
_OWN_ATTRIBUTES = ("register", "dispatch", "registry", "_clear_cache", "__wrapped__")


def is_dispatcher(function: FunctionType) -> bool:
    """Whether `functools.singledispatch` has made it."""
    return function.__code__ is _CODE


def state_of_dispatcher(function: Any) -> tuple[list[tuple[type, Any]], dict[str, Any]]:
    """The functions by the classes that they are registered for, and the attributes."""
    attributes = {name: value for name, value in vars(function).items() if name not in _OWN_ATTRIBUTES}
    return list(function.registry.items()), attributes


def reduce_dispatching_method(method: functools.singledispatchmethod[Any]) -> tuple[Any, ...]:
    """The reduction of a method that dispatches by its first argument."""
    return making.make_dispatching_method, (method.dispatcher, method.func)


def reduce_dispatcher(function: Any) -> tuple[Any, ...]:
    """The reduction of such a function."""
    made = (function.registry[object],)
    return making.make_dispatcher, made, state_of_dispatcher(function), None, None, making.fill_dispatcher
