"""Bytes in kernels: CPython's ints and answers, or the kernel gives up."""

from __future__ import annotations

import pytest

from pyfora.compile import KernelCache, NotCompiled
from tests.compile.loops import compiled, module, times_given_up

LIBRARY = """
data, other = bytes(range(250, 256)) + b"abc\\0xyz", b"abd"
def item(n): return data[n] * 2 - data[-1 - n]
def total(n):
    t = 0
    for b in data:
        t = (t * 31 + b + n) % 1000003
    return t
def folds(n): return sum(data) + max(data) * n + min(data[1:]) + len([b for b in data if b > n]) + len(data)
def slices(n):
    part = data[n - 3 : -n]
    return len(part) * 1000 + sum(part) + len(data[n:]) + len(data[:n]) * 7 + len(data[2:9][n:])
def compared(n):
    a = data[6 : 6 + n]
    t = (a == b"abc") + (a != other) * 2 + (a < other) * 4 + (a >= b"ab") * 8 + (other > a) * 16 + (a <= a) * 32
    return t + (64 if a else 0)
def letters(n):
    t = 0
    for x, y in zip(data, other):
        if x == 97 or y == ord("b"):
            t += n
    return t
def within(n): return (97 in data) + ((n & 127) in data) * 2
def passed(n): return checksum(data, n) - checksum(b"\\x00\\xff", n) + checksum(data[n:], 1)
def checksum(octets, n):
    t = n
    for b in octets:
        t = (t << 1 ^ b) & 65535
    return t
"""
NAMES = [line.split()[1].partition("(")[0] for line in LIBRARY.splitlines() if line.startswith("def ")]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "checksum"])
def test_against_cpython(name: str, cache: KernelCache) -> None:
    # Where there is no such byte the kernel gives up.
    assert times_given_up(name, module(LIBRARY), cache, range(12)) == 0


def test_a_byte_that_is_not_there(cache: KernelCache) -> None:
    assert times_given_up("item", module(LIBRARY), cache, range(13, 16)) == 3


REFUSED = ["len(data + data)", "(i in data)", "1 if data is data else 0", "len(data[::2])", "1 if data == 'abc' else 0"]


@pytest.mark.parametrize("text", [*REFUSED, "data.count(97)", "len([data, data]) if [data] == [data] else 1"])
def test_refused(text: str, cache: KernelCache) -> None:
    with pytest.raises(NotCompiled) as refused:
        compiled(f"({text} for i in source)", module(LIBRARY), cache)
    assert "cannot be lowered" not in str(refused.value)
