"""The context manager of a remote block."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pyfora.client.answers import Answer, read_answer
from pyfora.client.proxies import RemotePythonObject, fetched
from pyfora.client.raising import raise_in_frame, without_our_frames
from pyfora.client.submission import make_submission, queue_reports
from pyfora.client.waiting import wait_for_end
from pyfora.client.withblock import WithBlock
from pyfora.errors import InvalidPyforaOperation
from pyfora.language.capture import Block
from pyfora.language.program import Origin, build_block_program
from pyfora.language.settings import change_settings
from pyfora.limits import PARCEL_LIMIT_BYTES

if TYPE_CHECKING:
    from pyfora.client.executor import Executor

_OPTIMIZED = 0x1  # inspect.CO_OPTIMIZED


class RemoteBlock:
    """What stands behind `with`: `executor.remotely`, or one of its methods. One `with` at a time."""

    def __init__(self, executor: Executor, download: str = "none", limit_bytes: int = 0) -> None:
        self._executor = executor
        self._download = download
        self._limit_bytes = limit_bytes
        self._entered: WithBlock | None = None

    def remoteAll(self) -> RemoteBlock:
        """Every name that the block assigns stays on the cluster, as a RemotePythonObject here."""
        return RemoteBlock(self._executor)

    def downloadAll(self) -> RemoteBlock:
        """Every name that the block assigns has its value here afterwards."""
        return RemoteBlock(self._executor, "all")

    def downloadSmall(self, bytecount: int = 10_000) -> RemoteBlock:
        """As downloadAll for values of at most `bytecount` bytes, as remoteAll for larger ones."""
        if isinstance(bytecount, bool) or not isinstance(bytecount, int) or bytecount < 0:
            raise ValueError(f"bytecount is a number of bytes, 0 or more, not {bytecount!r}")
        return RemoteBlock(self._executor, "small", min(bytecount, PARCEL_LIMIT_BYTES))

    def __enter__(self) -> RemoteBlock:
        if self._entered is not None:
            raise InvalidPyforaOperation("this block is entered already: use executor.remotely anew for each `with`.")
        self._executor.check_open()
        entered = WithBlock()
        # The tracing that skips the body must be the last thing that happens here.
        self._entered = entered
        try:
            entered.enter(sys._getframe(1))
        except BaseException:
            self._entered = None
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        entered, self._entered = self._entered, None
        assert entered is not None
        block, frame = entered.leave(kind, error, trace), entered.frame
        raised = self._run(entered, block, error)
        if raised is not None:
            raise_in_frame(raised, frame)
        return True

    def _run(self, entered: WithBlock, block: Block, private: BaseException | None) -> BaseException | None:
        """Run the block, assign its names; what is to be raised after that.

        All errors are handed back, since raising one here would chain it to the exception that skipped the body.
        """
        try:
            answer, origin = self._answer(entered, block)
        except BaseException as error:
            _assign(entered, {})
            return without_our_frames(error, private)
        connection = self._executor.connection
        stayed = {name: RemotePythonObject(connection, origin, facts) for name, facts in answer.stayed.items()}
        _assign(entered, {**answer.names, **stayed}, answer.deleted, self)
        change_settings(answer.settings)
        return answer.exception

    def _answer(self, entered: WithBlock, block: Block) -> tuple[Answer, Origin]:
        executor = self._executor
        frame = entered.frame
        program = build_block_program(block, frame.f_globals, frame.f_locals, executor.remote_value)
        reports, report = queue_reports()
        submission = make_submission(program, self._download, self._limit_bytes, report)
        try:
            executor.connection.submit(submission)
            ended = wait_for_end(submission, reports, executor.progress)
        except BaseException:
            # Ctrl-C, or a progress callback that raised: nobody waits for this program any more.
            executor.connection.cancel(submission)
            raise
        seen_in = frame.f_globals if frame.f_locals is frame.f_globals else None
        answer = read_answer(ended, program.origin, executor.connection, entered.cells(), seen_in)
        executor.note_loops(answer.loops, answer.loops_left_out)
        names = {name: fetched(value) for name, value in answer.names.items()}
        return replace(answer, names=names), program.origin


def _assign(
    entered: WithBlock, names: Mapping[str, Any], deleted: Iterable[str] = (), block: RemoteBlock | None = None
) -> None:
    frame = entered.frame
    entered.assign(names, deleted, entered=block)
    if sys.version_info < (3, 13) and frame.f_code.co_flags & _OPTIMIZED:
        # The frame keeps this snapshot until the function ends: a proxy in it would never be released before.
        frame.f_locals.clear()
