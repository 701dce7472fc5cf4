"""Which check made a kernel give up, and at which call of its source: a number while it runs, words for a person."""

from __future__ import annotations

import ast
import functools

from pyfora.compile.own_names import ARRAY_ELEMENTS, ARRAY_NUMBERS, OWN_NAMES

_DEFAULT = "a domain or range error, an infinity or a nan"
_DIVISION = "a division by zero, or of the smallest int by -1"
_WIDE = "an int beyond 64 bits"
_INDEX = "an index outside of a list"
_WORDS = {
    **dict.fromkeys(
        ["add_int", "sub_int", "mul_int", "square_int", "neg_int", "abs_int", "affine_int", "chosen_int"], _WIDE
    ),
    **dict.fromkeys(["floordiv_int", "mod_int", "rest_int"], _DIVISION),
    **dict.fromkeys(["div_float", "floordiv_float", "mod_float"], "a division by zero"),
    **dict.fromkeys(
        ["int_from_float", "floor_float", "ceil_float", "round_float"], "a float that is no int of 64 bits"
    ),
    **dict.fromkeys(
        [f"{verb}_{kind}" for verb in ("get", "set", "get_frozen") for kind in ("int", "float", "bool")], _INDEX
    ),
    **dict.fromkeys(
        ["give_up_int", "give_up_float", "give_up_bool"],
        "what raises in Python, or a nan",
    ),
    "found_none_int": "None, or a number of Python's own, where it is worked with as something else",
    "no_room_int": "more elements than a kernel has room for",
    "too_deep_int": "a function that calls itself too often",
    "odd_terms_int": "a nan among the elements",
    **dict.fromkeys(
        [f"{verb}_{name}_{axes}" for verb in ARRAY_ELEMENTS for name in ARRAY_NUMBERS for axes in (1, 2)],
        "an index outside of an array",
    ),
    "shl_int": "an int beyond 64 bits, or a negative number of places",
    "range_count": "a step of 0, or a range of more elements than 64 bits count",
    "isqrt_int": "a negative number",
    "key_float": "a nan or a negative zero as a key",
    **dict.fromkeys(["must_be_same", "must_reach"], "a captured value that is not what the kernel was made for"),
    "within_int": "an int outside of the range that is asked for",
    "exact_single": "a number that a float32 of numpy does not hold",
    **dict.fromkeys(
        [
            "finite_float",
            "finite_complex",
            "single_float",
            *(f"{verb}_single" for verb in ("add", "sub", "mul", "div", "sqrt")),
        ],
        "an infinity or nan, of which numpy may warn",
    ),
    "exact_float": "an int beyond 2**53 beside a float or in a division",
    "take_words": "more memory for lists than a kernel has",
    "shr_int": "a negative number of places",
    "few_turns": "a loop that would turn too often",
    "number_float": "a nan where order matters",
    "copysign_float": "the sign of a nan",
    "libm_pow": "a power that is no ordinary number",
}
_PRIMITIVES = 1 << 12
_CALLS = 1 << 19
"""A status is a primitive and the number of a call, in 32 bits with a sign."""
OTHER = "something that a kernel cannot do exactly"


@functools.cache
def _names() -> list[str]:
    return sorted(OWN_NAMES)


def status_of(primitive: str) -> int:
    """What a kernel returns when it gives up in this primitive: more than 0. A new one may have none of its own."""
    return 1 + _names().index(primitive) if primitive in OWN_NAMES else 1 + len(OWN_NAMES)


def at_call(status: int, number: int) -> int:
    """The status that also tells at which call; as it is where the kernel has more calls than there are numbers."""
    return status | number * _PRIMITIVES if number < _CALLS else status


def call_of(status: int) -> int:
    """The number of the call at which a kernel gave up; 0 where that is not known."""
    return max(0, status // _PRIMITIVES)


def check_of(status: int) -> str:
    """The primitive and what it met, for the status of a kernel that gave up."""
    number = status % _PRIMITIVES
    if status < 0 or not 1 <= number <= len(OWN_NAMES):
        return OTHER
    name = _names()[number - 1]
    return f"{name}: {_WORDS.get(name, _DEFAULT)}"


def check_at(check: str, node: ast.AST | None) -> str:
    """The same, where the construct tells more of it."""
    what = {ast.Raise: "an exception that is raised", ast.Assert: "an assertion that fails"}.get(type(node))
    return f"{check.partition(':')[0]}: {what}" if what and check.startswith("give_up_") else check
