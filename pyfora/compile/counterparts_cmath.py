"""The functions of `cmath`, step by step as Modules/cmathmodule.c, for kernels to be made of.

Where CPython raises, and for infinities and nan, these raise: a kernel then gives up. libm's `hypot`, which is not
`math.hypot`, is the size of a complex number.
"""

from __future__ import annotations

import math


def must_be_finite(z: complex) -> None:
    if not isfinite(z):
        raise ValueError("infinities and nan are for CPython")


def sqrt(z: complex) -> complex:
    must_be_finite(z)
    if z.real == 0.0 and z.imag == 0.0:
        return complex(0.0, z.imag)
    x, y = abs(z.real), abs(z.imag)
    if x < 2.2250738585072014e-308 and y < 2.2250738585072014e-308:
        x = math.ldexp(x, 53)
        root = math.ldexp(math.sqrt(x + abs(complex(x, math.ldexp(y, 53)))), -27)
    else:
        x = x / 8.0
        root = 2.0 * math.sqrt(x + abs(complex(x, y / 8.0)))
    rest = y / (2.0 * root)
    if z.real >= 0.0:
        return complex(root, math.copysign(rest, z.imag))
    return complex(rest, math.copysign(root, z.imag))


def log(z: complex) -> complex:
    must_be_finite(z)
    x, y = abs(z.real), abs(z.imag)
    if is_huge(z):
        real = math.log(abs(complex(x / 2.0, y / 2.0))) + 0.6931471805599453
    elif x < 2.2250738585072014e-308 and y < 2.2250738585072014e-308:
        size = abs(complex(math.ldexp(x, 53), math.ldexp(y, 53)))
        real = math.log(size) - 53 * 0.6931471805599453
    else:
        size = abs(complex(x, y))
        if 0.71 <= size <= 1.73:
            larger, smaller = (x, y) if x > y else (y, x)
            real = math.log1p((larger - 1.0) * (larger + 1.0) + smaller * smaller) / 2.0
        else:
            real = math.log(size)
    return complex(real, math.atan2(z.imag, z.real))


def log_of_base(z: complex, base: complex) -> complex:
    return log(z) / log(base)


def log10(z: complex) -> complex:
    found = log(z)
    return complex(found.real / 2.302585092994046, found.imag / 2.302585092994046)


def exp(z: complex) -> complex:
    must_be_finite(z)
    if z.real > 708.3964185322641:
        size = math.exp(z.real - 1.0)
        return within(complex(size * math.cos(z.imag) * math.e, size * math.sin(z.imag) * math.e))
    size = math.exp(z.real)
    return within(complex(size * math.cos(z.imag), size * math.sin(z.imag)))


def within(z: complex) -> complex:
    """The number itself, where it is one of floats."""
    if not isfinite(z):
        raise OverflowError("beyond the floats")
    return z


def cosh(z: complex) -> complex:
    must_be_finite(z)
    if abs(z.real) > 708.3964185322641:
        less = z.real - math.copysign(1.0, z.real)
        real = math.cos(z.imag) * math.cosh(less) * math.e
        return within(complex(real, math.sin(z.imag) * math.sinh(less) * math.e))
    return within(complex(math.cos(z.imag) * math.cosh(z.real), math.sin(z.imag) * math.sinh(z.real)))


def sinh(z: complex) -> complex:
    must_be_finite(z)
    if abs(z.real) > 708.3964185322641:
        less = z.real - math.copysign(1.0, z.real)
        real = math.cos(z.imag) * math.sinh(less) * math.e
        return within(complex(real, math.sin(z.imag) * math.cosh(less) * math.e))
    return within(complex(math.cos(z.imag) * math.sinh(z.real), math.sin(z.imag) * math.cosh(z.real)))


def tanh(z: complex) -> complex:
    must_be_finite(z)
    if abs(z.real) > 708.3964185322641:
        imag = 4.0 * math.sin(z.imag) * math.cos(z.imag) * math.exp(-2.0 * abs(z.real))
        return complex(math.copysign(1.0, z.real), imag)
    x, y = math.tanh(z.real), math.tan(z.imag)
    inverse = 1.0 / math.cosh(z.real)
    both = x * y
    below = 1.0 + both * both
    return complex(x * (1.0 + y * y) / below, ((y / below) * inverse) * inverse)


def cos(z: complex) -> complex:
    return cosh(complex(-z.imag, z.real))


def sin(z: complex) -> complex:
    turned = sinh(complex(-z.imag, z.real))
    return complex(turned.imag, -turned.real)


def tan(z: complex) -> complex:
    turned = tanh(complex(-z.imag, z.real))
    return complex(turned.imag, -turned.real)


