"""Values that stay on the cluster, and the names that stand for them here."""

from __future__ import annotations

import threading
import weakref
from types import FunctionType, ModuleType
from typing import Any, NoReturn

from pyfora.client.answers import ValueFacts
from pyfora.client.connection import Connection
from pyfora.client.futures import Future
from pyfora.errors import ResultTooLargeError
from pyfora.language.caches import CACHE_WRAPPER
from pyfora.language.program import Origin
from pyfora.language.reach import Namespace
from pyfora.language.results import unpack_results
from pyfora.language.shipping import RemoteValue
from pyfora.values.parcels import read_parcel


class RemotePythonObject:
    """A value on the cluster. It can be used in later blocks and as an argument of `submit`, as if it were here.

    The cluster keeps it until the last reference to it here is gone, or the executor is closed.
    """

    def __init__(self, connection: Connection, origin: Origin, facts: ValueFacts) -> None:
        self._connection = connection
        self._origin = _code_of(origin)
        self._facts = facts
        connection.values.hold(facts.value_id)
        finalizer = weakref.finalize(self, connection.values.release, facts.value_id)
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
        return RemoteValue(self._facts.value_id, self._origin.objects)

    def isOn(self, connection: Connection) -> bool:
        """Whether the value is on the cluster of that connection."""
        return self._connection is connection

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

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__") or "_facts" not in self.__dict__:
            raise AttributeError(name)
        raise AttributeError(f"no `{name}` here: {_ADVICE.format(self.typeName)}", name=name, obj=self)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        kind = "exception" if self._facts.is_exception else "value"
        return f"<remote {kind} of type {self._facts.type_name}, {self._facts.size_bytes:,} bytes>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a RemotePythonObject stands for a value on a cluster and cannot be pickled; use toLocal()")


_CODE = (FunctionType, type, ModuleType, Namespace, CACHE_WRAPPER)


def _code_of(origin: Origin) -> Origin:
    """Of what was sent, what the parcel of a value on the cluster may refer to: code, never values.

    In `x = f(x)` over and over each proxy would otherwise keep all before it.
    """
    return Origin({index: sent for index, sent in origin.objects.items() if isinstance(sent, _CODE)})


def fetched(value: Any) -> Any:
    """`value`, or the value that it stands for: for a name that is to be here and was a proxy when it was sent.

    References to what was sent are all made at once, so that fetching there would fetch what nobody asked for.
    """
    if isinstance(value, Future):
        value = value.result()
    return value.toLocal().result() if isinstance(value, RemotePythonObject) else value


def remote_value_of(value: object, connection: Connection) -> RemoteValue | None:
    """The value on the cluster that `value`, a proxy or a future of one, stands for; None for anything else.

    Waits for a future that has not ended; raises what it raises, and TypeError where it is of no use there.
    """
    if isinstance(value, Future):
        value = value.result()
        if not isinstance(value, RemotePythonObject):
            raise TypeError("it is the future of a value that is here already; take its result() outside the block")
    if not isinstance(value, RemotePythonObject):
        return None
    if not value.isOn(connection):
        raise TypeError("it is a value on another cluster; fetch it with toLocal().result() and use that")
    return value.asRemoteValue()


# ---- what cannot be done with a proxy here -------------------------------------------------------------------------

_OPERATIONS = """
add sub mul matmul truediv floordiv mod divmod pow lshift rshift and xor or
radd rsub rmul rmatmul rtruediv rfloordiv rmod rdivmod rpow rlshift rrshift rand rxor ror
neg pos abs invert complex int float index round bool len iter next reversed contains
getitem setitem delitem call enter exit eq ne lt le gt ge
""".split()  # noqa: SIM905 (a list of sixty quoted words is harder to read)


def _refuse(self: RemotePythonObject, *_: object, **__: object) -> NoReturn:
    # Also comparisons and truth: the default ones would be an answer, and a wrong one.
    raise TypeError(_ADVICE.format(self.typeName))


_ADVICE = (
    "this value (of type {}) is on the cluster: use it inside a block or as an argument of submit, "
    "or fetch it with toLocal().result()"
)
for _operation in _OPERATIONS:
    setattr(RemotePythonObject, f"__{_operation}__", _refuse)
