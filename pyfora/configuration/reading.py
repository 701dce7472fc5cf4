"""Every setting's text with where it was found: variables first, then the file, then the default."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyfora.configuration.machine import FileFound, Machine
from pyfora.configuration.table import BY_NAME, CONFIG_FILE_VARIABLE, SETTINGS, VARIABLES, Setting
from pyfora.errors import PyforaError

CONFIG_FILE = "/etc/pyfora/pyfora.toml"
DEFAULT = "default"


class ConfigError(PyforaError):
    """What was said from outside describes no daemon; the text says what to change."""


@dataclass(frozen=True)
class Given:
    """What one setting was said to be, and by whom: a variable, a file, or nobody (DEFAULT)."""

    setting: Setting
    text: str
    source: str

    @property
    def shown(self) -> str:
        """Its name and text as whoever said it knows them; for messages."""
        if self.source == self.setting.variable or self.source == DEFAULT:
            return f"{self.setting.variable}={self.text!r}"
        return f"{self.setting.name}={self.text!r} in {self.source}"

    @property
    def is_set(self) -> bool:
        """Whether anybody said anything."""
        return self.source != DEFAULT

    def value(self) -> Any:
        """What the text means; None where there is none. Raises ConfigError."""
        if not self.text:
            return None
        try:
            return self.setting.read(self.text)
        except ValueError as error:
            raise ConfigError(f"{self.shown} {error}.") from None


def read_given(environ: Mapping[str, str], machine: Machine) -> dict[str, Given]:
    """All settings by name. A variable that is set to nothing counts as unset. Raises ConfigError, also for a name
    that is none.
    """
    _refuse_unknown_variables(environ)
    path = environ.get(CONFIG_FILE_VARIABLE, "").strip()
    in_file = _read_config_file(path or CONFIG_FILE, machine, must_exist=bool(path))
    given = {}
    for setting in SETTINGS:
        text = environ.get(setting.variable, "").strip()
        if text:
            given[setting.name] = Given(setting, text, setting.variable)
        else:
            given[setting.name] = in_file.get(setting.name) or Given(setting, setting.default, DEFAULT)
    return given


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    for name in sorted(environ):
        if name.startswith("UFORA_") and name not in VARIABLES:
            near = difflib.get_close_matches(name, VARIABLES, n=1, cutoff=0.0)
            raise ConfigError(f"{name} is not a variable of pyfora: did you mean {near[0]}? Unset or rename it.")


def _read_config_file(path: str, machine: Machine, must_exist: bool) -> dict[str, Given]:
    try:
        found = machine.read_file(Path(path))
    except FileNotFoundError as error:
        if not must_exist:
            return {}
        raise ConfigError(f"{CONFIG_FILE_VARIABLE}={path!r}: {error.strerror}. Name a file, or unset it.") from None
    except OSError as error:
        raise ConfigError(f"the configuration file {path} cannot be read: {error.strerror}.") from None
    _refuse_a_file_of_others(path, found, machine.user)
    try:
        table = tomllib.loads(found.content.decode())
    except (ValueError, RecursionError) as error:  # a number of too many digits, or brackets without end, among them
        raise ConfigError(f"the configuration file {path} is no TOML: {error}.") from None
    return {name: Given(BY_NAME[name], _as_text(name, value, path), path) for name, value in _known(table, path)}


def _refuse_a_file_of_others(path: str, found: FileFound, user: int) -> None:
    # Whoever can write it decides where the token is read and the data goes.
    if found.mode & 0o002 or found.owner not in (0, user):
        raise ConfigError(
            f"the configuration file {path} can be changed by other users (mode {found.mode & 0o777:04o}, owner "
            f"{found.owner}): chown it to root, and chmod o-w it."
        )


def _known(table: dict[str, Any], path: str) -> list[tuple[str, Any]]:
    names = [setting.name for setting in SETTINGS if setting.in_file]
    for name in table:
        if name == "token":
            raise ConfigError(
                f"token in {path}: the token itself has no place in a file that others may read. Put it in a file of "
                "its own (mode 0600), and name that as token_file."
            )
        if name not in names:
            near = difflib.get_close_matches(name.removeprefix("UFORA_").lower(), names, n=1, cutoff=0.0)
            raise ConfigError(f"{name} in {path} is not a setting of pyfora: did you mean {near[0]}?")
    return list(table.items())


def _as_text(name: str, value: Any, path: str) -> str:
    """A value of the file as a variable would say it."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (str, int)):
        return str(value).strip()
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    raise ConfigError(f"{name} in {path} is a {type(value).__name__}: give a string, a number, or true or false.")
