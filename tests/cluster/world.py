"""A world in one thread: clock, network, daemons with their shells, from one seed."""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyfora.cluster.events import Event, PeerAcknowledged, PeerJoined, PeerLeft, PeerSaid, Ticked, Transmit
from pyfora.wire.messages import Message

MIRROR = {("manager", "worker"): "worker", ("home", "thief"): "thief"}


class SimulationFailed(AssertionError):
    """Something went wrong in the simulated world; the text has the seed and the story."""


@dataclass
class Network:
    """How bad the network is."""

    delay_s: float = 0.0005
    jitter_s: float = 0.001
    loss: float = 0.0
    repeat: float = 0.0


class World:
    """The clock and everything that happens at its times."""

    def __init__(self, seed: int, network: Network, check_every: int = 1) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.network = network
        self.now = 0.0
        self.events = 0
        self.check_every = check_every
        self.story: deque[str] = deque(maxlen=400)
        self.nodes: dict[str, Node] = {}
        """By the id of the core that runs there now."""
        self.workers: dict[str, Any] = {}
        """By host."""
        self.partitions: set[frozenset[str]] = set()
        """Pairs of machines that cannot hear each other."""
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def later(self, delay_s: float, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._heap, (self.now + delay_s, self._count, action))

    def step(self) -> bool:
        """Let the next thing happen; False: nothing is left."""
        if not self._heap:
            return False
        self.now, _, action = heapq.heappop(self._heap)
        action()
        return True

    def tell(self, text: str) -> None:
        self.story.append(f"{self.now:9.4f} {text}")

    def fail(self, text: str) -> None:
        tail = "\n".join(self.story)
        raise SimulationFailed(f"{tail}\n\nseed {self.seed}, at {self.now:.4f} s, event {self.events}: {text}")

    def can_talk(self, a: Node, b: Node) -> bool:
        return frozenset((a.machine, b.machine)) not in self.partitions

    def worker_at(self, host: str) -> Any:
        """The worker that lives at this address; None where it is dead."""
        node = self.workers.get(host)
        return node if node is not None and node.alive else None

    def travel(self, a: Node, b: Node, action: Callable[[], None]) -> None:
        """Something goes from a to b: late, twice, or never."""
        if not self.can_talk(a, b) or self.chance.random() < self.network.loss:
            return
        copies = 2 if self.chance.random() < self.network.repeat else 1
        for _ in range(copies):
            self.later(self.network.delay_s + self.chance.random() * self.network.jitter_s, action)


