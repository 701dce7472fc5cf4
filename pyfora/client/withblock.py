"""Leaving the body of a `with` block unrun, then giving its frame the names that came back."""

from __future__ import annotations

import ctypes
import dis
import sys
from collections.abc import Callable, Iterable, Mapping
from types import CellType, CodeType, FrameType, TracebackType
from typing import Any, NoReturn

from pyfora.errors import InvalidPyforaOperation
from pyfora.language.capture import Block, capture_block

_OPTIMIZED = 0x1  # inspect.CO_OPTIMIZED


class _BodySkipped(BaseException):
    """Raised at the first instruction of a body, so that the body does not run."""


class WithBlock:
    """One entry into a remote block.

    The executor's context manager calls `enter` in its `__enter__` and `leave` in its `__exit__`.
    """

    def __init__(self) -> None:
        self._block: Block | None = None
        self._frame: FrameType | None = None
        self._skipped: _BodySkipped | None = None
        self._tracing: tuple[Any, Any, bool] = (None, None, False)

    def enter(self, frame: FrameType) -> Block:
        """Capture the block that `frame` (the caller of `__enter__`) enters, and have its body skipped.

        Raises BadWithBlockError or CantGetSourceTextError; nothing is skipped then, and nothing runs.
        """
        self._block = capture_block(frame)
        self._frame = frame
        self._skipped = _BodySkipped()
        self._tracing = (sys.gettrace(), frame.f_trace, frame.f_trace_opcodes)
        # Opcode events too: a one-line `with …: x = 1` has no line event before its body. They must be asked
        # for before tracing begins, or 3.12 leaves them out.
        frame.f_trace = self._skip
        frame.f_trace_opcodes = True
        sys.settrace(_trace_nothing)
        return self._block

    def _skip(self, frame: FrameType, event: str, arg: object) -> Callable[..., Any]:
        assert self._skipped is not None
        raise self._skipped

    def leave(self, kind: object, error: BaseException | None, trace: TracebackType | None) -> Block:
        """The block, once its body was skipped; puts back the tracing (a debugger's, a coverage tool's) of before.

        The arguments are those of `__exit__`, which must then return True. Raises RuntimeError where the body
        was not skipped, or something else was raised first.
        """
        assert self._frame is not None and self._block is not None
        previous, frame_trace, opcodes = self._tracing
        self._frame.f_trace = frame_trace
        self._frame.f_trace_opcodes = opcodes
        sys.settrace(previous)
        if error is not self._skipped:
            raise RuntimeError(
                "the body of a remote block was not skipped: another tool took over Python's tracing (sys.settrace)"
            ) from error
        return self._block

    def cells(self) -> dict[str, CellType]:
        """The cells of the frame, which functions that the block defined are to share."""
        return frame_cells(self.frame)

    @property
    def frame(self) -> FrameType:
        """The frame that the block stands in."""
        assert self._frame is not None
        return self._frame

    def assign(self, names: Mapping[str, Any], deleted: Iterable[str] = (), *, entered: object = None) -> None:
        """Give the frame the names that came back; `entered` is what `with … as name` would have bound."""
        assert self._block is not None
        target = self._block.target
        if target is not None and target not in names and entered is not None:
            names = {target: entered, **names}
        assign_names(self.frame, names, deleted)
        self._frame = None


def _trace_nothing(frame: FrameType, event: str, arg: object) -> None:
    return None


def raise_as_it_is(error: BaseException) -> NoReturn:
    """Raise `error` with its own `__context__`, which `raise` would overwrite while another exception is handled.

    To be called from `__exit__`: there Python handles the private exception that skipped the body.
    """
    # PyErr_Restore takes over a reference to each of its arguments.
    objects = [ctypes.py_object(part) for part in (type(error), error, error.__traceback__)]
    for part in objects:
        ctypes.pythonapi.Py_IncRef(part)
    restore = ctypes.pythonapi.PyErr_Restore
    restore.restype = None
    restore(*objects)
    raise AssertionError("PyErr_Restore raised nothing")


