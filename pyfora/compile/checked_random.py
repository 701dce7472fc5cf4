"""The draws of CPython's generator of random numbers (Modules/_randommodule.c), whose state `checked_seeding` makes."""

from __future__ import annotations

import math
from typing import Any

from pyfora.compile.checked_floats import FLOAT_PRIMITIVES, sqrt_float
from pyfora.compile.checked_ints import add_int, bit_length_int, floordiv_int, give_up_int, mul_int, sub_int
from pyfora.compile.checked_lists import float_of_word, load_word, set_word, shl_bits, shr_bits, word_float
from pyfora.compile.checked_seeding import half_random, seeded_random, set_half_random
from pyfora.compile.primitives import routine

TWO_PI = 2.0 * math.pi
cos_float, log_float, sin_float = (FLOAT_PRIMITIVES[f"{name}_float"] for name in ("cos", "log", "sin"))


@routine("int64(int64, int64, int64)")
def twisted_random(upper: Any, lower: Any, far: Any) -> Any:
    mixed = (upper & 0x80000000) | (lower & 0x7FFFFFFF)
    return far ^ shr_bits(mixed, 1) ^ ((mixed & 1) * 0x9908B0DF)


@routine("void(int64)")
def refill_random(state: Any) -> Any:
    """The next 624 numbers."""
    for number in range(227):
        upper, lower = half_random(state, number), half_random(state, number + 1)
        set_half_random(state, number, twisted_random(upper, lower, half_random(state, number + 397)))
    for number in range(227, 623):
        upper, lower = half_random(state, number), half_random(state, number + 1)
        set_half_random(state, number, twisted_random(upper, lower, half_random(state, number - 227)))
    upper, lower = half_random(state, 623), half_random(state, 0)
    set_half_random(state, 623, twisted_random(upper, lower, half_random(state, 396)))


@routine("int64(int64)")
def draw_half(state: Any) -> Any:
    """The next 32 bits."""
    number = load_word(state, 0)
    if number >= 624:
        refill_random(state)
        number = 0
    set_word(state, 0, number + 1)
    y = half_random(state, number)
    y = y ^ shr_bits(y, 11)
    y = y ^ ((y << 7) & 0x9D2C5680)
    y = y ^ ((y << 15) & 0xEFC60000)
    return y ^ shr_bits(y, 18)


@routine("float64(int64)")
def draw_float(state: Any) -> Any:
    """`random()`."""
    high = shr_bits(draw_half(state), 5)
    low = shr_bits(draw_half(state), 6)
    return (high * 67108864.0 + low) * (1.0 / 9007199254740992.0)


@routine("int64(int64, int64)")
def draw_bits(state: Any, count: Any) -> Any:
    """`getrandbits(count)`; gives up on more than 63."""
    if count < 0 or count > 63:
        return give_up_int()
    if count == 0:
        return 0
    if count <= 32:
        return shr_bits(draw_half(state), 32 - count)
    low = draw_half(state)
    return low | shl_bits(shr_bits(draw_half(state), 64 - count), 32)


@routine("int64(int64, int64)")
def draw_below(state: Any, limit: Any) -> Any:
    """`_randbelow_with_getrandbits`."""
    if limit <= 0:
        return give_up_int()
    count = bit_length_int(limit)
    drawn = draw_bits(state, count)
    while drawn >= limit:
        drawn = draw_bits(state, count)
    return drawn


@routine("int64(int64, int64, int64, int64)")
def draw_range(state: Any, start: Any, stop: Any, step: Any) -> Any:
    """`randrange(start, stop, step)`."""
    width = sub_int(stop, start)
    if step == 1:
        return start + draw_below(state, width)
    if step > 0:
        count = floordiv_int(sub_int(add_int(width, step), 1), step)
    else:
        count = floordiv_int(add_int(add_int(width, step), 1), step)
    return add_int(start, mul_int(step, draw_below(state, count)))


@routine("float64(int64, float64, float64)")
def draw_gauss(state: Any, mu: Any, sigma: Any) -> Any:
    """`gauss(mu, sigma)`: what every second one scales was kept by the one before."""
    if load_word(state, 2) != 0:
        set_word(state, 2, 0)
        drawn = float_of_word(load_word(state, 1))
    else:
        angle = draw_float(state) * TWO_PI
        size = sqrt_float(-2.0 * log_float(1.0 - draw_float(state)))
        drawn = cos_float(angle) * size
        set_word(state, 2, 1)
        set_word(state, 1, word_float(sin_float(angle) * size))
    return mu + drawn * sigma


RANDOM_PRIMITIVES = {
    "seeded_random": seeded_random,
    **{name: value for name, value in dict(globals()).items() if name.startswith("draw_")},
}