class Node:
    """A daemon: a core, and the shell around it."""

    def __init__(self, world: World, machine: str, core: Any, core_id: str) -> None:
        self.world = world
        self.machine = machine
        self.core = core
        self.core_id = core_id
        self.alive = True
        self.frozen = False
        self.connections: dict[tuple[str, str], Connection] = {}
        """(peer id, its role) -> the connection that stands."""
        self.crash_after: int | None = None
        """Die in the middle of the effects of an event: after so many of them."""
        self._missed: list[Event] = []
        self._wake_at: float | None = None
        world.nodes[core_id] = self

    # ---- events ----------------------------------------------------------------------------------------

    def happen(self, event: Event) -> bool:
        """Hand an event to the core and do what it wants. False: the daemon is dead, or frozen for now."""
        if not self.alive:
            return False
        if self.frozen:
            self._missed.append(event)
            return True
        world = self.world
        world.events += 1
        if not isinstance(event, Ticked):
            world.story.append(f"{world.now:9.4f} {self.core_id} << {event}")
        core = self.core
        effects = core.handle(event, world.now)
        if world.events % world.check_every == 0:
            try:
                self.check()
            except AssertionError as error:
                world.fail(f"{self.core_id}: {error!r}")
        for effect in effects:
            if self.crash_after is not None:
                self.crash_after -= 1
                if self.crash_after < 0:
                    self.kill()
                    return False
            if not isinstance(effect, Transmit) or effect.sequence:
                world.story.append(f"{world.now:9.4f} {self.core_id} >> {effect}")
            if isinstance(effect, Transmit):
                self._transmit(effect)
            else:
                self.perform(effect)
            if not self.alive or self.core is not core:
                return False
        self._set_alarm()
        return True

    def check(self) -> None:
        raise NotImplementedError

    def perform(self, effect: Any) -> None:
        raise NotImplementedError

    def _set_alarm(self) -> None:
        at = self.core.wake_at()
        if at is not None and (self._wake_at is None or at < self._wake_at):
            self._wake_at = at
            core = self.core
            self.world.later(max(0.0, at - self.world.now), lambda: self._alarm(core, at))

    def _alarm(self, core: Any, at: float) -> None:
        if self.core is core and self._wake_at == at:
            self._wake_at = None
            self.happen(Ticked())

    # ---- disturbances ----------------------------------------------------------------------------------

    def freeze(self, duration_s: float) -> None:
        if self.frozen or not self.alive:
            return
        self.frozen = True
        self.world.tell(f"{self.core_id} freezes for {duration_s:.2f} s")
        self.world.later(duration_s, self.thaw)

    def thaw(self) -> None:
        if not self.frozen:
            return
        self.frozen = False
        self.world.tell(f"{self.core_id} thaws")
        missed, self._missed = self._missed, []
        for event in missed:
            self.happen(event)
        if self.alive:
            self._wake_at = None
            self._set_alarm()

    def kill(self) -> None:
        """The daemon is gone with all it had in memory."""
        if not self.alive:
            return
        self.world.tell(f"{self.core_id} is killed")
        self.alive = False
        self.frozen = False
        self._missed.clear()
        self.world.nodes.pop(self.core_id, None)
        for connection in list(self.connections.values()):
            connection.cut(but=self)

    # ---- network ---------------------------------------------------------------------------------------

    def _transmit(self, effect: Transmit) -> None:
        connection = self.connections.get((effect.peer_id, effect.role))
        if connection is not None:
            connection.carry(self, effect.sequence, effect.message)


class Connection:
    """A standing connection between two nodes, with the ids that they had when it was made."""

    def __init__(self, caller: Node, called: Node, role_of_called: str) -> None:
        self.caller, self.called = caller, called
        self.roles = {id(caller): "worker" if role_of_called == "manager" else "thief", id(called): role_of_called}
        self.ids = {id(caller): caller.core_id, id(called): called.core_id}
        self.stands = True
        for node, other in ((caller, called), (called, caller)):
            old = node.connections.get(self._key(other))
            if old is not None:
                old.cut()
            node.connections[self._key(other)] = self
        for node, other in ((caller, called), (called, caller)):
            node.happen(PeerJoined(*self._key(other)))

    def _key(self, node: Node) -> tuple[str, str]:
        return self.ids[id(node)], self.roles[id(node)]

    def other(self, node: Node) -> Node:
        return self.called if node is self.caller else self.caller

    def carry(self, sender: Node, sequence: int, message: Message) -> None:
        receiver = self.other(sender)

        def arrive() -> None:
            if not self.stands or not receiver.alive or receiver.core_id != self.ids[id(receiver)]:
                return
            peer_id, role = self._key(sender)
            if receiver.happen(PeerSaid(peer_id, role, sequence, message)) and sequence and not receiver.frozen:
                sender.world.travel(receiver, sender, lambda: self._acknowledged(sender, receiver, sequence))

        sender.world.travel(sender, receiver, arrive)

    def _acknowledged(self, sender: Node, receiver: Node, sequence: int) -> None:
        if self.stands and sender.core_id == self.ids[id(sender)]:
            sender.happen(PeerAcknowledged(*self._key(receiver), sequence))

    def cut(self, but: Node | None = None) -> None:
        """It breaks; both ends (but the dead one) learn of it."""
        if not self.stands:
            return
        self.stands = False
        for node, other in ((self.caller, self.called), (self.called, self.caller)):
            if node.connections.get(self._key(other)) is self:
                del node.connections[self._key(other)]
            if node is not but:
                event = PeerLeft(*self._key(other))
                core_id = self.ids[id(node)]
                node.world.later(0.001, lambda node=node, event=event, core_id=core_id: _report(node, core_id, event))


def _report(node: Node, core_id: str, event: PeerLeft) -> None:
    if node.core_id == core_id and (event.peer_id, event.role) not in node.connections:
        node.happen(event)
