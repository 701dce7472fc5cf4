"""The calling end of the data port: fetch a parcel, push a parcel, stream a parcel on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import FileSender
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure

from pyfora.errors import WireError
from pyfora.wire.door import CALLER
from pyfora.wire.tickets import (
    ANSWER_BYTES,
    FOUND,
    GET,
    PUT,
    STORED,
    WANTED,
    Answer,
    Ticket,
    decode_answer,
    encode_ticket,
)
from pyfora_twisted.data.server import CHUNK_BYTES, IDLE_TIMEOUT_S
from pyfora_twisted.door import DoorFactory
from pyfora_twisted.spool import Spool, Writer
from pyfora_twisted.tls import Secured

CONNECT_TIMEOUT_S = 5.0


class TransferFailed(Exception):
    """The parcel did not get to where it should; the text says why."""


class Sink(Protocol):
    """Where a parcel that is fetched goes."""

    def begin(self, size_bytes: int, transport: Any) -> None:
        """The parcel is found. `transport` can be paused."""

    def write(self, data: bytes) -> None:
        """The next bytes."""

    def finish(self) -> None:
        """All bytes were written."""

    def abandon(self) -> None:
        """It came to nothing; nothing more follows."""


class SpoolSink:
    """Into a spool, under its name."""

    def __init__(self, spool: Spool, name: str, expected_bytes: int) -> None:
        self._spool = spool
        self._name = name
        self._expected_bytes = expected_bytes
        self._writer: Writer | None = None

    def begin(self, size_bytes: int, transport: Any) -> None:
        """Make room for it. Raises WireError where it has another size than expected."""
        if size_bytes != self._expected_bytes:
            raise WireError(f"parcel {self._name} has {size_bytes:,} bytes, not {self._expected_bytes:,}")
        self._writer = self._spool.writer(self._name, size_bytes)

    def write(self, data: bytes) -> None:
        """The next bytes."""
        assert self._writer is not None
        self._writer.write(data)

    def finish(self) -> None:
        """Check it, and give it its name."""
        assert self._writer is not None
        writer, self._writer = self._writer, None
        writer.commit()

    def abandon(self) -> None:
        """Leave nothing."""
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None


class _Transfer(TwistedProtocol, TimeoutMixin):
    """A ticket sent, its answer awaited, `done` fired once: with None, or a TransferFailed."""

    transport: Any

    def __init__(self, ticket: Ticket, reactor: Any) -> None:
        self._ticket = ticket
        self.callLater = reactor.callLater  # type: ignore[method-assign]
        self._buffer = b""
        self._answered = False
        self._done: Deferred[None] | None = Deferred(lambda _: self._end("it was given up"))
        self.done = self._done

    def connectionMade(self) -> None:
        """Send the ticket."""
        assert self.transport is not None
        if self._done is None:
            self.transport.abortConnection()
            return
        self.setTimeout(IDLE_TIMEOUT_S)
        self.transport.write(encode_ticket(self._ticket))

    def dataReceived(self, data: bytes) -> None:
        """The answer, then what it announced."""
        if self._done is None:
            return
        self.resetTimeout()
        try:
            self._buffer += data
            while self._buffer and self._done is not None:
                if self._answered:
                    rest, self._buffer = self._buffer, b""
                    self.received(rest)
                    return
                if len(self._buffer) < ANSWER_BYTES:
                    return
                answer = decode_answer(self._buffer[:ANSWER_BYTES])
                self._buffer = self._buffer[ANSWER_BYTES:]
                self._answered = True
                self.answered(answer)
        except (OSError, WireError) as error:
            self._end(str(error))

    def answered(self, answer: Answer) -> None:
        """The peer's verdict."""
        raise NotImplementedError

    def received(self, data: bytes) -> None:
        """Bytes behind the verdict."""
        raise NotImplementedError

    def released(self) -> None:
        """The transfer is over, for better or worse."""

    def timeoutConnection(self) -> None:
        """Nothing has moved for too long."""
        self._end(f"nothing moved for {IDLE_TIMEOUT_S:g} s")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Before the end: a failure."""
        self._end("the connection broke")

    def _end(self, why: str | None) -> None:
        done, self._done = self._done, None
        if done is None:
            return
        self.setTimeout(None)
        self.released()
        if self.transport is not None:
            self.transport.abortConnection() if why else self.transport.loseConnection()
        if why is None:
            done.callback(None)
        else:
            done.errback(TransferFailed(why))


class _Fetch(_Transfer):
    def __init__(self, name: str, sink: Sink, reactor: Any) -> None:
        super().__init__(Ticket(GET, name, 0), reactor)
        self._sink = sink
        self._left_bytes = 0
        self._finished = False

    def answered(self, answer: Answer) -> None:
        if answer.verdict != FOUND:
            self._end("it is not there any more")
            return
        self._left_bytes = answer.size_bytes
        self._sink.begin(answer.size_bytes, self)
        self.received(b"")

    def received(self, data: bytes) -> None:
        self._left_bytes -= len(data)
        if self._left_bytes < 0:
            raise WireError("more bytes came than were announced")
        if data:
            self._sink.write(data)
        if self._left_bytes == 0 and not self._finished:
            self._finished = True
            self._sink.finish()
            self._end(None)

    def released(self) -> None:
        self._sink.abandon()

    # A push producer for the sink: whoever reads slowly from it slows the sender down.
    def pauseProducing(self) -> None:
        self.setTimeout(None)
        if self.transport is not None and self._done is not None:
            self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        if self.transport is not None and self._done is not None:
            self.setTimeout(IDLE_TIMEOUT_S)
            self.transport.resumeProducing()

    def stopProducing(self) -> None:
        self._end("whoever wanted it is gone")


class _Push(_Transfer):
    def __init__(self, ticket: Ticket, file: BinaryIO, reactor: Any) -> None:
        super().__init__(ticket, reactor)
        self._file = file
        self._wanted = False

    def answered(self, answer: Answer) -> None:
        if answer.verdict == STORED:
            self._end(None)
        elif answer.verdict == WANTED:
            # The second answer follows the bytes.
            if self._wanted:
                raise WireError("the worker wants the parcel twice")
            self._wanted = True
            self._answered = False
            sender = FileSender()
            sender.CHUNK_SIZE = CHUNK_BYTES
            sent = sender.beginFileTransfer(self._file, self.transport, self._moved)
            sent.addErrback(lambda _: self._end("it could not be sent"))
        else:
            self._end("the worker could not store it")

    def received(self, data: bytes) -> None:
        raise WireError("more bytes came than an answer has")

    def released(self) -> None:
        self._file.close()

    def _moved(self, chunk: bytes) -> bytes:
        self.resetTimeout()
        return chunk


class DataClient:
    """Calls data ports with this cluster's token, under TLS where `secured` puts it there."""

    def __init__(self, reactor: Any, token: bytes, secured: Secured) -> None:
        self._reactor = reactor
        self._token = token
        self._secured = secured

    def fetch(self, host: str, base_port: int, name: str, sink: Sink) -> Deferred[None]:
        """Bring a parcel into `sink`. Always ends: with None, or TransferFailed."""
        return self._call(host, base_port, lambda: _Fetch(name, sink, self._reactor))

    def push(self, host: str, base_port: int, name: str, path: Path) -> Deferred[None]:
        """Bring the file at `path` into a worker's spool. Always ends: with None, or TransferFailed."""

        def begin() -> _Transfer:
            file = path.open("rb")
            return _Push(Ticket(PUT, name, path.stat().st_size), file, self._reactor)

        return self._call(host, base_port, begin)

    def _call(self, host: str, base_port: int, begin: Callable[[], _Transfer]) -> Deferred[None]:
        try:
            transfer = begin()
        except OSError as error:
            failed: Deferred[None] = Deferred()
            failed.errback(TransferFailed(error.strerror or str(error)))
            return failed
        factory = DoorFactory(CALLER, self._token, lambda _: transfer, self._reactor, b"data", shut=transfer._end)
        endpoint = self._secured(HostnameEndpoint(self._reactor, host, base_port + 1, timeout=CONNECT_TIMEOUT_S))
        connecting = endpoint.connect(factory)
        connecting.addErrback(lambda failure: transfer._end(failure.getErrorMessage()))
        return transfer.done
