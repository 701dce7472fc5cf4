"""One loop offered to the cluster: its kernel, its environment, its pieces."""

from __future__ import annotations

import ast
import copy
import itertools
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

from pyfora.compile import Captured, FunctionSource, KernelCache, Loop, NotCompiled, Output, Site, analyse, compile_loop
from pyfora.execute.absorbing import Absorber
from pyfora.execute.ambient import Ambient, depth_of
from pyfora.execute.environment import Environment
from pyfora.execute.loops import LoopRun, Reason
from pyfora.execute.offering import Offering
from pyfora.execute.offers import Offer, TakenBack
from pyfora.execute.others_kernels import OthersKernels
from pyfora.execute.output import ProgramOutput
from pyfora.execute.pieces import known_objects
from pyfora.execute.purity import user_frame
from pyfora.execute.reporting import CACHED
from pyfora.fold.added import AddedFolder
from pyfora.fold.calling import Called, range_called_over
from pyfora.fold.columns import Untyped, arguments_of, typed, typed_arguments
from pyfora.fold.grid import grid_for
from pyfora.fold.left_to_right import LeftToRightFolder
from pyfora.fold.live import is_as_it_began
from pyfora.fold.partials import Form
from pyfora.fold.plan import KERNEL_SPEEDUP
from pyfora.fold.sources import Source
from pyfora.fold.views import read_by
from pyfora.language.caches import CACHE_WRAPPER, keep_objects, stop_counting
from pyfora.language.functions import function_source, loop_source, never_compiled
from pyfora.language.in_order import OF_KEYS
from pyfora.limits import KERNEL_CACHE_LIMIT_BYTES

_UNKNOWN = "the source of the loop is not known"
_SHORT = "the rest of it seemed too short for a kernel to be worth its making"
_OUTPUTS: dict[Any, Output] = {any: Output.ANY, all: Output.ALL, min: Output.MIN, max: Output.MAX}
_OUTPUTS[next] = Output.FIRST


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
    source: Any = None
    """The loop's source as the kernel reads it, where that is another object."""


class Spreader:
    """Offers loops to the worker, one at a time, and waits for their pieces."""

    def __init__(self, offering: Offering, cache: Path, output: ProgramOutput) -> None:
        self._offering = offering
        self._cache = KernelCache(cache, KERNEL_CACHE_LIMIT_BYTES, OthersKernels(offering))
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
        if not is_as_it_began(offer.source):
            raise TakenBack("its first elements change the dict or set that it goes through")
        run.reason = offer.refusal or ("" if offer.compiled else _SHORT)
        kernel = self._kernel(offer, run) if offer.compiled else _Compiled()
        compile_s = perf_counter() - began_at if kernel.object_code else 0.0
        if offer.needs_kernel and not kernel.object_code:
            raise TakenBack(run.reason)
        element_s = offer.element_s / KERNEL_SPEEDUP if kernel.object_code else offer.element_s
        grid = grid_for(offer.first, offer.stop, element_s, offer.terms_per_element)
        environment = Environment(
            offer.part,
            offer.source if kernel.source is None else kernel.source,
            grid,
            offer.folder.form,
            offer.callee,
            kernel.object_code,
            kernel.captured,
            Ambient.of_this_process(),
            depth_of(user_frame(sys._getframe())),
            offer.folder.shortenings if isinstance(offer.folder, AddedFolder) else (),
        )
        assert self._offering.program is not None
        holds_terms = bool(kernel.object_code) and offer.folder.form is Form.FLOATS
        try:
            parcel, packed = environment.pack(self._offering.program)
            if offer.added_to.are_seen_by([*packed.values(), *read_by(offer.source)]):
                raise TakenBack("a function that the loop calls looks at what the loop adds to, or binds")
            if keep_objects(packed.values()):
                raise TakenBack(CACHED)
            self._output.flush()
            leaf_s = grid.leaf_elements * element_s
            fold_id = self._offering.open(parcel, grid.leaves, leaf_s, holds_terms=holds_terms, compile_s=compile_s)
        except TakenBack:
            raise
        except Exception as error:
            raise TakenBack(f"the loop uses something that cannot leave the process: {error}") from None
        for cache in packed.values():
            if type(cache) is CACHE_WRAPPER:
                stop_counting(cache)
        run.how, run.leaves = "compiled" if kernel.object_code else "interpreted", grid.leaves
        absorber = Absorber(offer, grid, run, fold_id, known_objects(packed), self._offering, self._output)
        try:
            return absorber.absorb_all()
        finally:
            self._offering.close(fold_id)

    # ---- kernels -----------------------------------------------------------------------------------------------

    def analysed(self, part: Callable[..., Any], source: Source) -> tuple[str | None, str]:
        """The type of what a part yields over a source, None where there is no kernel; and why there is none."""
        try:
            loop = _loop_of(part, source, sample=True)
            return analyse(loop), ""
        except (NotCompiled, Untyped) as refusal:
            return None, Reason(refusal)

    def _kernel(self, offer: Offer, run: LoopRun) -> _Compiled:
        form = offer.folder.form
        output = Output.TERMS
        if form in (Form.TOTAL, Form.ADDED, Form.MERGED):
            output = Output.TOTAL if form is Form.TOTAL else Output.ROWS
        if form in (Form.TRUTH, Form.WINNER, Form.FIRST):
            output = _OUTPUTS[offer.callee]
        try:
            with _quietly():
                loop = _loop_of(offer.part, offer.source)
                if form is Form.FLOATS and isinstance(offer.folder, LeftToRightFolder) and analyse(loop) != "float":
                    loop = _as_floats(loop)
                kernel = compile_loop(replace(loop, indices=_indices_of(offer)), output, self._cache)
        except (NotCompiled, Untyped) as refusal:
            run.reason = Reason(refusal)
            return _Compiled()
        if form is Form.FLOATS and (kernel.element != "float" or kernel.output is Output.ROWS):
            run.reason = "the terms began as floats, but the kernel yields others"
            return _Compiled()
        if depth_of(user_frame(sys._getframe())) + kernel.deepest > sys.getrecursionlimit():
            # Compiled code has no such limit.
            run.reason = "the functions that call themselves might go deeper than the recursion limit allows"
            return _Compiled()
        run.sites = kernel.sites
        return _Compiled(kernel.object_code, kernel.captured, loop.source)


