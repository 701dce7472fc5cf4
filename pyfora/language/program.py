"""Programs: what a client sends for a block, a call or a value."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import struct
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CellType, FunctionType
from typing import Any

from pyfora.errors import InvalidPyforaOperation, UnconvertibleValueError, WireError
from pyfora.language.capture import Block, captured_names
from pyfora.language.packages import versions_of
from pyfora.language.reach import NOT_MEMBERS, Namespace, mentioned_names
from pyfora.language.settings import current_settings
from pyfora.language.shipping import CodeForm, RemoteValue, Shipper, marshalled, reason_of
from pyfora.language.sources import function_reference
from pyfora.language.unconvertible import not_sent
from pyfora.values.hash_seed import fixed_hash_seed
from pyfora.values.parcels import Parcel, read_parcel
from pyfora.values.set_order import SetOrderError

MAGIC = b"PYFORG"
_HEAD = struct.Struct("<6sHIQ")
_HEADER_LIMIT_BYTES = 1 << 20
RESULT = "result"
"""The name of what a call or a value program makes."""
_MISSING = object()


@dataclass(frozen=True)
class Origin:
    """What a program was made from: so that what comes back is the client's own object where it was sent."""

    objects: Mapping[int, Any]
    """Every object that was sent, by its index."""

    def __call__(self, index: int) -> Any:
        """The client's object of that index. Raises WireError for an index that was never given out."""
        try:
            found = self.objects[index]
        except KeyError:
            raise WireError(f"the cluster refers to an object (number {index}) that was never sent") from None
        return found


@dataclass(frozen=True)
class Program:
    """A program as it is sent (`header`, `parcel`), and what stays on the client (`origin`)."""

    header: dict[str, Any]
    """python, pyfora, kind (block, call, value), filename, line, names, remote_value_ids, hash_seed, packages,
    settings,    fingerprint."""
    parcel: Parcel
    origin: Origin

    @property
    def fingerprint(self) -> str:
        """The sha256 of all that is sent, in hex."""
        return str(self.header["fingerprint"])

    def to_bytes(self) -> bytes:
        """The whole program as one bytes object, as `load_program` takes it."""
        header = json.dumps(self.header).encode()
        head = _HEAD.pack(MAGIC, 1, len(header), self.parcel.size_bytes) + header
        # The parcel starts at a multiple of 64 bytes, so that a mapped file gives aligned arrays.
        return b"".join((head, bytes(-len(head) % 64), *self.parcel.pieces()))


@dataclass(frozen=True)
class Plan:
    """What the worker is to run; the first object of a program's parcel."""

    kind: str
    block: Block | None
    namespace: Namespace | None
    """Where a block's global names live."""
    own: tuple[str, ...] = ()
    """The captured local variables of the function around the block, in its order."""
    unbound: tuple[str, ...] = ()
    outer: tuple[str, ...] = ()
    """Names of functions further out."""
    doubtful: frozenset[str] = frozenset()
    """Local names whose values could not be sent."""


RemoteValueOf = Callable[[object], RemoteValue | None]


def build_block_program(
    block: Block,
    frame_globals: dict[str, Any],
    frame_locals: Mapping[str, Any],
    remote_value: RemoteValueOf | None = None,
) -> Program:
    """The program of `block`, entered in a frame of these globals and locals.

    `remote_value` says which value on the cluster a proxy (or a finished future) stands for, None otherwise.
    What cannot be sent fails when it is read. Raises InvalidPyforaOperation where the block assigns a name that a
    function it uses shares with it.
    """
    unconvertible: dict[tuple[int, str], str] = {}
    doubtful_cells: dict[int, tuple[CellType, str]] = {}
    first: Members = {}
    while True:
        shipper = Shipper(_from_source, remote_value, doubtful=unconvertible)
        shipper.doubtful_cells = doubtful_cells
        try:
            _ship_block(shipper, block, frame_globals, frame_locals, unconvertible, first)
        except _CannotSend as failure:
            # What was half written spoils the stream: it is written again, with a placeholder there.
            if blamed := shipper.blame_cells():
                doubtful_cells.update(blamed)
            else:
                unconvertible[failure.slot] = failure.reason
            continue
        if not first and (first := _asked_while_loading(shipper)):
            continue
        _check_shared_names(shipper, block, frame_locals)
        return _program(shipper, "block", block.filename, block.line, block.names())


def build_call_program(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    remote_value: RemoteValueOf | None = None,
) -> Program:
    """The program of `result = function(*args, **kwargs)`. Raises UnconvertibleValueError at once."""
    code = getattr(function, "__code__", None)
    filename, line = (code.co_filename, code.co_firstlineno) if code is not None else ("<call>", 0)
    values = {"function": function, "args": args, "kwargs": dict(kwargs)}
    return _build_plain_program("call", values, filename, line, remote_value)


