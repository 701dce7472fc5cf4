"""The parallel primitives: what rewritten comprehensions and folded generator expressions call in a driver."""

from __future__ import annotations

import functools
import itertools
import math
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from types import BuiltinMethodType
from typing import Any

from pyfora.compile import finish_float_sum, fold_float_terms
from pyfora.execute.in_place import as_comprehension, comprehension_in_place
from pyfora.execute.jumping import InPlace, Jumping
from pyfora.execute.keys import Keys, handing_out
from pyfora.execute.loops import LoopReport, LoopRun
from pyfora.execute.offers import Offer, TakenBack
from pyfora.execute.output import ProgramOutput
from pyfora.execute.paces import Paces
from pyfora.execute.prefix import Prefix
from pyfora.execute.short import short_loops
from pyfora.execute.spreading import Spreader
from pyfora.fold.adding import Steps
from pyfora.fold.folders import (
    ElementsFolder,
    FirstFolder,
    Folder,
    MergedFolder,
    MustRunInOrder,
    TruthFolder,
    WinnerFolder,
)
from pyfora.fold.partials import NUMBERS, Form, Partial, are_plain, have_an_order
from pyfora.fold.plan import Plan
from pyfora.fold.sources import Source, as_source
from pyfora.fold.sums import FloatState, SumFolder, add_floats
from pyfora.fold.views import View, functions_of
from pyfora.language.primitives import COMPREHENSION, FOLD, KEYED, LOOP, REDUCE

# By identity: asking a user's callable whether it equals one of these could run code of the user's.
_SPREAD = {id(callee) for callee in (sum, min, max, any, all, next, list, tuple, set, frozenset, dict, sorted)}
_SPREAD |= {id(callee) for callee in (math.fsum, math.prod, statistics.mean, statistics.fmean, Counter)}
_STOPPING = {id(callee) for callee in (any, all, next)}
"""What need not go through all elements."""

SAMPLE = 20
"""Elements that are looked at, to know what it costs to bring such elements from another process."""


class _Elsewhere(BaseException):
    """Thrown through a builtin that has seen the first elements: the rest is folded without it.

    A BaseException, as no builtin catches it.
    """

    def __init__(self, folder: Folder) -> None:
        self.folder = folder


def _is_spread(callee: object) -> bool:
    if id(callee) in _SPREAD:
        return True
    return isinstance(callee, BuiltinMethodType) and callee.__name__ == "join" and type(callee.__self__) in (str, bytes)


def _stand_in(callee: Any) -> Callable[..., Any]:
    """What leaves are told to make their elements for: nothing of the user's, and what hashes them hashes them."""
    if callee is Counter:
        return set
    return callee if getattr(callee, "__module__", None) == "builtins" else functools.reduce


def _fold_terms(terms: Any, count: int, state: FloatState) -> FloatState:
    """As `fold_float_terms`, without loading the compiler for a sum that has not needed it."""
    return fold_float_terms(terms, count, state) if "numba" in sys.modules else add_floats(terms.tolist(), state)


