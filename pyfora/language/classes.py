"""Classes as they are sent: by name where the other side can import them, else taken apart."""

from __future__ import annotations

import abc
import enum
import sys
import typing
from types import MemberDescriptorType
from typing import Any

import cloudpickle.cloudpickle as cloudpickle  # type: ignore[import-untyped]

from pyfora.language import making
from pyfora.language.instances import HEAP_TYPE, is_user_class
from pyfora.language.reach import is_user_module

_OF_EVERY_MEMBER = ("_value_", "_name_", "__objclass__", "_sort_order_", "_inverted_")
"""What the enumeration itself notes in its members."""


class _Typed(typing.TypedDict):
    """One of them, for their metaclass."""


_OF_TYPED_DICTS: type = type(_Typed)


def is_importable(obj: Any) -> bool:
    """Whether a worker finds the function or class `obj` by importing a standard or an installed module."""
    module_name = cloudpickle._whichmodule(obj, obj.__qualname__)
    if module_name is None or is_user_module(module_name):
        return False
    found: Any = sys.modules.get(module_name)
    for part in obj.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is obj


def reduce_class(kind: type) -> Any:
    """The reduction of any class, or NotImplemented where its name is enough."""
    if is_importable(kind) or kind in cloudpickle._BUILTIN_TYPE_NAMES:
        return cloudpickle._class_reduce(kind)
    if not kind.__flags__ & HEAP_TYPE:
        return making.nameless_type, (kind.__base__, kind.__module__, kind.__qualname__)
    other_name = _other_name(kind)
    if other_name is not None:
        return making.attribute_of, (kind.__module__, other_name)
    if issubclass(kind, enum.Enum):
        return _reduce_enumeration(kind)
    meta, name, _, given, tracker_id, _ = cloudpickle._class_getnewargs(kind)
    names, _ = cloudpickle._class_getstate(kind)
    if "__orig_bases__" in names:
        given["__orig_bases__"] = names.pop("__orig_bases__")  # typing.Generic looks there
    if "__slots__" in names and not issubclass(kind, tuple):
        # They have to be there when the class is made, or its instances would have a __dict__.
        given = {**given, "__slots__": names.pop("__slots__")}
        names = {name: value for name, value in names.items() if type(value) is not MemberDescriptorType}
    names["__qualname__"] = kind.__qualname__
    if "__firstlineno__" in names:
        # From 3.13 on, setting __module__ removes it.
        names["__firstlineno__"] = names.pop("__firstlineno__")
    registered = names.pop("_abc_impl", ())
    # That of a TypedDict takes no class that is made already, as it has other bases then.
    maker = type if meta is _OF_TYPED_DICTS else next(one for one in meta.__mro__ if not is_user_class(one))
    hooked = next(ancestor for ancestor in kind.__mro__[1:] if "__init_subclass__" in vars(ancestor))
    arguments = (maker, meta, name, kind.__bases__, given, tracker_id, is_user_class(hooked))
    return making.make_class, arguments, (maker, names, registered), None, None, making.fill_class


def _other_name(kind: type) -> str | None:
    """Under which a standard or installed module has a class that calls itself otherwise (`functools._CacheInfo`)."""
    if is_user_module(kind.__module__):
        return None
    members = vars(sys.modules.get(kind.__module__, enum))
    return next((name for name, value in members.items() if value is kind), None)


def _reduce_enumeration(kind: type[enum.Enum]) -> Any:
    make, (bases, name, qualname, _, module, *rest), state, *_rest = cloudpickle._dynamic_class_reduce(kind)
    # cloudpickle leaves out aliases, and the attributes that an `__init__` or a `__new__` gave to the members.
    members = kind.__members__
    names = {name: value for name, value in state[0].items() if name not in members}
    attributes = {name: attributes_of_member(member) for name, member in members.items()}
    values = {name: member._value_ for name, member in members.items()}
    names["__qualname__"] = kind.__qualname__
    arguments = (bases, name, qualname, values, module, *rest)
    return make, arguments, (names, attributes), None, None, making.fill_enumeration


def attributes_of_member(member: enum.Enum) -> dict[str, Any]:
    """Those that are the user's, not the enumeration's."""
    return {name: value for name, value in vars(member).items() if name not in _OF_EVERY_MEMBER}


def registered_with(kind: type) -> list[type]:
    """The classes that were registered with an abstract one."""
    if not isinstance(kind, abc.ABCMeta):
        return []
    references = abc._get_dump(kind)[0]  # type: ignore[attr-defined]  # as cloudpickle finds them
    return [found for reference in references if (found := reference()) is not None]
