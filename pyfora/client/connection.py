"""The one connection of an executor to its manager: kept, lost, made again."""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING

from pyfora.client.address import Address
from pyfora.client.greeting import NotReached, open_session, warn_of_other_libm
from pyfora.client.releasing import Releaser
from pyfora.client.submission import Submission
from pyfora.errors import ConnectionError, PyforaError, WireError
from pyfora.limits import PARCEL_LIMIT_BYTES, RECONNECT_GRACE_S
from pyfora.wire.codec import decode_message, encode_message
from pyfora.wire.links import Link
from pyfora.wire.messages import (
    AnswerTaken,
    CancelProgram,
    Message,
    ProgramAccepted,
    ProgramEnded,
    ProgramPrinted,
    ProgramProgressed,
    Refused,
    ReleaseValues,
    Welcome,
)

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

_FIRST_DELAY_S = 0.05
_LONGEST_DELAY_S = 2.0
_STANDS_AFTER_S = 5.0
_STALL_LIMIT_S = 60.0
"""How long an upload or a download may stand still."""


class Connection:
    """Carries submissions to the manager and their ends back. All methods may be called from any thread.

    A lost connection is made again for `timeout_s`; the manager knows the session and the programs by their ids,
    so that what is sent twice runs once. After that everything under way fails with ConnectionError.
    """

    def __init__(self, address: Address, timeout_s: float) -> None:
        """Connect. Raises ConnectionError, within `timeout_s`."""
        self.address = address
        self._timeout_s = timeout_s
        self._session_id = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._submissions: dict[str, Submission] = {}
        self._failure: str | None = None
        self._closing = threading.Event()
        self._cancelled: set[str] = set()
        """Programs that the manager was told to stop, and of which it has not said yet that they ended."""
        self.values = Releaser(self._send)
        try:
            self._socket, self._welcome = open_session(address, self._session_id, timeout_s)
        except NotReached as error:
            raise ConnectionError(str(error)) from None
        self._libm_differs = warn_of_other_libm(address, self._welcome)
        self._connected = True
        self._thread = threading.Thread(target=self._run, name="pyfora-connection", daemon=True)
        self._thread.start()

    # ---- what the executor asks for ----------------------------------------------------------------------------------

    @property
    def welcome(self) -> Welcome:
        """The cluster as the manager last described it."""
        return self._welcome

    def check_open(self) -> None:
        """Raise ConnectionError where nothing can be submitted any more."""
        if self._failure is not None:
            raise ConnectionError(self._failure)

    def submit(self, submission: Submission) -> None:
        """Send a program. Where the connection is down it is sent as soon as there is one again."""
        with self._lock:
            self.check_open()
            self._submissions[submission.program_id] = submission
            connected = self._connected
        if connected:
            self._transmit(self._socket, submission)

    def cancel(self, submission: Submission) -> None:
        """Stop a program on the cluster, and forget it here."""
        with self._lock:
            known = self._submissions.pop(submission.program_id, None) is not None
            if known:
                self._cancelled.add(submission.program_id)
        if known:
            self._send(CancelProgram(submission.program_id))
        elif submission.ended.done() and not submission.ended.exception():
            self._discard(submission.ended.result())

    def answer_taken(self, program_id: str) -> None:
        """Tell the manager that the answer to this program arrived."""
        self._send(AnswerTaken(program_id))

    def download(self, value_id: str, limit_bytes: int = PARCEL_LIMIT_BYTES) -> bytearray:
        """A value's parcel. Raises ConnectionError, ValueLostError, ResultTooLargeError."""
        deadline = time.monotonic() + self._timeout_s
        delay = _FIRST_DELAY_S
        while True:
            self.check_open()
            try:
                return self.address.get_value(value_id, _STALL_LIMIT_S, limit_bytes)
            except OSError as error:
                if time.monotonic() + delay > deadline:
                    raise ConnectionError(
                        f"a value could not be fetched from the manager at {self.address.url} ({error}). "
                        "Check that it is running, and call pyfora.connect() again."
                    ) from error
            self._closing.wait(delay)
            delay = min(2 * delay, _LONGEST_DELAY_S)

    def close(self) -> None:
        """Cancel what is under way, and part. Can be called more than once."""
        with self._lock:
            if self._closing.is_set():
                return
            self._closing.set()
            self._failure = self._failure or "the executor is closed. Call pyfora.connect() for a new one."
            waiting = list(self._submissions.values())
            self._submissions.clear()
            connected = self._connected
        if connected:
            for submission in waiting:
                self._send(CancelProgram(submission.program_id))
        self.values.end(tell=connected)
        self._socket.close()
        if threading.current_thread() is not self._thread:
            self._thread.join(5.0)
        for submission in waiting:
            submission.fail(ConnectionError("the executor was closed before the program had ended."))

    def abandon(self) -> None:
        """In a fork: close our copy of the socket. The connection itself is the parent's, and goes on."""
        self._failure = "this executor belongs to the process that made it, and this is a fork of that."
        self._connected = False
        self._socket.socket.close()

    # ---- sending -----------------------------------------------------------------------------------------------------

    def _send(self, message: Message) -> bool:
        from websockets.exceptions import ConnectionClosed

        try:
            self._socket.send(encode_message(message))
        except (ConnectionClosed, OSError):
            return False
        return True

    def _transmit(self, socket: ClientConnection, submission: Submission) -> None:
        """Upload and submit. What a broken connection prevents is done after the next Welcome."""
        from websockets.exceptions import ConnectionClosed

        message = submission.message
        try:
            if submission.content:
                pieces = [submission.content]
                self.address.put_parcel(message.fingerprint, message.size_bytes, pieces, _STALL_LIMIT_S)
            socket.send(encode_message(message))
        except ConnectionClosed:
            return
        except OSError:
            # The upload failed while the WebSocket may still stand: a new connection submits again.
            socket.close()
        except PyforaError as error:
            self._forget(submission.program_id)
            submission.fail(error)

    def _forget(self, program_id: str) -> Submission | None:
        with self._lock:
            return self._submissions.pop(program_id, None)

    def _discard(self, ended: ProgramEnded) -> None:
        """Nobody will ask for the answer of this program, nor for its values."""
        self._send(AnswerTaken(ended.program_id))
        ids = [str(value[0]) for value in ended.values]
        if ids:
            self._send(ReleaseValues(ids))

    # ---- the connection's thread -------------------------------------------------------------------------------------

    def _run(self) -> None:
        failure = ""
        delay, deadline = _FIRST_DELAY_S, 0.0
        while not self._closing.is_set():
            since = time.monotonic()
            try:
                self._receive(self._socket)
            except ConnectionError as error:
                failure = str(error)
                break
            with self._lock:
                self._connected = False
            self._socket.close()
            now = time.monotonic()
            # A connection that breaks as soon as it stands counts as none, or this would go on for ever.
            if now - since > _STANDS_AFTER_S or not deadline:
                delay, deadline = _FIRST_DELAY_S, now + self._timeout_s
            try:
                delay = self._reconnect(delay, deadline)
            except ConnectionError as error:
                failure = str(error)
                break
        if not self._closing.is_set():
            self._give_up(failure)

    def _receive(self, socket: ClientConnection) -> None:
        """Handle messages until the connection is lost. Raises ConnectionError where the manager sends us away."""
        from websockets.exceptions import ConnectionClosed

        while True:
            try:
                data = socket.recv()
            except (ConnectionClosed, OSError):
                return
            try:
                self._handle(decode_message(data if isinstance(data, bytes) else b"", Link.MANAGER_TO_CLIENT))
            except WireError as error:
                raise ConnectionError(
                    f"the manager at {self.address.url} sent what is no message of this pyfora ({error}). "
                    "Check that both sides have the same version."
                ) from error

    def _handle(self, message: Message) -> None:
        if isinstance(message, Welcome):
            self._welcome = message
            self._libm_differs = self._libm_differs or warn_of_other_libm(self.address, message)
        elif isinstance(message, Refused):
            raise ConnectionError(f"the manager at {self.address.url} sent this client away: {message.reason}")
        elif isinstance(message, ProgramEnded):
            with self._lock:
                submission = self._submissions.pop(message.program_id, None)
                cancelled = message.program_id in self._cancelled
                self._cancelled.discard(message.program_id)
            if submission is not None:
                submission.finish(message)
            elif cancelled:
                self._discard(message)
            else:
                # It is told again after a reconnect; its values may well be in use.
                self._send(AnswerTaken(message.program_id))
        elif isinstance(message, ProgramAccepted):
            with self._lock:
                accepted = self._submissions.get(message.program_id)
            if accepted is not None:
                accepted.accepted_by = self._welcome.manager_id
        elif isinstance(message, (ProgramPrinted, ProgramProgressed)):
            with self._lock:
                running = self._submissions.get(message.program_id)
            if running is not None:
                if isinstance(message, ProgramPrinted):
                    running.take_printed(message)
                else:
                    running.report(message)

    def _reconnect(self, delay: float, deadline: float) -> float:
        """Connect again, and submit again what was not accepted; the delay for the next time."""
        since = time.monotonic()
        while not self._closing.wait(delay):
            left = deadline - time.monotonic()
            delay = min(2 * delay, _LONGEST_DELAY_S, max(left, 0.01))
            try:
                if left <= 0:
                    raise NotReached("it is too late")
                socket, welcome = open_session(self.address, self._session_id, left)
            except NotReached as error:
                if left <= 0:
                    raise ConnectionError(
                        f"the connection to the manager at {self.address.url} was lost, and not found again within "
                        f"{self._timeout_s:g} s. Check that the manager is running, and call pyfora.connect() again."
                    ) from error
                continue
            with self._lock:
                self._socket, self._welcome, self._connected = socket, welcome, True
                waiting = list(self._submissions.values())
                cancelled = sorted(self._cancelled)
            if self._closing.is_set():
                socket.close()
            self.values.wake()
            for program_id in cancelled:
                self._send(CancelProgram(program_id))
            # What a manager has accepted it goes on with, unless it took us for gone in the meantime.
            forgotten = time.monotonic() - since > RECONNECT_GRACE_S / 2
            for submission in waiting:
                if forgotten or submission.accepted_by != welcome.manager_id:
                    self._transmit(socket, submission)
            break
        return delay

    def _give_up(self, failure: str) -> None:
        with self._lock:
            self._failure = failure
            self._connected = False
            waiting = list(self._submissions.values())
            self._submissions.clear()
        self.values.end(tell=False)
        self._socket.close()
        for submission in waiting:
            submission.fail(ConnectionError(failure))
