"""Expressions of the user's code -> expressions of the generated source, each with its type."""

from __future__ import annotations

import ast
import cmath
import math
from collections.abc import Callable, Sequence

from pyfora.compile import (
    arrays,
    closures,
    complexes,
    dicts,
    intervals,
    lists,
    numpy_numbers,
    octets,
    optionals,
    scalars,
    speculation,
)
from pyfora.compile.kinds import Becoming, Kind, Known, ListOf, Optional, Shape, is_runtime, names_of
from pyfora.compile.numpy_kinds import ArrayOf
from pyfora.compile.objects import Objects
from pyfora.compile.operations import BITS, FLOATS, INTS, ORDERS
from pyfora.compile.scope import INT_BOUND, Scope, construct
from pyfora.compile.terms import Term, as_bool, as_float, as_int, constant, made

CallTranslator = Callable[[Scope, ast.Call | ast.ListComp | ast.SetComp | ast.DictComp], Term]

_NATURAL_OPERATIONS: dict[type[ast.operator], str] = {ast.FloorDiv: "floordiv_natural", ast.Mod: "mod_natural"}
"""Of ints that are not below 0, the right one not 0."""
_FLOAT_OPERATIONS = {
    ast.FloorDiv: "floordiv_float",
    ast.Mod: "mod_float",
    ast.Pow: "pow_float",
}


def _quotient(left: Term, right: Term) -> Term:
    """`left / right`, two floats."""
    interval = intervals.of_floats(ast.Div, left, right)
    word = "quotient_float" if intervals.excludes_zero(right) else "div_float"
    return Term("float", f"{word}({left.text}, {right.text})", interval=interval)


def _power_of_two(term: Term) -> int | None:
    """k where the term is the literal int 2**k."""
    value = term.constant
    if type(value) is not int or value < 1 or value & (value - 1):
        return None
    return value.bit_length() - 1


