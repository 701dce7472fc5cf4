"""Tuples, instances and complex numbers as what they are made of: nothing of them but their parts is there at run time.

A class is understood where all that it does is written in Python: attributes are set by `__init__` alone, and looked up
as `object` looks them up. Whatever a compiled function would change of an instance later is refused, so that an
instance is its parts wherever it goes, and which object it is cannot matter.
"""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Callable, Sequence

from pyfora.compile import (
    arrays,
    complexes,
    dicts,
    fields,
    lists,
    namespaces,
    numpy_complexes,
    numpy_numbers,
    octets,
    orders,
    records,
    texts,
)
from pyfora.compile.classes import inits_of, is_named_tuple, is_plain_class
from pyfora.compile.kinds import DictOf, Known, ListOf, RandomState, Record, SetOf, Shape, ViewOf, is_runtime
from pyfora.compile.numpy_kinds import ArrayOf, is_complex_number, is_number
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_bool, made, part_of

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
}
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "__neg__", ast.UAdd: "__pos__", ast.Invert: "__invert__"}
_ORDERS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("__lt__", "__gt__"),
    ast.LtE: ("__le__", "__ge__"),
    ast.Gt: ("__gt__", "__lt__"),
    ast.GtE: ("__ge__", "__le__"),
    ast.Eq: ("__eq__", "__eq__"),
    ast.NotEq: ("__ne__", "__ne__"),
}

CallFunction = Callable[[Scope, ast.AST, types.FunctionType, list[Term], dict[str, Term]], Term]
"""The call of a function of the user's: scope, place, function, arguments, keyword arguments."""
Make = Callable[[Scope, ast.AST, type, list[Term], dict[str, Term]], Term]
"""A new instance of a class that has an `__init__` of its own."""


def method_of(operator: ast.operator) -> str:
    """The word in the name of the special method of a binary operator."""
    return _BINARY[type(operator)]


