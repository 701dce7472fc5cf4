"""Comprehensions of which it is known that they are over before it would be worth to look at the clock.

Their text tells it, and what the block captured. They are left as they were written: a block of a thousand such loops
costs what it costs in CPython. It is about time alone: where `range` is not Python's, or a name means something else
than it seems to, they may take longer, and the answer is the same.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from pyfora.language.sources import ComprehensionNode
from pyfora.language.trees import all_nodes

_BRIEF_S = 0.001
_NODE_S = 2e-8
"""About what CPython takes for a name, a constant or an operation on small numbers, on a slow day."""
ELEMENTS_LIMIT = int(_BRIEF_S / _NODE_S)
"""Of so many elements, if each took as long as that."""
_OPERATORS = frozenset(
    (
        *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod),
        *(ast.BitAnd, ast.BitOr, ast.BitXor, ast.RShift),
    )
)
"""Those whose results are about as large as their operands: no powers, and no shifts to the left."""


_SMALL = 2**30
_NUMBERS = frozenset((int, float, bool))


class Constants:
    """What a block captured and does not bind, by name: it is known before the block is run."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values
        self._lengths: dict[str, int | None] = {}

    def number(self, name: str) -> int | float | None:
        """The small number of that name, or None."""
        value = self._values.get(name)
        return value if isinstance(value, (int, float)) and _are_small_numbers((value,)) else None

    def length(self, name: str) -> int | None:
        """Of the list or tuple of small numbers of that name; None of anything else."""
        if name not in self._lengths:
            self._lengths[name] = _length_of_numbers(self._values.get(name))
        return self._lengths[name]


NO_CONSTANTS = Constants({})


def is_brief(node: ComprehensionNode, constants: Constants = NO_CONSTANTS) -> bool:
    """Whether `node` is a little arithmetic of small numbers: of those of a range, or of a list that is known."""
    if len(node.generators) != 1:
        return False
    clause = node.generators[0]
    if not isinstance(clause.target, ast.Name):
        return False
    length = _length(clause.iter, constants)
    if length is None:
        return False
    made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    within = all_nodes(*made, *clause.ifs)
    is_short = length <= ELEMENTS_LIMIT // (len(within) + 1)
    return is_short and all(_is_arithmetic(one, clause.target.id, constants) for one in within)


def _length(source: ast.expr, constants: Constants) -> int | None:
    """How many elements it has, if that is known, and that they are small numbers."""
    match source:
        case ast.Name(id=name):
            return constants.length(name)
        case ast.Call(func=ast.Name(id="range"), args=bounds, keywords=[]):
            numbers = [_number(one, constants) for one in bounds]
            small = [one for one in numbers if type(one) is int and -_SMALL < one < _SMALL]
            if not 1 <= len(small) == len(bounds) <= 3 or small[2:] == [0]:
                return None
            return len(range(*small))
    return None


def _number(node: ast.expr, constants: Constants) -> object:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            return -value
        case ast.Name(id=name):
            return constants.number(name)
    return None


def _length_of_numbers(value: object) -> int | None:
    # A class of the user's may say anything of its length, and give anything.
    if not isinstance(value, (list, tuple)) or type(value) not in (list, tuple) or len(value) > ELEMENTS_LIMIT:
        return None
    return len(value) if _are_small_numbers(value) else None


def _are_small_numbers(values: Sequence[Any]) -> bool:
    return _NUMBERS.issuperset(map(type, values)) and all(-_SMALL < one < _SMALL for one in values)


def _is_arithmetic(node: ast.AST, name: str, constants: Constants) -> bool:
    match node:
        case ast.Name(id=read):
            return read == name or constants.number(read) is not None
        case ast.Constant(value=value):
            return type(value) in _NUMBERS
        case ast.BinOp(op=operator):
            return type(operator) in _OPERATORS
        case ast.UnaryOp() | ast.BoolOp() | ast.IfExp():
            return True
        case ast.Compare(ops=operators):
            return not any(isinstance(operator, (ast.In, ast.NotIn)) for operator in operators)
    return False
