"""Frames: what of one has come can be handed over."""

from __future__ import annotations

import pytest

from pyfora.wire.framing import FrameReader, frame


@pytest.mark.parametrize("cut", range(20))
def test_the_rest_of_a_frame_can_be_read_by_another(cut: int) -> None:
    whole = frame(b"first") + frame(b"second")
    reader, other = FrameReader(), FrameReader()
    before = list(reader.receive(whole[:cut]))
    after = list(other.receive(reader.rest() + whole[cut:]))
    assert before + after == [b"first", b"second"]
