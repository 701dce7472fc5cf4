"""A pickler of several objects into one parcel, right about what pickle asks nobody about: sets, NaNs, great depths."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable, Sequence
from typing import Any

import cloudpickle.cloudpickle as cloudpickle  # type: ignore[import-untyped]

from pyfora.language.collection import without_collection
from pyfora.language.depths import Depths
from pyfora.language.nans import NotANumber, holds_nan, is_nan
from pyfora.language.reductions import reductions
from pyfora.language.sets import SETS, holds_sets, made_set
from pyfora.language.stand_ins import StandIn
from pyfora.values.parcels import Parcel, make_parcel


class ParcelPickler(cloudpickle.Pickler):  # type: ignore[misc]  # an untyped base
    """Pickles several objects, one after the other, into one parcel; they share what they have in common."""

    dispatch_table: Any
    persistent_id: Any
    reducer_override: Any
    memo: Any
    """Of pickle.Pickler: what was pickled, and its index."""

    def __init__(self, stream: io.BytesIO | None = None) -> None:
        self._stream = io.BytesIO() if stream is None else stream
        self._dumped: list[object] = []
        """All that was pickled, in order."""
        self._referred: tuple[Sequence[int], Iterable[object]] = ((), ())
        self._buffers: list[pickle.PickleBuffer] = []
        # cloudpickle's is a chain of dicts, which is looked through in Python for every instance.
        self.dispatch_table = {**self.dispatch_table, **reductions()}
        super().__init__(self._stream, protocol=5, buffer_callback=self._buffers.append)
        self.names: dict[int, Any] = {}
        """What is pickled in the place of an object, by identity; None for the object itself."""
        self._named: list[object] = []
        """Holds sets of `names`: another object could have the id of one that is gone."""
        self._asks_names = False
        self._depths: Depths | None = None
        """Where something is nested too deeply for pickle."""

    def dump(self, obj: Any) -> None:
        """Pickle one more object. Raises what pickling raises; the parcel is spoilt then."""
        self._dumped.append(obj)
        with without_collection():
            if self._depths is not None:
                self._depths.pickle(obj, self._dump_one, lambda: self.memo.copy())
                return
            try:
                self._dump_one(obj)
            except RecursionError:
                self._depths = Depths(self.reducer_override, self.dispatch_table.get)
                self.reducer_override = self._depths.reduce
                self._dump_again()

    def _dump_one(self, obj: object) -> None:
        pickle.Pickler.dump(self, obj)  # cloudpickle's makes another error of a RecursionError

    def parcel(self) -> Parcel:
        """All that was pickled. Raises SetOrderError for a set that cannot be made again in its order."""
        asks = not self._asks_names and self.must_ask_names()
        if self.find_shared_memory(self._referred[1]) or asks:
            self._dump_again()
        return make_parcel(self._stream.getvalue(), self._buffers)

    def remembered(self) -> dict[int, Any]:
        """Every object that was pickled, by its index in the memo: the loader's memo has the same indices.

        To be asked after `parcel`, which may pickle all again.
        """
        found: dict[int, Any] = dict(self.memo.copy().values())
        if self._asks_names:
            found = {n: value.original if isinstance(value, StandIn) else value for n, value in found.items()}
        return found

    def must_ask_names(self) -> bool:
        """Whether something that was pickled so far would come back as another: a NaN, or a set in another order."""
        stream = self._stream.getvalue()
        holds_odd_set = holds_sets(stream) and self._holds_odd_set()
        return holds_odd_set or holds_nan(stream)

    def find_shared_memory(self, known: Iterable[object]) -> bool:
        """Whether arrays pickled so far share memory, with each other or with what is `known` to the other side."""
        return False

    def _holds_odd_set(self) -> bool:
        for number, value in self.memo.copy().values():
            if type(value) in SETS:
                self.names[id(value)] = None if number < len(self._referred[0]) else made_set(value)
                self._named.append(value)
        return any(name is not None for name in self.names.values())

    def _dump_again(self) -> None:
        """Pickle all from the start, with stand-ins in the places of some objects.

        Pickle asks nobody about a set or a float but `persistent_id`, which it then asks about every object: too slow
        for the many programs whose sets are as they would come back, and which have no NaNs.
        """
        dumped, (indices, objects) = self._dumped, self._referred
        self._dumped = []
        self._buffers.clear()
        self._stream.seek(0)
        self._stream.truncate()
        self.clear_memo()
        self._asks_names = True
        if indices:
            self.refer_to(indices, objects)
            dumped = dumped[1:]
        self.ask_names()
        for obj in dumped:
            self.dump(obj)

    def ask_names(self) -> None:
        """From now on, let `names` say what stands for an object; for what it does not know, find it."""
        names, depths = self.names, self._depths
        self._asks_names = True

        def name_of(obj: Any) -> Any:
            found = names.get(id(obj), names)
            if found is not names:
                return found
            if type(obj) in SETS:  # made by a `__reduce__`, which makes another each time
                names[id(obj)] = found = made_set(obj)
                return found
            if is_nan(obj):
                names[id(obj)] = found = NotANumber(obj)
                return found
            if depths is not None and (found := depths.hollow(obj)) is not None:
                names[id(obj)] = found
                return found
            return None

        self.persistent_id = name_of

    def refer_to(self, indices: Sequence[int], objects: Iterable[object]) -> None:
        """Before all else: pickle each of `objects` as a reference to what the loader knows by its index."""
        self._referred = (indices, objects)
        self._dumped.append(indices)
        with without_collection():
            self._dump_one(indices)
            # The loader begins with all of them in its memo, so that looking one up here costs nothing.
            if self._asks_names:
                objects = map(self._known_by_name, objects)
            memo = {id(value): (number, value) for number, value in enumerate(objects)}
            if len(memo) < len(indices):
                # Some are one object here. The next number is the number of entries, so there may be no gap.
                for number in set(range(len(indices))).difference(number for number, _ in memo.values()):
                    filler = object()
                    memo[id(filler)] = (number, filler)
            self.memo = memo
            del memo  # before the collector looks at all of its entries

    def _known_by_name(self, known: object) -> object:
        """`known`, or what stands for it: of a float pickle does not look whether it was pickled before."""
        if not is_nan(known):
            return known
        if self.names.get(id(known)) is None:
            self.names[id(known)] = NotANumber(known)
        return self.names[id(known)]
