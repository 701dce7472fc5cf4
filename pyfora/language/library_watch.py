"""Attributes that a program sets on modules and classes of the library: gone after it, so it is refused."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

from pyfora.language.instances import HEAP_TYPE, is_user_class
from pyfora.language.reach import ReplicaModule

_UNSET = object()


class LibraryWatch:
    """Some modules and classes as they were before a program ran."""

    def __init__(self, known: Iterable[object], mentioned: Iterable[str]) -> None:
        """Of `known` those that are modules or classes; the modules of a mentioned name; what is mentioned of them."""
        names = set(mentioned)
        owners: list[Any] = [builtins, *(sys.modules[name] for name in names & sys.modules.keys())]
        owners += [value for value in known if isinstance(value, (ModuleType, type))]
        self._names = names
        self._before: dict[int, tuple[Any, Mapping[str, object]]] = {}
        while owners:
            owner = owners.pop()
            if id(owner) in self._before or not _is_librarys(owner):
                continue
            before = dict(vars(owner))
            self._before[id(owner)] = owner, before
            if isinstance(owner, ModuleType):
                inner = (before[name] for name in names & before.keys())
                owners += [value for value in inner if isinstance(value, (ModuleType, type))]

    def first_change(self) -> str | None:
        """The dotted name of an attribute that is another one now, and that the program mentions.

        Libraries set some of their own, for their own purposes: those the program does not know of.
        """
        for owner, before in self._before.values():
            after = vars(owner)
            for name in {**before, **after}:
                old, new = before.get(name, _UNSET), after.get(name, _UNSET)
                if old is new or isinstance(new, ModuleType) or (old is _UNSET and "__getattr__" in after):
                    continue  # the same; a submodule that was imported; one that is loaded when it is first asked for
                if name in self._names:
                    return f"{_dotted(owner)}.{name}"
        return None


def _is_librarys(owner: ModuleType | type) -> bool:
    if isinstance(owner, ModuleType):
        return not isinstance(owner, ReplicaModule)
    return bool(owner.__flags__ & HEAP_TYPE) and not is_user_class(owner)


def _dotted(owner: ModuleType | type) -> str:
    return owner.__name__ if isinstance(owner, ModuleType) else f"{owner.__module__}.{owner.__qualname__}"


def mentions(functions: Iterable[object]) -> set[str]:
    """The names and texts in the code of those of `functions` that are functions."""
    found: set[str] = set()
    for function in functions:
        if isinstance(function, FunctionType):
            for code in _codes(function.__code__):
                found.update(code.co_names)
                found.update(constant for constant in code.co_consts if isinstance(constant, str))
    return found


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
