"""One loop in a leaf process: its leaves, by the kernel where there is one, else by CPython."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

from pyfora.compile import Captured, GaveUp, Kernel, KernelCache, NotCompiled, Output, load_kernel
from pyfora.errors import InvalidPyforaOperation, UnconvertibleValueError
from pyfora.execute import purity, warned
from pyfora.execute.ambient import as_deep_as
from pyfora.execute.environment import Environment, unpack
from pyfora.execute.pieces import GaveUpAt, known_objects
from pyfora.execute.reporting import CACHED, CACHED_AND_PRINTED, Made, Unshippable
from pyfora.execute.terms import Terms
from pyfora.fold.added import shortened
from pyfora.fold.calling import range_called_over
from pyfora.fold.partials import Form, Partial, Total, hold_inner_nan, hold_nan, partial_of
from pyfora.fold.rows import Rows, counted, first_of_each, last_of_each, side_by_side
from pyfora.fold.views import cursor_at, functions_of, holds_state
from pyfora.language.caches import CACHE_WRAPPER, keep_objects
from pyfora.language.frozen import fingerprint_of_state
from pyfora.language.library_watch import LibraryWatch, mentions
from pyfora.language.reach import Namespace
from pyfora.limits import LEAF_ELEMENTS_LIMIT, RUN_LEAVES_LIMIT
from pyfora.values.parcels import Parcel

GAVE_UP_LIMIT = 8
"""A kernel that gave up on so many leaves in a row is not asked again here: each time costs time for nothing."""
TOGETHER_S = 0.002
"""How long one call of a kernel is meant to take: it cannot be interrupted, and each call costs microseconds."""
NESTED_TERMS_LIMIT = RUN_LEAVES_LIMIT * LEAF_ELEMENTS_LIMIT
"""Terms of one leaf of nested loops; with more of them it is left to CPython."""


class LeafLoop:
    """A loop whose environment has been opened."""

    def __init__(
        self, parcel: Parcel, primitives: Mapping[str, Callable[..., Any]], terms: Terms, cache: KernelCache
    ) -> None:
        """`cache` takes the loop's kernel, which may have been made on another worker.

        Raises Unshippable where the environment cannot be made here: in the driver's process it is there already.
        """
        try:
            self._environment, unpacked = unpack(parcel, primitives)
        except (Exception, UnconvertibleValueError) as error:
            reason = f"what the loop uses cannot be made in another process: {type(error).__name__}: {error}"
            raise Unshippable(reason) from None
        self._unpacked = unpacked
        self._caches = [found for found in unpacked.values() if type(found) is CACHE_WRAPPER]
        # A module may be reached by an import in a function alone.
        self._modules = [one.module for one in unpacked.values() if type(one) is Namespace and not one.library]
        self.known = known_objects(unpacked)
        """What the driver has, too, by index."""
        purity.install()
        warned.watch()
        self._kernel = kernel_of(self._environment.object_code, cache)
        self._terms = terms
        self._gave_up_in_a_row = 0
        self._hopeless: GaveUpAt | None = None
        """Why the kernel is not asked again."""
        self._state: bytes | None = None
        self._elements_state: bytes | None = None
        self._interpreted = False
        self._together = 1
        """Leaves that one call of the kernel does."""

    @property
    def _holds(self) -> bool:
        """Whether terms wait here for the accumulator; with or without a kernel, as the driver has said so."""
        return bool(self._environment.object_code) and self._environment.form is Form.FLOATS

    def begin_run(self, lo: int, hi: int) -> None:
        """Leaves [lo, hi) are next. Raises Unshippable where the driver's settings cannot be made here."""
        try:
            # Anew for each run: those of loops of other programs may have come in between.
            self._environment.ambient.set()
        except InvalidPyforaOperation as error:
            raise Unshippable(str(error)) from None
        grid = self._environment.grid
        if self._holds:
            # Where loops are nested the grid was made for leaves of about so many terms, however few the elements.
            counted = self._kernel is None or self._kernel.counted
            self._terms.begin_run(grid.leaf_elements if counted else LEAF_ELEMENTS_LIMIT)
        start, stop = grid.elements(lo, hi)
        self._elements = self._environment.source[start:stop]
        self._watched = holds_state(self._elements)
        self._interpreted = False

    # ---- what must not change ----------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Before the first leaf that CPython runs: note what it could change and must not."""
        if self._interpreted:
            return
        self._interpreted = True
        if self._state is None:
            self._state = self._fingerprint()
            # Attributes of the library that a leaf sets: in the driver, where it is then run again, it is refused.
            self._library = LibraryWatch(self._unpacked.values(), mentions(self._unpacked.values()))
        self._elements_state = self._fingerprint_of_elements()

    def is_untouched(self) -> bool:
        """Whether all that the leaves of this run share with others is as it was.

        Raises Unshippable where a cache keeps what should be one object for all of them.
        """
        if not self._interpreted:
            return True
        if keep_objects(self._caches):
            raise Unshippable(CACHED)
        if self._state is None or self._fingerprint() != self._state or not self._environment.ambient.is_as_it_was():
            return False
        if self._library.first_change() is not None:
            return False
        if not self._watched:
            return True
        return self._elements_state is not None and self._fingerprint_of_elements() == self._elements_state

    def _fingerprint(self) -> bytes | None:
        functions = functions_of(self._environment.source)
        return fingerprint_of_state({"part": self._environment.part, "functions": functions, "modules": self._modules})

    def _fingerprint_of_elements(self) -> bytes | None:
        return fingerprint_of_state({"elements": self._elements}) if self._watched else None

    def check_output(self) -> None:
        """Something was printed. Raises Unshippable where a cached function may have done so, which does it once."""
        if any(CACHE_WRAPPER.cache_info(cache).currsize for cache in self._caches):
            raise Unshippable(CACHED_AND_PRINTED)

    # ---- leaves ------------------------------------------------------------------------------------------------

    def run(self, leaf: int, hi: int) -> Made | None:
        """Run this leaf, and some of those after it, below `hi`, where one call of the kernel does them together.

        None where the first one raised. Raises Unshippable.
        """
        if self._kernel is None:
            return self._by_cpython(leaf, gave_up=self._hopeless)
        for stop in (min(leaf + self._together, hi), leaf + 1):
            started_at = perf_counter()
            try:
                made = self._compiled(self._kernel, leaf, stop)
            except GaveUp as given_up:
                self._together, gave_up = 1, (str(given_up), given_up.call)
                continue
            leaf_s = (perf_counter() - started_at) / (stop - leaf)
            self._together = max(1, min(int(TOGETHER_S / max(leaf_s, 1e-9)), RUN_LEAVES_LIMIT))
            self._gave_up_in_a_row = 0
            return self._checked(made)
        self._gave_up_in_a_row += 1
        if self._gave_up_in_a_row == GAVE_UP_LIMIT:
            self._kernel, self._hopeless = None, gave_up
        return self._by_cpython(leaf, gave_up=gave_up)

    def _by_cpython(self, leaf: int, *, gave_up: GaveUpAt | None) -> Made | None:
        environment = self._environment
        start, stop = environment.grid.elements(leaf, leaf + 1)
        cursor = cursor_at(environment.source[start:stop], 0)
        self._watch()
        purity.refusals.clear()
        warned.shown.clear()
        try:
            with as_deep_as(environment.depth):
                partial = partial_of(environment.form, environment.callee, environment.part(cursor.take(None)))
        except BaseException:
            return None
        decided = self._decides(partial.data)
        if purity.refusals or warned.shown or not (decided or cursor.ended):
            # Caught by the program, but for good. Or a function that `map` calls ended the whole loop. Or a warning,
            # that may have been shown before.
            return None
        if self._holds and partial.form is Form.FLOATS and len(partial.data) <= len(room := self._terms.room()):
            room[: len(partial.data)] = partial.data
            self._terms.take(len(partial.data))
            return Made(1, None, len(partial.data), gave_up)
        return self._checked(Made(1, partial, 0, gave_up, decided))

    def _decides(self, data: Any) -> bool:
        if self._environment.form is Form.FIRST:
            return bool(data)
        return self._environment.form is Form.TRUTH and data is (self._environment.callee is any)

    def _checked(self, made: Made) -> Made:
        """Raises Unshippable for a NaN among what a set or dict will hold, or what will be compared with its like."""
        hashing = self._environment.callee in (set, frozenset, dict)
        if hashing and made.partial is not None and hold_nan(made.partial):
            raise Unshippable("NaNs in a set, or among the keys of a dict, are told apart by their identity")
        comparing = self._environment.callee in (sorted, min, max)
        if comparing and made.partial is not None and hold_inner_nan(made.partial):
            raise Unshippable("NaNs in tuples or lists that are compared are told apart by their identity")
        return made

    def _compiled(self, kernel: Kernel, leaf: int, stop: int) -> Made:
        """Leaves [leaf, stop) by one call of the kernel. Raises GaveUp."""
        environment = self._environment
        first, end = environment.grid.elements(leaf, stop)
        elements: Any = range(first, end)
        if not kernel.by_position:
            source = range_called_over(environment.source)
            elements = (environment.source if source is None else source)[first:end]
        arguments = (environment.captured, elements.start, elements.step, len(elements))
        leaves = stop - leaf
        if kernel.output is Output.ROWS:
            return Made(leaves, self._rows(kernel, arguments))
        if kernel.output is not Output.TERMS:
            data = _as_data(environment.form, kernel.run(*arguments))
            return Made(leaves, Partial(environment.form, data), decided=self._decides(data))
        if self._holds:
            room = self._terms.room()
            if not kernel.counted or len(room) >= len(elements):
                try:
                    count = int(kernel.run(*arguments, room) or 0)
                    self._terms.take(count)
                    return Made(leaves, None, count)
                except GaveUp:
                    # Where loops are nested there may have been too little room.
                    if kernel.counted:
                        raise
        import numpy as np

        into = np.empty(len(elements) if kernel.counted else NESTED_TERMS_LIMIT, kernel.dtype)
        count = int(kernel.run(*arguments, into) or 0)
        terms = into if count == len(into) else into[:count].copy()
        if self._holds:
            return Made(leaves, Partial(Form.FLOATS, terms))
        return Made(leaves, _shorter(environment, Rows(kernel.element, (terms,))))

    def _rows(self, kernel: Kernel, arguments: tuple[tuple[Captured, ...], int, int, int]) -> Partial:
        environment = self._environment
        room = arguments[-1] if kernel.counted else NESTED_TERMS_LIMIT
        streams = kernel.run_rows(*arguments, room)
        if environment.form is Form.ADDED:
            how = environment.shortenings
            return Partial(Form.ADDED, [(how[n][0], shortened(how[n][1], rows)) for n, rows in streams.items()])
        return _shorter(environment, streams[0])


