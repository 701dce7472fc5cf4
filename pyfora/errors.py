"""Every error that pyfora itself raises."""

from __future__ import annotations


class PyforaError(Exception):
    """The base of all errors that are pyfora's own, never the user's program's."""


class ConnectionError(PyforaError):
    """A cluster could not be reached, refused this client, or was lost for longer than the time allowed."""


class BadWithBlockError(PyforaError):
    """The body of a `with executor.remotely` block holds a statement that cannot leave it, such as `return`."""


class CantGetSourceTextError(PyforaError):
    """The source text of a block, function or class could not be found, or is no longer what is running."""


class InvalidPyforaOperation(BaseException):
    """The program did what Pure Python does not allow; it cannot be caught inside the block.

    A `BaseException`, so that a user's `except Exception` inside the block does not swallow it.
    """


class UnconvertibleValueError(BaseException):
    """A value that cannot be sent to the cluster was read inside the block, or could not be made again there.

    It cannot be caught inside the block.
    """


class ComputeCrashError(PyforaError):
    """The process that ran the program died at every try: killed, out of memory, or a fault in native code."""


class CancelledError(PyforaError):
    """The program was cancelled before it ended."""


class ValueLostError(PyforaError):
    """A value that stayed on the cluster is no longer there, nor can it be computed again."""


class ResultTooLargeError(PyforaError):
    """A value is larger than the caller said it would take (`toLocal(maxBytecount=…)`) or than a named limit."""


class WireError(PyforaError):
    """Bytes from a peer break the protocol: too large, cut short, or not of the declared form."""
