"""Arithmetic of ints in 64 bits that gives up where Python's own ints would need more, or would raise."""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir

from pyfora.compile.counters import FEW_TURNS
from pyfora.compile.primitives import DOUBLE, I1, I64, I128, INT_MIN, Builder, primitive, routine, whole


def _overflowing(builder: Builder, name: str, left: Any, right: Any) -> Any:
    pair = getattr(builder.ir, name)(left, right)
    builder.give_up_if(builder.ir.extract_value(pair, 1))
    return builder.ir.extract_value(pair, 0)


@primitive("int64(int64, int64)")
def add_int(b: Builder, left: Any, right: Any) -> Any:
    return _overflowing(b, "sadd_with_overflow", left, right)


@primitive("int64(int64, int64)")
def sub_int(b: Builder, left: Any, right: Any) -> Any:
    return _overflowing(b, "ssub_with_overflow", left, right)


@primitive("int64(int64, int64)")
def mul_int(b: Builder, left: Any, right: Any) -> Any:
    return _overflowing(b, "smul_with_overflow", left, right)


@primitive("int64(int64)")
def square_int(b: Builder, value: Any) -> Any:
    # A test of the size rather than of the product's overflow: LLVM then knows the range of `value`, and drops the
    # check of a counter that is squared in its loop's condition.
    limit = math.isqrt(2**63 - 1)
    b.give_up_if(b.ir.icmp_unsigned(">", b.ir.add(value, whole(limit)), whole(2 * limit)))
    return b.ir.mul(value, value)


def _is_outside(b: Builder, value: Any, low: Any, high: Any) -> Any:
    return b.ir.icmp_unsigned(">", b.ir.sub(value, low), b.ir.sub(high, low))


@primitive("boolean(int64, int64, int64)")
def is_outside(b: Builder, value: Any, low: Any, high: Any) -> Any:
    """Whether `value` is not within these two."""
    return _is_outside(b, value, low, high)


@primitive("int64(int64, int64, int64)")
def affine_wrapped(b: Builder, value: Any, factor: Any, offset: Any) -> Any:
    """`factor * value + offset`, cut down to 64 bits."""
    return b.ir.add(b.ir.mul(factor, value), offset)


@primitive("int64(int64, int64, int64, int64, int64)")
def affine_int(b: Builder, value: Any, factor: Any, offset: Any, low: Any, high: Any) -> Any:
    """`factor * value + offset`, which is one of 64 bits where `value` is within `low` and `high`."""
    b.give_up_if(_is_outside(b, value, low, high))
    return b.ir.add(b.ir.mul(factor, value), offset)


@primitive("int64(boolean, int64, boolean, int64, boolean)")
def chosen_int(b: Builder, test: Any, one: Any, one_fails: Any, other: Any, other_fails: Any) -> Any:
    """The one int or the other, both of which are there already; gives up where it is the wrong one."""
    b.give_up_if(b.ir.select(test, one_fails, other_fails))
    return b.ir.select(test, one, other)


@primitive("int64(int64)")
def neg_int(b: Builder, value: Any) -> Any:
    return _overflowing(b, "ssub_with_overflow", whole(0), value)


@primitive("int64(int64)")
def abs_int(b: Builder, value: Any) -> Any:
    b.give_up_if(b.ir.icmp_signed("==", value, whole(INT_MIN)))
    negative = b.ir.icmp_signed("<", value, whole(0))
    return b.ir.select(negative, b.ir.sub(whole(0), value), value)


@primitive("int64(int64, int64)")
def floordiv_int(b: Builder, left: Any, right: Any) -> Any:
    b.give_up_if(b.ir.icmp_signed("==", right, whole(0)))
    edge = b.ir.and_(b.ir.icmp_signed("==", right, whole(-1)), b.ir.icmp_signed("==", left, whole(INT_MIN)))
    b.give_up_if(edge)
    quotient = b.ir.sdiv(left, right)
    rest = b.ir.sub(left, b.ir.mul(quotient, right))
    signs_differ = b.ir.icmp_signed("<", b.ir.xor(rest, right), whole(0))
    adjust = b.ir.and_(b.ir.icmp_signed("!=", rest, whole(0)), signs_differ)
    return b.ir.sub(quotient, b.ir.zext(adjust, I64))


def _remainder(b: Builder, left: Any, right: Any) -> Any:
    """The remainder with the sign of `left`, as the processor has it; gives up on 0."""
    # One test for the two divisors that need care: 0, and -1, for which the processor traps on INT_MIN and which
    # always leaves 0. A branch, as a selected divisor would hold up the division.
    careful = b.ir.icmp_unsigned("<=", b.ir.add(right, whole(1)), whole(1))
    with b.ir.if_else(careful, likely=False) as (rare, usual):
        with rare:
            b.give_up_if(b.ir.icmp_signed("==", right, whole(0)))
            rare_block = b.ir.block
        with usual:
            remainder = b.ir.srem(left, right)
            usual_block = b.ir.block
    result = b.ir.phi(I64)
    result.add_incoming(whole(0), rare_block)
    result.add_incoming(remainder, usual_block)
    return result


