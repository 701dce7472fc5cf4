"""What a call in the user's code means: a builtin, a function of math, or a function of the user's own."""

from __future__ import annotations

import ast
import builtins
import math
import types

from pyfora.compile.expressions import Expressions, as_bool, as_float, as_int
from pyfora.compile.functions import Function, bind_arguments, bound_names, forbidden
from pyfora.compile.inner_folds import INNER_FOLDS, inner_fold
from pyfora.compile.libm import ONE_ARGUMENT
from pyfora.compile.loop import Element, FunctionSource
from pyfora.compile.refusal import NotCompiled
from pyfora.compile.scope import Scope, Term, construct, plain
from pyfora.compile.statements import GIVE_UP, Statements

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
_INTS = {id(math.isqrt): ("isqrt_int", 1), id(math.gcd): ("gcd_int", 2)}
_EXTREMES = {id(builtins.min): "min", id(builtins.max): "max"}
_MATH = {id(value): name for name, value in vars(math).items() if callable(value)}


class _TypeNotYetKnown(NotCompiled):
    """A function calls itself, and no return that shows its type has been seen."""


class Calls:
    """Translates calls, and the functions that they reach. Functions are known by identity, never by their names."""

    def __init__(self) -> None:
        self.expressions = Expressions(self.call)

    def call(self, scope: Scope, node: ast.Call) -> Term:
        """The value of a call. Raises NotCompiled."""
        target = scope.resolve(node.func)
        if (
            id(target) in INNER_FOLDS
            and len(node.args) == 1
            and isinstance(node.args[0], ast.GeneratorExp | ast.ListComp)
        ):
            if node.keywords:
                raise scope.refuse("a fold with keyword arguments", node)
            return inner_fold(scope, self.expressions, self.read_range, INNER_FOLDS[id(target)], node.args[0])
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                raise scope.refuse("a call with *arguments", argument)
        if isinstance(target, types.FunctionType):
            return self._call_function(scope, node, target)
        if node.keywords:
            raise scope.refuse(f"{self._name(target, node)} with keyword arguments", node)
        terms = [self.expressions.value(scope, argument) for argument in node.args]
        known = self._builtin(target, terms)
        if known is not None:
            return known
        if id(target) in _EXTREMES and len(terms) >= 2:
            return self._extreme(scope, node, _EXTREMES[id(target)], terms)
        kinds = ", ".join(term.type for term in terms)
        raise scope.refuse(f"{self._name(target, node)} of ({kinds}) is not compiled", node)

    def _name(self, target: object, node: ast.Call) -> str:
        if id(target) in _MATH:
            return f"math.{_MATH[id(target)]}"
        return f"{getattr(target, '__name__', construct(node.func))}()"

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
                return Term("int", f"{_TO_INT[key]}({terms[0].text})")
            return as_int(terms[0])
        if key in _INTS and count == _INTS[key][1] and all(term.type != "float" for term in terms):
            return Term("int", f"{_INTS[key][0]}({', '.join(as_int(term).text for term in terms)})")
        if target is builtins.float and count == 1:
            return as_float(terms[0])
        if target is builtins.bool and count == 1:
            return as_bool(terms[0])
        if target is builtins.abs and count == 1:
            if terms[0].type == "float":
                return Term("float", f"abs_float({terms[0].text})")
            return Term("int", f"abs_int({as_int(terms[0]).text})")
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
        return Term(kind, text)

    def read_range(self, scope: Scope, node: ast.expr) -> list[Term] | None:
        """The arguments of a call of `range`; None if the expression is none."""
        if not isinstance(node, ast.Call) or scope.resolve(node.func) is not builtins.range:
            return None
        if node.keywords or not 1 <= len(node.args) <= 3:
            raise scope.refuse("range() takes one to three arguments", node)
        terms = [self.expressions.value(scope, argument) for argument in node.args]
        for term, argument in zip(terms, node.args, strict=True):
            if term.type == "float":
                raise scope.refuse("range() of a float", argument)
        return [as_int(term) for term in terms]

    def _call_function(self, scope: Scope, node: ast.Call, target: types.FunctionType) -> Term:
        source = scope.unit.function_source(target)
        if source is None:
            raise scope.refuse(f"the source of {target.__name__!r} is not known", node)
        positional = [self.expressions.value(scope, argument) for argument in node.args]
        keywords: dict[str, Term] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise scope.refuse("a call with **arguments", node)
            keywords[keyword.arg] = self.expressions.value(scope, keyword.value)
        arguments = bind_arguments(scope, node, target, source.node.args, positional, keywords)
        key = (id(target), tuple(term.type for term in arguments))
        unit = scope.unit
        unit.held.append(target)
        function = unit.functions.get(key)
        if function is None:
            function = self._function(scope, key, source, target, [term.type for term in arguments])
        elif not function.complete:
            if scope.function is not function:
                raise scope.refuse(f"{target.__name__!r} calls itself by way of another function", node)
            function.recursive = True
            if function.returns is None:
                raise _TypeNotYetKnown(f"the type of {target.__name__!r}", source.filename)
        scope.use(function.captured)
        return function.call(arguments, depth="depth + 1")

    def _function(
        self,
        scope: Scope,
        key: object,
        source: FunctionSource,
        target: types.FunctionType,
        kinds: list[Element],
    ) -> Function:
        """Translate a function for these types of its arguments."""
        unit = scope.unit
        arguments = source.node.args
        words = [parameter.arg for parameter in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]]
        wanted = plain(target.__name__) if target.__name__.isidentifier() else "lambda"
        name = unit.name(f"call_{wanted}")
        # A function that calls itself before any return is tried with each type: one that all its returns bear out is
        # its type, since every value that it returns was made by one of them.
        guesses: list[Element | None] = [None, "int", "float", "bool"]
        for guess in guesses:
            inside = Scope(unit, source.filename, source.lookup, set(words), owner=id(target))
            forbidden(inside, source.node)
            parameters = [(inside.bind(word, kind), kind) for word, kind in zip(words, kinds, strict=True)]
            function = Function(name, parameters, guess)
            unit.functions[key] = function
            try:
                self._translate(inside, function, source.node, target)
            except _TypeNotYetKnown:
                continue
            except NotCompiled:
                if guess is None or guess == guesses[-1]:
                    raise
                continue
            # Callees stand before their callers.
            unit.functions[key] = unit.functions.pop(key)
            return function
        raise scope.refuse(f"the type of {target.__name__!r} cannot be told", source.node)

    def _translate(
        self, scope: Scope, function: Function, node: ast.FunctionDef | ast.Lambda, target: types.FunctionType
    ) -> None:
        scope.function = function
        if isinstance(node, ast.Lambda):
            term = self.expressions.value(scope, node.body)
            if function.returns not in (None, term.type):
                raise scope.refuse(f"the lambda is {function.returns} on one path and {term.type} on another", node)
            function.returns = term.type
            function.lines = [f"return {term.text}"]
        else:
            scope.bound |= bound_names(node.body)
            lines = Statements(scope, self.expressions, self.read_range).body(node.body)
            if scope.variables is not None:
                raise scope.refuse(f"{target.__name__!r} may end without returning a value", node)
            if function.returns is None:
                raise scope.refuse(f"{target.__name__!r} never returns a value", node)
            function.lines = [line.replace(GIVE_UP, f"give_up_{function.returns}()") for line in lines]
        function.captured = dict(scope.used)
        function.complete = True
