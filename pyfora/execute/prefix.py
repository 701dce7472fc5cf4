"""The first milliseconds of a loop, run in order and in place while its plan is made."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any

from pyfora.fold.calling import range_called_over
from pyfora.fold.plan import PREFIX_S, Plan, plan_rest
from pyfora.fold.sources import Source
from pyfora.fold.views import Cursor, cursor_at, is_of_ranges

CERTAIN_S = 0.3
"""A chunk that took so long is taken at its word; a shorter one may just have waited for a core."""
GROWTH_SHARE = 64
"""One of so many of the elements that are left may be taken next, however few there were before."""
KEPT_LIMIT = 1 << 20
"""Elements that are kept in case the rest is taken elsewhere; a loop that got so far in place ends in place."""


class Prefix:
    """Runs a part over a source in chunks that take about PREFIX_S each, and looks at the clock between them.

    The part iterates over the source itself, never over a copy: what the loop does to a list, it sees.
    """

    def __init__(
        self,
        part: Callable[[Any], Iterable[Any]],
        source: Source,
        *,
        keep: bool = False,
        element_s: float = PREFIX_S,
        spread_s: Callable[[], float] = float,
        begun: Cursor | None = None,
        refusal: Callable[[], str] = lambda: "",
    ) -> None:
        """`element_s`: about how long an element takes, as far as that is known.

        `spread_s` tells for how many seconds loops of this process have been shared out.
        `begun`: over what the part has been made to give already, one by one.
        `refusal` tells why there is no kernel for the part over columns of the source; empty where there is one. It
        takes some milliseconds.
        """
        self._part = part
        self._source = source
        self._keep = keep
        self._cursor = cursor_at(source, 0) if begun is None else begun
        self._made_here = part if begun is None else iter
        self._spread_s = spread_s
        self._inner_share = 0.0
        self._tell_refusal = refusal
        self.refusal = ""
        """Why there is no kernel, where one was wanted."""
        self.needs_kernel = False
        """The rest is worth no more than to end here, unless by a kernel."""
        self.kept: list[Any] = []
        """What the elements so far gave, where that is kept."""
        self.plan = Plan.HERE
        self.done = 0
        """Elements of the source that are done."""
        self.element_s = element_s
        """Seconds an element, of late."""
        self.makes_objects = False
        """The elements are more than numbers and texts: bringing them from another process costs. Set from outside."""

    def chunks(self) -> Iterator[Iterable[Any]]:
        """What the part makes of each chunk, up to the end or to where the plan takes the rest elsewhere.

        Each chunk must be gone through before the next is asked for.
        """
        size, slow, now_s = max(1, int(PREFIX_S / 4 / self.element_s)), False, self.element_s
        while True:
            started_at, spread_before_s = perf_counter(), self._spread_s()
            made = self._made_here(self._cursor.take(size))
            if self._keep:
                # Keeps what is gone through without a Python frame for each element. The chain stays at its end, where
                # a `map` that a StopIteration ended would go on when it is asked once more.
                made, kept = itertools.tee(itertools.chain(made))
                yield made
                self.kept.extend(kept)
            else:
                yield made
            elapsed_s = perf_counter() - started_at
            self._inner_share = (self._spread_s() - spread_before_s) / max(elapsed_s, 1e-9)
            left = self._cursor.left()
            before, self.done = self.done, len(self._source) - left
            before_s, now_s = now_s, max(elapsed_s / max(self.done - before, 1), 1e-9)
            self.element_s = now_s
            if not self._cursor.ended:
                return
            if left == 0:
                yield self.rest()
                return
            if len(self.kept) > KEPT_LIMIT:
                yield self.rest()
                return
            if elapsed_s < PREFIX_S / 2:
                # Of quick elements a small share at once: should all after them be slow, the loss has a bound.
                size, slow = max(2 * size, min(left // GROWTH_SHARE, int(PREFIX_S / 4 / now_s))), False
                continue
            if slow or elapsed_s > CERTAIN_S:
                if elapsed_s <= CERTAIN_S:
                    # Whatever else the machine does makes a chunk slower: the faster of two is nearer the truth.
                    self.element_s = min(before_s, now_s)
                self.plan = self._plan(left)
                if self.plan is not Plan.HERE:
                    return
            slow = True
            size = max(1, min(2 * size, int(PREFIX_S / now_s)))

    def _plan(self, left: int) -> Plan:
        rest = functools.partial(
            plan_rest,
            self.element_s * self.done,
            self.done,
            self.done + left,
            ships=not is_of_ranges(self._source),
            makes_objects=self.makes_objects,
            inner_share=self._inner_share,
        )
        if type(self._source) is range or (self._part is iter and range_called_over(self._source) is not None):
            return rest(from_range=True)
        plan = rest()
        if rest(in_columns=True) is Plan.COMPILED and not self.refusal:
            self.refusal = self._tell_refusal()
            if not self.refusal:
                self.needs_kernel = plan is Plan.HERE
                return Plan.COMPILED
        return plan

    def rest(self) -> Iterable[Any]:
        """What the part makes of the elements that are not done."""
        return self._made_here(self._cursor.take(None))

    def rest_from(self, index: int) -> Iterable[Any]:
        """What the part makes of the elements of the source from `index` on."""
        return self._part(cursor_at(self._source, index).take(None))
