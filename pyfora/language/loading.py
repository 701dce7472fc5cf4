"""The unpickler of programs: makes functions, replica modules and remote values where it is."""

from __future__ import annotations

import builtins
import functools
import importlib
import io
import pickle
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from pyfora.language import making
from pyfora.language.caches import Kept, keep
from pyfora.language.collection import without_collection
from pyfora.language.depths import loaded
from pyfora.language.functions import function_code
from pyfora.language.reach import Namespace, ReplicaModule
from pyfora.language.shipping import CodeForm, code_of
from pyfora.language.sources import CodeReference
from pyfora.values.parcels import Parcel


def _fill_memo(count: int) -> bytes:
    """A pickle that puts so many objects into the memo, each as the "persistent" object of None."""
    body = (pickle.NONE + pickle.BINPERSID + pickle.MEMOIZE + pickle.POP) * count + pickle.NONE + pickle.STOP
    return pickle.PROTO + b"\x05" + pickle.FRAME + len(body).to_bytes(8, "little") + body


def _itself(made: object) -> object:
    """A set that another object stood for is already what that object made."""
    return made


class Loader(pickle.Unpickler):
    """Loads what a Shipper pickled, object by object.

    `primitives` are what rewritten code calls; without them (on the client) functions are made as they were
    written. `resolve_value` gives the value for the id of a remote value
    and the functions and classes that its parcel refers to, `frame_cells` the cells of the frame that the block
    stands in. `known`, for a parcel that begins with `Shipper.refer_to`, gives the object of an index.
    """

    def __init__(
        self,
        parcel: Parcel,
        *,
        primitives: Mapping[str, Callable[..., Any]] | None = None,
        resolve_value: Callable[[str, dict[int, Any]], object] | None = None,
        known: Callable[[int], object] | None = None,
        frame_cells: Mapping[str, CellType] | None = None,
    ) -> None:
        stream = io.BytesIO(parcel.stream)
        indices: Sequence[int] = ()
        if known is not None:
            indices = pickle.load(stream)
            stream = io.BytesIO(_fill_memo(len(indices)) + stream.read())
        super().__init__(stream, buffers=parcel.buffers)
        self._rewrite = primitives is not None
        self._builtins = {**builtins.__dict__, **(primitives or {})}
        self._making: dict[str, Callable[..., Any] | None] = {
            "make_function": self._make_function,
            "make_namespace": self._make_namespace,
            "remote_value": None if resolve_value is None else self._remote_value,
            "frame_cell": self._frame_cell,
            "attribute_of": self._attribute_of,
            "fill_cache": self._fill_cache,
        }
        self._frame_cells = dict(frame_cells or {})
        self.namespaces: list[Namespace] = []
        self.functions: list[FunctionType] = []
        """The user's functions that were made, in order."""
        """Every replica that was made, in order."""
        self._caches: list[tuple[Any, Kept]] = []
        """Caches that are still empty, and what each is to keep."""
        self._resolve_value = resolve_value
        self._remote_atoms: set[int] = set()
        """Values of the cluster that are not known by their identity."""
        if known is not None:
            self.persistent_load = functools.partial(next, map(known, indices))  # type: ignore[method-assign]
            self.load()
        self.persistent_load = _itself  # type: ignore[method-assign]

    def __iter__(self) -> Iterator[Any]:
        """The pickled objects, in order, until None ends them."""
        while (found := self.load()) is not None:
            yield found
        self.finish()

    def finish(self) -> None:
        """Fill the caches, once all is there that a `__hash__` of what they were called with may use."""
        while self._caches:
            keep(*self._caches.pop(0))

    def load(self) -> Any:
        """The next pickled object. Raises what unpickling raises."""
        with without_collection():
            return loaded(super().load)

    def remembered(self) -> dict[int, Any]:
        """Every object that was loaded, by its index: the Shipper's memo has the same indices."""
        found: dict[int, Any] = self.memo.copy()
        if self._remote_atoms:
            found = {index: None if id(value) in self._remote_atoms else value for index, value in found.items()}
        return found

    def find_class(self, module: str, name: str) -> Any:
        if module == making.__name__ and self._making.get(name) is not None:
            return self._making[name]
        if module == "builtins" and name in self._builtins:
            # Held by the user's code, a builtin is what it is called there by its name.
            return self._builtins[name]
        return super().find_class(module, name)

    def _attribute_of(self, module: str, name: str) -> Any:
        return self.find_class(module, name) if module == "builtins" else making.attribute_of(module, name)

    def _make_function(
        self,
        form: CodeForm,
        free_names: tuple[str, ...],
        qualname: str,
        name: str,
        namespace: Namespace,
        cells: tuple[Any, ...],
        doubtful: frozenset[str],
    ) -> FunctionType:
        code: CodeType
        if isinstance(form, CodeReference):
            code = function_code(form, free_names, qualname, rewrite=self._rewrite, checked=namespace.doubtful)
            by_name = dict(zip(free_names, cells, strict=True))
            cells = tuple(by_name[free] for free in code.co_freevars)
        else:
            code = code_of(form)
        made = FunctionType(code, namespace.names, name, None, cells or None)
        self.functions.append(made)
        return made

    def _fill_cache(self, cache: Any, state: tuple[dict[str, Any], Kept]) -> None:
        attributes, kept = state
        vars(cache).update(attributes)
        self._caches.append((cache, kept))

    def _remote_value(self, value_id: str, origins: dict[int, Any]) -> object:
        assert self._resolve_value is not None
        value = self._resolve_value(value_id, origins)
        if type(value) in (str, bytes):
            # Back on the client it is the value, not the proxy that it came from.
            self._remote_atoms.add(id(value))
        return value

    def _frame_cell(self, name: str) -> CellType:
        return self._frame_cells.setdefault(name, CellType())

    def _make_namespace(self, name: str, facts: dict[str, Any], library: bool, doubtful: frozenset[str]) -> Namespace:
        if library:
            module = importlib.import_module(name)
            return Namespace(module, module.__dict__, library=True)
        if not self._rewrite:
            # On a client: the user's own module, or one that only generated code (a namedtuple's) ever had.
            module = sys.modules.get(name) or ModuleType(name)
            return Namespace(module, module.__dict__)
        replica = ReplicaModule(name)
        replica.__dict__.update(facts, __builtins__=self._builtins)
        made = Namespace(replica, replica.__dict__, doubtful=doubtful)
        self.namespaces.append(made)
        return made


def install(namespaces: list[Namespace]) -> None:
    """Let import statements find the replicas; a real module of the same name stays where it is."""
    for namespace in namespaces:
        name = namespace.module.__name__
        if isinstance(sys.modules.get(name, namespace.module), ReplicaModule):
            sys.modules[name] = namespace.module
