"""A client of the simulated world: submits programs, takes their answers, goes away now and then."""

from __future__ import annotations

import hashlib

from pyfora.cluster import events as e
from pyfora.limits import INLINE_LIMIT_BYTES
from pyfora.wire.messages import (
    AnswerTaken,
    CancelProgram,
    Message,
    ProgramAccepted,
    ProgramEnded,
    ProgramPrinted,
    Refused,
    ReleaseValues,
    SubmitProgram,
)
from tests.cluster.nodes import LIBM, VERSIONS, ManagerNode
from tests.cluster.programs import Spec
from tests.cluster.world import World


class ClientNode:
    """One executor. What it says arrives in order while it is connected; after a break it says again what counts."""

    def __init__(self, world: World, session_id: str, manager: ManagerNode) -> None:
        self.world = world
        self.session_id = session_id
        self.manager = manager
        self.machine = session_id
        self.connected = False
        self.specs: dict[str, Spec] = {}
        self.accepted: set[str] = set()
        self.ends: dict[str, ProgramEnded] = {}
        self.told_ends: dict[str, int] = {}
        self.told_here: set[str] = set()
        """Programs whose end was told on this connection."""
        self.printed: dict[str, str] = {}
        self.cancelled: set[str] = set()
        self.released: set[str] = set()
        self.away_until = 0.0
        self._connect()

    # ---- connection ------------------------------------------------------------------------------------

    def _connect(self) -> None:
        manager_is_up = self.manager.alive and not self.manager.frozen
        if manager_is_up and not self.connected and self.world.now >= self.away_until:
            self.connected = True
            self.told_here.clear()
            self.manager.clients[self.session_id] = self
            version, python = VERSIONS
            self.manager.happen(e.ClientJoined(self.session_id, python, version, LIBM))
            for program_id in list(self.specs):
                if program_id not in self.ends:
                    self._submit(program_id)
                    if program_id in self.cancelled:
                        self.say(CancelProgram(program_id))
            for program_id in self.ends:
                self.say(AnswerTaken(program_id))
            if self.released:
                self.say(ReleaseValues(sorted(self.released)))
        self.world.later(0.1 + 0.2 * self.world.chance.random(), self._connect)

    def disconnected(self) -> None:
        """The WebSocket broke."""
        if self.connected:
            self.connected = False
            del self.manager.clients[self.session_id]
            if self.manager.alive:
                self.manager.happen(e.ClientLeft(self.session_id))

    def go_away(self, duration_s: float) -> None:
        self.away_until = self.world.now + duration_s
        self.world.tell(f"{self.session_id} goes away for {duration_s:.2f} s")
        self.disconnected()

    # ---- talking ---------------------------------------------------------------------------------------

    def say(self, message: Message) -> None:
        if not self.connected:
            return
        generation = self.manager.generation

        def arrive() -> None:
            if self.connected and self.manager.generation == generation:
                if isinstance(message, SubmitProgram):
                    self.manager.store[message.fingerprint] = self.specs[message.program_id].to_bytes()
                self.manager.happen(e.ClientSaid(self.session_id, message))

        self.world.later(0.001, arrive)

    def submit(self, spec: Spec) -> None:
        self.specs[spec.program_id] = spec
        self._submit(spec.program_id)

    def _submit(self, program_id: str) -> None:
        spec = self.specs[program_id]
        data = spec.to_bytes()
        if not self.connected:
            return
        inline = data if len(data) < INLINE_LIMIT_BYTES and int(program_id[:2], 16) % 2 else b""
        assert hashlib.sha256(data).hexdigest() == spec.fingerprint
        self.say(SubmitProgram(program_id, spec.fingerprint, len(data), spec.inputs, "all", 0, inline))

    def cancel(self, program_id: str) -> None:
        self.cancelled.add(program_id)
        self.say(CancelProgram(program_id))

    def release(self, value_ids: list[str]) -> None:
        self.released.update(value_ids)
        self.say(ReleaseValues(value_ids))

    def receive(self, message: Message) -> None:
        """The manager tells something."""
        if isinstance(message, Refused):
            self.world.fail(f"{self.session_id} is refused: {message.reason}")
        elif isinstance(message, ProgramAccepted):
            self.accepted.add(message.program_id)
        elif isinstance(message, ProgramPrinted):
            self._print(message)
        elif isinstance(message, ProgramEnded):
            self._end(message)

    def _print(self, message: ProgramPrinted) -> None:
        known = self.printed.get(message.program_id, "")
        if message.position > len(known):
            self.world.fail(f"text of {message.program_id} is missing: {len(known)}..{message.position}")
        self.printed[message.program_id] = (
            known[: message.position] + message.text + known[message.position + len(message.text) :]
        )

    def _end(self, message: ProgramEnded) -> None:
        program_id = message.program_id
        if program_id in self.told_here:
            self.world.fail(f"the end of {program_id} is told twice on one connection")
        self.told_here.add(program_id)
        known = self.ends.get(program_id)
        if known is None:
            self.ends[program_id] = message
        elif known != message:
            self.world.fail(f"{program_id} has two ends: {known} and {message}")
        self.say(AnswerTaken(program_id))
