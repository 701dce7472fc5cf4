"""The daemon's configuration: one frozen `Config`, or one clear sentence."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyfora.configuration.machine import Machine, this_machine
from pyfora.configuration.reading import ConfigError, Given, read_given
from pyfora.configuration.secrets import Token, read_token
from pyfora.configuration.table import CORES_LIMIT

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Config:
    """Everything that a daemon is told from outside."""

    run_manager: bool
    run_worker: bool
    manager_address: str
    """Where the worker finds its manager."""
    manager_port: int
    http_port: int
    own_address: str
    """Under which this worker is registered; empty: ask the machine."""
    base_port: int
    """Control port; the data port is the next one. 0 (embedded only): any two."""
    bind_address: str
    data_dir: Path
    cores: int
    token: bytes = field(repr=False)
    """Empty where there is none."""
    log_level: str
    notices: tuple[str, ...]
    """Lines for the log at start."""
    log_format: str = "text"
    host_names: tuple[str, ...] = ()
    """Names under which the HTTP port is called, beside addresses and names without a dot."""
    tls_dir: Path | None = None
    memory_bytes: int | None = None
    """What the compute processes of the worker may use together; None: no limit of ours."""
    disk_bytes: int | None = None
    """What the parcels in the worker's spool may take; None: what there is room for."""


def read_config(environ: Mapping[str, str], machine: Machine | None = None) -> Config:
    """What variables, file and defaults describe. Raises ConfigError with one line on what to change."""
    machine = machine or this_machine()
    given = read_given(environ, machine)
    return make_config(given, read_token(given, environ, machine), environ, machine)


def make_config(given: Mapping[str, Given], token: Token, environ: Mapping[str, str], machine: Machine) -> Config:
    """The configuration that these settings make together. Raises ConfigError where they contradict each other."""
    values = {name: one.value() for name, one in given.items() if name != "token"}
    manager_address: str = values["manager_address"] or ""
    run_manager, run_worker = not manager_address, not values["no_worker"]
    if manager_address and not run_worker:
        raise ConfigError(
            f"{given['manager_address'].shown} makes this daemon a worker and {given['no_worker'].shown} forbids one: "
            "unset one of the two."
        )
    _refuse_clashes(run_manager, run_worker, values)
    own_address: str = values["worker_own_address"] or ""
    bind_address, notices = _binding(values["bind_address"], bool(token.secret), bool(values["tls_dir"]))
    if bind_address == LOOPBACK and not own_address:
        # What listens on loopback only can be reached there only: another address would be a lie.
        own_address = LOOPBACK
    tls_dir = Path(values["tls_dir"]).absolute() if values["tls_dir"] else None
    return Config(
        run_manager=run_manager,
        run_worker=run_worker,
        manager_address=manager_address or (bind_address if bind_address not in ("0.0.0.0", "::") else LOOPBACK),
        manager_port=values["manager_port"],
        http_port=values["web_http_port"],
        own_address=own_address,
        base_port=values["worker_base_port"],
        bind_address=bind_address,
        data_dir=_data_dir(given["data_dir"], environ, machine),
        cores=values["worker_cores"] or min(machine.cores, CORES_LIMIT),
        token=token.secret,
        log_level=values["log_level"],
        notices=notices,
        log_format=values["log_format"],
        host_names=tuple(dict.fromkeys((*(values["web_hosts"] or ()), *machine.host_names, own_address.lower()))),
        tls_dir=tls_dir,
        memory_bytes=_bytes(values["worker_memory_mb"]),
        disk_bytes=_bytes(values["worker_disk_mb"]),
    )


def _bytes(megabytes: int | None) -> int | None:
    return None if megabytes is None else megabytes * 1024 * 1024


def _refuse_clashes(run_manager: bool, run_worker: bool, values: Mapping[str, Any]) -> None:
    wanted: list[tuple[int, str]] = []
    if run_manager:
        wanted += [(values["web_http_port"], "UFORA_WEB_HTTP_PORT"), (values["manager_port"], "UFORA_MANAGER_PORT")]
    if run_worker:
        base_port = values["worker_base_port"]
        wanted += [(base_port, "UFORA_WORKER_BASE_PORT"), (base_port + 1, "UFORA_WORKER_BASE_PORT + 1")]
    taken: dict[int, str] = {}
    for port, name in wanted:
        if port in taken:
            raise ConfigError(f"{taken[port]} and {name} are both port {port}: give each a port of its own.")
        taken[port] = name


def _binding(asked: str | None, token: bool, tls: bool) -> tuple[str, tuple[str, ...]]:
    if asked is not None:
        if token or tls or ipaddress.ip_address(asked).is_loopback:
            return asked, ()
        return asked, (
            f"Listening on {asked} without a token: whoever reaches these ports can run code here. "
            "Set UFORA_TOKEN_FILE, or UFORA_TLS_DIR, to close them to strangers.",
        )
    if tls:
        return "0.0.0.0", ()
    if token:
        return "0.0.0.0", (
            "A token but no TLS: strangers are kept out, but whoever can watch or change this network's traffic is "
            "not. Set UFORA_TLS_DIR (`pyfora certs DIR` makes what belongs in it) where the network is not trusted.",
        )
    return LOOPBACK, (
        f"No token: listening on {LOOPBACK} only. To open this daemon to other machines, set UFORA_TOKEN_FILE "
        "(the same token everywhere) or UFORA_TLS_DIR, or UFORA_BIND_ADDRESS in a network you trust.",
    )


def _data_dir(given: Given, environ: Mapping[str, str], machine: Machine) -> Path:
    if given.text:
        path = Path(given.text).absolute()
        if not machine.is_writable(path):
            raise ConfigError(f"{given.shown} cannot be written by this user: name a directory that can.")
        return path
    if machine.is_writable(Path("/var/ufora")):
        return Path("/var/ufora")
    share = environ.get("XDG_DATA_HOME", "").strip()
    path = (Path(share) if share else Path(environ.get("HOME", "/")) / ".local" / "share") / "ufora"
    if not machine.is_writable(path):
        raise ConfigError(f"neither /var/ufora nor {path} can be written: set UFORA_DATA_DIR to a directory that can.")
    return path
