"""Where a manager is: its URL, taken apart and checked, with the requests that go to it over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyfora.client.asking import SAID_LIMIT_BYTES, Asking
from pyfora.client.unreached import error_in, not_pyfora, turned_away, unreachable
from pyfora.errors import ConnectionError, ResultTooLargeError, ValueLostError
from pyfora.limits import PARCEL_LIMIT_BYTES

if TYPE_CHECKING:
    from pyfora.client.securing import Security

_EXAMPLE = "http://127.0.0.1:30000"
_SCHEMES = {"http": "http", "ws": "http", "https": "https", "wss": "https"}
_CHUNK_BYTES = 1 << 20
_STATUS_LIMIT_BYTES = 64 << 20


@dataclass(frozen=True)
class Address:
    """A manager's address."""

    url: str
    host: str
    port: int
    token: str = field(default="", repr=False)
    security: Security | None = None
    """Its certificates, where the URL is an https one."""

    @property
    def socket_url(self) -> str:
        """The URL of the manager's WebSocket; TLS, where there is any, is below the socket that it is given."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ws://{host}:{self.port}/ws"

    def put_parcel(
        self, parcel_id: str, size_bytes: int, pieces: Iterable[bytes | memoryview], timeout_s: float
    ) -> None:
        """Send a parcel to the manager. Raises OSError (try again), or ConnectionError where it was refused."""
        asking = Asking(self, timeout_s)
        try:
            headers = {"Content-Length": str(size_bytes), "Content-Type": "application/octet-stream"}
            try:
                response = asking.request("PUT", f"/api/v1/parcels/{parcel_id}", _chunks(pieces), headers)
                said = error_in(response.read(SAID_LIMIT_BYTES))
            except http.client.HTTPException as error:
                raise OSError(f"the manager's answer to an upload was cut short: {error!r}") from error
            if response.status >= 500 and response.status != 507:
                raise OSError(f"the manager could not take an upload just now ({response.status} {response.reason})")
            if response.status >= 300:
                raise ConnectionError(
                    f"the manager at {self.url} did not take an upload of {size_bytes:,} bytes "
                    f"({response.status} {response.reason}: {said or 'no reason given'}). "
                    "Capture less in the block, or make room on the manager."
                )
        finally:
            asking.close()

    def get_value(self, value_id: str, timeout_s: float, limit_bytes: int = PARCEL_LIMIT_BYTES) -> bytearray:
        """A value's parcel. Raises OSError, ValueLostError where it is gone, ResultTooLargeError over the limit."""
        asking = Asking(self, timeout_s)
        try:
            try:
                response = asking.request("GET", f"/api/v1/values/{urllib.parse.quote(value_id)}")
                if response.status in (404, 410):
                    raise ValueLostError(
                        f"the value {value_id} is no longer on the cluster: the worker that held it is gone, or the "
                        "manager was started again. Run the block that made it once more."
                    )
                if response.status != 200:
                    raise OSError(f"the manager answered {response.status} {response.reason}")
                return _read(response, limit_bytes)
            except http.client.HTTPException as error:
                raise OSError(f"the manager's answer was cut short: {error!r}") from error
        finally:
            asking.close()

    def status(self, timeout_s: float = 5.0) -> dict[str, Any]:
        """The manager's status. Raises ConnectionError."""
        status = self.ask("/api/v1/status", timeout_s)
        if not isinstance(status, dict) or "manager_id" not in status:
            raise ConnectionError(not_pyfora(self))
        return status

    def ask(self, path: str, timeout_s: float) -> Any:
        """What GET gives, which is JSON, with status 200 or (of what is not well) 503; None with another status.

        Raises ConnectionError.
        """
        asking: Asking | None = None
        try:
            asking = Asking(self, timeout_s)
            response = asking.request("GET", path)
            if response.status == 403:
                raise ConnectionError(turned_away(self, response.read(SAID_LIMIT_BYTES)))
            if response.status not in (200, 503):
                return None
            return json.loads(bytes(_read(response, _STATUS_LIMIT_BYTES)))
        except (http.client.HTTPException, ValueError, ResultTooLargeError) as error:
            raise ConnectionError(not_pyfora(self)) from error
        except OSError as error:
            raise ConnectionError(unreachable(self, error)) from error
        finally:
            if asking is not None:
                asking.close()