def _loop_of(part: Callable[..., Any], source: Source, *, sample: bool = False) -> Loop:
    """What the compiler is asked for. Raises NotCompiled, Untyped. With `sample`, to be analysed only."""
    if isinstance(part, FunctionType):
        found = loop_source(part)
        if found is None:
            raise _refusal_of(part)
        loop = Loop(found.filename, found.node, found.lookup, _source_of, streams=found.streams, sample=sample)
        return loop if type(source) is range else replace(loop, source=typed(source, sample=sample))
    if part is not iter:
        raise NotCompiled(OF_KEYS)
    if not isinstance(source, Called):
        raise NotCompiled("there is nothing in it to compile: its elements are those that it goes through")
    if range_called_over(source) is not None:
        return replace(_calling_loop(source, 1), sample=sample)
    columns = typed_arguments(source, sample=sample)
    return replace(_calling_loop(source, arguments_of(columns)), source=columns, sample=sample)


def _refusal_of(part: FunctionType) -> NotCompiled:
    found = never_compiled(part)
    if found is None:
        return NotCompiled(_UNKNOWN)
    filename, why = found
    return NotCompiled(why.reason, Site(filename, why.construct))


def _indices_of(offer: Offer) -> tuple[int, int] | None:
    """Between which ints the elements of the loop's range lie; None where it has no range."""
    elements = range_called_over(offer.source) or offer.source
    return (min(elements[0], elements[-1]), max(elements[0], elements[-1])) if type(elements) is range else None


def _as_floats(loop: Loop) -> Loop:
    """The loop with ints and bools made the floats that adding them to a float makes of them."""
    return replace(loop, node=_AsFloats().visit(copy.deepcopy(loop.node)))


class _AsFloats(ast.NodeTransformer):
    """In the turns of a loop, which have no functions within."""

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        assert node.value is not None
        added = ast.copy_location(ast.BinOp(ast.Constant(0.0), ast.Add(), node.value), node.value)
        return ast.fix_missing_locations(ast.copy_location(ast.Yield(added), node))


_CALLING: dict[Any, str] = {
    map: "(function({names}) for {names} in source)",
    filter: "({names} for {names} in source if function({names}))",
    itertools.starmap: "(function({names}) for {names} in source)",
}
"""What these make of a source. (A StopIteration of the function is none of a kernel's: it gives up.)"""


def _calling_loop(source: Called, arguments: int) -> Loop:
    """The loop of `sum(map(f, range(n)))`, which no text of the user's spells. `arguments` that `f` is called with."""
    names = {"function": source.function}

    def lookup(name: str) -> object:
        if name not in names:
            raise NameError(name)
        return names[name]

    elements = ", ".join(f"element_{number}" for number in range(arguments))
    if source.maker is itertools.starmap and arguments == 1:
        elements += ","
    form: Any = ast.parse(_CALLING[source.maker].format(names=elements), mode="eval")
    code = getattr(source.function, "__code__", None)
    return Loop(getattr(code, "co_filename", ""), form.body, lookup, _source_of)


def _source_of(function: FunctionType) -> FunctionSource | None:
    found = function_source(function)
    return None if found is None else FunctionSource(found.filename, found.node, found.lookup)
