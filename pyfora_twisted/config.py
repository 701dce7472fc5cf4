"""The daemon's configuration: the environment in, a frozen `Config` out, or one clear sentence."""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_BASE_PORT = 30009
DEFAULT_HTTP_PORT = 30000
DEFAULT_MANAGER_PORT = 30002
TOKEN_LIMIT_BYTES = 4096
LOG_LEVELS = ("debug", "info", "warn", "error")

VARIABLES = (
    "UFORA_MANAGER_ADDRESS",
    "UFORA_NO_WORKER",
    "UFORA_WORKER_OWN_ADDRESS",
    "UFORA_WORKER_BASE_PORT",
    "UFORA_WEB_HTTP_PORT",
    "UFORA_MANAGER_PORT",
    "UFORA_DATA_DIR",
    "UFORA_BIND_ADDRESS",
    "UFORA_WORKER_CORES",
    "UFORA_WORKER_MEMORY_MB",
    "UFORA_WORKER_DISK_MB",
    "UFORA_TOKEN_FILE",
    "UFORA_TLS_DIR",
    "UFORA_LOG_LEVEL",
)
_NOT_YET = ("UFORA_TLS_DIR", "UFORA_WORKER_MEMORY_MB", "UFORA_WORKER_DISK_MB")
LOOPBACK = "127.0.0.1"


class ConfigError(Exception):
    """The environment does not describe a daemon; the text says what to change."""


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
    token: bytes
    """Empty where there is none."""
    log_level: str
    notices: tuple[str, ...]
    """Lines for the log at start."""

    @property
    def daemon_name(self) -> str:
        """As its log and its pulse are called: several workers may share a data directory."""
        return "manager" if self.run_manager else f"worker-{self.base_port}"


def read_config(
    environ: Mapping[str, str],
    *,
    read_token: Callable[[Path], bytes] = Path.read_bytes,
    is_writable: Callable[[Path], bool] | None = None,
    cores: int | None = None,
) -> Config:
    """The configuration that `environ` describes. Raises ConfigError with one line on what to change.

    `read_token`, `is_writable` (may this directory be made and written?) and `cores` are what is asked of the machine.
    """
    _refuse_unknown(environ)
    for name in _NOT_YET:
        if environ.get(name):
            raise ConfigError(f"{name} is not there yet in this version of pyfora: unset it.")
    manager_address = environ.get("UFORA_MANAGER_ADDRESS", "").strip()
    no_worker = _flag(environ, "UFORA_NO_WORKER")
    if manager_address and no_worker:
        raise ConfigError(
            "UFORA_MANAGER_ADDRESS makes this daemon a worker and UFORA_NO_WORKER=1 forbids one: unset one of the two."
        )
    run_manager = not manager_address
    base_port = _port(environ, "UFORA_WORKER_BASE_PORT", DEFAULT_BASE_PORT, 65534)
    http_port = _port(environ, "UFORA_WEB_HTTP_PORT", DEFAULT_HTTP_PORT)
    manager_port = _port(environ, "UFORA_MANAGER_PORT", DEFAULT_MANAGER_PORT)
    _refuse_clashes(run_manager, not no_worker, base_port, http_port, manager_port)
    token = _token(environ, read_token)
    own_address = environ.get("UFORA_WORKER_OWN_ADDRESS", "").strip()
    bind_address, notices = _binding(environ, token, run_manager)
    if bind_address == LOOPBACK and not own_address:
        # What listens on loopback only can be reached there only: another address would be a lie.
        own_address = LOOPBACK
    level = environ.get("UFORA_LOG_LEVEL", "info").strip().lower()
    if level not in LOG_LEVELS:
        raise ConfigError(f"UFORA_LOG_LEVEL={level!r} is no level: set it to one of {', '.join(LOG_LEVELS)}.")
    return Config(
        run_manager=run_manager,
        run_worker=not no_worker,
        manager_address=manager_address or (bind_address if bind_address not in ("0.0.0.0", "::") else LOOPBACK),
        manager_port=manager_port,
        http_port=http_port,
        own_address=own_address,
        base_port=base_port,
        bind_address=bind_address,
        data_dir=_data_dir(environ, is_writable or can_be_written),
        cores=_cores(environ, cores or os.cpu_count() or 1),
        token=token,
        log_level=level,
        notices=notices,
    )


