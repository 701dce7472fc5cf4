"""The names that a generated module keeps for itself, written down so that none needs LLVM to be known."""

from __future__ import annotations

from pyfora.compile.libm import ONE_ARGUMENT
from pyfora.fold.columns import NUMPY_COMPLEX, NUMPY_NUMBERS

_INT = """
add sub mul square neg abs floordiv mod rest shl shr min max isqrt gcd lcm perm factorial comb pow_mod divmod pow
give_up found_none no_room too_deep odd_terms store affine chosen letter digits
"""
_FLOAT = """
exact div neg abs min max floor ceil round sqrt copysign isnan isinf isfinite fmod mod floordiv divmod pow atan2 give_up
odd put load number hypot quotient
fma fused lost nearest integral digits remainder nextafter ulp modf frexp ldexp isclose
"""
_COMPLEX = """
add sub mul div neg pow abs equal conjugate finite scaled power numpys_power
"""
_LISTS = """
get set append pop get_frozen get_known
"""
_SEQUENCES = """
find_word find_float order count_word count_float there remove_word remove_float take_out put_in extend reverse before
sort sort_rows
"""
_DICTS = """
hash room new find enter add put put_near value value_or default default_list default_dict drop drop_or
item item_or take take_or clear next entry
copy column
"""
_DRAWS = """
half float bits below range gauss
"""
_ARRAYS = """
row turned bound part part_rows shape size zeros zeros_rows words bytes range
"""
ARRAY_NUMBERS = (*NUMPY_NUMBERS, NUMPY_COMPLEX)
ARRAY_ELEMENTS = [
    "get_frozen_packed",
    "get_frozen_spread",
    "get_own_packed",
    "get_own_spread",
    "set_packed",
    "set_spread",
]
_WHOLE_WORDS = """
within_int finite_float single_float exact_single single_from_int
add_single sub_single mul_single div_single sqrt_single clear_words
floor_same ceil_same trunc_same
seeded_random bit_length_int bit_count_int is_integral_float shr_bits shl_bits float_of_word load_word
key_float same_key
reset_arena take_words copy_words set_word word_float set_header set_length slice_bound length_list room_list data_list
length_frozen_list new_list copy_list grow_list repeat_list filled_list slice_list join_lists result
int_from_bool int_from_float float_from_int range_count add_total libm_pow give_up_bool store_bool
is_outside few_turns affine_wrapped floor_whole ceil_whole round_whole trunc_whole floordiv_natural mod_natural
kernel start step count buffer odd capacity written total best element summed lost k depth
must_be_same must_reach position
routine recursive inf nan range True False
"""

OWN_NAMES = frozenset(
    [
        *(f"{word}_int" for word in _INT.split()),
        *(f"{word}_float" for word in [*_FLOAT.split(), *ONE_ARGUMENT]),
        *(f"{word}_complex" for word in _COMPLEX.split()),
        *(f"{word}_{kind}" for word in _LISTS.split() for kind in ("int", "float", "bool")),
        *(f"{word}_list" for word in _SEQUENCES.split()),
        *(f"{word}_dict" for word in _DICTS.split()),
        *(f"draw_{word}" for word in _DRAWS.split()),
        *(f"{word}_array" for word in _ARRAYS.split()),
        *(f"{verb}_{name}_{axes}" for verb in ARRAY_ELEMENTS for name in ARRAY_NUMBERS for axes in (1, 2)),
        *_WHOLE_WORDS.split(),
    ]
)
"""Primitives, and what the frames around a loop are written with: no function or variable of the user gets these."""
