"""Arithmetic of floats that gives up where CPython would raise, and does otherwise what CPython's C code does."""

from __future__ import annotations

from typing import Any

from pyfora.compile.libm import ONE_ARGUMENT, symbol
from pyfora.compile.primitives import DOUBLE, I8, I64, Builder, primitive, real, routine, whole

EXACT_LIMIT = 2**53
"""Up to this size every int is a float."""


@primitive("float64(int64)")
def float_from_int(b: Builder, value: Any) -> Any:
    """`float(int)`: rounded half to even, as CPython does."""
    return b.ir.sitofp(value, DOUBLE)


@primitive("float64(int64)")
def exact_float(b: Builder, value: Any) -> Any:
    """An int as a float of the same value, for comparison with a float and for int / int; gives up where it is none."""
    shifted = b.ir.add(value, whole(EXACT_LIMIT))
    b.give_up_if(b.ir.icmp_unsigned(">", shifted, whole(2 * EXACT_LIMIT)))
    return b.ir.sitofp(value, DOUBLE)


@primitive("float64(float64, float64)")
def div_float(b: Builder, left: Any, right: Any) -> Any:
    b.give_up_if(b.ir.fcmp_ordered("==", right, real(0.0)))
    return b.ir.fdiv(left, right)


@primitive("float64(float64, float64)")
def quotient_float(b: Builder, left: Any, right: Any) -> Any:
    """`left / right` where the right one is known not to be 0."""
    return b.ir.fdiv(left, right)


@primitive("float64(float64)")
def neg_float(b: Builder, value: Any) -> Any:
    return b.ir.fneg(value)


@primitive("float64(float64)")
def abs_float(b: Builder, value: Any) -> Any:
    return b.call("llvm.fabs", value)


@primitive("float64(float64, float64)")
def min_float(b: Builder, left: Any, right: Any) -> Any:
    return b.ir.select(b.ir.fcmp_ordered("<", right, left), right, left)


@primitive("float64(float64, float64)")
def max_float(b: Builder, left: Any, right: Any) -> Any:
    return b.ir.select(b.ir.fcmp_ordered(">", right, left), right, left)


@primitive("int64(float64)")
def int_from_float(b: Builder, value: Any) -> Any:
    """`int(x)` and `math.trunc(x)`."""
    return b.integer(b.call("llvm.trunc", value))


@primitive("int64(float64)")
def floor_float(b: Builder, value: Any) -> Any:
    return b.integer(b.call("llvm.floor", value))


@primitive("int64(float64)")
def ceil_float(b: Builder, value: Any) -> Any:
    return b.integer(b.call("llvm.ceil", value))


@primitive("int64(float64)")
def round_float(b: Builder, value: Any) -> Any:
    """`round(x)`: half to even."""
    return b.integer(b.call("llvm.rint", value))


@primitive("int64(float64)")
def trunc_whole(b: Builder, value: Any) -> Any:
    """`int(x)` where that is known to be one of 64 bits; the following alike."""
    return b.ir.fptosi(value, I64)


@primitive("int64(float64)")
def floor_whole(b: Builder, value: Any) -> Any:
    return b.ir.fptosi(b.call("llvm.floor", value), I64)


@primitive("int64(float64)")
def ceil_whole(b: Builder, value: Any) -> Any:
    return b.ir.fptosi(b.call("llvm.ceil", value), I64)


@primitive("int64(float64)")
def round_whole(b: Builder, value: Any) -> Any:
    return b.ir.fptosi(b.call("llvm.rint", value), I64)


@primitive("float64(float64)")
def sqrt_float(b: Builder, value: Any) -> Any:
    """`math.sqrt`; the processor's own is correctly rounded, as libm's is."""
    b.give_up_if(b.ir.fcmp_unordered("<", value, real(0.0)))
    return b.finite(b.call("llvm.sqrt", value))


@primitive("float64(float64, float64)")
def copysign_float(b: Builder, size: Any, sign: Any) -> Any:
    # The sign of a nan differs between what is computed here and by CPython, and nothing else shows it.
    b.give_up_if(b.ir.fcmp_unordered("uno", sign, sign))
    return b.call("llvm.copysign", size, sign)


@primitive("boolean(float64)")
def isnan_float(b: Builder, value: Any) -> Any:
    return b.ir.fcmp_unordered("uno", value, value)


@primitive("boolean(float64)")
def isinf_float(b: Builder, value: Any) -> Any:
    return b.ir.fcmp_ordered("==", b.call("llvm.fabs", value), real(float("inf")))


@primitive("boolean(float64)")
def isfinite_float(b: Builder, value: Any) -> Any:
    return b.ir.fcmp_ordered("<", b.call("llvm.fabs", value), real(float("inf")))


@primitive("float64(float64, float64)")
def fmod_float(b: Builder, left: Any, right: Any) -> Any:
    """`math.fmod`."""
    b.finite(left)
    return b.finite(b.call_libm(symbol("fmod"), left, b.finite(right)))


def _signs_differ(b: Builder, left: Any, right: Any) -> Any:
    return b.ir.xor(b.ir.fcmp_ordered("<", left, real(0.0)), b.ir.fcmp_ordered("<", right, real(0.0)))


@primitive("float64(float64, float64)")
def mod_float(b: Builder, left: Any, right: Any) -> Any:
    """`x % y`, step by step as float_rem in Objects/floatobject.c."""
    b.give_up_if(b.ir.fcmp_ordered("==", right, real(0.0)))
    rest = b.call_libm(symbol("fmod"), left, right)
    moved = b.ir.select(_signs_differ(b, rest, right), b.ir.fadd(rest, right), rest)
    return b.ir.select(b.ir.fcmp_unordered("!=", rest, real(0.0)), moved, b.call("llvm.copysign", real(0.0), right))


