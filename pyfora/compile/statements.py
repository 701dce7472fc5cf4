"""Statements of a function -> lines of the generated source, with what is known of every variable on every path."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from pyfora.compile import (
    arrays,
    closures,
    counters,
    dicts,
    intervals,
    lists,
    matching,
    optionals,
    records,
    speculation,
)
from pyfora.compile.classes import is_set_plainly
from pyfora.compile.expressions import Expressions
from pyfora.compile.kinds import Becoming, DictOf, Known, ListOf, Optional, Shape, is_runtime
from pyfora.compile.numpy_kinds import ArrayOf
from pyfora.compile.objects import method_of
from pyfora.compile.refusal import Unlearned
from pyfora.compile.scope import Scope, construct
from pyfora.compile.terms import Term, part_of
from pyfora.compile.turns import RangeReader, at_most_few, iteration, turns_of
from pyfora.compile.variables import Variables, join

GIVE_UP = "\0give up"
"""Stands for the give-up of the function's type until that is known."""

_EACH = "each yielded"
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
        # What yields is the body of a loop, whose turns have nothing in common.
        self._loops: list[_Exits] = [_Exits()] if yielded else []

    def body(self, statements: list[ast.stmt]) -> list[str]:
        """A block. What can never be reached is left out: it cannot matter."""
        lines: list[str] = []
        for statement in statements:
            if self._scope.variables is None:
                break
            try:
                lines += self._statement(statement)
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
                return [*self._hold(held, term), *self._set_attributes(Term(term.type, held))]
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append"), args=[_], keywords=[]) as call):
                return self._append(node, call)
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
                if any(isinstance(inner, ast.Call) for inner in ast.walk(target)):
                    raise scope.refuse("an attribute of what a call gives, changed by an operator", node)
                if isinstance(target, ast.Attribute) and not isinstance(target.value, ast.Name):
                    return self._change_attribute(node, target)
                before = self._expressions.operand(scope, loaded)
                self._must_not_change_in_place(before, node.op, node)
                operand = self._expressions.operand(scope, node.value)
                self._must_count_seldom(target, operand)
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
            case ast.Match():
                lines, subject = scope.hold(self._expressions.any_value(scope, node.subject))
                more, statements = matching.as_ifs(scope, node, subject)
                return [*lines, *more, *self.body(statements)]
            case ast.Delete(targets=targets):
                return [line for target in targets for line in self._delete(target)]
            case ast.FunctionDef():
                closure = closures.new(scope, self._expressions.value, node)
                return self._hold(scope.bind(node.name, closure.type), closure)
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

    def _assign(self, target: ast.expr, value: ast.expr) -> list[str]:
        scope = self._scope
        if isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
            any_value = self._expressions.any_value if isinstance(target, ast.Name) else self._expressions.value
            return self._bind(target, any_value(scope, value))
        if (
            isinstance(target, ast.Tuple | ast.List)
            and isinstance(value, ast.Tuple | ast.List)
            and len(target.elts) == len(value.elts)
        ):
            terms = [self._expressions.value(scope, element) for element in value.elts]
            held = [scope.fresh("held") for _ in terms]
            lines = [line for name, term in zip(held, terms, strict=True) for line in self._hold(name, term)]
            for element, name, term in zip(target.elts, held, terms, strict=True):
                lines += self._bind(element, Term(term.type, name, interval=intervals.known(term)))
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
            may_be_none = optionals.declared(scope, target.id)
            if may_be_none is not None and optionals.fits(may_be_none, term.type):
                term = optionals.as_optional(term, may_be_none)
            scope.note_interval(target.id, term.type, intervals.known(term))
            return self._hold(scope.bind(target.id, term.type), term)
        if isinstance(target, ast.Tuple | ast.List):
            return self._unpack(target, term)
        if isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
            held = self._expressions.value(scope, target.value)
            if not isinstance(held.type, ListOf | DictOf | ArrayOf):
                raise scope.refuse(f"setting an item of a {held.type}", target)
            index = self._expressions.value(scope, target.slice)
            # Before list and index, as in Python.
            value = scope.fresh("value")
            room = dicts if isinstance(held.type, DictOf) else arrays if isinstance(held.type, ArrayOf) else lists
            return [*self._hold(value, term), room.set_item(scope, held, index, Term(term.type, value), target)]
        instance = scope.instance
        if not isinstance(target, ast.Attribute):
            raise scope.refuse(f"assignment to {construct(target)}", target)
        scope.must_not_be_private(target)
        if instance is None or not isinstance(target.value, ast.Name) or target.value.id != instance.name:
            value = scope.fresh("value")
            owner = self._expressions.value(scope, target.value)
            return [
                *self._hold(value, term),
                *records.set_part(scope, owner, target.attr, Term(term.type, value), target),
            ]
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

    def _delete(self, target: ast.expr) -> list[str]:
        """`del name` and `del held[key]`."""
        scope = self._scope
        if isinstance(target, ast.Name) and scope.variables is not None and target.id in scope.variables:
            closures.forget(scope, target.id)
            del scope.variables[target.id]
            return []
        if not isinstance(target, ast.Subscript) or isinstance(target.slice, ast.Slice):
            raise scope.refuse(f"del of {construct(target)}", target)
        held = self._expressions.value(scope, target.value)
        key = self._expressions.value(scope, target.slice)
        if isinstance(held.type, DictOf):
            return [dicts.delete(scope, held, key, target)]
        if isinstance(held.type, ListOf):
            return [lists.method(scope, held, "pop", [key], target).text]
        raise scope.refuse(f"del of an item of a {held.type}", target)

    def _append(self, node: ast.Expr, call: ast.Call) -> list[str]:
        assert isinstance(call.func, ast.Attribute)
        held = self._expressions.value(self._scope, call.func.value)
        if not isinstance(held.type, ListOf):
            self._scope.statement = call
            text = self._expressions.value(self._scope, call).text
            return [text] if text else []
        return [lists.append(self._scope, held, self._expressions.value(self._scope, call.args[0]), node)]

    def _change_item(self, node: ast.AugAssign, owner: ast.expr, index: ast.expr) -> list[str]:
        """`owner[index] += value`: list and index are evaluated once."""
        scope = self._scope
        held, place = self._expressions.value(scope, owner), self._expressions.value(scope, index)
        if not isinstance(held.type, ListOf | DictOf | ArrayOf):
            raise scope.refuse(f"setting an item of a {held.type}", node)
        names = scope.fresh("held"), scope.fresh("index")
        lines = [f"{names[0]} = {held.text}", *self._hold(names[1], place)]
        held, place = Term(held.type, names[0]), Term(place.type, names[1])
        if isinstance(held.type, DictOf):
            change = self._expressions.value(scope, node.value)
            found, before, line = dicts.change_item(scope, held, place, node, change)
            value = self._expressions.binary(scope, node.op, before, change, node)
            return [*lines, *found, *self._put(scope, held, value, line, node)]
        room = arrays if isinstance(held.type, ArrayOf) else lists
        before = room.item(scope, held, place, node)
        value = self._expressions.binary(scope, node.op, before, self._expressions.value(scope, node.value), node)
        if isinstance(before.type, ListOf):
            raise scope.refuse("an operator that changes a list in place", node)
        return [*lines, room.set_item(scope, held, place, value, node)]

    def _change_attribute(self, node: ast.AugAssign, target: ast.Attribute) -> list[str]:
        """`owner.name += value`: the owner is evaluated once."""
        lines, owner = self._scope.hold(self._expressions.value(self._scope, target.value))
        attribute = ast.Attribute(ast.copy_location(owner, target), target.attr, ast.Store())
        change = ast.AugAssign(ast.copy_location(attribute, target), node.op, node.value)
        return [*lines, *self._statement(ast.copy_location(change, node))]

    def _put(self, scope: Scope, held: Term, value: Term, line: str, node: ast.AST) -> list[str]:
        """The new value of an item of a dict: computed before it is put in, as that may be elsewhere by then."""
        name = scope.fresh("value")
        return [*self._hold(name, value), dicts.changed(scope, held, Term(value.type, name), line, node)]

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
        choice = speculation.as_choice(node)
        if choice is not None and self._is_bound_int(choice.targets[0]):
            assert isinstance(choice.value, ast.IfExp)
            arms = [self._expressions.value(scope, arm) for arm in (choice.value.body, choice.value.orelse)]
            if speculation.choice(test, *arms) is not None:
                return self._assign(choice.targets[0], choice.value)
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
        before, head_text, first_lines, element = iteration(scope, self._expressions, self._read_range, node.iter)

        around = scope.most_turns
        scope.most_turns = turns_of(element, around)
        often = scope.most_turns is None or scope.most_turns > counters.LIMIT
        if often and around is not None and around <= counters.FEW_AROUND and self._counts(node):
            guarded = at_most_few(head_text)
            if guarded is not None:
                head_text, scope.most_turns = guarded, around * counters.FEW_TURNS

        def translate(_exits: _Exits) -> list[str]:
            first = self._bind(node.target, element)
            return [head_text, *indented([*first_lines, *first, *self.body(node.body)])]

        lines, head, exits = self._settled(translate)
        scope.most_turns = around
        return [*before, *self._finish(lines, node.orelse, dict(head), exits)]

    # ---- counters ----------------------------------------------------------------------------------------------

    def _counts(self, node: ast.For) -> bool:
        """Whether a counter is changed in this loop."""
        changed = [one.target for one in ast.walk(node) if isinstance(one, ast.AugAssign)]
        return any(isinstance(target, ast.Name) and target.id in self._scope.counters for target in changed)

    def _must_count_seldom(self, target: ast.expr, change: Term) -> None:
        """Raises Unbounded where a counter is changed too often, or by too much."""
        scope = self._scope
        if not isinstance(target, ast.Name) or target.id not in scope.counters:
            return
        size, interval = scope.counters[target.id], intervals.of(change)
        small = interval is not None and -size <= interval[0] and interval[1] <= size
        if not small or scope.most_turns is None or scope.most_turns * size > counters.LIMIT:
            raise counters.Unbounded(target.id)