class Folding:
    """The primitives of one driver."""

    def __init__(self, spreader: Spreader, output: ProgramOutput, report: LoopReport) -> None:
        self._spreader = spreader
        self._output = output
        self._report = report
        self.paces = Paces()
        self._in_order: set[str] = set()
        """The places of loops whose turns turned out to share something."""

    def fold(
        self,
        callee: Callable[..., Any],
        part: Callable[[Any], Any] | None,
        source: Any,
        *rest: Any,
        at: str,
        **keywords: Any,
    ) -> Any:
        """`callee(generator, *rest, **keywords)`, where the generator is `part(source)`; None: the source itself."""
        if part is None:
            if not isinstance(source, View):
                return callee(source, *rest, **keywords)
            part = iter
        cut = self._cut(source) if _is_spread(callee) else None
        if cut is None or (rest and callee not in (sum, next)):
            return callee(part(source), *rest, **keywords)
        # Those that stop may have met one element only.
        elements = 1 if id(callee) in _STOPPING else len(cut) or 1
        if self.paces.is_quick(at, len(cut)):
            started_at = perf_counter()
            answer = callee(part(cut), *rest, **keywords)
            self.paces.note(at, (perf_counter() - started_at) / elements)
            return answer
        numeric = callee is sum or (callee in (min, max) and "key" not in keywords)
        loop = _Loop(self, part, cut, _stand_in(callee), at, keep=numeric)

        def bound(items: Iterator[Any]) -> Any:
            return callee(items, *rest, **keywords)

        def folder() -> Folder | None:
            kept = loop.prefix.kept
            if callee in (any, all):
                return TruthFolder(callee)
            if callee is next:
                return FirstFolder(bound)
            if callee is sum:
                return self._sum(rest[0] if rest else keywords.get("start", 0), kept, loop)
            return WinnerFolder(bound, kept) if numeric and have_an_order(kept) else None

        # The builtin is called once, since comparing and adding may be the user's code: it is fed the elements as they
        # are made, here or elsewhere, unless something shorter than the elements will do.
        started_at = perf_counter()
        try:
            answer = bound(itertools.chain.from_iterable(loop.stream(folder)))
            if id(callee) in _STOPPING:
                self.paces.note(at, perf_counter() - started_at)
            return answer
        except _Elsewhere as chosen:
            found = chosen.folder
        if loop.spread_into(found):
            return found.finish()
        return bound(itertools.chain(loop.prefix.kept, loop.prefix.rest()))

    def reduce(
        self,
        callee: Callable[..., Any],
        function: Any,
        part: Callable[[Any], Any] | None,
        source: Any,
        *rest: Any,
        at: str,
    ) -> Any:
        """`reduce(function, generator, *rest)`: the elements are made in parallel, and reduced in order."""
        if part is None:
            if not isinstance(source, View):
                return callee(function, source, *rest)
            part = iter
        cut = self._cut(source) if callee is functools.reduce else None
        if cut is None:
            return callee(function, part(source), *rest)
        if self.paces.is_quick(at, len(cut)):
            started_at = perf_counter()
            answer = callee(function, part(cut), *rest)
            self.paces.note(at, (perf_counter() - started_at) / (len(cut) or 1))
            return answer
        loop = _Loop(self, part, cut, functools.reduce, at)
        return callee(function, itertools.chain.from_iterable(loop.stream(lambda: None)), *rest)

    def keyed(self, callee: Callable[..., Any], source: Any, key: Any, *, at: str, **keywords: Any) -> Any:
        """`callee(source, key=key, **keywords)`, where `callee` is `sorted`, `min` or `max`: makes keys in parallel."""
        cut = self._cut(source)
        if cut is None:
            return callee(source, key=key, **keywords)
        if self.paces.is_quick(at, len(cut)):
            started_at = perf_counter()
            answer = callee(source, key=key, **keywords)
            self.paces.note(at, (perf_counter() - started_at) / (len(cut) or 1))
            return answer
        # All keys are made before the first two are compared, and of a copy; `min` and `max` compare on the way.
        if callee is sorted and type(source) is not range:
            cut = source = list(source)
        loop = _Loop(self, Keys(key), cut, callee, at)
        keys = itertools.chain.from_iterable(loop.stream(lambda: None))
        started_at = perf_counter()
        answer = as_comprehension(lambda: callee(source, key=handing_out(keys, key), **keywords))
        if loop.prefix.plan is Plan.HERE:
            # Nobody asked for one key more than there are, which would have noted it.
            self.paces.note(at, (perf_counter() - started_at) / (len(cut) or 1))
        return answer

    def comprehension(self, kind: str, part: Callable[[Any], Any], source: Any, *, at: str) -> Any:
        """The list, set or dict of the comprehension whose part this is."""
        cut = self._cut(source)
        if cut is None:
            return comprehension_in_place(kind, part, source, at=at)
        if kind == "set":
            return as_comprehension(lambda: self.fold(set, part, cut, at=at))
        if self.paces.is_quick(at, len(cut)):
            started_at = perf_counter()
            answer = part(cut)
            self.paces.note(at, (perf_counter() - started_at) / (len(cut) or 1))
            return answer
        return as_comprehension(lambda: self._collect(kind, part, cut, at))

    def _collect(self, kind: str, part: Callable[[Any], Any], source: Source, at: str) -> Any:
        loop = _Loop(self, part, source, list if kind == "list" else dict, at)
        made: Any = [] if kind == "list" else {}
        add = made.extend if kind == "list" else made.update
        for chunk in loop.prefix.chunks():
            add(chunk)
            newest = made[-SAMPLE:] if kind == "list" else list(itertools.islice(made.values(), SAMPLE))
            loop.prefix.makes_objects = not are_plain(newest)
        loop.note_pace()
        if loop.prefix.plan is Plan.HERE:
            return made
        folder = ElementsFolder() if kind == "list" else MergedFolder(dict(made))
        if not loop.spread_into(folder):
            add(loop.prefix.rest())
            return made
        if kind == "dict":
            return folder.finish()
        add(folder.finish())
        return made

    def loop(
        self, source: Any, part: Callable[[Any], Any], steps: Steps, names: tuple[str, ...], *, unpacks: bool, at: str
    ) -> InPlace | Jumping:
        """What a `for` loop that accumulates runs over, in the place of `source`.

        `unpacks`: the loop's target is several names.
        """
        cut = None if at in self._in_order else self._cut(source)
        if cut is None or functions_of(cut) or self.paces.is_short(at, len(cut)):
            return InPlace(source)
        run = functools.partial(_run_of, at, len(cut))
        spread = functools.partial(self._jump, run, at)
        return Jumping(
            part,
            cut,
            steps,
            names,
            unpacks,
            at,
            self.paces,
            spread,
            _fold_terms,
            self._spreader.element_type,
            self.spread_s,
        )

    def _jump(self, new_run: Callable[[], LoopRun], at: str, offer: Offer) -> int | None:
        """The index of the first element that is not done; None where the loop is to be run in order after all."""
        run = new_run()
        mark = self._output.mark()
        try:
            index = self._spreader.spread(offer, run)
        except (TakenBack, MustRunInOrder) as reason:
            run.how, run.reason = "in order", str(reason)
            self._output.rewind(mark)
            self._in_order.add(at)
            return None
        finally:
            self._report.add(run)
        return offer.stop if index is None else index

    def primitives(self) -> dict[str, Callable[..., Any]]:
        """What the rewritten program calls."""
        short = short_loops(self.paces.short)
        loops: dict[str, Callable[..., Any]] = {
            FOLD: self.fold,
            REDUCE: self.reduce,
            KEYED: self.keyed,
            LOOP: self.loop,
        }
        return {**loops, COMPREHENSION: self.comprehension, **short}

    def _cut(self, source: Any) -> Source | None:
        return None if self._spreader.busy else as_source(source)

    def _sum(self, start: Any, kept: list[Any], loop: _Loop) -> Folder | None:
        if type(start) not in (int, float) or not set(map(type, kept)) <= NUMBERS:
            return None
        folder = SumFolder(start, _fold_terms, finish_float_sum)
        if kept:
            try:
                folder.absorb(Partial(Form.ELEMENTS, kept))
            except MustRunInOrder:
                return None
        elif loop.element_type() == "float":
            folder.expect_floats()
        return folder

    def spread(self, offer: Offer, run: LoopRun, rest_from: Callable[[int], Iterable[Any]]) -> bool:
        """Fold the rest of a loop, and report on it. False: it is to be run in order after all.

        `rest_from(i)` runs in place what is left from the element of index `i` on. Raises what the loop raises.
        """
        mark = self._output.mark()
        try:
            index = self._spreader.spread(offer, run)
            if index is not None:
                offer.folder.absorb_rest(rest_from(index))
        except (TakenBack, MustRunInOrder) as reason:
            run.how, run.reason = "in order", str(reason)
            # What leaves wrote was shown already, as far as it was absorbed; the run in order writes it once more.
            self._output.rewind(mark)
            return False
        finally:
            self._report.add(run)
        return True

    def spread_s(self) -> float:
        """For how many seconds loops of this process have been shared out."""
        return self._spreader.spread_s

    def element_type(self, part: Callable[[Any], Any]) -> str | None:
        """The type of what a part yields, where the compiler can tell."""
        return self._spreader.element_type(part)


