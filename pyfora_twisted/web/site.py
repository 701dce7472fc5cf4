"""The manager's site: what is found at which path."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from autobahn.twisted.resource import WebSocketResource
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request, Site

from pyfora_twisted.spool import Spool
from pyfora_twisted.web.gate import Gate, Refusal
from pyfora_twisted.web.sessions import Sessions
from pyfora_twisted.web.uploads import Body, BodyRequest, Line, request_class
from pyfora_twisted.web.values import Values

IDLE_TIMEOUT_S = 60


class _Json(Resource):
    """What a function gives, as JSON."""

    isLeaf = True

    def __init__(self, look: Callable[[], dict[str, Any]]) -> None:
        super().__init__()
        self._look = look

    def render_GET(self, request: Request) -> bytes:
        request.setHeader(b"content-type", b"application/json")
        request.setHeader(b"cache-control", b"no-store")
        return json.dumps(self._look()).encode() + b"\n"


class _Parcels(Resource):
    """PUT /api/v1/parcels/{sha256}: the body has gone into the store already."""

    isLeaf = True

    def render_PUT(self, request: Request) -> bytes:
        body: Any = request.content
        assert isinstance(body, Body)
        body.commit()
        code, text = body.verdict
        request.setResponseCode(code)
        return text.encode() + b"\n" if text else b""


class _Root(Resource):
    """Everything, behind the gate."""

    def getChildWithDefault(self, path: bytes, request: Request) -> IResource:
        """The child, for who may see it."""
        assert isinstance(request, BodyRequest)
        if request.refusal is not None:
            return Line(request.refusal)
        child: IResource = super().getChildWithDefault(path, request)
        return child

    def getChild(self, path: bytes, request: Request) -> Resource:
        """What there is none of."""
        return Line(Refusal(404, "there is nothing here; clients connect with pyfora.connect(url)"))


def make_site(
    sessions: Sessions, values: Values, store: Spool, gate: Gate, look: Callable[[], dict[str, Any]], reactor: Any
) -> Site:
    """The site behind `gate`; `look` gives the manager's state."""
    root = _Root()
    root.putChild(b"ws", WebSocketResource(sessions.factory()))
    root.putChild(b"healthz", _Json(lambda: {"status": "ok"}))
    api, v1 = Resource(), Resource()
    root.putChild(b"api", api)
    api.putChild(b"v1", v1)
    v1.putChild(b"status", _Json(look))
    v1.putChild(b"parcels", _Parcels())
    v1.putChild(b"values", values)
    site = Site(root, requestFactory=request_class(gate, store), timeout=IDLE_TIMEOUT_S, reactor=reactor)
    site.noisy = False
    # The access log goes through our own logger, at debug level: a line for each status poll drowns all else.
    site.log = lambda request: None  # type: ignore[method-assign]
    return site
