"""Objects of pandas: what they hold, without what they keep to be quicker, and with what the user added to them.

Pickle would take the caches of an array for its state, so that a captured one would seem changed by reading it. It
would drop an attribute that the user set on a frame, a series or an index.
"""

from __future__ import annotations

import copy
import pickle
import sys
from typing import Any

from pyfora.errors import InvalidPyforaOperation
from pyfora.language import making

_OWN = frozenset(
    ("_mgr", "_item_cache", "_attrs", "_flags", "_is_copy", "_cacher", "_name", "_hidden_attrs", "_range", "_cache")
) | frozenset(("_id", "_references", "_data", "_levels", "_codes", "_names", "sortorder", "_freq"))
"""What pandas itself keeps in the attributes of frames, series and indices."""
_CACHE = "_cache"


def is_pandas_kind(kind: type) -> bool:
    """Whether `kind` is a class of pandas, or derived from one."""
    return "pandas" in sys.modules and any(base.__module__.partition(".")[0] == "pandas" for base in kind.__mro__)


def reduce_pandas(obj: Any) -> Any:
    """The reduction of an object of pandas; NotImplemented where pickle's is right.

    Raises PicklingError where frames copy on write: which of them share their memory until then would be lost, and a
    change of one of them would be seen in the others.
    """
    if _copies_on_write():
        raise pickle.PicklingError(
            "objects of pandas that copy on write (pandas 3, or the option mode.copy_on_write) do not travel yet; use "
            "pandas 2 without that option, or send arrays: frame.to_numpy()"
        )
    attributes = getattr(obj, "__dict__", None)
    if not isinstance(attributes, dict):
        return NotImplemented
    added = _added(obj, attributes)
    if not added and _CACHE not in attributes:
        return NotImplemented
    reduced = obj.__reduce_ex__(5)
    if not isinstance(reduced, tuple):
        return NotImplemented
    made, arguments, state, *rest = (*reduced, None, None, None)[:5]
    state = _without_cache(state)
    if not added:
        return made, arguments, state, *rest
    return made, arguments, (state, (added, None)), *rest, making.set_state_and_added


def _copies_on_write() -> bool:
    pandas: Any = sys.modules["pandas"]
    return int(pandas.__version__.partition(".")[0]) >= 3 or pandas.get_option("mode.copy_on_write") is True


def _added(obj: Any, attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes that the user gave a frame, series or index; and the very dict of `attrs`, which pandas copies."""
    pandas = sys.modules["pandas"]
    very = {name: attributes[name] for name in ("_attrs",) if name in attributes}
    if attributes.keys() <= _OWN or not isinstance(obj, (pandas.DataFrame, pandas.Series, pandas.Index)):
        return very
    # What a class derived from one of these declares, its copies have, too. An accessor (`.str`) is kept once made.
    own = _OWN | vars(copy.copy(obj)).keys() | type(obj)._accessors
    return very | {name: value for name, value in attributes.items() if name not in own}


def _without_cache(state: Any) -> Any:
    if isinstance(state, dict):
        return {name: value for name, value in state.items() if name != _CACHE}
    if isinstance(state, tuple):
        return tuple(_without_cache(part) if type(part) is dict else part for part in state)
    return state


# ---- options ---------------------------------------------------------------------------------------------------

_PLAIN = (str, int, float, bool, type(None))
_MANY_COLUMNS = "display.max_columns"
"""An option whose default is another one in a notebook: it is told even where it is the default."""


def _defaults() -> dict[str, Any]:
    config: Any = sys.modules["pandas"]._config.config  # nothing public tells them
    found = {name: option.defval for name, option in config._registered_options.items()}
    return {name: value for name, value in found.items() if name not in config._deprecated_options} | {_MANY_COLUMNS: 0}


def pandas_options() -> dict[str, Any]:
    """Those that are not the default. Raises InvalidPyforaOperation for one that cannot travel."""
    get: Any = sys.modules["pandas"].get_option
    found = {}
    for name, default in _defaults().items():
        value = get(name)
        if value is default or value == default:
            continue
        if not isinstance(value, _PLAIN):
            raise InvalidPyforaOperation(
                f"pandas' option {name!r} is a {type(value).__name__}, which cannot be sent to another process; set it "
                "back before the block ends or begins, and format with a function of your own"
            )
        found[name] = value
    return found


def set_pandas_options(values: dict[str, Any]) -> None:
    """Let this process have exactly these."""
    pandas: Any = sys.modules["pandas"]
    for name, default in _defaults().items():
        wanted = values.get(name, default)
        if pandas.get_option(name) != wanted:
            pandas.set_option(name, wanted)
