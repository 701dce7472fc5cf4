"""Instances of the user's classes and exceptions as raw state: no method of the user's runs where they are copied."""

from __future__ import annotations

import collections
import contextlib
import copyreg
import enum
import sys
from collections.abc import Callable
from types import FunctionType, MemberDescriptorType
from typing import Any

from pyfora.language import making
from pyfora.language.reach import is_user_module
from pyfora.language.tracebacks import Frame, frames_of
from pyfora.values.set_order import Recipe, recipe_for

Links = tuple[BaseException | None, BaseException | None, bool, tuple[Frame, ...]]
"""Of an exception: its cause, its context, whether the cause hides the context, and the frames of its traceback."""

HEAP_TYPE = 1 << 9
"""Py_TPFLAGS_HEAPTYPE: the class was made by a class statement, or by a call of `type`."""
_STATE_HOOKS = ("__reduce_ex__", "__reduce__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__")
_ACCESS_HOOKS = ("__new__", "__getattr__", "__getattribute__", "__setattr__")


def _of_immutable(obj: Any) -> tuple[tuple[Any, ...], Any]:
    base: Any = layout_of(type(obj))
    return base.__getnewargs__(obj), None


def _of_set(obj: Any) -> tuple[tuple[Any, ...], Any]:
    recipe = recipe_for(obj) or Recipe(list(set.__iter__(obj)))
    return (), recipe.parts


def _of_frozenset(obj: Any) -> tuple[tuple[Any, ...], Any]:
    recipe = recipe_for(obj)
    return (list(frozenset.__iter__(obj)) if recipe is None else recipe.only_step(),), None


# How to make an empty instance again, by the arguments of its builtin base's `__new__`, and what to fill it with.
# The base's own methods are asked: those of the user's class may say otherwise.
_SHAPES: dict[type, Callable[[Any], tuple[tuple[Any, ...], Any]]] = {
    object: lambda obj: ((), None),
    **dict.fromkeys((tuple, int, float, complex, str, bytes), _of_immutable),
    frozenset: _of_frozenset,
    list: lambda obj: ((), list(list.__iter__(obj))),
    set: _of_set,
    bytearray: lambda obj: ((), bytes(memoryview(obj))),
    dict: lambda obj: ((), dict(dict.items(obj))),
    collections.OrderedDict: lambda obj: ((), dict(collections.OrderedDict.items(obj))),
    collections.defaultdict: lambda obj: ((), (obj.default_factory, dict(dict.items(obj)))),
    collections.deque: lambda obj: ((), (obj.maxlen, list(collections.deque.__iter__(obj)))),
}
# What pickle would call to fill a container again, or to make it: the user's own, where the class has one.
_FILLING_HOOKS: dict[type, tuple[str, ...]] = {
    list: ("append", "extend"),
    set: ("__init__",),
    frozenset: ("__init__",),
    bytearray: ("__init__",),
    dict: ("__setitem__",),
    collections.OrderedDict: ("__init__", "__setitem__"),
    collections.defaultdict: ("__init__", "__setitem__"),
    collections.deque: ("__init__", "append", "extend"),
}


def layout_of(kind: type) -> type:
    """The builtin class that says what instances of `kind` hold besides their attributes."""
    base = kind
    while base not in _SHAPES and base.__flags__ & HEAP_TYPE:
        assert base.__base__ is not None
        base = base.__base__
    return base


def is_copied_raw(kind: type) -> bool:
    """Whether pickle would run methods of the user's to copy instances of `kind`, or drop some of what they hold.

    Only where they can do without what their class says.
    """
    if _is_nameless_tuple(kind):
        return True
    if not is_user_class(kind) or issubclass(kind, (enum.Enum, type, BaseException)):
        return False
    base = layout_of(kind)
    if base not in _SHAPES or _has_library_hook(kind):
        return False
    names = (*_STATE_HOOKS, *_ACCESS_HOOKS, *_FILLING_HOOKS.get(base, ()))
    # Of a defaultdict pickle takes no attributes.
    return base is collections.defaultdict or any(
        name in vars(ancestor) for ancestor in kind.__mro__ if is_user_class(ancestor) for name in names
    )


def has_state_hook(kind: type) -> bool:
    """Whether a class of the user's says what of its instances is copied."""
    return any(name in vars(ancestor) for ancestor in kind.__mro__ if is_user_class(ancestor) for name in _STATE_HOOKS)


def is_user_class(kind: type) -> bool:
    """Whether a class is the user's own."""
    return bool(kind.__flags__ & HEAP_TYPE) and is_user_module(kind.__module__)


def _is_nameless_tuple(kind: type) -> bool:
    """Whether a library made this named tuple while it ran, as pandas does for `itertuples`: no module has it by name.

    It travels by what it is, and its `__new__` uses names that come only after its instances.
    """
    if kind.__base__ is not tuple or not hasattr(kind, "_fields") or is_user_module(kind.__module__):
        return False
    return getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is not kind


