"""What a call in the user's code means: a builtin, a function of math, or a function of the user's own."""

from __future__ import annotations

import ast
import builtins
import functools
import math
import operator
import random
import types

from pyfora.compile import (
    arrays,
    closures,
    complexes,
    counterparts,
    dicts,
    extremes,
    lists,
    namespaces,
    numpy_complexes,
    numpy_numbers,
    octets,
    randoms,
    reductions,
    scalars,
    texts,
)
from pyfora.compile.collecting import COMPREHENSIONS, Collecting
from pyfora.compile.functions import must_keep_their_order
from pyfora.compile.inner_folds import INNER_FOLDS, each_of, inner_fold
from pyfora.compile.kinds import (
    DictOf,
    InMemory,
    Known,
    ListOf,
    Record,
    SetOf,
    Shape,
    ViewOf,
    names_of,
)
from pyfora.compile.numpy_kinds import ArrayOf
from pyfora.compile.scope import Scope, construct
from pyfora.compile.terms import Term, as_float, as_int, constant, made, part_of
from pyfora.compile.translating import Translator, needed
from pyfora.compile.turns import called

_OPERATORS: dict[int, ast.operator] = {
    id(operator.add): ast.Add(),
    id(operator.sub): ast.Sub(),
    id(operator.mul): ast.Mult(),
    id(operator.truediv): ast.Div(),
    id(operator.floordiv): ast.FloorDiv(),
    id(operator.mod): ast.Mod(),
    id(operator.and_): ast.BitAnd(),
    id(operator.or_): ast.BitOr(),
    id(operator.xor): ast.BitXor(),
    id(operator.lshift): ast.LShift(),
    id(operator.rshift): ast.RShift(),
    id(operator.pow): ast.Pow(),
}


_COMPARISONS: dict[int, ast.cmpop] = {
    id(operator.lt): ast.Lt(),
    id(operator.le): ast.LtE(),
    id(operator.gt): ast.Gt(),
    id(operator.ge): ast.GtE(),
    id(operator.eq): ast.Eq(),
    id(operator.ne): ast.NotEq(),
}


def _is_display(node: ast.expr) -> bool:
    """Whether this is a list or tuple that is written out."""
    return isinstance(node, ast.List | ast.Tuple) and not any(isinstance(one, ast.Starred) for one in node.elts)


