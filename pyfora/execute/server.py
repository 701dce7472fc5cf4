"""The fork server: a process with everything loaded, from which compute processes are forked in milliseconds.

`python -m pyfora.execute.server --socket PATH --spool DIR --cache DIR`. Lines on stdin: `fork ID`, `kill ID`; lines on
stdout: `ready`, `forked ID PID`, `died ID REASON`. It ends, with all its children, when stdin does.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import os
import select
import signal
import sys
import traceback
from pathlib import Path
from typing import NoReturn

PR_SET_PDEATHSIG = 1
NICENESS = 5
"""Compute processes stand back behind daemons, which must answer in time, and behind whoever sits at the machine."""
WARM_AFTER_S = 0.05
"""So long after the first forks, and nothing else to do, the server loads the compiler."""
_LINE_LIMIT_BYTES = 1000


class ForkServer:
    """Forks, kills and reaps; single-threaded, for a fork copies one thread only."""

    def __init__(self, socket_path: str, spool: Path, cache: Path) -> None:
        self._socket_path = socket_path
        self._spool = spool
        self._cache = cache
        self._children: dict[int, str] = {}
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def serve(self) -> None:
        """Until stdin ends."""
        self._say("ready")
        received = b""
        warm = False
        while True:
            # The compiler takes most of a second to load: the first processes, which mostly drive a first small
            # block, do not wait for it. One that compiles all the same loads it itself.
            waiting_s = None if warm or not self._children else WARM_AFTER_S
            readable, _, _ = select.select([0, self._wake_read], [], [], waiting_s)
            if not readable:
                from pyfora.compile import warm as load_compiler
                from pyfora.execute import purity

                load_compiler()
                purity.install()
                _freeze()
                warm = True
            if self._wake_read in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_read, 4096)
                self._reap()
            if 0 in readable:
                data = os.read(0, 4096)
                received += data
                *lines, received = received.split(b"\n")
                for line in lines:
                    self._obey(line.decode("ascii", "replace").split())
                if not data or len(received) > _LINE_LIMIT_BYTES:
                    break
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)

    def _obey(self, words: list[str]) -> None:
        match words:
            case ["fork", process_id]:
                self._fork(process_id)
            case ["kill", process_id]:
                for pid, known in self._children.items():
                    if known == process_id:
                        os.kill(pid, signal.SIGKILL)

    def _fork(self, process_id: str) -> None:
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            self._say(f"died {process_id} it could not be started: {error.strerror}")
            return
        if pid == 0:
            self._child(process_id, server)
        self._children[pid] = process_id
        self._say(f"forked {process_id} {pid}")

    def _child(self, process_id: str, server: int) -> NoReturn:
        status = 1
        try:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != server:  # it died before the line above
                os._exit(1)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(self._wake_read)
            os.close(self._wake_write)
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, 0)
            os.dup2(nothing, 1)
            os.close(nothing)
            os.nice(NICENESS)
            from pyfora.execute.process import serve

            serve(process_id, self._socket_path, self._spool, self._cache)
            status = 0
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
        finally:
            os._exit(status)

    def _reap(self) -> None:
        while self._children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            process_id = self._children.pop(pid, None)
            if process_id is not None:
                self._say(f"died {process_id} {_in_words(status)}")

    def _say(self, line: str) -> None:
        try:
            os.write(1, line.encode("ascii", "replace") + b"\n")
        except OSError:
            # Nobody reads any more: stdin ends as well, and with it the server.
            return


def _in_words(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
        return f"killed by {name}" + (" (out of memory?)" if number == signal.SIGKILL else "")
    return f"ended with status {os.WEXITSTATUS(status)}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--spool", required=True, type=Path)
    parser.add_argument("--cache", required=True, type=Path)
    options = parser.parse_args()
    if sys.flags.hash_randomization:
        # The order of a set of texts follows from their hashes: they must be the same in every process of every worker.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    # numpy would start threads, which a fork does not copy.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    server = ForkServer(options.socket, options.spool, options.cache)
    from pyfora.execute import process, purity  # noqa: F401  (children find `process` loaded)
    from pyfora.execute.rehearsal import rehearse

    purity.install()
    rehearse()
    _freeze()
    server.serve()
    # Taking the compiler's modules down one by one takes up to a second, and leaves nothing more behind than this.
    os._exit(0)


def _freeze() -> None:
    """What is loaded now is shared with every child for good: the collector must not write to it."""
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    main()