def build_value_program(value: object, remote_value: RemoteValueOf | None = None) -> Program:
    """The program that yields `value` as it is. Raises UnconvertibleValueError at once."""
    return _build_plain_program("value", {RESULT: value}, "<value>", 0, remote_value)


def _build_plain_program(
    kind: str, values: dict[str, Any], filename: str, line: int, remote_value: RemoteValueOf | None
) -> Program:
    unconvertible: dict[tuple[int, str], str] = {}
    doubtful_cells: dict[int, tuple[CellType, str]] = {}
    first: Members = {}
    while True:
        shipper = Shipper(_from_source, remote_value, doubtful=unconvertible)
        shipper.doubtful_cells = doubtful_cells
        try:
            shipper.dump(Plan(kind, None, None))
            _ship_first(shipper, first, unconvertible)
            for name, value in values.items():
                _ship(shipper, 0, name, ("local", name), value)
            _ship_members(shipper, unconvertible)
        except _CannotSend as failure:
            if blamed := shipper.blame_cells():
                doubtful_cells.update(blamed)
                continue
            if failure.slot[0] == 0:
                raise UnconvertibleValueError(
                    f"the {failure.slot[1]} cannot be sent to the cluster: {failure.reason}"
                ) from failure.__cause__
            unconvertible[failure.slot] = failure.reason
            continue
        if not first and (first := _asked_while_loading(shipper)):
            continue
        return _program(shipper, kind, filename, line, [RESULT])


Members = dict[int, tuple[dict[str, Any], set[str]]]
"""Names of members, with the globals that they are in, by the identity of these."""


class _CannotSend(Exception):
    """One object could not be pickled. `slot` is (id of the namespace's dict, or 0 for a local; name)."""

    def __init__(self, slot: tuple[int, str], reason: str) -> None:
        super().__init__(slot, reason)
        self.slot = slot
        self.reason = reason


def _ship(shipper: Shipper, place: int, name: str, label: tuple[Any, ...], value: object) -> None:
    try:
        shipper.dump((*label, value))
    except Exception as error:
        raise _CannotSend((place, name), reason_of(error)) from error


def _ship_block(
    shipper: Shipper,
    block: Block,
    frame_globals: dict[str, Any],
    frame_locals: Mapping[str, Any],
    unconvertible: dict[tuple[int, str], str],
    first: Members,
) -> None:
    namespace = shipper.reach.namespace(frame_globals)
    own, unbound, outer = captured_names(block, frame_locals) if block.in_function else ([], [], [])
    bound_outer = [name for name in outer if name in frame_locals]
    doubtful = frozenset(name for place, name in unconvertible if place == 0)
    plan = Plan("block", block, namespace, tuple(own), tuple(unbound), tuple(outer), doubtful)
    shipper.dump(plan)
    _ship_first(shipper, first, unconvertible)
    found = block.bindings
    for (module, level), taken in found.imported.items():
        shipper.reach.add_import(frame_globals, module, level, taken)
    read = {*found.loaded, *found.deleted} - found.written.keys() - {*own, *unbound, *outer}
    shipper.reach.add_block(read | found.attributes.keys(), found.loaded.keys(), frame_globals)
    for name in (*own, *bound_outer):
        value = frame_locals[name]
        if (0, name) in unconvertible:
            value = not_sent(name, unconvertible[0, name])
        _ship(shipper, 0, name, ("local", name), value)
    _ship_members(shipper, unconvertible)


def _ship_members(shipper: Shipper, unconvertible: Mapping[tuple[int, str], str]) -> None:
    while members := list(shipper.reach.missing_members()):
        for namespace, name in members:
            _ship_member(shipper, namespace, name, unconvertible)
    shipper.dump(None)


def _ship_first(shipper: Shipper, first: Members, unconvertible: Mapping[tuple[int, str], str]) -> None:
    for names, wanted in first.values():
        namespace = shipper.reach.namespace(names)
        for name in sorted(wanted):
            namespace.sent.add(name)
            _ship_member(shipper, namespace, name, unconvertible)


def _ship_member(
    shipper: Shipper, namespace: Namespace, name: str, unconvertible: Mapping[tuple[int, str], str]
) -> None:
    slot = (id(namespace.names), name)
    value = namespace.names[name]
    if slot in unconvertible:
        value = not_sent(name, unconvertible[slot])
    _ship(shipper, *slot, ("member", namespace, name), value)


