"""Parcels: what is written is what is read, and garbage is refused."""

from __future__ import annotations

import array
import pickle
import struct
from pathlib import Path

import pytest

from pyfora.errors import WireError
from pyfora.values.parcels import content_id, make_parcel, open_parcel, read_parcel, write_parcel


def an_array_parcel() -> tuple[list[array.array[float]], bytes]:
    values = [array.array("d", range(100)), array.array("d", [1.5])]
    buffers: list[pickle.PickleBuffer] = [pickle.PickleBuffer(value) for value in values]
    return values, make_parcel(b"a stream", buffers).to_bytes()


def test_pieces_come_back_aligned() -> None:
    values, data = an_array_parcel()
    parcel = read_parcel(data)
    assert bytes(parcel.stream) == b"a stream"
    assert [array.array("d", bytes(buffer)) for buffer in parcel.buffers] == values
    offsets = [data.index(bytes(buffer)) for buffer in parcel.buffers]
    assert all(offset % 64 == 0 for offset in offsets)
    assert parcel.size_bytes == len(data)


def test_buffers_can_be_written_though_the_bytes_cannot() -> None:
    _, data = an_array_parcel()
    assert not read_parcel(data).buffers[0].readonly
    assert read_parcel(data, writable=False).buffers[0].readonly
    writable = bytearray(data)
    read_parcel(writable).buffers[0][0] = 7
    assert writable != data, "a writable layout was copied"


def test_a_file_is_mapped_privately(tmp_path: Path) -> None:
    _, data = an_array_parcel()
    path = tmp_path / "parcel"
    assert (
        write_parcel(path, read_parcel(data)) == content_id(data) == content_id(path) == content_id(read_parcel(data))
    )
    parcel = open_parcel(path)
    parcel.buffers[0][:8] = struct.pack("d", -1.0)
    assert path.read_bytes() == data
    assert [entry.name for entry in tmp_path.iterdir()] == ["parcel"]


def test_an_interrupted_write_leaves_nothing(tmp_path: Path) -> None:
    class Failing:
        def pieces(self):  # type: ignore[no-untyped-def]
            yield b"some"
            raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        write_parcel(tmp_path / "parcel", Failing())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_every_cut_is_refused() -> None:
    _, data = an_array_parcel()
    for length in range(len(data)):
        with pytest.raises(WireError):
            read_parcel(data[:length])
    with pytest.raises(WireError):
        read_parcel(data + b"x")


@pytest.mark.parametrize(
    ("offset", "form", "value"),
    [(0, "6s", b"NOTONE"), (6, "<H", 9), (8, "<I", 0), (8, "<I", 1 << 31), (16, "<Q", 1 << 63), (24, "<Q", 1 << 40)],
)
def test_a_lie_in_the_head_is_refused(offset: int, form: str, value: object) -> None:
    _, data = an_array_parcel()
    broken = bytearray(data)
    struct.pack_into(form, broken, offset, value)
    with pytest.raises(WireError):
        read_parcel(broken)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(WireError):
        open_parcel(tmp_path / "empty")
