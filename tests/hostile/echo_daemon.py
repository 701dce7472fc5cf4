"""`python -m tests.hostile.echo_daemon …` is `twistd …` whose WebSocket says back what it hears.

Door, gate, site, channel, limits, time-outs and the WebSocket factory's options are the manager's own: what is not is
the session behind the handshake, which pyfora's protocol would end at the first message that is none of its own.
"""

from __future__ import annotations

from typing import Any

from twisted.scripts.twistd import run

from pyfora.limits import CLIENT_MESSAGE_LIMIT_BYTES
from pyfora_twisted.web.sessions import ClientSocket, Sessions


class EchoSocket(ClientSocket):
    """A client that is known from the beginning, and is told what it says."""

    def onOpen(self) -> None:
        self._take_up_to(CLIENT_MESSAGE_LIMIT_BYTES)

    def onMessage(self, payload: bytes, isBinary: bool) -> Any:
        self.sendMessage(payload, isBinary)


if __name__ == "__main__":
    Sessions.socket_class = EchoSocket
    run()
