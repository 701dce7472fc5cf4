"""The functions of the user's that a loop reaches, `__init__` included, as functions of the generated module."""

from __future__ import annotations

import ast
import types
from dataclasses import dataclass

from pyfora.compile import closures, counterparts, intervals, optionals, randoms, records
from pyfora.compile.classes import inits_of
from pyfora.compile.counters import INTERVAL, Unbounded, counters
from pyfora.compile.expressions import CallTranslator, Expressions
from pyfora.compile.frozen import can_be_changed
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
from pyfora.compile.kinds import (
    Kind,
    Known,
    ListOf,
    give_up_text,
    is_runtime,
)
from pyfora.compile.learning import lasting, learned
from pyfora.compile.loop import FunctionSource
from pyfora.compile.objects import Objects
from pyfora.compile.refusal import NotCompiled
from pyfora.compile.scope import Instance, Scope, Unit, plain
from pyfora.compile.sites import with_give_up
from pyfora.compile.statements import Statements
from pyfora.compile.terms import Interval, Term, made
from pyfora.compile.turns import RangeReader
from pyfora.compile.words import arena

Rungs = tuple[Interval | None, ...]
"""Where the arguments of a function lie."""
_VARIANTS_LIMIT = 4
"""So often is a function translated for arguments of the same types, of which other things are known."""


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


def needed(scope: Scope, node: ast.AST, term: Term) -> Term:
    """A term that is None, yet computed: it may stand only where its value is not asked for."""
    if term.text and not is_runtime(term.type) and node is not scope.statement:
        raise scope.refuse("the value of a call that gives None", node)
    return term


class Translator:
    """Translates functions. They are known by identity, never by their names."""

    def __init__(self, call: CallTranslator, read_range: RangeReader) -> None:
        self.objects = Objects(self.call_function, self._make)
        self.expressions = Expressions(call, self.objects)
        self._read_range = read_range

    def call_function(
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

    def call_own(self, scope: Scope, node: ast.AST, name: str, source: FunctionSource, arguments: list[Term]) -> Term:
        """The call of a function of ours that is written as the user's are."""
        return self._call_translated(scope, node, Called(id(source), source, name), arguments)

    def call_inner(
        self, scope: Scope, node: ast.AST, target: Term, positional: list[Term], keywords: dict[str, Term]
    ) -> Term:
        """The call of a function inside another one: it is given what it sees, then its arguments."""
        inner = closures.inner_of(target.type)
        assert inner is not None
        called_ = Called(inner, inner.source, inner.name, target.type)
        parameters = inner.source.node.args

        def default_of(parameter: str) -> Term | None:
            default = closures.default_of(target, parameter)
            if default is not None and target.may_change:
                # It would be made once to be called, and once more for its default.
                raise scope.refuse(
                    "a call of a function, not held in a variable, whose default changes something", node
                )
            return default

        arguments = bind_arguments(scope, node, inner.name, parameters, positional, keywords, default_of)
        return self._call_translated(scope, node, called_, [target, *arguments])

    def _call_translated(self, scope: Scope, node: ast.AST, target: Called, arguments: list[Term]) -> Term:
        unit = scope.unit
        rungs = self._rungs(unit, target, arguments)
        key = (target.identity, tuple(term.type for term in arguments), rungs)
        if yields(target.source.node):
            # All of it is run before the first value is used: nobody may see the difference.
            if node is not scope.gone_through:
                raise scope.refuse("a generator that is not gone through at once", node)
            if scope.leaves_early:
                # Of a billion values, or of one that is never found, somebody may want the first few only.
                raise scope.refuse("a generator that may be left before its end", node)
            if any(can_be_changed(term.type) for term in arguments):
                raise scope.refuse("a generator function of what can be changed meanwhile", node)
            for term in arguments:
                closures.must_stay(scope, term.type, node)
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
                raise _TypeNotYetKnown(f"the type of {target.name!r}")
        scope.use(function.captured)
        return needed(scope, node, function.call(arguments, depth="depth + 1"))

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
            function.too_deep = tuple(inside.mark([*function.too_deep], source.node))
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
        shown = source.is_the_users
        inside = Scope(unit, source.filename, source.lookup, set(words), owner=owner, shows_places=shown)
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
        scope.within = inner
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
            statements = Statements(scope, self.expressions, self._read_range, self.init_above)
            lines = [*before, *statements.body(node.body)]
            if scope.variables is not None:
                # It ends without a word, which is `return None`.
                lines += statements.body([ast.copy_location(ast.Return(None), node)])
            if function.returns is None:
                raise scope.refuse(f"{target.name!r} never returns a value", node)
            give_up = give_up_text(function.returns)
            function.lines = [with_give_up(line, give_up) for line in lines]
        if not is_runtime(function.returns) and function.returns != Known(None):
            raise scope.refuse(f"{target.name!r} returns a {function.returns}", node)
        function.captured = dict(scope.used)
        function.complete = True

    def _source(self, scope: Scope, node: ast.AST, target: types.FunctionType) -> FunctionSource:
        source = randoms.source_of(target) or counterparts.source_of(target) or scope.unit.function_source(target)
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
        lines = Statements(inside, self.expressions, self._read_range, self.init_above).body(source.node.body)
        if inside.variables is None:
            raise inside.refuse("an __init__ that returns early, or always raises", source.node)
        whole = records.of_attributes(inside, cls, inside.attributes(source.node))
        function.returns = whole.type
        if is_runtime(whole.type):
            give_up = give_up_text(whole.type)
            function.lines = [with_give_up(line, give_up) for line in lines] + [f"return {whole.text}"]
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
