"""A fork server whose compute processes halt where they are told to, for a worker to be killed in a program's midst.

What is in the directory that `HALTS` names says where: before which message of a driver or of a leaf process. (To look
at the manager's status until a program runs, and to kill then, came too late on a quick machine.) Its drivers spread
every loop that lasts a fraction of a millisecond.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from pyfora.execute import process, server
from pyfora.execute.conversation import Conversation
from pyfora.wire.messages import DriveProgram, Message, ProcessReady
from tests.execute.eager_server import be_eager

DRIVER, LEAVES = "driver", "leaves"
HALTED_LIMIT_S = 60.0
"""A process that nobody let go on ends after so long: what it was to show was not shown."""


class Halts:
    """A directory by which a test halts one compute process, and lets it go on."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def want(self, role: str, number: int) -> None:
        """The first process of that role that is about to send its message of that number is to halt."""
        self._directory.mkdir(exist_ok=True)
        for file in self._directory.iterdir():
            file.unlink()
        (self._directory / f"{role}-{number}").touch()

    def halted(self) -> int | None:
        """The pid of the process that halted, if one did."""
        return next((int(file.name.removeprefix("halted-")) for file in self._directory.glob("halted-*")), None)

    def go_on(self) -> None:
        """Nobody need halt any more."""
        (self._directory / "go-on").touch()

    def halt(self, role: str, number: int) -> None:
        """In a compute process: halt if this is where one is wanted to."""
        try:
            # Only one of those that come here at once finds it.
            (self._directory / f"{role}-{number}").rename(self._directory / f"halted-{os.getpid()}")
        except FileNotFoundError:
            return
        deadline = time.monotonic() + HALTED_LIMIT_S
        while not (self._directory / "go-on").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        if not (self._directory / "go-on").exists():
            os._exit(1)


class HaltingConversation(Conversation):
    """Counts what it sends of a program."""

    _role = ""
    _sent = 0

    def receive(self) -> Message:
        message = super().receive()
        self._role = self._role or (DRIVER if isinstance(message, DriveProgram) else LEAVES)
        return message

    def send(self, message: Message) -> None:
        if not isinstance(message, ProcessReady):
            Halts(Path(os.environ["HALTS"])).halt(self._role, self._sent)
            self._sent += 1
        super().send(message)


if __name__ == "__main__":
    be_eager()
    process.Conversation = HaltingConversation  # type: ignore[misc]
    server.main()
