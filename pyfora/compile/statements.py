"""Statements of a function -> lines of the generated source, with what is known of every variable on every path."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from pyfora.compile import (
    closures,
    counters,
    lists,
    matching,
    optionals,
    speculation,
)
from pyfora.compile.assigning import Assigning
from pyfora.compile.expressions import Expressions
from pyfora.compile.kinds import Becoming, Known, Optional
from pyfora.compile.lazies import may_break
from pyfora.compile.refusal import Unlearned
from pyfora.compile.scope import Scope, construct
from pyfora.compile.sites import GIVE_UP
from pyfora.compile.terms import Term
from pyfora.compile.turns import RangeReader, at_most_few, iteration, turns_of
from pyfora.compile.variables import Variables, join

_EACH = "each yielded"
InitAbove = Callable[[Scope, ast.Call], Term]
"""What `super().__init__(…)` sets."""


@dataclass
class _Exits:
    """Where the loop around the current statement is left or begun again."""

    breaks: list[Variables | None] = field(default_factory=list)
    continues: list[Variables | None] = field(default_factory=list)


def _may_leave(body: list[ast.stmt], *, within: bool = False) -> bool:
    """Whether these statements may end the loop around them. `within`: they stand in another loop inside it."""
    for node in body:
        if isinstance(node, ast.Return | ast.Raise | ast.Assert) or (isinstance(node, ast.Break) and not within):
            return True
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        inner = within or isinstance(node, ast.For | ast.While)
        parts = [(getattr(node, "body", []), inner), (getattr(node, "orelse", []), within)]
        parts += [(getattr(node, "finalbody", []), within)]
        parts += [(one.body, within) for one in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]]
        if any(_may_leave(part, within=is_within) for part, is_within in parts):
            return True
    return False


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


class Statements:
    """Translates the statements of one function."""

    def __init__(
        self,
        scope: Scope,
        expressions: Expressions,
        read_range: RangeReader,
        init_above: InitAbove,
        yielded: Callable[[ast.expr], list[str]] | None = None,
    ) -> None:
        """`yielded`: what is done with the operand of a `yield`; None: there is none."""
        self._yielded = yielded
        self._init_above = init_above
        self._scope = scope
        self._expressions = expressions
        self._read_range = read_range
        self._assigning = Assigning(scope, expressions)
        # What yields is the body of a loop, whose turns have nothing in common.
        self._loops: list[_Exits] = [_Exits()] if yielded else []

    def body(self, statements: list[ast.stmt]) -> list[str]:
        """A block. What can never be reached is left out: it cannot matter."""
        lines: list[str] = []
        for statement in statements:
            if self._scope.variables is None:
                break
            try:
                lines += self._scope.mark(self._statement(statement), statement)
            except Unlearned as refusal:
                # What comes next may show what it is, and then all is translated again.
                unit = self._scope.unit
                unit.unlearned = unit.unlearned or refusal
        return lines or ["pass"]

    def _statement(self, node: ast.stmt) -> list[str]:
        scope = self._scope
        match node:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                return []
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=[]), attr="__init__")
                ) as call
            ) if scope.instance is not None:
                held, term = scope.fresh("held"), self._init_above(scope, call)
                return [*self._assigning.hold(held, term), *self._assigning.set_attributes(Term(term.type, held))]
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append"), args=[_], keywords=[]) as call):
                return self._assigning.append(node, call)
            case ast.Expr(value=ast.Yield(value=ast.expr() as value)) if self._yielded is not None:
                return self._yielded(value)
            case ast.Expr(value=ast.Yield(value=ast.expr() as value)) if scope.yielded is not None:
                return [lists.append(scope, scope.yielded, self._expressions.value(scope, value), node)]
            case ast.Expr(value=ast.YieldFrom(value=source)) if scope.yielded is not None:
                return self._yield_from(node, source)
            case ast.Expr():
                scope.statement = node.value
                text = self._expressions.value(scope, node.value).text
                return [text] if text else []
            case ast.Return():
                return self._return(node)
            case ast.Assign(targets=[target]):
                return self._assigning.assign(target, node.value)
            case ast.Assign():
                return self._assigning.assign_to_all(node)
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                return self._assigning.assign(target, value)
            case ast.AugAssign():
                return self._assigning.change(node)
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
            case ast.Match():
                lines, subject = scope.hold(self._expressions.any_value(scope, node.subject))
                more, statements = matching.as_ifs(scope, node, subject)
                return [*lines, *more, *self.body(statements)]
            case ast.Delete(targets=targets):
                return [line for target in targets for line in self._assigning.delete(target)]
            case ast.FunctionDef():
                closure = closures.new(scope, self._expressions.value, node)
                return self._assigning.hold(scope.bind(node.name, closure.type), closure)
            case ast.Try():
                return self._try(node)
            case ast.Assert():
                return [f"if not {self._expressions.truth(scope, node.test).text}:", f"    return {GIVE_UP}"]
        raise scope.refuse(f"{construct(node)} is not compiled", node)

    def _yield_from(self, node: ast.Expr, source: ast.expr) -> list[str]:
        """`yield from source`, as the loop that it is."""
        self._scope.bound.add(_EACH)
        one = ast.Expr(ast.Yield(ast.Name(_EACH, ast.Load())))
        loop = ast.For(ast.Name(_EACH, ast.Store()), source, [one], [])
        for inner in ast.walk(loop):
            if not hasattr(inner, "lineno"):
                ast.copy_location(inner, node)
        return self._for(loop)

    def _try(self, node: ast.Try) -> list[str]:
        """What is tried, as it stands: what raises in it gives the leaf up, and CPython goes through the handlers."""
        if node.finalbody:
            leaves = (ast.Return, ast.Break, ast.Continue)
            tried = [*node.body, *node.orelse]
            if any(isinstance(inner, leaves) for one in tried for inner in ast.walk(one)):
                raise self._scope.refuse("'finally' around a return, break or continue", node)
        return self.body([*node.body, *node.orelse, *node.finalbody])

    def _return(self, node: ast.Return) -> list[str]:
        scope = self._scope
        assert scope.function is not None
        if scope.yielded is not None:
            if node.value is not None:
                raise scope.refuse("a generator function that returns a value", node)
            scope.variables = None
            return [f"return {scope.yielded.text}"]
        term = Term(Known(None), "") if node.value is None else self._expressions.any_value(scope, node.value)
        known = scope.function.returns
        if scope.instance is not None:
            raise scope.refuse("an __init__ that returns a value", node)
        if isinstance(known, Optional | Becoming) and optionals.fits(known, term.type):
            term = optionals.as_optional(term, known)
        if known is not None and known != term.type:
            optionals.learn(scope, "", known, term.type)
            raise scope.refuse(f"the function returns {known} on one path and {term.type} on another", node)
        scope.function.returns = term.type
        scope.function.note_return(term)
        scope.variables = None
        return [f"return {term.text or 0}"]

    def _if(self, node: ast.If) -> list[str]:
        scope = self._scope
        test = self._expressions.truth(scope, node.test)
        if test.constant is not None:
            # What is never run need not be compiled.
            return self.body(node.body if test.constant else node.orelse)
        choice = speculation.as_choice(node)
        if choice is not None and self._is_bound_int(choice.targets[0]):
            assert isinstance(choice.value, ast.IfExp)
            arms = [self._expressions.value(scope, arm) for arm in (choice.value.body, choice.value.orelse)]
            if speculation.choice(test, *arms) is not None:
                return self._assigning.assign(choice.targets[0], choice.value)
        before = dict(scope.variables or {})
        then = self.body(node.body)
        after_then = scope.variables
        scope.variables = before
        lines = [f"if {test.text}:", *indented(then)]
        if node.orelse:
            lines += ["else:", *indented(self.body(node.orelse))]
        scope.variables = join([after_then, scope.variables])
        return lines

    def _is_bound_int(self, target: ast.expr) -> bool:
        return isinstance(target, ast.Name) and (self._scope.variables or {}).get(target.id) == "int"

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

        around, scope.most_turns = scope.most_turns, None

        def translate(_exits: _Exits) -> list[str]:
            test = "True" if forever else self._expressions.truth(scope, node.test).text
            return [f"while {test}:", *indented(self.body(node.body))]

        lines, head, exits = self._settled(translate)
        scope.most_turns = around
        return self._finish(lines, node.orelse, None if forever else dict(head), exits)

    def _for(self, node: ast.For) -> list[str]:
        scope = self._scope
        with scope.left_early(_may_leave(node.body)):
            before, head_text, first_lines, element = iteration(scope, self._expressions, self._read_range, node.iter)
        if node.orelse and may_break(first_lines):
            raise scope.refuse("'else' of a loop over itertools.takewhile", node)
        element = scope.mark_term(element, node.iter)
        around = scope.most_turns
        scope.most_turns = turns_of(element, around)
        often = scope.most_turns is None or scope.most_turns > counters.LIMIT
        if often and around is not None and around <= counters.FEW_AROUND and self._counts(node):
            guarded = at_most_few(head_text)
            if guarded is not None:
                head_text, scope.most_turns = guarded, around * counters.FEW_TURNS

        def translate(_exits: _Exits) -> list[str]:
            first = self._assigning.bind(node.target, element)
            return [
                *scope.mark([head_text], node.iter),
                *indented([*scope.mark([*first_lines, *first], node.iter), *self.body(node.body)]),
            ]

        lines, head, exits = self._settled(translate)
        scope.most_turns = around
        return [*scope.mark(before, node.iter), *self._finish(lines, node.orelse, dict(head), exits)]

    # ---- counters ----------------------------------------------------------------------------------------------

    def _counts(self, node: ast.For) -> bool:
        """Whether a counter is changed in this loop."""
        changed = [one.target for one in ast.walk(node) if isinstance(one, ast.AugAssign)]
        return any(isinstance(target, ast.Name) and target.id in self._scope.counters for target in changed)