class _Loop:
    """One loop that the driver meets."""

    def __init__(
        self,
        folding: Folding,
        part: Callable[[Any], Any],
        source: Source,
        callee: Callable[..., Any],
        at: str,
        *,
        keep: bool = False,
    ) -> None:
        self._folding = folding
        self._part = part
        self._source = source
        self._callee = callee
        self._at = at
        self.prefix = Prefix(part, source, keep=keep, element_s=folding.paces.element_s(at), spread_s=folding.spread_s)

    def note_pace(self) -> None:
        """Remember how long the loop's elements took."""
        self._folding.paces.note(self._at, self.prefix.element_s)

    def element_type(self) -> str | None:
        return self._folding.element_type(self._part)

    def stream(self, folder: Callable[[], Folder | None]) -> Iterator[Iterable[Any]]:
        """The elements, in order, for a builtin that iterates over them.

        Where the rest is worth spreading, and `folder` gives something that needs no elements, raises _Elsewhere.
        """
        yield from self.prefix.chunks()
        self.note_pace()
        if self.prefix.plan is Plan.HERE:
            return
        found = folder()
        if found is not None:
            raise _Elsewhere(found)
        elements = ElementsFolder()
        if not self.spread_into(elements):
            elements = ElementsFolder()
            elements.absorb_rest(self.prefix.rest())
        yield elements.finish()

    def spread_into(self, folder: Folder) -> bool:
        """Fold the rest into `folder`; False where it is to be run in order. Raises what the loop raises."""
        prefix = self.prefix
        run = _run_of(self._at, len(self._source))
        offer = Offer(
            part=self._part,
            source=self._source,
            first=prefix.done,
            stop=len(self._source),
            folder=folder,
            callee=self._callee,
            compiled=prefix.plan is Plan.COMPILED,
            element_s=prefix.element_s,
            terms_per_element=len(prefix.kept) / prefix.done,
        )
        return self._folding.spread(offer, run, prefix.rest_from)


def _run_of(at: str, elements: int) -> LoopRun:
    place, _, filename = at.partition(" ")
    return LoopRun(filename, int(place.partition(":")[0]), elements=elements)
