"""Attributes that a program sets on modules of the library: gone after it, so it is refused."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType, ModuleType

from pyfora.language.reach import ReplicaModule

_UNSET = object()


class LibraryWatch:
    """Some modules as they were before a program ran."""

    def __init__(self, captured: Iterable[object], imported: Iterable[str], mentioned: Iterable[str]) -> None:
        """Of `captured` those that are modules, those that the block imports, and what it reaches from there."""
        modules = [builtins, *(value for value in captured if isinstance(value, ModuleType))]
        modules += [sys.modules[name] for name in imported if name in sys.modules]
        self._before: dict[int, tuple[ModuleType, dict[str, object]]] = {}
        names = set(mentioned)
        while modules:
            module = modules.pop()
            if isinstance(module, ReplicaModule) or id(module) in self._before:
                continue
            before = dict(vars(module))
            self._before[id(module)] = module, before
            modules += [inner for name in names & before.keys() if isinstance(inner := before[name], ModuleType)]

    def first_change(self, is_mentioned: Callable[[str], bool]) -> str | None:
        """The dotted name of an attribute that is another one now, and that the program mentions.

        Libraries set some of their own, for their own purposes: those the program does not know of.
        """
        for module, before in self._before.values():
            after = vars(module)
            for name in {**before, **after}:
                old, new = before.get(name, _UNSET), after.get(name, _UNSET)
                if old is new or isinstance(new, ModuleType) or (old is _UNSET and "__getattr__" in after):
                    continue  # the same; a submodule that was imported; one that is loaded when it is first asked for
                if is_mentioned(name):
                    return f"{module.__name__}.{name}"
        return None


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
