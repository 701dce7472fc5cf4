"""Captured lists, dicts and sets of one type, laid out in memory as kernels read those that they make themselves."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pyfora.compile.classes import is_plain_class, parts_from_outside
from pyfora.compile.kinds import DictOf, InMemory, Kind, Known, ListOf, Optional, SetOf, Shape, ViewOf, is_runtime
from pyfora.compile.loop import Element
from pyfora.compile.numpy_kinds import ArrayOf
from pyfora.compile.refusal import NotCompiled

CONTAINERS = (list, dict, collections.Counter, collections.defaultdict, set, frozenset)
"""A subclass of one of these may do anything else."""
ELEMENTS_LIMIT = 1_000_000
"""Elements of one of them, those of the lists in it and so on included."""
DEEPEST = 6
"""How deep they are made of others."""
PARTS_LIMIT = 64
"""Parts of one element."""
_SAMPLE = 64
"""So many elements of each tell what the others are likely to be."""
_LEAST_ROOM = 8
_GOLDEN = 2**64 - 7046029254386353131
_DICT_WORDS, _ENTRY_WORDS, _LIST_WORDS = 7, 3, 3
"""Of a dict's header, an entry of one, and a list's header, as the primitives have them."""
_TYPES: dict[type, Element] = {int: "int", bool: "bool", float: "float"}
_LETTER = Shape(str, ("",), ("int",))


@dataclass(frozen=True)
class Frozen:
    """One of them in memory that has no place yet."""

    layout: str
    """What its words mean."""
    words: Any
    """An array of int64."""
    addresses: Any
    """Which of the words are addresses: they are counted from the first word, in bytes."""
    root: int
    """The word that it begins with."""

    def placed(self) -> tuple[int, Any]:
        """Where it is now, and the memory that must be kept as long."""
        memory = self.words.copy()
        first: int = memory.__array_interface__["data"][0]
        memory[self.addresses] += first
        return first + 8 * self.root, memory


@dataclass
class FrozenOnes:
    """Those that one kernel captures: none is laid out twice, however often the loop is translated."""

    sample: bool = False
    """Whether the first elements of each stand for all."""
    _known: dict[int, tuple[Any, Kind, Frozen]] = field(default_factory=dict)

    def laid_out(self, value: Any) -> tuple[Kind, Frozen]:
        """The kind of such a value, and its memory. Raises NotCompiled, whose reason says what it is one of."""
        if id(value) not in self._known:
            memory = _Memory(_SAMPLE if self.sample else None)
            kind, words, _ = memory.words_of([value], DEEPEST)
            self._known[id(value)] = value, kind, memory.frozen(kind, int(words[0]) // 8)
        return self._known[id(value)][1:]


def layout_of(kind: Kind) -> str:
    """How a value of this kind lies in memory."""
    match kind:
        case Shape():
            return f"({' '.join(layout_of(part) for part in kind.parts if is_runtime(part))})"
        case ListOf(element=element) if element is not None:
            return f"[{layout_of(element)}]"
        case DictOf(key=key, value=inner) if key is not None and inner is not None:
            return f"{{{layout_of(key)} = {layout_of(inner)}}}"
        case SetOf(element=element) if element is not None:
            return f"{{{layout_of(element)}}}"
    return str(kind)


@dataclass
class _Memory:
    """Words that are laid out one after the other."""

    most: int | None = None
    """So many elements of each are looked at; None: all."""
    pieces: list[Any] = field(default_factory=list)
    addresses: list[Any] = field(default_factory=list)
    count: int = 0
    elements: int = 0

    def frozen(self, kind: Kind, root: int) -> Frozen:
        """All of it."""
        import numpy as np

        addresses = np.concatenate(self.addresses) if self.addresses else np.zeros(0, np.int64)
        return Frozen(f"frozen {layout_of(kind)}", np.concatenate(self.pieces), addresses, root)

    def _put(self, columns: list[tuple[Any, bool]]) -> Any:
        """Rows of words, of which some columns are addresses; the address of each row."""
        import numpy as np

        rows = np.stack([np.asarray(column, np.int64) for column, _ in columns], axis=1)
        length, width = rows.shape
        starts = self.count + np.arange(length, dtype=np.int64) * width
        self.addresses += [starts + number for number, (_, is_address) in enumerate(columns) if is_address]
        self.pieces.append(rows.ravel())
        self.count += length * width
        return starts * 8

    def words_of(self, values: list[Any], depth: int) -> tuple[Kind, Any, bool]:
        """The kind of these values, the word that is kept of each, and whether that is an address."""
        kind, columns = self._columns(values, depth)
        if not columns:
            raise NotCompiled("of what is known beforehand")
        if len(columns) == 1:
            return kind, *columns[0]
        return kind, self._put(columns), True

    def _columns(self, values: list[Any], depth: int) -> tuple[Kind, list[tuple[Any, bool]]]:
        """The kind of these values, and a column for each of the words that one is made of."""
        if depth < 0:
            raise NotCompiled("that is nested too deeply")
        self.elements += len(values)
        if self.elements > ELEMENTS_LIMIT:
            raise NotCompiled(f"of more than {ELEMENTS_LIMIT:,} elements")
        types = set(map(type, values))
        if len(types) > 1:
            raise NotCompiled(f"of several types: {' and '.join(sorted(one.__name__ for one in types))}")
        if not types:
            raise NotCompiled("that is empty, or of empty ones")
        (python,) = types
        if python in _TYPES:
            return _TYPES[python], [(_numbers(values, python), False)]
        if python is str:
            return _letters(values)
        if python is type(None):
            return Known(None), []
        if python is list:
            return self._lists(values, depth)
        if python in CONTAINERS:
            return self._tables(values, python, depth)
        return self._made(values, python, depth)

    def _made(self, values: list[Any], python: type, depth: int) -> tuple[Kind, list[tuple[Any, bool]]]:
        """Of tuples, instances and the like."""
        if python is tuple:
            lengths = set(map(len, values))
            names, parts = [("",) * length for length in lengths], values
        else:
            first = parts_from_outside(values[0])
            if first is None:
                raise NotCompiled(f"of elements of type {python.__name__}")
            names, parts = _parts_of(values, tuple(first[1]))
        if len(names) != 1 or not 0 < len(names[0]) <= PARTS_LIMIT:
            raise NotCompiled(f"of elements of type {python.__name__} that have several numbers of parts")
        kinds, columns = [], []
        for part in zip(*parts, strict=True):
            kind, more = self._columns([*part], depth - 1)
            kinds.append(kind)
            columns += more
        return Shape(python, names[0], tuple(kinds)), columns

    def _lists(self, values: list[list[Any]], depth: int) -> tuple[Kind, list[tuple[Any, bool]]]:
        import numpy as np

        values = [one[: self.most] for one in values]
        element, words, is_address = self.words_of([*itertools.chain.from_iterable(values)], depth - 1)
        first = self._put([(words, is_address)])[0]
        lengths = np.fromiter(map(len, values), np.int64, len(values))
        before = np.cumsum(lengths) - lengths
        headers = self._put([(first + 8 * before, True), (lengths, False), (lengths, False)])
        return ListOf(element, is_frozen=True), [(headers, True)]

    def _tables(self, values: list[Any], python: type, depth: int) -> tuple[Kind, list[tuple[Any, bool]]]:
        """Of dicts and sets."""
        import numpy as np

        of_pairs = issubclass(python, dict)
        counts = [len(one) if self.most is None else min(len(one), self.most) for one in values]
        keys = self._all(values)
        key, columns = self._columns(keys, depth - 1)
        _must_be_keys(key, columns)
        words, is_address = (self._put(columns), True) if len(columns) > 1 else columns[0]
        inner, kept, kept_is_address = _of_no_values(len(keys))
        if of_pairs:
            inner, kept, kept_is_address = self.words_of(self._all([one.values() for one in values]), depth - 1)
        live = np.ones(len(keys), np.int64)
        entries = self._put([(words, is_address), (kept, kept_is_address), (live, False)])
        hashes, start, headers = _hashes([column for column, _ in columns]), 0, []
        for count in counts:
            slots = _slots(hashes[start : start + count])
            table = self._put([(slots, False)])[0]
            # An empty one looks at no entries, wherever they are.
            first = entries[start] if count else 0
            headers.append((first, count, count, count, table, len(slots) - 1, 0))
            start += count
        header_columns = [*zip(*headers, strict=True)]
        assert len(header_columns) == _DICT_WORDS
        addresses = self._put([(column, number in (0, 4)) for number, column in enumerate(header_columns)])
        if of_pairs:
            return DictOf(python, key, inner, is_frozen=True), [(addresses, True)]
        return SetOf(key, is_frozen=True, python=python), [(addresses, True)]

    def _all(self, values: Iterable[Iterable[Any]]) -> list[Any]:
        """The elements of all of these."""
        return [*itertools.chain.from_iterable(itertools.islice(one, self.most) for one in values)]


def _of_no_values(count: int) -> tuple[Kind, Any, bool]:
    """What the entries of a set have in the place of values."""
    import numpy as np

    return "int", np.zeros(count, np.int64), False


def _parts_of(values: list[Any], names: tuple[str, ...]) -> tuple[list[tuple[str, ...]], list[Any]]:
    """The names of the parts of values of one type, if they are those of all of them, and the parts."""
    if is_plain_class(type(values[0])) and all(hasattr(one, "__dict__") for one in values):
        attributes = [vars(one) for one in values]
        if all(len(one) == len(names) for one in attributes) and set(attributes[0]) == set(names):
            try:
                return [names], [[one[name] for name in names] for one in attributes]
            except KeyError:
                return [], []
    found = [parts_from_outside(one) for one in values]
    parts = [one[2] for one in found if one is not None]
    return list({tuple(one[1]) for one in found if one is not None}) if len(parts) == len(values) else [], parts


def _numbers(values: list[Any], python: type) -> Any:
    """The words of scalars of this type."""
    import numpy as np

    try:
        return np.array(values, np.float64).view(np.int64) if python is float else np.array(values, np.int64)
    except OverflowError:
        raise NotCompiled("of ints beyond 64 bits") from None


def _letters(values: list[str]) -> tuple[Kind, list[tuple[Any, bool]]]:
    import numpy as np

    if set(map(len, values)) != {1}:
        raise NotCompiled("of texts that are not single letters")
    return _LETTER, [(np.fromiter(map(ord, values), np.int64, len(values)), False)]


def _must_be_keys(kind: Kind, columns: list[tuple[Any, bool]]) -> None:
    """Refuse keys that may be equal without having the same words, or the other way round."""
    import numpy as np

    if not can_be_key(kind):
        raise NotCompiled(f"with keys of type {kind}")
    if kind == "float":
        numbers = columns[0][0].view(np.float64)
        if bool(np.isnan(numbers).any()) or bool(((numbers == 0.0) & np.signbit(numbers)).any()):
            raise NotCompiled("with a key that is nan or -0.0")
    elif isinstance(kind, Shape) and "float" in kind.parts:
        raise NotCompiled("with keys that are tuples of floats")


def can_be_key(kind: Kind) -> bool:
    """Whether values of this kind are equal where their words are; floats are looked at one by one."""
    if isinstance(kind, Shape):
        return kind.python in (tuple, str) and is_runtime(kind) and all(map(can_be_key, kind.parts))
    return isinstance(kind, str)


def _hashes(columns: Iterable[Any]) -> Any:
    """As `hash_dict` has them."""
    import numpy as np

    golden, half = np.uint64(_GOLDEN), np.uint64(32)
    words = [column.view(np.uint64) for column in columns]
    if len(words) == 1:
        return ((words[0] ^ (words[0] >> half)) * golden) >> half
    mixed = np.zeros(len(words[0]), np.uint64)
    for word in words:
        mixed = (mixed ^ word) * golden
        mixed = mixed ^ (mixed >> half)
    return mixed


def _slots(hashes: Any) -> Any:
    """The table of keys that are all different: each goes on only where its place is taken."""
    import numpy as np

    room = _LEAST_ROOM
    while room < len(hashes):
        room *= 2
    mask = 2 * room - 1
    slots = np.zeros(2 * room, np.int64)
    entries = np.arange(1, len(hashes) + 1, dtype=np.int64)
    places = (hashes & np.uint64(mask)).astype(np.int64)
    while len(entries):
        free = slots[places] == 0
        slots[places[free]] = entries[free]
        left = slots[places] != entries
        entries, places = entries[left], (places[left] + 1) & mask
    return slots


def is_of_texts(value: Any) -> bool:
    """Whether its keys are texts, so that it can be asked for those that are known beforehand."""
    return type(value) is not list and len(value) > 0 and set(map(type, value)) == {str}


def can_be_changed(kind: Kind | None) -> bool:
    """Whether what can be changed may be reached from a value of this kind."""
    match kind:
        case ArrayOf():
            return not kind.is_frozen
        case Shape():
            return any(map(can_be_changed, kind.parts))
        case Optional():
            return can_be_changed(kind.of)
        case ListOf(is_frozen=True) | DictOf(is_frozen=True) | SetOf(is_frozen=True):
            return False
        case ViewOf():
            return can_be_changed(kind.of)
    return isinstance(kind, InMemory)
