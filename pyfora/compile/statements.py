"""Statements of a function -> lines of the generated source, with what is known of every variable on every path."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from pyfora.compile import intervals, lists, texts
from pyfora.compile.classes import is_set_plainly
from pyfora.compile.expressions import Expressions
from pyfora.compile.kinds import ListOf, Shape, is_runtime
from pyfora.compile.objects import method_of
from pyfora.compile.scope import Scope, construct
from pyfora.compile.terms import Term, part_of
from pyfora.compile.variables import Variables, join

GIVE_UP = "\0give up"
"""Stands for the give-up of the function's type until that is known."""

RangeReader = Callable[[Scope, ast.expr], list[Term] | None]
InitAbove = Callable[[Scope, ast.Call], Term]
"""What `super().__init__(…)` sets."""


@dataclass
class _Exits:
    """Where the loop around the current statement is left or begun again."""

    breaks: list[Variables | None] = field(default_factory=list)
    continues: list[Variables | None] = field(default_factory=list)


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


class Statements:
    """Translates the statements of one function."""

    def __init__(self, scope: Scope, expressions: Expressions, read_range: RangeReader, init_above: InitAbove) -> None:
        self._init_above = init_above
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
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=[]), attr="__init__")
                ) as call
            ) if scope.instance is not None:
                held, term = scope.fresh("held"), self._init_above(scope, call)
                return [*self._hold(held, term), *self._set_attributes(Term(term.type, held))]
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append"), args=[_], keywords=[]) as call):
                return self._append(node, call)
            case ast.Expr():
                return self._hold(scope.fresh("unused"), self._expressions.value(scope, node.value))
            case ast.Return():
                return self._return(node)
            case ast.Assign(targets=[target]):
                return self._assign(target, node.value)
            case ast.Assign():
                return self._assign_to_all(node)
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                return self._assign(target, value)
            case ast.AugAssign(target=ast.Subscript(value=owner, slice=index)):
                return self._change_item(node, owner, index)
            case ast.AugAssign(target=ast.Name() | ast.Attribute() as target):
                loaded = copy.copy(target)
                loaded.ctx = ast.Load()
                before = self._expressions.value(scope, loaded)
                self._must_not_change_in_place(before, node.op, node)
                operand = self._expressions.value(scope, node.value)
                return self._bind(target, self._expressions.binary(scope, node.op, before, operand, node))
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
        if scope.instance is not None:
            raise scope.refuse("an __init__ that returns a value", node)
        if known is not None and known != term.type:
            raise scope.refuse(f"the function returns {known} on one path and {term.type} on another", node)
        scope.function.returns = term.type
        scope.variables = None
        return [f"return {term.text}"]

    def _assign(self, target: ast.expr, value: ast.expr) -> list[str]:
        scope = self._scope
        if isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
            return self._bind(target, self._expressions.value(scope, value))
        if (
            isinstance(target, ast.Tuple | ast.List)
            and isinstance(value, ast.Tuple | ast.List)
            and len(target.elts) == len(value.elts)
        ):
            terms = [self._expressions.value(scope, element) for element in value.elts]
            held = [scope.fresh("held") for _ in terms]
            lines = [line for name, term in zip(held, terms, strict=True) for line in self._hold(name, term)]
            for element, name, term in zip(target.elts, held, terms, strict=True):
                lines += self._bind(element, Term(term.type, name))
            return lines
        if isinstance(target, ast.Tuple | ast.List):
            return self._unpack(target, self._expressions.value(scope, value))
        raise scope.refuse(f"assignment to {construct(target)} is not compiled", target)

    def _assign_to_all(self, node: ast.Assign) -> list[str]:
        scope = self._scope
        term = self._expressions.value(scope, node.value)
        held = scope.fresh("held")
        lines = self._hold(held, term)
        for target in node.targets:
            lines += self._bind(target, Term(term.type, held))
        return lines

    def _hold(self, name: str, term: Term) -> list[str]:
        return [f"{name} = {term.text}"] if is_runtime(term.type) else []

    def _bind(self, target: ast.expr, term: Term) -> list[str]:
        """`target = term`."""
        scope = self._scope
        if isinstance(target, ast.Name):
            if scope.instance is not None and target.id == scope.instance.name:
                raise scope.refuse("an __init__ that binds its first argument", target)
            return self._hold(scope.bind(target.id, term.type), term)
        if isinstance(target, ast.Tuple | ast.List):
            return self._unpack(target, term)
        if isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
            held = self._expressions.value(scope, target.value)
            if not isinstance(held.type, ListOf):
                raise scope.refuse(f"setting an item of a {held.type}", target)
            index = self._expressions.value(scope, target.slice)
            # Before list and index, as in Python.
            value = scope.fresh("value")
            return [*self._hold(value, term), lists.set_item(scope, held, index, Term(term.type, value), target)]
        instance = scope.instance
        if not isinstance(target, ast.Attribute):
            raise scope.refuse(f"assignment to {construct(target)}", target)
        if instance is None or not isinstance(target.value, ast.Name) or target.value.id != instance.name:
            raise scope.refuse("setting an attribute outside of __init__", target)
        scope.must_not_be_private(target)
        if not is_set_plainly(instance.cls, target.attr):
            raise scope.refuse(f"setting {target.attr!r}, which calls a function", target)
        return self._hold(scope.bind(f"{instance.name}.{target.attr}", term.type), term)

    def _unpack(self, target: ast.Tuple | ast.List, term: Term) -> list[str]:
        scope = self._scope
        if not isinstance(term.type, Shape) or not issubclass(term.type.python, tuple):
            raise scope.refuse(f"unpacking of a {term.type}", target)
        if len(term.type.parts) != len(target.elts) or any(isinstance(one, ast.Starred) for one in target.elts):
            raise scope.refuse(f"{len(target.elts)} names for a tuple of {len(term.type.parts)}", target)
        held = scope.fresh("held")
        lines = self._hold(held, term)
        for number, element in enumerate(target.elts):
            lines += self._bind(element, part_of(Term(term.type, held), number))
        return lines

    def _set_attributes(self, whole: Term) -> list[str]:
        """Those of the instance that is being made, as an `__init__` above has set them."""
        assert isinstance(whole.type, Shape) and self._scope.instance is not None
        lines: list[str] = []
        for number, name in enumerate(whole.type.names):
            term = part_of(whole, number)
            lines += self._hold(self._scope.bind(f"{self._scope.instance.name}.{name}", term.type), term)
        return lines

    def _append(self, node: ast.Expr, call: ast.Call) -> list[str]:
        assert isinstance(call.func, ast.Attribute)
        held = self._expressions.value(self._scope, call.func.value)
        if not isinstance(held.type, ListOf):
            return self._hold(self._scope.fresh("unused"), self._expressions.value(self._scope, call))
        return [lists.append(self._scope, held, self._expressions.value(self._scope, call.args[0]), node)]

    def _change_item(self, node: ast.AugAssign, owner: ast.expr, index: ast.expr) -> list[str]:
        """`owner[index] += value`: list and index are evaluated once."""
        scope = self._scope
        held, place = self._expressions.value(scope, owner), self._expressions.value(scope, index)
        if not isinstance(held.type, ListOf):
            raise scope.refuse(f"setting an item of a {held.type}", node)
        names = scope.fresh("held"), scope.fresh("index")
        lines = [f"{names[0]} = {held.text}", f"{names[1]} = {place.text}"]
        held, place = Term(held.type, names[0]), Term(place.type, names[1])
        before = lists.item(scope, held, place, node)
        value = self._expressions.binary(scope, node.op, before, self._expressions.value(scope, node.value), node)
        if isinstance(before.type, ListOf):
            raise scope.refuse("an operator that changes a list in place", node)
        return [*lines, lists.set_item(scope, held, place, value, node)]

    def _must_not_change_in_place(self, before: Term, operator: ast.operator, node: ast.AST) -> None:
        if isinstance(before.type, ListOf):
            raise self._scope.refuse("an operator that changes a list in place", node)
        if isinstance(before.type, Shape):
            word = method_of(operator)
            if hasattr(before.type.python, f"__i{word}__"):
                raise self._scope.refuse(f"an operator that may change a {before.type} in place", node)

    def _if(self, node: ast.If) -> list[str]:
        scope = self._scope
        test = self._expressions.truth(scope, node.test)
        if test.constant is not None:
            # What is never run need not be compiled.
            return self.body(node.body if test.constant else node.orelse)
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
        before, head_text, first_lines, element = iteration(scope, self._expressions, self._read_range, node.iter)

        if element.interval is not None and target in scope.bound_once:
            scope.intervals[target] = element.interval

        def translate(_exits: _Exits) -> list[str]:
            first = f"{scope.bind(target, element.type)} = {element.text}"
            return [head_text, *indented([*first_lines, first, *self.body(node.body)])]

        lines, head, exits = self._settled(translate)
        return [*before, *self._finish(lines, node.orelse, dict(head), exits)]


