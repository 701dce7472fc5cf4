"""A compute process begins anew under the client's hash seed.

Python takes the seed at its start, and the fork server has one for all. So the process that is to serve a program of
another one becomes a fresh Python, with the same connection and the same first message. (A fork server for each seed
would be quicker and would stand about idle: few clients fix theirs.)
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from pyfora.errors import WireError
from pyfora.execute.conversation import Conversation
from pyfora.execute.environment import hash_seed_of_environment
from pyfora.execute.spool import Spool
from pyfora.language.program import hash_seed_of_program
from pyfora.wire.messages import DriveProgram, Message, RunLeaves


def wanted_hash_seed(message: Message, spool: Spool) -> str | None:
    """The seed of the program that `message` is the first of; None: any. What cannot be read, others will report."""
    try:
        if isinstance(message, DriveProgram):
            return hash_seed_of_program(spool.path(message.path))
        if isinstance(message, RunLeaves):
            return hash_seed_of_environment(spool.read(message.environment_path))
    except (OSError, WireError):
        return None
    return None


def begin_anew(seed: str, first: Message, conversation: Conversation, spool: Path, cache: Path) -> NoReturn:
    """Become a fresh Python of this seed that is told `first` and what has come after it. Raises OSError."""
    unread = os.memfd_create("unread", 0)
    with os.fdopen(os.dup(unread), "wb") as file:
        file.write(conversation.unread(first))
    connection = conversation.handed_over()
    arguments = ["--connection", str(connection), "--unread", str(unread), "--spool", str(spool), "--cache", str(cache)]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    os.execve(sys.executable, [sys.executable, "-P", "-m", "pyfora.execute.anew", *arguments], environment)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connection", required=True, type=int)
    parser.add_argument("--unread", required=True, type=int)
    parser.add_argument("--spool", required=True, type=Path)
    parser.add_argument("--cache", required=True, type=Path)
    options = parser.parse_args()
    with os.fdopen(options.unread, "rb") as file:
        file.seek(0)
        unread = file.read()
    from pyfora.execute import purity
    from pyfora.execute.process import work

    purity.install()
    conversation = Conversation.of(options.connection, unread)
    work(conversation.receive(), conversation, Spool(options.spool), options.cache)


if __name__ == "__main__":
    main()
