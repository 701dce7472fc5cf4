"""Values that are fetched from the cluster over HTTP, streamed from a worker's data port to the client."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from twisted.logger import Logger
from twisted.python.failure import Failure

from pyfora.cluster.events import Event, ValueFound, ValueMissed, ValueWanted
from pyfora_twisted.data.client import DataClient
from pyfora_twisted.web.answers import refuse_later

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


class Values:
    """GET /api/v1/values/{value_id}; performs `ValueFound` and `ValueMissed`."""

    def __init__(self, happened: Callable[[Event], None], data: DataClient) -> None:
        self._happened = happened
        self._data = data
        self._waiting: dict[str, Any] = {}
        self._numbers = itertools.count(1)

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
        if request.method == b"HEAD":
            request.setHeader(b"content-type", b"application/octet-stream")
            request.setHeader(b"content-length", b"%d" % effect.size_bytes)
            request.finish()
            return
        sink = ResponseSink(request)
        request.notifyFinish().addErrback(lambda _: sink.gone())
        fetched = self._data.fetch(effect.host, effect.base_port, effect.value_id, sink)
        request.notifyFinish().addErrback(lambda _: fetched.cancel())

        def failed(failure: Failure) -> None:
            _log.warn("Value {id} did not come: {why}", id=effect.value_id, why=failure.getErrorMessage())
            if not sink.began and not sink._over:
                refuse_later(request, 503, f"the value could not be fetched just now ({failure.getErrorMessage()})")

        fetched.addErrback(failed)

    def missed(self, effect: ValueMissed) -> None:
        """It cannot be had."""
        request = self._waiting.pop(effect.request_id, None)
        if request is not None:
            refuse_later(request, 404, effect.reason)
