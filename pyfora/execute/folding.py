"""The parallel primitives: what rewritten comprehensions and folded generator expressions call in a driver."""

from __future__ import annotations

import functools
import itertools
import math
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from time import perf_counter
from types import BuiltinMethodType, FunctionType, GeneratorType
from typing import Any

from pyfora.compile import finish_float_sum, fold_float_terms
from pyfora.execute.generators import Generators, leave
from pyfora.execute.in_place import as_comprehension, comprehension_in_place
from pyfora.execute.jumping import InPlace, Jumping
from pyfora.execute.keys import Keys, handing_out
from pyfora.execute.looping import Elsewhere, Loop, Sharing, run_of
from pyfora.execute.loops import LoopReport, LoopRun, reason_of
from pyfora.execute.offers import Offer, TakenBack
from pyfora.execute.output import ProgramOutput
from pyfora.execute.purity import on_behalf
from pyfora.execute.short import is_key_of_the_users, short_loops
from pyfora.execute.spreading import Spreader
from pyfora.fold.adding import Steps
from pyfora.fold.folders import (
    CountsFolder,
    ElementsFolder,
    FirstFolder,
    Folder,
    MergedFolder,
    MustRunInOrder,
    TruthFolder,
    WinnerFolder,
)
from pyfora.fold.partials import NUMBERS, Form, Partial, are_plain, can_be_counted, have_an_order
from pyfora.fold.plan import Plan
from pyfora.fold.sources import Source, as_source
from pyfora.fold.sums import FloatState, SumFolder, add_floats
from pyfora.fold.views import View, functions_of
from pyfora.language.primitives import ACCUMULATE, COMPREHENSION, CONSUME, FOLD, GENERATOR, KEYED, LOOP, REDUCE, SORT

# By identity: asking a user's callable whether it equals one of these could run code of the user's.
_SPREAD = {id(callee) for callee in (sum, min, max, any, all, next, list, tuple, set, frozenset, dict, sorted)}
_SPREAD |= {id(callee) for callee in (math.fsum, math.prod, statistics.mean, statistics.fmean, Counter)}
_STOPPING = {id(callee) for callee in (any, all, next)}
"""What need not go through all elements."""

SAMPLE = 20
"""Elements that are looked at, to know what it costs to bring such elements from another process."""


def _is_spread(callee: object) -> bool:
    if id(callee) in _SPREAD:
        return True
    return isinstance(callee, BuiltinMethodType) and callee.__name__ == "join" and type(callee.__self__) in (str, bytes)


def _stand_in(callee: Any) -> Callable[..., Any]:
    """What leaves are told to make their elements for: nothing of the user's, and what hashes them hashes them."""
    if callee is Counter:
        # Not a set, for which one of several that are equal is enough.
        return dict
    return callee if getattr(callee, "__module__", None) == "builtins" else functools.reduce


def _fold_terms(terms: Any, count: int, state: FloatState) -> FloatState:
    """As `fold_float_terms`, without loading the compiler for a sum that has not needed it."""
    return fold_float_terms(terms, count, state) if "llvmlite" in sys.modules else add_floats(terms.tolist(), state)


