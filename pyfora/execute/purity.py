"""What Pure Python does not allow, refused in words when it is executed in a compute process."""

from __future__ import annotations

import ctypes
import dis
import functools
import gc
import importlib
import importlib.util
import inspect
import operator
import os
import sys
from collections.abc import Callable, Mapping
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import BuiltinFunctionType, FrameType, FunctionType, MethodDescriptorType, MethodType, ModuleType
from typing import Any, NoReturn

from pyfora.errors import InvalidPyforaOperation, UnconvertibleValueError
from pyfora.execute.impure import (
    CLOCK,
    COLLECTED,
    REFUSED_ANYWHERE_BELOW,
    REFUSED_ARRAYS_UNSEEDED,
    REFUSED_AS_SEEDS,
    REFUSED_UNSEEDED,
    REFUSED_WHERE_CALLED,
    REFUSED_WITHOUT_ARGUMENTS,
    REFUSED_WITHOUT_DIRECTORY,
    STORES_A_DATABASE,
    TELLS_OF_THE_MACHINE,
    UNSEEDED,
    WRITES_A_FILE,
)
from pyfora.execute.seeds import seed_late
from pyfora.language import chance, settings
from pyfora.language.caches import UNCOUNTED, Uncounted
from pyfora.language.packages import missing
from pyfora.language.primitives import FOLD

refusals: list[InvalidPyforaOperation | UnconvertibleValueError] = []
"""What was refused in this process. A program that catches it, with a bare `except`, is refused all the same."""

_ARRAYS = "numpy.random"
_LATER = (_ARRAYS, "asyncio")
"""Modules that are not loaded for their guards' sake."""
_RANDOM_STATE = "numpy.random.RandomState"
_NATIVE = (type(None), BuiltinFunctionType, MethodDescriptorType, operator.itemgetter, operator.attrgetter)
_OF_THE_MACHINE = ("/proc/", "/sys/", "/dev/")
_WRITING = frozenset("wax+")
_OPENS = ("builtins.open", "io.open", "os.open")
_WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def install() -> None:
    """Guard what is impure, in this process and all that are forked from it; some modules, as soon as they are loaded.

    It is refused to user code only: the standard library and pyfora itself go on using it.
    """
    chance.PLAIN.watch()
    Uncounted.refuse = staticmethod(_refuse_counts)
    if _ARRAYS in sys.modules:
        chance.ARRAYS.watch()
    if not any(isinstance(finder, _LoadedLater) for finder in sys.meta_path):
        sys.meta_path.insert(0, _LoadedLater())
    for table, applies, culprit in _TABLES:
        for name, reason in table.items():
            if (name, reason) not in _done and _is_loaded(name):
                _done.add((name, reason))
                _guard(name, applies, reason, culprit)
    if _ARRAYS in sys.modules and (_RANDOM_STATE, UNSEEDED) not in _done:
        _done.add((_RANDOM_STATE, UNSEEDED))
        seed_late(_refuse_random_state)


class MissingPackages(MetaPathFinder):
    """Asked last: refuses the import of what the client has, and this worker does not, by user code.

    `packages` are those that are installed there, with their versions; `unloadable` are modules of the user's, with
    the reasons why they were not sent.
    """

    def __init__(self, packages: Mapping[str, str], unloadable: Mapping[str, str]) -> None:
        self._packages = packages
        self._unloadable = unloadable

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        frame = user_frame(sys._getframe(1))
        if frame is None:
            return None
        if name in self._unloadable:
            raise refusal_of(f"your module {name}", f"{self._unloadable[name]}; import it before the block", frame)
        if name in self._packages:
            place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
            error = UnconvertibleValueError(f"{missing(name, self._packages[name])} ({place}).")
            refusals.append(error)
            raise error
        return None


