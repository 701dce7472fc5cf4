"""HTTP requests to a manager, each with a proof of the token both ways."""

from __future__ import annotations

import http.client
import secrets
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pyfora.client.dialling import dial
from pyfora.client.unreached import not_pyfora, speaks_tls, tokenless, turned_away, unproved, wrong_token
from pyfora.errors import ConnectionError
from pyfora.wire.door import NONCE_BYTES, TLS_RECORDS
from pyfora.wire.http_door import CHALLENGE_PATH, PROOF_HEADER, Caller, offered_challenge

if TYPE_CHECKING:
    import socket

    from pyfora.client.address import Address


SAID_LIMIT_BYTES = 2000
"""What is read of a refusal."""


class Asking:
    """One connection to a manager, for one request.

    The connection is asked for a challenge first, so that the token never travels; and under TLS in any case, for there
    the manager's verdict on our certificate comes with its first answer only (RFC 8446, 4.4.2.4).
    """

    def __init__(self, address: Address, timeout_s: float) -> None:
        """Connect. Raises ConnectionError where it makes no sense to try again, or OSError."""
        self._address = address
        self._deadline = time.monotonic() + timeout_s
        self._timeout_s = timeout_s
        self._caller: Caller | None = None
        self._connection = self._open()
        self._challenge = ""
        if address.token or address.security is not None:
            try:
                self._ask()
            except BaseException:
                self._connection.close()
                raise

    def headers(self, method: str, path: str) -> dict[str, str]:
        """What proves that we know the token, where there is one, for this request."""
        if not self._challenge:
            return {}
        nonce = secrets.token_hex(NONCE_BYTES)
        self._caller = Caller(self._address.token.encode(), self._challenge, nonce, method, path)
        return {"Authorization": self._caller.authorization}

    def request(
        self,
        method: str,
        path: str,
        body: Iterable[memoryview] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> http.client.HTTPResponse:
        """Send the request; its response, the head of which is read. Raises OSError, HTTPException, ConnectionError."""
        self._connection.request(method, path, body=body, headers={**(headers or {}), **self.headers(method, path)})
        response = self._response()
        self.check(response.status, response.headers.get(PROOF_HEADER))
        return response

    def check(self, status: int, proof: str | None) -> None:
        """Raise ConnectionError where an answer of this status does not come from a manager that knows the token."""
        if status == 401:
            raise ConnectionError(wrong_token(self._address))
        # Only a manager's word counts; what comes of something in between (502, 503) is no news of one.
        if self._caller is not None and status < 500 and not self._caller.check(proof):
            raise ConnectionError(unproved(self._address))

    def take_socket(self) -> socket.socket:
        """The connected socket, which is the caller's from now on."""
        taken: socket.socket = self._connection.sock
        self._connection.sock = None
        taken.settimeout(None)
        return taken

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _open(self) -> http.client.HTTPConnection:
        address = self._address
        connection = http.client.HTTPConnection(address.host, address.port, timeout=self._timeout_s)
        left = max(0.001, self._deadline - time.monotonic())
        dialled: socket.socket = dial(address.host, address.port, left)
        if address.security is not None:
            dialled = address.security.wrap(dialled, address.host, left)
        dialled.settimeout(self._timeout_s)
        connection.sock = dialled
        return connection

    def _ask(self) -> None:
        self._connection.request("GET", CHALLENGE_PATH)
        response = self._response()
        said = response.read(SAID_LIMIT_BYTES)
        if response.status == 403:
            raise ConnectionError(turned_away(self._address, said))
        if response.status >= 500:
            raise OSError(f"the manager answered {response.status} {response.reason}")
        challenge = offered_challenge(response.headers.get("WWW-Authenticate"))
        if challenge is None and response.status not in (401, 404):
            raise ConnectionError(not_pyfora(self._address))
        if self._address.token:
            if challenge is None:
                raise ConnectionError(tokenless(self._address))
            self._challenge = challenge
        elif challenge is not None:
            raise ConnectionError(wrong_token(self._address))
        if self._connection.sock is None or response.will_close:
            self._connection.close()
            self._connection = self._open()

    def _response(self) -> http.client.HTTPResponse:
        try:
            return self._connection.getresponse()
        except http.client.BadStatusLine as error:
            if str(error)[:1].encode("latin-1", "replace") in TLS_RECORDS:
                raise ConnectionError(speaks_tls(self._address)) from None
            raise
        except ssl.SSLError as error:
            from pyfora.client.securing import BROKEN, error_in_words

            if isinstance(error, BROKEN):
                raise
            raise ConnectionError(
                f"the manager at {self._address.url} did not let us in: {error_in_words(error)}."
            ) from None
