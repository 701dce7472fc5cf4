"""Assignments -> lines of the generated source: to names, attributes and items, plain or by an operator."""

from __future__ import annotations

import ast
import copy

from pyfora.compile import arrays, closures, counters, dicts, intervals, lists, optionals, records
from pyfora.compile.classes import is_set_plainly
from pyfora.compile.expressions import Expressions
from pyfora.compile.kinds import DictOf, ListOf, Shape, is_runtime
from pyfora.compile.numpy_kinds import ArrayOf
from pyfora.compile.objects import method_of
from pyfora.compile.scope import Scope, construct
from pyfora.compile.terms import Term, part_of


class Assigning:
    """Translates the assignments of one function."""

    def __init__(self, scope: Scope, expressions: Expressions) -> None:
        self._scope = scope
        self._expressions = expressions

    def assign(self, target: ast.expr, value: ast.expr) -> list[str]:
        scope = self._scope
        if isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
            any_value = self._expressions.any_value if isinstance(target, ast.Name) else self._expressions.value
            return self.bind(target, any_value(scope, value))
        if (
            isinstance(target, ast.Tuple | ast.List)
            and isinstance(value, ast.Tuple | ast.List)
            and len(target.elts) == len(value.elts)
        ):
            terms = [self._expressions.value(scope, element) for element in value.elts]
            held = [scope.fresh("held") for _ in terms]
            lines = [line for name, term in zip(held, terms, strict=True) for line in self.hold(name, term)]
            for element, name, term in zip(target.elts, held, terms, strict=True):
                lines += self.bind(element, Term(term.type, name, interval=intervals.known(term)))
            return lines
        if isinstance(target, ast.Tuple | ast.List):
            return self.unpack(target, self._expressions.value(scope, value))
        raise scope.refuse(f"assignment to {construct(target)} is not compiled", target)

    def assign_to_all(self, node: ast.Assign) -> list[str]:
        scope = self._scope
        term = self._expressions.value(scope, node.value)
        held = scope.fresh("held")
        lines = self.hold(held, term)
        for target in node.targets:
            lines += self.bind(target, Term(term.type, held))
        return lines

    def hold(self, name: str, term: Term) -> list[str]:
        return [f"{name} = {term.text}"] if is_runtime(term.type) else []

    def bind(self, target: ast.expr, term: Term) -> list[str]:
        """`target = term`."""
        scope = self._scope
        if isinstance(target, ast.Name):
            if scope.instance is not None and target.id == scope.instance.name:
                raise scope.refuse("an __init__ that binds its first argument", target)
            may_be_none = optionals.declared(scope, target.id)
            if may_be_none is not None and optionals.fits(may_be_none, term.type):
                term = optionals.as_optional(term, may_be_none)
            scope.note_interval(target.id, term.type, intervals.known(term))
            return self.hold(scope.bind(target.id, term.type), term)
        if isinstance(target, ast.Tuple | ast.List):
            return self.unpack(target, term)
        if isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
            held = self._expressions.value(scope, target.value)
            if not isinstance(held.type, ListOf | DictOf | ArrayOf):
                raise scope.refuse(f"setting an item of a {held.type}", target)
            index = self._expressions.value(scope, target.slice)
            # Before list and index, as in Python.
            value = scope.fresh("value")
            room = dicts if isinstance(held.type, DictOf) else arrays if isinstance(held.type, ArrayOf) else lists
            return [*self.hold(value, term), room.set_item(scope, held, index, Term(term.type, value), target)]
        instance = scope.instance
        if not isinstance(target, ast.Attribute):
            raise scope.refuse(f"assignment to {construct(target)}", target)
        scope.must_not_be_private(target)
        if instance is None or not isinstance(target.value, ast.Name) or target.value.id != instance.name:
            value = scope.fresh("value")
            owner = self._expressions.value(scope, target.value)
            return [
                *self.hold(value, term),
                *records.set_part(scope, owner, target.attr, Term(term.type, value), target),
            ]
        if not is_set_plainly(instance.cls, target.attr):
            raise scope.refuse(f"setting {target.attr!r}, which calls a function", target)
        return self.hold(scope.bind(f"{instance.name}.{target.attr}", term.type), term)

    def unpack(self, target: ast.Tuple | ast.List, term: Term) -> list[str]:
        scope = self._scope
        if not isinstance(term.type, Shape) or not issubclass(term.type.python, tuple):
            raise scope.refuse(f"unpacking of a {term.type}", target)
        if len(term.type.parts) != len(target.elts) or any(isinstance(one, ast.Starred) for one in target.elts):
            raise scope.refuse(f"{len(target.elts)} names for a tuple of {len(term.type.parts)}", target)
        held = scope.fresh("held")
        lines = self.hold(held, term)
        for number, element in enumerate(target.elts):
            lines += self.bind(element, part_of(Term(term.type, held), number))
        return lines

    def set_attributes(self, whole: Term) -> list[str]:
        """Those of the instance that is being made, as an `__init__` above has set them."""
        assert isinstance(whole.type, Shape) and self._scope.instance is not None
        lines: list[str] = []
        for number, name in enumerate(whole.type.names):
            term = part_of(whole, number)
            lines += self.hold(self._scope.bind(f"{self._scope.instance.name}.{name}", term.type), term)
        return lines

    def delete(self, target: ast.expr) -> list[str]:
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

    def append(self, node: ast.Expr, call: ast.Call) -> list[str]:
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
        lines = [f"{names[0]} = {held.text}", *self.hold(names[1], place)]
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
        return [*lines, *self.change(ast.copy_location(change, node))]

    def _put(self, scope: Scope, held: Term, value: Term, line: str, node: ast.AST) -> list[str]:
        """The new value of an item of a dict: computed before it is put in, as that may be elsewhere by then."""
        name = scope.fresh("value")
        return [*self.hold(name, value), dicts.changed(scope, held, Term(value.type, name), line, node)]

    def _must_not_change_in_place(self, before: Term, operator: ast.operator, node: ast.AST) -> None:
        if isinstance(before.type, ListOf):
            raise self._scope.refuse("an operator that changes a list in place", node)
        if isinstance(before.type, Shape):
            word = method_of(operator)
            if hasattr(before.type.python, f"__i{word}__"):
                raise self._scope.refuse(f"an operator that may change a {before.type} in place", node)

    def change(self, node: ast.AugAssign) -> list[str]:
        """`target operator= value`."""
        scope = self._scope
        match node:
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
                return self.bind(target, self._expressions.binary(scope, node.op, before, operand, node))
        raise scope.refuse(f"{construct(node)} is not compiled", node)

    def _must_count_seldom(self, target: ast.expr, change: Term) -> None:
        """Raises Unbounded where a counter is changed too often, or by too much."""
        scope = self._scope
        if not isinstance(target, ast.Name) or target.id not in scope.counters:
            return
        size, interval = scope.counters[target.id], intervals.of(change)
        small = interval is not None and -size <= interval[0] and interval[1] <= size
        if not small or scope.most_turns is None or scope.most_turns * size > counters.LIMIT:
            raise counters.Unbounded(target.id)
