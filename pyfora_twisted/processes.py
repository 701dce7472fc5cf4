"""The compute processes of a worker: their fork server, their socket, their lives."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, ProcessProtocol, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from pyfora.cluster.events import (
    Event,
    KillProcess,
    ProcessDied,
    ProcessSaid,
    ProcessStarted,
    StartProcess,
    TellProcess,
)
from pyfora.configuration.table import BY_NAME
from pyfora.errors import WireError
from pyfora.limits import DOOR_TIMEOUT_S
from pyfora.wire.codec import decode_message, encode_message
from pyfora.wire.framing import FrameReader, frame
from pyfora.wire.links import Link
from pyfora.wire.messages import ProcessReady
from pyfora_twisted.memory import MemoryWatch

_log = Logger()
FORK_SERVER = "pyfora.execute.server"
"""The module that is run to fork compute processes."""
_FIRST_DELAY_S = 0.2
_LONGEST_DELAY_S = 10.0
_STEADY_S = 10.0
"""A fork server that lived this long was no failure to start."""
_END_TIMEOUT_S = 3.0
_LAST_WORDS_S = 1.0
"""How long what a dead process has written may take to be read."""
_SOCKET_PATH_LIMIT = 100
_LINE_LIMIT_BYTES = 4096


class ProcessLink(Protocol):
    """The socket of one compute process."""

    transport: Any

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._frames = FrameReader()
        self.process_id = ""

    def connectionMade(self) -> None:
        """It has DOOR_TIMEOUT_S to say who it is."""
        self._deadline = self._processes.reactor.callLater(DOOR_TIMEOUT_S, self.abort)

    def dataReceived(self, data: bytes) -> None:
        """Frames of messages."""
        try:
            for whole in self._frames.receive(data):
                message = decode_message(whole, Link.PROCESS_TO_WORKER)
                if not self.process_id:
                    if not isinstance(message, ProcessReady) or not self._processes.introduced(
                        self, message.process_id
                    ):
                        raise WireError("it did not say who it is")
                    self._deadline.cancel()
                elif isinstance(message, ProcessReady):
                    raise WireError("it introduced itself twice")
                else:
                    self._processes.happened(ProcessSaid(self.process_id, message))
        except WireError as error:
            _log.error("A compute process broke the protocol and is killed: {error}", error=error)
            self.abort()

    def abort(self) -> None:
        """Close at once."""
        assert self.transport is not None
        self.transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """It is gone, or is to go."""
        if self._deadline.active():
            self._deadline.cancel()
        if self.process_id:
            self._processes.parted(self)


class _Links(Factory):
    noisy = False

    def __init__(self, processes: Processes) -> None:
        self._processes = processes

    def buildProtocol(self, addr: IAddress | None) -> ProcessLink:
        return ProcessLink(self._processes)


class _Server(ProcessProtocol):
    """The fork server's pipes."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._received = b""
        self.ended: Deferred[None] = Deferred()

    def outReceived(self, data: bytes) -> None:
        self._received += data
        *lines, self._received = self._received.split(b"\n")
        for line in lines:
            self._processes.server_said(line.decode("ascii", "replace"))
        if len(self._received) > _LINE_LIMIT_BYTES:
            self._received = b""

    def errReceived(self, data: bytes) -> None:
        text = data[:_LINE_LIMIT_BYTES].decode("utf-8", "replace").rstrip()
        _log.warn("A compute process wrote: {text}", text=text)

    def processEnded(self, reason: Failure) -> None:
        self._processes.server_ended(self, reason.getErrorMessage())
        self.ended.callback(None)


