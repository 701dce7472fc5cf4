"""The machinery for writing a primitive: an operation that a kernel calls, given as LLVM instructions."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from typing import Any

import numba
import numba.extending
from llvmlite import ir

from pyfora.compile.giving_up import status_of

# numba says nothing, or nothing right, of its types.
_numba: Any = numba
types, intrinsic, cgutils = _numba.types, _numba.extending.intrinsic, _numba.core.cgutils

_numbers = itertools.count()

I1, I8, I64, I128, DOUBLE = ir.IntType(1), ir.IntType(8), ir.IntType(64), ir.IntType(128), ir.DoubleType()
INT_MIN = -(2**63)

TYPES: dict[str, Any] = {
    "int64": types.int64,
    "float64": types.float64,
    "boolean": types.boolean,
    "int64*": types.CPointer(types.int64),
    "float64*": types.CPointer(types.float64),
    "boolean*": types.CPointer(types.uint8),
}
"""The names that signatures of primitives, functions and kernels are written in."""


class Builder:
    """LLVM instructions of one primitive, with the few that are used everywhere under short names."""

    def __init__(self, context: Any, builder: Any, name: str) -> None:
        self.context = context
        self.ir = builder
        self._status = ir.Constant(ir.IntType(32), status_of(name))

    def give_up_if(self, condition: Any) -> None:
        """Leave the function with the status that names this primitive; callers pass it on. Free while it is false."""
        with self.ir.if_then(condition, likely=False):
            self.context.call_conv._return_errcode_raw(self.ir, self._status)

    def call(self, intrinsic_name: str, *args: Any) -> Any:
        """Call an LLVM intrinsic such as `llvm.fabs` that is overloaded on its first argument's type."""
        kind = args[0].type
        function = self.ir.module.declare_intrinsic(intrinsic_name, [kind], ir.FunctionType(kind, [kind] * len(args)))
        return self.ir.call(function, args)

    def call_libm(self, symbol: str, *args: Any) -> Any:
        """Call the C library's function under our own symbol, so that LLVM knows nothing of it and rewrites nothing."""
        kind = ir.FunctionType(DOUBLE, [DOUBLE] * len(args))
        function = cgutils.get_or_insert_function(self.ir.module, kind, symbol)
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


def type_of(name: str) -> Any:
    """The numba type of this name; `T2_int64_T1_float64` is a tuple of an int and of a tuple of one float."""
    if name in TYPES:
        return TYPES[name]
    words = name.split("_")
    found = _next_type(words)
    assert not words, name
    return found


def _next_type(words: list[str]) -> Any:
    word = words.pop(0)
    if word in TYPES:
        return TYPES[word]
    return types.BaseTuple.from_types([_next_type(words) for _ in range(int(word.removeprefix("T")))])


def _signature(text: str) -> Any:
    returned, _, rest = text.partition("(")
    given = [type_of(name.strip()) for name in rest.rstrip(")").split(",") if name.strip()]
    return _numba.core.typing.signature(types.void if returned == "void" else type_of(returned), *given)


def _with_arity(count: int, typing_function: Callable[..., Any]) -> Any:
    """Give a typing function the fixed number of arguments that numba reads from its Python signature."""

    def template(typingctx: Any, *args: Any) -> Any:
        return typing_function(typingctx, *args)

    names = ["typingctx", *(f"argument_{index}" for index in range(count))]
    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    template.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return template


def primitive(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a function `(Builder, *llvm values) -> llvm value` callable in kernels, signed like `int64(int64)`."""
    chosen = _signature(signature)

    def decorate(generate: Callable[..., Any]) -> Any:
        def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            result = generate(Builder(context, builder, generate.__name__), *args)
            return context.get_dummy_value() if result is None else result

        template = _with_arity(len(chosen.args), lambda typingctx, *args: (chosen, codegen))
        template.__name__ = template.__qualname__ = generate.__name__
        return intrinsic(template)

    return decorate


def routine(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a Python function that calls primitives callable in kernels; it is compiled into the kernel that uses it."""
    chosen = _signature(signature)

    def decorate(function: Callable[..., Any]) -> Any:
        compiled: Any = None

        def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            nonlocal compiled
            if compiled is None:
                # Not numba's cache: it takes functions of equal code for the same, whatever their globals mean.
                compiled = context.compile_subroutine(builder, function, chosen, caching=False)
            context.active_code_library.add_linking_library(compiled.library)
            return context.call_internal(builder, compiled.fndesc, chosen, args)

        template = _with_arity(len(chosen.args), lambda typingctx, *args: (chosen, codegen))
        template.__name__ = template.__qualname__ = function.__name__
        return intrinsic(template)

    return decorate


recursive_symbols: dict[str, str] = {}
"""Symbol under which a recursive function calls itself -> the symbol that numba gave it."""


def recursive(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """As `routine`, for a function that calls itself: it stays a function of its own in the kernel.

    numba's own recursion leaves a symbol that only its own loader can resolve.
    """
    chosen = _signature(signature)

    def decorate(function: Callable[..., Any]) -> Any:
        own_symbol = f"pyfora_recursive_{next(_numbers)}"
        inside = False
        compiled: Any = None

        def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            nonlocal inside, compiled
            if inside:
                kind = context.call_conv.get_function_type(chosen.return_type, chosen.args)
                itself = cgutils.get_or_insert_function(builder.module, kind, own_symbol)
                status, result = context.call_conv.call_function(builder, itself, chosen.return_type, chosen.args, args)
                with cgutils.if_unlikely(builder, status.is_error):
                    context.call_conv.return_status_propagate(builder, status)
                return result
            if compiled is None:
                inside = True
                try:
                    compiled = context.compile_subroutine(builder, function, chosen, caching=False)
                finally:
                    inside = False
                compiled.library._ensure_finalized()
                entry = compiled.library._final_module.get_function(compiled.fndesc.llvm_func_name)
                # Were it put into its caller, the function that it calls by name would be dropped as unused.
                entry.add_function_attribute("noinline")
                recursive_symbols[own_symbol] = compiled.fndesc.llvm_func_name
            context.active_code_library.add_linking_library(compiled.library)
            return context.call_internal(builder, compiled.fndesc, chosen, args)

        template = _with_arity(len(chosen.args), lambda typingctx, *args: (chosen, codegen))
        template.__name__ = template.__qualname__ = function.__name__
        return intrinsic(template)

    return decorate
