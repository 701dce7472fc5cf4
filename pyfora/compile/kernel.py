"""A compiled loop: made here or loaded from bytes, called without its compiler."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import json
import math
import mmap
import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyfora.compile.frozen import Frozen
from pyfora.compile.generated import Generated, generate
from pyfora.compile.giving_up import call_of, check_of
from pyfora.compile.loop import Element, Loop, Output
from pyfora.compile.refusal import GaveUp, NotCompiled
from pyfora.compile.scope import Captured
from pyfora.compile.sites import Site
from pyfora.compile.words import KEPT_WORDS
from pyfora.fold.rows import Rows, Spec, scalars, width

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from pyfora.compile.cache import KernelCache
    from pyfora.compile.machine_code import LoadedCode

_MAGIC = b"pyfora kernel 4\n"
_HEADER_LIMIT_BYTES = 1024 * 1024
_INT_BOUND = 2**63
_MEMORY_BYTES = 1 << 26
"""For the lists of one element."""
_C_TYPES: dict[str, Any] = {"int": ctypes.c_int64, "float": ctypes.c_double, "bool": ctypes.c_bool}
_DTYPES: dict[Element, str] = {"int": "int64", "float": "float64", "bool": "bool"}
_PYTHON_TYPES: dict[str, type] = {"int": int, "float": float, "bool": bool}
_WORDS = {"ints": "int64", "bools": "int64", "floats": "float64"}
"""The arrays that captured lists are, by the names of their types."""
_HEADER_WORDS = 3
"""Of a list, as the primitives for lists have them."""
_OF_A_CALL = frozenset(["captured", "deepest", "sites"])
"""What a kernel is given beside its code."""


class Kernel:
    """One loop's machine code in this process. It may be called from one thread at a time; it releases the GIL."""

    def __init__(
        self,
        object_code: bytes,
        captured: tuple[Captured, ...] = (),
        deepest: int = 0,
        sites: tuple[Site | None, ...] = (),
    ) -> None:
        """Read object code. Raises ValueError if the bytes are damaged, NotCompiled if they are for another machine.

        Nothing is loaded yet: who only sends a kernel to others need not wait for it.
        """
        header, self._machine_code = _split(object_code)
        if header["made_for"] != made_for():
            raise NotCompiled("the kernel was compiled for another processor or other versions")
        self.object_code = object_code
        """The code and what it is for, without the values that it is called with."""
        self.captured = captured
        """The values of the loop's free names, to be given to `run`; empty where only the code is known."""
        self.deepest = deepest
        """Frames that CPython would have at most above the loop's own; 0 where only the code is known."""
        self.sites = sites
        """Where each call of the source comes from in the text of the user; empty where only the code is known."""
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
        self.by_position: bool = header["by_position"]
        """Whether `run` is to be called with positions of the source that it was made for, and a step of 1."""
        self._takes_memory: bool = header["takes_memory"]
        self._memory: Any = None
        self.rows: list[tuple[int, Spec]] = [(number, _spec(spec)) for number, spec in header["rows"]]
        """Of ROWS: the streams and their shapes."""
        self._streams: int = header["streams"]
        self._taken: tuple[Captured, ...] | None = None
        """What the last call was given."""
        self._arguments: list[Any] = []
        """The same as the machine code takes it."""
        self._lists: list[Any] = []
        """Memory of the lists among them."""
        self._returned = ctypes.c_int64()
        self._unused = ctypes.c_int64()
        self._own = (ctypes.c_int64 * 2)()
        self._addresses = tuple(ctypes.addressof(place) for place in (self._returned, self._unused, self._own))

    @functools.cached_property
    def _code(self) -> LoadedCode:
        from pyfora.compile.machine_code import LoadedCode

        return LoadedCode(self._machine_code)

    @functools.cached_property
    def _call(self) -> Callable[..., int]:
        """The machine code. Raises ValueError where this process does not have what it needs."""
        pointer, whole = ctypes.c_void_p, ctypes.c_int64
        kinds = [one for kind in self.captured_types for one in _arguments_of(kind)]
        if self._takes_memory:
            # Not an array of ctypes, which would touch all of it: the system gives pages as they are touched.
            self._memory = (ctypes.c_int64 * (_MEMORY_BYTES // 8)).from_buffer(mmap.mmap(-1, _MEMORY_BYTES))
            kinds.append(pointer)
        signature = ctypes.CFUNCTYPE(ctypes.c_int32, pointer, pointer, whole, whole, whole, pointer, whole, *kinds)
        return signature(self._code.address)

    def load(self) -> Callable[..., int]:
        """The machine code, loaded into this process, if it was not. Raises ValueError where it cannot be."""
        return self._call

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
        self._begin(captured, start, step, count)
        if self.output is Output.ROWS:
            raise TypeError("this kernel makes rows")
        own = self._addresses[2]
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
        self._run(start, step, count, place, capacity)
        return self._result()

    def run_rows(self, captured: tuple[Captured, ...], start: int, step: int, count: int, room: int) -> dict[int, Rows]:
        """As `run`, for ROWS: those of each stream, of which none has more than `room`. Raises GaveUp."""
        import numpy as np

        columns = sum(width(spec) for _, spec in self.rows)
        words = np.empty(self._streams + columns * room, np.int64)
        self._begin(captured, start, step, count)
        self._run(start, step, count, words.__array_interface__["data"][0], room)
        found, place = {}, self._streams
        for stream, spec in self.rows:
            made = []
            for kind in scalars(spec):
                column = words[place : place + int(words[stream])].copy()
                made.append(column.view(np.float64) if kind == "float" else column != 0 if kind == "bool" else column)
                place += room
            found[stream] = Rows(spec, tuple(made))
        return found

    def _run(self, start: int, step: int, count: int, place: int, capacity: int) -> None:
        call = self.load()
        returned, unused, _ = self._addresses
        if not -_INT_BOUND <= step < _INT_BOUND:
            step = 0  # one index only: it is never added
        memory: list[int] = []
        if self._memory is not None:
            first = ctypes.addressof(self._memory)
            self._memory[0], self._memory[1] = first, first + ctypes.sizeof(self._memory) - 8 * KEPT_WORDS
            memory.append(first)
        status = call(returned, unused, start, step, count, place, capacity, *self._arguments, *memory)
        if status:
            raise GaveUp(check_of(status), call_of(status))

    def _begin(self, captured: tuple[Captured, ...], start: int, step: int, count: int) -> None:
        last = start + (count - 1) * step if count > 0 else start
        low, high = self.indices
        if not (low <= start <= high and low <= last <= high and count < _INT_BOUND):
            raise GaveUp("an index beyond those that the kernel is for")
        if captured is not self._taken or not captured:
            self._take(captured)

    def _take(self, captured: tuple[Captured, ...]) -> None:
        """Look at the captured values, and lay out lists as the machine code reads them."""
        if len(captured) != len(self.captured_types):
            raise TypeError(f"the kernel takes {len(self.captured_types)} captured values, not {len(captured)}")
        arguments: list[Any] = []
        lists: list[Any] = []
        self._taken = None
        value: Any
        for value, kind, length in zip(captured, self.captured_types, self._lengths, strict=True):
            if kind in _WORDS:
                if getattr(value, "dtype", None) != _WORDS[kind] or not value.flags.c_contiguous:
                    raise TypeError(f"a captured value is {value!r}; the kernel takes an array for a list of {kind}")
                if len(value) < length:
                    raise TypeError(f"a captured list has {len(value)} elements; the kernel reads at least {length}")
                header = _header_of(value)
                lists.append((header, value))
                arguments.append(ctypes.addressof(header))
                continue
            if isinstance(value, Frozen) and value.layout == kind:
                address, memory = value.placed()
                lists.append(memory)
                arguments.append(address)
                continue
            if ":" in kind:
                lists.append(value)
                arguments += _laid_out(value, kind)
                continue
            # ctypes would cut an int down to 64 bits without a word.
            fits = kind != "int" or (isinstance(value, int) and -_INT_BOUND <= value < _INT_BOUND)
            if type(value) is not _PYTHON_TYPES.get(kind) or not fits:
                raise TypeError(f"a captured value is {value!r}; the kernel takes {kind}")
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


def _spec(read: Any) -> Spec:
    """A shape as JSON has it."""
    return read if isinstance(read, str) else tuple(map(_spec, read))


def _header_of(words: Any) -> Any:
    """The three words of a list whose elements are the words of an array."""
    return (ctypes.c_int64 * _HEADER_WORDS)(words.__array_interface__["data"][0], len(words), len(words))


def _arguments_of(kind: str) -> list[Any]:
    """The types of the arguments that a captured value is given as."""
    _, _, axes = kind.partition(":")
    return [ctypes.c_int64] * (1 + 2 * int(axes)) if axes else [_C_TYPES.get(kind, ctypes.c_int64)]


def _laid_out(array: Any, kind: str) -> list[int]:
    """The address, lengths and strides of an array."""
    name, _, axes = kind.partition(":")
    usable = getattr(array, "dtype", None) == name and array.flags.c_contiguous and array.flags.aligned
    if not usable or array.ndim != int(axes):
        raise TypeError(f"a captured value is {array!r}; the kernel takes an array of {name} of {axes} axes")
    pairs = zip(array.shape, _strides(array), strict=True)
    return [array.__array_interface__["data"][0], *(number for pair in pairs for number in pair)]


def _strides(array: Any) -> list[int]:
    """Those of an array in the order of C; numpy's own may be anything where a length is 0 or 1."""
    return [array.itemsize * math.prod(array.shape[axis + 1 :]) for axis in range(array.ndim)]


def compile_loop(loop: Loop, output: Output, cache: KernelCache) -> Kernel:
    """The kernel of a loop, from the cache if it is there, with the values of this loop's free names in `captured`.

    Raises NotCompiled, whose reason and line are meant to be shown.
    """
    generated = generate(loop, output)
    key = _key(generated)

    def make(code: bytes) -> Kernel:
        try:
            kernel = _read(code, generated.captured, generated.deepest, generated.sites)
        except NotCompiled as error:
            raise ValueError(str(error)) from error  # of a kernel of this key that cannot be
        if kernel.key != key:
            raise ValueError("the kernel is of another loop than its name says")
        return kernel

    try:
        return cache.get(key, lambda: _build(generated, key), make, prove=load_kernel)
    except ValueError as error:
        raise NotCompiled(f"the machine code cannot be used here: {error}") from error


def load_kernel(object_code: bytes) -> Kernel:
    """A kernel made by another process. Raises ValueError for damaged bytes, NotCompiled for another machine's."""
    kernel = _read(object_code)
    kernel.load()
    return kernel


def _read(object_code: bytes, *given: Any) -> Kernel:
    """A kernel of bytes that anybody may have made. Raises ValueError, NotCompiled."""
    try:
        kernel = Kernel(object_code, *given)
        if re.fullmatch("[0-9a-f]{64}", kernel.key) is None:
            raise ValueError("the kernel's key is none")
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError("the kernel's header is damaged") from error
    return kernel


def made_for() -> list[str]:
    """What machine code depends on besides the source: versions, this room's own code, and the processor."""
    import llvmlite

    from pyfora.compile.target import processor

    return [llvmlite.__version__, sys.version, _own_code(), *processor()]


@functools.cache
def _own_code() -> str:
    """A digest of what primitives are made of: a kernel of another pyfora may mean something else by their names."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _key(generated: Generated) -> str:
    # All but what is given anew with each call: equal sources may be for values of other types.
    code = [(one.name, repr(getattr(generated, one.name))) for one in fields(generated) if one.name not in _OF_A_CALL]
    parts = [*(part for pair in code for part in pair), *made_for()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _build(generated: Generated, key: str) -> bytes:
    from pyfora.compile.machine_code import compile_source

    try:
        code = compile_source(generated.source, generated.entry, generated.signature)
    except Exception as error:
        # A gap between what is translated and what is lowered: the loop is still right when it is interpreted.
        first = str(error).strip().partition("\n")[0]
        raise NotCompiled(f"the generated source cannot be lowered ({type(error).__name__}: {first[:200]})") from error
    header = {
        "key": key,
        "made_for": made_for(),
        "element": generated.element,
        "output": generated.output.value,
        "captured_types": generated.captured_types,
        "counted": generated.counted,
        "rows": generated.rows,
        "streams": generated.streams,
        "takes_memory": generated.takes_memory,
        "by_position": generated.by_position,
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