def _asked_while_loading(shipper: Shipper) -> Members:
    """What the `__hash__` and `__eq__` of the user's look for, when sets and dicts of their instances are filled again.

    It must be there by then; what else code mentions is sent after the values.
    """
    found: Members = {}
    called = [function.__code__.co_name for function in shipper.functions]
    if "__hash__" not in called:
        return found
    waiting = [one for one, name in zip(shipper.functions, called, strict=True) if name in ("__hash__", "__eq__")]
    while waiting:
        function = waiting.pop()
        names = function.__globals__
        if shipper.reach.namespace(names).library:
            continue
        _, wanted = found.setdefault(id(names), (names, set()))
        new = mentioned_names(function.__code__)[0] & names.keys() - NOT_MEMBERS - wanted
        wanted |= new
        waiting += [value for name in new if isinstance(value := names[name], FunctionType)]
    return {place: (names, wanted) for place, (names, wanted) in found.items() if wanted}


def _from_source(function: FunctionType) -> CodeForm:
    # A function without source text (made by exec, or by a decorator's machinery) goes as its code: it runs the
    # same, only nothing in it can be spread.
    return function_reference(function.__code__, function.__globals__) or marshalled(function)


def _check_shared_names(shipper: Shipper, block: Block, frame_locals: Mapping[str, Any]) -> None:
    if not block.in_function:
        return
    prefix = block.qualname + ".<locals>."
    for function in shipper.functions:
        code = function.__code__
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            line = block.bindings.bound.get(name)
            if line is None or name not in block.own_names or not code.co_qualname.startswith(prefix):
                continue
            try:
                content: object = cell.cell_contents
            except ValueError:
                content = _MISSING
            if content is frame_locals.get(name, _MISSING):
                raise InvalidPyforaOperation(
                    f"{block.filename}:{line}: the block assigns `{name}`, which the function `{function.__name__}` "
                    "that it uses shares with it. Give one of them another name, or pass the value as an argument."
                )


def _program(shipper: Shipper, kind: str, filename: str, line: int, names: list[str]) -> Program:
    try:
        parcel = shipper.parcel()
    except SetOrderError as error:
        raise UnconvertibleValueError(f"{filename}:{line}: what is used here cannot be sent: {error}") from None
    header: dict[str, Any] = {
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "pyfora": pyfora_version(),
        "kind": kind,
        "filename": filename,
        "line": line,
        "names": names,
        "remote_value_ids": list(dict.fromkeys(shipper.remote_value_ids)),
        # A value is what it is under any.
        "hash_seed": fixed_hash_seed(),
        "packages": versions_of(shipper.modules()),
        "unloadable": shipper.reach.unloadable,
        "settings": {} if kind == "value" else current_settings(),
    }
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for piece in parcel.pieces():
        digest.update(piece)
    header["fingerprint"] = digest.hexdigest()
    return Program(header, parcel, Origin(shipper.remembered()))


def pyfora_version() -> str:
    """The installed version of pyfora, or "0" where it is not installed."""
    try:
        return importlib.metadata.version("pyfora")
    except importlib.metadata.PackageNotFoundError:
        return "0"


def read_program(data: Any) -> tuple[dict[str, Any], Parcel]:
    """The header and the parcel of `Program.to_bytes()`. Raises WireError where `data` is anything else.

    Nothing is unpickled, so that a daemon may look at a header.
    """
    view = memoryview(data).cast("B")
    if view.nbytes < _HEAD.size:
        raise WireError("a program is cut short")
    magic, version, length, size_bytes = _HEAD.unpack_from(view, 0)
    start = _HEAD.size + length
    start += -start % 64
    if magic != MAGIC or version != 1:
        raise WireError("these bytes are not a program of this version of pyfora")
    if length > _HEADER_LIMIT_BYTES or start + size_bytes != view.nbytes:
        raise WireError("a program is not as long as it says")
    try:
        header = json.loads(bytes(view[_HEAD.size : _HEAD.size + length]))
    except ValueError as error:
        raise WireError(f"a program's header is no JSON: {error}") from error
    if not isinstance(header, dict):
        raise WireError("a program's header is no JSON object")
    return header, read_parcel(view[start:])


def hash_seed_of_program(path: Path) -> str | None:
    """The client's hash seed, from the head of a program's file. Raises OSError, and WireError where it is none."""
    with path.open("rb") as file:
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size:
            raise WireError("a program is cut short")
        magic, _, length, _ = _HEAD.unpack(head)
        if magic != MAGIC or length > _HEADER_LIMIT_BYTES:
            raise WireError("these bytes are not a program of this version of pyfora")
        try:
            seed = json.loads(file.read(length)).get("hash_seed")
        except (ValueError, AttributeError) as error:
            raise WireError(f"a program's header is no JSON object: {error}") from error
    # What else Python would not start with.
    known = isinstance(seed, str) and seed.isascii() and seed.isdigit() and len(seed) <= 10 and int(seed) < 2**32
    return seed if known else None