@primitive("float64(float64, float64)")
def floordiv_float(b: Builder, left: Any, right: Any) -> Any:
    """`x // y`, step by step as _float_div_mod in Objects/floatobject.c."""
    b.give_up_if(b.ir.fcmp_ordered("==", right, real(0.0)))
    rest = b.call_libm(symbol("fmod"), left, right)
    quotient = b.ir.fdiv(b.ir.fsub(left, rest), right)
    some_rest = b.ir.fcmp_unordered("!=", rest, real(0.0))
    adjust = b.ir.and_(some_rest, _signs_differ(b, rest, right))
    quotient = b.ir.select(adjust, b.ir.fsub(quotient, real(1.0)), quotient)
    floor = b.call("llvm.floor", quotient)
    low = b.ir.fcmp_ordered(">", b.ir.fsub(quotient, floor), real(0.5))
    floor = b.ir.select(low, b.ir.fadd(floor, real(1.0)), floor)
    zero = b.call("llvm.copysign", real(0.0), b.ir.fdiv(left, right))
    return b.ir.select(b.ir.fcmp_unordered("!=", quotient, real(0.0)), floor, zero)


@routine("T2_float64_float64(float64, float64)")
def divmod_float(left: Any, right: Any) -> Any:
    return (floordiv_float(left, right), mod_float(left, right))


def _normal_or_zero(b: Builder, value: Any) -> Any:
    """Give up on a subnormal: whether libm then sets errno, which makes CPython raise, is not seen here."""
    size = b.call("llvm.fabs", b.finite(value))
    tiny = b.ir.fcmp_ordered("<", size, real(2.0**-1022))
    b.give_up_if(b.ir.and_(tiny, b.ir.fcmp_ordered("!=", size, real(0.0))))
    return value


@primitive("float64(float64, float64)")
def libm_pow(b: Builder, base: Any, exponent: Any) -> Any:
    """libm's pow of finite numbers where neither result nor argument is special; `math.pow` too."""
    b.finite(base)
    b.finite(exponent)
    b.give_up_if(b.ir.and_(b.ir.fcmp_ordered("==", base, real(0.0)), b.ir.fcmp_ordered("<", exponent, real(0.0))))
    return _normal_or_zero(b, b.call_libm(symbol("pow"), base, exponent))


@routine("float64(float64, float64)")
def pow_float(base: Any, exponent: Any) -> Any:
    """`x ** y`, in the order of float_pow in Objects/floatobject.c; gives up where that is complex or an error."""
    if exponent == 0.0:
        return 1.0
    if base >= 0.0:
        return libm_pow(base, exponent)
    whole_part = float_from_int(int_from_float(exponent))
    if whole_part != exponent:
        return give_up_float()
    size = libm_pow(neg_float(base), exponent)
    if int_from_float(exponent) & 1:
        return neg_float(size)
    return size


@primitive("float64(float64, float64)")
def atan2_float(b: Builder, y: Any, x: Any) -> Any:
    b.finite(y)
    return b.finite(b.call_libm(symbol("atan2"), y, b.finite(x)))


@primitive("float64()")
def give_up_float(b: Builder) -> Any:
    b.give_up()
    return real(0.0)


@primitive("boolean()")
def give_up_bool(b: Builder) -> Any:
    b.give_up()
    return b.ir.icmp_signed("==", whole(0), whole(0))


@primitive("boolean(boolean, float64)")
def odd_float(b: Builder, before: Any, value: Any) -> Any:
    """Whether one of them so far was a nan, whose sign may not be the one that CPython's has."""
    return b.ir.or_(before, b.ir.fcmp_unordered("uno", value, value))


@primitive("void(float64*, int64, float64)")
def put_float(b: Builder, buffer: Any, position: Any, value: Any) -> None:
    """Write any float."""
    b.store_term(value, b.ir.gep(buffer, [position]))


@primitive("float64(float64*, int64)")
def load_float(b: Builder, buffer: Any, position: Any) -> Any:
    return b.ir.load(b.ir.gep(buffer, [position]))


@primitive("void(boolean*, int64, boolean)")
def store_bool(b: Builder, buffer: Any, position: Any, value: Any) -> None:
    b.store_term(b.ir.zext(value, I8), b.ir.gep(buffer, [position]))


@primitive("float64(float64)")
def number_float(b: Builder, value: Any) -> Any:
    """The float itself; gives up on nan, which has no place in an order."""
    b.give_up_if(b.ir.fcmp_unordered("uno", value, value))
    return value


def _libm_function(name: str) -> Any:
    def generate(b: Builder, value: Any) -> Any:
        if name in _POSITIVE:
            b.give_up_if(b.ir.fcmp_unordered("<=", value, real(0.0)))
        return b.finite(b.call_libm(symbol(name), value))

    generate.__name__ = f"{name}_float"
    return primitive("float64(float64)")(generate)


_POSITIVE = frozenset({"log", "log2", "log10"})

FLOAT_PRIMITIVES = {
    name: value
    for name, value in dict(globals()).items()
    if name.endswith(("_float", "_bool", "_whole")) or name in ("float_from_int", "int_from_float", "libm_pow")
}
FLOAT_PRIMITIVES.update({f"{name}_float": _libm_function(name) for name in ONE_ARGUMENT})
