"""Numbers taken apart, put together and rounded to decimal places: exactly, or given up."""

from __future__ import annotations

from typing import Any

from pyfora.compile.checked_floats import (
    abs_float,
    copysign_float,
    give_up_float,
    isfinite_float,
    neg_float,
    number_float,
)
from pyfora.compile.checked_ints import floordiv_int, give_up_int, mod_int, mul_int
from pyfora.compile.checked_lists import float_of_word, word_float
from pyfora.compile.libm import symbol
from pyfora.compile.primitives import Builder, primitive, real, routine


@primitive("float64(float64, float64, float64)")
def fused_float(b: Builder, left: Any, right: Any, added: Any) -> Any:
    """`left * right + added`, rounded once."""
    return b.call("llvm.fma", left, right, added)


@routine("float64(float64, float64, float64)")
def fma_float(left: Any, right: Any, added: Any) -> Any:
    """`math.fma`; gives up on infinities and nan."""
    result = fused_float(left, right, added)
    if not (isfinite_float(left) and isfinite_float(right) and isfinite_float(added) and isfinite_float(result)):
        return give_up_float()
    return result


@routine("float64(float64, float64)")
def lost_float(left: Any, right: Any) -> Any:
    """What rounding lost of `left * right`, where that is neither too large nor too small."""
    return fused_float(left, right, neg_float(left * right))


@primitive("float64(float64)")
def nearest_float(b: Builder, value: Any) -> Any:
    """The integral float nearest to it, the even one of two."""
    return b.call("llvm.rint", value)


@primitive("float64(float64)")
def integral_float(b: Builder, value: Any) -> Any:
    """Its integral part."""
    return b.call("llvm.trunc", value)


@primitive("boolean(float64)")
def is_integral_float(b: Builder, value: Any) -> Any:
    """`value.is_integer()`."""
    size = b.call("llvm.fabs", value)
    same = b.ir.fcmp_ordered("==", b.call("llvm.trunc", value), value)
    return b.ir.and_(same, b.ir.fcmp_ordered("!=", size, real(float("inf"))))


@routine("int64(int64, int64)")
def digits_int(value: Any, digits: Any) -> Any:
    """`round(value, digits)`: to tens, hundreds and so on, half to even. Gives up where these are beyond 64 bits."""
    if digits >= 0:
        return value
    if digits < -18:
        return give_up_int()
    unit = 1
    for _ in range(0 - digits):
        unit = unit * 10
    times, rest = floordiv_int(value, unit), mod_int(value, unit)
    if 2 * rest > unit or (2 * rest == unit and times & 1 == 1):
        times = times + 1
    return mul_int(times, unit)


@routine("float64(float64, int64)")
def digits_float(value: Any, digits: Any) -> Any:
    """`round(value, digits)`: what float.__round__ finds by way of decimal digits, which are exact.

    The product with 10 ** digits is known exactly as a float and what rounding lost of it, so which integer is nearest
    is known, too; and a quotient of exact floats (10 ** 22 is the last) is the one nearest to that decimal fraction.
    """
    if digits < 0 or digits > 22:
        value = give_up_float()
    power = 1.0
    for _ in range(digits):
        power = power * 10.0
    scaled = value * power
    if not abs_float(scaled) <= 2251799813685248.0:
        value = give_up_float()
    lost = fused_float(value, power, neg_float(scaled))
    nearest = nearest_float(scaled)
    off = scaled - nearest
    if off == 0.5 and lost > 0.0:
        nearest = nearest + 1.0
    if off == -0.5 and lost < 0.0:
        nearest = nearest - 1.0
    return copysign_float(nearest / power, value)


@primitive("float64(float64, float64)")
def remainder_float(b: Builder, left: Any, right: Any) -> Any:
    """`math.remainder`, which is exact; a zero has the sign of `left`, as libm's has not where `right` is subnormal."""
    b.finite(left)
    b.give_up_if(b.ir.fcmp_unordered("ueq", right, real(0.0)))
    rest = b.finite(b.call_libm(symbol("remainder"), left, right))
    is_zero = b.ir.fcmp_ordered("==", rest, real(0.0))
    return b.ir.select(is_zero, b.call("llvm.copysign", real(0.0), left), rest)


@primitive("float64(float64, float64)")
def nextafter_float(b: Builder, value: Any, towards: Any) -> Any:
    """`math.nextafter`."""
    for operand in (value, towards):
        b.give_up_if(b.ir.fcmp_unordered("uno", operand, operand))
    return b.call_libm(symbol("nextafter"), value, towards)


@routine("float64(float64)")
def ulp_float(value: Any) -> Any:
    """`math.ulp`."""
    size = abs_float(number_float(value))
    if size >= 1.7976931348623157e308:
        return give_up_float()
    return nextafter_float(size, 1.7976931348623157e308) - size


@routine("T2_float64_float64(float64)")
def modf_float(value: Any) -> Any:
    """`math.modf`; gives up on infinities."""
    if not abs_float(value) <= 1.7976931348623157e308:
        value = give_up_float()
    whole_part = integral_float(value)
    return (copysign_float(value - whole_part, value), whole_part)


@routine("T2_float64_int64(float64)")
def frexp_float(value: Any) -> Any:
    """`math.frexp`; gives up on infinities and nan."""
    if not abs_float(value) <= 1.7976931348623157e308:
        value = give_up_float()
    if value == 0.0:
        return (value, 0)
    below = 1022
    if abs_float(value) < 2.2250738585072014e-308:
        value = value * 18014398509481984.0
        below = 1076
    word = word_float(value)
    exponent = (word >> 52) & 2047
    return (float_of_word((word & -9218868437227405313) | 4602678819172646912), exponent - below)


@routine("float64(float64, int64)")
def ldexp_float(value: Any, exponent: Any) -> Any:
    """`math.ldexp`; gives up where the result is subnormal, or beyond the floats."""
    if value == 0.0:
        return value
    if exponent < -2200 or exponent > 2200:
        return give_up_float()
    while exponent > 1000:
        value = value * 1.0715086071862673e301
        exponent = exponent - 1000
    while exponent < -1000:
        value = value * 9.332636185032189e-302
        exponent = exponent + 1000
    value = value * float_of_word((exponent + 1023) << 52)
    size = abs_float(value)
    if not (size >= 2.2250738585072014e-308 and size <= 1.7976931348623157e308):
        return give_up_float()
    return value


@routine("boolean(float64, float64, float64, float64)")
def isclose_float(left: Any, right: Any, relative: Any, absolute: Any) -> Any:
    """`math.isclose`, step by step as math_isclose_impl in Modules/mathmodule.c."""
    if not (relative >= 0.0 and absolute >= 0.0):
        relative = give_up_float()
    if left == right:
        return True
    if not (abs_float(left) <= 1.7976931348623157e308 and abs_float(right) <= 1.7976931348623157e308):
        return number_float(left) > number_float(right) and left < right
    distance = abs_float(right - left)
    if distance <= abs_float(relative * right) or distance <= abs_float(relative * left):
        return True
    return distance <= absolute


@routine("int64(int64)")
def letter_int(code: Any) -> Any:
    """A code point; gives up on what is none."""
    if code < 0 or code > 1114111:
        return give_up_int()
    return code


DIGIT_PRIMITIVES = {
    name: value
    for name, value in dict(globals()).items()
    if name
    in (
        *("fused_float", "nearest_float", "integral_float", "digits_float", "remainder_float", "nextafter_float"),
        *("fma_float", "lost_float", "ulp_float", "modf_float", "frexp_float", "ldexp_float", "isclose_float"),
        *("letter_int", "digits_int", "is_integral_float"),
    )
}
