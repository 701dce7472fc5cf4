"""What a call in the user's code means: a builtin, a function of math, or a function of the user's own."""

from __future__ import annotations

import ast
import builtins
import collections
import functools
import math
import operator
import random
import types
from dataclasses import dataclass

from pyfora.compile import closures, complexes, dicts, intervals, lists, optionals, randoms, texts
from pyfora.compile.classes import inits_of
from pyfora.compile.counters import INTERVAL, Unbounded, counters
from pyfora.compile.expressions import Expressions
from pyfora.compile.functions import (
    Function,
    bind_arguments,
    bound_names,
    bound_once,
    defaults_of,
    forbidden,
    parameters_of,
    yields,
)
from pyfora.compile.inner_folds import INNER_FOLDS, inner_fold
from pyfora.compile.kinds import (
    DictOf,
    InMemory,
    Kind,
    Known,
    ListOf,
    Optional,
    Record,
    SetOf,
    Shape,
    ViewOf,
    give_up_text,
    is_runtime,
    names_of,
)
from pyfora.compile.learning import lasting, learned
from pyfora.compile.libm import ONE_ARGUMENT
from pyfora.compile.loop import FunctionSource
from pyfora.compile.objects import Objects
from pyfora.compile.refusal import NotCompiled
from pyfora.compile.scope import Instance, Scope, Unit, construct, plain
from pyfora.compile.statements import GIVE_UP, Statements
from pyfora.compile.terms import Interval, Term, as_bool, as_float, as_int, constant, instance_of, made, part_of
from pyfora.compile.turns import MADE_BY, called
from pyfora.compile.words import arena

_ONE_FLOAT = {
    id(getattr(math, name)): f"{name}_float" for name in [*ONE_ARGUMENT, "sqrt", "fabs"] if hasattr(math, name)
}
_ONE_FLOAT[id(math.fabs)] = "abs_float"
_TWO_FLOATS = {
    id(math.atan2): "atan2_float",
    id(math.fmod): "fmod_float",
    id(math.pow): "libm_pow",
    id(math.copysign): "copysign_float",
}
_QUESTIONS = {id(math.isnan): "isnan_float", id(math.isinf): "isinf_float", id(math.isfinite): "isfinite_float"}
_TO_INT = {
    id(math.floor): "floor_float",
    id(math.ceil): "ceil_float",
    id(math.trunc): "int_from_float",
    id(builtins.round): "round_float",
    id(builtins.int): "int_from_float",
}
_TO_WHOLE = {
    "floor_float": "floor_whole",
    "ceil_float": "ceil_whole",
    "int_from_float": "trunc_whole",
    "round_float": "round_whole",
}
"""The same of a float that is known to be small enough."""
_INTS = {id(math.isqrt): ("isqrt_int", 1), id(math.gcd): ("gcd_int", 2)}
_EXTREMES = {id(builtins.min): "min", id(builtins.max): "max"}
_MATH = {id(value): name for name, value in vars(math).items() if callable(value)}


Rungs = tuple[Interval | None, ...]
"""Where the arguments of a function lie."""
_VARIANTS_LIMIT = 4
"""So often is a function translated for arguments of the same types, of which other things are known."""

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
}


def _each_of(source: ast.expr) -> ast.GeneratorExp:
    """`(element for element in source)`."""
    element, target = ast.Name("each element", ast.Load()), ast.Name("each element", ast.Store())
    made = ast.GeneratorExp(element, [ast.comprehension(target, source, [], 0)])
    for node in (element, target, made):
        ast.copy_location(node, source)
    return made


