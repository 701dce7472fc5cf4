"""The data port: hands out and takes in parcels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import FileSender
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure

from pyfora.errors import WireError
from pyfora.wire.door import KEEPER
from pyfora.wire.tickets import (
    ALONE,
    ASK,
    FAILED,
    FOUND,
    GET,
    MISSING,
    READY,
    STORED,
    TICKET_BYTES,
    WANTED,
    Answer,
    Ticket,
    decode_ticket,
    encode_answer,
    is_content_id,
)
from pyfora_twisted.door import DoorFactory
from pyfora_twisted.spool import Spool, Writer

CHUNK_BYTES = 256 * 1024
"""Read from a file and given to the transport at a time."""
IDLE_TIMEOUT_S = 30.0
"""How long a transfer may stand still."""
CONNECTIONS_LIMIT = 256

_log = Logger()


class DataServer(Protocol, TimeoutMixin):
    """One ticket, one transfer."""

    transport: Any

    def __init__(self, spool: Spool, serving: set[DataServer], is_ready: Callable[[], bool]) -> None:
        self._spool = spool
        self._is_ready = is_ready
        self._serving = serving
        self._ticket: Ticket | None = None
        self._buffer = b""
        self._writer: Writer | None = None
        self._left_bytes = 0
        self._file: BinaryIO | None = None

    def connectionMade(self) -> None:
        """Wait for the ticket, unless there are too many already."""
        assert self.transport is not None
        self._serving.add(self)
        if len(self._serving) > CONNECTIONS_LIMIT:
            self.transport.abortConnection()
            return
        self.setTimeout(IDLE_TIMEOUT_S)

    def dataReceived(self, data: bytes) -> None:
        """Bytes of the ticket, or of a parcel that is PUT."""
        self.resetTimeout()
        if self._writer is not None:
            self._take(data)
            return
        if self._ticket is not None:
            return  # behind a GET there is nothing to read
        self._buffer += data
        if len(self._buffer) < TICKET_BYTES:
            return
        try:
            self._ticket = decode_ticket(self._buffer[:TICKET_BYTES])
        except WireError as error:
            self._break(str(error))
            return
        rest, self._buffer = self._buffer[TICKET_BYTES:], b""
        if self._ticket.operation == GET:
            self._give(self._ticket)
        elif self._ticket.operation == ASK:
            self._answer(READY if self._is_ready() else ALONE, 0, last=True)
        else:
            self._want(self._ticket)
            if rest and self._writer is not None:
                self._take(rest)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Leave nothing half done."""
        self._serving.discard(self)
        self.setTimeout(None)
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None
        if self._file is not None:
            self._file.close()

    def timeoutConnection(self) -> None:
        """Nothing has moved for too long."""
        self._break(f"nothing moved for {IDLE_TIMEOUT_S:g} s")

    def _give(self, ticket: Ticket) -> None:
        try:
            self._file = self._spool.open(ticket.name)
        except OSError:
            self._answer(MISSING, 0, last=True)
            return
        self._file.seek(0, 2)
        size_bytes = self._file.tell()
        self._file.seek(0)
        self._answer(FOUND, size_bytes)
        sender = FileSender()
        sender.CHUNK_SIZE = CHUNK_BYTES
        # A pull producer: the next chunk is read when the transport has room, and that is when something moved.
        sent = sender.beginFileTransfer(self._file, self.transport, self._moved)
        sent.addCallbacks(lambda _: self._close(), lambda _: None)

    def _moved(self, chunk: bytes) -> bytes:
        self.resetTimeout()
        return chunk

    def _want(self, ticket: Ticket) -> None:
        # What has the right name has the right content only where the name is the content's hash.
        if is_content_id(ticket.name) and self._spool.size_bytes(ticket.name) == ticket.size_bytes:
            self._answer(STORED, ticket.size_bytes, last=True)
            return
        try:
            self._writer = self._spool.writer(ticket.name, ticket.size_bytes)
        except (OSError, WireError) as error:
            self._fail(error)
            return
        self._left_bytes = ticket.size_bytes
        self._answer(WANTED, ticket.size_bytes)
        if not self._left_bytes:
            self._commit()

    def _take(self, data: bytes) -> None:
        assert self._writer is not None
        self._left_bytes -= len(data)
        try:
            self._writer.write(data)
        except (OSError, WireError) as error:
            self._fail(error)
            return
        if self._left_bytes == 0:
            self._commit()

    def _commit(self) -> None:
        assert self._writer is not None and self._ticket is not None
        writer, self._writer = self._writer, None
        try:
            writer.commit()
        except (OSError, WireError) as error:
            self._fail(error)
            return
        self._answer(STORED, self._ticket.size_bytes, last=True)

    def _fail(self, error: Exception) -> None:
        _log.warn("A parcel was not taken: {error}", error=error)
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None
        self._answer(FAILED, 0, last=True)

    def _answer(self, verdict: bytes, size_bytes: int, last: bool = False) -> None:
        assert self.transport is not None
        self.transport.write(encode_answer(Answer(verdict, size_bytes)))
        if last:
            self._close()

    def _close(self) -> None:
        assert self.transport is not None
        self.transport.loseConnection()

    def _break(self, reason: str) -> None:
        assert self.transport is not None
        _log.warn("A data connection was closed: {reason}", reason=reason)
        self.transport.abortConnection()


def data_factory(spool: Spool, token: bytes, reactor: Any, is_ready: Callable[[], bool]) -> DoorFactory:
    """What a worker listens with on its data port; `is_ready`: whether it is registered."""
    serving: set[DataServer] = set()

    def build(_address: IAddress | None) -> DataServer:
        server = DataServer(spool, serving, is_ready)
        server.callLater = reactor.callLater  # type: ignore[method-assign]
        return server

    return DoorFactory(KEEPER, token, build, reactor, b"data")
