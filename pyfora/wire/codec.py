"""Messages to bytes: a 4-byte header length, a JSON header, the raw payload."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any, get_type_hints

from pyfora.errors import WireError
from pyfora.limits import MESSAGE_HEADER_LIMIT_BYTES, MESSAGE_LIMIT_BYTES
from pyfora.wire.forms import check_of
from pyfora.wire.messages import Message

_LENGTH = struct.Struct(">I")
_HINTS: dict[type[Any], dict[str, Any]] = {}
_CHECKS: dict[type[Message], dict[str, Callable[[Any], bool]]] = {}


def field_types(kind: type[Any]) -> dict[str, Any]:
    """The resolved type of each field of a message, or of another dataclass, with its form, in order."""
    if kind not in _HINTS:
        hints = get_type_hints(kind, include_extras=True)
        _HINTS[kind] = {f.name: hints[f.name] for f in fields(kind)}
    return _HINTS[kind]


def _checks(kind: type[Message]) -> dict[str, Callable[[Any], bool]]:
    """For each field whether a value is of its declared form."""
    if kind not in _CHECKS:
        _CHECKS[kind] = {name: check_of(hint) for name, hint in field_types(kind).items()}
    return _CHECKS[kind]


def check_fields(message: Message) -> None:
    """Raise WireError unless every field has its declared form, for messages that came through another codec."""
    for name, fits in _checks(type(message)).items():
        if not fits(getattr(message, name)):
            raise WireError(f"{type(message).__name__}.{name} is not of its declared form")


def encode_message(message: Message) -> bytes:
    """One message as bytes. Raises WireError when it passes the limits of `pyfora.limits`."""
    body: dict[str, Any] = {}
    payload = b""
    for name in field_types(type(message)):
        if name == "payload":
            payload = getattr(message, name)
        else:
            body[name] = getattr(message, name)
    header = json.dumps([type(message).__name__, body], separators=(",", ":")).encode()
    if len(header) > MESSAGE_HEADER_LIMIT_BYTES:
        raise WireError(
            f"the header of a {type(message).__name__} has {len(header):,} bytes, limit {MESSAGE_HEADER_LIMIT_BYTES:,}"
        )
    if len(header) + len(payload) + 4 > MESSAGE_LIMIT_BYTES:
        raise WireError(
            f"a {type(message).__name__} has {len(payload):,} bytes, over the limit of {MESSAGE_LIMIT_BYTES:,}"
        )
    return _LENGTH.pack(len(header)) + header + payload


def decode_message(data: bytes | memoryview, allowed: Iterable[type[Message]]) -> Message:
    """The message in `data`, if it is of an allowed class and every field has its declared form; else WireError."""
    view = memoryview(data)
    if len(view) > MESSAGE_LIMIT_BYTES:
        raise WireError(f"a message of {len(view):,} bytes, over the limit of {MESSAGE_LIMIT_BYTES:,}")
    if len(view) < 4:
        raise WireError("a message shorter than its length field")
    (length,) = _LENGTH.unpack_from(view)
    if length > MESSAGE_HEADER_LIMIT_BYTES or 4 + length > len(view):
        raise WireError("a message whose header is longer than the message or the limit")
    try:
        name, body = json.loads(bytes(view[4 : 4 + length]))
    except (ValueError, TypeError, RecursionError) as error:
        raise WireError("a message whose header is not JSON of the form [name, fields]") from error
    for kind in allowed:
        if kind.__name__ == name:
            break
    else:
        raise WireError("a message of a kind that does not belong on this link")
    if not isinstance(body, dict):
        raise WireError(f"a {name} without fields")
    hints = field_types(kind)
    if "payload" in hints:
        body["payload"] = bytes(view[4 + length :])
    elif len(view) > 4 + length:
        raise WireError(f"a {name} has no payload, but bytes follow it")
    if body.keys() != hints.keys():
        raise WireError(f"a {name} with missing or unknown fields")
    for key, fits in _checks(kind).items():
        if not fits(body[key]):
            raise WireError(f"{name}.{key} is not of its declared form")
    return kind(**body)