def iteration(
    scope: Scope, expressions: Expressions, read_range: RangeReader, source: ast.expr
) -> tuple[list[str], str, list[str], Term]:
    """A loop over a range or a list: the lines before it, its first line, what a turn begins with, and its element."""
    bounds = read_range(scope, source)
    if bounds is not None:
        before, head, index = range_loop(scope, bounds)
        return before, head, [], Term("int", index, interval=intervals.of_range(bounds))
    held = expressions.value(scope, source)
    if texts.is_text(held.type):
        return texts.iteration(scope, held, source)
    if not isinstance(held.type, ListOf):
        raise scope.refuse("a loop over something else than a range or a list", source)
    return lists.iteration(scope, held, source)


def turns_of(element: Term, around: int | None) -> int | None:
    """How often the body of a loop over such elements of a range runs at most, which is in one that runs so often."""
    if element.interval is None or around is None:
        return None
    return around * (element.interval[1] - element.interval[0] + 1)


def range_loop(scope: Scope, bounds: list[Term]) -> tuple[list[str], str, str]:
    """A loop over `range(*bounds)`: the lines before it, its first line, and the element as an expression."""
    position = scope.fresh("position")
    if len(bounds) == 1:
        return [], f"for {position} in range({bounds[0].text}):", position
    start, stop = bounds[0], bounds[1]
    first = scope.fresh("first")
    before = [f"{first} = {start.text}"]
    end, stride = stop.text, "1"
    if len(bounds) == 3:
        # In Python's order, should they call something.
        end, stride = scope.fresh("stop"), scope.fresh("stride")
        before += [f"{end} = {stop.text}", f"{stride} = {bounds[2].text}"]
    head = f"for {position} in range(range_count({first}, {end}, {stride})):"
    # Within the range by construction: neither can overflow.
    return before, head, f"{first} + {position}" if stride == "1" else f"{first} + {position} * {stride}"
