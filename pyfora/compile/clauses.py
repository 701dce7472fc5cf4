"""The `for … if …` clauses of a comprehension as nested loops."""

from __future__ import annotations

import ast
from collections.abc import Callable

from pyfora.compile.expressions import Expressions
from pyfora.compile.scope import Scope, construct
from pyfora.compile.statements import indented
from pyfora.compile.terms import Term
from pyfora.compile.turns import RangeReader, bind_target, iteration, turns_of


def clauses(
    scope: Scope,
    expressions: Expressions,
    read_range: RangeReader,
    node: ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp,
    innermost: Callable[[], list[str]],
    *,
    first: tuple[str, str] | None,
) -> list[str]:
    """The lines of all loops around `innermost()`.

    `first` is the outermost loop's first line and its element, where the range is not to be read from the syntax tree.
    """

    def level(number: int) -> list[str]:
        if number == len(node.generators):
            return innermost()
        clause = node.generators[number]
        if clause.is_async:
            raise scope.refuse("an asynchronous comprehension", clause.target)
        if number == 0 and first is not None:
            if not isinstance(clause.target, ast.Name):
                raise scope.refuse(f"{construct(clause.target)} as the variable of a loop over a range", clause.target)
            return around(number, [], first[0], [], Term("int", first[1]))
        return around(number, *iteration(scope, expressions, read_range, clause.iter))

    def around(number: int, before: list[str], head: str, first_lines: list[str], element: Term) -> list[str]:
        clause = node.generators[number]
        for name in ast.walk(clause.target):
            if isinstance(name, ast.Name):
                # Another clause may have bound the name to other elements.
                scope.intervals.pop(name.id, None)
        if element.interval is not None and isinstance(clause.target, ast.Name):
            scope.intervals[clause.target.id] = element.interval
        scope.most_turns = turns_of(element, scope.most_turns)
        body = [*first_lines, *bind_target(scope, clause.target, element)]
        tests = [expressions.truth(scope, test).text for test in clause.ifs]
        inner = level(number + 1)
        if tests:
            inner = [f"if {' and '.join(tests)}:", *indented(inner)]
        return [*before, head, *indented([*body, *inner])]

    return level(0)
