"""The pickler of programs: the user's functions, classes and modules by what they are, all else by reference."""

from __future__ import annotations

import dataclasses
import functools
import gc
import io
import marshal
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import cloudpickle.cloudpickle as cloudpickle  # type: ignore[import-untyped]

from pyfora.language import making
from pyfora.language.caches import CACHE_WRAPPER
from pyfora.language.classes import is_importable, reduce_class
from pyfora.language.instances import (
    Links,
    has_state_hook,
    is_copied_raw,
    links_of,
    reduce_exception,
    reduce_raw,
    reduce_without_hooks,
)
from pyfora.language.making import contents
from pyfora.language.nans import MadeNan, holds_nans, is_nan
from pyfora.language.reach import Namespace, Reach, is_user_module
from pyfora.language.reductions import reductions
from pyfora.language.sets import SETS, MadeSet, holds_sets, made_set, reduce_set
from pyfora.language.sources import CodeReference
from pyfora.language.unconvertible import not_sent
from pyfora.values.parcels import Parcel, make_parcel

CodeForm = CodeReference | bytes
"""How a function's code travels: as its place in source text, or (no text, or same worker kind) marshalled."""

_SENTINELS = {id(dataclasses.MISSING): "MISSING", id(dataclasses.KW_ONLY): "KW_ONLY"}


@dataclasses.dataclass(frozen=True)
class RemoteValue:
    """A value on the cluster, as a program refers to it."""

    value_id: str
    origins: Mapping[int, Any]
    """The functions and classes of the client that its parcel refers to, by their index in the program that made it."""


