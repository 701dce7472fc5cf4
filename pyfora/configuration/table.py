"""The table of settings: each name, what it may be, and what it is where nobody says."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

DEFAULT_BASE_PORT = 30009
DEFAULT_HTTP_PORT = 30000
DEFAULT_MANAGER_PORT = 30002
LOG_LEVELS = ("debug", "info", "warn", "error")
LOG_FORMATS = ("text", "json")
MEGABYTES_LIMIT = 1 << 30
CORES_LIMIT = 1024
HOST_PATTERN = "[0-9a-zA-Z:_][0-9a-zA-Z.:%_-]{0,254}"
"""A host's name or address, without brackets or a port."""
HOST_NAMES_LIMIT = 100


@dataclass(frozen=True)
class Setting:
    """One setting: `name` in the configuration file, `UFORA_` and the name in capitals as a variable.

    `read` makes its value of a text, or raises ValueError with what is wrong and what to do. `default` is the text
    that stands for it where it is not set, "" where there is none.
    """

    name: str
    meaning: str
    read: Callable[[str], Any]
    default: str = ""
    in_file: bool = True

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"UFORA_{self.name.upper()}"


def _text(text: str) -> str:
    return text


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("is neither 1 nor 0: set it to 1, or unset it")
    return text == "1"


def _number(what: str, lowest: int, highest: int, default: object) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or not lowest <= int(text) <= highest:
            raise ValueError(
                f"is no {what}: set it to a number from {lowest} to {highest}, or unset it for {default or 'no limit'}"
            )
        return int(text)

    return read


def _port(default: int, highest: int = 65535) -> Callable[[str], int]:
    return _number("port", 1, highest, default)


def _address(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("is no IP address: set it to one of this machine's, or 0.0.0.0 for all") from None
    return text


def _one_of(words: tuple[str, ...], what: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"is no {what}: set it to one of {', '.join(words)}")
        return text.lower()

    return read


def _host_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower().rstrip(".") for name in text.split(",") if name.strip())
    if len(names) > HOST_NAMES_LIMIT:
        raise ValueError(f"has more than {HOST_NAMES_LIMIT} names: name fewer")
    for name in names:
        if not all(letter.isalnum() or letter in "-_." for letter in name):
            raise ValueError(f"has {name!r} in it, which is no host name: give names, without ports, between commas")
    return names


def _host(text: str) -> str:
    if not re.fullmatch(HOST_PATTERN, text):
        raise ValueError("is no host name or address: give one as other machines would, without brackets or a port")
    return text


SETTINGS = (
    Setting("manager_address", "host of the manager; set: this daemon is a worker only", _text),
    Setting("no_worker", "1: a manager without a worker", _flag, "0"),
    Setting("worker_own_address", "the address under which this worker is registered", _host),
    Setting(
        "worker_base_port",
        "first of two consecutive ports: control, data",
        _port(DEFAULT_BASE_PORT, 65534),
        str(DEFAULT_BASE_PORT),
    ),
    Setting("web_http_port", "the manager's HTTP port", _port(DEFAULT_HTTP_PORT), str(DEFAULT_HTTP_PORT)),
    Setting("manager_port", "the worker registry port", _port(DEFAULT_MANAGER_PORT), str(DEFAULT_MANAGER_PORT)),
    Setting("web_hosts", "more names, between commas, by which browsers and clients call this manager", _host_names),
    Setting("data_dir", "logs, journal, spool, kernel cache", _text),
    Setting("bind_address", "the address to listen on", _address),
    Setting("worker_cores", "compute processes of a worker", _number("count", 1, CORES_LIMIT, "one per core")),
    Setting("worker_memory_mb", "memory of a worker's compute processes", _number("size", 64, MEGABYTES_LIMIT, "")),
    Setting("worker_disk_mb", "parcels in a worker's spool", _number("size", 16, MEGABYTES_LIMIT, "")),
    Setting("token", "the cluster's token itself", _text, in_file=False),
    Setting("token_file", "a file with the cluster's token, which others cannot read", _text),
    Setting("tls_dir", "a directory with the certificates that `pyfora certs` makes", _text),
    Setting("log_level", "the least of debug, info, warn, error that is logged", _one_of(LOG_LEVELS, "level"), "info"),
    Setting("log_format", "text or json", _one_of(LOG_FORMATS, "format"), "text"),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}
CONFIG_FILE_VARIABLE = "UFORA_CONFIG_FILE"
"""Names another configuration file than the default one."""
VARIABLES = (*(setting.variable for setting in SETTINGS), CONFIG_FILE_VARIABLE)
