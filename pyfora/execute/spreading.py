"""One loop offered to the cluster: its kernel, its environment, its pieces."""

from __future__ import annotations

import ast
import copy
import itertools
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FunctionType
from typing import Any

from pyfora.compile import FunctionSource, KernelCache, Loop, NotCompiled, Output, analyse, compile_loop
from pyfora.execute.absorbing import Absorber
from pyfora.execute.ambient import Ambient
from pyfora.execute.conversation import Conversation
from pyfora.execute.environment import Environment
from pyfora.execute.loops import LoopRun
from pyfora.execute.offers import Offer, TakenBack
from pyfora.execute.output import ProgramOutput
from pyfora.execute.pieces import known_objects
from pyfora.execute.spool import Spool
from pyfora.fold.calling import Called, range_called_over
from pyfora.fold.grid import grid_for
from pyfora.fold.left_to_right import LeftToRightFolder
from pyfora.fold.partials import Form
from pyfora.fold.plan import KERNEL_SPEEDUP
from pyfora.fold.sums import FloatsFolder
from pyfora.language.functions import function_source, loop_source
from pyfora.language.running import LoadedProgram
from pyfora.wire.messages import FoldClosed, FoldOffered

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
    captured: tuple[int | float | bool, ...] = ()


class Spreader:
    """Offers loops to the worker, one at a time, and waits for their pieces."""

    def __init__(
        self, conversation: Conversation, spool: Spool, cache: Path, output: ProgramOutput, fold_prefix: str
    ) -> None:
        self._conversation = conversation
        self._spool = spool
        self._cache = KernelCache(cache, KERNEL_CACHE_LIMIT_BYTES)
        self._output = output
        self._fold_prefix = fold_prefix
        self._numbers = itertools.count(1)
        self.program: LoadedProgram | None = None
        """Set before anything is spread."""
        self.busy = False
        """A loop is open: code of the user's that runs meanwhile (adding, comparing) runs its own loops in place."""

    def spread(self, offer: Offer, run: LoopRun) -> int | None:
        """Fold the rest of a loop into `offer.folder`, in index order.

        Returns None when all is in, or the index of the element from which on it is to be run in place: there
        something raised, and will raise again, as itself. Raises TakenBack where all of it is to be run in order.
        """
        absorber = self.open(offer, run)
        try:
            return absorber.absorb_all()
        finally:
            self.close(absorber)

    def open(self, offer: Offer, run: LoopRun) -> Absorber:
        """Offer a loop, whose pieces then come in until it is closed. Raises TakenBack where it cannot be offered."""
        if self.busy:
            raise TakenBack("something else is being run elsewhere")
        # From here on, as packing may call code of the user's, too.
        self.busy = True
        try:
            return self._open(offer, run)
        except BaseException:
            self.busy = False
            raise

    def close(self, absorber: Absorber) -> None:
        """Nothing more of this loop is wanted."""
        self.busy = False
        self._conversation.send(FoldClosed(absorber.fold_id))

    def _open(self, offer: Offer, run: LoopRun) -> Absorber:
        kernel = self._kernel(offer, run) if offer.compiled else _Compiled()
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
        )
        assert self.program is not None
        try:
            parcel, packed = environment.pack(self.program)
            if offer.added_to.are_seen_by(packed.values()):
                raise TakenBack("a function that the loop calls looks at what the loop adds to")
            name = self._spool.write(parcel.pieces())
        except TakenBack:
            raise
        except Exception as error:
            raise TakenBack(f"the loop uses something that cannot leave the process: {error}") from None
        fold_id = f"{self._fold_prefix}.{next(self._numbers)}"
        holds_terms = bool(kernel.object_code) and offer.folder.form is Form.FLOATS
        run.how, run.leaves = "compiled" if kernel.object_code else "interpreted", grid.leaves
        self._output.flush()
        leaf_s = grid.leaf_elements * element_s
        self._conversation.send(
            FoldOffered(fold_id, grid.leaves, leaf_s, holds_terms, name, self._spool.path(name).stat().st_size)
        )
        return Absorber(offer, grid, run, fold_id, known_objects(packed), self._conversation, self._spool, self._output)

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