@primitive("int64(int64, int64)")
def mod_int(b: Builder, left: Any, right: Any) -> Any:
    rest = _remainder(b, left, right)
    signs_differ = b.ir.icmp_signed("<", b.ir.xor(rest, right), whole(0))
    adjust = b.ir.and_(b.ir.icmp_signed("!=", rest, whole(0)), signs_differ)
    return b.ir.add(rest, b.ir.select(adjust, right, whole(0)))


@primitive("int64(int64, int64)")
def rest_int(b: Builder, left: Any, right: Any) -> Any:
    """Zero exactly where `left % right` is, for tests of divisibility: the sign need not be set right."""
    return _remainder(b, left, right)


@primitive("int64(int64, int64)")
def floordiv_natural(b: Builder, left: Any, right: Any) -> Any:
    """`left // right` of ints that are known not to be below 0, the right one not 0 either."""
    return b.ir.udiv(left, right)


@primitive("int64(int64, int64)")
def mod_natural(b: Builder, left: Any, right: Any) -> Any:
    """`left % right` of such ints."""
    return b.ir.urem(left, right)


@primitive("int64(int64, int64)")
def shl_int(b: Builder, value: Any, places: Any) -> Any:
    b.give_up_if(b.ir.icmp_unsigned(">=", places, whole(64)))
    shifted = b.ir.shl(value, places)
    b.give_up_if(b.ir.icmp_signed("!=", b.ir.ashr(shifted, places), value))
    return shifted


@primitive("int64(int64, int64)")
def shr_int(b: Builder, value: Any, places: Any) -> Any:
    b.give_up_if(b.ir.icmp_signed("<", places, whole(0)))
    far = b.ir.icmp_signed(">", places, whole(63))
    return b.ir.ashr(value, b.ir.select(far, whole(63), places))


@primitive("int64(int64, int64)")
def min_int(b: Builder, left: Any, right: Any) -> Any:
    return b.ir.select(b.ir.icmp_signed("<", right, left), right, left)


@primitive("int64(int64, int64)")
def max_int(b: Builder, left: Any, right: Any) -> Any:
    return b.ir.select(b.ir.icmp_signed(">", right, left), right, left)


@primitive("int64(boolean)")
def int_from_bool(b: Builder, value: Any) -> Any:
    return b.ir.zext(value, I64)


@primitive("int64(int64, int64, int64)")
def range_count(b: Builder, start: Any, stop: Any, step: Any) -> Any:
    """`len(range(start, stop, step))`."""
    b.give_up_if(b.ir.icmp_signed("==", step, whole(0)))
    up = b.ir.icmp_signed(">", step, whole(0))
    low, high = b.ir.select(up, start, stop), b.ir.select(up, stop, start)
    stride = b.ir.select(up, step, b.ir.sub(whole(0), step))
    distance = b.ir.sub(b.ir.sub(high, low), whole(1))
    count = b.ir.add(b.ir.udiv(distance, stride), whole(1))
    some = b.ir.icmp_signed("<", low, high)
    result = b.ir.select(some, count, whole(0))
    b.give_up_if(b.ir.icmp_signed("<", result, whole(0)))
    # udiv by 1 of the widest distance wraps to 0; it is the one case where that is wrong.
    b.give_up_if(b.ir.and_(some, b.ir.icmp_signed("==", result, whole(0))))
    return result


@primitive("int64(int64)")
def few_turns(b: Builder, count: Any) -> Any:
    """The number of a loop's turns; gives up where they are too many for what the loop counts to be trusted."""
    b.give_up_if(b.ir.icmp_signed(">", count, whole(FEW_TURNS)))
    return count


@primitive("int64(int64)")
def isqrt_int(b: Builder, value: Any) -> Any:
    """`math.isqrt`: the float root is at most one off, in either direction, and is set right in unsigned arithmetic."""
    b.give_up_if(b.ir.icmp_signed("<", value, whole(0)))
    root = b.ir.fptoui(b.call("llvm.sqrt", b.ir.uitofp(value, DOUBLE)), I64)
    too_large = b.ir.icmp_unsigned(">", b.ir.mul(root, root), value)
    root = b.ir.sub(root, b.ir.zext(too_large, I64))
    following = b.ir.add(root, whole(1))
    too_small = b.ir.icmp_unsigned("<=", b.ir.mul(following, following), value)
    return b.ir.add(root, b.ir.zext(too_small, I64))


