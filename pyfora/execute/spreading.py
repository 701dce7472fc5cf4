"""One loop offered to the cluster: its kernel, its environment, its pieces."""

from __future__ import annotations

import ast
import copy
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from types import FunctionType
from typing import Any

from pyfora.compile import Captured, FunctionSource, KernelCache, Loop, NotCompiled, Output, analyse, compile_loop
from pyfora.execute.absorbing import Absorber
from pyfora.execute.ambient import Ambient, depth_of
from pyfora.execute.environment import Environment
from pyfora.execute.loops import LoopRun
from pyfora.execute.offering import Offering
from pyfora.execute.offers import Offer, TakenBack
from pyfora.execute.output import ProgramOutput
from pyfora.execute.pieces import known_objects
from pyfora.execute.purity import user_frame
from pyfora.execute.reporting import CACHED
from pyfora.fold.calling import Called, range_called_over
from pyfora.fold.grid import grid_for
from pyfora.fold.left_to_right import LeftToRightFolder
from pyfora.fold.partials import Form
from pyfora.fold.plan import KERNEL_SPEEDUP
from pyfora.fold.sums import FloatsFolder
from pyfora.language.caches import keep_objects
from pyfora.language.functions import function_source, loop_source

KERNEL_CACHE_LIMIT_BYTES = 256 * 1024 * 1024
_OUTPUTS: dict[Any, Output] = {any: Output.ANY, all: Output.ALL, min: Output.MIN, max: Output.MAX}


@contextmanager
def _quietly() -> Iterator[None]:
    """The compiler's warnings and log records are none of the program's, which may have them shown, or raised."""
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


@dataclass(frozen=True)
class _Compiled:
    object_code: bytes = b""
    captured: tuple[Captured, ...] = ()


class Spreader:
    """Offers loops to the worker, one at a time, and waits for their pieces."""

    def __init__(self, offering: Offering, cache: Path, output: ProgramOutput) -> None:
        self._offering = offering
        self._cache = KernelCache(cache, KERNEL_CACHE_LIMIT_BYTES)
        self._output = output
        self.spread_s = 0.0
        """For how many seconds loops have been open."""
        self.busy = False
        """A loop is open: code of the user's that runs meanwhile (adding, comparing) runs its own loops in place."""

    def spread(self, offer: Offer, run: LoopRun) -> int | None:
        """Fold the rest of a loop into `offer.folder`, in index order.

        Returns None when all is in, or the index of the element from which on it is to be run in place: there
        something raised, and will raise again, as itself. Raises TakenBack where all of it is to be run in order.
        """
        # Also while it is packed, which may call code of the user's.
        self.busy = True
        started_at = perf_counter()
        try:
            return self._spread(offer, run)
        finally:
            self.busy = False
            self.spread_s += perf_counter() - started_at

    def _spread(self, offer: Offer, run: LoopRun) -> int | None:
        began_at = perf_counter()
        kernel = self._kernel(offer, run) if offer.compiled else _Compiled()
        compile_s = perf_counter() - began_at if kernel.object_code else 0.0
        element_s = offer.element_s / KERNEL_SPEEDUP if kernel.object_code else offer.element_s
        grid = grid_for(offer.first, offer.stop, element_s, offer.terms_per_element)
        environment = Environment(
            offer.part,
            offer.source,
            grid,
            offer.folder.form,
            offer.callee,
            kernel.object_code,
            kernel.captured,
            Ambient.of_this_process(),
            depth_of(user_frame(sys._getframe())),
        )
        assert self._offering.program is not None
        holds_terms = bool(kernel.object_code) and offer.folder.form is Form.FLOATS
        try:
            parcel, packed = environment.pack(self._offering.program)
            if offer.added_to.are_seen_by(packed.values()):
                raise TakenBack("a function that the loop calls looks at what the loop adds to")
            if keep_objects(packed.values()):
                raise TakenBack(CACHED)
            self._output.flush()
            leaf_s = grid.leaf_elements * element_s
            fold_id = self._offering.open(parcel, grid.leaves, leaf_s, holds_terms=holds_terms, compile_s=compile_s)
        except TakenBack:
            raise
        except Exception as error:
            raise TakenBack(f"the loop uses something that cannot leave the process: {error}") from None
        run.how, run.leaves = "compiled" if kernel.object_code else "interpreted", grid.leaves
        absorber = Absorber(offer, grid, run, fold_id, known_objects(packed), self._offering, self._output)
        try:
            return absorber.absorb_all()
        finally:
            self._offering.close(fold_id)

    # ---- kernels -----------------------------------------------------------------------------------------------

    def element_type(self, part: Callable[..., Any]) -> str | None:
        """The type of what a part yields, where the compiler can tell."""
        loop = _loop_of(part)
        try:
            return None if loop is None else analyse(loop)
        except NotCompiled:
            return None

    def _kernel(self, offer: Offer, run: LoopRun) -> _Compiled:
        loop, form = _loop_of(offer.part) or _calling_loop(offer), offer.folder.form
        if loop is None:
            run.reason = "the source of the loop is not known"
            return _Compiled()
        if form is Form.MERGED:
            run.reason = "a dict comprehension has no kernel yet"
            return _Compiled()
        output = Output.TOTAL if form is Form.TOTAL else Output.TERMS
        if form in (Form.TRUTH, Form.WINNER):
            output = _OUTPUTS[offer.callee]
        try:
            with _quietly():
                if form is Form.FLOATS and isinstance(offer.folder, LeftToRightFolder) and analyse(loop) != "float":
                    loop = _as_floats(loop)
                kernel = compile_loop(loop, output, self._cache)
        except NotCompiled as refusal:
            run.reason = str(refusal)
            return _Compiled()
        if isinstance(offer.folder, FloatsFolder) and form is Form.FLOATS and kernel.element != "float":
            run.reason = f"the terms began as floats, but the kernel yields {kernel.element}s"
            return _Compiled()
        return _Compiled(kernel.object_code, kernel.captured)


def _loop_of(part: Callable[..., Any]) -> Loop | None:
    source = loop_source(part) if isinstance(part, FunctionType) else None
    if source is None:
        return None
    return Loop(source.filename, source.node, source.lookup, _source_of)  # type: ignore[arg-type]


def _as_floats(loop: Loop) -> Loop:
    """The loop with ints and bools made the floats that adding them to a float makes of them."""
    node = loop.node
    made = copy.copy(node)
    made.elt = ast.copy_location(ast.BinOp(ast.Constant(0.0), ast.Add(), node.elt), node.elt)
    ast.fix_missing_locations(made)
    return replace(loop, node=made)


_CALLING: dict[Any, str] = {
    map: "(function(element) for element in source)",
    filter: "(element for element in source if function(element))",
}
"""What `map` and `filter` make of a range. (A StopIteration of the function is none of a kernel's: it gives up.)"""


def _calling_loop(offer: Offer) -> Loop | None:
    """The loop of `sum(map(f, range(n)))`, which no text of the user's spells."""
    source = offer.source
    if offer.part is not iter or range_called_over(source) is None:
        return None
    assert isinstance(source, Called)
    if not isinstance(source.function, FunctionType):
        return None
    names = {"function": source.function}

    def lookup(name: str) -> object:
        if name not in names:
            raise NameError(name)
        return names[name]

    form: Any = ast.parse(_CALLING[source.maker], mode="eval")
    return Loop(source.function.__code__.co_filename, form.body, lookup, _source_of)


def _source_of(function: FunctionType) -> FunctionSource | None:
    found = function_source(function)
    return None if found is None else FunctionSource(found.filename, found.node, found.lookup)
