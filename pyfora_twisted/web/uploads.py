"""Requests whose bodies go where they belong while they come in: an upload to the store, all else nowhere."""

from __future__ import annotations

from typing import Any

from twisted.web.server import Request

from pyfora.errors import WireError
from pyfora.wire.http_door import PROOF_HEADER
from pyfora.wire.tickets import is_content_id
from pyfora_twisted.admission import proved
from pyfora_twisted.spool import Spool, Writer
from pyfora_twisted.web.gate import Gate, Refusal

PARCELS = b"/api/v1/parcels/"


class Body:
    """Takes a request's body as twisted.web writes it; `verdict` says what became of it.

    twisted.web itself would collect the body in memory or in a temporary file, before anybody is asked whether this
    client may send one at all.
    """

    def __init__(self, writer: Writer | None, verdict: tuple[int, str]) -> None:
        self._writer = writer
        self.verdict = verdict

    def write(self, data: bytes) -> None:
        """The next bytes; they are dropped where nobody wants them."""
        if self._writer is not None:
            try:
                self._writer.write(data)
            except (OSError, WireError) as error:
                self._fail(error)

    def commit(self) -> None:
        """The body is complete."""
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.commit()
            except (OSError, WireError) as error:
                self._fail(error)

    def seek(self, *_position: int) -> None:
        """twisted.web rewinds what it has written."""

    def tell(self) -> int:
        """How much there is to be read: twisted.web takes it for the length of a form."""
        return 0

    def read(self, *_size: int) -> bytes:
        """There is nothing to be read."""
        return b""

    def close(self) -> None:
        """The request is over."""
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None

    def _fail(self, error: Exception) -> None:
        self.close()
        self.verdict = (507, str(error)) if isinstance(error, OSError) else (409, str(error))


class BodyRequest(Request):
    """A request that knows the gate and the store (class attributes of a subclass, see `request_class`)."""

    gate: Gate
    store: Spool
    refusal: Refusal | None = None
    """Why this request is turned away, from the end of its head on."""

    def gotLength(self, length: int | None) -> None:
        """The head is here: decide whether it is let in, and where the body goes."""
        # twisted.web gives the request its method and path only after the body; the channel knows them now.
        method, path = self.channel._command, self.channel._path
        found = self.gate.look(method, path, self.requestHeaders)
        # For the WebSocket, which reads the head once more; what a caller put there itself is not to be repeated.
        self.requestHeaders.removeHeader(PROOF_HEADER)
        if isinstance(found, Refusal):
            self.refusal = found
            self.content: Any = Body(None, (found.code, found.text))
            return
        proved(self.channel.transport)
        if found.proof:
            self.setHeader(PROOF_HEADER, found.proof)
            self.requestHeaders.setRawHeaders(PROOF_HEADER, [found.proof])
        self.content = self._body(method, path, length)

    def render(self, resource: Any) -> None:
        """Answer; without telling every stranger which server of which version this is."""
        self.responseHeaders.removeHeader(b"server")
        super().render(resource)

    def _body(self, method: bytes, path: bytes, length: int | None) -> Body:
        if method != b"PUT" or not path.startswith(PARCELS):
            # Only for who wrote an upload's path with escapes: nothing was kept, and that is said.
            return Body(None, (400, "a parcel is PUT under its sha256, in 64 hex digits"))
        name = path[len(PARCELS) :].decode("ascii", "replace")
        if not is_content_id(name):
            return Body(None, (400, "a parcel is PUT under its sha256, in 64 hex digits"))
        if length is None:
            return Body(None, (411, "a parcel needs a Content-Length"))
        if self.store.size_bytes(name) == length:
            return Body(None, (204, ""))
        try:
            return Body(self.store.writer(name, length), (204, ""))
        except WireError as error:
            return Body(None, (413, str(error)))
        except OSError as error:
            return Body(None, (507, error.strerror or str(error)))


def request_class(gate: Gate, store: Spool) -> type[BodyRequest]:
    """The request class of one site."""
    return type("SiteRequest", (BodyRequest,), {"gate": gate, "store": store})
