"""Mutual proof that both ends of a connection know the cluster's token, before anything else is read.

Both ends send a hello of fixed size (magic, version, nonce) at once. The caller proves first; the keeper proves only to
a caller that has proved, so that a stranger learns nothing it could try passwords on. Without a token the key is
empty: the door then checks only that both speak this protocol.
"""

from __future__ import annotations

import hashlib
import hmac

from pyfora.errors import WireError

MAGIC = b"pyfora\x00\x03"
"""The last byte is the version: of the door, and of what daemons say to each other behind it."""
TLS_RECORDS = (b"\x15", b"\x16")
"""The first byte of an alert and of a handshake (RFC 8446, 5.1)."""
NONCE_BYTES = 32
HELLO_BYTES = len(MAGIC) + NONCE_BYTES
PROOF_BYTES = 32

CALLER = b"caller"
KEEPER = b"keeper"
PORTS = (b"registry", b"control", b"data")


class Door:
    """One end of the exchange: `receive` takes bytes and returns what to send; `open` says when it is over.

    `role` is CALLER for the end that connected, KEEPER for the end that listens; `nonce`: NONCE_BYTES random bytes;
    `port`: one of PORTS. The proof is for that alone: who takes one port, and passes on what callers say there, gets
    through no door of another kind.
    """

    def __init__(self, role: bytes, token: bytes, nonce: bytes, port: bytes) -> None:
        if role not in (CALLER, KEEPER) or len(nonce) != NONCE_BYTES or port not in PORTS:
            raise ValueError("a door needs a role, a nonce of its fixed size and a port")
        self._port = port
        self._role = role
        self._token = token
        self._nonce = nonce
        self._theirs = b""
        self._buffer = b""
        self.open = False

    def start(self) -> bytes:
        """What to send as soon as the connection stands."""
        return MAGIC + self._nonce

    def receive(self, data: bytes) -> bytes:
        """Take received bytes; returns what to send now. Raises WireError where the peer is a stranger.

        Once `open`, what was received beyond the door is `rest()`.
        """
        if self.open:
            raise ValueError("the door is open: bytes belong to what is behind it")
        self._buffer += data
        answer = b""
        if not self._theirs:
            known = min(len(self._buffer), len(MAGIC))
            if self._buffer[:1] in TLS_RECORDS:
                raise WireError("the peer speaks TLS, and this end does not: set UFORA_TLS_DIR here too, or nowhere")
            if self._buffer[:known] != MAGIC[:known]:
                raise WireError("the peer speaks another protocol, or another version of this one")
            if len(self._buffer) < HELLO_BYTES:
                return answer
            self._theirs = self._buffer[len(MAGIC) : HELLO_BYTES]
            if hmac.compare_digest(self._theirs, self._nonce):
                raise WireError("the peer sent our own hello back")
            self._buffer = self._buffer[HELLO_BYTES:]
            if self._role == CALLER:
                answer = self._proof(CALLER)
        if len(self._buffer) >= PROOF_BYTES:
            other = KEEPER if self._role == CALLER else CALLER
            if not hmac.compare_digest(self._buffer[:PROOF_BYTES], self._proof(other)):
                raise WireError("the peer does not know this cluster's token, or means another port")
            self._buffer = self._buffer[PROOF_BYTES:]
            self.open = True
            if self._role == KEEPER:
                answer += self._proof(KEEPER)
        return answer

    def rest(self) -> bytes:
        """Bytes that came behind the peer's proof; they are handed out once."""
        rest, self._buffer = self._buffer, b""
        return rest

    def _proof(self, role: bytes) -> bytes:
        caller, keeper = (self._nonce, self._theirs) if self._role == CALLER else (self._theirs, self._nonce)
        return hmac.new(self._token, b"\x00".join((MAGIC, role, self._port, caller, keeper)), hashlib.sha256).digest()
