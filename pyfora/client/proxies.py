"""Values that stay on the cluster, and the names that stand for them here."""

from __future__ import annotations

import threading
import weakref
from types import FunctionType
from typing import Any, NoReturn

from pyfora.client.answers import ValueFacts
from pyfora.client.connection import Connection
from pyfora.client.futures import Future
from pyfora.errors import ResultTooLargeError
from pyfora.language.program import Origin
from pyfora.language.results import unpack_results
from pyfora.language.shipping import RemoteValue
from pyfora.language.unconvertible import Unconvertible
from pyfora.values.parcels import read_parcel


class RemotePythonObject:
    """A value on the cluster. It can be used in later blocks and as an argument of `submit`, as if it were here.

    The cluster keeps it until the last reference to it here is gone, or the executor is closed.
    """

    def __init__(self, connection: Connection, origin: Origin, facts: ValueFacts) -> None:
        self._connection = connection
        self._origin = _without_proxies(origin)
        self._facts = facts
        connection.start_releasing()
        finalizer = weakref.finalize(self, connection.release, facts.value_id)
        # At the interpreter's end the executor is closed, and all of its values go at once.
        finalizer.atexit = False

    @property
    def isException(self) -> bool:
        """Whether the value is an exception object."""
        return self._facts.is_exception

    @property
    def typeName(self) -> str:
        """The name of the value's type."""
        return self._facts.type_name

    @property
    def sizeBytes(self) -> int:
        """The size of the value as it would be sent, in bytes."""
        return self._facts.size_bytes

    @property
    def valueId(self) -> str:
        """The value's name on the cluster."""
        return self._facts.value_id

    def asRemoteValue(self) -> RemoteValue:
        """The value as a later program refers to it, with the code that its parcel may refer to."""
        code = {index: sent for index, sent in self._origin.objects.items() if isinstance(sent, (FunctionType, type))}
        return RemoteValue(self._facts.value_id, code)

    def toLocal(self, maxBytecount: int | None = None) -> Future[Any]:
        """Fetch the value: a future of it.

        The future raises ResultTooLargeError where the value has more than `maxBytecount` bytes, ValueLostError
        where the cluster has lost it.
        """
        future: Future[Any] = Future()
        if maxBytecount is not None and self._facts.size_bytes > maxBytecount:
            future.set_exception(
                ResultTooLargeError(
                    f"the value has {self._facts.size_bytes:,} bytes, more than maxBytecount={maxBytecount:,}. "
                    "Ask for more, or compute what you need of it in a block."
                )
            )
            return future
        threading.Thread(target=self._fetch, args=(future,), name="pyfora-download", daemon=True).start()
        return future

    def _fetch(self, future: Future[Any]) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            parcel = read_parcel(self._connection.download(self._facts.value_id))
            (value,) = unpack_results(parcel, self._origin).values()
            value = fetched(value)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(value)

    def __repr__(self) -> str:
        kind = "exception" if self._facts.is_exception else "value"
        return f"<remote {kind} of type {self._facts.type_name}, {self._facts.size_bytes:,} bytes>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a RemotePythonObject stands for a value on a cluster and cannot be pickled; use toLocal()")


class _WeakOrigin(Origin):
    """An origin that keeps no proxies: in `x = f(x)` over and over, each would keep all before it."""

    def __call__(self, index: int) -> Any:
        found = super().__call__(index)
        if not isinstance(found, weakref.ref):
            return found
        alive = found()
        if alive is None:
            reason = "it is a value on the cluster whose RemotePythonObject is gone; keep that, or download it."
            return Unconvertible("value", reason)
        return alive


def _without_proxies(origin: Origin) -> Origin:
    objects = {
        index: weakref.ref(sent) if isinstance(sent, (Future, RemotePythonObject)) else sent
        for index, sent in origin.objects.items()
    }
    return _WeakOrigin(objects)


def fetched(value: Any) -> Any:
    """`value`, or the value that it stands for: for a name that is to be here and was a proxy when it was sent.

    References to what was sent are all made at once, so that fetching there would fetch what nobody asked for.
    """
    if isinstance(value, Future):
        value = value.result()
    return value.toLocal().result() if isinstance(value, RemotePythonObject) else value


def remote_value(value: object) -> RemoteValue | None:
    """The value on the cluster that `value`, a proxy or a future of one, stands for; None for anything else.

    Waits for a future that has not ended; raises what it raises.
    """
    if isinstance(value, Future):
        value = value.result()
    return value.asRemoteValue() if isinstance(value, RemotePythonObject) else None
