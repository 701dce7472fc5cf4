"""Who may speak to the manager's HTTP port."""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from twisted.web.http_headers import Headers


class Gate:
    """Decides by a request's headers alone, before anything of its body is kept."""

    def __init__(self, token: bytes) -> None:
        self._token = token

    def refusal(self, headers: Headers) -> tuple[int, str] | None:
        """None, or the HTTP status and the sentence with which this request is turned away."""
        host = _first(headers, b"host")
        origin = _first(headers, b"origin")
        if origin and urlsplit(origin).netloc != host:
            return 403, "a page of another site may not speak to this manager"
        if self._token:
            given = _first(headers, b"authorization")
            scheme, _, token = given.partition(" ")
            if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode("latin-1"), self._token):
                return 401, "this manager asks for its token: Authorization: Bearer TOKEN"
        elif origin and not _is_plain_host(host):
            # A name that a foreign site's DNS points here would make its pages "the same origin".
            return 403, "without a token, browsers reach this manager by an IP address or as localhost only"
        return None


def _first(headers: Headers, name: bytes) -> str:
    values = headers.getRawHeaders(name)
    return values[0].decode("latin-1") if values else ""


def _is_plain_host(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
