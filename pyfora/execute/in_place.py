"""The parallel primitives as plain Python: for loops within leaves, and loops that cannot be spread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyfora.execute.jumping import InPlace
from pyfora.execute.purity import on_behalf
from pyfora.execute.short import all_short
from pyfora.language.primitives import (
    ACCUMULATE,
    CALLS,
    COMPREHENSION,
    CONSUME,
    FOLD,
    GENERATOR,
    KEYED,
    LOOP,
    REDUCE,
    SORT,
)


def fold_in_place(
    callee: Callable[..., Any], part: Callable[[Any], Any] | None, source: Any, *rest: Any, at: Any, **keywords: Any
) -> Any:
    """`pyfora_fold` as the loop was written: in order, in this process."""
    return on_behalf(callee, source if part is None else part(source), *rest, **keywords)


def reduce_in_place(
    callee: Callable[..., Any],
    function: Any,
    part: Callable[[Any], Any] | None,
    source: Any,
    *rest: Any,
    at: Any,
) -> Any:
    """`pyfora_reduce` as the reduction was written."""
    return on_behalf(callee, function, source if part is None else part(source), *rest)


def keyed_in_place(callee: Callable[..., Any], source: Any, key: Any, *, at: Any, **keywords: Any) -> Any:
    """`pyfora_keyed` as it was written."""
    return on_behalf(callee, source, key=key, **keywords)


def accumulate_in_place(
    callee: Callable[..., Any],
    maker: Callable[..., Any],
    part: Callable[[Any], Any] | None,
    source: Any,
    *rest: Any,
    at: Any,
    **keywords: Any,
) -> Any:
    """`pyfora_accumulate` as it was written."""
    return on_behalf(callee, maker(source if part is None else part(source), *rest, **keywords))


def sort_in_place(callee: Callable[..., Any], key: Any, *, at: Any, **keywords: Any) -> Any:
    """`pyfora_sort` as it was written."""
    return on_behalf(callee, key=key, **keywords)


def generator_in_place(part: Callable[[Any], Any], source: Any, *, at: Any) -> Any:
    """`pyfora_generator` as it was written."""
    made = part(source)
    # As it is called where there is no part around it.
    made.__qualname__ = part.__qualname__.removesuffix("<lambda>") + "<genexpr>"
    return made


def consume_in_place(callee: Callable[..., Any], generator: Any) -> Any:
    """`pyfora_consume` as it was written."""
    return callee(generator)


def comprehension_in_place(kind: str, part: Callable[[Any], Any], source: Any, *, at: Any) -> Any:
    """`pyfora_comprehension` as the comprehension was written."""
    return as_comprehension(lambda: set(part(source))) if kind == "set" else part(source)


def loop_in_place(source: Any, part: Any, steps: Any, names: Any, *, unpacks: Any, at: Any) -> InPlace:
    """`pyfora_loop` for a loop that is run as it was written."""
    return InPlace(source)


class Undivided:
    """`pyfora_calls` of a leaf process: every call runs as it was written."""

    on = False


def as_comprehension(make: Callable[[], Any]) -> Any:
    """What `make` makes of a comprehension's parts, of which generators of ours are.

    A comprehension lets StopIteration through; a generator turns it into a RuntimeError, which is turned back.
    """
    try:
        return make()
    except RuntimeError as error:
        stopped = error.__cause__
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        # Born where the part was gone through, so it is the part's own; a generator of the user's has a frame in it.
        if not isinstance(stopped, StopIteration) or trace is None or not _is_own(trace.tb_frame.f_globals):
            raise
    raise stopped


def _is_own(names: dict[str, Any]) -> bool:
    return str(names.get("__name__")).startswith("pyfora.")


PRIMITIVES_IN_PLACE: dict[str, Any] = {
    FOLD: fold_in_place,
    REDUCE: reduce_in_place,
    COMPREHENSION: comprehension_in_place,
    KEYED: keyed_in_place,
    ACCUMULATE: accumulate_in_place,
    SORT: sort_in_place,
    GENERATOR: generator_in_place,
    CONSUME: consume_in_place,
    LOOP: loop_in_place,
    CALLS: Undivided(),
    **all_short(),
}
"""What rewritten code calls where no loop is spread."""