def can_be_written(path: Path) -> bool:
    """Whether this directory exists and may be written, or may be made."""
    place = path
    while not place.exists():
        if place == place.parent:
            return False
        place = place.parent
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK)


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    for name in sorted(environ):
        if name.startswith("UFORA_") and name not in VARIABLES:
            near = difflib.get_close_matches(name, VARIABLES, n=1, cutoff=0.0)
            raise ConfigError(f"{name} is not a variable of pyfora: did you mean {near[0]}? Unset or rename it.")


def _flag(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "").strip()
    if text not in ("", "0", "1"):
        raise ConfigError(f"{name}={text!r} is neither 1 nor 0: set it to 1, or unset it.")
    return text == "1"


def _port(environ: Mapping[str, str], name: str, default: int, highest: int = 65535) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= highest:
        raise ConfigError(
            f"{name}={text!r} is no port: set it to a number from 1 to {highest}, or unset it for {default}."
        )
    return int(text)


def _refuse_clashes(manager: bool, worker: bool, base_port: int, http_port: int, manager_port: int) -> None:
    taken: dict[int, str] = {}
    wanted: list[tuple[int, str]] = []
    if manager:
        wanted += [(http_port, "UFORA_WEB_HTTP_PORT"), (manager_port, "UFORA_MANAGER_PORT")]
    if worker:
        wanted += [(base_port, "UFORA_WORKER_BASE_PORT"), (base_port + 1, "UFORA_WORKER_BASE_PORT + 1")]
    for port, name in wanted:
        if port in taken:
            raise ConfigError(f"{taken[port]} and {name} are both port {port}: give each a port of its own.")
        taken[port] = name


def _token(environ: Mapping[str, str], read_token: Callable[[Path], bytes]) -> bytes:
    path = environ.get("UFORA_TOKEN_FILE", "").strip()
    if not path:
        return b""
    try:
        token = read_token(Path(path)).strip()
    except OSError as error:
        raise ConfigError(
            f"UFORA_TOKEN_FILE={path!r} cannot be read ({error.strerror}): name a readable file."
        ) from error
    if not token:
        raise ConfigError(f"UFORA_TOKEN_FILE={path!r} is empty: put a token in it, such as 64 random hex digits.")
    if len(token) > TOKEN_LIMIT_BYTES:
        raise ConfigError(
            f"UFORA_TOKEN_FILE={path!r} holds {len(token):,} bytes: a token has {TOKEN_LIMIT_BYTES:,} at most."
        )
    return token


def _binding(environ: Mapping[str, str], token: bytes, run_manager: bool) -> tuple[str, tuple[str, ...]]:
    text = environ.get("UFORA_BIND_ADDRESS", "").strip()
    if text:
        try:
            address = ipaddress.ip_address(text)
        except ValueError as error:
            raise ConfigError(
                f"UFORA_BIND_ADDRESS={text!r} is no IP address: set it to one of this machine's, or 0.0.0.0 for all."
            ) from error
        if token or address.is_loopback:
            return text, ()
        return text, (
            f"Listening on {text} without a token: whoever reaches these ports can run code here. "
            "Set UFORA_TOKEN_FILE to close them to strangers.",
        )
    if token:
        return "0.0.0.0", ()
    return LOOPBACK, (
        f"No token: listening on {LOOPBACK} only. To open this daemon to other machines, set UFORA_TOKEN_FILE "
        "(the same token everywhere), or UFORA_BIND_ADDRESS in a network you trust.",
    )


def _cores(environ: Mapping[str, str], default: int) -> int:
    text = environ.get("UFORA_WORKER_CORES", "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= 1024:
        raise ConfigError(
            f"UFORA_WORKER_CORES={text!r} is no number from 1 to 1024: set one, or unset it for {default}."
        )
    return int(text)


def _data_dir(environ: Mapping[str, str], is_writable: Callable[[Path], bool]) -> Path:
    text = environ.get("UFORA_DATA_DIR", "").strip()
    if text:
        path = Path(text).absolute()
        if not is_writable(path):
            raise ConfigError(f"UFORA_DATA_DIR={text!r} cannot be written by this user: name a directory that can.")
        return path
    if is_writable(Path("/var/ufora")):
        return Path("/var/ufora")
    share = environ.get("XDG_DATA_HOME", "").strip()
    path = (Path(share) if share else Path(environ.get("HOME", "/")) / ".local" / "share") / "ufora"
    if not is_writable(path):
        raise ConfigError(f"neither /var/ufora nor {path} can be written: set UFORA_DATA_DIR to a directory that can.")
    return path
