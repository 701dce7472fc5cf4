"""The functions that a loop reaches, each translated once for every combination of its arguments' types."""

from __future__ import annotations

import ast
import collections
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pyfora.compile import intervals
from pyfora.compile.kinds import Kind, code_of, is_runtime
from pyfora.compile.scope import CAPTURED_HERE, Scope
from pyfora.compile.sites import is_marked
from pyfora.compile.terms import FloatInterval, Interval, Term, made

DEPTH_LIMIT = 200
"""How deep a kernel recurses before it gives up: well within CPython's limit, which then decides."""


@dataclass
class Function:
    """One function of the generated module."""

    name: str
    parameters: list[tuple[str, Kind]]
    """Those that are there at run time."""
    returns: Kind | None = None
    """None until the first return has been seen."""
    captured: dict[str, Term] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    complete: bool = False
    recursive: bool = False
    too_deep: tuple[str, ...] = (f"if depth > {DEPTH_LIMIT}:", "    too_deep_int()")
    """What a recursive one begins with."""
    interval: Interval | FloatInterval | None = None
    """Between which numbers lies what it returns."""
    _returned: list[Term] = field(default_factory=list)

    def note_return(self, term: Term) -> None:
        """One of the things that it may return."""
        self._returned.append(term)
        self.interval = intervals.hull(self._returned)

    def call(self, arguments: list[Term], *, depth: str) -> Term:
        """A call of it, with the values that it captures passed on."""
        assert self.returns is not None
        given = [term.text for term in arguments if is_runtime(term.type)]
        if self.complete:
            given += self.captured
            given += ["0"] if self.recursive else []
        else:
            given += [CAPTURED_HERE, depth]
        text = f"{self.name}({', '.join(given)})"
        interval = self.interval if self.complete else None
        return Term(self.returns, text.replace(f", {CAPTURED_HERE}", CAPTURED_HERE), interval=interval)

    def source(self) -> str:
        """Its definition."""
        assert self.returns is not None
        parameters = [*self.parameters, *((term.text, term.type) for term in self.captured.values())]
        names = [name for name, _ in parameters]
        kinds = [code_of(kind) for _, kind in parameters]
        lines = self.lines
        if self.recursive:
            names.append("depth")
            kinds.append("int64")
            lines = [*self.too_deep, *lines]
        captured = "".join(f", {name}" for name in self.captured)
        body = "\n".join(f"    {line}" for line in lines).replace(CAPTURED_HERE, captured)
        signature = f"{code_of(self.returns)}({', '.join(kinds)})"
        # The call of a function of ours is what the user knows of it.
        decorator = "routine" if is_marked(self.lines) else "own_routine"
        return f'@{decorator}("{signature}")\ndef {self.name}({", ".join(names)}):\n{body}\n'


DefaultOf = Callable[[str], "Term | None"]
"""The default of a parameter, None if it has none."""


def defaults_of(scope: Scope, node: ast.AST, function: types.FunctionType, arguments: ast.arguments) -> DefaultOf:
    """The defaults of a function that exists."""
    first = [*arguments.posonlyargs, *arguments.args]
    defaults: dict[str, object] = dict(function.__kwdefaults__ or {})
    values = function.__defaults__ or ()
    if values:
        defaults.update({parameter.arg: value for parameter, value in zip(first[-len(values) :], values, strict=True)})

    def default_of(word: str) -> Term | None:
        if word not in defaults:
            return None
        return scope.captured((id(function), "default", word), f"{function.__name__}_{word}", defaults[word], node)

    return default_of


