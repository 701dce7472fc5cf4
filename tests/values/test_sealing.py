"""Sealed bytes: none of them can change unnoticed."""

from __future__ import annotations

from pyfora.values.sealing import sealed, unsealed


def test_what_was_sealed_comes_back() -> None:
    for content in (b"", b"x", bytes(100_000)):
        assert unsealed(sealed(content)) == content


def test_every_bit_and_byte_counts() -> None:
    whole = sealed(b"some content")
    for at in range(len(whole)):
        for bit in range(8):
            assert unsealed(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :]) is None
        assert unsealed(whole[:at]) is None
    assert unsealed(whole + b"x") is None