def kernel_of(object_code: bytes, cache: KernelCache) -> Kernel | None:
    """The kernel of these bytes, which `cache` then has too; None where there is none, or none for this machine."""
    if not object_code:
        return None
    try:
        kernel = load_kernel(object_code)
    except (NotCompiled, ValueError):
        # Another processor than the driver's: interpreted leaves give the same answer.
        return None
    # A later program may have its home here.
    cache.keep(kernel.key, object_code)
    return kernel


def _shorter(environment: Environment, rows: Rows) -> Partial:
    """What says as much as all these elements do, to whom they are made for."""
    form, callee = environment.form, environment.callee
    if form is Form.COUNTS:
        positions, times = counted(rows)
        return Partial(form, list(zip(rows.at(positions).values(), times.tolist(), strict=True)))
    if form is Form.MERGED:
        first, last = last_of_each(rows.part(0))
        return Partial(Form.ROWS, side_by_side(rows.part(0).at(first), rows.part(1).at(last)))
    if callee in (set, frozenset):
        rows = rows.at(first_of_each(rows))
    if rows.spec in ("int", "float", "bool"):
        return Partial(Form.ARRAY, rows.columns[0])
    return Partial(Form.ROWS, rows)


def _as_data(form: Form, value: int | float | bool | None) -> Any:
    if form in (Form.WINNER, Form.FIRST):
        return [] if value is None else [value]
    if form is Form.TOTAL:
        return Total(int(value or 0), None)
    return value
