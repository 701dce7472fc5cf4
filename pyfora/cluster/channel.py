"""Messages between daemons arrive in order, each exactly once, over transmission that may lose, repeat or reorder."""

from __future__ import annotations

from dataclasses import dataclass

from pyfora.cluster.events import Transmit
from pyfora.limits import CHANNEL_QUEUE_LIMIT, CHANNEL_WINDOW, PEERS_LIMIT, RESEND_AFTER_S
from pyfora.wire.messages import Message

RESEND_LONGEST_S = 8.0


class ChannelBroken(Exception):
    """The peer did what no channel does, or does not take its messages; it has to be given up."""


@dataclass
class _Outgoing:
    """A message that the peer has not acknowledged yet."""

    message: Message
    sent_at: float | None = None
    tries: int = 0
    acknowledged: bool = False


class Channel:
    """One peer in one role, both directions.

    At most CHANNEL_WINDOW messages are on their way at once. As every message below the oldest unacknowledged one has
    been delivered, a receiver never has to keep more early ones than that, and may acknowledge each as it comes.
    """

    def __init__(self, peer_id: str, role: str) -> None:
        self.peer_id = peer_id
        self.role = role
        self.joined = False
        self.outgoing: dict[int, _Outgoing] = {}
        self.first = 1
        self.next = 1
        self.expected = 1
        self.early: dict[int, Message] = {}

    def send(self, message: Message, now: float) -> list[Transmit]:
        """Queue a message; returns what to transmit now. Raises ChannelBroken past CHANNEL_QUEUE_LIMIT."""
        if len(self.outgoing) >= CHANNEL_QUEUE_LIMIT:
            raise ChannelBroken(f"{CHANNEL_QUEUE_LIMIT:,} messages wait for the acknowledgement of {self.peer_id}")
        sequence = self.next
        self.next += 1
        self.outgoing[sequence] = _Outgoing(message)
        if self.joined and sequence < self.first + CHANNEL_WINDOW:
            return [self._transmit(sequence, now)]
        return []

    def aside(self, message: Message) -> list[Transmit]:
        """Transmit a message outside the channel: once, unnumbered, and only if the peer is connected."""
        return [Transmit(self.peer_id, self.role, 0, message)] if self.joined else []

    def acknowledge(self, sequence: int, now: float) -> tuple[list[Message], list[Transmit]]:
        """The peer has this message. Returns the messages now known to be handled, and what to transmit now.

        A message counts as handled once all before it are acknowledged too: until then it may have come early, and the
        peer may have died holding it.
        """
        waiting = self.outgoing.get(sequence)
        if waiting is None:
            return [], []
        waiting.acknowledged = True
        handled: list[Message] = []
        while self.first in self.outgoing and self.outgoing[self.first].acknowledged:
            handled.append(self.outgoing.pop(self.first).message)
            self.first += 1
        transmits = []
        if handled and self.joined:
            for number in range(self.first + CHANNEL_WINDOW - len(handled), self.first + CHANNEL_WINDOW):
                if number in self.outgoing and self.outgoing[number].sent_at is None:
                    transmits.append(self._transmit(number, now))
        return handled, transmits

    def receive(self, sequence: int, message: Message) -> list[Message]:
        """A numbered message came in. Returns the messages to be handled now, in order.

        Raises ChannelBroken for a number that no peer which keeps to the window could have sent.
        """
        if sequence < self.expected:
            return []
        if sequence >= self.expected + CHANNEL_WINDOW:
            raise ChannelBroken(f"{self.peer_id} sent message {sequence} while {self.expected} was expected")
        self.early[sequence] = message
        ready: list[Message] = []
        while self.expected in self.early:
            ready.append(self.early.pop(self.expected))
            self.expected += 1
        return ready

    def join(self, now: float) -> list[Transmit]:
        """A connection stands (again): transmit what is not acknowledged."""
        self.joined = True
        for waiting in self.outgoing.values():
            waiting.tries = 0
        return [
            self._transmit(number, now)
            for number in range(self.first, min(self.next, self.first + CHANNEL_WINDOW))
            if not self.outgoing[number].acknowledged
        ]

    def leave(self) -> None:
        """The connection broke."""
        self.joined = False

    def sweep(self, now: float) -> list[Transmit]:
        """Transmit again what was not acknowledged in time, later and later each time."""
        if not self.joined or not self.outgoing:
            return []
        due = []
        for number in range(self.first, min(self.next, self.first + CHANNEL_WINDOW)):
            waiting = self.outgoing[number]
            patience = min(RESEND_AFTER_S * 2 ** min(waiting.tries - 1, 8), RESEND_LONGEST_S)
            if not waiting.acknowledged and (waiting.sent_at is None or now - waiting.sent_at >= patience):
                due.append(self._transmit(number, now))
        return due

    def _transmit(self, number: int, now: float) -> Transmit:
        waiting = self.outgoing[number]
        waiting.sent_at = now
        waiting.tries += 1
        return Transmit(self.peer_id, self.role, number, waiting.message)


class Channels:
    """All channels of one daemon, by peer and role."""

    def __init__(self) -> None:
        self.table: dict[tuple[str, str], Channel] = {}

    def find(self, peer_id: str, role: str) -> Channel | None:
        """The channel with this peer, if there is one."""
        return self.table.get((peer_id, role))

    def open(self, peer_id: str, role: str) -> Channel:
        """The channel with this peer; a new one for a peer not seen before."""
        channel = self.table.get((peer_id, role))
        if channel is None:
            if len(self.table) >= PEERS_LIMIT:
                self._forget_one()
            channel = self.table[peer_id, role] = Channel(peer_id, role)
        return channel

    def forget(self, peer_id: str, role: str) -> None:
        """Drop the channel: the peer is gone for good."""
        self.table.pop((peer_id, role), None)

    def sweep(self, now: float) -> list[Transmit]:
        """Transmit again whatever is due, on all channels."""
        return [transmit for channel in self.table.values() for transmit in channel.sweep(now)]

    def queued(self) -> int:
        """How many messages wait for their acknowledgement, over all channels."""
        return sum(len(channel.outgoing) for channel in self.table.values())

    def _forget_one(self) -> None:
        for key, channel in self.table.items():
            if not channel.joined:
                del self.table[key]
                return
        raise ChannelBroken(f"more than {PEERS_LIMIT:,} peers are connected at once")
