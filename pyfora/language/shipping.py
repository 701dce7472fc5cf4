"""The pickler of programs: the user's functions, classes and modules by what they are, all else by reference."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import io
import marshal
import pickle
import sys
from collections.abc import Callable, Iterable, Mapping
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from pyfora.fold.partials import are_plain
from pyfora.language import making
from pyfora.language.arrays import SharedMemory, is_array_kind, is_masked_kind, reduce_array, reduce_masked
from pyfora.language.caches import CACHE_WRAPPER, Kept, attributes_of, is_librarys, kept_by, name_of
from pyfora.language.classes import is_importable, reduce_class
from pyfora.language.dispatching import is_dispatcher, reduce_dispatcher
from pyfora.language.frames import is_pandas_kind, reduce_pandas
from pyfora.language.instances import (
    Links,
    has_state_hook,
    is_copied_raw,
    is_known_to_a_library,
    links_of,
    reduce_by_library,
    reduce_exception,
    reduce_raw,
    reduce_without_hooks,
)
from pyfora.language.making import contents
from pyfora.language.pickling import ParcelPickler
from pyfora.language.reach import Namespace, Reach
from pyfora.language.sets import reduce_set
from pyfora.language.sources import CodeReference
from pyfora.language.unconvertible import not_kept, not_sent

CodeForm = CodeReference | bytes
"""How a function's code travels: as its place in source text, or (no text, or same worker kind) marshalled."""

_SENTINELS = {id(dataclasses.MISSING): "MISSING", id(dataclasses.KW_ONLY): "KW_ONLY"}


@dataclasses.dataclass(frozen=True)
class RemoteValue:
    """A value on the cluster, as a program refers to it."""

    value_id: str
    origins: Mapping[int, Any]
    """The functions and classes of the client that its parcel refers to, by their index in the program that made it."""


