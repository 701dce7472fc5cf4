"""The ways in which turns of a loop add to variables that the loop itself does not look at."""

from __future__ import annotations

import dis
import functools
import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import CO_OPTIMIZED
from types import CellType, CodeType, FrameType, FunctionType
from typing import Any

from pyfora.fold import numpy_totals
from pyfora.fold.left_to_right import INT_BITS_LIMIT
from pyfora.fold.partials import are_plain
from pyfora.fold.views import ATOMS

Steps = tuple[tuple[str, tuple[int, ...]], ...]
"""The ways in which a turn adds: each its kind, and which of the variables it sets (by index)."""

_SEES_ALL = frozenset(("globals", "eval", "exec", "vars", "locals"))
_SAMPLE = 20
_GLOBAL_READS = frozenset(("LOAD_GLOBAL", "LOAD_NAME"))
UNBOUND = object()
"""In the place of the value of a variable that has none."""


@dataclass(frozen=True)
class TurnNames:
    """The variables that turns bind, as they are in the frame of the loop before it goes on elsewhere.

    Turns that are done elsewhere bind variables of their own: whatever else looks at these would see older turns.
    """

    local: Mapping[str, Any]
    """Of a function, with their values; those that are not bound yet are `UNBOUND`."""
    names: frozenset[str] = frozenset()
    """Global ones."""
    space: Mapping[str, Any] | None = None
    """Where the global ones are."""

    @classmethod
    def of(cls, frame: FrameType, part: CodeType) -> TurnNames:
        """Those of the loop in this frame whose turns `part` does."""
        code, values = frame.f_code, frame.f_locals
        bound = {*part.co_varnames[part.co_argcount :], *part.co_cellvars} - {*part.co_varnames[: part.co_argcount]}
        is_function = bool(code.co_flags & CO_OPTIMIZED)
        own = bound & {*code.co_varnames, *code.co_cellvars, *code.co_freevars} if is_function else set[str]()
        return cls({name: values.get(name, UNBOUND) for name in own}, frozenset(bound - own), frame.f_globals)

    def are_seen_by(self, function: FunctionType) -> bool:
        """Whether this function may look at one of them."""
        if function.__globals__ is self.space and _reads_global(function.__code__, self.names):
            return True
        # A variable of the same name somewhere else has other contents, but by chance.
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        return any(name in self.local and _contents(cell) is self.local[name] for name, cell in cells)