class Shipper(cloudpickle.Pickler):  # type: ignore[misc]  # an untyped base
    """Pickles several objects, one after the other, into one parcel; they share what they have in common.

    `code_form` says how a function's code travels; `remote_value` says which value on the
    cluster a proxy stands for, and None for anything else.
    """

    dispatch_table: Any
    persistent_id: Any
    memo: Any
    """Of pickle.Pickler: what was pickled, and its index."""

    def __init__(
        self,
        code_form: Callable[[FunctionType], CodeForm],
        remote_value: Callable[[object], RemoteValue | None] | None = None,
        namespaces: Iterable[Namespace] = (),
        doubtful: Mapping[tuple[int, str], str] | None = None,
        stream: io.BytesIO | None = None,
    ) -> None:
        self._stream = io.BytesIO() if stream is None else stream
        self._dumped: list[object] = []
        """All that was pickled, in order."""
        self._referred: tuple[Sequence[int], Iterable[object]] = ((), ())
        self._buffers: list[pickle.PickleBuffer] = []
        # cloudpickle's is a chain of dicts, which is looked through in Python for every instance.
        self.dispatch_table = {**self.dispatch_table, **reductions()}
        super().__init__(self._stream, protocol=5, buffer_callback=self._buffers.append)
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
        self.told_apart: set[int] = set()
        """Exceptions, by identity, whose causes and contexts are told apart from them."""
        self.frame_cells: dict[int, str] = {}
        """Cells of the block's own frame, by identity: the other side has cells of these names in its frame."""
        self.doubtful_cells: dict[int, tuple[CellType, str]] = {}
        """Cells whose contents cannot be sent, with the reason."""
        self.names: dict[int, Any] = {}
        """What is pickled in the place of an object, by identity; None for the object itself."""
        self._named: list[object] = []
        """Holds the sets of `names`: another object could have the id of one that is gone."""
        self._asks_names = False

    def dump(self, obj: Any) -> None:
        """Pickle one more object. Raises what pickling raises; the parcel is spoilt then."""
        self._dumped.append(obj)
        with without_collection():
            super().dump(obj)

    def parcel(self) -> Parcel:
        """All that was pickled. Raises SetOrderError for a set that cannot be made again in its order."""
        if not self._asks_names:
            stream = self._stream.getvalue()
            made = holds_sets(stream) and self.look_at_sets()
            if made or holds_nans(stream):
                self._dump_again()
        return make_parcel(self._stream.getvalue(), self._buffers)

    def remembered(self) -> dict[int, Any]:
        """Every object that was pickled, by its index in the memo: the loader's memo has the same indices.

        To be asked after `parcel`, which may pickle all again.
        """
        found: dict[int, Any] = dict(self.memo.copy().values())
        if self.names:
            made = (MadeSet, MadeNan)
            found = {n: value.original if type(value) in made else value for n, value in found.items()}
        return found

    def look_at_sets(self) -> bool:
        """Whether one of the sets pickled so far would come back in another order; `names` says then what makes it."""
        for number, value in self.memo.copy().values():
            if type(value) in SETS:
                self.names[id(value)] = None if number < len(self._referred[0]) else made_set(value)
                self._named.append(value)
        return any(type(name) is MadeSet for name in self.names.values())

    def _dump_again(self) -> None:
        """Pickle all from the start, with a MadeSet in the place of each such set, and a MadeNan in that of a NaN.

        Pickle asks nobody about these but `persistent_id`, which it then asks about every object: too slow for the
        many programs whose sets are as they would come back, and that have no NaN.
        """
        dumped, (indices, objects) = self._dumped, self._referred
        self._dumped = []
        self._buffers.clear()
        self._stream.seek(0)
        self._stream.truncate()
        self.clear_memo()
        if indices:
            self.refer_to(indices, objects)
            dumped = dumped[1:]
        self.ask_names()
        for obj in dumped:
            self.dump(obj)

    def ask_names(self) -> None:
        """From now on, let `names` say what stands for an object; for sets and NaNs that it does not know, find it."""
        names = self.names
        self._asks_names = True

        def name_of(obj: Any) -> Any:
            found = names.get(id(obj), names)
            if found is not names:
                return found
            if type(obj) in SETS:  # made by a `__reduce__`, which makes another each time
                names[id(obj)] = found = made_set(obj)
                return found
            if is_nan(obj):
                names[id(obj)] = found = MadeNan(obj)
                return found
            return None

        self.persistent_id = name_of

    def refer_to(self, indices: Sequence[int], objects: Iterable[object]) -> None:
        """Before all else: pickle each of `objects` as a reference to what the loader knows by its index."""
        self._referred = (indices, objects)
        self.dump(indices)
        with without_collection():
            # The loader begins with all of them in its memo, so that looking one up here costs nothing.
            stand = {id(value): MadeNan(value) for value in objects if is_nan(value)}
            self.names.update(stand)
            pickled = (stand.get(id(value), value) for value in objects)
            memo = {id(value): (number, value) for number, value in enumerate(pickled)}
            if len(memo) < len(indices):
                # Some are one object here. The next number is the number of entries, so there may be no gap.
                for number in set(range(len(indices))).difference(number for number, _ in memo.values()):
                    filler = object()
                    memo[id(filler)] = (number, filler)
            self.memo = memo
            del memo  # before the collector looks at all of its entries

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
        if kind is CACHE_WRAPPER and is_user_module(obj.__module__):
            return making.make_cached, (obj.__wrapped__, obj.cache_parameters())
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
        if kind is not CACHE_WRAPPER:
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

    def links_of(self, error: BaseException) -> Links | None:
        """The exceptions that `error` is sent with."""
        return None if id(error) in self.told_apart else links_of(error)

    def _is_remote(self, obj: Any) -> bool:
        return self._remote_value is not None and self._remote_value(obj) is not None

    def _reduce_function(self, function: FunctionType) -> Any:
        if is_importable(function):
            return NotImplemented
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
            return NotImplemented  # the other side imports it; what submodules it needs is seen in the end
        return making.module_of, (namespace,)


class ExactShipper(Shipper):
    """For processes that share the work of one program: they see each object whole, or the work is not shared."""

    def _can_be_raw(self, obj: Any) -> bool:
        # Where not, pickling raises. What its class says of copies is no matter: locally there are none.
        return True


@contextmanager
def without_collection() -> Iterator[None]:
    """Keep the garbage collector still: it would look through all of a large value again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


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
