"""NaNs in a pickle: unlike other floats, one is told from another by its identity.

`x in [x]` holds for a NaN, as for all else, where it is the same object. Pickle writes floats as they are met.
"""

from __future__ import annotations

import functools
import re
import struct
import sys
from typing import Any

from pyfora.language import making
from pyfora.language.stand_ins import StandIn

_NAN = re.compile(rb"G[\x7f\xff][\xf0-\xff]")
"""What a NaN begins with, as an infinity does, and now and then some bytes within another float."""
_INFINITIES = frozenset(struct.pack(">d", value) for value in (float("inf"), -float("inf")))
_FLOAT = b"G"


class NotANumber(StandIn):
    """Stands for one NaN, wherever that is."""

    def __reduce__(self) -> tuple[Any, ...]:
        for module in ("math", "cmath", "numpy"):
            if getattr(sys.modules.get(module), "nan", None) is self.original:
                return making.known_nan, (module, struct.pack("<d", self.original))
        return making.make_nan, (struct.pack("<d", self.original),)


def is_nan(value: object) -> bool:
    """Whether `value` is a float that is a NaN."""
    return type(value) is float and value != value


def holds_nan(stream: Any) -> bool:
    """Whether there is a NaN in `stream`, which is made of whole pickles of protocol 5."""
    # Two looks: the first is quick, the second sure.
    return _NAN.search(stream) is not None and _finds_nan(bytes(stream))


def _finds_nan(stream: bytes) -> bool:
    skip, lengths = _opcodes()
    place = 0
    while True:
        found = skip.match(stream, place)
        assert found is not None  # it matches nothing, too
        place = found.end()
        if place == len(stream):
            return False
        opcode = stream[place : place + 1]
        if opcode == _FLOAT:
            if stream[place + 1 : place + 9] not in _INFINITIES:
                return True
            place += 9
        elif opcode in lengths:
            size = lengths[opcode]
            place += 1 + size + int.from_bytes(stream[place + 1 : place + 1 + size], "little")
        else:
            # An old opcode, whose argument ends with the line.
            place = stream.index(b"\n", place) + 1


@functools.cache
def _opcodes() -> tuple[re.Pattern[bytes], dict[bytes, int]]:
    """What to skip at once: opcodes of a fixed length, and floats; and for others, how long their length is."""
    import pickletools

    by_size: dict[int, bytes] = {}
    lengths: dict[bytes, int] = {}
    for opcode in pickletools.opcodes:
        code = opcode.code.encode("latin-1")
        size = 0 if opcode.arg is None else opcode.arg.n
        if size >= 0 and code != _FLOAT:
            by_size[size] = by_size.get(size, b"") + code
        elif size in _LENGTHS:
            lengths[code] = _LENGTHS[size]
    steps = [b"[%b].{%d}" % (re.escape(codes), size) for size, codes in by_size.items()]
    floats = rb"G(?![\x7f\xff][\xf0-\xff]).{8}"
    return re.compile(b"(?s:%b)*+" % b"|".join([floats, *steps])), lengths


_LENGTHS = {-2: 1, -3: 4, -4: 4, -5: 8}
"""By pickletools' number for it: the bytes of a length that stands before an argument."""
