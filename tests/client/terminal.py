"""A program at a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from pathlib import Path


def at_a_terminal(
    command: list[str], *, cwd: Path, env: dict[str, str], columns: int = 100, timeout_s: float = 60.0
) -> str:
    """All that `command` writes to a terminal of `columns`; fails where it does not end with status 0 in time."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    program = subprocess.Popen(command, cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    written = b""
    deadline = time.monotonic() + timeout_s
    try:
        while time.monotonic() < deadline:
            ready, _, _ = select.select([ours], [], [], 1.0)
            if not ready:
                continue
            try:
                data = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not data:
                break
            written += data
        assert program.wait(max(0.1, deadline - time.monotonic())) == 0, written.decode(errors="replace")
    finally:
        if program.poll() is None:
            program.kill()
            program.wait(10)
        os.close(ours)
    return written.decode(errors="replace").replace("\r\n", "\n")
