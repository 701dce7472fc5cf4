"""Fingerprints of state, by which a change of what a program captured is seen."""

from __future__ import annotations

import enum
import functools
import hashlib
import typing
from collections.abc import Mapping
from types import BuiltinMethodType, FunctionType, ModuleType
from typing import Any

from pyfora.language.arrays import is_array_kind
from pyfora.language.caches import CACHE_WRAPPER, attributes_of
from pyfora.language.classes import attributes_of_member, registered_with
from pyfora.language.dispatching import is_dispatcher, state_of_dispatcher
from pyfora.language.making import contents
from pyfora.language.reach import NOT_MEMBERS, is_user_module
from pyfora.language.shipping import Shipper

_ATOMS = (int, float, complex, str, bytes, bool, type(None), range, ModuleType, type(Ellipsis))

_MODULES_OWN = NOT_MEMBERS | {"__annotations__", "__doc__", "__warningregistry__"}
"""What the interpreter has in a module, and may change while its code runs."""
_CLASSES_OWN = frozenset(("__dict__", "__weakref__", "__annotations__", "__slotnames__"))
"""The same of a class. All else counts, though it is spelled with underscores: methods may keep state, too."""
_ENUMERATIONS_OWN = frozenset(
    ("_value2member_map_", "_member_map_", "_member_names_", "_hashable_values_", "_unhashable_values_")
)
"""The same of an enumeration, which notes combinations of its members as they are made."""

_MARK = id
"""Stands for the call that would make an object: a fingerprint is never loaded, so any builtin will do."""


def can_change(value: object) -> bool:
    """Whether the state of `value` can change at all; what cannot needs no fingerprint."""
    if type(value) is BuiltinMethodType:
        # Such as `xs.append`, which leads to `xs`.
        return not isinstance(value.__self__, (ModuleType, type(None)))
    return type(value) not in _ATOMS


def fingerprint(value: object, *, with_globals: bool = False) -> bytes | None:
    """A digest of all state that `value` leads to, good within this process; None where it cannot be told.

    Functions count with their closures, defaults and attributes (`with_globals`: with the user's globals that
    they see too), the user's classes with their attributes.
    """
    pickler = _StatePickler(with_globals)
    try:
        pickler.dump(value)
    except Exception:
        return None
    parcel = pickler.parcel()
    digest = hashlib.blake2b(parcel.stream, digest_size=16)
    for buffer in parcel.buffers:
        digest.update(buffer)
    return digest.digest()


def fingerprint_of_state(objects: Mapping[str, object]) -> bytes | None:
    """One digest of all that `objects` (of an environment) lead to: equal before and after means untouched.

    None where it cannot be told, which is then to be taken for touched.
    """
    return fingerprint(dict(objects), with_globals=True)


class _StatePickler(Shipper):
    def __init__(self, with_globals: bool) -> None:
        super().__init__(lambda function: b"")
        self._with_globals = with_globals
        self._globals: dict[int, _Marked] = {}

    def must_ask_names(self) -> bool:
        """False: nothing is made again."""
        return False

    def reducer_override(self, obj: Any) -> Any:
        if type(obj) in self._plain_kinds or is_array_kind(type(obj)):
            return NotImplemented
        if isinstance(obj, FunctionType):
            return _MARK, (id(obj), id(obj.__code__)), self._function_state(obj)
        if isinstance(obj, type):
            return _MARK, (id(obj), 0), _class_state(obj)
        if isinstance(obj, ModuleType):
            return _MARK, (id(obj), 0), self._seen_in(vars(obj))
        if type(obj) is CACHE_WRAPPER:
            return _MARK, (id(obj), 0), (obj.__wrapped__, attributes_of(obj))
        if type(obj) is _Marked:
            return _MARK, (0, 0), obj.state
        if type(obj) is functools.partial:
            # Not by its identity: an operator.methodcaller is pickled as another one each time.
            return _MARK, (0, 0), (obj.func, obj.args, obj.keywords, vars(obj))
        if type(obj) is typing.ForwardRef:
            # It notes what it refers to when that is first asked for.
            return _MARK, (0, 0), obj.__forward_arg__
        return super().reducer_override(obj)

    def links_of(self, error: BaseException) -> None:
        """None: that raising a captured exception notes its context is no change that the user made."""

    def _function_state(self, function: FunctionType) -> Any:
        if is_dispatcher(function):
            return state_of_dispatcher(function)
        names = function.__globals__
        if not is_user_module(str(names.get("__name__"))):
            return tuple(contents(cell) for cell in function.__closure__ or ())
        return (
            tuple(contents(cell) for cell in function.__closure__ or ()),
            function.__defaults__,
            function.__kwdefaults__,
            dict(function.__dict__),
            (function.__name__, function.__qualname__, function.__module__, function.__doc__),
            function.__annotations__,
            self._seen_in(names),
        )

    def _seen_in(self, names: dict[str, Any]) -> _Marked | None:
        """The members of a module of the user's, where they count."""
        if not self._with_globals or not is_user_module(str(names.get("__name__"))):
            return None
        seen = self._globals.get(id(names))
        if seen is None:
            seen = self._globals[id(names)] = _Marked(members(names))
        return seen


class _Marked:
    """Holds the one copy of some globals that a fingerprint counts."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state


def members(names: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a module that are the user's, not the interpreter's."""
    return {name: value for name, value in names.items() if name not in _MODULES_OWN}


def _class_state(kind: type) -> Any:
    if not is_user_module(kind.__module__):
        return None
    names = dict(vars(kind))
    if issubclass(kind, enum.Enum):
        names = {name: value for name, value in names.items() if name not in _ENUMERATIONS_OWN}
        # Pickled as members of the class they would say nothing of what they hold.
        names |= {name: (member._value_, attributes_of_member(member)) for name, member in kind.__members__.items()}
    own = {
        name: value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
        for name, value in names.items()
        if name not in _CLASSES_OWN and not name.startswith("_abc_")
    }
    # To ask a class without annotations for them makes an empty dict of them.
    annotations = names.get("__annotations__") or None
    called = kind.__name__, kind.__qualname__
    # What its instances find in its bases, and the class in its metaclass, is not seen otherwise.
    return own, annotations, called, kind.__bases__, type(kind), sorted(map(id, registered_with(kind)))
