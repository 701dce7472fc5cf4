"""The calls that a program's pickle makes; the loader puts its own methods in the place of most of them."""

from __future__ import annotations

import abc
import collections
import datetime
import enum
import functools
import importlib
import io
import os
import struct
from collections.abc import Callable
from contextvars import ContextVar
from types import CellType, FunctionType, ModuleType
from typing import Any, NoReturn

import cloudpickle.cloudpickle as cloudpickle  # type: ignore[import-untyped]

from pyfora.language.reach import Namespace
from pyfora.language.tracebacks import traceback_of
from pyfora.values.set_order import Parts, Recipe


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


def attribute_of(module: str, name: str) -> Any:
    """What the module has here by that name."""
    return getattr(importlib.import_module(module), name)


def iso_calendar(year: int, week: int, weekday: int) -> Any:
    """What `isocalendar()` of a date gives."""
    return datetime.date.fromisocalendar(year, week, weekday).isocalendar()


def make_nan(data: bytes) -> float:
    """A NaN of these bits, an object of its own."""
    made: float
    (made,) = struct.unpack("<d", data)
    return made


def known_nan(module: str, data: bytes) -> float:
    """The one that `module` has by the name of `nan`; where there is no such module, as `make_nan`."""
    try:
        found: float = importlib.import_module(module).nan
    except ImportError:
        return make_nan(data)
    return found


def make_dispatcher(default: Callable[..., Any]) -> Any:
    """A function of `functools.singledispatch` with nothing registered but the function for all."""
    return functools.singledispatch(default)


def fill_dispatcher(function: Any, state: tuple[list[tuple[type, Any]], dict[str, Any]]) -> None:
    """Register what is registered with it, and give it its attributes."""
    registered, attributes = state
    for kind, called in registered:
        function.register(kind, called)
    vars(function).update(attributes)


def make_dispatching_method(dispatcher: Any, default: Callable[..., Any]) -> Any:
    """A `functools.singledispatchmethod`; what it has noted of instances, since 3.13, it notes anew."""
    made = functools.singledispatchmethod(default)
    made.dispatcher = dispatcher
    return made


def make_context_variable(name: str, *default: Any) -> ContextVar[Any]:
    """A context variable without a value."""
    return ContextVar(name, default=default[0]) if default else ContextVar(name)


def set_context_variable(variable: ContextVar[Any], value: tuple[Any, ...]) -> None:
    """Give it its value in the context of this process, if it has one."""
    if value:
        variable.set(*value)


