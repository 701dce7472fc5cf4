"""The code of parts: how it is told from the user's, and named as if there were none."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from types import CodeType

from pyfora.language.primitives import HIDDEN

_WORD = re.compile(r"\w+")


def with_parts_named(code: CodeType, argument: str) -> CodeType:
    """`code` where what is in parts, whose parameter is `argument`, has the names that it has where there are none.

    The turns of loops are in frames of the name that they have where they are not jumped.
    """
    constants = [with_parts_named(c, argument) if isinstance(c, CodeType) else c for c in code.co_consts]
    for number, constant in enumerate(constants):
        if not isinstance(constant, CodeType):
            continue
        if constant.co_name.startswith(HIDDEN):
            constants[number] = constant.replace(co_name=code.co_name, co_qualname=code.co_qualname)
        elif is_lambda_of(constant, argument) and any(isinstance(c, CodeType) for c in constant.co_consts):
            constants[number] = without_scope(constant)
    changed = any(one is not other for one, other in zip(constants, code.co_consts, strict=True))
    return code.replace(co_consts=tuple(constants)) if changed else code


def is_lambda_of(code: CodeType, argument: str) -> bool:
    """Whether `code` is that of a lambda with this one parameter."""
    return code.co_name == "<lambda>" and takes_source(code, argument)


def takes_source(code: CodeType, argument: str) -> bool:
    """Whether that of a function with this one parameter, as every part is."""
    return code.co_argcount == 1 and code.co_varnames[0] == argument


def without_scope(code: CodeType) -> CodeType:
    """`code` of a lambda with the functions within it named as where it stands there is none around them."""
    around = code.co_qualname + ".<locals>."
    constants = (
        _renamed(one, around, code.co_qualname.removesuffix("<lambda>")) if isinstance(one, CodeType) else one
        for one in code.co_consts
    )
    return code.replace(co_consts=tuple(constants))


def _renamed(code: CodeType, before: str, after: str) -> CodeType:
    constants = tuple(_renamed(one, before, after) if isinstance(one, CodeType) else one for one in code.co_consts)
    name = code.co_qualname
    # Equal code that stands elsewhere, too, may be one code object, and have the name that it has there.
    renamed = after + name.removeprefix(before) if name.startswith(before) else name
    return code.replace(co_qualname=renamed, co_consts=constants)


@functools.lru_cache(maxsize=512)
def part_argument(text: str) -> str:
    """The name of every part's parameter in code of this text, which uses it for nothing else."""
    # Python takes identifiers as NFKC makes them.
    return free_name("source", _WORD.findall(unicodedata.normalize("NFKC", text)))


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """`wanted`, or `wanted_1` and so on, whichever is not in `taken`."""
    taken = set(taken)
    name, count = wanted, 0
    while name in taken:
        count += 1
        name = f"{wanted}_{count}"
    return name
