"""Who may speak to the manager's HTTP port."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from twisted.web.http_headers import Headers

from pyfora.errors import WireError
from pyfora.wire.door import NONCE_BYTES
from pyfora.wire.http_door import Keeper
from pyfora_twisted.web.hosts import Hosts

METHODS = (b"GET", b"HEAD", b"PUT", b"POST", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"QUERY")
"""Those that HTTP knows and that may be asked for; whether a resource has them is its own affair."""
SERVED = "GET, HEAD, PUT, DELETE, OPTIONS"


@dataclass(frozen=True)
class Refusal:
    """The status, the sentence and the headers with which a request is turned away."""

    code: int
    text: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Entry:
    """A request is let in; `proof` is what proves to the caller who we are, where it asked for that."""

    proof: str = ""


class Gate:
    """Decides by a request's head alone, before anything of its body is kept."""

    def __init__(self, token: bytes, host_names: tuple[str, ...], seconds: Callable[[], float]) -> None:
        self._token = token
        self._hosts = Hosts(host_names)
        self._seconds = seconds
        self._keeper = Keeper(token, lambda: secrets.token_bytes(NONCE_BYTES))

    def look(self, method: bytes, path: bytes, headers: Headers) -> Entry | Refusal:
        """Let this request in, or say why not."""
        hosts, origins = (headers.getRawHeaders(name) or [] for name in (b"host", b"origin"))
        if len(hosts) != 1 or len(origins) > 1:
            return Refusal(400, "a request has one Host, and one Origin at most")
        host = hosts[0].decode("latin-1")
        if not self._hosts.know(host):
            return Refusal(
                403, "this manager is not known by that name: use its address, or name it in UFORA_WEB_HOSTS there"
            )
        if origins and _host_of(origins[0].decode("latin-1")) != host:
            return Refusal(403, "a page of another site may not speak to this manager")
        if method not in METHODS:
            return Refusal(501, "this manager does not know that method", (("Allow", SERVED),))
        if not self._token:
            return Entry()
        now = self._seconds()
        shown = (headers.getRawHeaders(b"authorization") or [b""])[0].decode("latin-1")
        try:
            return Entry(self._keeper.judge(shown, method.decode("ascii"), path.decode("latin-1"), now))
        except WireError as error:
            return Refusal(401, str(error), (("WWW-Authenticate", self._keeper.offer(now)),))


def _host_of(origin: str) -> str:
    """The host and port of an Origin header; "" where it has none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
