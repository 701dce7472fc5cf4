"""What a program's end means to the client: names, proxies, an exception, and how its loops were run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CellType
from typing import Any

from pyfora.client.connection import Connection
from pyfora.client.loops import LoopReport, read_left_out, read_loop
from pyfora.errors import CancelledError, ComputeCrashError, UnconvertibleValueError, ValueLostError, WireError
from pyfora.language.program import Origin
from pyfora.language.raising import unpack_exception
from pyfora.language.results import unpack_results
from pyfora.language.settings import Settings
from pyfora.values.parcels import Parcel, read_parcel
from pyfora.wire.messages import ProgramEnded


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
    loops_left_out: int
    """Of those there was no room to tell."""
    settings: Settings
    """Those of the interpreter and its libraries that the program changed."""


_OUTCOMES: dict[str, Callable[[str], BaseException]] = {
    "unloadable": UnconvertibleValueError,
    "crashed": ComputeCrashError,
    "cancelled": CancelledError,
    "lost": ValueLostError,
}


def read_answer(
    ended: ProgramEnded,
    origin: Origin,
    connection: Connection,
    frame_cells: Mapping[str, CellType] | None = None,
    seen_in: dict[str, Any] | None = None,
) -> Answer:
    """Unpack an end, fetching the parcels that are too large for its message, and tell the manager that it arrived.

    `frame_cells` are those of the frame of the block, which functions that it defined share; `seen_in` the globals in
    which they look for its names, where it is at module level. Raises UnconvertibleValueError, ComputeCrashError,
    CancelledError or ValueLostError where the program did not complete, ConnectionError where its results could not be
    fetched, WireError where the end is not of the agreed form.
    """
    if ended.outcome != "completed":
        connection.answer_taken(ended.program_id)
        raise _OUTCOMES.get(ended.outcome, ComputeCrashError)(ended.reason)
    try:
        end = _read_end(ended)
    except (KeyError, TypeError, AttributeError) as error:
        raise WireError(f"the end of a program is not of the agreed form: {error!r}") from error
    payload = memoryview(ended.payload)
    results, payload = _parcel(end.results, payload, connection)
    raised, _ = _parcel(end.exception, payload, connection)
    unpacked: dict[int, Any] = {}
    answer = Answer(
        names={} if results is None else unpack_results(results, origin, frame_cells, unpacked, seen_in),
        stayed=end.stayed,
        deleted=end.deleted,
        exception=None if raised is None else unpack_exception(raised, origin, unpacked),
        loops=end.loops,
        loops_left_out=end.loops_left_out,
        settings=end.settings,
    )
    connection.answer_taken(ended.program_id)
    return answer


@dataclass(frozen=True)
class _Place:
    """Where a parcel is: in the message's payload (no value id), or on the cluster."""

    value_id: str
    size_bytes: int
    wanted: bool


@dataclass(frozen=True)
class _End:
    results: _Place
    exception: _Place
    stayed: dict[str, ValueFacts]
    deleted: frozenset[str]
    loops: tuple[LoopReport, ...]
    loops_left_out: int
    settings: Settings


def _read_end(ended: ProgramEnded) -> _End:
    """The form of the end, before anything of the user's is made of it. Raises KeyError, TypeError, AttributeError."""
    end = ended.end
    results, exception = end["results"], end["exception"]
    return _End(
        results=_Place(str(results["value_id"]), int(results["bytes"]), bool(results["names"] or results["caches"])),
        exception=_Place("", 0, False)
        if exception is None
        else _Place(str(exception["value_id"]), int(exception["bytes"]), True),
        stayed={
            str(name): ValueFacts(facts["value_id"], facts["bytes"], facts["type"], facts["exception"])
            for name, facts in end["proxies"].items()
        },
        deleted=frozenset(map(str, end["deleted"])),
        loops=tuple(map(read_loop, end["loops"])),
        loops_left_out=read_left_out(end),
        settings=dict(end.get("settings", {})),
    )


def _parcel(place: _Place, payload: memoryview, connection: Connection) -> tuple[Parcel | None, memoryview]:
    """The parcel at `place`, None where there is none or nothing is in it, and what follows in the payload."""
    if not place.value_id:
        inline, rest = payload[: place.size_bytes], payload[place.size_bytes :]
        return (read_parcel(inline) if place.wanted else None), rest
    parcel = read_parcel(connection.download(place.value_id)) if place.wanted else None
    # Such a parcel has no name in the program: it is of use only once.
    connection.values.hold(place.value_id)
    connection.values.release(place.value_id)
    return parcel, payload
