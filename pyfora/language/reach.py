"""What running code reaches: the names it mentions, and the modules that are the user's own."""

from __future__ import annotations

import dis
import functools
import importlib
import importlib.util
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from pyfora.language.first_imports import loaded_silently
from pyfora.language.unconvertible import Unconvertible, error_for

_STANDARD_PATHS = tuple(
    str(Path(path).resolve()) + "/" for key in ("stdlib", "platstdlib") if (path := sysconfig.get_path(key)) is not None
)
_INSTALLED_PARTS = ("site-packages", "dist-packages")
_OWN_PACKAGES = frozenset(("pyfora", "pyfora_twisted"))
_NATIVE_SUFFIXES = (".so", ".pyd", ".dll")
_IMPORT_NAME = dis.opmap["IMPORT_NAME"]
_WHOLE_NAMESPACE = frozenset(("globals", "vars", "eval", "exec", "dir", "__dict__"))
"""Names by which code may reach a member of a module without naming it."""
NOT_MEMBERS = frozenset(
    ("__builtins__", "__name__", "__file__", "__package__", "__path__", "__spec__", "__loader__", "__cached__")
)
"""What the interpreter gives a module."""


class ReplicaModule(ModuleType):
    """A user's module on a worker: just the members that the program reaches."""

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if type(value) is Unconvertible:
            raise error_for(value)
        return value


def is_user_module(name: str) -> bool:
    """Whether the module called `name` is the user's own: neither standard, nor installed, nor native, nor ours.

    A module that is not loaded and cannot be found is taken for the user's: it was made by running code.
    """
    return type(sys.modules.get(name)) is ReplicaModule or _is_user_module(name)


@functools.lru_cache(maxsize=4096)
def _is_user_module(name: str) -> bool:
    top = name.partition(".")[0]
    if name in ("__main__", "__mp_main__"):
        return True
    if top in _OWN_PACKAGES or top in sys.stdlib_module_names or top in sys.builtin_module_names:
        return False
    module = sys.modules.get(name)
    if module is not None:
        places = [getattr(module, "__file__", None), *(getattr(module, "__path__", None) or ())]
    else:
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, AttributeError, ValueError):
            spec = None
        places = [] if spec is None else [spec.origin, *(spec.submodule_search_locations or ())]
    return not any(_is_installed(place) for place in places if isinstance(place, str))


def _is_installed(place: str) -> bool:
    if place in ("built-in", "frozen") or place.endswith(_NATIVE_SUFFIXES):
        return True
    path = Path(place)
    return any(part in _INSTALLED_PARTS for part in path.parts) or str(path.resolve()).startswith(_STANDARD_PATHS)


@dataclass(eq=False)
class Namespace:
    """A module's names as functions see them: on the client the real ones, on a worker their replica."""

    module: ModuleType
    names: dict[str, Any]
    """The very dict that is the `__globals__` of the module's functions."""
    library: bool = False
    """Whether the module is standard or installed: it is imported on the worker, not sent."""
    doubtful: frozenset[str] = frozenset()
    """Members that could not be sent: reading them must be checked."""
    sent: set[str] = field(default_factory=set)
    """Members that were already sent, or need not be."""


def _is_submodule(namespace: Namespace, name: str) -> bool:
    """Whether a member is a module that an import put there: importing the package alone does not."""
    member = namespace.names[name]
    return isinstance(member, ModuleType) and sys.modules.get(f"{namespace.module.__name__}.{name}") is member


def namespace_of_module(module: ModuleType) -> Namespace:
    """A new Namespace of `module`."""
    return Namespace(module, module.__dict__, library=not is_user_module(module.__name__))


def namespace_of_globals(names: dict[str, Any]) -> Namespace:
    """A new Namespace of a function's or a frame's globals, also where they are no module's (`exec`)."""
    module = sys.modules.get(str(names.get("__name__")))
    if isinstance(module, ModuleType) and module.__dict__ is names:
        return namespace_of_module(module)
    return Namespace(ModuleType(str(names.get("__name__", "<namespace>"))), names)


