"""The clients of a manager: who is connected, who went away, who is told what."""

from __future__ import annotations

from dataclasses import dataclass

from pyfora.cluster.events import TellClient
from pyfora.cluster.outbox import Outbox
from pyfora.limits import CLIENTS_LIMIT, RECONNECT_GRACE_S
from pyfora.wire.messages import Message


@dataclass
class Session:
    """One executor of a client, over all its connections."""

    session_id: str
    left_at: float | None = None
    """Since when it is away; None: it is connected."""


class Clients:
    """Keeps a session for RECONNECT_GRACE_S after its connection broke."""

    def __init__(self, outbox: Outbox) -> None:
        self.sessions: dict[str, Session] = {}
        self._outbox = outbox

    def join(self, session_id: str) -> bool:
        """The client is connected (again). False: there are too many."""
        session = self.sessions.get(session_id)
        if session is None:
            if len(self.sessions) >= CLIENTS_LIMIT:
                return False
            session = self.sessions[session_id] = Session(session_id)
        session.left_at = None
        return True

    def expect(self, session_id: str, now: float) -> None:
        """A restarted manager knows this session from its journal: it may come back."""
        self.sessions.setdefault(session_id, Session(session_id, now))

    def leave(self, session_id: str, now: float) -> None:
        """The connection is closed."""
        session = self.sessions.get(session_id)
        if session is not None:
            session.left_at = now

    def connected(self) -> int:
        """How many clients are connected."""
        return sum(1 for session in self.sessions.values() if session.left_at is None)

    def tell(self, session_id: str, message: Message) -> None:
        """Send to the client, if it is connected."""
        session = self.sessions.get(session_id)
        if session is not None and session.left_at is None:
            self._outbox.emit(TellClient(session_id, message))

    def tell_all(self, message: Message) -> None:
        """Send to all that are connected."""
        for session_id in self.sessions:
            self.tell(session_id, message)

    def gone(self, now: float) -> list[str]:
        """Sessions that were away for too long; they are forgotten."""
        gone = [
            session.session_id
            for session in self.sessions.values()
            if session.left_at is not None and now - session.left_at > RECONNECT_GRACE_S
        ]
        for session_id in gone:
            del self.sessions[session_id]
        return gone
