"""`for` loops that add to variables: run in order and in place, except that a long run of turns may be jumped."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from time import perf_counter
from types import FunctionType
from typing import Any

from pyfora.execute.offers import Offer
from pyfora.execute.paces import Paces
from pyfora.fold.added import folder_of
from pyfora.fold.adding import AddedTo, Steps, TurnNames, brings_objects, can_be_added_to
from pyfora.fold.plan import PREFIX_S, Plan, plan_rest
from pyfora.fold.sources import Source
from pyfora.fold.sums import FloatState
from pyfora.fold.views import cursor_at

JUMP_LIMIT = 1 << 20
"""Turns of one jump without a kernel: what they add is kept, as objects, until all of it is known to fit."""
_MISSING = object()


class InPlace:
    """A loop that is run as it was written."""

    __slots__ = ("_source",)
    ready = False
    unbound = NameError

    def __init__(self, source: Any) -> None:
        self._source = source

    def __iter__(self) -> Iterator[Any]:
        return iter(self._source)

    def jump(self, *values: Any) -> tuple[tuple[Any, ...], Any]:
        """Never called, as it is never ready."""
        raise NotImplementedError("a loop that is run in place has nowhere to jump to")


class Jumping:
    """A loop that may be jumped: `ready` where the turn that has just begun may be the first of those."""

    unbound = NameError

    def __init__(
        self,
        part: FunctionType,
        source: Source,
        steps: Steps,
        names: tuple[str, ...],
        unpacks: bool,
        at: str,
        paces: Paces,
        spread: Callable[[Offer], int | None],
        fold_terms: Callable[[Any, int, FloatState], FloatState],
        analysed: Callable[[Any, Source], tuple[str | None, str]],
        spread_s: Callable[[], float],
    ) -> None:
        """`spread` runs an offer's elements elsewhere.

        It returns the index of the first that is not done; None where the loop is to be run in place from now on.
        `analysed` tells of what type a part's yields over a source are, None where there is no kernel, and why not.
        `spread_s` tells for how many seconds loops of this process have been shared out.
        """
        self.ready = False
        self._part = part
        self._source = source
        self._steps = steps
        self._names = names
        self._unpacks = unpacks
        self._at = at
        self._paces = paces
        self._spread = spread
        self._fold_terms = fold_terms
        self._tell_analysis = analysed
        self._refusal = ""
        self._spread_s = spread_s
        self._inner_share = 0.0
        self._needs_kernel = False
        self._first, self._current = 0, _MISSING
        """The turn that has just begun where the loop is ready."""
        self._went_to: int | None = None
        self._stays = False
        """It is run in place to its end."""

    def __iter__(self) -> Iterator[Any]:
        source, paces = self._source, self._paces
        cursor = cursor_at(source, 0)
        if paces.is_quick(self._at, len(source)):
            started_at = perf_counter()
            yield from cursor.take(None)
            paces.note(self._at, (perf_counter() - started_at) / (len(source) or 1))
            return
        size, done, slow = max(1, int(PREFIX_S / 4 / paces.element_s(self._at))), 0, False
        while not self._stays:
            started_at, spread_before_s = perf_counter(), self._spread_s()
            yield from cursor.take(size)
            elapsed_s = perf_counter() - started_at
            self._inner_share = (self._spread_s() - spread_before_s) / max(elapsed_s, 1e-9)
            left = cursor.left()
            before, done = done, len(source) - left
            now_s = max(elapsed_s / max(done - before, 1), 1e-9)
            # Whatever else the machine does makes turns slower: the faster of two stretches is nearer the truth.
            element_s = min(now_s, paces.element_s(self._at)) if slow else now_s
            paces.note(self._at, element_s)
            if left == 0:
                break
            if elapsed_s < PREFIX_S / 2:
                size, slow = 2 * size, False
                continue
            size = max(1, min(2 * size, int(PREFIX_S / now_s)))
            if not slow or self._plan(element_s, done, left) is Plan.HERE:
                slow = True
                continue
            for self._current in cursor.take(1):
                # It is unpacked once more where there is no jump: what is used up by that must not be.
                self._first, self.ready = done, not self._unpacks or type(self._current) in (tuple, list)
                yield self._current
                self.ready = False
            if self._went_to is not None:
                cursor = cursor_at(source, self._went_to + 1)
                self._went_to = None
        yield from cursor.take(None)

    def jump(self, *values: Any) -> tuple[tuple[Any, ...], Any]:
        """The variables with all added that was jumped over, and the element of the turn to go on with."""
        self.ready = False
        first, last = self._first, len(self._source) - 1
        element_s = self._paces.element_s(self._at)
        if last <= first or not can_be_added_to(self._steps, values):
            self._stays = True
            return values, self._current
        plan = self._plan(element_s, first, last - first, brings_objects(self._steps, values))
        if plan is Plan.HERE:
            self._stays = True
            return values, self._current
        compiled = plan is Plan.COMPILED
        stop = last if compiled else min(first + JUMP_LIMIT, last)
        folder = folder_of(self._steps, values, self._fold_terms, self._analysis[0] if compiled else None)
        offer = Offer(
            part=self._part,
            source=self._source,
            first=first,
            stop=stop,
            folder=folder,
            callee=list,
            compiled=compiled,
            needs_kernel=self._needs_kernel,
            refusal=self._refusal,
            element_s=element_s,
            terms_per_element=1.0,
            added_to=AddedTo(self._names, values, TurnNames.of(sys._getframe(1), self._part.__code__)),
        )
        index = self._spread(offer)
        if index is None:
            self._stays = True
            return values, self._current
        # Where a turn has raised, that one is run here, and will raise again, as itself.
        self._went_to, self._stays = index, index < stop
        (element,) = cursor_at(self._source, index).take(1)
        return folder.finish(), element

    def _plan(self, element_s: float, done: int, left: int, makes_objects: bool = False) -> Plan:
        done = max(done, 1)
        rest = functools.partial(
            plan_rest, element_s * done, done, done + left, makes_objects=makes_objects, inner_share=self._inner_share
        )
        # Without a kernel what a turn adds is brought back, where its element need not be brought: turns must take as
        # long as those over a list.
        plan, is_range = rest(), type(self._source) is range
        self._needs_kernel = False
        if rest(from_range=is_range, in_columns=not is_range) is Plan.COMPILED:
            element_type, self._refusal = self._analysis
            if element_type is not None:
                self._needs_kernel = plan is Plan.HERE
                return Plan.COMPILED
        return plan

    @functools.cached_property
    def _analysis(self) -> tuple[str | None, str]:
        return self._tell_analysis(self._part, self._source)