def _contents(cell: CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return UNBOUND


def _reads_global(code: CodeType, names: frozenset[str]) -> bool:
    """Whether this code, or code within it, reads one of these as a global variable."""
    if not names.isdisjoint(code.co_names):
        # Attributes are among these names, too.
        loads = (one for one in dis.get_instructions(code) if one.opname in _GLOBAL_READS)
        if any(one.argval in names for one in loads):
            return True
    return any(type(constant) is CodeType and _reads_global(constant, names) for constant in code.co_consts)


@dataclass(frozen=True)
class AddedTo:
    """The variables that a loop adds to, as they are before it goes on elsewhere."""

    names: tuple[str, ...]
    values: tuple[Any, ...]
    turn: TurnNames = TurnNames({})
    """What its turns bind beside these."""

    def are_seen_by(self, objects: Iterable[object]) -> bool:
        """Whether the loop may look at them, where `objects` are all that it can reach."""
        if not self.names:
            return False
        held = {id(value) for value in self.values if type(value) not in ATOMS}
        for value in self.values:
            # Of groups each is added to.
            if isinstance(value, (dict, list)):
                held.update(
                    id(one) for one in (value.values() if isinstance(value, dict) else value) if type(one) is list
                )
        names = _SEES_ALL.union(self.names)
        return any(
            id(one) in held
            or (type(one) is FunctionType and (_mentions(one.__code__, names) or self.turn.are_seen_by(one)))
            for one in objects
        )


NOTHING = AddedTo((), ())


def _mentions(code: CodeType, names: frozenset[str]) -> bool:
    if not names.isdisjoint(code.co_names) or not names.isdisjoint(code.co_freevars):
        return True
    return any(type(constant) is CodeType and _mentions(constant, names) for constant in code.co_consts)


def can_be_added_to(steps: Steps, values: tuple[Any, ...]) -> bool:
    """Whether to add to variables of these values runs no code but Python's own, and to each of them for itself."""
    held = [id(value) for value in values if type(value) not in ATOMS]
    return len(set(held)) == len(held) and all(_may_hold(kind, values[at[0]]) for kind, at in steps)


def _may_hold(kind: str, value: Any) -> bool:
    return type(value) in WAYS[kind].holders or (kind == "+=" and numpy_totals.is_total(value))


def brings_objects(steps: Steps, values: tuple[Any, ...]) -> bool:
    """Whether what was added of late is more than numbers and texts."""
    lists = [values[at[0]] for kind, at in steps if kind in ("append", "extend")]
    return not all(are_plain(one[-_SAMPLE:]) for one in lists)


@dataclass(frozen=True)
class Way:
    """One way of adding."""

    holders: frozenset[type]
    """What the variable may hold."""
    fits: Callable[[Any, Any], bool]
    """Whether a value may be added, given what the variable holds."""
    add: Callable[[list[Any], tuple[int, ...], Any], None]
    """Adds a value to the variables, in place of them."""


_NUMBERS = frozenset((int, float, complex, bool))
_ORDERED = frozenset((int, float, bool, str))
_KEYS = frozenset((int, str, bytes, bool, type(None)))
"""Types of keys that compare and hash by value, and are always equal to themselves."""


def _is_number(value: Any) -> bool:
    return type(value) in _NUMBERS and (type(value) is not int or value.bit_length() <= INT_BITS_LIMIT)


def _is_key(key: Any) -> bool:
    if type(key) is tuple:
        return all(map(_is_key, key))
    return type(key) in _KEYS or (type(key) is float and key == key)


def _fits_sum(holder: Any, value: Any) -> bool:
    if type(holder) is str:
        return type(value) is str
    if type(holder) is list:
        return type(value) in (list, tuple, range)
    return _is_number(value) and _is_number(holder)


def _fits_order(holder: Any, value: Any) -> bool:
    if type(holder) is str:
        return type(value) is str
    return type(value) in _NUMBERS and type(value) is not complex


def _fits_winner(which: Callable[..., Any], holder: Any, pair: Any) -> bool:
    return pair[0] is which and _fits_order(holder, pair[1])


def _fits_place(holder: Any, key: Any) -> bool:
    if type(holder) is list:
        return type(key) is int and -len(holder) <= key < len(holder)
    return _is_key(key)


def _fits_count(holder: Any, pair: Any) -> bool:
    key, value = pair
    if not _is_number(value) or not _fits_place(holder, key):
        return False
    if type(holder) is list or key in holder:
        return _is_number(holder[key])
    return type(holder) is Counter or (type(holder) is defaultdict and holder.default_factory in (int, float))


def _fits_get(holder: Any, given: Any) -> bool:
    asked, value, key = given
    return _is_number(value) and _is_key(key) and _is_key(asked) and _is_number(holder.get(asked, 0))


def _fits_group(holder: Any, pair: Any) -> bool:
    key, _ = pair
    if not _fits_place(holder, key):
        return False
    if type(holder) is list or key in holder:
        return type(holder[key]) is list
    return type(holder) is defaultdict and holder.default_factory is list


def _fits_default(holder: Any, pair: Any) -> bool:
    key, _ = pair
    return _is_key(key) and type(holder.get(key, [])) is list


def _add_up(after: list[Any], at: tuple[int, ...], value: Any) -> None:
    after[at[0]] += value


def _put(after: list[Any], at: tuple[int, ...], pair: Any) -> None:
    after[at[0]][pair[1]] = pair[0]


def _count(after: list[Any], at: tuple[int, ...], pair: Any) -> None:
    after[at[0]][pair[0]] += pair[1]


def _get_and_add(after: list[Any], at: tuple[int, ...], given: Any) -> None:
    holder, (asked, value, key) = after[at[0]], given
    holder[key] = holder.get(asked, 0) + value


def _winner(which: Callable[..., Any]) -> Way:
    def choose(after: list[Any], at: tuple[int, ...], pair: Any) -> None:
        after[at[0]] = which(after[at[0]], pair[1])

    return Way(_ORDERED, functools.partial(_fits_winner, which), choose)


def _order(compare: Callable[[Any, Any], bool]) -> Way:
    def replace(after: list[Any], at: tuple[int, ...], taken: Any) -> None:
        if compare(taken[0], after[at[0]]):
            for index, value in zip(at, taken, strict=True):
                after[index] = value

    return Way(_ORDERED, lambda holder, taken: _fits_order(holder, taken[0]), replace)


_DICTS = frozenset((dict, defaultdict, Counter))
WAYS: dict[str, Way] = {
    "+=": Way(_NUMBERS | {str, list}, _fits_sum, _add_up),
    "append": Way(frozenset((list,)), lambda holder, value: True, lambda after, at, value: after[at[0]].append(value)),
    "extend": Way(
        frozenset((list,)),
        lambda holder, value: type(value) in (list, tuple, range, str),
        lambda after, at, value: after[at[0]].extend(value),
    ),
    "add": Way(
        frozenset((set,)), lambda holder, value: _is_key(value), lambda after, at, value: after[at[0]].add(value)
    ),
    "[]=": Way(_DICTS | {list}, lambda holder, pair: _fits_place(holder, pair[1]), _put),
    "[]+=": Way(_DICTS | {list}, _fits_count, _count),
    "get+": Way(_DICTS, _fits_get, _get_and_add),
    "[]append": Way(
        frozenset((dict, defaultdict, list)),
        _fits_group,
        lambda after, at, pair: after[at[0]][pair[0]].append(pair[1]),
    ),
    "setdefault": Way(
        frozenset((dict, defaultdict)),
        _fits_default,
        lambda after, at, pair: after[at[0]].setdefault(pair[0], []).append(pair[1]),
    ),
    "max": _winner(max),
    "min": _winner(min),
    ">": _order(operator.gt),
    "<": _order(operator.lt),
    ">=": _order(operator.ge),
    "<=": _order(operator.le),
}
