"""Values that are fetched from the cluster over HTTP, streamed from a worker's data port to the client."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from pyfora.cluster.events import Event, ValueFound, ValueMissed, ValueWanted
from pyfora.wire.tickets import is_parcel_name
from pyfora_twisted.data.client import DataClient

REQUESTS_LIMIT = 1000
_log = Logger()


class ResponseSink:
    """Writes a parcel into a response; the client's pace is the sender's."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self.began = False
        self._over = False

    def begin(self, size_bytes: int, transport: Any) -> None:
        """The headers."""
        self.began = True
        self._request.setHeader(b"content-type", b"application/octet-stream")
        self._request.setHeader(b"content-length", b"%d" % size_bytes)
        self._request.registerProducer(transport, True)

    def write(self, data: bytes) -> None:
        """The next bytes."""
        if not self._over:
            self._request.write(data)

    def finish(self) -> None:
        """All is written."""
        if not self._over:
            self._over = True
            self._request.unregisterProducer()
            self._request.finish()

    def abandon(self) -> None:
        """A response that cannot be completed is cut short, so that the client sees it."""
        if self.began and not self._over:
            self._over = True
            self._request.unregisterProducer()
            self._request.loseConnection()

    def gone(self) -> None:
        """The client is gone."""
        self._over = True


class Values(Resource):
    """GET /api/v1/values/{value_id}; performs `ValueFound` and `ValueMissed`."""

    def __init__(self, happened: Callable[[Event], None], data: DataClient) -> None:
        super().__init__()
        self._happened = happened
        self._data = data
        self._waiting: dict[str, Any] = {}
        self._numbers = itertools.count(1)

    def getChild(self, path: bytes, request: Request) -> Resource:
        """A value."""
        return _Value(self, path.decode("ascii", "replace"))

    def want(self, value_id: str, request: Any) -> None:
        """Ask the core for this value."""
        request_id = str(next(self._numbers))
        self._waiting[request_id] = request
        request.notifyFinish().addErrback(lambda _: self._waiting.pop(request_id, None))
        self._happened(ValueWanted(request_id, value_id))

    def full(self) -> bool:
        """Whether no more requests are taken now."""
        return len(self._waiting) >= REQUESTS_LIMIT

    def found(self, effect: ValueFound) -> None:
        """Stream it from that worker."""
        request = self._waiting.pop(effect.request_id, None)
        if request is None:
            return
        sink = ResponseSink(request)
        request.notifyFinish().addErrback(lambda _: sink.gone())
        fetched = self._data.fetch(effect.host, effect.base_port, effect.value_id, sink)
        request.notifyFinish().addErrback(lambda _: fetched.cancel())

        def failed(failure: Failure) -> None:
            _log.warn("Value {id} did not come: {why}", id=effect.value_id, why=failure.getErrorMessage())
            if not sink.began and not sink._over:
                say(request, 503, f"the value could not be fetched just now ({failure.getErrorMessage()})")

        fetched.addErrback(failed)

    def missed(self, effect: ValueMissed) -> None:
        """It cannot be had."""
        request = self._waiting.pop(effect.request_id, None)
        if request is not None:
            say(request, 404, effect.reason)


class _Value(Resource):
    isLeaf = True

    def __init__(self, values: Values, value_id: str) -> None:
        super().__init__()
        self._values = values
        self._value_id = value_id

    def render_GET(self, request: Request) -> bytes | int:
        if request.postpath or not is_parcel_name(self._value_id):
            request.setResponseCode(404)
            return b"there is no such value\n"
        if self._values.full():
            request.setResponseCode(503)
            return b"too many values are wanted at once\n"
        self._values.want(self._value_id, request)
        return NOT_DONE_YET


def say(request: Any, code: int, text: str) -> None:
    """End a request with one line."""
    request.setResponseCode(code)
    request.setHeader(b"content-type", b"text/plain; charset=utf-8")
    request.write(text.encode() + b"\n")
    request.finish()