class Shipper(ParcelPickler):
    """Pickles several objects into one parcel, and what code among them reaches.

    `code_form` says how a function's code travels; `remote_value` says which value on the
    cluster a proxy stands for, and None for anything else.
    """

    def __init__(
        self,
        code_form: Callable[[FunctionType], CodeForm],
        remote_value: Callable[[object], RemoteValue | None] | None = None,
        namespaces: Iterable[Namespace] = (),
        doubtful: Mapping[tuple[int, str], str] | None = None,
        stream: io.BytesIO | None = None,
    ) -> None:
        super().__init__(stream)
        self._code_form = code_form
        self._remote_value = remote_value
        self.doubtful = doubtful or {}
        """Members that could not be sent: (id of the namespace's dict, name)."""
        self.reach = Reach(namespaces)
        self.functions: list[FunctionType] = []
        """The user's functions that were sent, in order."""
        self.remote_value_ids: list[str] = []
        self._plain_kinds: set[type] = set()
        """Kinds of objects that pickle needs no help with."""
        self._raw: dict[type, bool] = {}
        """Whether objects of a kind are pickled by their state, whatever their class says."""
        self._kinds: set[type] = set()
        """The classes of what was sent."""
        self._arrays: list[Any] = []
        """Those of numpy that were sent."""
        self._shared_memory = SharedMemory()
        self._tried_caches: set[int] = set()
        """Caches, by identity, of which it is being found out what can be sent."""
        self.told_apart: set[int] = set()
        """Exceptions, by identity, whose causes and contexts are told apart from them."""
        self.frame_cells: dict[int, str] = {}
        """Cells of the block's own frame, by identity: the other side has cells of these names in its frame."""
        self.doubtful_cells: dict[int, tuple[CellType, str]] = {}
        """Cells whose contents cannot be sent, with the reason."""

    def modules(self) -> set[str]:
        """The modules of libraries that the program uses, as far as it can be told before it runs."""
        namespaces = {one.module.__name__ for one in self.reach.namespaces.values() if one.library}
        return namespaces | self.reach.imported | {kind.__module__ for kind in self._kinds}

    def find_shared_memory(self, known: Iterable[object]) -> bool:
        if self._arrays:
            self._shared_memory.look_at(self._arrays, (value for value in known if is_array_kind(type(value))))
        return bool(self._shared_memory)

    # ---- what is special ---------------------------------------------------------------------------------------

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if kind not in self._plain_kinds:
            reduced = self._reduce_special(obj, kind)
            if reduced is not None:
                return reduced
        if self._remote_value is not None and (remote := self._remote_value(obj)) is not None:
            self.remote_value_ids.append(remote.value_id)
            return making.remote_value, (remote.value_id, dict(remote.origins))
        return NotImplemented

    def _reduce_special(self, obj: Any, kind: type) -> Any:
        """How to pickle what pickle alone would not get right, or NotImplemented; None for all other kinds."""
        self._kinds.add(kind)
        if (raw := self._raw.get(kind)) is None:
            raw = self._raw[kind] = is_copied_raw(kind)
            if raw and has_state_hook(kind):
                self._raw[kind] = raw = self._can_be_raw(obj)
        if raw:
            return reduce_raw(obj)
        if issubclass(kind, (set, frozenset)) and kind.__reduce__ in (set.__reduce__, frozenset.__reduce__):
            return reduce_set(obj)
        if kind is FunctionType:
            return self._reduce_function(obj)
        if issubclass(kind, type):
            return reduce_class(obj)
        if issubclass(kind, ModuleType):
            return self._reduce_module(obj)
        if kind is Namespace:
            doubtful = frozenset(name for place, name in self.doubtful if place == id(obj.names))
            return _reduce_namespace(obj, doubtful)
        if kind is CellType:
            # Contents follow in the state of the functions that close over it: they may lead back to it.
            name = self.frame_cells.get(id(obj))
            return (making.make_cell, ()) if name is None else (making.frame_cell, (name,))
        if kind is CACHE_WRAPPER:
            return self._reduce_cache(obj)
        if is_array_kind(kind):
            self._arrays.append(obj)
            return self._shared_memory.reduction(obj) or reduce_array(obj)
        if is_masked_kind(kind):
            return reduce_masked(obj)
        if is_pandas_kind(kind):
            return reduce_pandas(obj)
        if kind is functools.cached_property:
            return making.make_cached_property, (obj.func, obj.attrname)
        if kind is memoryview:
            return _reduce_memoryview(obj)
        if issubclass(kind, BaseException):
            return reduce_exception(obj, self.links_of(obj))
        if id(obj) in _SENTINELS:
            return getattr, (dataclasses, _SENTINELS[id(obj)])
        if hasattr(kind, "__getattr__") and not hasattr(kind, "__setstate__") and not self._is_remote(obj):
            return reduce_without_hooks(obj)
        if is_known_to_a_library(kind):
            return reduce_by_library(obj)
        self._plain_kinds.add(kind)
        return None

    def _can_be_raw(self, obj: Any) -> bool:
        """Whether the state of `obj` can be sent as it is; where not, its class says what it can do without."""
        trial = Shipper(self._code_form, self._remote_value)
        trial.doubtful_cells = self.doubtful_cells
        # Shared: an object of this kind within the state is not tried again.
        trial._raw = self._raw
        try:
            trial.dump(obj)
        except Exception:
            return False
        return True

    def _reduce_cache(self, cache: Any) -> Any:
        if is_librarys(cache):
            return NotImplemented
        made = (cache.__wrapped__, cache.cache_parameters())
        state = (attributes_of(cache), self.kept_by(cache))
        return making.make_cached, made, state, None, None, making.fill_cache

    def kept_by(self, cache: Any) -> Kept:
        """What `cache` is sent with. An answer that cannot be sent fails where it is read."""
        if id(cache) in self._tried_caches:
            return Kept(())
        kept = kept_by(cache)
        if are_plain([(*args, *named.values(), answer) for args, named, answer in kept.entries]):
            return kept
        if self._reason_against(kept.entries, cache) is None:
            return kept
        entries = []
        for args, named, answer in kept.entries:
            if self._reason_against((args, named), cache) is None:
                reason = self._reason_against(answer, cache)
                entries.append((args, named, answer if reason is None else not_kept(name_of(cache), reason)))
        counted = kept.counted and len(entries) == len(kept.entries)
        return Kept(tuple(entries), kept.hits, kept.misses, counted)

    def _reason_against(self, value: object, cache: Any) -> str | None:
        """Why `value`, which `cache` keeps, cannot be sent; None where it can."""
        trial = Shipper(self._code_form, self._remote_value)
        trial.doubtful_cells = self.doubtful_cells
        # A class that has the cache as an attribute leads back to it.
        trial._tried_caches = {*self._tried_caches, id(cache)}
        try:
            trial.dump(value)
        except Exception as error:
            return reason_of(error)
        return None

    def links_of(self, error: BaseException) -> Links | None:
        """The exceptions that `error` is sent with."""
        return None if id(error) in self.told_apart else links_of(error)

    def _is_remote(self, obj: Any) -> bool:
        return self._remote_value is not None and self._remote_value(obj) is not None

    def _reduce_function(self, function: FunctionType) -> Any:
        if is_importable(function):
            return NotImplemented
        if is_dispatcher(function):
            return reduce_dispatcher(function)
        names = function.__globals__
        namespace = self.reach.namespace(names)
        if not namespace.library:
            self.reach.add_code(function.__code__, names)
            self.functions.append(function)
        code = function.__code__
        cells = function.__closure__ or ()
        by_name = dict(zip(code.co_freevars, cells, strict=True))
        doubtful = frozenset(name for name, cell in by_name.items() if id(cell) in self.doubtful_cells)
        arguments = (
            self._code_form(function),
            code.co_freevars,
            code.co_qualname,
            function.__name__,
            namespace,
            cells,
            doubtful,
        )
        state: dict[str, Any] = {
            "cells": [(cell, self._content(name, cell)) for name, cell in by_name.items()],
            "defaults": function.__defaults__,
            "kwdefaults": function.__kwdefaults__,
            "dict": dict(function.__dict__),
            "annotations": function.__annotations__,
            "doc": function.__doc__,
            "module": function.__module__,
            "qualname": function.__qualname__,
            "type_params": getattr(function, "__type_params__", ()),
        }
        return making.make_function, arguments, state, None, None, making.set_function

    def _content(self, name: str, cell: CellType) -> Any:
        if id(cell) in self.doubtful_cells:
            return not_sent(name, self.doubtful_cells[id(cell)][1])
        return contents(cell)

    def blame_cells(self) -> dict[int, tuple[CellType, str]]:
        """Of the functions pickled so far: the cells whose contents cannot be pickled, with the reasons."""
        found: dict[int, tuple[CellType, str]] = {}
        for function in self.functions:
            for cell in function.__closure__ or ():
                if id(cell) in self.doubtful_cells or id(cell) in found:
                    continue
                trial = Shipper(self._code_form, self._remote_value)
                # A cell that leads to another bad cell is not itself to blame: the innermost comes first.
                trial.doubtful_cells = {**self.doubtful_cells, **found}
                try:
                    trial.dump(contents(cell))
                except Exception as error:
                    inner = trial.blame_cells()
                    found.update(inner or {id(cell): (cell, reason_of(error))})
        return found

    def _reduce_module(self, module: ModuleType) -> Any:
        namespace = self.reach.of_module(module)
        if namespace.library:
            # The other side imports it; what submodules it needs is seen in the end.
            return (importlib.import_module, (module.__name__,)) if module is sys else NotImplemented
        return making.module_of, (namespace,)


