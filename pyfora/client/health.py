"""Asks a daemon how it is, for `pyfora health`: a manager over HTTP, a worker on its data port."""

from __future__ import annotations

import secrets
import socket
import urllib.parse
from collections.abc import Mapping

from pyfora.client.address import Address, parse_address
from pyfora.client.securing import read_security
from pyfora.configuration.config import LOOPBACK, Config, read_config
from pyfora.errors import ConnectionError, WireError
from pyfora.wire.door import CALLER, NONCE_BYTES, Door
from pyfora.wire.tickets import ALONE, ANSWER_BYTES, ASK, READY, Ticket, decode_answer, encode_ticket

_READ_BYTES = 4096


def health_text(url: str | None, environ: Mapping[str, str], ready: bool, timeout_s: float) -> str:
    """One line that says that the daemon at `url` works (`ready`: can do its job now); of None, the configured one.

    Raises ConnectionError with the reasons where it does not, ConfigError where the configuration is none.
    """
    config = read_config(environ)
    if url is None:
        # What listens everywhere is asked at loopback.
        here = LOOPBACK if config.bind_address in ("0.0.0.0", "::") else config.bind_address
        here = f"[{here}]" if ":" in here else here
        scheme = "http" if config.tls_dir is None else "https"
        url = f"{scheme}://{here}:{config.http_port}" if config.run_manager else f"worker://{here}:{config.base_port}"
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "worker":
        try:
            host, base_port = parts.hostname, parts.port
        except ValueError:
            host, base_port = None, None
        if not host or not base_port:
            raise ConnectionError(
                f"{url!r} is no worker: give worker://HOST:BASE_PORT, such as worker://{LOOPBACK}:30009."
            )
        return _worker_text(url, (host, base_port), config, ready, timeout_s)
    return _manager_text(url, config, ready, timeout_s)


def _manager_text(url: str, config: Config, ready: bool, timeout_s: float) -> str:
    token = config.token.decode("utf-8", "surrogateescape")
    if config.tls_dir is not None and config.run_manager and (config.tls_dir / "manager.pem").exists():
        # Beside a manager there need not be a client's certificate.
        parts = urllib.parse.urlsplit(url)
        security = read_security(str(config.tls_dir), "manager")
        address = Address(url, parts.hostname or "", parts.port or config.http_port, token, security)
    else:
        address = parse_address(url, token, None if config.tls_dir is None else str(config.tls_dir))
    found = address.ask("/readyz" if ready else "/healthz", timeout_s)
    if not isinstance(found, dict) or not isinstance(found.get("checks"), dict):
        raise ConnectionError(f"what answers at {url} is not a pyfora manager of this version.")
    reasons = [check["reason"] for check in found["checks"].values() if not check.get("ok")]
    if reasons or found.get("status") != "ok":
        raise ConnectionError(f"the manager at {url} is not {'ready' if ready else 'well'}: {'; '.join(reasons)}.")
    return f"the manager at {url} is {'ready' if ready else 'well'}\n"


def _worker_text(url: str, place: tuple[str, int], config: Config, ready: bool, timeout_s: float) -> str:
    try:
        verdict = _ask_worker(place, config, timeout_s)
    except (OSError, WireError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConnectionError(f"the worker at {url} is not well: its data port does not answer ({why}).") from error
    if ready and verdict != READY:
        raise ConnectionError(
            f"the worker at {url} is not ready: it is not registered with its manager; its log says why "
            "(UFORA_MANAGER_ADDRESS and UFORA_MANAGER_PORT say where it looks)."
        )
    return f"the worker at {url} is {'ready' if ready else 'well'}\n"


def _ask_worker(place: tuple[str, int], config: Config, timeout_s: float) -> bytes:
    """READY or ALONE. Raises OSError, WireError or ConnectionError."""
    host, base_port = place
    connection: socket.socket = socket.create_connection((host, base_port + 1), timeout_s)
    if config.tls_dir is not None:
        # The data port is for workers: with the certificate that this worker has anyhow.
        connection = read_security(str(config.tls_dir), "worker", "worker").wrap(connection, host, timeout_s)
        connection.settimeout(timeout_s)
    with connection:
        door = Door(CALLER, config.token, secrets.token_bytes(NONCE_BYTES), b"data")
        connection.sendall(door.start())
        while not door.open:
            connection.sendall(door.receive(_read(connection)))
        connection.sendall(encode_ticket(Ticket(ASK, "health", 0)))
        answer = door.rest()
        while len(answer) < ANSWER_BYTES:
            answer += _read(connection)
    verdict = decode_answer(answer[:ANSWER_BYTES]).verdict
    if verdict not in (READY, ALONE):
        raise WireError("it answers something else than was asked")
    return verdict


def _read(connection: socket.socket) -> bytes:
    data = connection.recv(_READ_BYTES)
    if not data:
        raise WireError("it closed the connection; does it have the same token?")
    return data
