"""The machinery for writing a primitive: an operation that a kernel calls, given as LLVM instructions."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from llvmlite import ir

from pyfora.compile.giving_up import at_call, status_of

I1, I8, I32, I64, I128, DOUBLE = (*(ir.IntType(bits) for bits in (1, 8, 32, 64, 128)), ir.DoubleType())
INT_MIN = -(2**63)

Type = str | tuple["Type", ...]
"""Of a value: the name of a type, or the types of a tuple's elements."""
Value = tuple[Any, Type]
"""LLVM's value, and its type."""

_LLVM_TYPES: dict[str, Any] = {
    "int64": I64,
    "float64": DOUBLE,
    "boolean": I1,
    "int64*": I64.as_pointer(),
    "float64*": DOUBLE.as_pointer(),
    "boolean*": I8.as_pointer(),
    # Of what gives nothing: a place for its value is asked for all the same.
    "void": I64,
}
"""The names that signatures of primitives, functions and kernels are written in."""


class Builder:
    """LLVM instructions of one primitive, with the few that are used everywhere under short names."""

    def __init__(self, builder: Any, name: str, call: int) -> None:
        """`call` is its number among those in the kernel's source that are the user's; 0: it is none of them."""
        self.ir = builder
        self._status = ir.Constant(I32, at_call(status_of(name), call))

    def give_up_if(self, condition: Any) -> None:
        """Leave the function with the status that names this call; callers pass it on. Free while it is false."""
        with self.ir.if_then(condition, likely=False):
            self.ir.ret(self._status)

    def give_up(self) -> None:
        """The same in any case; what follows is never reached, and has to be something all the same."""
        # A bare `ret` cannot stand in the midst of a block; LLVM does away with the test.
        self.give_up_if(ir.Constant(I1, 1))

    def call(self, intrinsic_name: str, *args: Any) -> Any:
        """Call an LLVM intrinsic such as `llvm.fabs` that is overloaded on its first argument's type."""
        kind = args[0].type
        function = self.ir.module.declare_intrinsic(intrinsic_name, [kind], ir.FunctionType(kind, [kind] * len(args)))
        return self.ir.call(function, args)

    def call_libm(self, symbol: str, *args: Any) -> Any:
        """Call the C library's function under our own symbol, so that LLVM knows nothing of it and rewrites nothing."""
        kind = ir.FunctionType(DOUBLE, [DOUBLE] * len(args))
        function = self.ir.module.globals.get(symbol) or ir.Function(self.ir.module, kind, symbol)
        # A value of its arguments only: LLVM may take it out of a loop, but never evaluate it itself.
        function.attributes.add("nounwind")
        function.attributes.add("readnone")
        return self.ir.call(function, args)

    def load_frozen(self, place: Any) -> Any:
        """What nobody writes while the kernel runs: LLVM may read it once for all, or several at once."""
        loaded = self.ir.load(place)
        loaded.set_metadata("invariant.load", self.ir.module.add_metadata([]))
        loaded.set_metadata("alias.scope", self._frozen())
        return loaded

    def store_term(self, value: Any, place: Any) -> None:
        """Write into the buffer of the kernel's terms, where nothing frozen lies."""
        self.ir.store(value, place).set_metadata("noalias", self._frozen())

    def _frozen(self) -> Any:
        """The scope of what is frozen, as LLVM's analysis of aliases has it."""
        module = self.ir.module
        texts = [ir.MetaDataString(module, text) for text in ("pyfora", "frozen")]
        return module.add_metadata([module.add_metadata([texts[1], module.add_metadata([texts[0]])])])

    def finite(self, value: Any) -> Any:
        """The float itself, unless it is an infinity or nan: then the kernel gives up."""
        size = self.call("llvm.fabs", value)
        self.give_up_if(self.ir.fcmp_unordered("ueq", size, real(float("inf"))))
        return value

    def integer(self, value: Any) -> Any:
        """An integral float as an int; gives up outside 64 bits, and on nan."""
        low = self.ir.fcmp_ordered(">=", value, real(-(2.0**63)))
        high = self.ir.fcmp_ordered("<", value, real(2.0**63))
        self.give_up_if(self.ir.not_(self.ir.and_(low, high)))
        return self.ir.fptosi(value, I64)


def real(value: float) -> Any:
    """A double constant."""
    return ir.Constant(DOUBLE, value)


def whole(value: int) -> Any:
    """A 64-bit constant."""
    return ir.Constant(I64, value)


def llvm_type(kind: Type) -> Any:
    """LLVM's type of a value."""
    return _LLVM_TYPES[kind] if isinstance(kind, str) else ir.LiteralStructType([llvm_type(part) for part in kind])


def type_of(name: str) -> Type:
    """The type of this name; `T2_int64_T1_float64` is a tuple of an int and of a tuple of one float."""
    if name in _LLVM_TYPES:
        return name
    words = name.split("_")
    found = _next_type(words)
    assert not words, name
    return found


def _next_type(words: list[str]) -> Type:
    word = words.pop(0)
    if word in _LLVM_TYPES:
        return word
    return tuple(_next_type(words) for _ in range(int(word.removeprefix("T"))))


@dataclass(frozen=True)
class Signature:
    """Types of a function."""

    returns: Type
    arguments: tuple[Type, ...]

    @classmethod
    def of(cls, text: str) -> Signature:
        """What is written as `int64(int64, float64)`."""
        returned, _, rest = text.partition("(")
        given = [type_of(name.strip()) for name in rest.rstrip(")").split(",") if name.strip()]
        return cls(type_of(returned), tuple(given))


@dataclass(frozen=True)
class Primitive:
    """An operation whose instructions stand where it is called."""

    signature: Signature
    generate: Callable[..., Any]
    """`(Builder, *llvm values) -> llvm value`."""


@dataclass(frozen=True, eq=False)
class Routine:
    """A Python function that calls primitives and routines, as a function of the kernel that uses it."""

    signature: Signature
    name: str
    node: Callable[[], ast.FunctionDef]
    """Its syntax."""
    names: Callable[[], Mapping[str, Any]]
    """What its free names mean."""
    calls_itself: bool = False
    calls: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """The numbers of the calls in it that are the user's, by line and column."""


def primitive(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a function `(Builder, *llvm values) -> llvm value` callable in kernels, signed like `int64(int64)`."""
    return lambda generate: Primitive(Signature.of(signature), generate)


def routine(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a Python function of ours that calls primitives callable in kernels."""

    def decorate(function: Any) -> Any:
        def node() -> ast.FunctionDef:
            (found,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
            assert isinstance(found, ast.FunctionDef)
            return found

        return Routine(Signature.of(signature), function.__name__, node, lambda: function.__globals__)

    return decorate
