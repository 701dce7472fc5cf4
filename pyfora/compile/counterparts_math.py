"""What `math` computes itself instead of asking libm, step by step as Modules/mathmodule.c, for kernels to be made of.

Where CPython raises, and for infinities and nan, these raise: a kernel then gives up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def lost_in_product(left: float, right: float) -> float:
    """What rounding lost of `left * right`, where that is neither too large nor too small (Dekker, 1971)."""
    scaled = left * 134217729.0
    left_high = scaled - (scaled - left)
    left_low = left - left_high
    scaled = right * 134217729.0
    right_high = scaled - (scaled - right)
    right_low = right - right_high
    rest = left_high * right_high - left * right
    return rest + left_high * right_low + left_low * right_high + left_low * right_low


# ---- vectors ---------------------------------------------------------------------------------------------------------


def norm(coordinates: Sequence[float]) -> float:
    """`vector_norm`: squares without loss, added by order of size to 1.0, and one step of Newton's at the end."""
    largest = 0.0
    for coordinate in coordinates:
        size = abs(coordinate)
        if not math.isfinite(size):
            raise ValueError("infinities and nan are for CPython")
        if size > largest:
            largest = size
    if largest == 0.0:
        return 0.0
    exponent = math.frexp(largest)[1]
    if exponent < -1000:
        raise ValueError("so are subnormal numbers")
    scale = math.ldexp(1.0, -exponent)
    total, low, lost = 1.0, 0.0, 0.0
    for coordinate in coordinates:
        scaled = coordinate * scale
        square = scaled * scaled
        summed = total + square
        low = low + lost_in_product(scaled, scaled)
        lost = lost + ((total - summed) + square)
        total = summed
    root = math.sqrt(total - 1.0 + (low + lost))
    square = -root * root
    summed = total + square
    low = low + lost_in_product(-root, root)
    lost = lost + ((total - summed) + square)
    rest = summed - 1.0 + (low + lost)
    return (root + rest / (2.0 * root)) / scale


def dist(one: Sequence[float], other: Sequence[float]) -> float:
    """Of two points given as lists."""
    if len(one) != len(other):
        raise ValueError("both points must have the same number of dimensions")
    return norm([float(one[k]) - float(other[k]) for k in range(len(one))])


def sumprod_floats(one: Sequence[float], other: Sequence[float]) -> float:
    """`sumprod` where one element of each pair is a float: sums in three parts (Ogita, Rump and Oishi, 2005)."""
    if len(one) != len(other):
        raise ValueError("inputs are not the same length")
    high, low, tiny = 0.0, 0.0, 0.0
    for k in range(len(one)):
        left = float(one[k])
        right = float(other[k])
        product = left * right
        lost = 0.0
        if left != 0.0 and right != 0.0:
            if not 1e-250 < abs(product) < 1e250 or not max(abs(left), abs(right)) < 1e280:
                raise ValueError("what is lost of the product may not be a float")
            lost = lost_in_product(left, right)
        elif product != 0.0:
            raise ValueError("not a number")
        summed = high + product
        part = summed - high
        lost_of_high = (high - (summed - part)) + (product - part)
        high = summed
        summed = low + lost
        part = summed - low
        lost_of_low = (low - (summed - part)) + (lost - part)
        low = summed + lost_of_high
        part = low - summed
        tiny = tiny + lost_of_low + ((summed - (low - part)) + (lost_of_high - part))
    summed = low + high
    part = summed - low
    return 0.0 + (tiny + ((low - (summed - part)) + (high - part)) + summed)


def sumprod_ints(one: Sequence[int], other: Sequence[int]) -> int:
    """`sumprod` of ints."""
    if len(one) != len(other):
        raise ValueError("inputs are not the same length")
    total = 0
    for k in range(len(one)):
        total += one[k] * other[k]
    return total


def fsum(elements: Sequence[float]) -> float:
    """Shewchuk's sum: parts that do not overlap, of which the last rounding is half to even."""
    # A zero goes at the first element, and says until then of what the list is.
    parts = [0.0]
    for element in elements:
        x = float(element)
        kept = 0
        for k in range(len(parts)):
            y = parts[k]
            if abs(x) < abs(y):
                x, y = y, x
            high = x + y
            low = y - (high - x)
            if low != 0.0:
                parts[kept] = low
                kept += 1
            x = high
        while len(parts) > kept:
            parts.pop()
        if not math.isfinite(x):
            raise ValueError("infinities, nan and overflow are for CPython")
        if x != 0.0:
            parts.append(x)
    if not parts:
        return 0.0
    high = parts.pop()
    low = 0.0
    while low == 0.0 and parts:
        x = high
        y = parts.pop()
        high = x + y
        low = y - (high - x)
    if parts and ((low < 0.0 and parts[-1] < 0.0) or (low > 0.0 and parts[-1] > 0.0)):
        y = low * 2.0
        x = high + y
        if y == x - high:
            high = x
    return high


# ---- gamma -----------------------------------------------------------------------------------------------------------


