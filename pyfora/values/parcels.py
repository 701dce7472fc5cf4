"""A parcel: one pickle stream with its out-of-band buffers, laid out so that it loads without copying.

Layout, little-endian: magic (6 bytes), version (u16), number of pieces (u32), reserved (u32), the size of each
piece (u64 each), then the pieces, each starting at a multiple of 64 bytes. The first piece is the pickle stream.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyfora.errors import WireError
from pyfora.limits import PARCEL_LIMIT_BYTES

MAGIC = b"PYFORP"
VERSION = 1
PIECES_LIMIT = 1 << 20
"""Pieces of one parcel: its stream and its buffers."""
_ALIGNMENT = 64
_HEAD = struct.Struct("<6sHII")
_COPY_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Parcel:
    """A pickle stream and its buffers. The pieces are views: whoever made them must keep their memory alive."""

    stream: memoryview
    buffers: tuple[memoryview, ...] = ()

    @property
    def size_bytes(self) -> int:
        """The size of the whole layout, padding included."""
        return _offsets(self._sizes())[1]

    def pieces(self) -> Iterator[memoryview | bytes]:
        """The layout, piece by piece, in order; joined they are `to_bytes()`. Nothing is copied."""
        sizes = self._sizes()
        offsets, _ = _offsets(sizes)
        head = _HEAD.pack(MAGIC, VERSION, len(sizes), 0) + struct.pack(f"<{len(sizes)}Q", *sizes)
        yield head
        position = len(head)
        for offset, piece in zip(offsets, (self.stream, *self.buffers), strict=True):
            if offset > position:
                yield bytes(offset - position)
            yield piece
            position = offset + piece.nbytes

    def to_bytes(self) -> bytes:
        """The whole layout as one bytes object."""
        return b"".join(self.pieces())

    def _sizes(self) -> list[int]:
        return [self.stream.nbytes, *(buffer.nbytes for buffer in self.buffers)]


def make_parcel(stream: Any, buffers: list[Any] | None = None) -> Parcel:
    """A parcel of `stream` and `buffers`: bytes-like objects, or `pickle.PickleBuffer`s. Nothing is copied."""
    return Parcel(_flat(stream), tuple(_flat(buffer) for buffer in buffers or ()))


def read_parcel(data: Any, *, writable: bool = True) -> Parcel:
    """The parcel that `data` (bytes-like) lays out; its pieces are views into `data`.

    Where `writable` and `data` is not, the buffers are copied, so that the arrays loaded from them can be
    written, as their originals could. Raises WireError where `data` is not a whole and well-formed parcel.
    """
    view = memoryview(data).cast("B")
    if view.nbytes < _HEAD.size:
        raise WireError(f"a parcel has at least {_HEAD.size} bytes; these are {view.nbytes}")
    magic, version, count, _ = _HEAD.unpack_from(view, 0)
    if magic != MAGIC or version != VERSION:
        raise WireError("these bytes are not a parcel of this version of pyfora")
    if not 1 <= count <= PIECES_LIMIT:
        raise WireError(f"a parcel has 1 to {PIECES_LIMIT} pieces, not {count}")
    if view.nbytes < _HEAD.size + 8 * count:
        raise WireError("a parcel is cut short within its table of sizes")
    sizes = list(struct.unpack_from(f"<{count}Q", view, _HEAD.size))
    if sum(sizes) > PARCEL_LIMIT_BYTES:
        raise WireError(f"a parcel of {sum(sizes)} bytes is past the limit of {PARCEL_LIMIT_BYTES}")
    offsets, end = _offsets(sizes)
    if end != view.nbytes:
        raise WireError(f"a parcel of {end} bytes came as {view.nbytes}")
    pieces = [view[offset : offset + size] for offset, size in zip(offsets, sizes, strict=True)]
    stream, *buffers = pieces
    if writable and view.readonly:
        buffers = [memoryview(bytearray(buffer)) for buffer in buffers]
    return Parcel(stream, tuple(buffers))


def write_parcel(path: str | os.PathLike[str], parcel: Parcel) -> str:
    """Write `parcel` to `path`, whole or not at all; returns its content id."""
    target = Path(path)
    digest = hashlib.sha256()
    descriptor, name = tempfile.mkstemp(prefix=target.name + ".", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in parcel.pieces():
                digest.update(piece)
                file.write(piece)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def open_parcel(path: str | os.PathLike[str]) -> Parcel:
    """The parcel in the file at `path`, mapped privately: its buffers can be written, the file never changes.

    Raises WireError where the file is no well-formed parcel, OSError where it cannot be opened.
    """
    with Path(path).open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise WireError(f"{path} is empty, and so is no parcel")
        return read_parcel(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))


def content_id(content: Any) -> str:
    """The sha256 of `content` in hex: of a bytes-like object, a Parcel's layout, or (a path) a file's bytes."""
    digest = hashlib.sha256()
    if isinstance(content, Parcel):
        for piece in content.pieces():
            digest.update(piece)
    elif isinstance(content, (str, os.PathLike)):
        with Path(content).open("rb") as file:
            while chunk := file.read(_COPY_CHUNK_BYTES):
                digest.update(chunk)
    else:
        digest.update(memoryview(content).cast("B"))
    return digest.hexdigest()


def _flat(buffer: Any) -> memoryview:
    raw = getattr(buffer, "raw", None)
    # PickleBuffer.raw also flattens Fortran-ordered arrays, which memoryview.cast refuses.
    return raw() if raw is not None else memoryview(buffer).cast("B")


def _offsets(sizes: list[int]) -> tuple[list[int], int]:
    position = _HEAD.size + 8 * len(sizes)
    offsets = []
    for size in sizes:
        position += -position % _ALIGNMENT
        offsets.append(position)
        position += size
    return offsets, position
