"""What is in force, in words: the text of `pyfora config`."""

from __future__ import annotations

from collections.abc import Mapping

from pyfora.configuration.config import Config, make_config
from pyfora.configuration.machine import Machine, this_machine
from pyfora.configuration.reading import DEFAULT, Given, read_given
from pyfora.configuration.secrets import Token, read_token

_HIDDEN = "set, not shown"


def config_text(environ: Mapping[str, str], machine: Machine | None = None) -> str:
    """A line for every setting: name, value in force, where it came from; then what the log would say at start.

    Never the token. Raises ConfigError.
    """
    machine = machine or this_machine()
    given = read_given(environ, machine)
    token = read_token(given, environ, machine)
    config = make_config(given, token, environ, machine)
    rows = [_row(one, config, token) for one in given.values()]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = [f"{name:{widths[0]}}  {value:{widths[1]}}  {source}" for name, value, source in rows]
    daemon = {(True, True): "a manager with a worker", (True, False): "a manager", (False, True): "a worker"}
    lines.insert(0, f"`twistd -n pyfora` would be {daemon[config.run_manager, config.run_worker]}.")
    return "\n".join([*lines, *config.notices]) + "\n"


def _row(given: Given, config: Config, token: Token) -> tuple[str, str, str]:
    name = given.setting.name
    if name == "token":
        return name, _HIDDEN if token.secret else "none", token.source
    if given.is_set:
        return name, given.text, given.source
    worked_out = {
        "manager_address": config.manager_address,
        "worker_own_address": config.own_address or "this machine's own",
        "data_dir": str(config.data_dir),
        "bind_address": config.bind_address,
        "worker_cores": str(config.cores),
        "worker_memory_mb": "no limit",
        "worker_disk_mb": "what there is room for",
    }
    return name, given.text or worked_out.get(name, "none"), DEFAULT