def _chunks(pieces: Iterable[bytes | memoryview]) -> Iterable[memoryview]:
    # http.client sends an item with one sendall: of a huge one no timeout would ever be seen.
    for piece in pieces:
        view = memoryview(piece).cast("B") if memoryview(piece).nbytes else memoryview(b"")
        for start in range(0, view.nbytes, _CHUNK_BYTES):
            yield view[start : start + _CHUNK_BYTES]


def _read(response: http.client.HTTPResponse, limit_bytes: int) -> bytearray:
    length = response.length
    if length is not None and length > limit_bytes:
        raise ResultTooLargeError(f"a value of {length:,} bytes is larger than the {limit_bytes:,} that were asked for")
    if length is not None:
        data = bytearray(length)
        view, got = memoryview(data), 0
        while got < length:
            count = response.readinto(view[got : got + _CHUNK_BYTES])
            if not count:
                raise OSError(f"a value of {length:,} bytes ended after {got:,}")
            got += count
        return data
    data = bytearray()
    while chunk := response.read(_CHUNK_BYTES):
        data += chunk
        if len(data) > limit_bytes:
            raise ResultTooLargeError(f"a value is larger than the {limit_bytes:,} bytes that were asked for")
    return data


def parse_address(url: str, token: str | None = None, tls: str | None = None) -> Address:
    """The address in `url`; the token is the argument's, else that of UFORA_TOKEN or of the file UFORA_TOKEN_FILE.

    `tls`: a directory of certificates for an https URL, else the one that UFORA_TLS_DIR names.

    Raises ConnectionError, at once, where the URL cannot be one of a manager or the token file cannot be read.
    """
    if not isinstance(url, str):
        raise ConnectionError(f"the URL is a {type(url).__name__}, not a string. Give one such as '{_EXAMPLE}'.")
    # Not one that has more than host and port: somebody may have put a token into it.
    shown = "what was given" if any(letter in url for letter in "@?#") else repr(url)
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        why = f": {error}" if shown == repr(url) else ""
        raise ConnectionError(f"{shown} is no URL{why}. Give one such as '{_EXAMPLE}'.") from None
    if parts.scheme not in _SCHEMES or not host:
        raise ConnectionError(f"{shown} is not the URL of a manager. Give one such as '{_EXAMPLE}'.")
    if parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConnectionError(
            f"the URL has more than a host and a port. Give one such as '{_EXAMPLE}', "
            "and a token by connect(..., token=…)."
        )
    if token is None:
        token = _token_from_environment()
    if not all("!" <= letter <= "~" for letter in token):
        raise ConnectionError("the token holds blanks or letters beyond ASCII: it is one line of visible ASCII.")
    scheme = _SCHEMES[parts.scheme]
    security = _security(scheme, tls)
    shown = f"[{host}]" if ":" in host else host
    port = 30000 if port is None else port
    return Address(f"{scheme}://{shown}:{port}", host, port, token, security)


def _security(scheme: str, tls: str | None) -> Security | None:
    if scheme == "http":
        if tls is not None:
            raise ConnectionError("certificates are given (tls=…) for a URL without TLS. Use 'https://…'.")
        return None
    directory = tls or os.environ.get("UFORA_TLS_DIR", "").strip()
    if not directory:
        raise ConnectionError(
            "an https URL needs the certificates of a client. Give connect(..., tls=DIRECTORY), or name the directory "
            "in UFORA_TLS_DIR; `pyfora certs` makes them."
        )
    from pyfora.client.securing import read_security

    return read_security(directory)


def _token_from_environment() -> str:
    inline, path = (os.environ.get(name, "").strip() for name in ("UFORA_TOKEN", "UFORA_TOKEN_FILE"))
    if inline and path:
        raise ConnectionError("UFORA_TOKEN and UFORA_TOKEN_FILE are both set. Unset one of the two.")
    if inline or not path:
        return inline
    from pyfora.configuration.machine import this_machine
    from pyfora.configuration.reading import ConfigError
    from pyfora.configuration.secrets import read_token_file

    try:
        return read_token_file(path, f"the token file {path} (UFORA_TOKEN_FILE)", this_machine()).decode("ascii")
    except ConfigError as error:
        raise ConnectionError(f"{error} Or give connect(..., token=...).") from None