def make_strided(elements: Any, strides: tuple[int, ...], writeable: bool) -> Any:
    """An array of these elements, which lie apart as the strides say."""
    import numpy as np

    places = [(size - 1) * stride for size, stride in zip(elements.shape, strides, strict=True)]
    start = -sum(place for place in places if place < 0)
    # What is never touched takes no memory.
    memory = np.zeros(sum(map(abs, places)) + elements.itemsize, np.uint8)
    if elements.dtype.hasobject:
        slots = np.zeros(len(memory) // elements.itemsize, elements.dtype)[start // elements.itemsize :]
        made = np.lib.stride_tricks.as_strided(slots, elements.shape, strides)
    else:
        made = np.ndarray(elements.shape, elements.dtype, memory, start, strides)
    made[...] = elements
    if not writeable:
        made.flags.writeable = False
    return made


def array_within(
    anchor: Any, start: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: Any, writeable: bool
) -> Any:
    """The array that lies in the memory of `anchor`, so many bytes after its first element in memory."""
    import numpy as np

    owner = anchor
    start += sum((size - 1) * stride for size, stride in zip(owner.shape, owner.strides, strict=True) if stride < 0)
    while not (owner.flags.c_contiguous or owner.flags.f_contiguous):
        start, owner = start + owner.ctypes.data - owner.base.ctypes.data, owner.base
    if dtype.hasobject:
        slots = owner.ravel("K")[start // dtype.itemsize :]
        made = np.lib.stride_tricks.as_strided(slots, shape, strides)
    else:
        made = np.ndarray(shape, dtype, owner if owner.flags.c_contiguous else owner.T, start, strides)
    if not writeable:
        made.flags.writeable = False
    return made


def itself(made: Any) -> Any:
    """What is made already, and now given what it holds."""
    return made


def closed_file(
    name: Any, mode: str, buffered: Callable[[io.FileIO], Any] | None, text: tuple[str, str, str] | None
) -> Any:
    """A file that says of itself what one that was closed said; the file of that name is not looked at."""
    raw = io.FileIO(os.devnull, mode.replace("x", "w"))
    raw.name = name
    made: Any = raw if buffered is None else buffered(raw)
    if text is not None:
        made = io.TextIOWrapper(made, text[1], text[2])
        made.mode = text[0]
    made.close()
    return made


def closed_memory_file(kind: type[io.StringIO] | type[io.BytesIO]) -> io.StringIO | io.BytesIO:
    """A closed one."""
    made = kind()
    made.close()
    return made


def make_cell() -> CellType:
    """An empty cell."""
    return CellType()


def make_cached(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    """A `functools.lru_cache` of `function`, still empty."""
    return functools.lru_cache(**parameters)(function)


def fill_cache(*_: Any) -> NoReturn:
    """Replaced by the loader."""
    make_function()


def make_cached_property(function: Callable[[Any], Any], name: str | None) -> functools.cached_property[Any]:
    """A `functools.cached_property` that knows its name; its lock, where it has one, is a new one."""
    made = functools.cached_property(function)
    made.attrname = name
    return made


def make_exception(
    kind: type[BaseException], arguments: tuple[Any, ...], args: tuple[Any, ...], name: str | None
) -> BaseException:
    """An exception as its built-in base class makes it: a user's own `__init__` may take other arguments."""
    base = builtin_base(kind)
    made: BaseException = base.__new__(kind, *arguments)
    base.__init__(made, *arguments)  # the very base's, as its __new__
    made.args = args
    if name is not None:
        made.name = name  # type: ignore[attr-defined]
    return made


def builtin_base(kind: type[BaseException]) -> type[BaseException]:
    """The built-in exception that `kind` comes from."""
    return next(ancestor for ancestor in kind.__mro__ if ancestor.__module__ == "builtins")


def fill_exception(error: BaseException, state: tuple[Any, Any, Any]) -> None:
    """Give a made exception its attributes, its slots, and what it is linked to."""
    attributes, slots, links = state
    if attributes:
        builtin_base(type(error)).__setstate__(error, attributes)
    set_state(error, (None, slots))
    if links is not None:
        error.__cause__, error.__context__, error.__suppress_context__, frames = links
        error.__traceback__ = traceback_of(frames)


def make_by_library(base: Any, kind: type, arguments: tuple[Any, ...]) -> Any:
    """An instance of `kind` as the library's class that it comes from makes it: a user's own may take others."""
    made = base.__new__(kind, *arguments)
    if base.__init__ is not object.__init__:
        base.__init__(made, *arguments)
    return made


def make_raw(base: type, kind: type, arguments: tuple[Any, ...]) -> Any:
    """An instance of `kind` as its builtin base makes it, still without what it holds."""
    return base.__new__(kind, *arguments)


def fill_raw(instance: Any, state: tuple[Any, Any, Any]) -> None:
    """Give an instance of `make_raw` its attributes, its slots and its content."""
    attributes, slots, content = state
    set_state(instance, (attributes, slots))
    if isinstance(instance, collections.defaultdict):
        collections.defaultdict.__init__(instance, content[0])
        dict.update(instance, content[1])
    elif isinstance(instance, collections.OrderedDict):
        for key, value in content.items():
            collections.OrderedDict.__setitem__(instance, key, value)
    elif isinstance(instance, collections.deque):
        collections.deque.__init__(instance, content[1], content[0])
    elif isinstance(instance, dict):
        dict.update(instance, content)
    elif isinstance(instance, list):
        list.extend(instance, content)
    elif isinstance(instance, set):
        fill_set(instance, content)
    elif isinstance(instance, bytearray):
        bytearray.extend(instance, content)


def fill_set(target: set[Any], parts: Parts) -> None:
    """Fill a set by the parts of its Recipe."""
    Recipe(*parts).fill(target)


def make_frozenset(*parts: Any) -> frozenset[Any]:
    """A frozenset by the parts of its Recipe."""
    return Recipe(*parts).frozen()


class _Quiet:
    """Stands first among the bases of a class while it is made, and keeps the hook of the others from running."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        pass


class _QuietWithDict:
    """As _Quiet, for classes whose instances have a `__dict__` and nothing else."""

    def __init_subclass__(cls) -> None:
        pass


def make_class(
    maker: Any,
    meta: type,
    name: str,
    bases: tuple[type, ...],
    given: dict[str, Any],
    tracker_id: str | None,
    quiet: bool,
) -> type:
    """A class still without its attributes; where this process has it already, that one.

    `maker` is what of the metaclass `meta` is not the user's; `quiet` says that the bases' `__init_subclass__` is.
    """
    known: type | None = cloudpickle._DYNAMIC_CLASS_TRACKER_BY_ID.get(tracker_id)
    if known is not None:
        return known
    names = {**maker.__prepare__(name, bases), **given}
    made = _made_quietly(maker, meta, name, bases, names) if quiet else None
    if made is None:
        made = maker.__new__(meta, name, bases, names)
    if maker is not type:
        maker.__init__(made, name, bases, names)
    kind: type = cloudpickle._lookup_class_or_track(tracker_id, made)
    return kind


def _made_quietly(maker: Any, meta: type, name: str, bases: tuple[type, ...], names: dict[str, Any]) -> Any:
    for quiet in (_Quiet, _QuietWithDict):
        try:
            made = maker.__new__(meta, name, (quiet, *bases), dict(names))
            made.__bases__ = bases
        except TypeError:
            continue  # instances of these bases have another layout than those of `quiet`
        return made
    return None


def fill_class(kind: type, state: tuple[Any, dict[str, Any], tuple[type, ...]]) -> None:
    """Give a made class its attributes, and the classes that were registered with it."""
    maker, names, registered = state
    for name, value in names.items():
        maker.__setattr__(kind, name, value)
    for subclass in registered:
        abc.ABCMeta.register(kind, subclass)  # type: ignore[arg-type]  # only such classes have any


def fill_enumeration(kind: type[enum.Enum], state: tuple[dict[str, Any], dict[str, dict[str, Any]]]) -> None:
    """Give a made enumeration its methods, and its members their attributes."""
    names, attributes = state
    cloudpickle._class_setstate(kind, (names, {}))
    for name, values in attributes.items():
        vars(kind.__members__[name]).update(values)


def nameless_type(base: type, module: str, qualname: str) -> type:
    """A type of the interpreter's that its module has no name for, such as that of `{}.keys()`."""
    kind: type
    for kind in type.__subclasses__(base):
        if (kind.__module__, kind.__qualname__) == (module, qualname):
            return kind
    raise TypeError(f"this Python has no type {module}.{qualname}")


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


def set_state_and_added(instance: Any, state: tuple[Any, tuple[Any, Any]]) -> None:
    """The same as pickle would do with the first part; the second holds attributes and slots that are added to that."""
    own, added = state
    if own is not None and hasattr(instance, "__setstate__"):
        instance.__setstate__(own)
    elif own is not None:
        set_state(instance, own)
    set_state(instance, added)


def set_state(instance: object, state: Any) -> None:
    """Give an instance its attributes, as pickle does where its class has no `__setstate__`."""
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    if attributes:
        object.__getattribute__(instance, "__dict__").update(attributes)
    for name, value in (slots or {}).items():
        object.__setattr__(instance, name, value)
