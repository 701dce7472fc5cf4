"""Totals that are numbers of numpy's: what `+=` makes of them, where numpy would have nothing to say about it."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

from pyfora.fold.columns import NUMPY_NUMBERS
from pyfora.fold.rows import Rows, exact_sum
from pyfora.fold.sums import FloatState

FoldTerms = Callable[[Any, int, FloatState], FloatState]
_BOOL = "bool"
"""Sums of these are no sums."""


def is_total(value: Any) -> bool:
    """Whether this is a number of numpy's that can be added to."""
    if "numpy" not in sys.modules:
        return False
    import numpy as np

    name = type(value).__name__
    return name in NUMPY_NUMBERS and name != _BOOL and type(value) is np.dtype(name).type


def added(total: Any, rows: Rows, fold_terms: FoldTerms) -> Any:
    """`total` with all numbers of `rows` added one after the other; None where numpy itself must add them.

    So it must where the total would become of another type, and where it might warn: numpy does so, or raises, as it is
    told to where an int wraps around, and where a float becomes infinite.
    """
    import numpy as np

    if not len(rows):
        return total
    kind = type(total)
    first = rows.at([0]).values()[0]
    # (of what is Python's, numpy 1 makes other types than numpy 2)
    if not isinstance(first, np.generic) and (kind, type(first)) != (np.float64, float):
        return None
    if type(kind(1) + type(first)(1)) is not kind:
        return None
    column = rows.columns[0]
    if np.dtype(kind).kind == "f":
        return _added_floats(total, column, fold_terms)
    info = np.iinfo(kind)
    if column.dtype.kind == "i" and int(column.min()) == np.iinfo(np.int64).min:
        return None
    reach = abs(int(total)) + exact_sum(column if column.dtype.kind == "b" else np.abs(column))
    # No sum on the way is further from zero.
    return kind(int(total) + exact_sum(column)) if reach <= info.max else None


def added_one(total: Any, value: Any) -> Any:
    """`total + value`; None where numpy might warn, the total become of another type, or other code be asked."""
    import numpy as np

    if type(value) not in (int, float, bool) and not isinstance(value, np.generic):
        return None
    with np.errstate(all="raise"):
        try:
            found = total + value
        except (FloatingPointError, OverflowError, TypeError):
            return None
    return found if type(found) is type(total) else None


def _added_floats(total: Any, column: Any, fold_terms: FoldTerms) -> Any:
    import numpy as np

    kind = type(total)
    with np.errstate(all="ignore"):
        terms = column.astype(kind)
        if kind is np.float64:
            (result,) = fold_terms(terms, len(terms), (float(total),))
        else:
            # One after the other, each rounded, as scalars are.
            result = np.add.accumulate(np.concatenate(([total], terms)), dtype=kind)[-1]
    # One that is infinite on the way is so, or a NaN, at the end.
    return kind(result) if math.isfinite(result) else None
