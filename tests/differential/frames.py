"""Objects of pandas as text, by what they hold: blocks as they lie in memory, indices, dtypes, names, flags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def is_pandas_kind(kind: type) -> bool:
    """Whether `kind` is a class of pandas, or derived from one."""
    return any(base.__module__.partition(".")[0] == "pandas" for base in kind.__mro__)


def described(value: Any, text: Callable[[Any], str], apart: Callable[[Any], str]) -> str:
    """The text of what `value` holds; `text` gives the text of a part, `apart` that of one that is not numbered."""
    import pandas as pd

    parts: list[Any]
    if isinstance(value, pd.DataFrame | pd.Series):
        manager = value._mgr
        parts = [*manager.axes, value.attrs, value.flags.allows_duplicate_labels]
        parts += [part for block in manager.blocks for part in (block.mgr_locs.as_array.tolist(), block.values)]
        parts += [value.name] if isinstance(value, pd.Series) else []
    elif isinstance(value, pd.RangeIndex):
        parts = [value.start, value.stop, value.step, value.name]
    elif isinstance(value, pd.MultiIndex):
        parts = [*value.levels, *value.codes, list(value.names), value.sortorder]
    elif isinstance(value, pd.Index):
        parts = [apart(value.array), value.name, str(getattr(value, "freq", None))]
    elif isinstance(value, pd.Categorical):
        parts = [value.codes, value.categories, value.ordered]
    elif isinstance(value, pd.arrays.IntervalArray):
        parts = [value.left, value.right, value.closed]
    elif isinstance(value, pd.arrays.SparseArray):
        parts = [value.sp_values, value.sp_index.to_int_index().indices, value.fill_value]
    elif isinstance(value, pd.arrays.ArrowExtensionArray):
        parts = [value.to_numpy(dtype=object).tolist()]
    elif isinstance(value, pd.api.extensions.ExtensionArray):
        held = getattr(value, "_ndarray", None)
        parts = [value._data, value._mask] if held is None else [held, str(getattr(value, "freq", None))]
    elif isinstance(value, pd.Timestamp | pd.Timedelta):
        parts = [value.value, value.unit, repr(value), getattr(value, "fold", None)]
    else:
        parts = [repr(value)]
    kind = f" {value.dtype!r}" if hasattr(value, "dtype") and not isinstance(value, pd.DataFrame) else ""
    if isinstance(value, pd.DataFrame | pd.Series | pd.Index):
        own = {*vars(value.copy(deep=False)), *value._accessors}
        parts += [(name, added) for name, added in vars(value).items() if name not in own and not name.startswith("_")]
    return f"{kind}({', '.join(map(text, parts))})"
