"""One AMP connection between two daemons, from the introduction to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols import amp
from twisted.python.failure import Failure

from pyfora.errors import WireError
from pyfora.limits import DOOR_TIMEOUT_S
from pyfora.wire.codec import check_fields
from pyfora.wire.messages import Message
from pyfora_twisted.admission import unsent_bytes
from pyfora_twisted.amp.commands import BOX_LIMIT_KEYS, COMMANDS, Introduce, Unacceptable

ANSWER_TIMEOUT_S = 30.0
"""After this an answer is not waited for any more; the channel has sent the message again long before."""
PEER_ID_LIMIT = 64
UNSENT_LIMIT_BYTES = 64 * 1024 * 1024
"""What may wait for a peer that does not read: a channel sends again and again what is not acknowledged."""

_log = Logger()


class Listener(Protocol):
    """Whoever is told about a connection's life."""

    def joined(self, connection: Connection) -> bool:
        """Both sides know each other's id; False: not wanted."""

    def left(self, connection: Connection) -> None:
        """The connection is over (called once, also when it was never joined)."""

    def said(self, connection: Connection, sequence: int, message: Message) -> None:
        """The peer sent a message."""

    def acknowledged(self, connection: Connection, sequence: int) -> None:
        """The peer answered for a message."""


def _responder(kind: type[Message]) -> Callable[..., dict[str, Any]]:
    def respond(self: Connection, sequence: int, **fields: Any) -> dict[str, Any]:
        return self._received(sequence, kind, fields)

    return respond


class Connection(amp.AMP):
    """Carries messages of `receives` in; `role` is what the peer is to us; `calls`: this end introduces itself."""

    transport: Any

    def __init__(
        self, our_id: str, role: str, receives: tuple[type[Message], ...], listener: Listener, reactor: Any, calls: bool
    ) -> None:
        super().__init__()
        self._our_id = our_id
        self.role = role
        self._receives = receives
        self._listener = listener
        self._reactor = reactor
        self._calls = calls
        self.peer_id = ""
        self.is_joined = False
        self._over = False
        self.last_heard = time.monotonic()

    for _kind, _made in COMMANDS.items():
        _made.responder(_responder(_kind))
    del _kind, _made

    def connectionMade(self) -> None:
        """Introduce ourselves, or wait for the other end to do so, for DOOR_TIMEOUT_S."""
        super().connectionMade()
        self._deadline = self._reactor.callLater(DOOR_TIMEOUT_S, self.abort, "it did not introduce itself in time")
        if self._calls:
            answer = self.callRemote(Introduce, peer_id=self._our_id)
            answer.addCallbacks(self._introduced, self._not_introduced)

    def proto_key(self, string: bytes) -> str | None:
        """AMP's own state machine, with a limit on how much one box may hold."""
        if self._currentBox is not None and len(self._currentBox) > BOX_LIMIT_KEYS:
            self.abort("it sent a box of too many keys")
            return None
        result: str | None = super().proto_key(string)
        return result

    def ampBoxReceived(self, box: Any) -> None:
        """A whole box: a command, or an answer to one of ours."""
        answered = box.get(amp.ANSWER, box.get(amp.ERROR))
        if answered is None:
            known = amp.COMMAND in box
        else:
            known = answered in self._outstandingRequests
            known = known and (amp.ANSWER in box or {amp.ERROR_CODE, amp.ERROR_DESCRIPTION} <= box.keys())
        if known:
            super().ampBoxReceived(box)
        else:
            self.abort("it sent a box that is no command, and no answer to one")

    def unhandledError(self, failure: Failure) -> None:
        """A command came to nothing that nobody waits for. What the peer did has been said; the rest is our fault."""
        if failure.check(amp.RemoteAmpError) is None:
            super().unhandledError(failure)
        elif self.transport is not None:
            self.transport.abortConnection()

    def send(self, sequence: int, message: Message) -> None:
        """Send a message. Its answer, if one comes, is reported; if none comes, nothing is."""
        if unsent_bytes(self.transport) > UNSENT_LIMIT_BYTES:
            return  # nor is it acknowledged then: the channel sends it again, when the peer has read some
        fields = {name: getattr(message, name) for name in message.__dataclass_fields__}
        try:
            answer: Deferred[Any] | None = self.callRemote(COMMANDS[type(message)], sequence=sequence, **fields)
        except WireError as error:
            _log.error("A {kind} was not sent: {error}", kind=type(message).__name__, error=error)
            return
        if answer is None:
            return
        answer.addTimeout(ANSWER_TIMEOUT_S, self._reactor)
        if sequence:
            answer.addCallback(lambda _: self._listener.acknowledged(self, sequence))
        answer.addErrback(self._unanswered, type(message).__name__)

    def close(self) -> None:
        """Send what is waiting, then close."""
        if self.transport is not None:
            self.transport.loseConnection()

    def abort(self, reason: str) -> None:
        """Close at once, because of this."""
        _log.warn("Closing the connection to {peer}: {reason}", peer=self.peer_id or self._where(), reason=reason)
        if self.transport is not None:
            self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The end of it."""
        super().connectionLost(reason)
        if self._deadline.active():
            self._deadline.cancel()
        if not self._over:
            self._over = True
            self._listener.left(self)

    @Introduce.responder
    def introduce(self, peer_id: str) -> dict[str, str]:
        """The caller says who it is."""
        if self._calls or self.peer_id or not 0 < len(peer_id) <= PEER_ID_LIMIT:
            raise Unacceptable("an introduction out of place")
        self.peer_id = peer_id
        self._deadline.cancel()
        # The core may have something to send as soon as it hears of the peer: after our answer, sent on return.
        self._reactor.callLater(0, self._join)
        return {"peer_id": self._our_id}

    def _introduced(self, answer: dict[str, str]) -> None:
        self.peer_id = answer["peer_id"]
        if self._deadline.active():
            self._deadline.cancel()
        self._join()

    def _not_introduced(self, failure: Failure) -> None:
        if not self._over:
            self.abort(f"it did not take our introduction ({failure.getErrorMessage()})")

    def _join(self) -> None:
        if self._over:
            return
        self.is_joined = self._listener.joined(self)
        if not self.is_joined:
            self.close()

    def _received(self, sequence: int, kind: type[Message], fields: dict[str, Any]) -> dict[str, Any]:
        if not self.is_joined or kind not in self._receives or sequence < 0:
            self.abort(f"a {kind.__name__} does not belong here")
            raise Unacceptable(f"a {kind.__name__} does not belong on this connection")
        message = kind(**fields)
        try:
            check_fields(message)
        except WireError as error:
            self.abort(str(error))
            raise Unacceptable(str(error)) from error
        self.last_heard = time.monotonic()
        self._listener.said(self, sequence, message)
        return {}

    def _unanswered(self, failure: Failure, name: str) -> None:
        # Not acknowledged, no more: the channel sends again.
        _log.debug("No answer to a {name}: {why}", name=name, why=failure.getErrorMessage())

    def _where(self) -> str:
        return str(self.transport.getPeer()) if self.transport is not None else "?"