class Folding:
    """The primitives of one driver."""

    def __init__(self, spreader: Spreader, output: ProgramOutput, report: LoopReport) -> None:
        self._sharing = Sharing(spreader, output, report)
        self.paces = self._sharing.paces
        self._spreader = spreader
        self._output = output
        self._report = report
        self._generators = Generators()
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
                return on_behalf(callee, source, *rest, **keywords)
            part = iter
        cut = self._cut(source) if _is_spread(callee) else None
        if cut is None or (rest and callee not in (sum, next)):
            return on_behalf(callee, part(source), *rest, **keywords)
        if self.paces.is_quick(at, len(cut)):
            started_at = perf_counter()
            answer = on_behalf(callee, part(cut), *rest, **keywords)
            # Those that stop may have met one element only.
            self._note(at, started_at, 1 if id(callee) in _STOPPING else len(cut))
            return answer
        keep = callee in (sum, Counter) or (callee in (min, max) and "key" not in keywords)
        loop = Loop(self._sharing, part, cut, _stand_in(callee), at, keep=keep)
        return self._fold(loop, callee, rest, keywords, at)

    def _fold(
        self, loop: Loop, callee: Callable[..., Any], rest: tuple[Any, ...], keywords: dict[str, Any], at: str
    ) -> Any:
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
            if callee is Counter and not rest and not keywords and can_be_counted(kept):
                return CountsFolder(kept)
            if callee in (min, max) and "key" not in keywords and have_an_order(kept):
                return WinnerFolder(bound, kept)
            return None

        # The builtin is called once, since comparing and adding may be the user's code: it is fed the elements as they
        # are made, here or elsewhere, unless something shorter than the elements will do.
        started_at = perf_counter()
        try:
            answer = bound(itertools.chain.from_iterable(loop.stream(folder)))
            if id(callee) in _STOPPING:
                self.paces.note(at, perf_counter() - started_at)
            return answer
        except Elsewhere as chosen:
            found = chosen.folder
        if loop.spread_into(found):
            return found.finish()
        return bound(itertools.chain(loop.prefix.kept, loop.prefix.rest()))

    def consume(self, callee: Callable[..., Any], generator: GeneratorType[Any, None, None]) -> Any:
        """`callee(generator)`, of a generator of which it is known what it was made of."""
        made = self._generators.take(generator)
        if made is None or self._spreader.busy or not _is_spread(callee) or id(callee) in _STOPPING:
            return callee(generator)
        cut = as_source(made.source)
        if cut is None:
            return callee(generator)
        if self.paces.is_quick(made.at, len(cut)):
            started_at = perf_counter()
            answer = callee(generator)
            self._note(made.at, started_at, len(cut))
            return answer
        keep = callee in (sum, min, max, Counter)
        begun = made.cursor(generator)
        loop = Loop(self._sharing, made.part, cut, _stand_in(callee), made.at, keep=keep, begun=begun)
        try:
            answer = self._fold(loop, callee, (), {}, made.at)
        except BaseException:
            leave(generator, loop)
            raise
        generator.close()
        return answer

    def accumulate(
        self,
        callee: Callable[..., Any],
        maker: Callable[..., Any],
        part: Callable[[Any], Any] | None,
        source: Any,
        *rest: Any,
        at: str,
        **keywords: Any,
    ) -> Any:
        """`callee(maker(generator, *rest, **keywords))`: elements are made in parallel, and accumulated in order."""
        if part is None:
            part = iter
        known = maker is itertools.accumulate and _is_spread(callee) and id(callee) not in _STOPPING
        cut = self._cut(source) if known else None
        if cut is None:
            return on_behalf(callee, maker(part(source), *rest, **keywords))
        if self.paces.is_quick(at, len(cut)):
            started_at = perf_counter()
            answer = on_behalf(callee, maker(part(cut), *rest, **keywords))
            self._note(at, started_at, len(cut))
            return answer
        loop = Loop(self._sharing, part, cut, functools.reduce, at)
        terms = itertools.chain.from_iterable(loop.stream(lambda: None))
        return on_behalf(callee, maker(terms, *rest, **keywords))

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
                return on_behalf(callee, function, source, *rest)
            part = iter
        cut = self._cut(source) if callee is functools.reduce else None
        if cut is None:
            return on_behalf(callee, function, part(source), *rest)
        if self.paces.is_quick(at, len(cut)):
            started_at = perf_counter()
            answer = on_behalf(callee, function, part(cut), *rest)
            self._note(at, started_at, len(cut))
            return answer
        loop = Loop(self._sharing, part, cut, functools.reduce, at)
        return on_behalf(callee, function, itertools.chain.from_iterable(loop.stream(lambda: None)), *rest)

    def keyed(self, callee: Callable[..., Any], source: Any, key: Any, *, at: str, **keywords: Any) -> Any:
        """`callee(source, key=key, **keywords)`, where `callee` is `sorted`, `min` or `max`: makes keys in parallel."""
        cut = self._cut(source) if is_key_of_the_users(key) else None
        if cut is None:
            return on_behalf(callee, source, key=key, **keywords)
        # All keys are made before the first two are compared, and of a copy; `min` and `max` compare on the way.
        if callee is sorted and type(source) is not range:
            cut = source = list(source)
        return self._with_keys(lambda key: callee(source, key=key, **keywords), cut, key, callee, at)

    def sort(self, callee: Any, key: Any, *, at: str, **keywords: Any) -> Any:
        """`callee(key=key, **keywords)`, where `callee` is the `sort` of a list: makes keys in parallel."""
        is_of_list = type(callee) is BuiltinMethodType and type(callee.__self__) is list and callee.__name__ == "sort"
        if not is_of_list or self._spreader.busy or not is_key_of_the_users(key):
            return on_behalf(callee, key=key, **keywords)
        # The list is empty while it is sorted, as whoever makes a key may see: the builtin asks for the first one then.
        elements = list(callee.__self__)
        return self._with_keys(lambda key: callee(key=key, **keywords), elements, key, sorted, at)

    def _with_keys(
        self, call: Callable[[Any], Any], source: Source, key: Any, callee: Callable[..., Any], at: str
    ) -> Any:
        """`call(key)`, which asks for the keys of `source` in order, for `callee`."""
        if self.paces.is_quick(at, len(source)):
            started_at = perf_counter()
            answer = call(key)
            self._note(at, started_at, len(source))
            return answer
        loop = Loop(self._sharing, Keys(key), source, callee, at)
        keys = itertools.chain.from_iterable(loop.stream(lambda: None))
        started_at = perf_counter()
        answer = as_comprehension(lambda: call(handing_out(keys, key)))
        if loop.prefix.plan is Plan.HERE:
            # Nobody asked for one key more than there are, which would have noted it.
            self._note(at, started_at, len(source))
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
            self._note(at, started_at, len(cut))
            return answer
        return as_comprehension(lambda: self._collect(kind, part, cut, at))

    def _collect(self, kind: str, part: Callable[[Any], Any], source: Source, at: str) -> Any:
        loop = Loop(self._sharing, part, source, list if kind == "list" else dict, at)
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
        self, source: Any, part: FunctionType, steps: Steps, names: tuple[str, ...], *, unpacks: bool, at: str
    ) -> InPlace | Jumping:
        """What a `for` loop that accumulates runs over, in the place of `source`.

        `unpacks`: the loop's target is several names.
        """
        cut = None if at in self._in_order else self._cut(source)
        if cut is None or functions_of(cut) or self.paces.is_short(at, len(cut)):
            return InPlace(source)
        run = functools.partial(run_of, at, len(cut))
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
            self._spreader.analysed,
            self._sharing.spread_s,
        )

    def _jump(self, new_run: Callable[[], LoopRun], at: str, offer: Offer) -> int | None:
        """The index of the first element that is not done; None where the loop is to be run in order after all."""
        run = new_run()
        mark = self._output.mark()
        try:
            index = self._spreader.spread(offer, run)
        except (TakenBack, MustRunInOrder) as reason:
            run.how, run.reason = "in order", reason_of(reason)
            self._output.rewind(mark)
            self._in_order.add(at)
            return None
        finally:
            self._report.add(run)
        return offer.stop if index is None else index

    def primitives(self) -> dict[str, Callable[..., Any]]:
        """What the rewritten program calls."""
        short, made = short_loops(self.paces.short), self._generators.made

        # A closure, as those of short loops are, and for the same reason.
        def consume(callee: Callable[..., Any], generator: Any) -> Any:
            return self.consume(callee, generator) if id(generator) in made else callee(generator)

        loops: dict[str, Callable[..., Any]] = {
            FOLD: self.fold,
            REDUCE: self.reduce,
            ACCUMULATE: self.accumulate,
            KEYED: self.keyed,
            SORT: self.sort,
            GENERATOR: self._generators.make,
            CONSUME: consume,
            LOOP: self.loop,
        }
        return {**loops, COMPREHENSION: self.comprehension, **short}

    def _note(self, at: str, started_at: float, elements: int) -> None:
        self.paces.note(at, (perf_counter() - started_at) / (elements or 1))

    def _cut(self, source: Any) -> Source | None:
        return None if self._spreader.busy else as_source(source)

    def _sum(self, start: Any, kept: list[Any], loop: Loop) -> Folder | None:
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