def gamma(x: float) -> float:
    """`m_tgamma`: Lanczos' approximation with g = 6.02468…, and reflection for negative numbers."""
    if not math.isfinite(x) or x == 0.0:
        raise ValueError("no such number")
    size = abs(x)
    if size <= 1e15 and x == math.floor(x):
        if x < 0.0:
            raise ValueError("a pole")
        if x <= 23.0:
            result = 1.0
            factor = 2.0
            while factor < x:
                result = result * factor
                factor = factor + 1.0
            return result
    if size < 1e-20:
        result = 1.0 / x
        if not math.isfinite(result):
            raise OverflowError("beyond the floats")
        return result
    if size > 200.0:
        if x > 0.0 or size > 1e15:
            raise OverflowError("beyond the floats, or a pole")
        return 0.0 / sine_of_pi(x)
    y = size + 5.52468004077673
    larger, smaller = max(size, 5.52468004077673), min(size, 5.52468004077673)
    error = (y - larger) - smaller
    error = error * 6.02468004077673 / y
    if x < 0.0:
        result = -3.141592653589793 / sine_of_pi(size) / size * math.exp(y) / lanczos_sum(size)
        result = result - error * result
        if size < 140.0:
            result = result / math.pow(y, size - 0.5)
        else:
            root = math.pow(y, size / 2.0 - 0.25)
            result = result / root / root
    else:
        result = lanczos_sum(size) / math.exp(y)
        result = result + error * result
        if size < 140.0:
            result = result * math.pow(y, size - 0.5)
        else:
            root = math.pow(y, size / 2.0 - 0.25)
            result = result * root * root
    if not math.isfinite(result):
        raise OverflowError("beyond the floats")
    return result


def lgamma(x: float) -> float:
    """`m_lgamma`."""
    if not math.isfinite(x):
        raise ValueError("no such number")
    size = abs(x)
    if x <= 2.0 and (size > 1e15 or x == math.floor(x)):
        if x <= 0.0:
            raise ValueError("a pole")
        return 0.0
    if size < 1e-20:
        return -math.log(size)
    result = math.log(lanczos_sum(size)) - 6.02468004077673
    result = result + (size - 0.5) * (math.log(size + 6.02468004077673 - 0.5) - 1.0)
    if x < 0.0:
        result = 1.1447298858494002 - math.log(abs(sine_of_pi(size))) - math.log(size) - result
    if not math.isfinite(result):
        raise OverflowError("beyond the floats")
    return result


def sine_of_pi(x: float) -> float:
    """`m_sinpi`: the sine of pi * x."""
    y = math.fmod(abs(x), 2.0)
    eighth = int(2.0 * y)
    if 2.0 * y - eighth >= 0.5:
        eighth += 1
    if eighth == 0:
        result = math.sin(3.141592653589793 * y)
    elif eighth == 1:
        result = math.cos(3.141592653589793 * (y - 0.5))
    elif eighth == 2:
        result = math.sin(3.141592653589793 * (1.0 - y))
    elif eighth == 3:
        result = -math.cos(3.141592653589793 * (y - 1.5))
    else:
        result = math.sin(3.141592653589793 * (y - 2.0))
    return math.copysign(1.0, x) * result


def lanczos_sum(x: float) -> float:
    """For numbers above 0. The coefficients are those of Boost's `lanczos13m53`."""
    if x < 5.0:
        above = 2.5066282746310002 * x + 210.82427775157935
        above = above * x + 8071.672002365816
        above = above * x + 186056.26539522348
        above = above * x + 2876370.6289353725
        above = above * x + 31426415.585400194
        above = above * x + 248874557.86205417
        above = above * x + 1439720407.3117216
        above = above * x + 6039542586.352028
        above = above * x + 17921034426.03721
        above = above * x + 35711959237.355667
        above = above * x + 42919803642.6491
        above = above * x + 23531376880.41076
        below = x + 66.0
        below = below * x + 1925.0
        below = below * x + 32670.0
        below = below * x + 357423.0
        below = below * x + 2637558.0
        below = below * x + 13339535.0
        below = below * x + 45995730.0
        below = below * x + 105258076.0
        below = below * x + 150917976.0
        below = below * x + 120543840.0
        below = below * x + 39916800.0
        return above / (below * x)
    above = 23531376880.41076 / x + 42919803642.6491
    above = above / x + 35711959237.355667
    above = above / x + 17921034426.03721
    above = above / x + 6039542586.352028
    above = above / x + 1439720407.3117216
    above = above / x + 248874557.86205417
    above = above / x + 31426415.585400194
    above = above / x + 2876370.6289353725
    above = above / x + 186056.26539522348
    above = above / x + 8071.672002365816
    above = above / x + 210.82427775157935
    above = above / x + 2.5066282746310002
    below = 39916800.0 / x + 120543840.0
    below = below / x + 150917976.0
    below = below / x + 105258076.0
    below = below / x + 45995730.0
    below = below / x + 13339535.0
    below = below / x + 2637558.0
    below = below / x + 357423.0
    below = below / x + 32670.0
    below = below / x + 1925.0
    below = below / x + 66.0
    below = below / x + 1.0
    return above / below