class Calls:
    """Translates calls. What is called is known by identity, never by its name."""

    def __init__(self) -> None:
        self._functions = Translator(self.call, self.read_range)
        self._objects, self.expressions = self._functions.objects, self._functions.expressions
        self.init_above = self._functions.init_above
        self._collecting = Collecting(self.expressions, self.read_range)

    def call(self, scope: Scope, node: ast.Call | ast.ListComp | ast.SetComp | ast.DictComp) -> Term:
        """The value of a call, or of a comprehension that makes a list, set or dict. Raises NotCompiled."""
        if not isinstance(node, ast.Call):
            return inner_fold(scope, self.expressions, self.read_range, COMPREHENSIONS[type(node)], node)
        bound = self._bound(scope, node.func)
        if bound is not None and isinstance(bound[0].type, InMemory) and not isinstance(bound[0].type, Record):
            return needed(scope, node, self._in_memory(scope, node, *bound))
        if bound is not None and namespaces.is_namespace(bound[0].type) and not node.keywords:
            terms = [self.expressions.value(scope, argument) for argument in node.args]
            return namespaces.method(scope, *bound, terms, node)
        if bound is not None:
            for method in (scalars.method, complexes.method, numpy_complexes.method):
                of_number = method(bound[0], bound[1], len(node.args) + len(node.keywords))
                if of_number is not None:
                    return of_number
        target, first = self._callee(scope, node, bound)
        if id(target) in scalars.EXTREMES and extremes.has_key(node):
            return extremes.by_key(scope, self.expressions, self.read_range, scalars.EXTREMES[id(target)], node)
        if target is builtins.sum and (begun := self._begun_sum(scope, node)) is not None:
            return begun
        if (
            id(target) in INNER_FOLDS
            and len(node.args) == 1
            and isinstance(node.args[0], ast.GeneratorExp | ast.ListComp)
        ):
            default, fold = self._default(scope, node, target), INNER_FOLDS[id(target)]
            return inner_fold(scope, self.expressions, self.read_range, fold, node.args[0], default, call=node)
        if id(target) in INNER_FOLDS and target is not builtins.len and len(node.args) == 1:
            (over,) = node.args
            if not isinstance(over, ast.Starred) and self._collecting.is_gone_through(scope, over):
                default, fold = self._default(scope, node, target), INNER_FOLDS[id(target)]
                return inner_fold(scope, self.expressions, self.read_range, fold, each_of(over), default, call=node)
        if id(target) in _COMPARISONS and len(node.args) == 2 and not node.keywords:
            compared = ast.Compare(node.args[0], [_COMPARISONS[id(target)]], [node.args[1]])
            return self.expressions.any_value(scope, ast.copy_location(compared, node))
        if id(target) in counterparts.OF_LISTS and not node.keywords:
            return self._apply(scope, node, target, [self._listed(scope, target, over) for over in node.args], {})
        if target is math.dist and len(node.args) == 2 and not node.keywords:
            return self._apply(scope, node, target, self._points(scope, node.args), {})
        if target is functools.reduce and len(node.args) in (2, 3) and not node.keywords:
            return self._reduced(scope, node)
        made_here = self._collecting.collection(scope, node, target)
        if made_here is not None:
            return made_here
        if target is builtins.isinstance and len(node.args) == 2:
            classes = ast.Tuple(scalars.classes_of(node.args[1]), ast.Load())
            node = ast.copy_location(
                ast.Call(node.func, [node.args[0], ast.copy_location(classes, node)], node.keywords), node
            )
        users = isinstance(target, types.FunctionType | Term)
        value = self.expressions.any_value if users else self.expressions.value
        terms = [*first]
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                terms += self._objects.parts(scope, value(scope, argument.value), argument)
            else:
                terms.append(value(scope, argument))
        keywords: dict[str, Term] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise scope.refuse("a call with **arguments", node)
            keywords[keyword.arg] = value(scope, keyword.value)
        return self._apply(scope, node, target, terms, keywords)

    def _begun_sum(self, scope: Scope, node: ast.Call) -> Term | None:
        """`sum(over, start)`; None where it is not."""
        starts = [*node.args[1:], *(keyword.value for keyword in node.keywords if keyword.arg == "start")]
        if len(starts) != 1 or len(node.args) + len(node.keywords) != 2 or isinstance(node.args[0], ast.Starred):
            return None
        over = node.args[0]
        if not isinstance(over, ast.GeneratorExp | ast.ListComp):
            if not self._collecting.is_gone_through(scope, over):
                return None
            over = each_of(over)
        if not self._stays(scope, starts[0], over):
            raise scope.refuse("sum() that begins with more than numbers and variables of them", node)
        start = self.expressions.value(scope, starts[0])
        nothing = type(start.constant) is int and start.constant == 0
        return inner_fold(scope, self.expressions, self.read_range, "sum", over, start=None if nothing else start)

    def _stays(self, scope: Scope, start: ast.expr, over: ast.expr) -> bool:
        """Whether `start` is the same before `over` is evaluated, as Python does first: it is made of scalars alone."""
        if any(isinstance(one, ast.NamedExpr) for one in (*ast.walk(start), *ast.walk(over))):
            return False
        names = [one for one in ast.walk(start) if isinstance(one, ast.Name)]
        plain = (ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.expr_context)
        return all(isinstance(one, plain) for one in ast.walk(start)) and all(
            isinstance(self.expressions.value(scope, name).type, str) for name in names
        )

    def _default(self, scope: Scope, node: ast.Call, target: object) -> Term | None:
        """The `default` of `min` or `max`."""
        if not node.keywords:
            return None
        if target not in (builtins.min, builtins.max) or [keyword.arg for keyword in node.keywords] != ["default"]:
            raise scope.refuse("a fold with keyword arguments", node)
        return self.expressions.value(scope, node.keywords[0].value)

    def _reduced(self, scope: Scope, node: ast.Call) -> Term:
        """`functools.reduce(…)`, as the loop that it is."""
        function, over, *first = node.args
        terms = [self.expressions.value(scope, argument) for argument in (function, *first)]
        if self.read_range(scope, over) is not None:
            elements = inner_fold(scope, self.expressions, self.read_range, "list", each_of(over))
        else:
            elements = self.expressions.value(scope, over)
        terms.insert(1, elements)
        if not isinstance(terms[1].type, ListOf | ArrayOf):
            raise scope.refuse(f"functools.reduce over a {terms[1].type}", node)
        return self._functions.call_own(scope, node, "reduce", reductions.source(begun=bool(first)), terms)

    def _listed(self, scope: Scope, target: object, over: ast.expr) -> Term:
        """What a call goes through once, as a list."""
        if isinstance(over, ast.GeneratorExp):
            return inner_fold(scope, self.expressions, self.read_range, "list", over)
        if isinstance(over, ast.List | ast.Tuple) and target is math.fsum:
            # Of each element it asks for a float first.
            numbers = [as_float(self.expressions.scalar(scope, element)) for element in over.elts]
            return lists.display(scope, numbers, over)
        if not isinstance(over, ast.Starred) and self._collecting.is_gone_through(scope, over):
            held = None if self._collecting.is_lazy(scope, over) else self.expressions.value(scope, over)
            if held is not None and isinstance(held.type, ListOf | ArrayOf):
                return held
            return inner_fold(scope, self.expressions, self.read_range, "list", each_of(over))
        return self.expressions.value(scope, over)

    def _points(self, scope: Scope, points: list[ast.expr]) -> list[Term]:
        """The arguments of `math.dist`: those written out are tuples, of which nothing is left, or else lists."""
        found = {n: self.expressions.value(scope, one) for n, one in enumerate(points) if not _is_display(one)}
        kinds = [term.type for term in found.values()]
        as_tuples = all(isinstance(kind, Shape) and issubclass(kind.python, tuple) for kind in kinds)
        for number, point in enumerate(points):
            if isinstance(point, ast.List | ast.Tuple) and number not in found:
                parts = [as_float(self.expressions.scalar(scope, element)) for element in point.elts]
                written = made(tuple, [""] * len(parts), parts) if as_tuples else lists.display(scope, parts, point)
                found[number] = written
        return [found[number] for number in range(len(points))]

    def _bound(self, scope: Scope, node: ast.expr) -> tuple[Term, str] | None:
        """What it is a method of, and its name; None where it is written as something else."""
        if isinstance(node, ast.Attribute):
            scope.must_not_be_private(node)
            return self.expressions.value(scope, node.value), node.attr
        term = self.expressions.value(scope, node)
        if isinstance(term.type, Shape) and term.type.python is types.MethodType:
            return part_of(term, 0), term.type.names[0]
        return None

    def _in_memory(self, scope: Scope, node: ast.Call, owner: Term, name: str) -> Term:
        """A method of what is changed after it is made."""
        if isinstance(owner.type, ListOf) and name == "sort" and not node.args:
            return self._collecting.sort(scope, node, owner)
        if any(isinstance(argument, ast.Starred) for argument in node.args) or any(
            not one.arg for one in node.keywords
        ):
            raise scope.refuse("a call with *arguments", node)
        terms = [self.expressions.value(scope, argument) for argument in node.args]
        keywords = {one.arg or "": self.expressions.value(scope, one.value) for one in node.keywords}
        if randoms.is_generator(owner.type) and (function := randoms.method(name)) is not None:
            return self._functions.call_function(scope, node, function, [owner, *terms], keywords)
        if keywords:
            raise scope.refuse(f"the method {name!r} of a {owner.type} with keyword arguments", node)
        if randoms.is_generator(owner.type):
            return randoms.draw(scope, owner, name, terms, node)
        if isinstance(owner.type, DictOf | SetOf):
            return dicts.method(scope, owner, name, terms, node)
        if not isinstance(owner.type, ListOf):
            raise scope.refuse(f"the method {name!r} of a {owner.type}", node)
        return lists.method(scope, owner, name, terms, node)

    def _callee(self, scope: Scope, node: ast.Call, bound: tuple[Term, str] | None) -> tuple[object, list[Term]]:
        """What is called, and what it is given before its arguments; of a function inside another one, the term."""
        if bound is not None:
            owner, name = bound
            found = self._objects.method(scope, owner, name)
            if found is not None:
                if owner not in found[1]:
                    scope.must_not_act(owner, node.func)
                return found
            term = self._objects.attribute(scope, owner, name, node.func)
        else:
            term = self.expressions.value(scope, node.func)
        if isinstance(term.type, Shape) and term.type.python is types.MethodType:
            bound = part_of(term, 0), term.type.names[0]
            if isinstance(bound[0].type, InMemory) and not isinstance(bound[0].type, Record):
                raise scope.refuse("a call of a method that is an attribute", node)
            return self._callee(scope, node, bound)
        if isinstance(term.type, Known):
            return term.type.value, []
        if closures.inner_of(term.type) is not None:
            return term, []
        found = self._objects.method(scope, term, "__call__")
        if found is None or not found[1]:
            raise scope.refuse(f"a call of a {term.type}", node)
        return found

    def _apply(
        self, scope: Scope, node: ast.Call, target: object, terms: list[Term], keywords: dict[str, Term]
    ) -> Term:
        if arrays.is_maker(target):
            # Some of these are written in Python.
            return arrays.new(scope, target, terms, keywords, node)
        counterpart = counterparts.call(scope, self._functions.call_own, target, terms, keywords, node)
        if counterpart is not None:
            return counterpart
        if isinstance(target, types.FunctionType):
            return self._functions.call_function(scope, node, target, terms, keywords)
        if isinstance(target, Term):
            return self._functions.call_inner(scope, node, target, terms, keywords)
        if isinstance(target, types.MethodType):
            scope.unit.held.append(target)
            bound = scope.captured((id(target), "self"), "self", target.__self__, node)
            return self._apply(scope, node, target.__func__, [bound, *terms], keywords)
        if isinstance(target, functools.partial):
            scope.unit.held.append(target)
            given = [
                scope.captured((id(target), number), f"given_{number}", value, node)
                for number, value in enumerate(target.args)
            ]
            named = {
                word: scope.captured((id(target), word), word, value, node) for word, value in target.keywords.items()
            }
            return self._apply(scope, node, target.func, [*given, *terms], {**named, **keywords})
        for of_numpy in (numpy_complexes.call, numpy_numbers.call):
            if not keywords and (number := of_numpy(scope, target, terms, node)) is not None:
                return number
        if target is random.Random and not keywords:
            return randoms.new(scope, terms, node)
        if isinstance(target, type) and target.__module__ != "builtins":
            return self._objects.construct(scope, node, target, terms, keywords)
        if target is math.isclose and (close := scalars.is_close(terms, keywords)) is not None:
            must_keep_their_order(scope, node, [*keywords], ["rel_tol", "abs_tol"], keywords)
            return close
        if keywords:
            raise scope.refuse(f"{self._name(target, node)} with keyword arguments", node)
        if id(target) in _OPERATORS and len(terms) == 2:
            return self.expressions.binary(scope, _OPERATORS[id(target)], terms[0], terms[1], node)
        if target is builtins.pow and len(terms) == 2:
            return self.expressions.binary(scope, ast.Pow(), terms[0], terms[1], node)
        if target is builtins.isinstance and len(terms) == 2:
            return scalars.is_instance(scope, terms[0], terms[1], node)
        if target is builtins.chr and len(terms) == 1 and terms[0].type in ("int", "bool"):
            return made(str, [""], [Term("int", f"letter_int({as_int(terms[0]).text})")])
        if target is builtins.complex:
            return complexes.new(scope, terms, node)
        known = self._of_object(scope, target, terms, node)
        if known is not None:
            return known
        if not all(isinstance(term.type, str) for term in terms):
            kinds = names_of([term.type for term in terms])
            raise scope.refuse(f"{self._name(target, node)} of ({kinds}) is not compiled", node)
        known = scalars.of_scalars(target, terms)
        if known is not None:
            return known
        if id(target) in scalars.EXTREMES and len(terms) >= 2:
            return scalars.extreme(scope, node, scalars.EXTREMES[id(target)], terms)
        kinds = names_of([term.type for term in terms])
        raise scope.refuse(f"{self._name(target, node)} of ({kinds}) is not compiled", node)

    def _name(self, target: object, node: ast.Call) -> str:
        if id(target) in scalars.MATH:
            return f"math.{scalars.MATH[id(target)]}"
        if id(target) in counterparts.COUNTERPARTS:
            return counterparts.COUNTERPARTS[id(target)].name
        return f"{getattr(target, '__name__', construct(node.func))}()"

    def _of_object(self, scope: Scope, target: object, terms: list[Term], node: ast.Call) -> Term | None:
        """A builtin of a value that is made of others."""
        if len(terms) != 1 or isinstance(terms[0].type, str):
            return None
        if target is builtins.sum and self._objects.length(terms[0]) == 0:
            return constant(0)
        if target is builtins.len and texts.is_text(terms[0].type):
            return texts.length(terms[0])
        if target is builtins.ord:
            return texts.code_point(scope, terms[0], node)
        if isinstance(terms[0].type, ListOf) and target is builtins.len:
            return lists.length(terms[0])
        if target is builtins.len and octets.is_bytes(terms[0].type):
            return octets.length(terms[0])
        if target is builtins.len and namespaces.is_namespace(terms[0].type):
            return namespaces.length(terms[0])
        if target is builtins.len and isinstance(terms[0].type, ArrayOf):
            return arrays.length(terms[0])
        if target is builtins.len and isinstance(terms[0].type, DictOf | SetOf | ViewOf):
            return dicts.length(terms[0])
        if target is builtins.abs and complexes.is_complex(terms[0].type):
            return complexes.size(terms[0])
        if target is builtins.len and (length := self._objects.length(terms[0])) is not None:
            scope.must_not_act(terms[0], node)
            return constant(length)
        if target is builtins.abs:
            return self._objects.special(scope, terms[0], "__abs__", node)
        if target is builtins.bool:
            return self._objects.truth(scope, terms[0], node)
        return None

    def read_range(self, scope: Scope, node: ast.expr) -> list[Term] | None:
        """The arguments of a call of `range`; None if the expression is none."""
        if called(scope, self.expressions, node) is not builtins.range or not isinstance(node, ast.Call):
            return None
        if node.keywords or not 1 <= len(node.args) <= 3:
            raise scope.refuse("range() takes one to three arguments", node)
        terms = [self.expressions.index(scope, argument) for argument in node.args]
        for term, argument in zip(terms, node.args, strict=True):
            if term.type == "float":
                raise scope.refuse("range() of a float", argument)
        return [as_int(term) for term in terms]
