"""A compiled loop: made here or loaded from bytes, called without numba."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import json
import mmap
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyfora.compile.generated import Generated, generate
from pyfora.compile.giving_up import check_of
from pyfora.compile.loop import Element, Loop, Output
from pyfora.compile.refusal import GaveUp, NotCompiled
from pyfora.compile.scope import Captured

if TYPE_CHECKING:
    import numpy as np

    from pyfora.compile.cache import KernelCache

_MAGIC = b"pyfora kernel 3\n"
_HEADER_LIMIT_BYTES = 1024 * 1024
_INT_BOUND = 2**63
_MEMORY_BYTES = 1 << 26
"""For the lists of one element."""
_C_TYPES: dict[str, Any] = {"int": ctypes.c_int64, "float": ctypes.c_double, "bool": ctypes.c_bool}
_DTYPES: dict[Element, str] = {"int": "int64", "float": "float64", "bool": "bool"}
_PYTHON_TYPES: dict[str, type] = {"int": int, "float": float, "bool": bool}
_HEADER_WORDS = 3
"""Of a list, as the primitives for lists have them."""


class Kernel:
    """One loop's machine code in this process. It may be called from one thread at a time; it releases the GIL."""

    def __init__(self, object_code: bytes, captured: tuple[Captured, ...] = ()) -> None:
        """Load object code. Raises ValueError if the bytes are damaged, NotCompiled if they are for another machine."""
        from pyfora.compile.machine_code import LoadedCode

        header, code = _split(object_code)
        if header["made_for"] != made_for():
            raise NotCompiled("the kernel was compiled for another processor or other versions")
        self.object_code = object_code
        """The code and what it is for, without the values that it is called with."""
        self.captured = captured
        """The values of the loop's free names, to be given to `run`; empty where only the code is known."""
        self.element: Element = header["element"]
        self.output = Output(header["output"])
        self.source: str = header["source"]
        """The generated Python that was compiled."""
        self.key: str = header["key"]
        self.captured_types: tuple[str, ...] = tuple(header["captured_types"])
        self.counted: bool = header["counted"]
        """Whether there are never more terms than indices."""
        self.indices: tuple[int, int] = tuple(header["indices"] or (-_INT_BOUND, _INT_BOUND - 1))
        """Between which two all indices must lie."""
        self._lengths: list[int] = header["lengths"]
        self._code = LoadedCode(code)
        pointer, whole = ctypes.c_void_p, ctypes.c_int64
        kinds = [_C_TYPES.get(kind, ctypes.c_int64) for kind in self.captured_types]
        self._memory: Any = None
        if header["takes_memory"]:
            # Not an array of ctypes, which would touch all of it: the system gives pages as they are touched.
            self._memory = (ctypes.c_int64 * (_MEMORY_BYTES // 8)).from_buffer(mmap.mmap(-1, _MEMORY_BYTES))
            kinds.append(pointer)
        self._call = ctypes.CFUNCTYPE(ctypes.c_int32, pointer, pointer, whole, whole, whole, pointer, whole, *kinds)(
            self._code.address
        )
        self._taken: tuple[Captured, ...] | None = None
        """What the last call was given."""
        self._arguments: list[int | float | bool] = []
        """The same as the machine code takes it."""
        self._lists: list[Any] = []
        """Memory of the lists among them."""
        self._returned = ctypes.c_int64()
        self._unused = ctypes.c_int64()
        self._own = (ctypes.c_int64 * 2)()
        self._addresses = tuple(ctypes.addressof(place) for place in (self._returned, self._unused, self._own))

    @property
    def dtype(self) -> str:
        """The numpy type of the buffer that takes the terms."""
        return _DTYPES[self.element]

    def run(
        self,
        captured: tuple[Captured, ...],
        start: int,
        step: int,
        count: int,
        buffer: np.ndarray[Any, Any] | None = None,
    ) -> int | float | bool | None:
        """Run the loop over `count` indices start, start + step, …

        `buffer`, for TERMS only, is a contiguous array of `dtype`; where the loop has one clause it holds at least
        `count` elements. Returns for TERMS and COUNT how many elements there were; for TOTAL the sum; for ANY and ALL
        the answer; for MIN and MAX the element, None if there was none. Raises GaveUp, after which the buffer holds
        nothing of use.
        """
        last = start + (count - 1) * step if count > 0 else start
        low, high = self.indices
        if not (low <= start <= high and low <= last <= high and count < _INT_BOUND):
            raise GaveUp("an index beyond those that the kernel is for")
        if captured is not self._taken or not captured:
            self._take(captured)
        returned, unused, own = self._addresses
        if self.output is Output.TERMS:
            if buffer is None or buffer.dtype != self.dtype or not buffer.flags.c_contiguous:
                raise TypeError(f"the buffer must be a contiguous array of {self.dtype}")
            capacity = len(buffer)
            if self.counted and capacity < count:
                raise ValueError(f"the buffer holds {capacity} terms; there may be {count}")
            place = buffer.__array_interface__["data"][0]
        else:
            capacity, place = 0, own
            self._own[0] = self._own[1] = 0
        if not -_INT_BOUND <= step < _INT_BOUND:
            step = 0  # one index only: it is never added
        memory: list[int] = []
        if self._memory is not None:
            first = ctypes.addressof(self._memory)
            self._memory[0], self._memory[1] = first, first + ctypes.sizeof(self._memory)
            memory.append(first)
        status = self._call(returned, unused, start, step, count, place, capacity, *self._arguments, *memory)
        if status:
            raise GaveUp(check_of(status))
        return self._result()

    def _take(self, captured: tuple[Captured, ...]) -> None:
        """Look at the captured values, and lay out lists as the machine code reads them."""
        if len(captured) != len(self.captured_types):
            raise TypeError(f"the kernel takes {len(self.captured_types)} captured values, not {len(captured)}")
        arguments: list[int | float | bool] = []
        lists: list[Any] = []
        self._taken = None
        for value, kind, length in zip(captured, self.captured_types, self._lengths, strict=True):
            if length and (not isinstance(value, list) or len(value) < length):
                raise TypeError(f"a captured value is {value!r}; the kernel takes a list of at least {length} elements")
            element = kind.removesuffix("s")
            for one in value if isinstance(value, list) and kind != element else [value]:
                # ctypes would cut an int down to 64 bits without a word.
                fits = element != "int" or (isinstance(one, int) and -_INT_BOUND <= one < _INT_BOUND)
                if type(one) is not _PYTHON_TYPES[element] or not fits:
                    raise TypeError(f"a captured value is {one!r}; the kernel takes {kind}")
            if isinstance(value, list):
                laid = _laid_out(value, element)
                lists.append(laid)
                arguments.append(ctypes.addressof(laid))
            else:
                arguments.append(value)
        self._taken, self._arguments, self._lists = captured, arguments, lists

    def _result(self) -> int | float | bool | None:
        number = self._returned.value
        match self.output:
            case Output.TERMS | Output.COUNT:
                return number
            case Output.ANY | Output.ALL:
                return number != 0
            case Output.TOTAL:
                return (self._own[1] << 64) | (self._own[0] & (2**64 - 1))
        if number == 0:
            return None
        value: int | float | bool = _C_TYPES[self.element].from_buffer(self._own).value
        return value


def _laid_out(values: list[Any], element: str) -> Any:
    """A list as one piece of memory: its three words, and a word for each element."""
    words = (ctypes.c_int64 * (_HEADER_WORDS + len(values)))()
    words[:_HEADER_WORDS] = [ctypes.addressof(words) + 8 * _HEADER_WORDS, len(values), len(values)]
    kind = ctypes.c_double if element == "float" else ctypes.c_int64
    (kind * len(values)).from_buffer(words, 8 * _HEADER_WORDS)[:] = values
    return words


def compile_loop(loop: Loop, output: Output, cache: KernelCache) -> Kernel:
    """The kernel of a loop, from the cache if it is there, with the values of this loop's free names in `captured`.

    Raises NotCompiled, whose reason and line are meant to be shown.
    """
    generated = generate(loop, output)
    key = _key(generated)
    try:
        return cache.get(key, lambda: _build(generated, key), lambda code: Kernel(code, generated.captured))
    except ValueError as error:
        raise NotCompiled(f"the machine code cannot be used here: {error}") from error


def load_kernel(object_code: bytes) -> Kernel:
    """A kernel made by another process. Raises ValueError for damaged bytes, NotCompiled for another machine's."""
    return Kernel(object_code)


def made_for() -> list[str]:
    """What machine code depends on besides the source: versions, this room's own code, and the processor."""
    import llvmlite
    import numba

    from pyfora.compile.target import processor

    return [numba.__version__, llvmlite.__version__, sys.version, _own_code(), *processor()]


@functools.cache
def _own_code() -> str:
    """A digest of what primitives are made of: a kernel of another pyfora may mean something else by their names."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _key(generated: Generated) -> str:
    parts = [
        generated.source,
        *generated.signature,
        generated.output.value,
        generated.element,
        repr(generated.indices),
        *made_for(),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _build(generated: Generated, key: str) -> bytes:
    from pyfora.compile.machine_code import compile_source

    try:
        code = compile_source(generated.source, generated.entry, generated.signature)
    except Exception as error:
        # A gap between our inference and numba's: the loop is still right when it is interpreted.
        first = str(error).strip().partition("\n")[0]
        raise NotCompiled(f"numba refused the generated source ({type(error).__name__}: {first[:200]})") from error
    header = {
        "key": key,
        "made_for": made_for(),
        "element": generated.element,
        "output": generated.output.value,
        "captured_types": generated.captured_types,
        "counted": generated.counted,
        "takes_memory": generated.takes_memory,
        "source": generated.source,
        "indices": generated.indices,
        "lengths": generated.lengths,
        "code_sha256": hashlib.sha256(code).hexdigest(),
    }
    text = json.dumps(header, sort_keys=True).encode()
    return b"".join([_MAGIC, len(text).to_bytes(4, "big"), text, code])


def _split(object_code: bytes) -> tuple[dict[str, Any], bytes]:
    start = len(_MAGIC) + 4
    if object_code[: len(_MAGIC)] != _MAGIC or len(object_code) < start:
        raise ValueError("these bytes are no kernel")
    length = int.from_bytes(object_code[len(_MAGIC) : start], "big")
    if length > _HEADER_LIMIT_BYTES or len(object_code) < start + length:
        raise ValueError("the kernel's header is damaged")
    try:
        header: dict[str, Any] = json.loads(object_code[start : start + length])
        code = object_code[start + length :]
        if hashlib.sha256(code).hexdigest() != header["code_sha256"]:
            raise ValueError("the kernel's code is damaged")
    except (KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError("the kernel's header is damaged") from error
    return header, code
