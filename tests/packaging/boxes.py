"""A machine as a place where commands of a page are run."""

from __future__ import annotations

import shlex

from tests.packaging.machine import Machine


class Box:
    """Root's shell in one directory of a machine."""

    def __init__(self, machine: Machine, directory: str) -> None:
        self.machine = machine
        self.directory = directory

    def run(self, script: str) -> str:
        """Run it, command after command; the first that fails ends it."""
        return self.machine.run(f"set -e; cd {shlex.quote(self.directory)}\n{script}")

    def start(self, script: str) -> None:
        """Services run in the background; no page about them needs more."""
        raise AssertionError(f"nothing runs in the background of a machine but its services: {script}")

    def write(self, name: str, text: str) -> None:
        """A file in the directory."""
        self.machine.run(f"cat >{shlex.quote(self.directory)}/{shlex.quote(name)}", input=text)
