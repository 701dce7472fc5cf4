"""The form of every answer over HTTP: JSON, and for errors `{"error": "one sentence"}`."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import Request

from pyfora_twisted.web.gate import Refusal

JSON_TYPE = b"application/json"


def give(request: Any, code: int, body: bytes, content_type: bytes) -> bytes:
    """A whole answer, for a `render` to return: for HEAD its headers alone."""
    # twisted.web knows no phrase for some codes.
    request.setResponseCode(code, HTTPStatus(code).phrase.encode())
    request.setHeader(b"cache-control", b"no-store")
    request.setHeader(b"x-content-type-options", b"nosniff")
    if code == 204:
        return b""
    request.setHeader(b"content-type", content_type)
    if request.method == b"HEAD":
        request.setHeader(b"content-length", b"%d" % len(body))
        return b""
    return body


def give_json(request: Any, code: int, value: Any) -> bytes:
    """`value` as JSON."""
    return give(request, code, json.dumps(value).encode() + b"\n", JSON_TYPE)


def refuse(request: Any, code: int, text: str) -> bytes:
    """An error in one sentence."""
    return give_json(request, code, {"error": text})


def refuse_later(request: Any, code: int, text: str) -> None:
    """An error for a request that was left open (NOT_DONE_YET)."""
    request.write(refuse(request, code, text))
    request.finish()


class Refused(Resource):
    """Refuses whatever is asked of it."""

    isLeaf = True

    def __init__(self, refusal: Refusal) -> None:
        super().__init__()
        self._refusal = refusal

    def render(self, request: Request) -> bytes:
        """The refusal, whatever the method."""
        for name, value in self._refusal.headers:
            request.setHeader(name, value)
        return refuse(request, self._refusal.code, self._refusal.text)


def allow_only(request: Any, methods: tuple[str, ...]) -> bytes | None:
    """What to answer where the request's method is not among `methods` (which name GET, not HEAD); else None.

    OPTIONS is answered here as well: 204 with Allow.
    """
    allowed = [*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"]
    method = request.method.decode("latin-1")
    if method in allowed and method != "OPTIONS":
        return None
    request.setHeader(b"allow", ", ".join(allowed).encode())
    if method == "OPTIONS":
        return give(request, 204, b"", JSON_TYPE)
    return refuse(request, 405, f"{method[:20]} is not allowed here; {', '.join(allowed)} are")