@routine("int64(int64, int64)")
def gcd_int(left: Any, right: Any) -> Any:
    left = abs_int(left)
    right = abs_int(right)
    while right != 0:
        rest = mod_int(left, right)
        left = right
        right = rest
    return left


@routine("int64(int64, int64)")
def lcm_int(left: Any, right: Any) -> Any:
    """`math.lcm`."""
    divisor = gcd_int(left, right)
    if divisor == 0:
        return 0
    return mul_int(floordiv_int(abs_int(left), divisor), abs_int(right))


@routine("int64(int64, int64)")
def perm_int(count: Any, chosen: Any) -> Any:
    """`math.perm`."""
    if count < 0 or chosen < 0:
        return give_up_int()
    if chosen > count:
        return 0
    result = 1
    for number in range(chosen):
        result = mul_int(result, count - number)
    return result


@routine("int64(int64)")
def factorial_int(value: Any) -> Any:
    """`math.factorial`."""
    return perm_int(value, value)


@routine("int64(int64, int64)")
def comb_int(count: Any, chosen: Any) -> Any:
    """`math.comb`: after every step the product is a binomial coefficient itself, so the division leaves no rest."""
    if count < 0 or chosen < 0:
        return give_up_int()
    if chosen > count:
        return 0
    if chosen > count - chosen:
        chosen = count - chosen
    result = 1
    for number in range(chosen):
        result = floordiv_int(mul_int(result, count - number), number + 1)
    return result


@routine("int64(int64, int64, int64)")
def pow_mod_int(base: Any, exponent: Any, modulus: Any) -> Any:
    """`pow(base, exponent, modulus)`; gives up on an inverse, and where a product needs more than 64 bits."""
    if exponent < 0:
        return give_up_int()
    result = mod_int(1, modulus)
    base = mod_int(base, modulus)
    while exponent > 0:
        if exponent & 1:
            result = mod_int(mul_int(result, base), modulus)
        exponent = exponent >> 1
        if exponent > 0:
            base = mod_int(mul_int(base, base), modulus)
    return result


@routine("T2_int64_int64(int64, int64)")
def divmod_int(left: Any, right: Any) -> Any:
    return (floordiv_int(left, right), mod_int(left, right))


@routine("int64(int64, int64)")
def pow_int(base: Any, exponent: Any) -> Any:
    result = 1
    if exponent < 0:
        exponent = give_up_int()
    while exponent > 0:
        if exponent & 1:
            result = mul_int(result, base)
        exponent = exponent >> 1
        if exponent > 0:
            base = mul_int(base, base)
    return result


@primitive("int64(int64)")
def bit_length_int(b: Builder, value: Any) -> Any:
    """`value.bit_length()`."""
    negative = b.ir.icmp_signed("<", value, whole(0))
    size = b.ir.select(negative, b.ir.sub(whole(0), value), value)
    return b.ir.sub(whole(64), b.ir.ctlz(size, ir.Constant(I1, 0)))


@primitive("int64(int64)")
def bit_count_int(b: Builder, value: Any) -> Any:
    """`value.bit_count()`: of its size."""
    negative = b.ir.icmp_signed("<", value, whole(0))
    return b.ir.ctpop(b.ir.select(negative, b.ir.sub(whole(0), value), value))


@primitive("int64()")
def give_up_int(b: Builder) -> Any:
    b.give_up()
    return whole(0)


@primitive("int64()")
def found_none_int(b: Builder) -> Any:
    """Gives up where something is None that is worked with as what it is elsewhere."""
    b.give_up()
    return whole(0)


@primitive("int64()")
def no_room_int(b: Builder) -> Any:
    """Gives up where there are more elements than the kernel was given room for."""
    b.give_up()
    return whole(0)


@primitive("int64()")
def too_deep_int(b: Builder) -> Any:
    """Gives up where a function calls itself too often."""
    b.give_up()
    return whole(0)


@primitive("int64()")
def odd_terms_int(b: Builder) -> Any:
    """Gives up where a nan was among the terms."""
    b.give_up()
    return whole(0)


@primitive("void(int64*, int64)")
def add_total(b: Builder, total: Any, value: Any) -> None:
    """Add an int to the 128-bit total at `total` (low word first). 2**63 elements cannot overflow it."""
    wide = b.ir.bitcast(total, I128.as_pointer())
    sum_ = b.ir.add(b.ir.load(wide, align=8), b.ir.sext(value, I128))
    b.ir.store(sum_, wide, align=8)


@primitive("void(int64*, int64, int64)")
def store_int(b: Builder, buffer: Any, position: Any, value: Any) -> None:
    b.store_term(value, b.ir.gep(buffer, [position]))


INT_PRIMITIVES = {
    name: value
    for name, value in dict(globals()).items()
    if name.endswith(("_int", "_bool", "_natural"))
    or name in ("range_count", "few_turns", "add_total", "is_outside", "affine_wrapped")
}
