"""Every message between daemons as a typed AMP command, derived from its dataclass."""

from __future__ import annotations

import json
from typing import Any, get_origin

from twisted.protocols import amp

from pyfora.errors import WireError
from pyfora.limits import MESSAGE_LIMIT_BYTES
from pyfora.wire.codec import field_types
from pyfora.wire.forms import type_of
from pyfora.wire.links import Link
from pyfora.wire.messages import Beat, Message

VALUE_LIMIT_BYTES = amp.MAX_VALUE_LENGTH
PARTS_LIMIT = -(-MESSAGE_LIMIT_BYTES // VALUE_LIMIT_BYTES)


class Unacceptable(Exception):
    """The message does not belong on this connection, or is not of its declared form."""


class Split(amp.Argument):
    """Bytes of any length up to MESSAGE_LIMIT_BYTES, over as many AMP values as they need: `x`, `x.1`, `x.2`, …"""

    def toBox(self, name: bytes, strings: dict[bytes, bytes], objects: dict[str, Any], proto: Any) -> None:
        """Write the argument into the box. Raises WireError past the limit."""
        data = self.to_bytes(objects[name.decode("ascii").replace("-", "_")])
        if len(data) > MESSAGE_LIMIT_BYTES:
            raise WireError(f"a value of {len(data):,} bytes for AMP, over the limit of {MESSAGE_LIMIT_BYTES:,}")
        strings[name] = data[:VALUE_LIMIT_BYTES]
        for part in range(1, -(-len(data) // VALUE_LIMIT_BYTES)):
            strings[b"%s.%d" % (name, part)] = data[part * VALUE_LIMIT_BYTES : (part + 1) * VALUE_LIMIT_BYTES]

    def fromBox(self, name: bytes, strings: dict[bytes, bytes], objects: dict[str, Any], proto: Any) -> None:
        """Read the argument out of the box."""
        parts = [strings.pop(name)]
        while len(parts) <= PARTS_LIMIT and (part := strings.pop(b"%s.%d" % (name, len(parts)), None)) is not None:
            parts.append(part)
        objects[name.decode("ascii")] = self.from_bytes(b"".join(parts))

    def to_bytes(self, value: Any) -> bytes:
        """The value as bytes."""
        return bytes(value)

    def from_bytes(self, data: bytes) -> Any:
        """The value of these bytes."""
        return data


class SplitText(Split):
    """A `str` as UTF-8."""

    def to_bytes(self, value: Any) -> bytes:
        """The value as bytes; lone surrogates, which a program may print, pass."""
        return str(value).encode("utf-8", "surrogatepass")

    def from_bytes(self, data: bytes) -> Any:
        """The value of these bytes."""
        return data.decode("utf-8", "surrogatepass")


class SplitJson(Split):
    """A list or a dict as JSON."""

    def to_bytes(self, value: Any) -> bytes:
        """The value as bytes."""
        return json.dumps(value, separators=(",", ":")).encode()

    def from_bytes(self, data: bytes) -> Any:
        """The value of these bytes."""
        return json.loads(data)


class _Formed(amp.Command):
    """A command whose arguments may be anything: what cannot be read costs the peer its connection, in one line.

    AMP itself would write a traceback, in which the peer chooses the words.
    """

    @classmethod
    def parseArguments(cls, box: Any, protocol: Any) -> dict[str, Any]:
        """The arguments by name. Raises RemoteAmpError, which AMP answers with and then closes."""
        try:
            arguments: dict[str, Any] = super().parseArguments(box, protocol)
        except (ValueError, TypeError, KeyError, RecursionError):
            protocol.abort(f"a {cls.__name__} that cannot be read")
            raise amp.RemoteAmpError(b"UNACCEPTABLE", "arguments not of their declared form", fatal=True) from None
        return arguments


def _argument(hint: Any) -> Any:
    plain = type_of(hint)
    if get_origin(plain) in (list, dict):
        return SplitJson()
    return {str: SplitText, bytes: Split, int: amp.Integer, float: amp.Float, bool: amp.Boolean}[plain]()


def _command(kind: type[Message]) -> Any:
    arguments = [(b"sequence", amp.Integer())]
    arguments += [(name.encode("ascii"), _argument(hint)) for name, hint in field_types(kind).items()]
    return type(
        kind.__name__,
        (_Formed,),
        {
            "__doc__": kind.__doc__,
            "commandName": kind.__name__.encode("ascii"),
            "arguments": arguments,
            "response": [],
            "errors": {Unacceptable: b"UNACCEPTABLE"},
            # A beat is worth nothing once it is late: nobody waits for its answer.
            "requiresAnswer": kind is not Beat,
        },
    )


class Introduce(_Formed):
    """The first command on a connection, from the end that called: who it is. The answer: who listens."""

    arguments = [(b"peer_id", amp.Unicode())]  # noqa: RUF012
    response = [(b"peer_id", amp.Unicode())]  # noqa: RUF012
    errors = {Unacceptable: b"UNACCEPTABLE"}  # noqa: RUF012


MESSAGES: tuple[type[Message], ...] = tuple(
    dict.fromkeys(Link.WORKER_TO_MANAGER + Link.MANAGER_TO_WORKER + Link.THIEF_TO_HOME + Link.HOME_TO_THIEF)
)
COMMANDS: dict[type[Message], Any] = {kind: _command(kind) for kind in MESSAGES}
BOX_LIMIT_KEYS = 2 * PARTS_LIMIT
"""Keys of one AMP box: two values of the largest size."""
