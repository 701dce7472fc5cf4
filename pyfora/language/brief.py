"""Comprehensions whose text tells that they are over before it would be worth to look at the clock.

They are left as they were written: a block of a thousand such loops costs what it costs in CPython. The text decides
about time alone: where `range` is not Python's it may take longer, and the answer is the same.
"""

from __future__ import annotations

import ast

from pyfora.language.sources import ComprehensionNode
from pyfora.language.trees import all_nodes

_BRIEF_S = 0.001
_NODE_S = 2e-8
"""About what CPython takes for a name, a constant or an operation on small numbers, on a slow day."""
_ELEMENTS_LIMIT = int(_BRIEF_S / _NODE_S)
_OPERATORS = frozenset(
    (
        *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod),
        *(ast.BitAnd, ast.BitOr, ast.BitXor, ast.RShift),
    )
)
"""Those whose results are about as large as their operands: no powers, and no shifts to the left."""


def is_brief(node: ComprehensionNode) -> bool:
    """Whether `node` is a little arithmetic of the numbers of a range of constants."""
    if len(node.generators) != 1:
        return False
    clause = node.generators[0]
    match clause:
        case ast.comprehension(target=ast.Name(id=name), iter=ast.Call(func=ast.Name(id="range"), args=bounds)):
            made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            within = all_nodes(*made, *clause.ifs)
            is_small = _length(bounds) <= _ELEMENTS_LIMIT // (len(within) + 1)
            return is_small and all(_is_arithmetic(one, name) for one in within)
    return False


def _length(bounds: list[ast.expr]) -> int:
    """Of a range of these bounds; of what is no such range, and of one of huge numbers, more than the limit."""
    numbers = [one.value for one in bounds if isinstance(one, ast.Constant) and type(one.value) is int]
    if not 1 <= len(numbers) == len(bounds) <= 3 or numbers[2:] == [0] or max(numbers) >= 2**30:
        return _ELEMENTS_LIMIT + 1
    return len(range(*numbers))


def _is_arithmetic(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Name(id=read):
            return read == name
        case ast.Constant(value=value):
            return type(value) in (int, float, bool)
        case ast.BinOp(op=operator):
            return type(operator) in _OPERATORS
        case ast.UnaryOp() | ast.BoolOp() | ast.IfExp():
            return True
        case ast.Compare(ops=operators):
            return not any(isinstance(operator, (ast.In, ast.NotIn)) for operator in operators)
    return False
