"""The effects that a core wants performed, in order, with its channels to other daemons."""

from __future__ import annotations

from pyfora.cluster.channel import ChannelBroken, Channels
from pyfora.cluster.events import Effect, Log, TellProcess, Transmit
from pyfora.wire.messages import Message


class Outbox:
    """Every part of a core puts its effects here; `take` hands them over."""

    def __init__(self) -> None:
        self.channels = Channels()
        self.now = 0.0
        """The time of the event that is being handled."""
        self.broken: list[tuple[str, str, str]] = []
        """(peer id, role, reason) of peers that have to be given up because their channel cannot go on."""
        self._effects: list[Effect] = []

    def emit(self, effect: Effect) -> None:
        """This is to be done."""
        self._effects.append(effect)

    def take(self) -> list[Effect]:
        """All effects since the last call."""
        effects, self._effects = self._effects, []
        return effects

    def send(self, peer_id: str, role: str, message: Message, now: float) -> None:
        """Send a message to a peer: in order, exactly once."""
        try:
            self._effects += self.channels.open(peer_id, role).send(message, now)
        except ChannelBroken as error:
            self.broken.append((peer_id, role, str(error)))

    def send_aside(self, peer_id: str, role: str, message: Message) -> None:
        """Send a message that may be lost, outside the channel."""
        channel = self.channels.find(peer_id, role)
        if channel is not None:
            self._effects += channel.aside(message)

    def emit_aside(self, peer_id: str, role: str, message: Message) -> None:
        """The same, to a peer with whom there is no channel."""
        self._effects.append(Transmit(peer_id, role, 0, message))

    def joined(self, peer_id: str, role: str, now: float) -> None:
        """A connection to this peer stands."""
        try:
            self._effects += self.channels.open(peer_id, role).join(now)
        except ChannelBroken as error:
            self.broken.append((peer_id, role, str(error)))

    def left(self, peer_id: str, role: str) -> None:
        """The connection to this peer broke."""
        channel = self.channels.find(peer_id, role)
        if channel is not None:
            channel.leave()

    def received(self, peer_id: str, role: str, sequence: int, message: Message) -> list[Message]:
        """A message came in; returns those that are to be handled now."""
        if sequence == 0:
            return [message]
        try:
            return self.channels.open(peer_id, role).receive(sequence, message)
        except ChannelBroken as error:
            self.broken.append((peer_id, role, str(error)))
            return []

    def acknowledged(self, peer_id: str, role: str, sequence: int, now: float) -> list[Message]:
        """The peer answered for a message; returns the messages now known to be handled by it."""
        channel = self.channels.find(peer_id, role)
        if channel is None:
            return []
        handled, transmits = channel.acknowledge(sequence, now)
        self._effects += transmits
        return handled

    def sweep(self, now: float) -> None:
        """Transmit again what was not acknowledged in time."""
        self._effects += self.channels.sweep(now)

    def tell(self, process_id: str, message: Message) -> None:
        """Send to a compute process."""
        self._effects.append(TellProcess(process_id, message))

    def log(self, level: str, text: str, **fields: object) -> None:
        """Write to the log."""
        self._effects.append(Log(level, text, fields))