def is_huge(z: complex) -> bool:
    """Whether what is added to it may be beyond the floats."""
    return abs(z.real) > 4.4942328371557893e307 or abs(z.imag) > 4.4942328371557893e307


def log_of_twice(z: complex) -> float:
    """The logarithm of twice the size of a huge number."""
    return math.log(abs(complex(z.real / 2.0, z.imag / 2.0))) + 0.6931471805599453 * 2.0


def acos(z: complex) -> complex:
    must_be_finite(z)
    if is_huge(z):
        size = log_of_twice(z)
        return complex(math.atan2(abs(z.imag), z.real), -math.copysign(size, z.imag))
    one = sqrt(complex(1.0 - z.real, -z.imag))
    other = sqrt(complex(1.0 + z.real, z.imag))
    real = 2.0 * math.atan2(one.real, other.real)
    return complex(real, math.asinh(other.real * one.imag - other.imag * one.real))


def acosh(z: complex) -> complex:
    must_be_finite(z)
    if is_huge(z):
        size = log_of_twice(z)
        return complex(size, math.atan2(z.imag, z.real))
    one = sqrt(complex(z.real - 1.0, z.imag))
    other = sqrt(complex(z.real + 1.0, z.imag))
    real = math.asinh(one.real * other.real + one.imag * other.imag)
    return complex(real, 2.0 * math.atan2(one.imag, other.real))


def asinh(z: complex) -> complex:
    must_be_finite(z)
    if is_huge(z):
        size = log_of_twice(z)
        real = math.copysign(size, z.real) if z.imag >= 0.0 else -math.copysign(size, -z.real)
        return complex(real, math.atan2(z.imag, abs(z.real)))
    one = sqrt(complex(1.0 + z.imag, -z.real))
    other = sqrt(complex(1.0 - z.imag, z.real))
    real = math.asinh(one.real * other.imag - other.real * one.imag)
    return complex(real, math.atan2(z.imag, one.real * other.real - one.imag * other.imag))


def asin(z: complex) -> complex:
    turned = asinh(complex(-z.imag, z.real))
    return complex(turned.imag, -turned.real)


def atanh(z: complex) -> complex:
    if z.real < 0.0:
        return -atanh_of_right(-z)
    return atanh_of_right(z)


def atanh_of_right(z: complex) -> complex:
    """Of a number whose real part is not below 0."""
    must_be_finite(z)
    x, y = z.real, abs(z.imag)
    if x > 6.703903964971298e153 or y > 6.703903964971298e153:
        size = abs(complex(x / 2.0, z.imag / 2.0))
        return complex(x / 4.0 / size / size, math.copysign(1.5707963267948966, z.imag))
    if x == 1.0 and y < 1.4916681462400413e-154:
        real = -math.log(math.sqrt(y) / math.sqrt(abs(complex(y, 2.0))))
        return complex(real, math.copysign(math.atan2(2.0, -y) / 2.0, z.imag))
    real = math.log1p(4.0 * x / ((1.0 - x) * (1.0 - x) + y * y)) / 4.0
    return complex(real, -math.atan2(-2.0 * z.imag, (1.0 - x) * (1.0 + x) - y * y) / 2.0)


def atan(z: complex) -> complex:
    turned = atanh(complex(-z.imag, z.real))
    return complex(turned.imag, -turned.real)


def phase(z: complex) -> float:
    """CPython takes the underflow of its `atan2` for an error."""
    must_be_finite(z)
    angle = math.atan2(z.imag, z.real)
    if z.imag != 0.0 and abs(angle) < 2.2250738585072014e-308:
        raise OverflowError("math range error")
    return angle


def polar(z: complex) -> tuple[float, float]:
    must_be_finite(z)
    return abs(z), math.atan2(z.imag, z.real)


def rect(size: float, angle: float) -> complex:
    if not (math.isfinite(size) and math.isfinite(angle)):
        raise ValueError("infinities and nan are for CPython")
    if angle == 0.0:
        return complex(size, size * angle)
    return complex(size * math.cos(angle), size * math.sin(angle))


def isfinite(z: complex) -> bool:
    return math.isfinite(z.real) and math.isfinite(z.imag)


def isnan(z: complex) -> bool:
    return math.isnan(z.real) or math.isnan(z.imag)


def isinf(z: complex) -> bool:
    return math.isinf(z.real) or math.isinf(z.imag)


def isclose(one: complex, other: complex, rel_tol: float, abs_tol: float) -> bool:
    must_be_finite(one)
    must_be_finite(other)
    if not (rel_tol >= 0.0 and abs_tol >= 0.0):
        raise ValueError("tolerances must be non-negative")
    if one == other:
        return True
    apart = abs(one - other)
    return apart <= rel_tol * abs(other) or apart <= rel_tol * abs(one) or apart <= abs_tol
