"""The `for … if …` clauses of a comprehension as nested loops."""

from __future__ import annotations

import ast
from collections.abc import Callable

from pyfora.compile.expressions import Expressions
from pyfora.compile.functions import bound_names
from pyfora.compile.loop import ComprehensionNode
from pyfora.compile.scope import Scope
from pyfora.compile.statements import indented
from pyfora.compile.terms import Term
from pyfora.compile.turns import RangeReader, bind_target, iteration, turns_of

First = tuple[str, list[str], Term]
"""A loop's first line, what a turn of it begins with, and its element."""


def clauses(
    scope: Scope,
    expressions: Expressions,
    read_range: RangeReader,
    node: ComprehensionNode,
    innermost: Callable[[], list[str]],
    *,
    first: First | None,
) -> list[str]:
    """The lines of all loops around `innermost()`.

    `first` is the outermost loop, where it is not to be read from the syntax tree.
    """

    def level(number: int) -> list[str]:
        if number == len(node.generators):
            return innermost()
        clause = node.generators[number]
        if clause.is_async:
            raise scope.refuse("an asynchronous comprehension", clause.target)
        if number == 0 and first is not None:
            return around(number, [], *first)
        return around(number, *iteration(scope, expressions, read_range, clause.iter))

    def around(number: int, before: list[str], head: str, first_lines: list[str], element: Term) -> list[str]:
        clause = node.generators[number]
        bound = bound_names([clause.target])
        # Another clause may have bound one of them to other elements.
        scope.intervals = {key: known for key, known in scope.intervals.items() if key[0] not in bound}
        if isinstance(clause.target, ast.Name) and element.interval is not None:
            scope.intervals[clause.target.id, element.type] = element.interval
        scope.most_turns = turns_of(element, scope.most_turns)
        over = clause.target if number == 0 and first is not None else clause.iter
        body = scope.mark([*first_lines, *bind_target(scope, clause.target, element)], over)
        tests = [expressions.truth(scope, test).text for test in clause.ifs]
        inner = level(number + 1)
        if tests:
            inner = [f"if {' and '.join(tests)}:", *indented(inner)]
        return [*scope.mark([*before, head], over), *indented([*body, *inner])]

    return level(0)