_COMPREHENSIONS: dict[type[ast.expr], str] = {ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict"}
_TYPES: dict[str, type] = {"list": list, "set": set, "dict": dict, "Counter": collections.Counter}
_COLLECTIONS = {id(python): word for word, python in _TYPES.items()} | {id(collections.defaultdict): "defaultdict"}
_DEFAULTS: dict[Kind, Kind] = {
    Known(int): "int",
    Known(float): "float",
    Known(list): ListOf(None),
    Known(set): SetOf(None),
    Known(dict): DictOf(dict, None, None),
}


def _shares(kind: Kind | None) -> bool:
    """Whether what can be changed may be reached from a value of this kind."""
    match kind:
        case Shape():
            return any(map(_shares, kind.parts))
        case Optional():
            return _shares(kind.of)
        case ListOf(is_frozen=True):
            return False
    return isinstance(kind, InMemory)


def _is_endless(node: ast.FunctionDef) -> bool:
    """Whether it has a loop that only the one who goes through it ends."""
    nodes = [*ast.walk(node)]
    forever = any(isinstance(one, ast.While) and isinstance(one.test, ast.Constant) for one in nodes)
    return forever and not any(isinstance(one, ast.Return | ast.Break) for one in nodes)


class _TypeNotYetKnown(NotCompiled):
    """A function calls itself, and no return that shows its type has been seen."""


_CLOSURE = "what it sees"
"""The first parameter of a function inside another one."""


@dataclass(frozen=True)
class Called:
    """A function of the user's that is called."""

    identity: object
    source: FunctionSource
    name: str
    closure: Kind | None = None
    """Of a function inside another one: what it is given first."""


class Calls:
    """Translates calls, and the functions that they reach. Functions are known by identity, never by their names."""

    def __init__(self) -> None:
        self._objects = Objects(self._call_function, self._make)
        self.expressions = Expressions(self.call, self._objects)

    def call(self, scope: Scope, node: ast.Call | ast.ListComp | ast.SetComp | ast.DictComp) -> Term:
        """The value of a call, or of a comprehension that makes a list, set or dict. Raises NotCompiled."""
        if not isinstance(node, ast.Call):
            return inner_fold(scope, self.expressions, self.read_range, _COMPREHENSIONS[type(node)], node)
        bound = self._bound(scope, node.func)
        if bound is not None and isinstance(bound[0].type, InMemory) and not isinstance(bound[0].type, Record):
            return self._needed(scope, node, self._in_memory(scope, node, *bound))
        target, first = self._callee(scope, node, bound)
        if (
            id(target) in INNER_FOLDS
            and len(node.args) == 1
            and isinstance(node.args[0], ast.GeneratorExp | ast.ListComp)
        ):
            if node.keywords:
                raise scope.refuse("a fold with keyword arguments", node)
            return inner_fold(scope, self.expressions, self.read_range, INNER_FOLDS[id(target)], node.args[0])
        if id(target) in INNER_FOLDS and target is not builtins.len and len(node.args) == 1 and not node.keywords:
            (over,) = node.args
            if self._is_gone_through(scope, over):
                return inner_fold(scope, self.expressions, self.read_range, INNER_FOLDS[id(target)], _each_of(over))
        made_here = self._collection(scope, node, target)
        if made_here is not None:
            return made_here
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                raise scope.refuse("a call with *arguments", argument)
        users = isinstance(target, types.FunctionType | Term)
        value = self.expressions.any_value if users else self.expressions.value
        terms = [*first, *(value(scope, argument) for argument in node.args)]
        keywords: dict[str, Term] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise scope.refuse("a call with **arguments", node)
            keywords[keyword.arg] = value(scope, keyword.value)
        return self._apply(scope, node, target, terms, keywords)

    def _is_gone_through(self, scope: Scope, node: ast.expr) -> bool:
        """Whether this is a list, a dict, a tuple, or what can be gone through only."""
        scope.gone_through = node
        if self.read_range(scope, node) is not None or called(scope, self.expressions, node) in MADE_BY:
            return True
        kind = self.expressions.value(scope, node).type
        return isinstance(kind, ListOf | DictOf | ViewOf) or (
            isinstance(kind, Shape) and kind.python is tuple and is_runtime(kind)
        )

    def _collection(self, scope: Scope, node: ast.Call, target: object) -> Term | None:
        """A new list, set or dict of what is given; None where it is none of these calls."""
        if target is builtins.sorted and len(node.args) == 1:
            return self._sorted(scope, node)
        fold = _COLLECTIONS.get(id(target))
        if fold is None or node.keywords:
            return None
        if target is collections.defaultdict and len(node.args) == 1:
            made_kind = _DEFAULTS.get(self.expressions.value(scope, node.args[0]).type)
            if made_kind is None:
                raise scope.refuse("a defaultdict of something else than int, float, list, set or dict", node)
            return dicts.new(scope, collections.defaultdict, made_kind, node)
        if not node.args and target is not builtins.list:
            return dicts.new(scope, _TYPES[fold], None, node)
        if not node.args:
            return lists.display(scope, [], ast.copy_location(ast.List([], ast.Load()), node))
        if len(node.args) != 1 or fold == "dict":
            raise scope.refuse(f"{fold}() of these arguments", node)
        (over,) = node.args
        if isinstance(over, ast.GeneratorExp):
            return inner_fold(scope, self.expressions, self.read_range, fold, over)
        scope.gone_through = over
        if fold == "list" and not self._is_lazy(scope, over):
            held = self.expressions.value(scope, over)
            if isinstance(held.type, ListOf):
                return lists.method(scope, held, "copy", [], node)
        return inner_fold(scope, self.expressions, self.read_range, fold, _each_of(over))

    def _is_lazy(self, scope: Scope, node: ast.expr) -> bool:
        return self.read_range(scope, node) is not None or called(scope, self.expressions, node) in MADE_BY

    def _sorted(self, scope: Scope, node: ast.Call) -> Term:
        """`sorted(over, key=…, reverse=…)`."""
        words = {keyword.arg: keyword.value for keyword in node.keywords}
        (over,) = node.args
        if set(words) - {"key", "reverse"}:
            raise scope.refuse("sorted() with these arguments", node)
        listed: Term
        if isinstance(over, ast.GeneratorExp) or self._is_lazy(scope, over):
            source = over if isinstance(over, ast.GeneratorExp) else _each_of(over)
            listed = inner_fold(scope, self.expressions, self.read_range, "list", source)
        else:
            scope.gone_through = over
            held = self.expressions.value(scope, over)
            if isinstance(held.type, DictOf | SetOf | ViewOf):
                listed = dicts.column(scope, held, node)
            elif isinstance(held.type, ListOf):
                listed = lists.method(scope, held, "copy", [], node)
            else:
                raise scope.refuse(f"sorted() of a {held.type}", node)
        return self._in_order(scope, listed, words.get("key"), words.get("reverse"), node)

    def _in_order(
        self, scope: Scope, listed: Term, key: ast.expr | None, reverse: ast.expr | None, node: ast.AST
    ) -> Term:
        """A function that sorts the list that it is given, and gives it back."""
        down = constant(False) if reverse is None else self.expressions.truth(scope, reverse)
        given = [listed, down]
        kind = None if key is None else self.expressions.value(scope, key)
        if kind is not None and kind.type != Known(None):
            given.append(kind)
        function = Function(scope.unit.name("call_sorted"), [])
        inside = Scope(scope.unit, scope.filename, scope.lookup, {"given", "down", "key"}, owner=scope.owner)
        inside.function = function
        names = [inside.bind(name, term.type) for name, term in zip(("given", "down", "key"), given, strict=False)]
        function.parameters = [(name, term.type) for name, term in zip(names, given, strict=True) if name]
        held = keys = Term(listed.type, names[0])
        if len(given) == 3:
            element = ast.Name("each element", ast.Load())
            one = ast.Call(ast.Name("key", ast.Load()), [element], [])
            over = ast.comprehension(ast.Name("each element", ast.Store()), ast.Name("given", ast.Load()), [], 0)
            made_keys = ast.ListComp(one, [over])
            for inner in ast.walk(made_keys):
                ast.copy_location(inner, node)
            keys = inner_fold(inside, self.expressions, self.read_range, "list", made_keys)
            function.lines.append(f"keys = {keys.text}")
            keys = Term(keys.type, "keys")
        function.lines.append(lists.ordered(inside, held, keys, down=names[1], node=node).text)
        function.lines.append(f"return {held.text}")
        function.returns, function.captured, function.complete = listed.type, dict(inside.used), True
        scope.unit.functions[object()] = function
        scope.use(function.captured)
        return function.call(given, depth="")

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
            return self._sort(scope, node, owner)
        if any(isinstance(argument, ast.Starred) for argument in node.args) or any(
            not one.arg for one in node.keywords
        ):
            raise scope.refuse("a call with *arguments", node)
        terms = [self.expressions.value(scope, argument) for argument in node.args]
        keywords = {one.arg or "": self.expressions.value(scope, one.value) for one in node.keywords}
        if randoms.is_generator(owner.type) and (function := randoms.method(name)) is not None:
            return self._call_function(scope, node, function, [owner, *terms], keywords)
        if keywords:
            raise scope.refuse(f"the method {name!r} of a {owner.type} with keyword arguments", node)
        if randoms.is_generator(owner.type):
            return randoms.draw(scope, owner, name, terms, node)
        if isinstance(owner.type, DictOf | SetOf):
            return dicts.method(scope, owner, name, terms, node)
        if not isinstance(owner.type, ListOf):
            raise scope.refuse(f"the method {name!r} of a {owner.type}", node)
        return lists.method(scope, owner, name, terms, node)

    def _sort(self, scope: Scope, node: ast.Call, owner: Term) -> Term:
        """`owner.sort(key=…, reverse=…)`."""
        words = {keyword.arg: keyword.value for keyword in node.keywords}
        if set(words) - {"key", "reverse"} or (isinstance(owner.type, ListOf) and owner.type.is_frozen):
            raise scope.refuse("sort() of a captured list, or with these arguments", node)
        if "key" in words:
            kind = self.expressions.value(scope, words["key"]).type
            if is_runtime(kind):
                # CPython empties the list meanwhile, and the key may look at it.
                raise scope.refuse("sort() with a key that has values of its own", node)
        return Term(Known(None), self._in_order(scope, owner, words.get("key"), words.get("reverse"), node).text)

    def _needed(self, scope: Scope, node: ast.AST, term: Term) -> Term:
        """A term that is None, yet computed: it may stand only where its value is not asked for."""
        if term.text and not is_runtime(term.type) and node is not scope.statement:
            raise scope.refuse("the value of a call that gives None", node)
        return term

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
        if isinstance(target, types.FunctionType):
            return self._call_function(scope, node, target, terms, keywords)
        if isinstance(target, Term):
            return self._call_inner(scope, node, target, terms, keywords)
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
        if target is random.Random and not keywords:
            return randoms.new(scope, terms, node)
        if isinstance(target, type) and target.__module__ != "builtins":
            return self._objects.construct(scope, node, target, terms, keywords)
        if keywords:
            raise scope.refuse(f"{self._name(target, node)} with keyword arguments", node)
        if id(target) in _OPERATORS and len(terms) == 2:
            return self.expressions.binary(scope, _OPERATORS[id(target)], terms[0], terms[1], node)
        if target is builtins.complex:
            return complexes.new(scope, terms, node)
        known = self._of_object(scope, target, terms, node)
        if known is not None:
            return known
        if not all(isinstance(term.type, str) for term in terms):
            kinds = names_of([term.type for term in terms])
            raise scope.refuse(f"{self._name(target, node)} of ({kinds}) is not compiled", node)
        known = self._builtin(target, terms)
        if known is not None:
            return known
        if id(target) in _EXTREMES and len(terms) >= 2:
            return self._extreme(scope, node, _EXTREMES[id(target)], terms)
        kinds = names_of([term.type for term in terms])
        raise scope.refuse(f"{self._name(target, node)} of ({kinds}) is not compiled", node)

    def _name(self, target: object, node: ast.Call) -> str:
        if id(target) in _MATH:
            return f"math.{_MATH[id(target)]}"
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

    def _builtin(self, target: object, terms: list[Term]) -> Term | None:
        key, count = id(target), len(terms)
        if key in _ONE_FLOAT and count == 1:
            return Term("float", f"{_ONE_FLOAT[key]}({as_float(terms[0]).text})")
        if key in _TWO_FLOATS and count == 2:
            return Term("float", f"{_TWO_FLOATS[key]}({as_float(terms[0]).text}, {as_float(terms[1]).text})")
        if key in _QUESTIONS and count == 1:
            return Term("bool", f"{_QUESTIONS[key]}({as_float(terms[0]).text})")
        if key in _TO_INT and count == 1:
            if terms[0].type == "float":
                small = intervals.is_whole(intervals.of_float(terms[0]))
                word = _TO_WHOLE[_TO_INT[key]] if small else _TO_INT[key]
                return Term("int", f"{word}({terms[0].text})", interval=intervals.of_whole(terms[0]) if small else None)
            return as_int(terms[0])
        if key in _INTS and count == _INTS[key][1] and all(term.type != "float" for term in terms):
            return Term("int", f"{_INTS[key][0]}({', '.join(as_int(term).text for term in terms)})")
        if target is builtins.float and count == 1:
            return as_float(terms[0])
        if target is builtins.bool and count == 1:
            return as_bool(terms[0])
        if target is builtins.abs and count == 1:
            size = intervals.of_size(terms[0])
            if terms[0].type == "float":
                return Term("float", f"abs_float({terms[0].text})", interval=size)
            return Term("int", f"abs_int({as_int(terms[0]).text})", interval=size if size and size[1] < 2**63 else None)
        if target is math.log and count == 2:
            logs = [f"log_float({as_float(term).text})" for term in terms]
            return Term("float", f"div_float({', '.join(logs)})")
        if target is math.degrees and count == 1:
            return Term("float", f"({as_float(terms[0]).text} * {180.0 / math.pi!r})")
        if target is math.radians and count == 1:
            return Term("float", f"({as_float(terms[0]).text} * {math.pi / 180.0!r})")
        return None

    def _extreme(self, scope: Scope, node: ast.Call, word: str, terms: list[Term]) -> Term:
        kinds = {term.type for term in terms}
        if len(kinds) > 1 or kinds == {"bool"}:
            raise scope.refuse(f"{word}() of arguments that are not all int or all float", node)
        kind = terms[0].type
        text = terms[0].text
        for term in terms[1:]:
            text = f"{word}_{kind}({text}, {term.text})"
        return Term(kind, text, interval=intervals.hull(terms))

    def read_range(self, scope: Scope, node: ast.expr) -> list[Term] | None:
        """The arguments of a call of `range`; None if the expression is none."""
        if called(scope, self.expressions, node) is not builtins.range or not isinstance(node, ast.Call):
            return None
        if node.keywords or not 1 <= len(node.args) <= 3:
            raise scope.refuse("range() takes one to three arguments", node)
        terms = [self.expressions.scalar(scope, argument) for argument in node.args]
        for term, argument in zip(terms, node.args, strict=True):
            if term.type == "float":
                raise scope.refuse("range() of a float", argument)
        return [as_int(term) for term in terms]

    def _call_function(
        self,
        scope: Scope,
        node: ast.AST,
        target: types.FunctionType,
        positional: list[Term],
        keywords: dict[str, Term],
    ) -> Term:
        source = self._source(scope, node, target)
        default_of = defaults_of(scope, node, target, source.node.args)
        name, parameters = target.__name__, source.node.args
        arguments = bind_arguments(scope, node, name, parameters, positional, keywords, default_of)
        scope.unit.held.append(target)
        return self._call_translated(scope, node, Called(id(target), source, name), arguments)

    def _call_inner(
        self, scope: Scope, node: ast.AST, target: Term, positional: list[Term], keywords: dict[str, Term]
    ) -> Term:
        """The call of a function inside another one: it is given what it sees, then its arguments."""
        inner = closures.inner_of(target.type)
        assert inner is not None
        called_ = Called(inner, inner.source, inner.name, target.type)
        parameters = inner.source.node.args
        arguments = bind_arguments(
            *(scope, node, inner.name, parameters, positional, keywords),
            lambda parameter: closures.default_of(target, parameter),
        )
        return self._call_translated(scope, node, called_, [target, *arguments])

    def _call_translated(self, scope: Scope, node: ast.AST, target: Called, arguments: list[Term]) -> Term:
        unit = scope.unit
        rungs = self._rungs(unit, target, arguments)
        key = (target.identity, tuple(term.type for term in arguments), rungs)
        if yields(target.source.node):
            # All of it is run before the first value is used: nobody may see the difference.
            if node is not scope.gone_through:
                raise scope.refuse("a generator that is not gone through at once", node)
            if any(_shares(term.type) for term in arguments):
                raise scope.refuse("a generator function of what can be changed meanwhile", node)
        function = unit.functions.get(key)
        if function is None:
            function = self._function(scope, key, target, [term.type for term in arguments], rungs)
        elif not function.complete:
            if scope.function is not function:
                raise scope.refuse(f"{target.name!r} calls itself by way of another function", node)
            if not any(is_runtime(term.type) for term in arguments):
                raise scope.refuse(f"{target.name!r} calls itself without arguments", node)
            function.recursive = True
            if function.returns is None:
                raise _TypeNotYetKnown(f"the type of {target.name!r}", target.source.filename)
        scope.use(function.captured)
        return self._needed(scope, node, function.call(arguments, depth="depth + 1"))

    def _rungs(self, unit: Unit, target: Called, arguments: list[Term]) -> Rungs:
        """What a function is told of its arguments' sizes: it is translated once for each of these."""
        unknown: Rungs = (None,) * len(arguments)
        kinds = tuple(term.type for term in arguments)
        known = {key[2] for key in unit.functions if isinstance(key, tuple) and key[:2] == (target.identity, kinds)}
        rungs = tuple(intervals.rung(intervals.known(term)) for term in arguments)
        # One that calls itself would be told something else in each call.
        node = target.source.node
        itself = any(isinstance(one, ast.Name) and one.id == target.name for one in ast.walk(node))
        itself = itself or any(isinstance(one, ast.Attribute) and one.attr == target.name for one in ast.walk(node))
        return unknown if itself or (rungs not in known and len(known) >= _VARIANTS_LIMIT) else rungs

    def _function(self, scope: Scope, key: object, target: Called, kinds: list[Kind], rungs: Rungs) -> Function:
        """Translate a function for these types of its arguments."""
        unit, source = scope.unit, target.source
        words = parameters_of(source.node.args)
        if target.closure is not None:
            words.insert(0, _CLOSURE)
        wanted = plain(target.name) if target.name.isidentifier() else "lambda"
        name = unit.name(f"call_{wanted}")
        # A function that calls itself before any return is tried with each type: one that all its returns bear out is
        # its type, since every value that it returns was made by one of them.
        guesses: list[Kind | None] = [None, "int", "float", "bool", Known(None)]
        uncounted: set[str] = set()
        while guesses:
            guess = guesses[0]
            inside = self._scope_for(unit, source, words, owner=target.identity)
            inside.place = (source.filename, source.node.lineno, source.node.col_offset, tuple(map(lasting, kinds)))
            forbidden(inside, source.node)
            bound = [(inside.bind(word, kind), kind) for word, kind in zip(words, kinds, strict=True)]
            again = set() if isinstance(source.node, ast.Lambda) else bound_names(source.node.body)
            for word, kind, rung in zip(words, kinds, rungs, strict=True):
                if rung is not None and word not in again:
                    inside.intervals[word, kind] = rung
            may_be_none = unit.elements.get((inside.place, "optional", ""))
            function = Function(name, [one for one in bound if is_runtime(one[1])], may_be_none or guess)
            unit.functions[key] = function
            inside.counters = counters(source.node, uncounted)
            inside.intervals |= {(name, "int"): INTERVAL for name in inside.counters}
            try:
                self._translate(inside, function, target)
            except Unbounded as counter:
                uncounted.add(counter.name)
                continue
            except _TypeNotYetKnown:
                guesses.pop(0)
                continue
            except NotCompiled:
                if guess is None or len(guesses) == 1:
                    raise
                guesses.pop(0)
                continue
            # Callees stand before their callers.
            unit.functions[key] = unit.functions.pop(key)
            return function
        raise scope.refuse(f"the type of {target.name!r} cannot be told", source.node)

    def _scope_for(self, unit: Unit, source: FunctionSource, words: list[str], *, owner: object) -> Scope:
        inside = Scope(unit, source.filename, source.lookup, set(words), owner=owner)
        inside.on_binding = lambda name: closures.forget(inside, name)
        inside.on_mixed = lambda name, mixed: optionals.learn(inside, name, mixed.first, mixed.second)
        return inside

    def _see(self, scope: Scope, target: Called) -> list[str]:
        """In a function inside another one: what it sees becomes variables of it, and so does it itself."""
        if target.closure is None:
            return []
        whole = scope.variable_of(_CLOSURE, target.source.node)
        seen = closures.seen_by(whole)
        inner = closures.inner_of(target.closure)
        assert inner is not None
        if target.name in inner.sees:
            seen[target.name] = whole
        scope.bound |= inner.sees
        lines = []
        for word, term in seen.items():
            text = scope.bind(word, term.type)
            lines += [f"{text} = {term.text}"] if text else []
        return lines

    def _yielded(self, scope: Scope, function: Function, node: ast.FunctionDef) -> list[str]:
        """In a generator function: the beginning of the list that its values are put into."""
        if not yields(node):
            return []
        if _is_endless(node):
            raise scope.refuse("a generator function without an end", node)
        origin = ("yields", scope.place)
        kind = ListOf(learned(scope.unit, origin), origin)
        scope.yielded, function.returns = Term(kind, scope.fresh("yielded")), kind
        return [f"{scope.yielded.text} = new_list({arena(scope)}, 0)"]

    def _translate(self, scope: Scope, function: Function, target: Called) -> None:
        node = target.source.node
        scope.function = function
        before = self._see(scope, target)
        if isinstance(node, ast.Lambda):
            scope.bound_once = set(scope.bound)
            term = self.expressions.value(scope, node.body)
            if function.returns not in (None, term.type):
                raise scope.refuse(f"the lambda is {function.returns} on one path and {term.type} on another", node)
            function.returns = term.type
            function.note_return(term)
            function.lines = [*before, f"return {term.text}"]
        else:
            scope.bound |= bound_names(node.body)
            scope.bound_once = bound_once(node) | (scope.bound - bound_names(node.body))
            before += self._yielded(scope, function, node)
            statements = Statements(scope, self.expressions, self.read_range, self.init_above)
            lines = [*before, *statements.body(node.body)]
            if scope.variables is not None:
                # It ends without a word, which is `return None`.
                lines += statements.body([ast.copy_location(ast.Return(None), node)])
            if function.returns is None:
                raise scope.refuse(f"{target.name!r} never returns a value", node)
            give_up = give_up_text(function.returns)
            function.lines = [line.replace(GIVE_UP, give_up) for line in lines]
        if not is_runtime(function.returns) and function.returns != Known(None):
            raise scope.refuse(f"{target.name!r} returns a {function.returns}", node)
        function.captured = dict(scope.used)
        function.complete = True

    def _source(self, scope: Scope, node: ast.AST, target: types.FunctionType) -> FunctionSource:
        source = randoms.source_of(target) or scope.unit.function_source(target)
        if source is None:
            raise scope.refuse(f"the source of {target.__name__!r} is not known", node)
        return source

    # ---- instances ---------------------------------------------------------------------------------------------

    def _make(self, scope: Scope, node: ast.AST, cls: type, positional: list[Term], keywords: dict[str, Term]) -> Term:
        return self._initialised(scope, node, cls, inits_of(cls)[0], positional, keywords)

    def _initialised(
        self,
        scope: Scope,
        node: ast.AST,
        cls: type,
        init: object,
        positional: list[Term],
        keywords: dict[str, Term],
    ) -> Term:
        """What this `__init__` makes of a new instance: the function that it becomes returns the attributes."""
        if not isinstance(init, types.FunctionType):
            raise scope.refuse(f"the __init__ of {cls.__name__!r} is no function of yours", node)
        source = self._source(scope, node, init)
        this = Term(Known(cls), "")
        default_of = defaults_of(scope, node, init, source.node.args)
        given = [this, *positional]
        arguments = bind_arguments(scope, node, "__init__", source.node.args, given, keywords, default_of)[1:]
        unit, key = scope.unit, (id(init), "init", cls, tuple(term.type for term in arguments))
        unit.held.append(init)
        function = unit.functions.get(key)
        if function is None:
            function = self._initialiser(unit, key, source, init, cls, [term.type for term in arguments])
        elif not function.complete:
            raise scope.refuse(f"{cls.__name__!r} makes another of its kind in its __init__", node)
        assert function.returns is not None
        scope.use(function.captured)
        if is_runtime(function.returns):
            return function.call(arguments, depth="")
        for argument in arguments:
            scope.must_not_act(argument, node)
        return Term(function.returns, "")

    def _initialiser(
        self, unit: Unit, key: object, source: FunctionSource, init: types.FunctionType, cls: type, kinds: list[Kind]
    ) -> Function:
        words = parameters_of(source.node.args)
        inside = self._scope_for(unit, source, words, owner=id(init))
        forbidden(inside, source.node)
        if not isinstance(source.node, ast.FunctionDef) or words[0] in bound_names(source.node.body):
            raise inside.refuse("an __init__ that binds its first argument", source.node)
        inside.bound |= bound_names(source.node.body)
        bound = [(inside.bind(word, kind), kind) for word, kind in zip(words[1:], kinds, strict=True)]
        function = Function(unit.name(f"call_{plain(cls.__name__)}"), [one for one in bound if is_runtime(one[1])])
        unit.functions[key] = function
        inside.function, inside.instance = function, Instance(words[0], cls, init)
        lines = Statements(inside, self.expressions, self.read_range, self.init_above).body(source.node.body)
        if inside.variables is None:
            raise inside.refuse("an __init__ that returns early, or always raises", source.node)
        whole = instance_of(cls, inside.attributes(source.node))
        function.returns = whole.type
        if is_runtime(whole.type):
            give_up = give_up_text(whole.type)
            function.lines = [line.replace(GIVE_UP, give_up) for line in lines] + [f"return {whole.text}"]
            unit.functions[key] = unit.functions.pop(key)
        elif lines != ["pass"]:
            raise inside.refuse("an __init__ that leaves nothing in the instance", source.node)
        function.captured = dict(inside.used)
        function.complete = True
        return function

    def init_above(self, scope: Scope, node: ast.Call) -> Term:
        """`super().__init__(…)` in an `__init__`: the attributes that it sets."""
        assert scope.instance is not None
        inits = inits_of(scope.instance.cls)
        above = inits[inits.index(scope.instance.init) + 1]
        positional = [self.expressions.value(scope, argument) for argument in node.args]
        keywords = {keyword.arg or "": self.expressions.value(scope, keyword.value) for keyword in node.keywords}
        if above is object.__init__ and not positional and not keywords:
            return made(scope.instance.cls, [], [])
        return self._initialised(scope, node, scope.instance.cls, above, positional, keywords)
