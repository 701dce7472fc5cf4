"""Parcels between processes that already share a program: its results, and the environments of its leaves."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import CellType, FunctionType
from typing import Any

from pyfora.language.caches import Kept, keep
from pyfora.language.functions import registered_reference
from pyfora.language.loading import Loader, install
from pyfora.language.nans import is_nan
from pyfora.language.primitives import READ
from pyfora.language.program import Origin
from pyfora.language.reach import Namespace
from pyfora.language.running import LoadedProgram
from pyfora.language.shipping import CodeForm, ExactShipper, Shipper, marshalled, reason_of
from pyfora.language.unconvertible import make_reader, not_brought_back
from pyfora.values.parcels import Parcel
from pyfora.values.set_order import SetOrderError

_WITHOUT_REFERENCES = (int, float, complex, bool, type(None))
"""What can be pickled without a look at what came from the client."""
_LEFT_OUT = object()
_LARGE_TEXT = 1000
"""Of a str or bytes: length from which on it is worth a reference."""


def results_shipper(
    loaded: LoadedProgram, *, with_values: bool = True, before: Mapping[int, object] | None = None
) -> Shipper:
    """A pickler for what goes back to the client of `loaded`: what came from there goes as a reference.

    Without values for what stays on the cluster: it is read there, where only the code is at hand. `before` are
    objects of a parcel that is loaded before this one, by its indices: they go as references, too.
    """
    shipper = Shipper(_from_registry, namespaces=loaded.namespaces)
    if with_values:
        _refer_to_all(shipper, loaded.objects, before or {})
    else:
        code = loaded.code_objects()
        shipper.refer_to(list(code), code.values())
    shipper.frame_cells = {place: name for place, (_, name) in loaded.frame_cells.items()}
    return shipper


def _refer_to_all(shipper: Shipper, objects: Mapping[int, object], before: Mapping[int, object]) -> None:
    # A cell goes as a copy: it is filled where it is loaded, which must not touch the client's own.
    # Of the texts only large ones have to be the client's own objects; there may be very many short ones.
    known = {
        index: value
        for index, value in objects.items()
        if not (type(value) is CellType or (type(value) in (str, bytes) and len(value) < _LARGE_TEXT))  # type: ignore[arg-type]
    }
    if before or len(known) < len(objects) // 2:
        shipper.refer_to([*known, *(~index for index in before)], [*known.values(), *before.values()])
    else:
        # One range is shorter than all of the indices; what is left out has something in its place.
        shipper.refer_to(range(len(objects)), [known.get(index, _LEFT_OUT) for index in objects])


def known_by(origin: Origin, before: Mapping[int, object]) -> Callable[[int], object]:
    """What a parcel of `results_shipper` refers to by an index; `before` are the objects of the parcel before it."""
    return lambda index: origin(index) if index >= 0 else before[~index]


def pack_results(
    names: Mapping[str, object],
    loaded: LoadedProgram,
    remembered: dict[int, Any] | None = None,
    caches: Iterable[Any] = (),
) -> Parcel:
    """The values that go back to the client by name. One that cannot be pickled fails where it is read there.

    `remembered` is given every object that was packed, by its index; `caches` are those of the client's that keep
    something else now.
    """
    caches = list(caches)
    with_values = bool(caches) or not all(map(_needs_no_reference, names.values()))
    return _pack(names, loaded, with_values=with_values, remembered=remembered, caches=caches)


def _needs_no_reference(value: object) -> bool:
    return type(value) in _WITHOUT_REFERENCES and not is_nan(value)


def pack_value(name: str, value: object, loaded: LoadedProgram) -> Parcel:
    """One value that stays on the cluster: for `unpack_value` there, or `unpack_results` on the client."""
    return _pack({name: value}, loaded, with_values=False)


def unpack_value(parcel: Parcel, primitives: Mapping[str, Callable[..., Any]], origins: Mapping[int, Any]) -> object:
    """The value of `pack_value` in another program, where `origins` are the functions and classes it refers to."""
    loader = Loader(parcel, primitives=primitives, known=origins.get)
    found = [value for kind, *_, value in loader if kind == "name"]
    return found[0]


def _pack(
    names: Mapping[str, object],
    loaded: LoadedProgram,
    *,
    with_values: bool,
    remembered: dict[int, Any] | None = None,
    caches: Iterable[Any] = (),
) -> Parcel:
    unconvertible: dict[str, str] = {}
    while True:
        shipper = results_shipper(loaded, with_values=with_values)
        for cache in caches:
            shipper.dump(("cache", cache, shipper.kept_by(cache)))
        for name, value in names.items():
            if name in unconvertible:
                value = not_brought_back(name, value, unconvertible[name])
            try:
                shipper.dump(("name", name, value))
                _dump_unknown_members(shipper, loaded)
            except Exception as error:
                unconvertible[name] = reason_of(error)
                break
        else:
            shipper.dump(None)
            try:
                parcel = shipper.parcel()
            except SetOrderError:
                lost = _names_with_lost_sets(names, loaded)
                if lost.keys() <= unconvertible.keys():
                    raise
                unconvertible = lost | unconvertible
                continue
            if remembered is not None:
                remembered.update(shipper.remembered())
            return parcel


def _names_with_lost_sets(names: Mapping[str, object], loaded: LoadedProgram) -> dict[str, str]:
    """Those whose values hold a set that cannot be made again in its order, which is only seen in the end."""
    found = {}
    for name, value in names.items():
        trial = results_shipper(loaded)
        try:
            trial.dump(value)
            trial.parcel()
        except Exception as error:
            found[name] = reason_of(error)
    return found


def _dump_unknown_members(shipper: Shipper, loaded: LoadedProgram) -> None:
    """What functions need of namespaces that the client does not have: those of generated code."""
    known = {id(namespace) for namespace in loaded.namespaces}
    for namespace, name in shipper.reach.missing_members():
        if id(namespace) not in known:
            shipper.dump(("member", namespace, name, namespace.names[name]))


def unpack_results(
    parcel: Parcel,
    origin: Origin,
    frame_cells: Mapping[str, CellType] | None = None,
    remembered: dict[int, Any] | None = None,
    seen_in: dict[str, Any] | None = None,
) -> dict[str, object]:
    """The values of `pack_results` by name; what the program captured is the client's own object again.

    `frame_cells` are those of the frame that the block stands in: functions that the block defined share them.
    `seen_in` are the globals in which such functions look for the names of the block, where that is at module level.
    `remembered` is given every object that was unpacked, by the index that `pack_results` has it under.

    A value that could not be pickled is a placeholder: any use of it raises UnconvertibleValueError.
    """
    loader = Loader(parcel, known=origin, frame_cells=frame_cells)
    names: dict[str, object] = {}
    caches: list[tuple[Any, Kept]] = []
    with _bound_for_now({} if seen_in is None else seen_in) as bind:
        for kind, *place, value in loader:
            if kind == "name":
                names[place[0]] = value
                bind(place[0], value)
            elif kind == "cache":
                caches.append((place[0], value))
            else:
                place[0].names.setdefault(place[1], value)
    for cache, kept in caches:
        keep(cache, kept)
    if remembered is not None:
        remembered.update(loader.remembered())
    return names


@contextmanager
def _bound_for_now(names: dict[str, Any]) -> Iterator[Callable[[str, object], None]]:
    """Gives what binds a name in `names` until the end.

    A set of the block's own instances, or a dict of such keys, is filled by their `__hash__` and `__eq__`, which look
    for what the block has bound before.
    """
    before: dict[str, Any] = {}

    def bind(name: str, value: object) -> None:
        before.setdefault(name, names.get(name, _LEFT_OUT))
        names[name] = value

    try:
        yield bind
    finally:
        for name, value in before.items():
            if value is _LEFT_OUT:
                names.pop(name, None)
            else:
                names[name] = value


def pack_environment(
    objects: Mapping[str, object],
    loaded: LoadedProgram,
    remembered: dict[int, Any] | None = None,
    code_form: Callable[[FunctionType], CodeForm] = marshalled,
    stream: io.BytesIO | None = None,
) -> Parcel:
    """`objects` with all that they reach, for another process of the same cluster.

    Code goes as code objects, already rewritten, in `code_form`; the bytes go into `stream`. `remembered` is given
    every object that was packed, by its index. Raises what pickling raises where an object cannot leave.
    """
    namespaces = [Namespace(n.module, n.names, doubtful=n.doubtful) for n in loaded.namespaces]
    shipper = ExactShipper(code_form, namespaces=namespaces, stream=stream)
    for name, value in objects.items():
        shipper.dump(("local", name, value))
    while members := list(shipper.reach.missing_members()):
        for namespace, name in members:
            shipper.dump(("member", namespace, name, namespace.names[name]))
    shipper.dump(None)
    parcel = shipper.parcel()
    if remembered is not None:
        remembered.update(shipper.remembered())
    return parcel


def unpack_environment(
    parcel: Parcel,
    primitives: Mapping[str, Callable[..., Any]],
    resolve_value: Callable[[str, dict[int, Any]], object] | None = None,
    remembered: dict[int, Any] | None = None,
) -> dict[str, Any]:
    """The objects of `pack_environment` by name; functions among them call `primitives`.

    `remembered` is given every object that was unpacked, by the index that `pack_environment` has it under.
    """
    supplied = {**primitives, READ: make_reader([])}
    loader = Loader(parcel, primitives=supplied, resolve_value=resolve_value)
    objects: dict[str, Any] = {}
    for kind, *place, value in loader:
        if kind == "local":
            objects[place[0]] = value
        else:
            place[0].names[place[1]] = value
    install(loader.namespaces)
    if remembered is not None:
        remembered.update(loader.remembered())
    return objects


def first_object(parcel: Parcel) -> object:
    """The first of the objects of `pack_environment`, without making any other."""
    _, _, found = next(iter(Loader(parcel)))
    return found


def _from_registry(function: FunctionType) -> CodeForm:
    return registered_reference(function.__code__) or marshalled(function)