class Expressions:
    """Translates expressions; what a call means is for another to say."""

    def __init__(self, call: CallTranslator, objects: Objects) -> None:
        self._call = call
        self._objects = objects

    def value(self, scope: Scope, node: ast.expr) -> Term:
        """The value of an expression, where it is not None by chance. Raises NotCompiled."""
        return optionals.given(scope, self.any_value(scope, node))

    def operand(self, scope: Scope, node: ast.expr) -> Term:
        """As `value`; also what may be Python's still. Raises NotCompiled."""
        term = self.any_value(scope, node)
        return term if isinstance(term.type, Becoming) else optionals.given(scope, term)

    def _settled(self, scope: Scope, operator: type[ast.operator], left: Term, right: Term) -> tuple[Term, Term]:
        """Operands one of which may be Python's still: where nobody can tell, it is numpy's."""
        if isinstance(left.type, Becoming) and numpy_numbers.hides(left.type, right.type, operator):
            return numpy_numbers.meanwhile(left), optionals.given(scope, right)
        if isinstance(right.type, Becoming) and numpy_numbers.hides(right.type, left.type, operator):
            return optionals.given(scope, left), numpy_numbers.meanwhile(right)
        return optionals.given(scope, left), optionals.given(scope, right)

    def any_value(self, scope: Scope, node: ast.expr) -> Term:
        """The value of an expression, also one that may be None. Raises NotCompiled."""
        return scope.mark_term(self._any_value(scope, node), node)

    def _any_value(self, scope: Scope, node: ast.expr) -> Term:
        match node:
            case ast.Constant(value=bool() | int() | float() as value):
                if isinstance(value, int) and not -INT_BOUND <= value < INT_BOUND:
                    raise scope.refuse("an int literal beyond 64 bits", node)
                return constant(value)
            case ast.Constant(value=complex() as value):
                return complexes.complex_of(constant(value.real), constant(value.imag))
            case ast.Constant(value=None | str() as value):
                return Term(Known(value), "")
            case ast.Constant(value=bytes() as value):
                return octets.literal(scope, value, node)
            case ast.Constant(value=value):
                raise scope.refuse(f"a constant of type {type(value).__name__}", node)
            case ast.Tuple(elts=elements):
                terms = [self.value(scope, element) for element in elements]
                return made(tuple, [""] * len(terms), terms)
            case ast.List(elts=elements):
                return lists.display(scope, [self.value(scope, element) for element in elements], node)
            case ast.BinOp(left=ast.List(elts=[element]), op=ast.Mult(), right=times) if not isinstance(
                element, ast.Starred
            ) and self.value(scope, times).type in ("int", "bool"):
                return lists.filled(scope, self.value(scope, element), self.value(scope, times), node)
            case ast.Subscript(value=held, slice=ast.Slice(lower=lower, upper=upper, step=None)):
                sliced = self.value(scope, held)
                if not isinstance(sliced.type, ListOf | ArrayOf) and not octets.is_bytes(sliced.type):
                    raise scope.refuse(f"a slice of a {sliced.type}", node)
                bounds = [None if bound is None else self.index(scope, bound) for bound in (lower, upper)]
                if any(bound is not None and bound.type == "float" for bound in bounds):
                    raise scope.refuse("a slice by floats", node)
                if isinstance(sliced.type, ArrayOf):
                    return arrays.part(scope, sliced, bounds, node)
                if octets.is_bytes(sliced.type):
                    return octets.part(scope, sliced, bounds, node)
                return lists.part(scope, sliced, bounds, node)
            case ast.Subscript(value=held, slice=ast.Tuple(elts=[ast.Slice(None, None, None), index])):
                return arrays.column(scope, self.value(scope, held), self.value(scope, index), node)
            case ast.Subscript(value=held, slice=ast.Tuple(elts=[index, ast.Slice(None, None, None)])):
                return arrays.row(scope, self.value(scope, held), self.value(scope, index), node)
            case ast.Subscript(value=held, slice=index) if not isinstance(index, ast.Slice):
                return self._objects.item(scope, self.value(scope, held), self.value(scope, index), node)
            case ast.Name():
                return scope.read(node)
            case ast.Lambda():
                return closures.new(scope, self.value, node)
            case ast.Attribute():
                return self._attribute(scope, node)
            case ast.BinOp():
                operands = self.operand(scope, node.left), self.operand(scope, node.right)
                return self.binary(scope, node.op, *operands, node)
            case ast.UnaryOp():
                return self._unary(scope, node)
            case ast.Compare():
                return self._compare(scope, node)
            case ast.BoolOp():
                terms = [self.value(scope, operand) for operand in node.values]
                return self._both(scope, node, terms, " and " if isinstance(node.op, ast.And) else " or ")
            case ast.IfExp():
                test = self.truth(scope, node.test)
                if test.constant is not None:
                    return self.value(scope, node.body if test.constant else node.orelse)
                arms = [self.any_value(scope, node.body), self.any_value(scope, node.orelse)]
                may_be_none = optionals.together(arms[0].type, arms[1].type)
                if may_be_none is not None and arms[0].type != arms[1].type:
                    arms = [optionals.as_optional(arm, may_be_none) for arm in arms]
                kind = self._same(scope, node, arms, "the two sides of 'if … else …'")
                if not is_runtime(kind):
                    scope.must_not_act(test, node)
                    return Term(kind, "")
                text = f"({arms[0].text} if {test.text} else {arms[1].text})"
                text = speculation.choice(test, arms[0], arms[1]) or text
                return Term(kind, text, interval=intervals.hull(arms))
            case ast.Dict(keys=keys, values=values) if None not in keys:
                pairs = [
                    (self.value(scope, key), self.value(scope, value))
                    for key, value in zip(keys, values, strict=True)
                    if key
                ]
                return dicts.display(scope, [key for key, _ in pairs], [value for _, value in pairs], node)
            case ast.Set(elts=elements):
                return dicts.display(scope, [self.value(scope, element) for element in elements], None, node)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.Call():
                return self._call(scope, node)
        raise scope.refuse(f"{construct(node)} is not something that compiled code can compute", node)

    def truth(self, scope: Scope, node: ast.expr) -> Term:
        """An expression where only its truth matters, so that `and` and `or` may join any types."""
        return scope.mark_term(self._truth(scope, node), node)

    def _truth(self, scope: Scope, node: ast.expr) -> Term:
        match node:
            case ast.BoolOp():
                terms = []
                for operand in node.values:
                    terms.append(self.truth(scope, operand))
                    if terms[-1].constant is isinstance(node.op, ast.Or):
                        # What is never asked need not be compiled.
                        break
                if all(term.constant is not None for term in terms):
                    return constant(bool(terms[-1].constant))
                return self._both(scope, node, terms, " and " if isinstance(node.op, ast.And) else " or ")
            case ast.UnaryOp(op=ast.Not()):
                term = self.truth(scope, node.operand)
                known = None if term.constant is None else not term.constant
                return Term("bool", f"(not {term.text})" if known is None else str(known), known)
        term = self.any_value(scope, node)
        if isinstance(term.type, Optional | Becoming):
            return optionals.truth(scope, term, node)
        return as_bool(term) if isinstance(term.type, str) else as_bool(self._objects.truth(scope, term, node))

    def scalar(self, scope: Scope, node: ast.expr) -> Term:
        """The value of an expression that is an int, a float or a bool. Raises NotCompiled."""
        term = self.value(scope, node)
        if isinstance(term.type, str):
            return term
        what = "a tuple" if isinstance(term.type, Shape) and term.type.python is tuple else f"a {term.type}"
        raise scope.refuse(f"{what} where an int, a float or a bool is needed", node)

    def index(self, scope: Scope, node: ast.expr) -> Term:
        """As `scalar`; one of numpy's ints is an int where an index is asked for."""
        term = numpy_numbers.as_index(self.value(scope, node))
        return term if isinstance(term.type, str) else self.scalar(scope, node)

    def _same(self, scope: Scope, node: ast.AST, terms: Sequence[Term], what: str) -> Kind:
        kinds = list(dict.fromkeys(term.type for term in terms))
        if len(kinds) > 1:
            raise scope.refuse(f"{what} are of different types: {names_of(kinds).replace(', ', ' and ')}", node)
        return terms[0].type

    def _both(self, scope: Scope, node: ast.BoolOp, terms: list[Term], word: str) -> Term:
        kind = self._same(scope, node, terms, f"the operands of '{word.strip()}'")
        if not isinstance(kind, str):
            raise scope.refuse(f"'{word.strip()}' of values that are no int, float or bool", node)
        return Term(kind, f"({word.join(term.text for term in terms)})", interval=intervals.hull(terms))

    def _attribute(self, scope: Scope, node: ast.Attribute) -> Term:
        scope.must_not_be_private(node)
        if scope.instance is not None and isinstance(node.value, ast.Name) and node.value.id == scope.instance.name:
            return scope.variable_of(f"{scope.instance.name}.{node.attr}", node)
        owner = self.value(scope, node.value)
        for module in (math, cmath):
            held = vars(module).get(node.attr) if owner.type == Known(module) else None
            if type(held) is float:
                return constant(held)
            if type(held) is complex:
                return complexes.complex_of(constant(held.real), constant(held.imag))
        return self._objects.attribute(scope, owner, node.attr, node)

    def _unary(self, scope: Scope, node: ast.UnaryOp) -> Term:
        if isinstance(node.op, ast.Not):
            return self.truth(scope, node)
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            literal = node.operand.value
            if type(literal) is int and -INT_BOUND <= -literal < INT_BOUND:
                return constant(-literal)
            if type(literal) is float:
                return constant(-literal)
        term = self.value(scope, node.operand)
        if not isinstance(term.type, str):
            return self._objects.unary(scope, node.op, term, node)
        match node.op:
            case ast.USub():
                negative = intervals.of_negative(term)
                if term.type == "float":
                    return Term("float", f"neg_float({term.text})", interval=negative)
                if intervals.fits(negative):
                    return Term("int", f"(0 - {as_int(term).text})", interval=negative)
                return Term("int", f"neg_int({as_int(term).text})")
            case ast.UAdd():
                return term if term.type == "float" else as_int(term)
            case ast.Invert() if term.type == "int":
                return Term("int", f"(~{term.text})")
        raise scope.refuse(f"'~' of a {term.type}", node)

    def binary(self, scope: Scope, operator: ast.operator, left: Term, right: Term, node: ast.AST) -> Term:
        """`left operator right`; also for augmented assignment."""
        if isinstance(left.type, Becoming) or isinstance(right.type, Becoming):
            left, right = self._settled(scope, type(operator), left, right)
        if not isinstance(left.type, str) or not isinstance(right.type, str):
            return self._objects.binary(scope, operator, left, right, node)
        kind = type(operator)
        if kind in BITS:
            if "float" in (left.type, right.type):
                raise scope.refuse(f"'{BITS[kind]}' of a float", node)
            both_bool = left.type == right.type == "bool"
            if not both_bool:
                left, right = as_int(left), as_int(right)
            interval = None if both_bool else intervals.of_operation(kind, left, right)
            text = f"({left.text} {BITS[kind]} {right.text})"
            return Term("bool" if both_bool else "int", text, interval=interval)
        if "float" not in (left.type, right.type):
            if kind is ast.Div:
                return _quotient(scalars.exact_float(left), scalars.exact_float(right))
            squared = intervals.of_operation(ast.Mult, left, left)
            squares = kind is ast.Pow and right.constant == 2 and right.type == "int"
            if squares and not intervals.fits(squared):
                return Term("int", f"square_int({as_int(left).text})")
            if squares and left.text.isidentifier():
                return Term("int", f"({as_int(left).text} * {as_int(left).text})", interval=squared)
            same = kind is ast.Mult and left == right and left.text.isidentifier()
            if same and left.type == "int" and not intervals.fits(squared):
                return Term("int", f"square_int({left.text})")
            interval, power = intervals.of_operation(kind, left, right), _power_of_two(right)
            if power is not None and kind is ast.FloorDiv:
                return speculation.harmless(Term("int", f"({as_int(left).text} >> {power})", interval=interval), left)
            if power is not None and kind is ast.Mod:
                text = f"({as_int(left).text} & {2**power - 1})"
                return speculation.harmless(Term("int", text, interval=interval), left)
            if kind in FLOATS and intervals.fits(interval):
                text = f"({as_int(left).text} {FLOATS[kind]} {as_int(right).text})"
                return speculation.harmless(Term("int", text, interval=interval), left, right)
            affine = speculation.of_operation(kind, left, right)
            if affine is not None:
                return affine
            naturals = intervals.is_natural(left) and intervals.is_natural(right) and intervals.excludes_zero(right)
            if kind in _NATURAL_OPERATIONS and naturals:
                text = f"{_NATURAL_OPERATIONS[kind]}({as_int(left).text}, {as_int(right).text})"
                return Term("int", text, interval=interval)
            if kind in INTS:
                operands = f"({as_int(left).text}, {as_int(right).text})"
                zero = f"rest_int{operands}" if kind is ast.Mod else ""
                known = interval if intervals.fits(interval) else None
                return Term("int", f"{INTS[kind]}{operands}", zero_text=zero, interval=known)
        else:
            left, right = as_float(left), as_float(right)
            if kind is ast.Div:
                return _quotient(left, right)
            if kind in FLOATS:
                text = f"({left.text} {FLOATS[kind]} {right.text})"
                return Term("float", text, interval=intervals.of_floats(kind, left, right))
            if kind in _FLOAT_OPERATIONS:
                return Term("float", f"{_FLOAT_OPERATIONS[kind]}({left.text}, {right.text})")
        raise scope.refuse(f"operator {kind.__name__} of {left.type} and {right.type}", node)

    def _compare(self, scope: Scope, node: ast.Compare) -> Term:
        match node:
            case ast.Compare(
                ops=[ast.In() | ast.NotIn()], comparators=[ast.List(elts=elts) | ast.Set(elts=elts) as held]
            ):
                if all(isinstance(element, ast.Constant) for element in elts):
                    # Nobody can tell it from a tuple of the same literals.
                    literals: list[ast.expr] = [ast.copy_location(ast.Tuple(elts, ast.Load()), held)]
                    node = ast.copy_location(ast.Compare(node.left, node.ops, literals), node)
        if len(node.ops) == 1:
            pair = [self.any_value(scope, operand) for operand in (node.left, *node.comparators)]
            with_none = optionals.equals_none(scope, node.ops[0], pair[0], pair[1], node)
            if with_none is not None:
                return with_none
            if any(isinstance(term.type, Becoming) for term in pair):
                return self._objects.compare(scope, node.ops[0], *self._settled(scope, ast.Add, *pair), node)
        terms = [self.value(scope, operand) for operand in [node.left, *node.comparators]]
        operators = {type(operator) for operator in node.ops}
        if operators & {ast.In, ast.NotIn, ast.Is, ast.IsNot} or not all(isinstance(term.type, str) for term in terms):
            if len(node.ops) > 1:
                raise scope.refuse("a chain of comparisons of values that are no int, float or bool", node)
            return self._objects.compare(scope, node.ops[0], terms[0], terms[1], node)
        kinds = {term.type for term in terms}
        if "float" in kinds:
            # An int beside a float is compared as a float only where it is one exactly.
            terms = [scalars.exact_float(term) for term in terms]
        elif "int" in kinds or any(isinstance(op, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)) for op in node.ops):
            terms = [as_int(term) for term in terms]
        if len(terms) == 2 and isinstance(node.ops[0], ast.Eq | ast.NotEq) and terms[1].text == "0":
            text = terms[0].zero_text or terms[0].text
        else:
            text = terms[0].text
        for operator, term in zip(node.ops, terms[1:], strict=True):
            text += f" {ORDERS[type(operator)]} {term.text}"
        return Term("bool", f"({text})")
