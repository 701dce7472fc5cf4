"""The executor: what a user holds of a cluster."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any

from pyfora.client.answers import ValueFacts, read_answer
from pyfora.client.blocks import RemoteBlock
from pyfora.client.connection import Connection
from pyfora.client.embedded import EmbeddedCluster
from pyfora.client.futures import Future
from pyfora.client.loops import LoopReport
from pyfora.client.printing import write_text
from pyfora.client.progress import ProgressOption
from pyfora.client.proxies import RemotePythonObject, remote_value_of
from pyfora.client.submission import Reported, Submission, make_submission
from pyfora.errors import ConnectionError, WireError
from pyfora.language.program import RESULT, Program, build_call_program, build_value_program
from pyfora.language.shipping import RemoteValue

_open: weakref.WeakSet[Executor] = weakref.WeakSet()


class Executor:
    """A connection to a cluster, made by `pyfora.connect()`. Its methods may be called from any thread."""

    def __init__(self, connection: Connection, cluster: EmbeddedCluster | None, progress: ProgressOption) -> None:
        self.connection = connection
        self.progress = progress
        self._cluster = cluster
        self._lock = threading.Lock()
        self._closed = False
        self._process = os.getpid()
        self._loops: tuple[LoopReport, ...] = ()
        self._loops_left_out = 0
        _open.add(self)

    # ---- blocks ------------------------------------------------------------------------------------------------------

    @property
    def remotely(self) -> RemoteBlock:
        """`with executor.remotely:` runs the body on the cluster; its names become RemotePythonObjects here.

        `.downloadAll()`, `.downloadSmall(bytecount)` and `.remoteAll()` say what is to come back by itself.
        """
        return RemoteBlock(self)

    @property
    def lastLoops(self) -> tuple[LoopReport, ...]:
        """How the loops of the block that ended last were run, in the order in which they were met."""
        return self._loops

    def note_loops(self, loops: tuple[LoopReport, ...], left_out: int) -> None:
        """Keep the report of a block that has ended, and how many loops it leaves out."""
        self._loops, self._loops_left_out = loops, left_out

    def remote_value(self, value: object) -> RemoteValue | None:
        """The value on this cluster that `value`, a proxy or a future of one, stands for; None for anything else."""
        return remote_value_of(value, self.connection)

    # ---- single calls and values -------------------------------------------------------------------------------------

    def define(self, obj: object) -> Future[RemotePythonObject]:
        """Put a value on the cluster: a future of its proxy. Raises UnconvertibleValueError where it cannot be sent."""
        self.check_open()
        return self._start(build_value_program(obj, self.remote_value))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[RemotePythonObject]:
        """Run `fn(*args, **kwargs)` on the cluster: a future of the proxy of what it returns.

        Where it raises, the future raises that exception. `fn` and the arguments may be proxies and futures of
        them, which are waited for. Raises UnconvertibleValueError where something cannot be sent.
        """
        self.check_open()
        for value in (fn, *args, *kwargs.values()):
            if isinstance(value, Future):
                # Before anything is pickled, so that what it raises is raised as it is.
                value.result()
        return self._start(build_call_program(fn, args, kwargs, self.remote_value))

    def _start(self, program: Program) -> Future[RemotePythonObject]:
        submission = make_submission(program, "none", 0, _write_report)
        connection = self.connection
        future: Future[RemotePythonObject] = Future(lambda: connection.cancel(submission))
        submission.ended.add_done_callback(lambda _: _settle(future, submission, connection))
        connection.submit(submission)
        return future

    # ---- the cluster -------------------------------------------------------------------------------------------------

    def getWorkerCount(self) -> int:
        """The workers of the cluster now."""
        self.check_open()
        return self.connection.welcome.workers

    def explain(self, fn: Callable[..., Any] | None = None) -> str:
        """The rewritten program of the file or cell that `fn` stands in, and which loops of `fn` are compiled.

        Without `fn`: how the loops of the block that ended last were run, as `lastLoops` has it, each with what was
        not compiled and where its kernel gave up, and carets under these constructs.
        Raises CantGetSourceTextError where there is no text that is surely what `fn` is.
        """
        from pyfora.client.explaining import explain_function, explain_run

        return explain_run(self._loops, self._loops_left_out) if fn is None else explain_function(fn)

    def check_open(self) -> None:
        """Raise ConnectionError where the executor is closed or its cluster is lost."""
        if self._process != os.getpid():
            raise ConnectionError(
                "this executor belongs to the process that made it, and this is a fork of that. "
                "Call pyfora.connect() in this process."
            )
        self.connection.check_open()

    def close(self) -> None:
        """Cancel what is under way and part from the cluster; an embedded cluster ends. Can be called again."""
        # First, and without the lock: in a fork another thread of the parent's may hold it for ever.
        if self._process != os.getpid():
            return
        with self._lock:
            if self._closed:
                return
            self._closed = True
        try:
            self.connection.close()
        finally:
            if self._cluster is not None:
                self._cluster.close()

    def abandon(self) -> None:
        """In a fork of the process that made it: let go of what was inherited, without a word to the cluster."""
        self._closed = True
        self.connection.abandon()
        if self._cluster is not None:
            self._cluster.abandon()

    def isClosed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def __enter__(self) -> Executor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<pyfora executor of {self.connection.address.url}{', closed' if self._closed else ''}>"


def _write_report(report: Reported) -> None:
    # Nobody waits on a thread of the user's: the text goes out where it comes in. A terminal that is gone must not
    # take the connection with it.
    if isinstance(report, tuple):
        with contextlib.suppress(Exception):
            write_text(*report)


def _settle(future: Future[RemotePythonObject], submission: Submission, connection: Connection) -> None:
    if future.cancelled():
        return
    failure = submission.ended.exception()
    if failure is not None:
        # There is nothing to fetch, and perhaps no thread to be had: the interpreter may be ending.
        future.settle(None, failure)
        return
    # Fetching may wait for the manager, and a callback for another future: never on the thread that hears from it.
    threading.Thread(
        target=_fetch_answer, args=(future, submission, connection), name="pyfora-answer", daemon=True
    ).start()


def _fetch_answer(future: Future[RemotePythonObject], submission: Submission, connection: Connection) -> None:
    try:
        ended = submission.ended.result()
        answer = read_answer(ended, submission.program.origin, connection)
        facts: ValueFacts | None = answer.stayed.get(RESULT)
        if facts is not None:
            future.settle(RemotePythonObject(connection, submission.program.origin, facts), None)
        elif answer.exception is not None:
            future.settle(None, answer.exception)
        else:
            raise WireError("a call ended without a result and without an exception")
    except BaseException as error:
        future.settle(None, error)


@atexit.register
def _close_all() -> None:
    for executor in list(_open):
        executor.close()


def _abandon_all() -> None:
    for executor in list(_open):
        executor.abandon()


# A fork that outlives us must not hold our end of the pipe that the embedded cluster lives by.
os.register_at_fork(after_in_child=_abandon_all)
