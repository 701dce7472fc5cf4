"""The fixed-size ticket that opens every conversation on a data port, with its fixed-size answer."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from pyfora.errors import WireError
from pyfora.limits import PARCEL_LIMIT_BYTES

NAME_LIMIT = 200
"""Characters of a parcel's name."""
GET = b"G"
PUT = b"P"
ASK = b"A"
"""How is the worker? The name says nothing."""

_TICKET = struct.Struct(f">4scB{NAME_LIMIT}sQ")
_ANSWER = struct.Struct(">4scQ")
_MAGIC = b"pfd1"
_NAME = re.compile(r"[0-9a-zA-Z._-]{1,200}")

TICKET_BYTES = _TICKET.size
ANSWER_BYTES = _ANSWER.size

FOUND = b"F"
"""GET: `size_bytes` follow."""
MISSING = b"M"
"""GET: there is no such parcel."""
WANTED = b"W"
"""PUT: send it."""
STORED = b"S"
"""PUT: it is there (before or after it was sent)."""
FAILED = b"X"
"""PUT: it cannot be stored: too large, no room, or the content does not match its name."""
READY = b"R"
"""ASK: the worker is registered with its manager."""
ALONE = b"A"
"""ASK: it works, but is not registered with a manager that speaks."""
_OPERATIONS = (GET, PUT, ASK)
_VERDICTS = (FOUND, MISSING, WANTED, STORED, FAILED, READY, ALONE)


def is_parcel_name(name: str) -> bool:
    """Whether `name` may be the name of a parcel: never a path, never hidden, never empty."""
    return _NAME.fullmatch(name) is not None and not name.startswith(".")


def is_content_id(name: str) -> bool:
    """Whether `name` is a sha256 in hex, so that the content can be checked against it."""
    return len(name) == 64 and all(c in "0123456789abcdef" for c in name)


@dataclass(frozen=True)
class Ticket:
    """What a peer wants of a data port."""

    operation: bytes
    """GET, PUT or ASK."""
    name: str
    size_bytes: int
    """PUT: how many bytes will follow. GET: how many are expected, or 0."""


@dataclass(frozen=True)
class Answer:
    """What the data port says to a ticket."""

    verdict: bytes
    size_bytes: int


def encode_ticket(ticket: Ticket) -> bytes:
    """The ticket as TICKET_BYTES bytes. Raises WireError for a name that is none."""
    if not is_parcel_name(ticket.name):
        raise WireError(f"{ticket.name[:40]!r} is not the name of a parcel")
    name = ticket.name.encode("ascii")
    return _TICKET.pack(_MAGIC, ticket.operation, len(name), name, ticket.size_bytes)


def decode_ticket(data: bytes) -> Ticket:
    """The ticket in TICKET_BYTES bytes. Raises WireError unless every field is what it may be."""
    magic, operation, length, name, size_bytes = _TICKET.unpack(data)
    if magic != _MAGIC or operation not in _OPERATIONS:
        raise WireError("not a ticket of this version")
    if length > NAME_LIMIT or any(name[length:]):
        raise WireError("a ticket whose name does not end where it says")
    try:
        text = name[:length].decode("ascii")
    except UnicodeDecodeError as error:
        raise WireError("a ticket whose name is not ASCII") from error
    if not is_parcel_name(text):
        raise WireError("a ticket for something that is not the name of a parcel")
    if size_bytes > PARCEL_LIMIT_BYTES:
        raise WireError(f"a parcel of {size_bytes:,} bytes, over the limit of {PARCEL_LIMIT_BYTES:,}")
    return Ticket(operation, text, size_bytes)


def encode_answer(answer: Answer) -> bytes:
    """The answer as ANSWER_BYTES bytes."""
    return _ANSWER.pack(_MAGIC, answer.verdict, answer.size_bytes)


def decode_answer(data: bytes) -> Answer:
    """The answer in ANSWER_BYTES bytes. Raises WireError unless it is one."""
    magic, verdict, size_bytes = _ANSWER.unpack(data)
    if magic != _MAGIC or verdict not in _VERDICTS:
        raise WireError("not an answer to a ticket")
    if size_bytes > PARCEL_LIMIT_BYTES:
        raise WireError(f"a parcel of {size_bytes:,} bytes, over the limit of {PARCEL_LIMIT_BYTES:,}")
    return Answer(verdict, size_bytes)
