"""A value as text, so that two values have the same text only if no program could tell them apart.

Types are exact, floats to the last bit, containers in their order, and each mutable object has a number at first sight
and is only referred to after that: aliasing and cycles are part of the text. No code of the program runs here.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import fractions
import functools
import struct
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.differential.frames import described, is_pandas_kind

_CONSTANTS = (None, Ellipsis, NotImplemented)
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.WrapperDescriptorType, types.MethodDescriptorType)
_DATES = (datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo)


class Canonical:
    """The texts of several values, whose objects are numbered together."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._alive: list[Any] = []

    def text(self, value: Any) -> str:
        """The text of `value`."""
        kind = type(value)
        if isinstance(value, type):
            return f"class {_class_name(value)}"
        if kind is bool or any(value is constant for constant in _CONSTANTS):
            return repr(value)
        if isinstance(value, _FUNCTIONS):
            return f"function {value.__module__ if hasattr(value, '__module__') else ''}.{value.__qualname__}"
        if isinstance(value, types.ModuleType):
            return f"module {value.__name__}"
        if isinstance(value, types.GeneratorType | types.CoroutineType | types.AsyncGeneratorType):
            return f"{kind.__name__} {value.__qualname__} (its state is not compared)"
        if isinstance(value, enum.Enum):
            return f"member {_class_name(kind)}.{value.name}={self.text(value.value)}"
        if kind in _PLAIN:
            return _PLAIN[kind](value)
        if kind is tuple or kind is frozenset or kind is slice:
            return self._content(value)
        number = self._numbers.get(id(value))
        if number is not None:
            return f"@{number}"
        self._numbers[id(value)] = len(self._numbers)
        self._alive.append(value)
        return f"@{self._numbers[id(value)]}={self._object(value)}"

    def _texts(self, values: Iterable[Any]) -> str:
        return ", ".join(map(self.text, values))

    def _object(self, value: Any) -> str:
        kind = type(value)
        if kind in (list, dict, set, bytearray):
            return self._content(value)
        name = _class_name(kind)
        if is_pandas_kind(kind):
            return f"{name}{described(value, self.text, Canonical().text)}"
        if isinstance(value, _DATES):
            return f"{name}{value!r}" if kind.__module__ == "datetime" else f"{name}{value!r}{self._state(value)}"
        if isinstance(value, decimal.Decimal):
            return f"{name}{decimal.Decimal.as_tuple(value)!r}"
        if isinstance(value, fractions.Fraction):
            return f"{name}({value.numerator}/{value.denominator})"
        if any(base.__module__ == "numpy" for base in kind.__mro__):
            return f"{name}{self._array(value)}"
        if isinstance(value, BaseException):
            return f"{name}({self.failure_text(value)})"
        if isinstance(value, functools.partial):
            return f"{name}({self._texts([value.func, value.args, value.keywords])})"
        if isinstance(value, types.MethodType):
            return f"method({self._texts([value.__func__, value.__self__])})"
        if isinstance(value, collections.defaultdict):
            return f"{name}({self.text(value.default_factory)}){self._content(value)}{self._state(value)}"
        if isinstance(value, collections.deque):
            return f"{name}(maxlen={value.maxlen})[{self._texts(collections.deque.__iter__(value))}]"
        if isinstance(value, tuple(_CONTENTS)):
            return f"{name}{self._content(value)}{self._state(value)}"
        if isinstance(value, tuple(_PLAIN)):
            base = next(base for base in kind.__mro__ if base in _PLAIN)
            return f"{name} {_PLAIN[base](value)}{self._state(value)}"
        if kind.__module__ in sys.stdlib_module_names or kind.__module__.startswith("numpy"):
            return f"{name} {self._reduced(value)}"
        return f"{name}{self._state(value)}"

    def _content(self, value: Any) -> str:
        base = next(base for base in type(value).__mro__ if base in _CONTENTS)
        if base is dict:
            return "{" + ", ".join(f"{self.text(k)}: {self.text(v)}" for k, v in dict.items(value)) + "}"
        if base is slice:
            return f"slice({self._texts([value.start, value.stop, value.step])})"
        if base is bytearray:
            return f"bytearray({bytes(value)!r})"
        opening, closing = _CONTENTS[base]
        iterate: Callable[[Any], Iterator[Any]] = vars(base)["__iter__"]
        return opening + self._texts(iterate(value)) + closing

    def _state(self, value: Any) -> str:
        """The instance's own attributes: those of its dict in their order, then its slots by name."""
        found = [f".{k}={self.text(v)}" for k, v in getattr(value, "__dict__", {}).items()]
        for base in type(value).__mro__:
            slots = base.__dict__.get("__slots__", ())
            for slot in [slots] if isinstance(slots, str) else slots:
                if slot in ("__dict__", "__weakref__"):
                    continue
                slot = f"_{base.__name__.lstrip('_')}{slot}" if slot.startswith("__") and slot[-2:] != "__" else slot
                descriptor = base.__dict__.get(slot)
                if not isinstance(descriptor, types.MemberDescriptorType):
                    continue
                try:
                    found.append(f".{slot}={self.text(descriptor.__get__(value, type(value)))}")
                except AttributeError:
                    found.append(f".{slot} unset")
        return "<" + ", ".join(found) + ">"

    def _array(self, value: Any) -> str:
        import numpy

        if isinstance(value, numpy.dtype):
            return f"({value.descr!r})"
        if isinstance(value, numpy.ndarray):
            flags = value.flags
            order = ("C" if flags.c_contiguous else "") + ("F" if flags.f_contiguous else "")
            inside = self._texts(value.ravel().tolist()) if value.dtype.hasobject else value.tobytes().hex()
            return f"({value.dtype.descr!r}, {value.shape}, {order or 'strided'}, {flags.writeable}, {inside})"
        if isinstance(value, numpy.generic):
            return f"({value.dtype.str}, {value.tobytes().hex()})"
        return f" {self._reduced(value)}"

    def _reduced(self, value: Any) -> str:
        """What the value would be pickled as: for objects of the standard library."""
        try:
            reduced = value.__reduce_ex__(4)
        except Exception as error:
            return f"opaque ({error})"
        if isinstance(reduced, str):
            return reduced
        return self._texts(list(part) if isinstance(part, Iterator) else part for part in reduced)

    def failure_text(self, error: BaseException) -> str:
        """Arguments, notes, attributes, members of a group, cause and context."""
        parts = [f"args={self._texts(error.args)}"]
        attributes = {k: v for k, v in error.__dict__.items() if k != "__notes__"}
        if attributes:
            parts.append(f"attributes={self._texts([attributes])}")
        if getattr(error, "__notes__", None):
            parts.append(f"notes={error.__notes__!r}")
        if isinstance(error, BaseExceptionGroup):
            parts.append(f"members={self._texts(error.exceptions)}")
        if isinstance(error, KeyError | AttributeError | NameError | ImportError | OSError | StopIteration):
            names = [n for n in ("name", "path", "errno", "strerror", "filename", "value") if hasattr(error, n)]
            parts += [f"{name}={self.text(getattr(error, name))}" for name in names]
        if error.__cause__ is not None:
            parts.append(f"cause={self.text(error.__cause__)}")
        elif error.__context__ is not None and not error.__suppress_context__:
            parts.append(f"context={self.text(error.__context__)}")
        return "; ".join(parts)


def _float(value: float) -> str:
    if value != value:
        return f"nan:{struct.pack('>d', value).hex()}"
    return float.hex(value)


def _complex(value: complex) -> str:
    return f"complex({_float(value.real)}, {_float(value.imag)})"


_PLAIN: dict[type, Callable[[Any], str]] = {
    int: lambda value: int.__repr__(value) if abs(int(value)) < 1 << 4096 else hex(value),
    float: _float,
    complex: _complex,
    str: lambda value: ascii(str.__str__(value)),
    bytes: bytes.__repr__,
    range: repr,
}
_CONTENTS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("set{", "}"),
    frozenset: ("frozenset{", "}"),
    dict: ("{", "}"),
    bytearray: ("", ""),
    slice: ("", ""),
}


def _class_name(kind: type) -> str:
    """Module and qualified name, and a remark if the module of that name has another class there."""
    name = f"{kind.__module__}.{kind.__qualname__}"
    if "<locals>" in kind.__qualname__ or kind.__module__ not in sys.modules:
        return name
    found: Any = sys.modules[kind.__module__]
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    if found is not kind and isinstance(found, type):
        return f"{name} (not the module's own class of that name)"
    return name
