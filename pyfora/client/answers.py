"""What a program's end means to the client: names, proxies, an exception, and how its loops were run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CellType
from typing import Any

from pyfora.client.connection import Connection
from pyfora.errors import CancelledError, ComputeCrashError, ValueLostError, WireError
from pyfora.language.program import Origin
from pyfora.language.raising import unpack_exception
from pyfora.language.results import unpack_results
from pyfora.values.parcels import Parcel, read_parcel
from pyfora.wire.messages import ProgramEnded


@dataclass(frozen=True)
class LoopReport:
    """How one loop of a block was run."""

    file: str
    line: int
    how: str
    """"compiled", "interpreted" or "in order"."""
    reason: str
    """Why it was not compiled, in a sentence; empty where it was."""
    elements: int
    leaves: int
    gave_up: int
    """Leaves that the kernel left to CPython."""
    elapsed_s: float

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}: {self.how}, {self.elements:,} elements in {self.elapsed_s:.3f} s"
        return f"{text} ({self.reason})" if self.reason else text


@dataclass(frozen=True)
class ValueFacts:
    """A value that stayed on the cluster."""

    value_id: str
    size_bytes: int
    type_name: str
    is_exception: bool


@dataclass(frozen=True)
class Answer:
    """The end of a program, unpacked."""

    names: dict[str, Any]
    """The values that came back by themselves."""
    stayed: dict[str, ValueFacts]
    deleted: frozenset[str]
    exception: BaseException | None
    loops: tuple[LoopReport, ...]


_OUTCOMES: dict[str, Callable[[str], BaseException]] = {
    "crashed": ComputeCrashError,
    "cancelled": CancelledError,
    "lost": ValueLostError,
}


def read_answer(
    ended: ProgramEnded,
    origin: Origin,
    connection: Connection,
    frame_cells: Mapping[str, CellType] | None = None,
) -> Answer:
    """Unpack an end, fetching the parcels that are too large for its message, and tell the manager that it arrived.

    `frame_cells` are those of the frame of the block, which functions that it defined share. Raises
    ComputeCrashError, CancelledError or ValueLostError where the program did not complete, ConnectionError where
    its results could not be fetched, WireError where the end is not of the agreed form.
    """
    if ended.outcome != "completed":
        connection.answer_taken(ended.program_id)
        raise _OUTCOMES.get(ended.outcome, ComputeCrashError)(ended.reason)
    try:
        answer = _unpack(ended, origin, connection, frame_cells)
    except (KeyError, TypeError, AttributeError) as error:
        raise WireError(f"the end of a program is not of the agreed form: {error!r}") from error
    connection.answer_taken(ended.program_id)
    return answer


def _unpack(
    ended: ProgramEnded, origin: Origin, connection: Connection, frame_cells: Mapping[str, CellType] | None
) -> Answer:
    end = ended.end
    payload = memoryview(ended.payload)
    names: dict[str, Any] = {}
    results = end.get("results")
    if results and results["names"]:
        parcel, payload = _parcel(results, payload, connection)
        names = unpack_results(parcel, origin, frame_cells)
    elif results and not results["value_id"]:
        payload = payload[results["bytes"] :]
    exception = None
    if end.get("exception"):
        parcel, payload = _parcel(end["exception"], payload, connection)
        exception = unpack_exception(parcel, origin)
    stayed = {
        name: ValueFacts(facts["value_id"], facts["bytes"], facts["type"], facts["exception"])
        for name, facts in end.get("proxies", {}).items()
    }
    loops = tuple(
        LoopReport(**{key: loop[key] for key in LoopReport.__dataclass_fields__}) for loop in end.get("loops", ())
    )
    return Answer(names, stayed, frozenset(end.get("deleted", ())), exception, loops)


def _parcel(place: dict[str, Any], payload: memoryview, connection: Connection) -> tuple[Parcel, memoryview]:
    if not place["value_id"]:
        size = place["bytes"]
        return read_parcel(payload[:size]), payload[size:]
    parcel = read_parcel(connection.download(place["value_id"]))
    # Such a parcel has no name in the program: it is of use only once.
    connection.start_releasing()
    connection.release(place["value_id"])
    return parcel, payload