class Processes:
    """Performs `StartProcess`, `KillProcess`, `TellProcess`; reports what becomes of compute processes.

    A process' death is reported when the fork server says so and all that it wrote is read, or with the server's own.
    """

    def __init__(
        self,
        reactor: Any,
        happened: Callable[[Event], None],
        spool: Path,
        cache: Path,
        memory_bytes: int | None = None,
    ) -> None:
        self.reactor = reactor
        self.happened = happened
        self._spool = spool
        self._cache = cache
        self._alive: dict[str, ProcessLink | None] = {}
        self._last_words: dict[str, str] = {}
        self._unforked: list[str] = []
        self._pids: dict[str, int] = {}
        self._reasons: dict[str, str] = {}
        """Why we end a process, where the signal would say less."""
        self._memory = (
            None if memory_bytes is None else MemoryWatch(memory_bytes, reactor, self.pids, self._end_process)
        )
        self._server: _Server | None = None
        self._pipe: Any = None
        self._port: Any = None
        self._private: str | None = None
        self._restart: Any = None
        self._delay_s = _FIRST_DELAY_S
        self._stopping = False

    def start(self) -> None:
        """Listen for compute processes, and start the fork server."""
        path = self._spool / ".socket"
        if len(str(path)) > _SOCKET_PATH_LIMIT:  # the kernel takes 107 bytes
            self._private = tempfile.mkdtemp(prefix="pyfora-")
            path = Path(self._private) / "socket"
        self._socket_path = path
        self._port = self.reactor.listenUNIX(str(path), _Links(self), mode=0o600)
        self._start_server()
        if self._memory is not None:
            self._memory.start()

    def stop(self) -> Deferred[None]:
        """End all processes. The Deferred fires when none is left."""
        self._stopping = True
        if self._memory is not None:
            self._memory.stop()
        if self._restart is not None and self._restart.active():
            self._restart.cancel()
        server = self._server
        if server is None:
            return self._stop_listening()
        self._pipe.closeStdin()
        timer = self.reactor.callLater(_END_TIMEOUT_S, self._kill_server)

        def ended(_: None) -> Deferred[None]:
            if timer.active():
                timer.cancel()
            return self._stop_listening()

        return server.ended.addCallback(ended)

    # ---- effects -----------------------------------------------------------------------------------------------------

    def start_process(self, effect: StartProcess) -> None:
        """Fork a process, as soon as there is a server to do it."""
        self._alive[effect.process_id] = None
        if self._server is None:
            self._unforked.append(effect.process_id)
        else:
            self._order("fork", effect.process_id)

    def kill_process(self, effect: KillProcess) -> None:
        """Kill a process; also one that is not forked yet."""
        if effect.process_id in self._unforked:
            self._unforked.remove(effect.process_id)
            self.reactor.callLater(0, self._died, effect.process_id, "killed before it was started")
        elif effect.process_id in self._alive:
            self._order("kill", effect.process_id)

    def tell_process(self, effect: TellProcess) -> None:
        """Send to a process, if it is there."""
        link = self._alive.get(effect.process_id)
        if link is not None and link.transport is not None:
            link.transport.write(frame(encode_message(effect.message)))

    def pids(self) -> tuple[int | None, dict[str, int]]:
        """The fork server's pid, None where there is none, and those of the processes by id."""
        return getattr(self._pipe, "pid", None), self._pids

    def _end_process(self, process_id: str, reason: str) -> None:
        """Kill a process for a reason of ours, which is then told in place of the signal."""
        self._pids.pop(process_id, None)
        self._reasons[process_id] = reason
        self._order("kill", process_id)

    # ---- what the processes do ---------------------------------------------------------------------------------------

    def introduced(self, link: ProcessLink, process_id: str) -> bool:
        """A process says who it is; False unless that one was started and has not said so before."""
        if self._alive.get(process_id, link) is not None:
            return False
        self._alive[process_id] = link
        link.process_id = process_id
        self.happened(ProcessStarted(process_id))
        return True

    def parted(self, link: ProcessLink) -> None:
        """A process' socket is closed."""
        process_id = link.process_id
        if process_id in self._last_words:
            self._died(process_id, self._last_words[process_id])
        elif process_id in self._alive and self._server is not None:
            # Without its worker it has nothing to live for; that it died is then said by the fork server.
            self._order("kill", process_id)

    # ---- what the fork server does -----------------------------------------------------------------------------------

    def server_said(self, line: str) -> None:
        """A line from the fork server."""
        words = line.split(" ", 2)
        if words[0] == "died" and len(words) >= 2 and words[1] in self._alive:
            process_id, reason = words[1], words[2] if len(words) > 2 else "for no known reason"
            reason = self._reasons.get(process_id, reason)
            if self._alive[process_id] is None:
                self._died(process_id, reason)
            else:
                self._last_words[process_id] = reason
                self.reactor.callLater(_LAST_WORDS_S, self._died, process_id, reason)
        elif words[0] == "forked" and len(words) == 3 and words[1] in self._alive and words[2].isdigit():
            self._pids[words[1]] = int(words[2])
        elif words[0] == "ready":
            _log.debug("The fork server is ready")

    def server_ended(self, server: _Server, reason: str) -> None:
        """The fork server is gone, and all processes with it."""
        if server is not self._server:
            return
        self._server = None
        self._pipe = None
        if self._stopping:
            return
        if self.reactor.seconds() - self._started_at >= _STEADY_S:
            self._delay_s = _FIRST_DELAY_S
        _log.error(
            "The fork server ended ({reason}); starting it again in {delay} s", reason=reason, delay=self._delay_s
        )
        self._restart = self.reactor.callLater(self._delay_s, self._start_server)
        self._delay_s = min(2 * self._delay_s, _LONGEST_DELAY_S)
        for process_id, link in list(self._alive.items()):
            if process_id in self._unforked:
                continue
            self._died(process_id, "its fork server ended")
            if link is not None:
                link.abort()

    # ---- the server's life -------------------------------------------------------------------------------------------

    def _start_server(self) -> None:
        self._started_at = self.reactor.seconds()
        self._server = _Server(self)
        # -P: not the daemon's current directory first, where a file may be called as a library's module is.
        arguments = [sys.executable, "-P", "-m", FORK_SERVER, "--socket", str(self._socket_path)]
        arguments += ["--spool", str(self._spool), "--cache", str(self._cache)]
        # What runs there is the users' code, which has no business with the token.
        environment = {name: value for name, value in os.environ.items() if name != BY_NAME["token"].variable}
        self._pipe = self.reactor.spawnProcess(self._server, sys.executable, arguments, env=environment)
        waiting, self._unforked = self._unforked, []
        for process_id in waiting:
            self._order("fork", process_id)

    def _order(self, verb: str, process_id: str) -> None:
        if self._pipe is not None:
            self._pipe.write(f"{verb} {process_id}\n".encode("ascii"))

    def _kill_server(self) -> None:
        try:
            self._pipe.signalProcess("KILL")
        except (ProcessExitedAlready, AttributeError):
            return

    def _died(self, process_id: str, reason: str) -> None:
        if process_id in self._alive:
            del self._alive[process_id]
            self._last_words.pop(process_id, None)
            self._reasons.pop(process_id, None)
            self._pids.pop(process_id, None)
            if not self._stopping:
                self.happened(ProcessDied(process_id, reason))

    def _stop_listening(self) -> Deferred[None]:
        done: Deferred[None] = Deferred()

        def closed(_: object) -> None:
            if self._private is not None:
                shutil.rmtree(self._private, ignore_errors=True)
            done.callback(None)

        stopped = self._port.stopListening()
        if isinstance(stopped, Deferred):
            stopped.addBoth(closed)
        else:
            closed(None)
        for link in self._alive.values():
            if link is not None:
                link.abort()
        return done
