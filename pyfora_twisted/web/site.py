"""The manager's site: what is found at which path."""

from __future__ import annotations

from typing import Any

from autobahn.twisted.resource import WebSocketResource
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request, Site

from pyfora_twisted.web.answers import Refused, allow_only, refuse
from pyfora_twisted.web.api import Api
from pyfora_twisted.web.channel import Channel
from pyfora_twisted.web.gate import Gate, Refusal
from pyfora_twisted.web.health import Health, HealthPage
from pyfora_twisted.web.metrics import Metrics, Sources
from pyfora_twisted.web.sessions import Sessions
from pyfora_twisted.web.uploads import BodyRequest, request_class
from pyfora_twisted.web.values import Values

IDLE_TIMEOUT_S = 60
UPGRADE_REQUIRED = 426
NOTHING = "there is nothing here; clients connect with pyfora.connect(url)"


class _WebSockets(Resource):
    """GET /ws with an upgrade."""

    isLeaf = True

    def __init__(self, sessions: Sessions) -> None:
        super().__init__()
        self._upgraded = WebSocketResource(sessions.factory())

    def render(self, request: Any) -> bytes | int:
        """Hand the connection over."""
        refused = allow_only(request, ("GET",))
        if refused is not None:
            return refused
        upgrade = request.requestHeaders.getRawHeaders(b"upgrade", [b""])[0]
        if request.method != b"GET" or upgrade.lower() != b"websocket" or request.postpath:
            request.setHeader(b"upgrade", b"websocket")
            return refuse(request, UPGRADE_REQUIRED, "clients speak WebSocket here: pyfora.connect(url)")
        answer: bytes | int = self._upgraded.render(request)
        return answer


class _Branch(Resource):
    """Has children, and nothing to show itself."""

    def getChild(self, path: bytes, request: Request) -> Resource:
        """What there is none of."""
        return Refused(Refusal(404, NOTHING))

    def render(self, request: Request) -> bytes:
        """The same."""
        return refuse(request, 404, NOTHING)


class _Root(_Branch):
    """Everything, behind the gate."""

    def getChildWithDefault(self, path: bytes, request: Request) -> IResource:
        """The child, for who may see it."""
        assert isinstance(request, BodyRequest)
        if request.refusal is not None:
            return Refused(request.refusal)
        child: IResource = super().getChildWithDefault(path, request)
        return child


def make_site(
    sources: Sources, health: Health, sessions: Sessions, values: Values, gate: Gate, asks_for_token: bool, reactor: Any
) -> Site:
    """The site of one manager, behind `gate`."""
    root = _Root()
    root.putChild(b"ws", _WebSockets(sessions))
    root.putChild(b"healthz", HealthPage(health.alive))
    root.putChild(b"readyz", HealthPage(health.ready))
    root.putChild(b"metrics", Metrics(sources, reactor.seconds))
    api = _Branch()
    root.putChild(b"api", api)
    happened = sources.driver.happened
    api.putChild(b"v1", Api(sources.core, happened, reactor.seconds, values, asks_for_token))
    site = Site(root, requestFactory=request_class(gate, sources.store), timeout=IDLE_TIMEOUT_S, reactor=reactor)
    site.protocol = Channel  # type: ignore[method-assign, assignment]
    site.noisy = False
    # The access log goes through our own logger, at debug level: a line for each status poll drowns all else.
    site.log = lambda request: None  # type: ignore[method-assign]
    return site
