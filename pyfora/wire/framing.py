"""A byte stream cut into frames: a 4-byte length, then that many bytes, in a buffer that never grows past one frame."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pyfora.errors import WireError
from pyfora.limits import MESSAGE_LIMIT_BYTES

_LENGTH = struct.Struct(">I")


def frame(data: bytes) -> bytes:
    """`data` as one frame."""
    return _LENGTH.pack(len(data)) + data


class FrameReader:
    """Collects received bytes and yields whole frames.

    The length is checked before anything is kept. A frame's bytes go straight into a buffer of its size, so that a
    large frame in small pieces costs one copy (collecting by `+=` on bytes is quadratic).
    """

    def __init__(self, limit_bytes: int = MESSAGE_LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._prefix = b""
        self._frame = bytearray()
        self._wanted_bytes: int | None = None

    def receive(self, data: bytes | memoryview) -> Iterator[bytes]:
        """Feed received bytes; yields every frame that they complete. Raises WireError on a length over the limit."""
        view = memoryview(data)
        while view or self._wanted_bytes == 0:
            if self._wanted_bytes is None:
                need = 4 - len(self._prefix)
                self._prefix += bytes(view[:need])
                view = view[need:]
                if len(self._prefix) < 4:
                    return
                (self._wanted_bytes,) = _LENGTH.unpack(self._prefix)
                self._prefix = b""
                if self._wanted_bytes > self._limit_bytes:
                    raise WireError(f"a frame of {self._wanted_bytes:,} bytes, over the limit of {self._limit_bytes:,}")
                self._frame = bytearray()
            need = self._wanted_bytes - len(self._frame)
            self._frame += view[:need]
            view = view[need:]
            if len(self._frame) == self._wanted_bytes:
                done = bytes(self._frame)
                self._wanted_bytes = None
                self._frame = bytearray()
                yield done

    def rest(self) -> bytes:
        """What was received of a frame that is not whole yet."""
        return self._prefix if self._wanted_bytes is None else _LENGTH.pack(self._wanted_bytes) + bytes(self._frame)