class Reach:
    """Grows with every function that is sent: which names are mentioned, and so which members must be sent."""

    def __init__(self, known: Iterable[Namespace] = ()) -> None:
        self.mentioned: set[str] = set()
        self.namespaces: dict[int, Namespace] = {id(namespace.names): namespace for namespace in known}
        self._seen: dict[int, CodeType] = {}
        self.imported: set[str] = set()
        """Modules that import statements name."""
        self.unloadable: dict[str, str] = {}
        """Modules of the user's that only the block imports, and cannot: why."""
        self._pending: list[tuple[dict[str, Any], str, int, tuple[str, ...]]] = []

    def namespace(self, names: dict[str, Any]) -> Namespace:
        """The one Namespace of these globals."""
        found = self.namespaces.get(id(names))
        if found is None:
            found = self.namespaces[id(names)] = namespace_of_globals(names)
        return found

    def of_module(self, module: ModuleType) -> Namespace:
        """The one Namespace of `module`."""
        found = self.namespaces.get(id(module.__dict__))
        if found is None:
            found = self.namespaces[id(module.__dict__)] = namespace_of_module(module)
        return found

    def add_names(self, names: Iterable[str]) -> None:
        """Names that reached code mentions in whatever role."""
        self.mentioned.update(names)

    def add_block(self, mentioned: Iterable[str], loaded: Iterable[str], names: dict[str, Any]) -> None:
        """What a block's statements mention in whatever role, and what they read as plain names."""
        self.add_names(mentioned)
        if not _WHOLE_NAMESPACE.isdisjoint(loaded):
            self.add_names(key for key in names if isinstance(key, str))

    def add_code(self, code: CodeType, names: dict[str, Any]) -> None:
        """Code that is reached, with the globals that it runs in."""
        if id(code) in self._seen:
            return
        self._seen[id(code)] = code
        mentioned, imports = mentioned_names(code)
        self.add_names(mentioned)
        if mentioned & _WHOLE_NAMESPACE:
            self.add_names(key for key in names if isinstance(key, str))
        for module, level, taken in imports:
            self.add_import(names, module, level, taken)

    def add_import(self, names: dict[str, Any], module: str, level: int, taken: Iterable[str]) -> None:
        """An import statement in reached code: a user's module must be there for it to find."""
        self._pending.append((names, module, level, tuple(taken)))
        if not level:
            self.imported.add(module)

    def missing_members(self) -> Iterator[tuple[Namespace, str]]:
        """Members that are reached and not yet sent; to be asked again until it yields none."""
        pending, self._pending = self._pending, []
        for names, module, level, taken in pending:
            self._import(names, module, level, taken)
        for namespace in list(self.namespaces.values()):
            reached = self.mentioned & namespace.names.keys() - namespace.sent - NOT_MEMBERS
            if namespace.library:
                reached = {name for name in reached if _is_submodule(namespace, name)}
            for name in sorted(reached):
                namespace.sent.add(name)
                yield namespace, name

    def _import(self, names: dict[str, Any], module: str, level: int, taken: tuple[str, ...]) -> None:
        package = names.get("__package__") or ""
        try:
            name = importlib.util.resolve_name("." * level + module, package) if level else module
        except ImportError:
            return
        parts = name.split(".")
        modules = [".".join(parts[:length]) for length in range(1, len(parts) + 1)]
        for one in [*modules, *(f"{name}.{member}" for member in taken)]:
            if any(one.startswith(f"{package}.") for package in self.unloadable):
                return  # even to look for what is in a package loads the package
            self._import_module(one)

    def _import_module(self, name: str) -> None:
        if not is_user_module(name):
            return
        module = sys.modules.get(name) or self.unloadable.get(name) or loaded_silently(name, is_user_module)
        if isinstance(module, str):
            self.unloadable[name] = module
        elif module is not None:
            self.of_module(module)


def mentioned_names(code: CodeType) -> tuple[set[str], list[tuple[str, int, tuple[str, ...]]]]:
    """The names that `code` and all code within it mention, and its imports as (module, level, names taken)."""
    names: set[str] = set(code.co_names)
    imports: list[tuple[str, int, tuple[str, ...]]] = []
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner_names, inner_imports = mentioned_names(constant)
            names |= inner_names
            imports += inner_imports
        elif isinstance(constant, str) and constant.isidentifier():
            names.add(constant)  # getattr(module, "name")
    for name in list(names):
        names.update(name.split("."))
    imports += _imports(code)
    return names, imports


def _imports(code: CodeType) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    if _IMPORT_NAME not in code.co_code[::2]:
        return
    instructions = list(dis.get_instructions(code))
    for index, instruction in enumerate(instructions):
        if instruction.opname == "IMPORT_NAME":
            constants = [i.argval for i in instructions[max(0, index - 4) : index] if i.opname.startswith("LOAD_")]
            level = next((c for c in constants if isinstance(c, int)), 0)
            taken = next((c for c in constants if isinstance(c, tuple)), ())
            yield str(instruction.argval), level, taken
