"""Arithmetic of complex numbers, step by step as Objects/complexobject.c; gives up where CPython would raise."""

from __future__ import annotations

from typing import Any

from pyfora.compile.checked_arrays import finite_float
from pyfora.compile.checked_floats import div_float, give_up_float, isfinite_float, neg_float
from pyfora.compile.libm import symbol
from pyfora.compile.primitives import Builder, primitive, routine

COMPLEX = "T2_float64_float64"
"""Real and imaginary part."""


@routine(f"{COMPLEX}({COMPLEX}, {COMPLEX})")
def add_complex(left: Any, right: Any) -> Any:
    return (left[0] + right[0], left[1] + right[1])


@routine(f"{COMPLEX}({COMPLEX}, {COMPLEX})")
def sub_complex(left: Any, right: Any) -> Any:
    return (left[0] - right[0], left[1] - right[1])


@routine(f"{COMPLEX}({COMPLEX}, {COMPLEX})")
def mul_complex(left: Any, right: Any) -> Any:
    return (left[0] * right[0] - left[1] * right[1], left[0] * right[1] + left[1] * right[0])


@routine(f"{COMPLEX}({COMPLEX}, {COMPLEX})")
def div_complex(left: Any, right: Any) -> Any:
    """`_Py_c_quot`: by the larger part of the divisor (Smith, 1962)."""
    size_real = right[0] if right[0] >= 0.0 else neg_float(right[0])
    size_imag = right[1] if right[1] >= 0.0 else neg_float(right[1])
    if size_real >= size_imag:
        ratio = div_float(right[1], right[0])
        below = right[0] + right[1] * ratio
        return (div_float(left[0] + left[1] * ratio, below), div_float(left[1] - left[0] * ratio, below))
    if size_imag >= size_real:
        ratio = div_float(right[0], right[1])
        below = right[0] * ratio + right[1]
        return (div_float(left[0] * ratio + left[1], below), div_float(left[1] * ratio - left[0], below))
    return (give_up_float(), 0.0)


@routine(f"{COMPLEX}({COMPLEX})")
def finite_complex(value: Any) -> Any:
    """The number itself; gives up on infinities and nan, of which numpy may warn."""
    if not (isfinite_float(value[0]) and isfinite_float(value[1])):
        return (give_up_float(), 0.0)
    return value


@routine(f"{COMPLEX}({COMPLEX}, {COMPLEX})")
def scaled_complex(left: Any, right: Any) -> Any:
    """numpy's quotient, which multiplies by the inverse of what `div_complex` divides by."""
    size_real = right[0] if right[0] >= 0.0 else neg_float(right[0])
    size_imag = right[1] if right[1] >= 0.0 else neg_float(right[1])
    if size_real >= size_imag:
        ratio = div_float(right[1], right[0])
        scale = div_float(1.0, finite_float(right[0] + right[1] * ratio))
        return finite_complex(((left[0] + left[1] * ratio) * scale, (left[1] - left[0] * ratio) * scale))
    ratio = div_float(right[0], right[1])
    scale = div_float(1.0, finite_float(right[1] + right[0] * ratio))
    return finite_complex(((left[0] * ratio + left[1]) * scale, (left[1] * ratio - left[0]) * scale))


@routine(f"{COMPLEX}({COMPLEX})")
def neg_complex(value: Any) -> Any:
    return (neg_float(value[0]), neg_float(value[1]))


@routine(f"{COMPLEX}({COMPLEX})")
def conjugate_complex(value: Any) -> Any:
    return (value[0], neg_float(value[1]))


@routine(f"{COMPLEX}({COMPLEX}, int64)")
def pow_complex(base: Any, exponent: Any) -> Any:
    """`c_powu` for exponents from 0 to 100, which the caller sees to."""
    result = (1.0, 0.0)
    power = base
    mask = 1
    while exponent >= mask:
        if exponent & mask:
            result = mul_complex(result, power)
        mask = mask << 1
        power = mul_complex(power, power)
    if not (isfinite_float(result[0]) and isfinite_float(result[1])):
        return (give_up_float(), 0.0)
    return result


@routine(f"{COMPLEX}({COMPLEX}, int64)")
def power_complex(base: Any, exponent: Any) -> Any:
    """`base ** exponent` of an int: `c_powi`; gives up where CPython takes logarithms."""
    if exponent > 100 or exponent < -100:
        return (give_up_float(), 0.0)
    if exponent > 0:
        return pow_complex(base, exponent)
    return finite_complex(div_complex((1.0, 0.0), pow_complex(base, 0 - exponent)))


@routine(f"{COMPLEX}({COMPLEX}, int64)")
def numpys_power_complex(base: Any, exponent: Any) -> Any:
    """The same of numpy's, step by step as `npy_cpow`."""
    if exponent < 0 or exponent > 99:
        return (give_up_float(), 0.0)
    if exponent == 0:
        return (1.0, 0.0)
    if base[0] == 0.0 and base[1] == 0.0:
        return (0.0, 0.0)
    if exponent == 1:
        return finite_complex(base)
    if exponent == 2:
        return finite_complex(mul_complex(base, base))
    if exponent == 3:
        return finite_complex(mul_complex(base, mul_complex(base, base)))
    return pow_complex(base, exponent)


@primitive("float64(float64, float64)")
def hypot_float(b: Builder, one: Any, other: Any) -> Any:
    """libm's; gives up on an infinity, which may be an overflow."""
    return b.finite(b.call_libm(symbol("hypot"), one, other))


@routine(f"float64({COMPLEX})")
def abs_complex(value: Any) -> Any:
    return hypot_float(value[0], value[1])


@routine(f"boolean({COMPLEX}, {COMPLEX})")
def equal_complex(left: Any, right: Any) -> Any:
    return left[0] == right[0] and left[1] == right[1]


COMPLEX_PRIMITIVES = {
    name: value for name, value in dict(globals()).items() if name.endswith("_complex") or name == "hypot_float"
}
