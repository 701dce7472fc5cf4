"""Values that stay on the cluster, and the names that stand for them here."""

from __future__ import annotations

import threading
import weakref
from typing import Any, NoReturn

from pyfora.client.answers import ValueFacts
from pyfora.client.connection import Connection
from pyfora.client.futures import Future
from pyfora.errors import ResultTooLargeError
from pyfora.language.program import Origin
from pyfora.language.raising import unpack_exception
from pyfora.language.results import unpack_results
from pyfora.limits import PARCEL_LIMIT_BYTES
from pyfora.values.parcels import read_parcel


class RemotePythonObject:
    """A value on the cluster. It can be used in later blocks and as an argument of `submit`, as if it were here.

    The cluster keeps it until the last reference to it here is gone, or the executor is closed.
    """

    def __init__(self, connection: Connection, origin: Origin, facts: ValueFacts) -> None:
        self._connection = connection
        # Without the proxies that the program read: in `x = f(x)` over and over, each would keep all before it.
        kept = {index: sent for index, sent in origin.objects.items() if not isinstance(sent, (Future, type(self)))}
        self._origin = Origin(kept)
        self._facts = facts
        connection.start_releasing()
        finalizer = weakref.finalize(self, connection.release, facts.value_id)
        # At the interpreter's end the executor is closed, and all of its values go at once.
        finalizer.atexit = False

    @property
    def isException(self) -> bool:
        """Whether the value is an exception that was raised; `toLocal()` gives a future that raises it."""
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

    def toLocal(self, maxBytecount: int | None = None) -> Future[Any]:
        """Fetch the value: a future of it.

        The future raises ResultTooLargeError where the value has more than `maxBytecount` bytes, ValueLostError
        where the cluster has lost it, and the value itself where it is an exception that was raised.
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
        limit_bytes = PARCEL_LIMIT_BYTES
        threading.Thread(target=self._fetch, args=(future, limit_bytes), name="pyfora-download", daemon=True).start()
        return future

    def _fetch(self, future: Future[Any], limit_bytes: int) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            parcel = read_parcel(self._connection.download(self._facts.value_id, limit_bytes))
            if self._facts.is_exception:
                raise unpack_exception(parcel, self._origin)
            (value,) = unpack_results(parcel, self._origin).values()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(value)

    def __repr__(self) -> str:
        kind = "exception" if self._facts.is_exception else "value"
        return f"<remote {kind} of type {self._facts.type_name}, {self._facts.size_bytes:,} bytes>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a RemotePythonObject stands for a value on a cluster and cannot be pickled; use toLocal()")


class LocalOrigin(Origin):
    """An origin for results that are to be here: what was a proxy when it was sent is fetched."""

    def __call__(self, index: int) -> Any:
        found = super().__call__(index)
        if isinstance(found, Future):
            found = found.result()
        return found.toLocal().result() if isinstance(found, RemotePythonObject) else found


def remote_value_id(value: object) -> str | None:
    """The id of the value that `value`, a proxy or a future of one, stands for; None for anything else.

    Waits for a future that has not ended; raises what it raises.
    """
    if isinstance(value, Future):
        value = value.result()
    return value.valueId if isinstance(value, RemotePythonObject) else None
