"""Exceptions between worker and client: themselves, with a traceback of the user's own frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyfora.errors import PyforaError
from pyfora.language.loading import Loader
from pyfora.language.program import Origin
from pyfora.language.results import known_by, results_shipper
from pyfora.language.running import LoadedProgram
from pyfora.language.shipping import Shipper, reason_of
from pyfora.language.tracebacks import Frame, frames_of, traceback_of
from pyfora.values.parcels import Parcel
from pyfora.values.set_order import SetOrderError


@dataclass(frozen=True)
class _Raised:
    """One exception of a chain, or a member of a group in it, without its links."""

    frames: tuple[Frame, ...]
    cause: int | None
    context: int | None
    suppress_context: bool


def pack_exception(error: BaseException, loaded: LoadedProgram, results: Mapping[int, object] | None = None) -> Parcel:
    """`error` with its causes and contexts. One that cannot be pickled becomes a PyforaError with its text.

    `results` are the objects of the parcel of results, by its indices: what the exceptions have in common with those
    is one object on the client, too.
    """
    chain: list[BaseException] = []
    _collect(error, chain)
    numbers = {id(member): number for number, member in enumerate(chain)}
    facts = [
        _Raised(
            frames=frames_of(member.__traceback__, loaded.hidden_filenames),
            cause=numbers.get(id(member.__cause__)),
            context=numbers.get(id(member.__context__)),
            suppress_context=member.__suppress_context__,
        )
        for member in chain
    ]
    degraded: dict[int, PyforaError] = {}
    common: dict[int, object] | None = None if results else {}
    while True:
        shipper = results_shipper(loaded, before=common)
        shipper.told_apart = set(numbers)
        shipper.dump(facts)
        for number, member in enumerate(chain):
            try:
                shipper.dump(degraded.get(number, member))
            except Exception as failure:
                degraded[number] = _degraded(member, reason_of(failure))
                break
        else:
            if common is not None:
                try:
                    return shipper.parcel()
                except SetOrderError as failure:  # a set somewhere in them
                    degraded = {number: _degraded(member, reason_of(failure)) for number, member in enumerate(chain)}
                    continue
            # Once more: now it is known what they have in common, which is mostly little, or nothing.
            assert results is not None
            common = _in_common(shipper, results, loaded)


def _in_common(shipper: Shipper, results: Mapping[int, object], loaded: LoadedProgram) -> dict[int, object]:
    """Of the objects of the results those that `shipper` has packed, too, and that the client did not have before."""
    packed = {id(value) for value in shipper.remembered().values()}
    packed -= {id(value) for value in loaded.objects.values()}
    return {index: value for index, value in results.items() if id(value) in packed and type(value) not in (str, bytes)}


def unpack_exception(parcel: Parcel, origin: Origin, results: Mapping[int, object] | None = None) -> BaseException:
    """The exception of `pack_exception`, with a traceback of the user's frames; ready to be raised.

    `results` are the objects of the unpacked results, by the index that `pack_exception` knows them by.
    Where the client cannot make it (a class that is only on the workers) it is a PyforaError that says so.
    """
    loader = Loader(parcel, known=known_by(origin, results or {}))
    facts: list[_Raised] = loader.load()
    chain: list[BaseException] = []
    for _ in facts:
        try:
            chain.append(loader.load())
        except Exception as failure:
            chain.append(PyforaError(f"an exception came back that cannot be made here: {reason_of(failure)}"))
    loader.finish()
    for fact, member in zip(facts, chain, strict=True):
        member.__cause__ = None if fact.cause is None else chain[fact.cause]
        member.__context__ = None if fact.context is None else chain[fact.context]
        member.__suppress_context__ = fact.suppress_context
        member.__traceback__ = traceback_of(fact.frames)
    return chain[0]


def _collect(error: BaseException, chain: list[BaseException]) -> None:
    """Into `chain`: the exception, those that it is linked to, and the members of groups, each once."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        member = waiting.pop()
        if id(member) in seen:
            continue
        seen.add(id(member))
        chain.append(member)
        waiting += [linked for linked in (member.__context__, member.__cause__) if linked is not None]
        if isinstance(member, BaseExceptionGroup):
            waiting += member.exceptions


def _degraded(error: BaseException, reason: str) -> PyforaError:
    try:
        text = str(error)
    except Exception:
        text = "(its text cannot be made)"
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return PyforaError(f"{name}: {text} (the exception itself could not be sent back: {reason})")
