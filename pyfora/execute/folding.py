"""The parallel primitives: what rewritten comprehensions and folded generator expressions call in a driver."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType
from typing import Any

from pyfora.compile import finish_float_sum, fold_float_terms
from pyfora.execute.loops import LoopReport, LoopRun
from pyfora.execute.output import ProgramOutput
from pyfora.execute.spreading import Offer, Spreader, TakenBack
from pyfora.fold.folders import (
    ElementsFolder,
    FloatsFolder,
    Folder,
    MergedFolder,
    TotalFolder,
    TruthFolder,
    WinnerFolder,
    start_of_floats,
)
from pyfora.fold.plan import PREFIX_S, Plan, plan_rest
from pyfora.fold.sources import Source, can_be_cut

_SPREAD = frozenset((sum, min, max, any, all, list, tuple, set, frozenset, dict, sorted))
_INTS = frozenset((int, bool))


def as_it_stands_fold(
    callee: Callable[..., Any], part: Callable[[Any], Any], source: Any, *rest: Any, at: Any, **keywords: Any
) -> Any:
    """`pyfora_fold` in a leaf process: the loop runs in order, in place."""
    return callee(part(source), *rest, **keywords)


def as_it_stands_comprehension(kind: str, part: Callable[[Any], Any], source: Any, *, at: Any) -> Any:
    """`pyfora_comprehension` in a leaf process."""
    return set(part(source)) if kind == "set" else part(source)


class Folding:
    """The primitives of one driver."""

    def __init__(self, spreader: Spreader, output: ProgramOutput, report: LoopReport) -> None:
        self._spreader = spreader
        self._output = output
        self._report = report

    def fold(
        self,
        callee: Callable[..., Any],
        part: FunctionType,
        source: Any,
        *rest: Any,
        at: tuple[int, int],
        **keywords: Any,
    ) -> Any:
        """`callee(generator, *rest, **keywords)`, where the generator is `part(source)`."""
        if not can_be_cut(source) or not _is_spread(callee):
            return callee(part(source), *rest, **keywords)
        prefix = _Prefix(part, source, keep=callee is not any and callee is not all)
        answer = callee(prefix.items(), *rest, **keywords)
        if prefix.plan is Plan.HERE:
            return answer
        bound = functools.partial(callee, *rest, **keywords) if rest or keywords else callee

        def in_order() -> Any:
            return callee(itertools.chain(prefix.elements, part(source[prefix.done :])), *rest, **keywords)

        folder = self._folder(callee, bound, prefix.elements, rest, keywords)
        return self._spread(part, source, prefix, folder, callee, in_order, at)

    def comprehension(self, kind: str, part: FunctionType, source: Any, *, at: tuple[int, int]) -> Any:
        """The list, set or dict of the comprehension whose part this is."""
        if kind == "dict":
            return self._dict(part, source, at)
        make: Callable[..., Any] = list if kind == "list" else set
        if not can_be_cut(source):
            return part(source) if kind == "list" else set(part(source))
        prefix = _Prefix(part, source, keep=True)
        prefix.collect(prefix.elements.extend)
        if prefix.plan is Plan.HERE:
            return prefix.elements if kind == "list" else set(prefix.elements)

        def in_order() -> Any:
            return make(itertools.chain(prefix.elements, part(source[prefix.done :])))

        return self._spread(part, source, prefix, ElementsFolder(make, prefix.elements), make, in_order, at)

    def _dict(self, part: FunctionType, source: Any, at: tuple[int, int]) -> Any:
        if not can_be_cut(source):
            return part(source)
        made: dict[Any, Any] = {}
        prefix = _Prefix(part, source, keep=False)
        prefix.collect(made.update)
        if prefix.plan is Plan.HERE:
            return made

        def in_order() -> Any:
            made.update(part(source[prefix.done :]))
            return made

        return self._spread(part, source, prefix, MergedFolder(dict(made)), dict, in_order, at)

    # ---- the rest of a loop, in parallel -----------------------------------------------------------------------

    def _folder(
        self,
        callee: Callable[..., Any],
        bound: Callable[..., Any],
        elements: list[Any],
        rest: tuple[Any, ...],
        keywords: dict[str, Any],
    ) -> Folder:
        if callee is any or callee is all:
            return TruthFolder(callee is any)
        if callee in (min, max) and "key" not in keywords and not rest:
            return WinnerFolder(bound, elements)
        if callee is sum and elements:
            start = rest[0] if rest else keywords.get("start", 0)
            kinds = {type(element) for element in elements}
            if type(start) is int and kinds <= _INTS:
                return TotalFolder(sum(elements, start))
            if type(start) in (int, float) and kinds == {float}:
                state = start_of_floats(start, elements, fold_float_terms)
                return FloatsFolder(state, fold_float_terms, finish_float_sum)
        return ElementsFolder(bound, elements)

    def _spread(
        self,
        part: FunctionType,
        source: Source,
        prefix: _Prefix,
        folder: Folder,
        callee: Callable[..., Any],
        in_order: Callable[[], Any],
        at: tuple[int, int],
    ) -> Any:
        code = part.__code__
        run = LoopRun(code.co_filename, at[0], elements=len(source))
        mark = self._output.mark()
        offer = Offer(part, source, prefix.done, folder, callee, prefix.plan is Plan.COMPILED, prefix.element_s)
        try:
            return self._spreader.spread(offer, run)
        except TakenBack as reason:
            run.how, run.reason = "in order", str(reason)
            # What leaves wrote was shown already, as far as it was absorbed; the run in order writes it once more.
            self._output.rewind(mark)
            return in_order()
        finally:
            self._report.add(run)


def _is_spread(callee: object) -> bool:
    try:
        return callee in _SPREAD
    except TypeError:
        return False


class _Prefix:
    """The first elements of a loop, run in order and in place until the plan for the rest is made."""

    def __init__(self, part: Callable[[Any], Iterable[Any]], source: Source, *, keep: bool) -> None:
        self._part = part
        self._source = source
        self._keep = keep
        self.plan = Plan.HERE
        self.elements: list[Any] = []
        """What the first elements gave, where that is kept."""
        self.done = 0
        self.elapsed_s = 0.0

    @property
    def element_s(self) -> float:
        return self.elapsed_s / max(self.done, 1)

    def items(self) -> Iterator[Any]:
        """Everything that the loop yields, up to its end or to where the plan takes the rest elsewhere."""
        total, chunk, started = len(self._source), 1, time.perf_counter()
        while self.done < total:
            stop = min(self.done + chunk, total)
            if self._keep:
                yield from self._kept(self._source[self.done : stop])
            else:
                yield from self._part(self._source[self.done : stop])
            self.done = stop
            self.elapsed_s = time.perf_counter() - started
            # Builtins such as min() want at least one element, and sum() shows by its first terms what it adds.
            if self.elapsed_s > PREFIX_S and self.done < total and (self.elements or not self._keep):
                self._make_plan()
                if self.plan is Plan.HERE:
                    yield from self._part(self._source[self.done :])
                return
            chunk *= 2

    def collect(self, add: Callable[[Any], object]) -> None:
        """The same for a comprehension: `add` takes what the part makes of each piece of the source."""
        total, chunk, started = len(self._source), 1, time.perf_counter()
        while self.done < total:
            stop = min(self.done + chunk, total)
            add(self._part(self._source[self.done : stop]))
            self.done = stop
            self.elapsed_s = time.perf_counter() - started
            if self.elapsed_s > PREFIX_S and self.done < total:
                self._make_plan()
                if self.plan is Plan.HERE:
                    add(self._part(self._source[self.done :]))
                return
            chunk *= 2

    def _make_plan(self) -> None:
        self.plan = plan_rest(self.elapsed_s, self.done, len(self._source), from_range=type(self._source) is range)

    def _kept(self, source: Source) -> Iterator[Any]:
        """The elements of a chunk, made together (which is faster), and yielded up to where one of them raised."""
        first = len(self.elements)
        try:
            self.elements.extend(self._part(source))
        except BaseException:
            yield from self.elements[first:]
            raise
        yield from self.elements[first:] if first else self.elements
