"""The calls that a program's pickle makes; the loader puts its own methods in the place of most of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import CellType, FunctionType, ModuleType
from typing import Any, NoReturn

from pyfora.language.reach import Namespace


class _Empty:
    """The content of a cell that has none."""

    def __reduce__(self) -> str:
        return "EMPTY"


EMPTY = _Empty()


def make_function(*_: Any) -> NoReturn:
    """Replaced by the loader."""
    raise TypeError("a program is loaded with pyfora.language.loading.Loader, not with pickle")


def make_namespace(*_: Any) -> NoReturn:
    """Replaced by the loader."""
    make_function()


def remote_value(value_id: str, origins: dict[int, Any]) -> NoReturn:
    """Replaced by the loader."""
    make_function()


def origin(index: int) -> NoReturn:
    """Replaced by the loader."""
    make_function()


def frame_cell(name: str) -> NoReturn:
    """Replaced by the loader."""
    make_function()


def contents(cell: CellType) -> Any:
    """What `cell` holds, or EMPTY."""
    try:
        return cell.cell_contents
    except ValueError:
        return EMPTY


def module_of(namespace: Namespace) -> ModuleType:
    """The module of a namespace."""
    return namespace.module


def make_cell() -> CellType:
    """An empty cell."""
    return CellType()


def make_cached(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    """A `functools.lru_cache` of `function`, empty: what it held can only be seen in its speed."""
    return functools.lru_cache(**parameters)(function)


def make_cached_property(function: Callable[[Any], Any], name: str | None) -> functools.cached_property[Any]:
    """A `functools.cached_property` that knows its name; its lock, where it has one, is a new one."""
    made = functools.cached_property(function)
    made.attrname = name
    return made


def make_exception(
    kind: type[BaseException], arguments: tuple[Any, ...], args: tuple[Any, ...], name: str | None
) -> BaseException:
    """An exception as its built-in base class makes it: a user's own `__init__` may take other arguments."""
    base = next(ancestor for ancestor in kind.__mro__ if ancestor.__module__ == "builtins")
    made: BaseException = base.__new__(kind, *arguments)
    base.__init__(made, *arguments)  # type: ignore[misc]  # the very base's, as its __new__
    made.args = args
    if name is not None:
        made.name = name  # type: ignore[attr-defined]
    return made


def set_function(function: FunctionType, state: dict[str, Any]) -> None:
    """Give a made function all that may lead back to itself."""
    for cell, content in state["cells"]:
        if content is not EMPTY:
            cell.cell_contents = content
    function.__defaults__ = state["defaults"]
    function.__kwdefaults__ = state["kwdefaults"]
    function.__dict__.update(state["dict"])
    function.__annotations__ = state["annotations"]
    function.__doc__ = state["doc"]
    function.__module__ = state["module"]
    function.__qualname__ = state["qualname"]
    if state["type_params"]:
        function.__type_params__ = state["type_params"]  # type: ignore[attr-defined,unused-ignore]


def set_state(instance: object, state: Any) -> None:
    """Give an instance its attributes, as pickle does where its class has no `__setstate__`."""
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    if attributes:
        vars(instance).update(attributes)
    for name, value in (slots or {}).items():
        object.__setattr__(instance, name, value)
