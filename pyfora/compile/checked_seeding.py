"""CPython's generator of random numbers in memory, as it is after `random.Random(seed)` (Modules/_randommodule.c).

A generator is the address of a word for how many numbers of this round are drawn, two for `gauss`, and 624 halves of
words: the state of the Mersenne Twister (Matsumoto and Nishimura, 1998).

Of each half of the state the next one is made, 1,247 times seven cycles that wait for one another. Loops mostly seed
by ints of equal distances, one an element: once there were three such, the next four are seeded together, in the time
of one. What was made ahead lies past the end of the memory that elements take from: their seeding is all that it
depends on, so it may outlive them.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from pyfora.compile.checked_ints import abs_int
from pyfora.compile.checked_lists import copy_words, load_word, set_word, shr_bits, take_words
from pyfora.compile.primitives import I64, Builder, primitive, routine, whole
from pyfora.compile.words import KEPT_WORDS

_I32 = ir.IntType(32)
_SIZE = 624
_FIRST_HALF = 6
"""The state begins after three words."""
_WORDS = 3 + _SIZE // 2
_BYTES = 8 * _WORDS
_SEED, _STEP, _AHEAD, _STATES_BYTES = 0, 1, 2, 24
"""What is kept, word by word: the seed before, how much more it was than the one before it, how many of four states are
yet to be given; then the states."""
_BEYOND = 2**32
"""The first seed of two halves."""
assert _STATES_BYTES + 4 * _BYTES <= 8 * KEPT_WORDS


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


@routine("int64(int64, int64, int64)")
def keyed_random(old: Any, before: Any, key: Any) -> Any:
    """Of the first round over the state: what half `old` becomes after `before`."""
    mixed = ((before ^ shr_bits(before, 30)) * 1664525) & 0xFFFFFFFF
    return ((old ^ mixed) + key) & 0xFFFFFFFF


@routine("int64(int64, int64, int64)")
def numbered_random(old: Any, before: Any, number: Any) -> Any:
    """The same of the second round, of half `number`."""
    mixed = ((before ^ shr_bits(before, 30)) * 1566083941) & 0xFFFFFFFF
    return ((old ^ mixed) - number) & 0xFFFFFFFF


@routine("void(int64)")
def begun_random(state: Any) -> Any:
    """Nothing is drawn."""
    set_word(state, 0, 624)
    set_word(state, 2, 0)


@routine("void(int64, int64)")
def finished_random(state: Any, before: Any) -> Any:
    """The ends of the state, once all else is made."""
    set_half_random(state, 1, numbered_random(half_random(state, 1), before, 1))
    set_half_random(state, 0, 0x80000000)


@routine("void(int64, int64)")
def alone_random(state: Any, seed: Any) -> Any:
    """`init_by_array` of the one or two halves of a seed that is not negative."""
    low, high = seed & 0xFFFFFFFF, shr_bits(seed, 32)
    other = low if high == 0 else high + 1
    begun_random(state)
    before = first_random(0)
    for number in range(1, 624):
        before = keyed_random(first_random(number), before, low if number & 1 else other)
        set_half_random(state, number, before)
    before = keyed_random(half_random(state, 1), before, other)
    set_half_random(state, 1, before)
    for number in range(2, 624):
        before = numbered_random(half_random(state, number), before, number)
        set_half_random(state, number, before)
    finished_random(state, before)


@routine("void(int64, int64, int64)")
def four_random(state: Any, seed: Any, step: Any) -> Any:
    """Four states, one after the other, of seeds of 32 bits: no step of one waits for any of another."""
    state_1, state_2, state_3 = state + _BYTES, state + 2 * _BYTES, state + 3 * _BYTES
    seed_1, seed_2, seed_3 = seed + step, seed + 2 * step, seed + 3 * step
    begun_random(state)
    begun_random(state_1)
    begun_random(state_2)
    begun_random(state_3)
    a, b, c, d = first_random(0), first_random(0), first_random(0), first_random(0)
    for number in range(1, 624):
        old = first_random(number)
        a, b = keyed_random(old, a, seed), keyed_random(old, b, seed_1)
        c, d = keyed_random(old, c, seed_2), keyed_random(old, d, seed_3)
        set_half_random(state, number, a)
        set_half_random(state_1, number, b)
        set_half_random(state_2, number, c)
        set_half_random(state_3, number, d)
    a, b = keyed_random(half_random(state, 1), a, seed), keyed_random(half_random(state_1, 1), b, seed_1)
    c, d = keyed_random(half_random(state_2, 1), c, seed_2), keyed_random(half_random(state_3, 1), d, seed_3)
    set_half_random(state, 1, a)
    set_half_random(state_1, 1, b)
    set_half_random(state_2, 1, c)
    set_half_random(state_3, 1, d)
    for number in range(2, 624):
        a = numbered_random(half_random(state, number), a, number)
        b = numbered_random(half_random(state_1, number), b, number)
        c = numbered_random(half_random(state_2, number), c, number)
        d = numbered_random(half_random(state_3, number), d, number)
        set_half_random(state, number, a)
        set_half_random(state_1, number, b)
        set_half_random(state_2, number, c)
        set_half_random(state_3, number, d)
    finished_random(state, a)
    finished_random(state_1, b)
    finished_random(state_2, c)
    finished_random(state_3, d)


@routine("int64(int64, int64)")
def seeded_random(arena: Any, seed: Any) -> Any:
    """`random.Random(seed)`."""
    state = take_words(arena, _WORDS)
    kept = load_word(arena, 1)
    size = abs_int(seed)
    step = size - load_word(kept, _SEED)
    set_word(kept, _SEED, size)
    if step != load_word(kept, _STEP):
        set_word(kept, _STEP, step)
        set_word(kept, _AHEAD, 0)
        alone_random(state, size)
        return state
    ahead = load_word(kept, _AHEAD)
    if ahead == 0:
        before, last = size - step, size + 3 * step
        if not (size < _BEYOND and before < _BEYOND and 0 <= last < _BEYOND):
            alone_random(state, size)
            return state
        four_random(kept + _STATES_BYTES, size, step)
        ahead = 4
    copy_words(state, kept + _STATES_BYTES + (4 - ahead) * _BYTES, _WORDS)
    set_word(kept, _AHEAD, ahead - 1)
    return state
