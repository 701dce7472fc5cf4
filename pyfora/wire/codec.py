"""Messages to bytes: a 4-byte header length, a JSON header, the raw payload."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, get_args, get_origin, get_type_hints

from pyfora.errors import WireError
from pyfora.limits import MESSAGE_HEADER_LIMIT_BYTES, MESSAGE_LIMIT_BYTES
from pyfora.wire.messages import Message

_LENGTH = struct.Struct(">I")
_HINTS: dict[type[Message], dict[str, Any]] = {}


def field_types(kind: type[Message]) -> dict[str, Any]:
    """The resolved type of each field of a message class, in order."""
    if kind not in _HINTS:
        hints = get_type_hints(kind)
        _HINTS[kind] = {f.name: hints[f.name] for f in fields(kind)}
    return _HINTS[kind]


def fits(value: object, hint: Any) -> bool:
    """Whether a decoded JSON value is of the declared type; `bool` is not an `int` here."""
    origin = get_origin(hint)
    if hint is Any:
        return True
    if origin is list:
        (item,) = get_args(hint)
        return isinstance(value, list) and all(fits(v, item) for v in value)
    if origin is dict:
        _, item = get_args(hint)
        return isinstance(value, dict) and all(isinstance(k, str) and fits(v, item) for k, v in value.items())
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def check_fields(message: Message) -> None:
    """Raise WireError unless every field has its declared type, for messages that came through another codec."""
    for name, hint in field_types(type(message)).items():
        if not fits(getattr(message, name), hint):
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
    """The message in `data`, if it is of an allowed class and every field has its declared type; else WireError."""
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
    for key, hint in hints.items():
        if not fits(body[key], hint):
            raise WireError(f"{name}.{key} is not of its declared form")
    return kind(**body)
