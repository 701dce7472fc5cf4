"""The folders of what turns of a loop add to variables: kept until all of it is known to fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyfora.fold import numpy_totals
from pyfora.fold.adding import WAYS, Steps
from pyfora.fold.folders import Folder, MustRunInOrder, NeedsElements
from pyfora.fold.left_to_right import LeftToRightFolder
from pyfora.fold.partials import Form, Partial, Total
from pyfora.fold.rows import Rows, counted, exact_sum, first_of_each, first_winner, last_of_each, side_by_side
from pyfora.fold.sums import FloatState

FoldTerms = Callable[[Any, int, FloatState], FloatState]
TOTAL = "total"
"""How a leaf may shorten what is added by `+=`, where all of it are ints."""


def folder_of(steps: Steps, values: tuple[Any, ...], fold_terms: FoldTerms, element_type: str | None) -> Folder:
    """The folder of what turns add to variables of these values; it finishes with the variables after them.

    `element_type`: of what turns add, where it is known.
    """
    kind, at = steps[0]
    if len(steps) == 1 and kind == "+=" and type(values[at[0]]) in (int, float):
        total = LeftToRightFolder(values[at[0]], fold_terms)
        if element_type == "float":
            total.expect_floats()
        return total
    if len(steps) == 1 and kind == "append":
        return AppendedFolder(values[at[0]])
    return AddedFolder(steps, values, fold_terms)


class AppendedFolder(Folder):
    """Keeps what is appended to a list, arrays as such."""

    def __init__(self, appended_to: list[Any]) -> None:
        self._appended_to = appended_to
        self._partials: list[Partial] = []

    def absorb(self, partial: Partial) -> None:
        self._partials.append(partial)

    def finish(self) -> tuple[list[Any]]:
        """The list, with all of it."""
        for partial in self._partials:
            self._appended_to.extend(partial.elements())
        return (self._appended_to,)


# ---- what a leaf makes of rows -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Repeated:
    """Rows, each of which is added several times in a row."""

    rows: Rows
    times: Any
    """An array of int64."""


Added = Rows | Repeated | Total


def shortened(kind: str, rows: Rows) -> Added:
    """What adds as much as these rows do, in a way of adding (or as a TOTAL) to what nothing else is added to."""
    if not len(rows):
        return rows
    match kind:
        case "total" if rows.spec in ("int", "bool"):
            return Total(exact_sum(rows.columns[0]), None)
        case "max" | "min":
            return rows.at([first_winner(rows.columns[0], largest=kind == "max")])
        case ">" | "<" | ">=" | "<=":
            return rows.at([first_winner(rows.columns[0], largest=kind[0] == ">", last=kind.endswith("="))])
        case "add":
            return rows.at(first_of_each(rows))
        case "[]=":
            first, last = last_of_each(rows.part(1))
            return side_by_side(rows.part(0).at(last), rows.part(1).at(first))
        case "[]+=" | "get+":
            return _counted(kind, rows)
    return rows


def _counted(kind: str, rows: Rows) -> Added:
    key, value = (rows.part(0), rows.part(1)) if kind == "[]+=" else (rows.part(2), rows.part(1))
    added = value.columns[0]
    if kind == "get+" and not _are_the_same(rows.part(0), key):
        return rows
    if value.spec not in ("int", "bool") or (added != added[0]).any():
        return rows
    positions, times = counted(key)
    return Repeated(rows.at(positions), times)


def _are_the_same(one: Rows, other: Rows) -> bool:
    if one.spec != other.spec:
        return False
    pairs = zip(one.columns, other.columns, strict=True)
    return all(bool((left == right).all()) for left, right in pairs)


# ---- several ways at once ------------------------------------------------------------------------------------------


class AddedFolder(Folder):
    """Keeps what turns add, as long as adding it can neither raise nor run code of the user's."""

    def __init__(self, steps: Steps, values: tuple[Any, ...], fold_terms: FoldTerms) -> None:
        self._steps, self._values = steps, values
        self._fold_terms = fold_terms
        self._added: list[tuple[int, Any]] = []
        """In order: the number of the step, and what it adds; or `Added` of many turns."""
        self._no_longer_ints: set[int] = set()
        """Variables (by index) that something else than an int may have been added to."""
        self._numpy = {index: value for index, value in enumerate(values) if numpy_totals.is_total(value)}
        """Variables (by index) that are numbers of numpy's, with all that was absorbed."""

    @property
    def form(self) -> Form:
        return Form.ADDED

    @property
    def shortenings(self) -> tuple[tuple[int, str], ...]:
        """For each stream of what is added: the number of its first step, and how a leaf may shorten it."""
        variables = [at for _, at in self._steps]
        first = [variables.index(at) for at in dict.fromkeys(variables)]
        return tuple((number, self._shortening(*self._steps[number])) for number in first)

    def _shortening(self, kind: str, at: tuple[int, ...]) -> str:
        if kind != "+=":
            return kind
        return TOTAL if type(self._values[at[0]]) in (int, bool) else ""

    # ---- absorbing ---------------------------------------------------------------------------------------------

    def absorb(self, partial: Partial) -> None:
        if partial.form is Form.ADDED:
            self._absorb_many(partial.data)
            return
        elements = partial.elements()
        if len(self._steps) == 1:
            elements = [(0, value) for value in elements]
        totals, others = dict(self._numpy), []
        for number, value in elements:
            kind, at = self._steps[number]
            if at[0] in totals:
                totals[at[0]] = _of_its_type(numpy_totals.added_one(totals[at[0]], value))
                continue
            others.append((number, value))
            if not WAYS[kind].fits(self._values[at[0]], value):
                raise MustRunInOrder("to add what a turn gives may raise, or run code of the program's")
            if kind == "+=" and type(value) not in (int, bool):
                self._no_longer_ints.add(at[0])
        self._numpy = totals
        self._added += others

    def _absorb_many(self, added: list[tuple[int, Added]]) -> None:
        totals = dict(self._numpy)
        for number, one in added:
            kind, at = self._steps[number]
            if at[0] in totals:
                totals[at[0]] = self._added_to_numpys(totals[at[0]], one)
                continue
            if isinstance(one, Total) and at[0] in self._no_longer_ints:
                # Adding floats is not associative.
                raise NeedsElements
            if not self._all_fit(kind, self._values[at[0]], one):
                raise MustRunInOrder("to add what a turn gives may raise, or run code of the program's")
        self._numpy = totals
        for number, one in added:
            kind, at = self._steps[number]
            if at[0] in totals:
                continue
            if kind == "+=" and isinstance(one, Rows) and one.spec == "float" and len(one):
                self._no_longer_ints.add(at[0])
            self._added.append((number, one))

    def _added_to_numpys(self, total: Any, added: Added) -> Any:
        return _of_its_type(numpy_totals.added(total, added, self._fold_terms) if isinstance(added, Rows) else None)

    def _all_fit(self, kind: str, holder: Any, added: Added) -> bool:
        fits = WAYS[kind].fits
        if isinstance(added, Total):
            return fits(holder, 0)
        rows = added.rows if isinstance(added, Repeated) else added
        if kind in ("+=", "append"):
            # One stands for all, which are of one type.
            return not len(rows) or fits(holder, rows.at([0]).values()[0])
        return all(fits(holder, value) for value in self._given(kind, rows))

    def _given(self, kind: str, rows: Rows) -> list[Any]:
        """What a turn that is run by CPython gives for these rows."""
        if kind in ("max", "min"):
            which = max if kind == "max" else min
            return [(which, value) for value in rows.values()]
        return rows.values()

    # ---- adding ------------------------------------------------------------------------------------------------

    def finish(self) -> tuple[Any, ...]:
        """The variables with all of it added, one after the other."""
        after = [self._numpy.get(index, value) for index, value in enumerate(self._values)]
        for number, value in self._added:
            kind, at = self._steps[number]
            if isinstance(value, Rows):
                self._add_rows(after, kind, at, value)
            elif isinstance(value, Repeated):
                self._add_repeatedly(after, kind, at, value)
            else:
                WAYS[kind].add(after, at, value.value if isinstance(value, Total) else value)
        return tuple(after)

    def _add_rows(self, after: list[Any], kind: str, at: tuple[int, ...], rows: Rows) -> None:
        if kind == "append":
            after[at[0]].extend(rows.values())
        elif kind != "+=" or not len(rows) or not self._add_numbers(after, at[0], rows):
            for value in self._given(kind, rows):
                WAYS[kind].add(after, at, value)

    def _add_numbers(self, after: list[Any], index: int, rows: Rows) -> bool:
        """Many numbers to one; False where CPython is to add them itself."""
        total = after[index]
        if rows.spec not in ("int", "bool", "float") or type(total) not in (int, bool, float):
            return False
        if rows.spec != "float" and type(total) is not float:
            after[index] = total + exact_sum(rows.columns[0])
            return True
        terms = rows.columns[0].astype("float64")
        (total,) = self._fold_terms(terms, len(terms), (float(total),))
        if total != total:
            # Which NaN it is was the choice of the compiler of CPython.
            return False
        after[index] = total
        return True

    def _add_repeatedly(self, after: list[Any], kind: str, at: tuple[int, ...], repeated: Repeated) -> None:
        holder, way = after[at[0]], WAYS[kind]
        for value, times in zip(repeated.rows.values(), repeated.times.tolist(), strict=True):
            way.add(after, at, value)
            key = value[0]
            if type(holder[key]) is int:
                holder[key] += value[1] * (times - 1)
                continue
            for _ in range(times - 1):
                way.add(after, at, value)


def _of_its_type(found: Any) -> Any:
    """What `numpy_totals` found for a total."""
    if found is None:
        raise MustRunInOrder("what a turn adds to a number of numpy's may change its type, or make numpy warn")
    return found