class ExactShipper(Shipper):
    """For processes that share the work of one program: they see each object whole, or the work is not shared."""

    def _can_be_raw(self, obj: Any) -> bool:
        # Where not, pickling raises. What its class says of copies is no matter: locally there are none.
        return True

    def kept_by(self, cache: Any) -> Kept:
        # What it keeps is made again there; who calls it there is not counted.
        return Kept((), counted=False)


def marshalled(function: FunctionType) -> CodeForm:
    """The code form of functions that stay among workers of one cluster: the code object itself."""
    return marshal.dumps(function.__code__)


def reason_of(error: BaseException) -> str:
    """Why something could not be pickled, for the user."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply, or refers to itself without end"
    return str(error) or type(error).__name__


def _reduce_namespace(namespace: Namespace, doubtful: frozenset[str]) -> Any:
    names = namespace.names
    facts: dict[str, Any] = {
        key: names.get(key)
        for key in ("__name__", "__package__", "__file__", "__doc__")
        if isinstance(names.get(key), (str, type(None))) and key in names
    }
    if "__path__" in names:
        facts["__path__"] = [str(place) for place in names["__path__"]]
    return making.make_namespace, (
        namespace.module.__name__,
        facts,
        namespace.library,
        doubtful or namespace.doubtful,
    )


def _reduce_memoryview(view: memoryview) -> Any:
    if view.format != "B" or view.ndim != 1:
        raise pickle.PicklingError("only a memoryview of plain bytes can be sent; send the array itself")
    return memoryview, (bytes(view) if view.readonly else bytearray(view),)


def code_of(form: bytes) -> CodeType:
    """The code object of a marshalled form."""
    code = marshal.loads(form)
    assert isinstance(code, CodeType)
    return code