class _LoadedLater(MetaPathFinder):
    """Guards what a module has between its loading and whoever asked for it, who may keep a function of its."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in _LATER:
            return None
        found = (finder.find_spec(name, path, target) for finder in sys.meta_path if finder is not self)
        spec = next(filter(None, found), None)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_guard(module: ModuleType) -> None:
                load(module)
                install()

            spec.loader.exec_module = load_and_guard  # type: ignore[method-assign]
        return spec


def _is_loaded(name: str) -> bool:
    later = next((module for module in _LATER if name.startswith(module)), None)
    return later is None or later in sys.modules


def _refuse_counts(name: str) -> NoReturn:
    frame = sys._getframe(2)
    raise refusal(f"{name}.cache_info", UNCOUNTED, user_frame(frame) or frame)


def _refuse_random_state() -> None:
    # Called by the generator, on behalf of native code, on behalf of whoever makes the state.
    frame = calling_user_code(sys._getframe(2))
    if frame is not None:
        raise refusal(_RANDOM_STATE, UNSEEDED, frame)


def _guard(
    name: str, applies: Callable[..., bool], reason: str, culprit: Callable[[FrameType], FrameType | None]
) -> None:
    """Guard one function of a module, or one method of a class (`module:Class.method`)."""
    place, _, attribute = name.rpartition(".")
    module_name, _, class_name = place.partition(":")
    try:
        owner: Any = importlib.import_module(module_name)
    except ImportError:  # a Python that was built without it
        return
    if class_name:
        owner = getattr(owner, class_name)
    original = vars(owner).get(attribute)
    if original is None:  # not in this version of Python
        return
    shown = name.replace(":", ".").removesuffix(".__init__").removeprefix("builtins.").replace("_Environ", "environ")
    if class_name and not inspect.isfunction(original):
        _guard_native_classmethod(owner, attribute, applies, reason, culprit, shown)
    else:
        wrap = functools.partial(_guarded, shown, applies, reason, culprit)
        setattr(owner, attribute, chance.rebound(original, wrap))


def _guard_native_classmethod(
    owner: type,
    attribute: str,
    applies: Callable[..., bool],
    reason: str,
    culprit: Callable[[FrameType], FrameType | None],
    shown: str,
) -> None:
    """A class written in C takes no attributes; its dict does.

    A subclass in its place would be another type to whoever asks for the type of a date.
    """
    native = vars(owner)[attribute]

    def original(cls: type, *args: Any, **kwargs: Any) -> Any:
        return native.__get__(None, cls)(*args, **kwargs)

    (names,) = gc.get_referents(vars(owner))
    names[attribute] = classmethod(_guarded(shown, applies, reason, culprit, original))
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(owner))


def refusal(name: str, reason: str, frame: FrameType) -> InvalidPyforaOperation:
    """The error to raise for a call of `name` in the user's `frame`; it is noted, whatever becomes of it."""
    called = f"{name.removesuffix('.__getitem__')}[…]" if name.endswith(".__getitem__") else f"{name}()"
    return refusal_of(called, reason, frame)


def refusal_of(what: str, reason: str, frame: FrameType) -> InvalidPyforaOperation:
    """The same, for what is no call."""
    error = InvalidPyforaOperation(f"{what} {reason} ({frame.f_code.co_filename}:{frame.f_lineno}).")
    refusals.append(error)
    return error


def _guarded(
    name: str,
    applies: Callable[..., bool],
    reason: str,
    culprit: Callable[[FrameType], FrameType | None],
    original: Callable[..., Any],
) -> Callable[..., Any]:
    @functools.wraps(original)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        frame = culprit(sys._getframe(1))
        if frame is not None and applies(*args, **kwargs):
            raise refusal(name, reason, frame)
        return original(*args, **kwargs)

    return guarded


def is_user_code(frame: FrameType) -> bool:
    """User code is what sees the parallel primitives among its builtins."""
    return FOLD in frame.f_builtins


