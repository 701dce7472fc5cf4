"""Tickets there and back, and every way of being none."""

from __future__ import annotations

import pytest

from pyfora.errors import WireError
from pyfora.wire.tickets import (
    ANSWER_BYTES,
    ASK,
    FOUND,
    GET,
    PUT,
    TICKET_BYTES,
    Answer,
    Ticket,
    decode_answer,
    decode_ticket,
    encode_answer,
    encode_ticket,
    is_content_id,
    is_parcel_name,
)


@pytest.mark.parametrize(
    "ticket",
    [Ticket(GET, "a", 0), Ticket(ASK, "health", 0), Ticket(PUT, "f" * 200, 1 << 36), Ticket(GET, "p.-results", 3)],
)
def test_there_and_back(ticket: Ticket) -> None:
    data = encode_ticket(ticket)
    assert len(data) == TICKET_BYTES and decode_ticket(data) == ticket


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".", "..", ".hidden", "x" * 201, "ü", "a\n", "a b"])
def test_names_that_are_none(name: str) -> None:
    assert not is_parcel_name(name)
    with pytest.raises(WireError):
        encode_ticket(Ticket(GET, name, 0))


def test_broken_tickets_are_refused() -> None:
    good = encode_ticket(Ticket(PUT, "name", 10))
    for place in (0, 4, 5, 6, 12, TICKET_BYTES - 8):  # magic, operation, length, name, padding, size
        bad = bytearray(good)
        bad[place] = 0xFF
        with pytest.raises(WireError):
            decode_ticket(bytes(bad))


def test_answers() -> None:
    data = encode_answer(Answer(FOUND, 99))
    assert len(data) == ANSWER_BYTES and decode_answer(data) == Answer(FOUND, 99)
    with pytest.raises(WireError):
        decode_answer(b"x" + data[1:])
    with pytest.raises(WireError):
        decode_answer(data[:4] + b"?" + data[5:])


def test_content_ids() -> None:
    assert is_content_id("0a" * 32)
    assert not is_content_id("0A" * 32) and not is_content_id("0a" * 31)
