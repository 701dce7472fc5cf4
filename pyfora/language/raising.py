"""Exceptions between worker and client: themselves, with a traceback of the user's own frames."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import CodeType, TracebackType
from typing import Any

from pyfora.errors import PyforaError
from pyfora.language.functions import is_part, is_set_comprehension
from pyfora.language.loading import Loader
from pyfora.language.program import Origin
from pyfora.language.results import known_by, results_shipper
from pyfora.language.running import LoadedProgram
from pyfora.language.shipping import Shipper, reason_of
from pyfora.values.parcels import Parcel
from pyfora.values.set_order import SetOrderError

_OWN_FILES = str(Path(__file__).resolve().parent.parent) + "/"
_FRAMES_LIMIT = 1000
"""Frames of one traceback that are sent: of a deeper one the first and the last halves."""
_INLINED = sys.version_info >= (3, 12)
"""Comprehensions have no frame of their own."""


@dataclass(frozen=True)
class Frame:
    """One line of a traceback."""

    filename: str
    name: str
    qualname: str
    module: str
    line: int
    end_line: int
    column: int | None
    end_column: int | None


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
            frames=tuple(_frames(member.__traceback__, loaded.hidden_filenames)),
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
        member.__traceback__ = _traceback(fact.frames)
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


def is_own_file(filename: str) -> bool:
    """Whether code of this file is pyfora's own, whose frames are no part of a user's traceback."""
    return filename.startswith(_OWN_FILES)


def named_for_its_set(code: CodeType) -> CodeType:
    """`code`; where the rewriting made it of a set comprehension that has a frame of its own, as that is called."""
    if _INLINED or not is_set_comprehension(code):
        return code
    return code.replace(co_name="<setcomp>", co_qualname=code.co_qualname.replace("<genexpr>", "<setcomp>"))


def _frames(trace: TracebackType | None, hidden: frozenset[str]) -> list[Frame]:
    frames: list[Frame] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        positions = list(code.co_positions())[trace.tb_lasti // 2] if trace.tb_lasti >= 0 else (None,) * 4
        line = trace.tb_lineno
        frame = Frame(
            filename=code.co_filename,
            name=code.co_name,
            qualname=code.co_qualname,
            module=str(trace.tb_frame.f_globals.get("__name__", "?")),
            line=line,
            end_line=positions[1] or line,
            column=positions[2],
            end_column=positions[3],
        )
        of_set = is_set_comprehension(code)
        if of_set and not _INLINED:
            frame = replace(frame, name="<setcomp>", qualname=frame.qualname.replace("<genexpr>", "<setcomp>"))
        if is_part(code) or (of_set and _INLINED):
            # A part is no function of the user's: what it does, the code around it does.
            if frames:
                frames[-1] = _moved(frames[-1], frame)
        elif code.co_filename not in hidden and not is_own_file(code.co_filename):
            frames.append(frame)
        trace = trace.tb_next
    if len(frames) > _FRAMES_LIMIT:
        half = _FRAMES_LIMIT // 2
        frames = frames[:half] + frames[-half:]
    return frames


def _moved(frame: Frame, inner: Frame) -> Frame:
    return replace(frame, line=inner.line, end_line=inner.end_line, column=inner.column, end_column=inner.end_column)


class _Stub(Exception):
    """Raised in a stub to have a frame of it."""


def _traceback(frames: tuple[Frame, ...]) -> TracebackType | None:
    trace: TracebackType | None = None
    for frame in reversed(frames):
        stub = _stub_traceback(frame)
        trace = TracebackType(trace, stub.tb_frame, stub.tb_lasti, frame.line)
    return trace


def _stub_traceback(frame: Frame) -> TracebackType:
    """The traceback of a statement that raised just where `frame` did."""
    statement = ast.Raise(ast.Name("error", ast.Load()), None)
    for node in _nodes(statement):
        node.lineno, node.end_lineno = frame.line, frame.end_line
        node.col_offset, node.end_col_offset = frame.column or 0, frame.end_column or 0
    code = compile(ast.Module([statement], []), frame.filename, "exec", dont_inherit=True)
    code = code.replace(co_name=frame.name, co_qualname=frame.qualname)
    try:
        exec(code, {"__name__": frame.module, "error": _Stub()})
    except _Stub as error:
        trace = error.__traceback__
        assert trace is not None and trace.tb_next is not None
        return trace.tb_next
    raise AssertionError("a raise statement raised nothing")


def _nodes(statement: ast.Raise) -> Iterator[Any]:
    for node in ast.walk(statement):
        if isinstance(node, (ast.stmt, ast.expr)):
            yield node
