"""The life of one program at its manager, as a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from pyfora.cluster.events import JournaledProgram
from pyfora.limits import PRINT_LIMIT_BYTES
from pyfora.wire.messages import ProgramEnded, ProgramPrinted, ProgramProgressed, SubmitProgram


class State(Enum):
    """Where a program is."""

    WAITING = "waiting"
    """For a worker, for its inputs, or for a pause to pass."""
    PUSHING = "pushing"
    """Its bytes are on their way to its home."""
    PLACED = "placed"
    """Its home was told to run it."""
    RUNNING = "running"
    """Its home says that it runs it."""
    ENDED = "ended"


class Turn(Enum):
    """What can happen to a program."""

    BYTES_SENT = "a home was chosen and its bytes were sent there"
    HOME_TOLD = "its home was told to run it"
    PUSH_FAILED = "its bytes could not be brought to its home"
    SEEN = "a worker says that it runs it"
    HOME_LOST = "its home was lost, or let it go"
    ENDED = "it completed, was cancelled, or cannot be run"
    WANTED = "a value of it was lost and is wanted"


LIVE = (State.PUSHING, State.PLACED, State.RUNNING)

TABLE: dict[tuple[State, Turn], State] = {
    (State.WAITING, Turn.BYTES_SENT): State.PUSHING,
    (State.WAITING, Turn.HOME_TOLD): State.PLACED,
    (State.WAITING, Turn.SEEN): State.RUNNING,
    (State.WAITING, Turn.ENDED): State.ENDED,
    (State.PUSHING, Turn.HOME_TOLD): State.PLACED,
    (State.PUSHING, Turn.PUSH_FAILED): State.WAITING,
    (State.PUSHING, Turn.HOME_LOST): State.WAITING,
    (State.PUSHING, Turn.ENDED): State.ENDED,
    (State.PLACED, Turn.SEEN): State.RUNNING,
    (State.PLACED, Turn.HOME_LOST): State.WAITING,
    (State.PLACED, Turn.ENDED): State.ENDED,
    (State.RUNNING, Turn.SEEN): State.RUNNING,
    (State.RUNNING, Turn.HOME_LOST): State.WAITING,
    (State.RUNNING, Turn.ENDED): State.ENDED,
    (State.ENDED, Turn.WANTED): State.WAITING,
}
"""What is not here cannot happen."""


@dataclass
class Job:
    """One accepted program."""

    program_id: str
    session_id: str
    submission: SubmitProgram
    state: State = State.WAITING
    home_id: str = ""
    """Where it is pushed to, placed or running; where its values were made, once ended."""
    attempt: int = 0
    """The highest that was ever placed."""
    crashes: int = 0
    misses: int = 0
    """How often a home could not get its inputs."""
    not_before: float = 0.0
    avoid: str = ""
    """A worker that it could not be brought to."""
    ended: ProgramEnded | None = None
    """What the client is told. A program that runs again for its values' sake keeps its first end."""
    taken: bool = False
    values: dict[str, int] = field(default_factory=dict)
    """value id -> size in bytes, of those not released."""
    wanted: set[str] = field(default_factory=set)
    """Values for whose sake it runs again."""
    hopeless: str = ""
    """Why its values could not be computed again; empty while that was not tried or not in vain."""
    prints: list[ProgramPrinted] = field(default_factory=list)
    printed: dict[str, int] = field(default_factory=dict)
    """stream -> characters known."""
    progress: ProgramProgressed | None = None
    accepted_at: float | None = None
    """None: by a manager before this one."""

    @property
    def live(self) -> bool:
        """Whether a worker has something to do with it."""
        return self.state in LIVE

    @property
    def unfinished(self) -> bool:
        """Whether it still has to run: for its answer, or again for its values."""
        return self.state is not State.ENDED

    @property
    def needs_lineage(self) -> bool:
        """Whether its inputs may be needed (again), as long as it is kept."""
        return self.ended is None or bool(self.ended.values)

    def made(self, value_id: str) -> bool:
        """Whether it made this value, as far as is known."""
        return self.ended is not None and any(made[0] == value_id for made in self.ended.values)

    def turn(self, turn: Turn) -> None:
        """Go to the next state. Raises KeyError where the table has none."""
        self.state = TABLE[self.state, turn]

    def add_print(self, message: ProgramPrinted) -> ProgramPrinted | None:
        """The part of the text that was not known yet; None if there is none, or it is past what a program may print."""
        known = self.printed.get(message.stream, 0)
        end = message.position + len(message.text)
        if end <= known or end > PRINT_LIMIT_BYTES:
            return None
        if message.position < known:
            text = message.text[known - message.position :]
            message = ProgramPrinted(message.program_id, message.attempt, known, message.stream, text)
        self.printed[message.stream] = end
        return message

    def journaled(self) -> JournaledProgram:
        """As the journal is to hold it."""
        return JournaledProgram(
            self.program_id,
            self.session_id,
            self.submission,
            self.ended,
            self.home_id if self.ended else "",
            self.attempt,
            self.taken,
            list(self.prints) if self.ended and not self.taken else [],
            [made[0] for made in self.ended.values if made[0] not in self.values] if self.ended else [],
        )


def table_as_text() -> str:
    """The table as lines of Markdown, for the documentation."""
    lines = ["| state | what happens | next state |", "|---|---|---|"]
    lines += [f"| {state.value} | {turn.value} | {after.value} |" for (state, turn), after in TABLE.items()]
    return "\n".join(lines) + "\n"