def on_behalf(callee: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Call what the user's code would have called itself: what is refused to it is refused here."""
    return callee(*arguments, **keywords)


def is_safe_to_call_for(function: Any) -> bool:
    """Whether `function`, called by pyfora on behalf of user code, is refused all that user code is refused.

    That is told by the frame that calls: it must be the user's, or nothing that is refused may be called.
    """
    kind = type(function)
    if kind is FunctionType:
        return FOLD in function.__builtins__
    if kind is MethodType:
        return is_safe_to_call_for(function.__func__)
    if kind is functools.partial:
        return is_safe_to_call_for(function.func)
    if kind is type:
        return function.__module__ == "builtins" or is_safe_to_call_for(function.__init__)
    if kind in _NATIVE:
        return True
    method = inspect.getattr_static(kind, "__call__", None)
    return isinstance(method, FunctionType) and is_safe_to_call_for(method)


def _is_guard(frame: FrameType) -> bool:
    return frame.f_globals is globals() and frame.f_code is not on_behalf.__code__


def calling_user_code(caller: FrameType) -> FrameType | None:
    """The user's frame that calls this, itself or through a method of a mapping."""
    while _is_guard(caller) and caller.f_back is not None:  # what is guarded twice
        caller = caller.f_back
    if caller.f_globals.get("__name__") in ("collections.abc", "_collections_abc") and caller.f_back is not None:
        caller = caller.f_back
    if caller.f_code is on_behalf.__code__:
        return user_frame(caller)
    return caller if is_user_code(caller) else None


def _calling_user_code_for_its_value(caller: FrameType) -> FrameType | None:
    """The user's frame that calls this, and does not throw away what it gets."""
    frame = calling_user_code(caller)
    if frame is None:
        return None
    # A call may be told as the place of its cache entries, which are no instructions.
    following = (one.opname for one in dis.get_instructions(frame.f_code) if one.offset > frame.f_lasti)
    return None if next(following, None) == "POP_TOP" else frame


def user_frame(frame: FrameType | None) -> FrameType | None:
    """The innermost frame of the user's code, `frame` or one above it."""
    while frame is not None and not is_user_code(frame):
        frame = frame.f_back
    return frame


def _user_code_above(caller: FrameType) -> FrameType | None:
    """The user's frame on whose behalf this is called; None where pyfora itself stands between."""
    frame: FrameType | None = caller
    while frame is not None:
        if is_user_code(frame):
            return frame
        if frame.f_code is on_behalf.__code__:
            return user_frame(frame)
        if _is_guard(frame):  # what is guarded twice
            frame = frame.f_back
            continue
        if str(frame.f_globals.get("__name__")).startswith("pyfora."):
            return None
        # An import by the user's code may do what it must.
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return None
        frame = frame.f_back
    return None


def _always(*_: Any, **__: Any) -> bool:
    return True


def _has_writing_flags(path: Any = None, flags: Any = 0, *_: Any, **__: Any) -> bool:
    return isinstance(flags, int) and bool(flags & _WRITING_FLAGS)


def _has_no_seed(*args: Any, **kwargs: Any) -> bool:
    given = [value for value in (*args, *kwargs.values()) if value is not None]
    # A method is called with its instance first.
    return not [value for value in given if type(value).__name__ not in ("Random", "SystemRandom")]


def _opens_for_writing(file: Any = None, mode: Any = "r", *_: Any, **__: Any) -> bool:
    return isinstance(mode, str) and bool(_WRITING & set(mode)) and file != os.devnull


def _is_of_the_machine(file: Any = None, *_: Any, **__: Any) -> bool:
    if not isinstance(file, (str, bytes, os.PathLike)):
        return False
    path = os.path.normpath(os.fsdecode(file))
    return path.startswith(_OF_THE_MACHINE) and path != os.devnull


def _gives_no_seed(*args: Any, **kwargs: Any) -> bool:
    return not chance.is_seed(*args, **kwargs)


def _formats_now(*given: Any) -> bool:
    return len(given) < 2


def _looks_from_there(path: Any = ".", *_: Any, **__: Any) -> bool:
    if not settings.has_no_directory() or not isinstance(path, (str, bytes, os.PathLike)):
        return False
    return not os.fsencode(path).startswith(b"/")


def _stores_a_database(database: Any = None, *_: Any, **__: Any) -> bool:
    name = os.fsdecode(database) if isinstance(database, (str, bytes, os.PathLike)) else ""
    return name not in ("", ":memory:") and "mode=ro" not in name and "mode=memory" not in name


_TABLES: tuple[tuple[dict[str, str], Callable[..., bool], Callable[[FrameType], FrameType | None]], ...] = (
    (REFUSED_WHERE_CALLED, _always, calling_user_code),
    (REFUSED_UNSEEDED, chance.PLAIN.is_anybodys, _user_code_above),
    (REFUSED_ARRAYS_UNSEEDED, chance.ARRAYS.is_anybodys, _user_code_above),
    (REFUSED_AS_SEEDS, _gives_no_seed, calling_user_code),
    (REFUSED_WITHOUT_ARGUMENTS, _has_no_seed, calling_user_code),
    (REFUSED_ANYWHERE_BELOW, _always, _user_code_above),
    ({"gc.collect": COLLECTED}, _always, _calling_user_code_for_its_value),
    ({"time.strftime": CLOCK}, _formats_now, calling_user_code),
    ({"sqlite3.connect": STORES_A_DATABASE}, _stores_a_database, _user_code_above),
    (REFUSED_WITHOUT_DIRECTORY, _looks_from_there, _user_code_above),
    ({"os.open": WRITES_A_FILE}, _has_writing_flags, calling_user_code),
    ({"builtins.open": WRITES_A_FILE, "io.open": WRITES_A_FILE}, _opens_for_writing, _user_code_above),
    (dict.fromkeys(_OPENS, TELLS_OF_THE_MACHINE), _is_of_the_machine, _user_code_above),
)
_done: set[tuple[str, str]] = set()
