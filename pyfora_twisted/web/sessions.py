"""Clients' WebSockets: a hello, then messages both ways."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.logger import Logger

from pyfora.cluster.events import ClientJoined, ClientLeft, ClientSaid, Event, TellClient
from pyfora.errors import WireError
from pyfora.limits import CLIENT_MESSAGE_LIMIT_BYTES, DOOR_TIMEOUT_S, HELLO_LIMIT_BYTES
from pyfora.wire.codec import decode_message, encode_message
from pyfora.wire.http_door import PROOF_HEADER
from pyfora.wire.links import Link
from pyfora.wire.messages import ClientHello, Message, ProgramEnded, Refused, SubmitProgram
from pyfora.wire.tickets import is_content_id
from pyfora_twisted.spool import Spool
from pyfora_twisted.web.pace import Pace

PING_INTERVAL_S = 10.0
PING_TIMEOUT_S = 20.0
_SESSION_ID_LIMIT = 64
# RFC 6455, 7.4.2: an application's own codes are 4000 to 4999. Autobahn raises for the protocol's own, such as 1008.
_NO_MESSAGE = 4002
_NOT_WANTED = 4008
_STOPPING = 4001

_log = Logger()


class ClientSocket(WebSocketServerProtocol):
    """One WebSocket; `sessions` is set by the factory."""

    transport: Any
    sessions: Sessions
    session_id = ""
    _deadline: Any = None
    _pace: Pace

    def onConnect(self, request: Any) -> Any:
        """The handshake is asked for. Its answer carries our proof, which the gate put into the head."""
        proof = request.headers.get(PROOF_HEADER.lower())
        return (None, {PROOF_HEADER: proof}) if proof else None

    def onOpen(self) -> None:
        """The client has DOOR_TIMEOUT_S and HELLO_LIMIT_BYTES for its hello."""
        self._take_up_to(HELLO_LIMIT_BYTES)
        self._pace = Pace(self.transport, self._send_now)
        self._deadline = self.sessions.reactor.callLater(DOOR_TIMEOUT_S, self._too_late)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        """One message."""
        if not isBinary:
            self.sendClose(_NO_MESSAGE, "text where a binary message belongs")
            return
        try:
            if not self.session_id:
                hello = decode_message(payload, (ClientHello,))
                assert isinstance(hello, ClientHello)
                self._greet(hello)
                return
            message = decode_message(payload, Link.CLIENT_TO_MANAGER)
            if isinstance(message, ClientHello):
                raise WireError("a second hello")
            if isinstance(message, SubmitProgram):
                reason = self.sessions.keep(message)
                if reason:
                    _log.error("Block {block} is refused: {reason}", block=message.program_id, reason=reason)
                    self.tell(ProgramEnded(message.program_id, 0, "crashed", reason, {}, [], b""))
                    return
        except WireError as error:
            _log.warn("A client is sent away: {error}", error=error)
            self.sendClose(_NOT_WANTED, str(error)[:100])
            return
        self.sessions.happened(ClientSaid(self.session_id, message))

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        """The client is gone."""
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self.sessions.left(self)

    def tell(self, message: Message) -> None:
        """Send a message, when the client has read those before it."""
        if not self._pace.tell(message):
            _log.warn("A client does not read; closing its connection")
            self.transport.abortConnection()

    def _send_now(self, message: Message) -> None:
        try:
            data = encode_message(message)
        except WireError as error:
            _log.error("A client could not be told: {error}", error=error)
            return
        self.sendMessage(data, isBinary=True)
        if isinstance(message, Refused):
            self.sendClose(1000)

    def _greet(self, hello: ClientHello) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        if len(hello.session_id) > _SESSION_ID_LIMIT:
            raise WireError("a session id of no fitting length")
        reason = self.sessions.refusal(hello)
        if reason:
            self.tell(Refused(reason))
            return
        self.session_id = hello.session_id
        self._take_up_to(CLIENT_MESSAGE_LIMIT_BYTES)
        self.sessions.joined(self, hello)

    def _take_up_to(self, limit_bytes: int) -> None:
        # Of this connection alone; the factory's options are what it begins with.
        self.maxFramePayloadSize = self.maxMessagePayloadSize = limit_bytes

    def _too_late(self) -> None:
        self.sendClose(_NOT_WANTED, "no hello in time")


class Sessions:
    """All clients; performs `TellClient`."""

    socket_class: type[ClientSocket] = ClientSocket

    def __init__(
        self,
        reactor: Any,
        happened: Callable[[Event], None],
        store: Spool,
        pyfora_version: str,
        python_version: str,
        no_room: Callable[[str], str] = lambda _: "",
    ) -> None:
        """`no_room`: why this program, by its id, cannot be accepted now; "" where it can, or was before."""
        self._no_room = no_room
        self.reactor = reactor
        self.happened = happened
        self._store = store
        self._pyfora_version = pyfora_version
        self._python_version = python_version
        self._sockets: dict[str, ClientSocket] = {}

    def factory(self) -> WebSocketServerFactory:
        """For autobahn's WebSocketResource."""
        factory = WebSocketServerFactory(server="", reactor=self.reactor)
        protocol: Any = type("Socket", (self.socket_class,), {"sessions": self})
        factory.protocol = protocol
        factory.noisy = False
        factory.setProtocolOptions(
            maxFramePayloadSize=CLIENT_MESSAGE_LIMIT_BYTES,
            maxMessagePayloadSize=CLIENT_MESSAGE_LIMIT_BYTES,
            openHandshakeTimeout=DOOR_TIMEOUT_S,
            closeHandshakeTimeout=DOOR_TIMEOUT_S,
            autoPingInterval=PING_INTERVAL_S,
            autoPingTimeout=PING_TIMEOUT_S,
            tcpNoDelay=True,
        )
        return factory

    def refusal(self, hello: ClientHello) -> str:
        """Why this client cannot be served; empty where it can."""
        if hello.python_version != self._python_version:
            return (
                f"this cluster runs Python {self._python_version}, the client Python {hello.python_version}, and code "
                f"does not travel between them. Connect from Python {self._python_version}."
            )
        if hello.pyfora_version != self._pyfora_version:
            return (
                f"this cluster runs pyfora {self._pyfora_version}, the client pyfora {hello.pyfora_version}. "
                f"Install the same one on both sides: pip install pyfora=={self._pyfora_version}."
            )
        return ""

    def keep(self, message: SubmitProgram) -> str:
        """Have the program's bytes in the store: "", or why there is no room.

        Raises WireError where they are not what they say.
        """
        if not is_content_id(message.fingerprint):
            raise WireError("a program's fingerprint is a sha256 in hex")
        if not message.payload:
            if self._store.size_bytes(message.fingerprint) != message.size_bytes:
                raise WireError("the program's bytes were not uploaded: connect again and send them")
            return self._no_room(message.program_id)
        if len(message.payload) != message.size_bytes:
            raise WireError("a program of another size than it says")
        if hashlib.sha256(message.payload).hexdigest() != message.fingerprint:
            raise WireError("a program whose fingerprint is not that of its bytes")
        reason = self._no_room(message.program_id)
        if not reason and self._store.size_bytes(message.fingerprint) != message.size_bytes:
            try:
                self._store.write(message.fingerprint, message.payload)
            except OSError as error:
                return f"the manager could not store the block ({error.strerror or error}): make room there"
        return reason

    def joined(self, socket: ClientSocket, hello: ClientHello) -> None:
        """A client is known. A newer connection of the same session takes the place of the older one."""
        older = self._sockets.pop(hello.session_id, None)
        if older is not None:
            self.happened(ClientLeft(hello.session_id))
            older.sendClose(1000, "the same session has connected anew")
        self._sockets[hello.session_id] = socket
        self.happened(
            ClientJoined(hello.session_id, hello.python_version, hello.pyfora_version, hello.libm_fingerprint)
        )

    def left(self, socket: ClientSocket) -> None:
        """A WebSocket is closed."""
        if socket.session_id and self._sockets.get(socket.session_id) is socket:
            del self._sockets[socket.session_id]
            self.happened(ClientLeft(socket.session_id))

    def tell(self, effect: TellClient) -> None:
        """Send to a client, if it is connected."""
        socket = self._sockets.get(effect.session_id)
        if socket is not None:
            socket.tell(effect.message)

    def close(self) -> None:
        """Part from all clients."""
        for socket in list(self._sockets.values()):
            socket.sendClose(_STOPPING, "the manager stops")
