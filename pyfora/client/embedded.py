"""A private cluster of this machine's cores, in processes of its own that end with this one."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from pyfora.errors import ConnectionError

_PROGRAM = "pyfora_twisted.embedded"
_INSIDE = "PYFORA_PRIVATE_CLUSTER"
"""Set in the cluster's processes: one that came to import a program of the user's would start clusters without end."""
_END_TIMEOUT_S = 5.0
_LOG_TAIL_LINES = 8


class EmbeddedCluster:
    """The process of a private cluster."""

    def __init__(self, timeout_s: float) -> None:
        """Start it, and wait until it takes work. Raises ConnectionError, within `timeout_s`, where it does not."""
        if os.environ.get(_INSIDE):
            raise ConnectionError(
                "a process of a private cluster cannot start another private cluster. Call pyfora.connect() in the "
                "program itself, under `if __name__ == '__main__':` where the module is imported elsewhere, too."
            )
        deadline = time.monotonic() + timeout_s
        self.token = secrets.token_hex(32)
        self._directory = Path(tempfile.mkdtemp(prefix="pyfora-"))
        self._log = self._directory / "embedded.err"
        try:
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", _PROGRAM, "--data-dir", str(self._directory)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=environment(),
                    # Ctrl-C in a terminal reaches all of its foreground processes: it is meant for us alone.
                    start_new_session=True,
                )
        except OSError as error:
            shutil.rmtree(self._directory, ignore_errors=True)
            raise ConnectionError(
                f"the embedded cluster could not be started ({error}). Check {sys.executable}."
            ) from None
        try:
            self.url = f"http://127.0.0.1:{self._start(deadline)}"
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process that the cluster ends with."""
        return self._process.pid

    def _start(self, deadline: float) -> int:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(self.token.encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise ConnectionError(self._why()) from None
        lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        stdout = self._process.stdout
        # The thread goes on reading to the end, so that nothing ever blocks on a full pipe.
        threading.Thread(target=_read_lines, args=(stdout, lines), name="pyfora-embedded", daemon=True).start()
        try:
            line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise ConnectionError(
                "the embedded cluster was not ready in time. Give connect(timeout=...) more seconds; "
                f"it said: {self._tail()}"
            ) from None
        try:
            return int(json.loads(line)["http_port"])
        except (ValueError, KeyError, TypeError):
            raise ConnectionError(self._why()) from None

    def _why(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        return f"the embedded cluster did not start. Mend what it said, and connect again: {self._tail()}"

    def _tail(self) -> str:
        try:
            lines = self._log.read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return "\n".join(lines[-_LOG_TAIL_LINES:]) or "(nothing)"

    def close(self) -> None:
        """End the cluster and remove its files. Can be called more than once."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._directory, ignore_errors=True)

    def abandon(self) -> None:
        """In a fork: close our copy of the pipe, so that the cluster ends with the process that asked for it."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()


def environment() -> dict[str, str]:
    """What the cluster's processes get of our environment: no variable that configures daemons, our import path."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("UFORA_")}
    # A checkout that was put on sys.path by hand must be importable there too.
    root = str(Path(__file__).resolve().parent.parent.parent)
    paths = [path for path in inherited.get("PYTHONPATH", "").split(os.pathsep) if path]
    # Python's -m would look in the current directory first, where any file of the user's may have a library's name.
    inherited["PYTHONSAFEPATH"] = "1"
    inherited[_INSIDE] = "1"
    inherited["PYTHONPATH"] = os.pathsep.join([root, *(path for path in paths if path != root)])
    return inherited


def _read_lines(stdout: object, lines: queue.SimpleQueue[bytes]) -> None:
    for line in stdout:  # type: ignore[attr-defined]
        lines.put(line)
    lines.put(b"")
