"""Which classes and captured values are understood: those whose instances are nothing but their attributes."""

from __future__ import annotations

import functools
import inspect
import types
from typing import Any

from pyfora.compile.numpy_kinds import complex_kind, element_of, is_function, number_from_outside


def is_plain_class(cls: Any) -> bool:
    """Whether instances of this class of the user's are made and looked into as those of `object`."""
    kind = type(cls)
    if kind is not type:
        # A metaclass of the user's may answer whatever it is asked for.
        return False
    parameters = getattr(cls, "__dataclass_params__", None)
    frozen = parameters is not None and parameters.frozen
    return (
        cls.__module__ != "builtins"
        and cls.__new__ is object.__new__
        and cls.__getattribute__ is object.__getattribute__
        and (cls.__setattr__ is object.__setattr__ or frozen)
        and not hasattr(cls, "__getattr__")
        # Compiled code makes no instances, so none of them would ever go.
        and not hasattr(cls, "__del__")
    )


_OF_TUPLES = ("__getattribute__", "__getitem__", "__iter__", "__len__", "__eq__", "__ne__", "__init__", "__setattr__")


def is_named_tuple(cls: Any) -> bool:
    """Whether this is what `namedtuple` makes, and its instances are made and looked into as that does."""
    kind = type(cls)
    if kind is not type or not issubclass(cls, tuple):
        return False
    made_by = getattr(cls.__new__, "__globals__", {}).get("__name__", "")
    return (
        hasattr(cls, "_fields")
        and str(made_by).startswith("namedtuple_")
        and all(getattr(cls, name) is getattr(tuple, name) for name in _OF_TUPLES)
        and not any(hasattr(cls, name) for name in ("__bool__", "__getattr__", "__del__"))
        and all(hasattr(type(inspect.getattr_static(cls, name)), "__set__") for name in cls._fields)
    )


def inits_of(cls: type) -> list[object]:
    """The `__init__` that makes an instance, and those above it in their order."""
    return [vars(base)["__init__"] for base in cls.__mro__ if "__init__" in vars(base)]


def is_set_plainly(cls: type, name: str) -> bool:
    """Whether setting this attribute of an instance calls nothing."""
    static = inspect.getattr_static(cls, name, None)
    return isinstance(static, types.MemberDescriptorType) or not hasattr(type(static), "__set__")


def parts_from_outside(value: object) -> tuple[type, list[str], list[object]] | None:
    """Class, names and values of the parts of a captured value, None if it has none that are understood."""
    cls = type(value)
    if (number := number_from_outside(value)) is not None:
        return cls, [""], [number]
    if isinstance(value, complex) and element_of(cls) == complex_kind():
        return cls, ["real", "imag"], [float(value.real), float(value.imag)]
    if isinstance(value, bytes) and cls is bytes:
        return cls, [""], [list(value)]
    if isinstance(value, complex) and cls is complex:
        return cls, ["real", "imag"], [value.real, value.imag]
    if cls is tuple or is_named_tuple(cls):
        assert isinstance(value, tuple)
        return cls, list(getattr(cls, "_fields", [""] * len(value))), list(value)
    if not is_plain_class(cls):
        return None
    names = [name for base in cls.__mro__ for name in _slots(base) if hasattr(value, name)]
    names += vars(value) if hasattr(value, "__dict__") else []
    return cls, sorted(names), [getattr(value, name) for name in sorted(names)]


def _slots(cls: type) -> list[str]:
    return [name for name, static in vars(cls).items() if isinstance(static, types.MemberDescriptorType)]


def is_known_beforehand(value: object) -> bool:
    """Whether a captured value is none of the running kernel."""
    # A subclass of these two may do anything else.
    if type(value) in (str, functools.partial):
        return True
    plain = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType)
    return value is None or value is NotImplemented or isinstance(value, plain) or is_function(value)
