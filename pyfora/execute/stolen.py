"""One call that is run elsewhere while its turn has not come: offered, and taken only where it is still the same call.

A call is the same where all that it can look at is packed to the same bytes, when its turn has come, as when it was
offered. Nothing is known of what was changed in between, and nothing needs to be: a call that is another one by now
is run in place. (A fingerprint of all globals, as leaves have, would say no wherever a name is bound in between.)
"""

from __future__ import annotations

import functools
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from types import CodeType, FunctionType
from typing import Any

from pyfora.execute.ambient import Ambient
from pyfora.execute.environment import Environment
from pyfora.execute.offering import Offering
from pyfora.execute.offers import TakenBack
from pyfora.execute.pieces import known_objects, piece_data, unpack_piece
from pyfora.fold.grid import Grid
from pyfora.fold.partials import Form, Partial, hold_nan
from pyfora.language.caches import CACHE_WRAPPER
from pyfora.language.functions import register, registered_segment
from pyfora.language.library_watch import mentions
from pyfora.language.parts import without_scope
from pyfora.language.settings import current_settings
from pyfora.language.shipping import CodeForm, marshalled
from pyfora.values.parcels import Parcel
from pyfora.wire.messages import Message, PieceDone

Thunk = Callable[[], Any]

EXPECTED_S = 1.0
"""What the worker is told of how long a call takes: so long that each is a run of its own."""
PATIENCE = 4.0
"""A call is waited for so many times as long as it has been elsewhere when its turn comes: then it is run in place.

It was begun at once where a process was idle; where none was, it may not be begun at all.
"""
_LOOKS_AT_FRAMES = frozenset(("_getframe", "currentframe", "extract_stack", "format_stack", "walk_stack", "inspect"))
"""What tells a function who has called it."""

_code_forms: dict[int, tuple[CodeType, CodeForm]] = {}


class StolenCall:
    """A call that has been offered."""

    def __init__(self, thunk: Thunk, depth: int, limit_bytes: int, offering: Offering) -> None:
        """Offer it. Raises TooLarge where it leads to more than `limit_bytes`, TakenBack where it is to stay here.

        `depth`: how many frames there are down to the one that it stands in.
        """
        self._thunk = _as_written(thunk)
        self._depth = depth
        self._offering = offering
        parcel, packed = self._pack(limit_bytes)
        if any(type(value) is CACHE_WRAPPER for value in packed.values()):
            raise TakenBack("a function that it calls keeps its answers in a cache")
        if not _LOOKS_AT_FRAMES.isdisjoint(mentions(packed.values())):
            raise TakenBack("a function that it calls looks at the functions that call it")
        self._state = _digest(parcel)
        self._size_bytes = parcel.size_bytes
        # Nothing of `packed` is held on to: what the program drops meanwhile is gone then and there.
        del packed
        try:
            self._fold_id = offering.open(parcel, 1, EXPECTED_S)
        except OSError as error:
            raise TakenBack(f"there is no room for what it uses: {error}") from None
        self.offered_at = perf_counter()
        self._done: PieceDone | None = None
        self._is_open = True

    def is_done(self) -> bool:
        """Whether it has come to an end elsewhere."""
        while self._done is None and (message := self._offering.poll(self._fold_id)) is not None:
            self._take(message)
        return self._done is not None

    def value(self) -> Any:
        """The value of the call, whose turn has come. Raises TakenBack where it is to be run in place."""
        parcel, packed = self._pack(2 * self._size_bytes)
        # Before it is waited for: of another call nothing is known, not even that it ends.
        if _digest(parcel) != self._state:
            raise TakenBack("what it can look at was changed before its turn came")
        self._wait(PATIENCE * (perf_counter() - self.offered_at))
        done = self._done
        if done is None:
            raise TakenBack("it has not been run in time")
        if done.outcome != "partial":
            raise TakenBack(done.payload.decode("utf-8", "replace") or "it raised, or changed what others can look at")
        try:
            # What it gave of what it looked at is what is there now: equal, but it may be another object.
            report = unpack_piece(piece_data(done, self._offering.spool), known_objects(packed))
        except Exception as error:
            raise TakenBack(f"its value cannot be brought back: {type(error).__name__}: {error}") from None
        if report.written:
            raise TakenBack("it prints")
        (partial,) = report.partials
        (value,) = partial.elements()
        if hold_nan(Partial(Form.ELEMENTS, [value])):
            raise TakenBack("NaNs are told apart by their identity")
        return value

    def close(self) -> None:
        """It is not wanted any more; whoever runs it is stopped."""
        if self._is_open:
            self._is_open = False
            self._offering.close(self._fold_id)

    def _wait(self, patience_s: float) -> None:
        deadline = perf_counter() + patience_s
        while self._done is None:
            message = self._offering.poll(self._fold_id, deadline - perf_counter())
            if message is None:
                return
            self._take(message)

    def _take(self, message: Message) -> None:
        if isinstance(message, PieceDone):
            self._done = message

    def _pack(self, limit_bytes: int) -> tuple[Parcel, dict[int, Any]]:
        environment = Environment(
            _run_each,
            [self._thunk],
            Grid(0, 1, 1),
            Form.ELEMENTS,
            # Of which nothing is known.
            functools.reduce,
            b"",
            (),
            Ambient.of_this_process(),
            self._depth,
        )
        assert self._offering.program is not None
        stream = _Limited(limit_bytes)
        try:
            parcel, packed = environment.pack(self._offering.program, _marshalled_once, stream)
        except TooLarge:
            raise
        except Exception as error:
            raise TakenBack(f"it uses something that cannot leave the process: {error}") from None
        if parcel.size_bytes > limit_bytes:
            raise TooLarge(f"it leads to {parcel.size_bytes:,} bytes")
        return parcel, packed


class TooLarge(TakenBack):
    """So much is to be packed that it is worth while for a longer call only."""


class _Limited(io.BytesIO):
    """Takes so many bytes, and a frame more: how long it takes to pack a value is not known before it is packed."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__()
        self._limit_bytes = limit_bytes

    def write(self, data: Any, /) -> int:
        if self.tell() > self._limit_bytes:
            raise TooLarge(f"it leads to more than {self._limit_bytes:,} bytes")
        return super().write(data)


def _run_each(thunks: Iterable[Thunk]) -> Iterator[Any]:
    """The values, in a leaf process. What is raised there is not looked at."""
    for thunk in thunks:
        before = current_settings()
        value = thunk()
        if current_settings() != before:
            raise TakenBack("it changes settings of the interpreter")
        yield value


def _digest(parcel: Parcel) -> bytes:
    found = hashlib.blake2b(digest_size=32)
    for piece in parcel.pieces():
        found.update(piece)
    return found.digest()


def _marshalled_once(function: FunctionType) -> CodeForm:
    """The same bytes each time: how code is marshalled depends on who else refers to its constants."""
    code = function.__code__
    if id(code) not in _code_forms:
        _code_forms[id(code)] = code, marshalled(function)
    return _code_forms[id(code)][1]


def _as_written(thunk: Thunk) -> Thunk:
    """`thunk` with the functions within it named as where it stands there is none around them."""
    assert isinstance(thunk, FunctionType)
    code = thunk.__code__
    if not any(isinstance(one, CodeType) for one in code.co_consts):
        return thunk
    renamed = without_scope(code)
    segment = registered_segment(code)
    if segment is not None:
        register(renamed, segment)
    made = FunctionType(renamed, thunk.__globals__, thunk.__name__, thunk.__defaults__, thunk.__closure__)
    made.__kwdefaults__ = thunk.__kwdefaults__
    return made
