"""CPython's generator of random numbers in memory: seeding by an int, and the draws of Modules/_randommodule.c.

A generator is the address of a word for how many numbers of this round are drawn, two for `gauss`, and 624 halves of
words: the state of the Mersenne Twister (Matsumoto and Nishimura, 1998).
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir

from pyfora.compile.checked_floats import FLOAT_PRIMITIVES, sqrt_float
from pyfora.compile.checked_ints import abs_int, add_int, bit_length_int, floordiv_int, give_up_int, mul_int, sub_int
from pyfora.compile.checked_lists import float_of_word, load_word, set_word, shl_bits, shr_bits, take_words, word_float
from pyfora.compile.primitives import I64, Builder, primitive, routine, whole

_I32 = ir.IntType(32)
_SIZE = 624
_FIRST_HALF = 6
"""The state begins after three words."""
TWO_PI = 2.0 * math.pi
cos_float, log_float, sin_float = (FLOAT_PRIMITIVES[f"{name}_float"] for name in ("cos", "log", "sin"))


def _first_state() -> list[int]:
    """`init_genrand(19650218)`, with which every seeding by a key begins."""
    state = [19650218]
    for number in range(1, _SIZE):
        before = state[-1]
        state.append((1812433253 * (before ^ (before >> 30)) + number) & 0xFFFFFFFF)
    return state


@primitive("int64(int64)")
def first_random(b: Builder, number: Any) -> Any:
    """Half `number` of the state before a key is taken in."""
    name, kind = "pyfora_first_random", ir.ArrayType(_I32, _SIZE)
    table = b.ir.module.globals.get(name)
    if table is None:
        table = ir.GlobalVariable(b.ir.module, kind, name)
        table.initializer = ir.Constant(kind, _first_state())
        table.global_constant, table.linkage = True, "internal"
    return b.ir.zext(b.ir.load(b.ir.gep(table, [whole(0), number])), I64)


def _half(b: Builder, state: Any, number: Any) -> Any:
    return b.ir.gep(b.ir.inttoptr(state, _I32.as_pointer()), [b.ir.add(number, whole(_FIRST_HALF))])


@primitive("int64(int64, int64)")
def half_random(b: Builder, state: Any, number: Any) -> Any:
    return b.ir.zext(b.ir.load(_half(b, state, number)), I64)


@primitive("void(int64, int64, int64)")
def set_half_random(b: Builder, state: Any, number: Any, value: Any) -> None:
    b.ir.store(b.ir.trunc(value, _I32), _half(b, state, number))


@routine("int64(int64, int64)")
def seeded_random(arena: Any, seed: Any) -> Any:
    """`random.Random(seed)`: `init_by_array` of the one or two halves of the seed's size."""
    low = abs_int(seed)
    high = shr_bits(low, 32)
    low = low & 0xFFFFFFFF
    state = take_words(arena, 315)
    set_word(state, 0, 624)
    set_word(state, 2, 0)
    before = first_random(0)
    if high == 0:
        for number in range(1, 624):
            mixed = ((before ^ shr_bits(before, 30)) * 1664525) & 0xFFFFFFFF
            before = ((first_random(number) ^ mixed) + low) & 0xFFFFFFFF
            set_half_random(state, number, before)
        key = low
    else:
        for number in range(1, 624):
            mixed = ((before ^ shr_bits(before, 30)) * 1664525) & 0xFFFFFFFF
            part = low if number & 1 else high + 1
            before = ((first_random(number) ^ mixed) + part) & 0xFFFFFFFF
            set_half_random(state, number, before)
        key = high + 1
    mixed = ((before ^ shr_bits(before, 30)) * 1664525) & 0xFFFFFFFF
    before = ((half_random(state, 1) ^ mixed) + key) & 0xFFFFFFFF
    set_half_random(state, 1, before)
    for number in range(2, 624):
        mixed = ((before ^ shr_bits(before, 30)) * 1566083941) & 0xFFFFFFFF
        before = ((half_random(state, number) ^ mixed) - number) & 0xFFFFFFFF
        set_half_random(state, number, before)
    mixed = ((before ^ shr_bits(before, 30)) * 1566083941) & 0xFFFFFFFF
    set_half_random(state, 1, ((half_random(state, 1) ^ mixed) - 1) & 0xFFFFFFFF)
    set_half_random(state, 0, 0x80000000)
    return state


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
    name: value for name, value in dict(globals()).items() if name.endswith("_random") or name.startswith("draw_")
}