def _has_library_hook(kind: type) -> bool:
    """Whether an installed or a standard module says what of the instances is copied: it knows better."""
    for name in (*_STATE_HOOKS, "__new__"):
        definer = next((ancestor for ancestor in kind.__mro__ if name in vars(ancestor)), object)
        if definer not in _SHAPES and not is_user_class(definer) and not issubclass(definer, BaseException):
            return True
    return False


def reduce_raw(obj: Any) -> tuple[Any, ...]:
    """The reduction of an instance by its attributes, its slots, and what its builtin base holds."""
    kind = type(obj)
    base = layout_of(kind)
    arguments, content = _SHAPES[base](obj)
    state = (_attributes(obj), _slots(obj, kind), content)
    return making.make_raw, (base, kind, arguments), state, None, None, making.fill_raw


def _attributes(obj: Any) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = object.__getattribute__(obj, "__dict__")
    except AttributeError:
        return None
    return found or None


def _slots(obj: Any, kind: type) -> dict[str, Any] | None:
    found = {}
    for name in copyreg._slotnames(kind):  # type: ignore[attr-defined]  # as pickle finds them
        try:
            found[name] = object.__getattribute__(obj, name)
        except AttributeError:
            continue
    return found or None


def reduce_without_hooks(obj: Any) -> Any:
    """As pickle would, but that a `__getattr__` that answers to any name is not asked for `__setstate__`."""
    reduced = obj.__reduce_ex__(5)
    if not isinstance(reduced, tuple) or len(reduced) < 3 or reduced[2] is None:
        return reduced
    padded = (*reduced, None, None)[:5]
    return *padded, making.set_state


def is_known_to_a_library(kind: type) -> bool:
    """Whether a class of the user's comes from one whose own `__reduce__` or the like says what is copied."""
    if not is_user_class(kind) or issubclass(kind, (enum.Enum, type, BaseException)) or has_state_hook(kind):
        return False
    return _has_library_hook(kind)


def reduce_by_library(obj: Any) -> Any:
    """As its library says, with the attributes that this leaves out; and no method of the user's makes it again.

    The library's class knows nothing of what the user added: of `class Own(collections.Counter)` only the counts.
    """
    kind = type(obj)
    reduced = obj.__reduce_ex__(5)
    if not isinstance(reduced, tuple) or len(reduced) > 5:
        return reduced
    made, arguments, state, *items = (*reduced, None, None, None)[:5]
    own = [ancestor for ancestor in kind.__mro__ if is_user_class(ancestor)]
    if made is kind and any(name in vars(ancestor) for ancestor in own for name in ("__new__", "__init__")):
        base = next(ancestor for ancestor in kind.__mro__ if not is_user_class(ancestor))
        made, arguments = making.make_by_library, (base, kind, arguments)
    # What is looked up by its name has its attributes where it is found.
    is_made = reduced[0] is kind or reduced[1][:1] == (kind,)
    left_out = (_attributes(obj), _slots_of(obj, own)) if is_made and not _holds_a_dict(state) else (None, None)
    if not any(left_out):
        return made, arguments, state, *items
    return made, arguments, (state, left_out), *items, making.set_state_and_added


def _holds_a_dict(state: Any) -> bool:
    """Whether a library tells of attributes."""
    return any(isinstance(part, dict) for part in (state if isinstance(state, tuple) else (state,)))


def _slots_of(obj: Any, own: list[type]) -> dict[str, Any] | None:
    """What `obj` has in the slots of these classes."""
    slots = [slot for kind in own for slot in vars(kind).values() if type(slot) is MemberDescriptorType]
    found = {}
    for slot in slots:
        with contextlib.suppress(AttributeError):
            found[slot.__name__] = slot.__get__(obj)
    return found or None


def reduce_exception(error: BaseException, links: Links | None) -> Any:
    """The reduction of an exception, with what it is linked to; NotImplemented where its class knows better."""
    kind = type(error)
    base: Any = making.builtin_base(kind)
    definer = next(ancestor for ancestor in kind.__mro__ if "__reduce__" in vars(ancestor))
    if isinstance(vars(definer)["__reduce__"], FunctionType) and not is_user_class(definer):
        reduced = error.__reduce__()
        state = (_attributes(error), _slots(error, kind), links)
        if not isinstance(reduced, tuple) or any(reduced[2:]) or not any(state):
            return NotImplemented
        return *reduced[:2], state, None, None, making.fill_exception
    _, arguments, *rest = base.__reduce__(error)
    attributes = rest[0] if rest else None
    named = getattr(error, "name", None) if isinstance(error, (NameError, AttributeError)) else None
    state = (attributes, _slots(error, kind), links)
    made = (kind, arguments, error.args, named)
    return making.make_exception, made, None if not any(state) else state, None, None, making.fill_exception


def links_of(error: BaseException) -> Links | None:
    """What the exception is linked to, or None."""
    trace = error.__traceback__
    frames = () if trace is None else frames_of(trace)
    links = (error.__cause__, error.__context__, error.__suppress_context__, frames)
    return links if any(link is not None and link not in (False, ()) for link in links) else None
