"""Accumulating loops of one step, for the compiler: as the generator expression of what they add."""

from __future__ import annotations

import ast
import copy

from pyfora.language.accumulation import Accumulation, step_of

_KINDS = frozenset(("+=", "append"))


def generator_of(loop: ast.For, found: Accumulation) -> ast.GeneratorExp | None:
    """`(value for t in s if condition)`, where a turn is `if condition: total += value`; None where it is more.

    Of copies of the nodes that the user wrote.
    """
    if len(found.steps) != 1 or found.steps[0].kind not in _KINDS or not isinstance(loop.target, ast.Name):
        return None
    body, conditions = loop.body, list[ast.expr]()
    while len(body) == 1:
        step = step_of(body[0])
        if step is not None:
            clause = ast.comprehension(loop.target, loop.iter, conditions, 0)
            return copy.deepcopy(ast.copy_location(ast.GeneratorExp(step.yielded, [clause]), loop))
        match body[0]:
            case ast.If(test=test, body=inner, orelse=[]):
                conditions.append(test)
                body = inner
            case _:
                return None
    return None
