"""Objects and functions of the standard library that need more than pickle."""

from __future__ import annotations

from tests.differential.rows import Row, same

ROWS: list[Row] = [
    same(
        "struct.Struct, captured and made in the block",
        """
        import struct
        S = struct.Struct('<I')
        unpack, also = S.unpack, {1: S}
        def f(i):
            return S.unpack(S.pack(i))[0]
        with executor.remotely.downloadAll():
            numbers = [f(i) for i in range(60_000)]
            total = sum(numbers) + unpack(b'\\1\\2\\3\\4')[0]
            same_one = also[1] is S
            made = [struct.Struct(b'>H'), struct.Struct('=3s')]
            again = S
        told = [(s.format, s.size, s.pack(7)) for s in made[:1]], made[1].pack(b'ab'), again is S
        """,
    ),
]
