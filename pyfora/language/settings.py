"""Settings of an interpreter and its libraries on which an answer may depend: taken in one process, made in another."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyfora.errors import InvalidPyforaOperation
from pyfora.language import chance
from pyfora.language.frames import pandas_options, set_pandas_options
from pyfora.language.log_settings import disabled_level, log_settings, set_disabled_level, set_log_settings
from pyfora.language.warning_settings import set_warning_settings, warning_settings

Settings = dict[str, Any]
"""By name, of what JSON can say. What is as in a fresh interpreter is left out."""


@dataclass(frozen=True)
class _Setting:
    default: Any
    get: Callable[[], Any]
    set: Callable[[Any], None]
    module: str = "sys"
    """While it is not loaded, the setting is the default."""
    imports_change_it: bool = False
    """A library may change it for its own purposes when it is loaded."""


def current_settings(*, by_code_alone: bool = False) -> Settings:
    """Those of this process, as they are now; `by_code_alone` without those that an import may change.

    Raises InvalidPyforaOperation for one that cannot be sent to another process.
    """
    found: Settings = {}
    for name, setting in _SETTINGS.items():
        if setting.module in sys.modules and not (by_code_alone and setting.imports_change_it):
            value = setting.get()
            if value != setting.default:
                found[name] = value
    return found


def make_settings(settings: Mapping[str, Any]) -> None:
    """Let this process have exactly these. Raises InvalidPyforaOperation where it cannot."""
    for name, setting in _SETTINGS.items():
        value = settings.get(name, setting.default)
        if value != setting.default:
            # A program that uses a package which this process lacks is told so where it does.
            with contextlib.suppress(ModuleNotFoundError):
                importlib.import_module(setting.module)
        if setting.module in sys.modules and setting.get() != value:
            setting.set(value)


def changed_settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> Settings:
    """What is another in `after`, defaults among them."""
    values = {name: after.get(name, setting.default) for name, setting in _SETTINGS.items()}
    return {name: value for name, value in values.items() if before.get(name, _SETTINGS[name].default) != value}


def change_settings(changes: Mapping[str, Any]) -> None:
    """Make `changes` in this process, and nothing else."""
    for name, value in changes.items():
        if name in _SETTINGS:
            importlib.import_module(_SETTINGS[name].module)
            _SETTINGS[name].set(value)


# ---- the settings ----------------------------------------------------------------------------------------------


def _recursion_limit() -> int:
    return sys.getrecursionlimit()  # looked up anew: a compute process has its own


def _set_recursion_limit(limit: int) -> None:
    sys.setrecursionlimit(limit)


def _set_arguments(arguments: list[str]) -> None:
    sys.argv[:] = arguments


def _time_zone() -> str | None:
    return os.environ.get("TZ")


def _set_time_zone(zone: str | None) -> None:
    if zone is None:
        os.environ.pop("TZ", None)
    else:
        os.environ["TZ"] = zone
    time.tzset()


def _terminal() -> list[int]:
    return list(shutil.get_terminal_size())


def _set_terminal(size: list[int]) -> None:
    os.environ["COLUMNS"], os.environ["LINES"] = map(str, size)


def _directory() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109  # which `_set_directory` may have replaced
    except FileNotFoundError:  # it has been removed
        return None


def _set_directory(path: str | None) -> None:
    if path is None:
        return
    try:
        os.chdir(path)
        _elsewhere.clear()
    except OSError:
        # Paths can be told from it all the same; whoever looks for a file there is refused.
        _elsewhere[:] = [path]
        os.getcwd, os.getcwdb = functools.partial(str, path), functools.partial(os.fsencode, path)


_elsewhere: list[str] = []


def has_no_directory() -> bool:
    """Whether this process could not enter the directory that the client is in."""
    return bool(_elsewhere)


def _decimal() -> list[Any]:
    context = sys.modules["decimal"].getcontext()
    traps = sorted(signal.__name__ for signal, on in context.traps.items() if on)
    return [context.prec, context.rounding, context.Emin, context.Emax, context.capitals, context.clamp, traps]


def _set_decimal(values: list[Any]) -> None:
    context = sys.modules["decimal"].getcontext()
    *plain, traps = values
    for name, value in zip(("prec", "rounding", "Emin", "Emax", "capitals", "clamp"), plain, strict=True):
        setattr(context, name, value)
    for signal in context.traps:
        context.traps[signal] = signal.__name__ in traps


def _decimal_flags() -> list[str]:
    return sorted(signal.__name__ for signal, on in sys.modules["decimal"].getcontext().flags.items() if on)


def _set_decimal_flags(names: list[str]) -> None:
    flags = sys.modules["decimal"].getcontext().flags
    for signal in flags:
        flags[signal] = signal.__name__ in names


def _array_errors() -> dict[str, str]:
    return dict(sys.modules["numpy"].geterr())


def _set_array_errors(values: dict[str, str]) -> None:
    sys.modules["numpy"].seterr(**values)


_PRINTING = {
    "edgeitems": 3, "threshold": 1000, "floatmode": "maxprec", "precision": 8, "suppress": False,
    "linewidth": 75, "nanstr": "nan", "infstr": "inf", "sign": "-", "legacy": False,
}  # fmt: skip


def _array_printing() -> dict[str, Any]:
    options = sys.modules["numpy"].get_printoptions()
    return {name: options.get(name, default) for name, default in _PRINTING.items()}


def _set_array_printing(values: dict[str, Any]) -> None:
    sys.modules["numpy"].set_printoptions(**values)


_LOCALE = ("LC_COLLATE", "LC_MONETARY", "LC_NUMERIC", "LC_TIME")


def _locale() -> list[str]:
    module = sys.modules["locale"]
    return [module.setlocale(getattr(module, category)) for category in _LOCALE]


def _set_locale(values: list[str]) -> None:
    module = sys.modules["locale"]
    for category, value in zip(_LOCALE, values, strict=True):
        try:
            module.setlocale(getattr(module, category), value)
        except module.Error:
            raise InvalidPyforaOperation(
                f"your program set the locale {value!r} ({category}), which the worker does not have; "
                "install it there, or set the locale back before the block."
            ) from None


_SETTINGS: dict[str, _Setting] = {
    "recursion limit": _Setting(1000, _recursion_limit, _set_recursion_limit),
    "int digits": _Setting(sys.int_info.default_max_str_digits, sys.get_int_max_str_digits, sys.set_int_max_str_digits),
    "arguments": _Setting([""], lambda: list(sys.argv), _set_arguments),
    "directory": _Setting(None, _directory, _set_directory),
    "time zone": _Setting(None, _time_zone, _set_time_zone),
    "terminal": _Setting([80, 24], _terminal, _set_terminal),
    "decimal": _Setting(
        [28, "ROUND_HALF_EVEN", -999999, 999999, 1, 0, ["DivisionByZero", "InvalidOperation", "Overflow"]],
        _decimal,
        _set_decimal,
        "decimal",
    ),
    "decimal flags": _Setting([], _decimal_flags, _set_decimal_flags, "decimal", imports_change_it=True),
    "array errors": _Setting(
        {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"},
        _array_errors,
        _set_array_errors,
        "numpy",
    ),
    "array printing": _Setting(_PRINTING, _array_printing, _set_array_printing, "numpy"),
    "pandas": _Setting({}, pandas_options, set_pandas_options, "pandas"),
    "locale": _Setting(["C"] * len(_LOCALE), _locale, _set_locale, "locale"),
    "warnings": _Setting([], warning_settings, set_warning_settings, "warnings", imports_change_it=True),
    "logging": _Setting({}, log_settings, set_log_settings, "logging", imports_change_it=True),
    "logging disabled": _Setting(0, disabled_level, set_disabled_level, "logging"),
    "random": _Setting(None, chance.PLAIN.get, chance.PLAIN.set, chance.PLAIN.module),
    "array random": _Setting(None, chance.ARRAYS.get, chance.ARRAYS.set, chance.ARRAYS.module),
}
