"""Classes and functions as values leave nothing in the machine code."""

from __future__ import annotations

import struct

import pytest

from pyfora.compile import Kernel, KernelCache, Output
from pyfora.compile.giving_up import at_call, status_of
from pyfora.compile.kernel import _split
from tests.compile.loops import compiled, module

LIBRARY = """
import functools

class Multiply:
    def __init__(self, factor):
        self.factor = factor
    def __call__(self, x):
        return x * self.factor

class Add:
    def __init__(self, term):
        self.term = term
    def __call__(self, x):
        return x + self.term

class Compose:
    def __init__(self, first, second):
        self.first, self.second = first, second
    def __call__(self, x):
        return self.second(self.first(x))

factor, term = 10.0, 20.0
composed = Compose(Multiply(factor), Add(term))
def plain(x): return x * factor + term
literal = lambda x: x * 10.0 + 20.0
def times(factor, x): return x * factor
def plus(term, x): return x + term
partial = Compose(functools.partial(times, factor), functools.partial(plus, term))
def made_inside(x):
    return Compose(Multiply(10.0), Add(20.0))(x)
def closures(x):
    def multiply(y): return y * 10.0
    return (lambda z: multiply(z) + 20.0)(x)
def tuples(x):
    pair = (10.0, 20.0)
    first, second = pair
    return x * first + second
"""
_EXECUTABLE = 4
"""SHF_EXECINSTR, as ELF has it."""


def machine_code(kernel: Kernel) -> bytes:
    """The instructions, without constants and tables."""
    _, code = _split(kernel.object_code)
    (offset,) = struct.unpack_from("<Q", code, 40)
    size, count = struct.unpack_from("<HH", code, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", code, offset + index * size) for index in range(count)]
    return b"".join(code[one[4] : one[4] + one[5]] for one in sections if one[2] & _EXECUTABLE)


def unnumbered(kernel: Kernel) -> bytes:
    """The same, without the numbers of the calls that may give up, which only tell them apart."""
    code = machine_code(kernel)
    for number in range(1, len(kernel.sites) + 1):
        for primitive in ("odd_terms_int", "number_float"):
            status = status_of(primitive)
            code = code.replace(struct.pack("<I", at_call(status, number)), struct.pack("<I", status))
    return code


@pytest.mark.parametrize("output", [Output.TERMS, Output.MAX])
@pytest.mark.parametrize(
    ("name", "hand_written"),
    [
        # Numbers that are captured are arguments of the kernel: another process may have others there.
        *(("composed", "plain"), ("partial", "plain")),
        *(("made_inside", "literal"), ("closures", "literal"), ("tuples", "literal")),
    ],
)
def test_the_same_machine_code(name: str, hand_written: str, output: Output, cache: KernelCache) -> None:
    names = module(LIBRARY)
    both = [compiled(f"({one}(i * 0.5) for i in source)", names, cache, output) for one in (name, hand_written)]
    ours, theirs = map(unnumbered, both)
    assert len(ours) > 100
    assert ours == theirs
