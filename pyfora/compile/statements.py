"""Statements of a function -> lines of the generated source, with what is known of every variable on every path."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from pyfora.compile.expressions import Expressions
from pyfora.compile.scope import Scope, Term, construct
from pyfora.compile.variables import Variables, join

GIVE_UP = "\0give up"
"""Stands for the give-up of the function's type until that is known."""

RangeReader = Callable[[Scope, ast.expr], list[Term] | None]


@dataclass
class _Exits:
    """Where the loop around the current statement is left or begun again."""

    breaks: list[Variables | None] = field(default_factory=list)
    continues: list[Variables | None] = field(default_factory=list)


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


class Statements:
    """Translates the statements of one function."""

    def __init__(self, scope: Scope, expressions: Expressions, read_range: RangeReader) -> None:
        self._scope = scope
        self._expressions = expressions
        self._read_range = read_range
        self._loops: list[_Exits] = []

    def body(self, statements: list[ast.stmt]) -> list[str]:
        """A block. What can never be reached is left out: it cannot matter."""
        lines: list[str] = []
        for statement in statements:
            if self._scope.variables is None:
                break
            lines += self._statement(statement)
        return lines or ["pass"]

    def _statement(self, node: ast.stmt) -> list[str]:
        scope = self._scope
        match node:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                return []
            case ast.Expr():
                return [f"{scope.fresh('unused')} = {self._expressions.value(scope, node.value).text}"]
            case ast.Return():
                return self._return(node)
            case ast.Assign(targets=[target]):
                return self._assign(target, node.value)
            case ast.Assign():
                return self._assign_to_all(node)
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                return self._assign(target, value)
            case ast.AugAssign(target=ast.Name() as target):
                before = self._expressions.value(scope, ast.copy_location(ast.Name(target.id, ast.Load()), target))
                operand = self._expressions.value(scope, node.value)
                result = self._expressions.binary(scope, node.op, before, operand, node)
                return [f"{scope.bind(target.id, result.type)} = {result.text}"]
            case ast.If():
                return self._if(node)
            case ast.While():
                return self._while(node)
            case ast.For():
                return self._for(node)
            case ast.Break():
                self._loops[-1].breaks.append(scope.variables)
                scope.variables = None
                return ["break"]
            case ast.Continue():
                self._loops[-1].continues.append(scope.variables)
                scope.variables = None
                return ["continue"]
            case ast.Raise():
                scope.variables = None
                return [f"return {GIVE_UP}"]
            case ast.Assert():
                return [f"if not {self._expressions.truth(scope, node.test).text}:", f"    return {GIVE_UP}"]
        raise scope.refuse(f"{construct(node)} is not compiled", node)

    def _return(self, node: ast.Return) -> list[str]:
        scope = self._scope
        assert scope.function is not None
        if node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None):
            raise scope.refuse("the function returns None", node)
        term = self._expressions.value(scope, node.value)
        known = scope.function.returns
        if known is not None and known != term.type:
            raise scope.refuse(f"the function returns {known} on one path and {term.type} on another", node)
        scope.function.returns = term.type
        scope.variables = None
        return [f"return {term.text}"]

    def _assign(self, target: ast.expr, value: ast.expr) -> list[str]:
        scope = self._scope
        if isinstance(target, ast.Name):
            term = self._expressions.value(scope, value)
            return [f"{scope.bind(target.id, term.type)} = {term.text}"]
        if (
            isinstance(target, ast.Tuple | ast.List)
            and isinstance(value, ast.Tuple | ast.List)
            and len(target.elts) == len(value.elts)
        ):
            terms = [self._expressions.value(scope, element) for element in value.elts]
            held = [scope.fresh("held") for _ in terms]
            lines = [f"{name} = {term.text}" for name, term in zip(held, terms, strict=True)]
            for element, name, term in zip(target.elts, held, terms, strict=True):
                if not isinstance(element, ast.Name):
                    raise scope.refuse(f"assignment to {construct(element)}", element)
                lines.append(f"{scope.bind(element.id, term.type)} = {name}")
            return lines
        raise scope.refuse(f"assignment to {construct(target)} is not compiled", target)

    def _assign_to_all(self, node: ast.Assign) -> list[str]:
        scope = self._scope
        term = self._expressions.value(scope, node.value)
        held = scope.fresh("held")
        lines = [f"{held} = {term.text}"]
        for target in node.targets:
            if not isinstance(target, ast.Name):
                raise scope.refuse(f"assignment to {construct(target)} is not compiled", target)
            lines.append(f"{scope.bind(target.id, term.type)} = {held}")
        return lines

    def _if(self, node: ast.If) -> list[str]:
        scope = self._scope
        test = self._expressions.truth(scope, node.test)
        before = dict(scope.variables or {})
        then = self.body(node.body)
        after_then = scope.variables
        scope.variables = before
        lines = [f"if {test.text}:", *indented(then)]
        if node.orelse:
            lines += ["else:", *indented(self.body(node.orelse))]
        scope.variables = join([after_then, scope.variables])
        return lines

    def _settled(self, translate: Callable[[_Exits], list[str]]) -> tuple[list[str], Variables, _Exits]:
        """Translate a loop's body again until what is known at its head holds for every round."""
        scope = self._scope
        head = dict(scope.variables or {})
        while True:
            scope.variables = dict(head)
            exits = _Exits()
            self._loops.append(exits)
            lines = translate(exits)
            self._loops.pop()
            following = join([head, scope.variables, *exits.continues])
            assert following is not None
            if following == head:
                return lines, head, exits
            head = following

    def _finish(self, lines: list[str], orelse: list[ast.stmt], exit_: Variables | None, exits: _Exits) -> list[str]:
        self._scope.variables = exit_
        if orelse and exit_ is not None:
            lines = [*lines, "else:", *indented(self.body(orelse))]
        self._scope.variables = join([self._scope.variables, *exits.breaks])
        return lines

    def _while(self, node: ast.While) -> list[str]:
        scope = self._scope
        forever = isinstance(node.test, ast.Constant) and bool(node.test.value)

        def translate(_exits: _Exits) -> list[str]:
            test = "True" if forever else self._expressions.truth(scope, node.test).text
            return [f"while {test}:", *indented(self.body(node.body))]

        lines, head, exits = self._settled(translate)
        return self._finish(lines, node.orelse, None if forever else dict(head), exits)

    def _for(self, node: ast.For) -> list[str]:
        scope = self._scope
        if not isinstance(node.target, ast.Name):
            raise scope.refuse("a for loop over more than one variable", node.target)
        target = node.target.id
        bounds = self._read_range(scope, node.iter)
        if bounds is None:
            raise scope.refuse("a for loop over something else than a range", node.iter)
        before, head_text, index = range_loop(scope, bounds)

        def translate(_exits: _Exits) -> list[str]:
            first = f"{scope.bind(target, 'int')} = {index}"
            return [head_text, *indented([first, *self.body(node.body)])]

        lines, head, exits = self._settled(translate)
        return [*before, *self._finish(lines, node.orelse, dict(head), exits)]


def range_loop(scope: Scope, bounds: list[Term]) -> tuple[list[str], str, str]:
    """A loop over `range(*bounds)`: the lines before it, its first line, and the element as an expression."""
    position = scope.fresh("position")
    if len(bounds) == 1:
        return [], f"for {position} in range({bounds[0].text}):", position
    start, stop = bounds[0], bounds[1]
    first = scope.fresh("first")
    before = [f"{first} = {start.text}"]
    stride = "1"
    if len(bounds) == 3:
        stride = scope.fresh("stride")
        before.append(f"{stride} = {bounds[2].text}")
    head = f"for {position} in range(range_count({first}, {stop.text}, {stride})):"
    # Within the range by construction: neither can overflow.
    return before, head, f"{first} + {position}" if stride == "1" else f"{first} + {position} * {stride}"