class Objects:
    """What the user's code does with such values."""

    def __init__(self, call_function: CallFunction, make: Make) -> None:
        self._call_function = call_function
        self._make = make

    # ---- looking into ------------------------------------------------------------------------------------------

    def attribute(self, scope: Scope, term: Term, name: str, node: ast.AST) -> Term:
        """`term.name`, where that is no method to be called."""
        if isinstance(term.type, Known):
            return self._attribute_of_known(scope, term.type.value, name, node)
        if isinstance(term.type, RandomState) or (isinstance(term.type, DictOf) and name in ("get", "__getitem__")):
            return made(types.MethodType, [name], [term])
        if not isinstance(term.type, Shape | Record):
            raise scope.refuse(f"attribute {name!r} of a {term.type}", node)
        if isinstance(term.type, ArrayOf):
            return arrays.attribute(scope, term, name, node)
        if is_complex_number(term.type):
            return numpy_complexes.attribute(scope, term, name, node)
        cls = term.type.python
        static = inspect.getattr_static(cls, name, None)
        if isinstance(static, property) and isinstance(static.fget, types.FunctionType):
            return self._call_function(scope, node, static.fget, [term], {})
        if name in term.type.names:
            number = term.type.names.index(name)
            return self._part(scope, term, number, node)
        if cls is complex:
            raise scope.refuse(f"attribute {name!r} of a complex number", node)
        if isinstance(static, types.FunctionType):
            return made(types.MethodType, [name], [term])
        if static is None or hasattr(type(static), "__get__"):
            raise scope.refuse(f"attribute {name!r} of a {cls.__name__}", node)
        scope.must_not_act(term, node)
        scope.unit.held.append(cls)
        return scope.captured((id(cls), name), name, static, node)

    def _part(self, scope: Scope, term: Term, number: int, node: ast.AST) -> Term:
        assert isinstance(term.type, Shape | Record)
        if not is_runtime(term.type.parts[number]):
            scope.must_not_act(term, node)
        return records.part(scope, term, number) if isinstance(term.type, Record) else part_of(term, number)

    def _attribute_of_known(self, scope: Scope, owner: object, name: str, node: ast.AST) -> Term:
        scope.unit.held.append(owner)
        if isinstance(owner, types.ModuleType):
            try:
                return scope.captured((id(owner), name), name, vars(owner)[name], node)
            except KeyError:
                raise scope.refuse(f"module {owner.__name__!r} has no attribute {name!r}", node) from None
        if isinstance(owner, type):
            static = inspect.getattr_static(owner, name, None)
            if isinstance(static, staticmethod):
                static = static.__func__
            if static is not None and (isinstance(static, types.FunctionType) or not hasattr(type(static), "__get__")):
                return scope.captured((id(owner), name), name, static, node)
        raise scope.refuse(f"attribute {name!r} of a {type(owner).__name__}: only modules are supported", node)

    def method(self, scope: Scope, term: Term, name: str) -> tuple[types.FunctionType, list[Term]] | None:
        """The function that `term.name(…)` calls, and what it is given first; None if it is none of the class."""
        if isinstance(term.type, Shape | Record):
            cls = term.type.python
            static = None if name in term.type.names else inspect.getattr_static(cls, name, None)
        elif isinstance(term.type, Known) and isinstance(term.type.value, type):
            cls, static = term.type.value, inspect.getattr_static(term.type.value, name, None)
            if isinstance(static, types.FunctionType):
                return static, []
        else:
            return None
        if isinstance(static, types.FunctionType):
            return static, [term]
        if isinstance(static, staticmethod) and isinstance(static.__func__, types.FunctionType):
            return static.__func__, []
        if isinstance(static, classmethod) and isinstance(static.__func__, types.FunctionType):
            scope.unit.held.append(cls)
            return static.__func__, [Term(Known(cls), "")]
        return None

    def item(self, scope: Scope, term: Term, index: Term, node: ast.AST) -> Term:
        """`term[index]`."""
        if isinstance(term.type, ArrayOf):
            return arrays.item(scope, term, index, node)
        if isinstance(term.type, ListOf):
            return lists.item(scope, term, numpy_numbers.as_index(index), node)
        if isinstance(term.type, DictOf):
            return dicts.item(scope, term, index, node)
        if namespaces.is_namespace(term.type):
            return namespaces.item(scope, term, index, node)
        if octets.is_bytes(term.type):
            return octets.item(scope, term, numpy_numbers.as_index(index), node)
        if texts.is_text(term.type):
            return texts.item(scope, term, numpy_numbers.as_index(index), node)
        if isinstance(term.type, Shape | Record):
            if issubclass(term.type.python, tuple):
                number, count = index.constant, len(term.type.parts)
                if type(number) is not int:
                    raise scope.refuse("a tuple is indexed by something else than a literal int", node)
                if not -count <= number < count:
                    raise scope.refuse(f"a tuple of {count} has no element {number}", node)
                return self._part(scope, term, number % count, node)
            found = self._operator(scope, term, "__getitem__", node)
            if found is not None:
                return self._call_function(scope, node, found[0], [*found[1], index], {})
        raise scope.refuse(f"indexing of a {term.type}", node)

    def length(self, term: Term) -> int | None:
        """`len` of a tuple."""
        is_tuple = isinstance(term.type, Shape) and issubclass(term.type.python, tuple)
        return len(term.type.parts) if is_tuple and isinstance(term.type, Shape) else None

    def parts(self, scope: Scope, term: Term, node: ast.AST) -> list[Term]:
        """The elements of a tuple whose `*` stands in a call."""
        count = self.length(term)
        if count is None:
            raise scope.refuse(f"*{term.type} in a call", node)
        if term.may_act and not term.text.isidentifier():
            raise scope.refuse("* of a tuple that is not held in a variable", node)
        return [part_of(term, number) for number in range(count)]

    # ---- operators -----------------------------------------------------------------------------------------------

    def binary(self, scope: Scope, operator: ast.operator, left: Term, right: Term, node: ast.AST) -> Term:
        """`left operator right`, one of which is no scalar."""
        if numpy_complexes.is_beside(left, right):
            return numpy_complexes.binary(scope, operator, left, right, node)
        if is_number(left.type) or is_number(right.type):
            return numpy_numbers.binary(scope, operator, left, right, node)
        if isinstance(left.type, ListOf) or isinstance(right.type, ListOf):
            return lists.binary(scope, operator, left, right, node)
        if complexes.is_complex(left.type) or complexes.is_complex(right.type):
            return complexes.binary(scope, operator, left, right, node)
        word = _BINARY[type(operator)]
        self._must_not_be_asked_first(scope, left, right, node)
        kinds = [term.type.python for term in (left, right) if isinstance(term.type, Shape)]
        if kinds == [tuple, tuple] and isinstance(operator, ast.Add):
            both = [part_of(term, number) for term in (left, right) for number in range(self.length(term) or 0)]
            self._must_be_repeatable(scope, [left, right], node)
            return made(tuple, [""] * len(both), both)
        found = self._operator(scope, left, f"__{word}__", node)
        if found is not None:
            return self._call_function(scope, node, found[0], [*found[1], right], {})
        found = self._operator(scope, right, f"__r{word}__", node)
        if found is not None and not isinstance(left.type, Known):
            self._must_be_exchangeable(scope, left, right, node)
            return self._call_function(scope, node, found[0], [*found[1], left], {})
        raise scope.refuse(f"operator {type(operator).__name__} of {left.type} and {right.type}", node)

    def _operator(
        self, scope: Scope, term: Term, name: str, node: ast.AST
    ) -> tuple[types.FunctionType, list[Term]] | None:
        """The method of its class that an operator calls; None where the class has none. Others are refused."""
        found = self.method(scope, term, name)
        if found is not None and found[1]:
            return found
        if isinstance(term.type, Shape | Record):
            # `None` is what says that there is no such operator.
            static, plain = (inspect.getattr_static(cls, name, Known) for cls in (term.type.python, object))
            if static is not plain:
                raise scope.refuse(f"the {name} of a {term.type}, which is no plain method", node)
        return None

    def _must_be_exchangeable(self, scope: Scope, left: Term, right: Term, node: ast.AST) -> None:
        """Refuse operands of which the right one would be evaluated first, where that can be seen."""
        if (left.may_change and right.may_act) or (right.may_change and left.may_act):
            raise scope.refuse("an operator of the right operand's class, where both operands call something", node)

    def _must_not_be_asked_first(self, scope: Scope, left: Term, right: Term, node: ast.AST) -> None:
        """Refuse a right operand that Python asks before the left one."""
        if isinstance(left.type, Shape | Record) and isinstance(right.type, Shape | Record):
            one, other = left.type.python, right.type.python
            if one is not other and issubclass(other, one):
                raise scope.refuse(f"an operator of a {one.__name__} and its subclass {other.__name__}", node)

    def unary(self, scope: Scope, operator: ast.unaryop, term: Term, node: ast.AST) -> Term:
        """`operator term` of a value that is no scalar."""
        if is_number(term.type):
            return numpy_numbers.unary(scope, operator, term, node)
        if is_complex_number(term.type):
            return numpy_complexes.unary(scope, operator, term, node)
        if complexes.is_complex(term.type):
            return complexes.unary(scope, operator, term, node)
        return self.special(scope, term, _UNARY[type(operator)], node)

    def special(self, scope: Scope, term: Term, name: str, node: ast.AST, *others: Term) -> Term:
        """What the special method of this name gives."""
        found = self._operator(scope, term, name, node)
        if found is None:
            raise scope.refuse(f"{name} of a {term.type} is not compiled", node)
        return self._call_function(scope, node, found[0], [*found[1], *others], {})

    def compare(self, scope: Scope, operator: ast.cmpop, left: Term, right: Term, node: ast.AST) -> Term:
        """`left operator right`, one of which is no scalar."""
        if isinstance(operator, ast.Is | ast.IsNot) and not texts.is_letter(left.type):
            if left.type == right.type == "bool":
                return Term("bool", f"({left.text} {'==' if isinstance(operator, ast.Is) else '!='} {right.text})")
            if isinstance(left.type, Record) and isinstance(right.type, Record):
                word = "==" if isinstance(operator, ast.Is) else "!="
                return Term("bool", f"({left.text} {word} {right.text})")
            same = self._are_one(scope, left, right, node)
            return _truth(same is isinstance(operator, ast.Is))
        if isinstance(operator, ast.In | ast.NotIn):
            inside = self._contains(scope, right, left, node)
            if inside.constant is not None:
                return _truth(bool(inside.constant) is isinstance(operator, ast.In))
            return inside if isinstance(operator, ast.In) else Term("bool", f"(not {inside.text})")
        if numpy_complexes.is_beside(left, right):
            return numpy_complexes.compare(scope, operator, left, right, node)
        if is_number(left.type) or is_number(right.type):
            return numpy_numbers.compare(scope, operator, left, right, node)
        if octets.is_bytes(left.type) or octets.is_bytes(right.type):
            return octets.compare(scope, operator, left, right, node)
        if texts.is_letter(left.type) or texts.is_letter(right.type):
            return texts.compare(scope, operator, left, right, node)
        if complexes.is_complex(left.type) or complexes.is_complex(right.type):
            return complexes.compare(scope, operator, left, right, node)
        known = isinstance(left.type, Known) and isinstance(right.type, Known)
        if known and isinstance(operator, ast.Eq | ast.NotEq):
            values = [term.type.value for term in (left, right) if isinstance(term.type, Known)]
            if all(isinstance(value, str) for value in values):
                return _truth((values[0] == values[1]) is isinstance(operator, ast.Eq))
        if isinstance(left.type, ListOf) or isinstance(right.type, ListOf):
            raise scope.refuse("a comparison of lists", node)
        word, mirrored = _ORDERS.get(type(operator), ("__contains__", "__contains__"))
        of_tuples = [term.type for term in (left, right) if isinstance(term.type, Shape)]
        if len(of_tuples) == 2 and all(issubclass(shape.python, tuple) for shape in of_tuples):
            return orders.compared(scope, operator, left, right, node)
        self._must_not_be_asked_first(scope, left, right, node)
        found = self._operator(scope, left, word, node)
        if word in ("__eq__", "__ne__") and found is None:
            raise scope.refuse(f"a comparison of {left.type} and {right.type}", node)
        if found is not None:
            return self._call_function(scope, node, found[0], [*found[1], right], {})
        self._must_be_exchangeable(scope, left, right, node)
        return self.special(scope, right, mirrored, node, left)

    def _contains(self, scope: Scope, held: Term, value: Term, node: ast.AST) -> Term:
        """`value in held`."""
        kind = held.type
        if isinstance(kind, DictOf | SetOf):
            return dicts.contains(scope, held, value, node)
        if isinstance(kind, ViewOf) and kind.what == "keys":
            return dicts.contains(scope, Term(kind.of, held.text), value, node)
        if namespaces.is_namespace(kind):
            return namespaces.contains(scope, held, value, node)
        if octets.is_bytes(kind):
            return octets.contains(scope, held, value, node)
        if isinstance(kind, ListOf):
            return lists.contains(scope, held, value, node)
        if isinstance(kind, Shape) and kind.python is tuple:
            words = [part.value for part in kind.parts if isinstance(part, Known) and isinstance(part.value, str)]
            if words and len(words) == len(kind.parts):
                return texts.one_of_words(scope, value, words, node)
            return lists.one_of(scope, value, held, node)
        if texts.is_text(kind) and texts.is_letter(value.type):
            return texts.one_of(scope, value, held, node)
        found = self.method(scope, held, "__contains__")
        if found is None or not found[1]:
            raise scope.refuse(f"'in' of a {kind}", node)
        return self.truth_of(scope, self._call_function(scope, node, found[0], [*found[1], value], {}), node)

    def truth_of(self, scope: Scope, term: Term, node: ast.AST) -> Term:
        """Whether any value is true."""
        return as_bool(term) if isinstance(term.type, str) else self.truth(scope, term, node)

    def _must_be_repeatable(self, scope: Scope, terms: Sequence[Term], node: ast.AST) -> None:
        """A text that stands in several places is evaluated several times."""
        if not all(term.text.replace("_", "").isalnum() or not is_runtime(term.type) for term in terms):
            raise scope.refuse("an operator of tuples that are not held in variables", node)

    def _are_one(self, scope: Scope, left: Term, right: Term, node: ast.AST) -> bool:
        """`left is right`, where that can be told: of None, functions and classes."""
        scope.must_not_act(left, node)
        scope.must_not_act(right, node)
        for one, other in ((left.type, right.type), (right.type, left.type)):
            if isinstance(one, Known) and not isinstance(one.value, str):
                return isinstance(other, Known) and one.value is other.value
        raise scope.refuse("'is' of values", node)

    def truth(self, scope: Scope, term: Term, node: ast.AST) -> Term:
        """Whether such a value is true."""
        if isinstance(term.type, Known):
            return _truth(bool(term.type.value))
        if is_number(term.type) or is_complex_number(term.type):
            return numpy_numbers.truth(term)
        if octets.is_bytes(term.type):
            return octets.truth(term)
        if complexes.is_complex(term.type):
            return complexes.truth(term)
        if isinstance(term.type, ListOf):
            return lists.truth(term)
        if isinstance(term.type, DictOf | SetOf | ViewOf):
            return dicts.truth(term)
        if isinstance(term.type, Shape | Record):
            if issubclass(term.type.python, tuple):
                scope.must_not_act(term, node)
                return _truth(bool(term.type.parts))
            for name in ("__bool__", "__len__"):
                if inspect.getattr_static(term.type.python, name, None) is not None:
                    return self._told(scope, self.special(scope, term, name, node), name, node)
        scope.must_not_act(term, node)
        return _truth(True)

    def _told(self, scope: Scope, answer: Term, name: str, node: ast.AST) -> Term:
        """The truth that `__bool__` or `__len__` tells; Python raises for other types, and for negative lengths."""
        if answer.type != ("bool" if name == "__bool__" else "int"):
            raise scope.refuse(f"{name} that gives a {answer.type}", node)
        # Of a length, the root is zero where it is; of a negative one there is none.
        return answer if name == "__bool__" else Term("bool", f"(isqrt_int({answer.text}) != 0)")

    # ---- making --------------------------------------------------------------------------------------------------

    def construct(
        self, scope: Scope, node: ast.AST, cls: type, positional: list[Term], keywords: dict[str, Term]
    ) -> Term:
        """`cls(…)`."""
        scope.unit.held.append(cls)
        if is_named_tuple(cls):
            # _make, of an iterable, is another door.
            names, defaults = fields.of_named_tuple(cls)
            return made(cls, names, fields.filled(scope, node, cls, names, defaults, positional, keywords))
        if not is_plain_class(cls):
            raise scope.refuse(f"a new {cls.__name__}: how it is made and looked into is not that of object", node)
        if fields.has_made_init(cls):
            names, defaults = fields.of_dataclass(scope, node, cls)
            filled = fields.filled(scope, node, cls, names, defaults, positional, keywords)
            return records.made_here(scope, records.of_attributes(scope, cls, dict(zip(names, filled, strict=True))))
        if inits_of(cls)[0] is object.__init__:
            if positional or keywords:
                raise scope.refuse(f"{cls.__name__}() takes no arguments", node)
            return made(cls, [], [])
        return records.made_here(scope, self._make(scope, node, cls, positional, keywords))


def _truth(value: bool) -> Term:
    return Term("bool", str(value), value)
