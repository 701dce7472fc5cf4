"""The driver: one program from its bytes to its end, in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pyfora.errors import InvalidPyforaOperation, ResultTooLargeError, UnconvertibleValueError, WireError
from pyfora.execute import purity
from pyfora.execute.conversation import Conversation, WorkerGone
from pyfora.execute.dividing import Dividing
from pyfora.execute.folding import Folding
from pyfora.execute.identity import GUARDED_BUILTINS
from pyfora.execute.loops import LoopReport
from pyfora.execute.offering import Offering
from pyfora.execute.output import ProgramOutput, redirect
from pyfora.execute.spool import Spool
from pyfora.execute.spreading import Spreader
from pyfora.language.primitives import CALLS
from pyfora.language.raising import pack_exception
from pyfora.language.results import pack_results, pack_value, unpack_value
from pyfora.language.running import BlockEnd, LoadedProgram, load_program
from pyfora.language.settings import Settings, changed_settings, current_settings, make_settings
from pyfora.limits import INLINE_LIMIT_BYTES, MESSAGE_HEADER_LIMIT_BYTES
from pyfora.values.parcels import Parcel
from pyfora.wire.messages import DriveProgram, ProgramEnded, ProgramPrinted

END_LIMIT_BYTES = MESSAGE_HEADER_LIMIT_BYTES - 4096
"""What the end of a program may tell, the rest of its message apart."""
_OF_THE_MACHINE = (OSError, MemoryError, WireError)
"""Errors in loading a program that are none of the program's."""
RESULTS_NAME = "-results"
EXCEPTION_NAME = "-exception"
"""Names of parcels that belong to no variable: no identifier is written so."""


class Driver:
    """Runs the program of one `DriveProgram`, and says how it ended."""

    def __init__(self, order: DriveProgram, conversation: Conversation, spool: Spool, cache: Path) -> None:
        self._order = order
        self._conversation = conversation
        self._spool = spool
        self._output = ProgramOutput(self._printed)
        self._loops = LoopReport()
        prefix = f"{order.program_id}.{order.attempt}"
        self._offering = Offering(conversation, spool, prefix)
        spreader = Spreader(self._offering, cache, self._output)
        folding = Folding(spreader, self._output, self._loops)
        self._calls = Dividing(self._offering, spreader, self._output, self._loops, order.cores)
        self._primitives: dict[str, Any] = {**folding.primitives(), CALLS: self._calls, **GUARDED_BUILTINS}
        self._values: list[list[Any]] = []
        """[value id, size] of what was left in the spool."""

    def drive(self) -> None:
        """Load, run, pack, tell. Raises WorkerGone."""
        redirect(self._output.write)
        try:
            data = self._spool.path(self._order.path).read_bytes()
            program = load_program(data, self._primitives, self._input)
        except WorkerGone:
            raise
        except BaseException as error:
            reason = f"the program cannot be loaded on the worker: {type(error).__name__}: {error}"
            # What the machine did may go better elsewhere. A package that is not installed, a class that cannot be
            # made again, code of the user's that loading calls: these are the same at every try.
            self._end("crashed" if isinstance(error, _OF_THE_MACHINE) else "unloadable", reason, {}, b"")
            return
        self._offering.program = program
        end, settings = self._run(program)
        try:
            self._output.flush()
            self._tell(program, end, settings)
        except WorkerGone:
            raise
        except BaseException as error:
            # No room in the spool, or code of the user's that pickling called.
            self._output.flush()
            self._values.clear()
            reason = f"the results cannot be stored on the worker: {type(error).__name__}: {error}"
            self._end("crashed", reason, {}, b"")

    def _run(self, program: LoadedProgram) -> tuple[BlockEnd, Settings]:
        """How the program ended, and what it changed of the settings that the client had."""
        purity.install()
        purity.refusals.clear()
        try:
            make_settings(program.header["settings"])
        except InvalidPyforaOperation as error:
            return BlockEnd(exception=error), {}
        header = program.header
        sys.meta_path.append(purity.MissingPackages(header.get("packages", {}), header.get("unloadable", {})))
        before = current_settings()
        try:
            end = program.run()
        finally:
            self._calls.stop()
        if purity.refusals and not program.violations:
            end.exception = purity.refusals[0]
        if isinstance(end.exception, (InvalidPyforaOperation, UnconvertibleValueError)):
            return end, {}
        try:
            return end, changed_settings(before, current_settings())
        except InvalidPyforaOperation as error:
            return BlockEnd(exception=error), {}

    def _printed(self, stream: str, position: int, text: str) -> None:
        self._conversation.send(ProgramPrinted(self._order.program_id, self._order.attempt, position, stream, text))

    def _input(self, value_id: str, origins: dict[int, Any]) -> object:
        """The value on the cluster of that id, which the worker has brought into the spool."""
        if value_id not in self._order.inputs:
            raise WireError(f"the value {value_id} was not announced with the program")
        return unpack_value(self._spool.read(self._order.inputs[value_id]), self._primitives, origins)

    # ---- the end ------------------------------------------------------------------------------------------

    def _tell(self, program: LoadedProgram, end: BlockEnd, settings: Settings) -> None:
        downloaded: dict[str, object] = {}
        proxies: dict[str, dict[str, Any]] = {}
        for name, value in end.names.items():
            if self._order.download == "all":
                downloaded[name] = value
                continue
            parcel = pack_value(name, value, program)
            if self._order.download == "small" and parcel.size_bytes <= self._order.download_limit_bytes:
                downloaded[name] = value
                continue
            proxies[name] = {
                "value_id": self._keep(name, parcel),
                "bytes": parcel.size_bytes,
                "type": type(value).__name__[:100],
                "exception": isinstance(value, BaseException),
            }
        room = INLINE_LIMIT_BYTES
        inline = []
        facts: dict[str, Any] = {
            "raised": end.exception is not None,
            "deleted": sorted(end.deleted),
            "proxies": proxies,
            "exception": None,
            "settings": settings,
            **self._loops.as_json(),
        }
        packed: dict[int, Any] = {}
        parcels = {"results": (RESULTS_NAME, pack_results(downloaded, program, packed, end.caches))}
        if end.exception is not None:
            # The client does not open a parcel in which nothing is.
            exception = pack_exception(end.exception, program, packed if downloaded or end.caches else None)
            parcels["exception"] = (EXCEPTION_NAME, exception)
        for key, (name, parcel) in parcels.items():
            facts[key] = {"bytes": parcel.size_bytes, "value_id": ""}
            if parcel.size_bytes <= room:
                room -= parcel.size_bytes
                inline.append(parcel.to_bytes())
            else:
                facts[key]["value_id"] = self._keep(name, parcel)
        facts["results"] |= {"names": list(downloaded), "caches": len(end.caches)}
        if len(json.dumps([facts, self._values])) > END_LIMIT_BYTES:
            self._values.clear()
            many = f"the block binds {len(end.names):,} names: too many to be told of at once; put the values in a list"
            self._tell(program, BlockEnd(exception=ResultTooLargeError(many)), {})
            return
        self._end("completed", "", facts, b"".join(inline))

    def _keep(self, name: str, parcel: Parcel) -> str:
        value_id = f"{self._order.program_id}.{name}"
        self._spool.write(parcel.pieces(), value_id)
        self._values.append([value_id, parcel.size_bytes])
        return value_id

    def _end(self, outcome: str, reason: str, facts: dict[str, Any], payload: bytes) -> None:
        self._conversation.send(
            ProgramEnded(self._order.program_id, self._order.attempt, outcome, reason, facts, self._values, payload)
        )
        sys.stdout = sys.stderr = sys.__stderr__
