"""No field of any message lets through what is absurd, whichever codec it came by."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import MISSING, fields
from typing import Any, get_origin

import pytest

from pyfora.errors import WireError
from pyfora.wire.codec import check_fields, decode_message, encode_message, field_types
from pyfora.wire.forms import (
    BasePort,
    BlockId,
    Counted,
    Few,
    HeldValue,
    Host,
    KernelKey,
    NoName,
    Version,
    check_of,
    type_of,
)
from pyfora.wire.links import Link
from pyfora.wire.messages import Message

KINDS = sorted({kind for links in vars(Link).values() if isinstance(links, tuple) for kind in links}, key=str)
FREE = {"reason", "text", "end", "payload", "figures"}
"""Fields that may hold anything of their type: they are shown, counted or passed on, and nothing is made of them."""


def plain(hint: Any) -> Any:
    """A small value that is of this type and form."""
    special = {BlockId: "a" * 32, Host: "h", Version: "1.0", BasePort: 1, Few: 1, Counted: ["a", 1]}
    special |= {HeldValue: ["a", 1, "w", "h", 2], NoName: "", KernelKey: "a" * 64}
    if hint in special:
        return special[hint]
    if get_origin(hint) is list:
        return [plain(hint.__args__[0])]
    kind = type_of(hint)
    return {str: "a", int: 1, float: 1.5, bool: True, bytes: b"x"}.get(kind, {})


def example(kind: type[Message], **changed: Any) -> Message:
    """A message of this kind, all whose fields are filled."""
    return kind(**{**{name: plain(hint) for name, hint in field_types(kind).items()}, **changed})


TEXTS = ["a b", "a\nb", "\x1b[2J", "../a", "/etc/passwd", ".socket", "\ud800", "a\x00", "é", "x" * 300, "²"]
NUMBERS = [-1, 2**63, 10**400]
SECONDS = [math.nan, math.inf, -math.inf, -0.5, 10**400, 1e300]
ROWS = [["a"], ["a", 1, 2, 3, 4, 5], [{}, 1], [1, "a"], ["../a", 1], ["a", -1], ["a", 1.5], ["a", True], "ab", {}, None]
ABSURD = {str: TEXTS, int: NUMBERS, float: SECONDS}


def absurd(hint: Any) -> list[Any]:
    """What must not get through."""
    if get_origin(hint) is list:
        items = ROWS if type_of(hint.__args__[0]) is not str else TEXTS
        return [[plain(hint.__args__[0]), item] for item in items]
    if get_origin(hint) is dict:
        return [{text: "a"} for text in TEXTS] + [{"a": text} for text in TEXTS]
    return ABSURD.get(type_of(hint), [])


CASES = [
    pytest.param(kind, field.name, id=f"{kind.__name__}.{field.name}")
    for kind in KINDS
    for field in fields(kind)
    if field.name not in FREE and type_of(field_types(kind)[field.name]) is not bool
]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_sound_passes(kind: type[Message]) -> None:
    message = example(kind)
    check_fields(message)
    assert decode_message(encode_message(message), (kind,)) == message
    given = {field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING}
    check_fields(kind(**{name: plain(field_types(kind)[name]) for name in given}))


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_what_is_absurd_does_not(kind: type[Message], name: str) -> None:
    values = absurd(field_types(kind)[name])
    assert len(values) >= 3
    for value in values:
        message = example(kind, **{name: value})
        with pytest.raises(WireError, match=f"{kind.__name__}.{name} is not of its declared form"):
            check_fields(message)
        with pytest.raises(WireError):
            decode_message(encode_message(message), (kind,))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
def test_numbers_of_json_that_are_none(number: str) -> None:
    header = f'["PieceLost", {{"fold_id": "f", "lo": 0, "hi": {number}}}]'.encode()
    with pytest.raises(WireError):
        decode_message(struct.pack(">I", len(header)) + header, Link.WORKER_TO_PROCESS)


def test_nothing_deep_or_of_another_kind_breaks_the_decoder() -> None:
    for body in ("[" * 60_000, json.dumps(["Beat", [[]]]), json.dumps([["Beat"], {}]), json.dumps([{}, {}]), "7"):
        header = body.encode()
        with pytest.raises(WireError):
            decode_message(struct.pack(">I", len(header)) + header, Link.WORKER_TO_MANAGER)


def test_a_form_takes_no_bool_for_a_number() -> None:
    for hint in (BasePort, Few, float):
        assert not check_of(hint)(True) and check_of(hint)(7)