def bind_arguments(
    scope: Scope,
    node: ast.AST,
    name: str,
    arguments: ast.arguments,
    positional: list[Term],
    keywords: dict[str, Term],
    default_of: DefaultOf,
) -> list[Term]:
    """The arguments of a call in the order of the parameters, defaults filled in. Raises NotCompiled."""
    if arguments.kwarg:
        raise scope.refuse(f"{name!r} takes any keyword arguments", node)
    first = [*arguments.posonlyargs, *arguments.args]
    only_positional = {parameter.arg for parameter in arguments.posonlyargs}
    if len(positional) > len(first) and not arguments.vararg:
        raise scope.refuse(f"{name!r} is given too many arguments", node)
    given = {parameter.arg: term for parameter, term in zip(first, positional, strict=False)}
    for word, term in keywords.items():
        if word in given or word in only_positional:
            raise scope.refuse(f"{name!r} is given {word!r} twice", node)
        given[word] = term
    must_keep_their_order(scope, node, [*keywords], [one.arg for one in [*first, *arguments.kwonlyargs]], keywords)
    if arguments.vararg:
        rest = positional[len(first) :]
        given[arguments.vararg.arg] = made(tuple, [""] * len(rest), rest)
    ordered = []
    for word in parameters_of(arguments):
        if word in given:
            ordered.append(given.pop(word))
        elif (default := default_of(word)) is not None:
            ordered.append(default)
        else:
            raise scope.refuse(f"{name!r} is called without {word!r}", node)
    if given:
        raise scope.refuse(f"{name!r} has no parameter {next(iter(given))!r}", node)
    return ordered


def parameters_of(arguments: ast.arguments) -> list[str]:
    """The names of all parameters, in the order in which a translated function has them."""
    several = [arguments.vararg] if arguments.vararg else []
    return [one.arg for one in [*arguments.posonlyargs, *arguments.args, *several, *arguments.kwonlyargs]]


def must_keep_their_order(
    scope: Scope, node: ast.AST, given: list[str], order: list[str], terms: dict[str, Term]
) -> None:
    """Refuse keyword arguments that are evaluated in another order than they are given, where that can be seen."""
    if any(term.may_change for term in terms.values()) and given != [name for name in order if name in given]:
        raise scope.refuse("keyword arguments in another order than the parameters", node)


def bound_names(statements: Sequence[ast.AST]) -> set[str]:
    """Every name that a function's body, or a target, binds anywhere, reached or not: this makes a name local."""
    names: set[str] = set()
    for statement in statements:
        for node in ast.walk(statement):
            match node:
                case ast.Name(ctx=ast.Store() | ast.Del()):
                    names.add(node.id)
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    names.add(node.name)
                case ast.alias():
                    names.add((node.asname or node.name).partition(".")[0])
                case ast.ExceptHandler(name=str() as name) | ast.MatchAs(name=str() as name):
                    names.add(name)
                case ast.MatchStar(name=str() as name) | ast.MatchMapping(rest=str() as name):
                    names.add(name)
    return names


def bound_once(node: ast.FunctionDef) -> set[str]:
    """Names that no more than one node of a function binds, comprehensions and parameters included."""
    stored: list[str] = []
    others = {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
    for one in ast.walk(node):
        match one:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                stored.append(name)
            case ast.FunctionDef(name=name) if one is not node:
                stored.append(name)
            case ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str() as name):
                others.add(name)
            case ast.MatchAs(name=str() as name) | ast.MatchStar(name=str() as name):
                others.add(name)
            case ast.MatchMapping(rest=str() as name):
                others.add(name)
            case ast.alias():
                others.add((one.asname or one.name).partition(".")[0])
    return {name for name, count in collections.Counter(stored).items() if count == 1 and name not in others}


def forbidden(scope: Scope, node: ast.FunctionDef | ast.Lambda) -> None:
    """Refuse what changes the meaning of a whole function, wherever in it it stands."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Await | ast.Global | ast.Nonlocal):
            raise scope.refuse("a function with await, global or nonlocal", inner)


def yields(node: ast.FunctionDef | ast.Lambda) -> bool:
    """Whether it is a generator function."""
    waiting: list[ast.AST] = [*ast.iter_child_nodes(node)]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(inner, ast.FunctionDef | ast.Lambda | ast.AsyncFunctionDef | ast.ClassDef):
            waiting += ast.iter_child_nodes(inner)
    return False