def assign_names(frame: FrameType, names: Mapping[str, Any], deleted: Iterable[str] = ()) -> None:
    """Bind `names` in `frame`, then unbind those of `deleted` that are bound, as the frame's own code would.

    Raises InvalidPyforaOperation where this interpreter has no way to unbind a name.
    """
    gone = [name for name in deleted if name not in names]
    if not frame.f_code.co_flags & _OPTIMIZED:
        frame.f_globals.update(names)
        for name in gone:
            frame.f_globals.pop(name, None)
        return
    local_names = frame.f_locals
    local_names.update(names)
    if sys.version_info < (3, 12):
        for name in gone:
            local_names.pop(name, None)
    if sys.version_info < (3, 13):
        clear = ctypes.c_int(1 if sys.version_info < (3, 12) else 0)
        ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), clear)
    if sys.version_info >= (3, 12):
        for name in gone:
            if name in frame.f_locals:
                _unbind(frame, name)


# ---- a frame's own memory: since 3.12 no call unbinds a local (it would be None), and none ever gave its cells ------


class _InterpreterFrame(ctypes.Structure):
    """CPython's `_PyInterpreterFrame`, up to the first fast local; of one shape from 3.11 to 3.13."""

    _fields_ = (
        ("pointers", ctypes.c_void_p * 8),
        ("stacktop", ctypes.c_int),
        ("return_offset", ctypes.c_uint16),
        ("owner", ctypes.c_char),
        ("padding", ctypes.c_char),
    )


class _FrameObject(ctypes.Structure):
    """CPython's `PyFrameObject`, up to its interpreter frame."""

    _fields_ = (
        ("reference_count", ctypes.c_ssize_t),
        ("type", ctypes.c_void_p),
        ("back", ctypes.c_void_p),
        ("frame", ctypes.POINTER(_InterpreterFrame)),
    )


def _slot(frame: FrameType, name: str) -> ctypes.c_void_p:
    """Where `frame` keeps the variable `name` (or its cell): a view of that very memory."""
    code = frame.f_code
    own = [*code.co_varnames, *(cell for cell in code.co_cellvars if cell not in code.co_varnames)]
    inner = _FrameObject.from_address(id(frame)).frame
    first = ctypes.addressof(inner.contents) + ctypes.sizeof(_InterpreterFrame)
    index = [*own, *code.co_freevars].index(name)
    return ctypes.c_void_p.from_address(first + index * ctypes.sizeof(ctypes.c_void_p))


def frame_cells(frame: FrameType) -> dict[str, CellType]:
    """The cells of the variables that `frame` shares with inner or outer functions, by name."""
    names = (*frame.f_code.co_cellvars, *frame.f_code.co_freevars)
    found = {}
    for name in names:
        cell = ctypes.cast(_slot(frame, name), ctypes.py_object).value
        if type(cell) is CellType:
            found[name] = cell
    return found


def _can_be_unbound(code: CodeType, name: str) -> bool:
    """Whether `code` has a `del name` of its own: only then does it check the variable before each later use.

    Since 3.12 reading a local that the compiler knows to be bound is not checked, and would crash.
    """
    return any(i.opname == "DELETE_FAST" and i.argval == name for i in dis.get_instructions(code))


def _unbind(frame: FrameType, name: str) -> None:
    code = frame.f_code
    slot = _slot(frame, name)
    value = frame.f_locals[name]
    if name in code.co_cellvars:
        cell = frame_cells(frame).get(name)
        if cell is not None and cell.cell_contents is value:
            del cell.cell_contents
            return
    elif slot.value == id(value) and _can_be_unbound(code, name):
        slot.value = None
        ctypes.pythonapi.Py_DecRef(ctypes.py_object(value))
        return
    raise InvalidPyforaOperation(
        f"{code.co_filename}: this Python has no way to delete the local variable `{name}` of a running function; "
        f"leave `del {name}` out of the block and put it after it."
    )
