"""The plan of a loop: after its first milliseconds, how to run the rest."""

from __future__ import annotations

import enum

PREFIX_S = 0.002
"""How long a loop first runs in order, in place: most loops end within it, and cost nothing but a look at the clock."""
WORTH_SPREADING_S = 0.02
"""Expected rest (in order) from which leaves are offered: handing them out and back costs some milliseconds."""
WORTH_COMPILING_S = 0.2
"""Expected rest from which a kernel is asked for: one that is not in the cache takes 0.1 to 0.5 s to compile."""
SHIPPING_ELEMENT_S = 2e-6
"""About what it costs to bring one element of a list to another process; a leaf's work must be worth it."""
PACKING_ELEMENT_S = 4e-8
"""The same for an element of a column, which a kernel reads."""
RETURNING_OBJECT_S = 2e-5
"""The same for what is no number or text, back from a leaf: pickled there, and made again by the one driver."""
ELEMENTS_APART = 64
"""Fewer elements may leave cores idle, where a loop within each of them would keep all of them busy."""
WORTH_ONE_BY_ONE_S = 0.1
"""How long an element takes at least where the loops within are shared out instead: each end is waited for."""
KERNEL_SPEEDUP = 20.0
"""How much faster than CPython a kernel is taken to be, before the first leaf was timed."""


class Plan(enum.Enum):
    """How the rest of a loop is run. The choice changes the time, never the answer."""

    HERE = "here"
    INTERPRETED = "interpreted"
    COMPILED = "compiled"


def plan_rest(
    elapsed_s: float,
    done: int,
    total: int,
    *,
    from_range: bool = False,
    in_columns: bool = False,
    ships: bool = True,
    makes_objects: bool = False,
    inner_share: float = 0.0,
) -> Plan:
    """The plan for elements [done, total), where the first `done` took `elapsed_s`.

    `from_range`: the source is a range.
    `in_columns`: there is a kernel, which reads the elements of the source as columns.
    `ships`: elements of the source would have to be shipped, as those of a list.
    `makes_objects`: what the elements give would have to be shipped as objects, and no kernel makes such.
    `inner_share`: the part of that time in which a loop within an element was itself shared out.
    """
    element_s = elapsed_s / max(done, 1)
    rest_s = element_s * (total - done)
    if rest_s < WORTH_SPREADING_S:
        return Plan.HERE
    if inner_share > 0.5 and element_s >= WORTH_ONE_BY_ONE_S and total - done < ELEMENTS_APART:
        return Plan.HERE
    if makes_objects and element_s < RETURNING_OBJECT_S:
        return Plan.HERE
    if in_columns and rest_s - PACKING_ELEMENT_S * (total - done) >= WORTH_COMPILING_S:
        return Plan.COMPILED
    if from_range:
        return Plan.COMPILED if rest_s >= WORTH_COMPILING_S else Plan.INTERPRETED
    return Plan.INTERPRETED if element_s >= SHIPPING_ELEMENT_S or not ships else Plan.HERE
