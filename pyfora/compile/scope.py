"""One function or loop body while it is translated: its names, what is known of its variables, what it captures."""

from __future__ import annotations

import ast
import keyword
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyfora.compile.loop import Element, FunctionSource
from pyfora.compile.refusal import NotCompiled, refuse
from pyfora.compile.variables import Mixed, Variables

if TYPE_CHECKING:
    from pyfora.compile.functions import Function

NUMBA_TYPES: dict[Element, str] = {"int": "int64", "float": "float64", "bool": "boolean"}
"""The types of the generated source by Python's."""
CAPTURED_HERE = "\0captured"
"""Stands for the captured arguments of a function that calls itself, until all of them are known."""
INT_BOUND = 2**63


@dataclass(frozen=True)
class Term:
    """A translated expression."""

    type: Element
    text: str
    """Its generated source; an operand as it stands, in parentheses where it needs them."""
    constant: int | float | bool | None = None
    """Its value, where it is a literal."""
    zero_text: str = ""
    """A cheaper expression that is zero exactly where this one is, if there is one."""


@dataclass
class Unit:
    """What all bodies of one kernel share: the functions that it reaches and the values that it captures."""

    filename: str
    function_source: Callable[[types.FunctionType], FunctionSource | None]
    captured: dict[object, tuple[str, Element, int | float | bool]] = field(default_factory=dict)
    """Where it was found (scope and name) -> parameter, type, value."""
    functions: dict[object, Function] = field(default_factory=dict)
    """Function object and argument types -> its translation, in the order in which they must stand."""
    names: set[str] = field(default_factory=set)
    held: list[object] = field(default_factory=list)
    """Objects whose `id` is part of a key above."""

    def name(self, wanted: str) -> str:
        """A name of the generated module that nothing else has."""
        name, number = wanted, 1
        while name in self.names:
            number += 1
            name = f"{wanted}_{number}"
        self.names.add(name)
        return name

    def capture(self, key: object, wanted: str, value: object) -> Term | None:
        """The parameter for a captured scalar; None if the value is none (a subclass of int is none, nor is None)."""
        if key not in self.captured:
            if type(value) is bool:
                kind: Element = "bool"
            elif type(value) is int and -INT_BOUND <= value < INT_BOUND:
                kind = "int"
            elif type(value) is float:
                kind = "float"
            else:
                return None
            self.captured[key] = (self.name(f"captured_{plain(wanted)}"), kind, value)
        parameter, kind, _ = self.captured[key]
        return Term(kind, parameter)


def plain(name: str) -> str:
    """A user's name as an ASCII identifier."""
    return "".join(letter if letter.isascii() else f"u{ord(letter):x}" for letter in name)


class Scope:
    """The state of one body's translation."""

    def __init__(
        self,
        unit: Unit,
        filename: str,
        lookup: Callable[[str], object],
        bound: set[str],
        *,
        owner: object,
    ) -> None:
        self.unit = unit
        self.filename = filename
        self.lookup = lookup
        self.bound = bound
        """Names that the body binds somewhere: never looked up outside."""
        self.owner = owner
        """Whose lookup it is, by identity: two scopes may give one name two values."""
        self.variables: Variables | None = {}
        """None where the translation has come to a point that is never reached."""
        self.used: dict[str, Term] = {}
        """Captured values used here or by what is called from here: parameter -> term."""
        self.function: Function | None = None
        self._texts: dict[tuple[str, Element], str] = {}
        self._taken: set[str] = set()

    def refuse(self, reason: str, node: ast.AST) -> NotCompiled:
        return refuse(reason, self.filename, node)

    def variable(self, name: str, kind: Element) -> str:
        """The name in the generated source of a variable while it has this type."""
        if (name, kind) not in self._texts:
            self._texts[name, kind] = self.fresh(name if not self._has(name) else f"{name}_{kind}")
        return self._texts[name, kind]

    def _has(self, name: str) -> bool:
        return any(known == name for known, _ in self._texts)

    def fresh(self, wanted: str) -> str:
        """A local name that neither the body nor the generated module uses."""
        wanted = plain(wanted)
        if wanted.startswith(("captured_", "call_", "_")) or keyword.iskeyword(wanted):
            wanted = f"local{wanted}"
        name, number = wanted, 1
        while name in self._taken or name in self.unit.names:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name

    def bind(self, name: str, kind: Element) -> str:
        """Note that a variable is bound from here on."""
        assert self.variables is not None
        self.variables[name] = kind
        return self.variable(name, kind)

    def read(self, node: ast.Name) -> Term:
        """A variable of the body, or a scalar from outside."""
        if node.id in self.bound:
            known = (self.variables or {}).get(node.id)
            if known is None:
                raise self.refuse(f"{node.id!r} may be read before it has a value", node)
            if isinstance(known, Mixed):
                types_ = f"{known.first} on one path and {known.second} on another"
                raise self.refuse(f"{node.id!r} is {types_}", node)
            return Term(known, self.variable(node.id, known))
        value = self.resolve(node)
        return self.captured((self.owner, node.id), node.id, value, node)

    def captured(self, key: object, name: str, value: object, node: ast.AST) -> Term:
        """A value from outside as an argument of the kernel."""
        term = self.unit.capture(key, name, value)
        if term is None:
            what = f"an int beyond 64 bits: {name!r}" if type(value) is int else f"{name!r}, a {_kind(value)}"
            raise self.refuse(
                f"the loop uses {what}; compiled code takes int, float and bool values from outside", node
            )
        self.used[term.text] = term
        return term

    def use(self, terms: dict[str, Term]) -> None:
        self.used.update(terms)

    def resolve(self, node: ast.expr) -> object:
        """The live value of a name from outside or of an attribute of a module. Raises NotCompiled if it is neither."""
        if isinstance(node, ast.Name):
            if node.id in self.bound:
                raise self.refuse(f"{node.id!r} is a variable of the function, not a known function or module", node)
            try:
                return self.lookup(node.id)
            except NameError:
                raise self.refuse(f"{node.id!r} has no value", node) from None
        if isinstance(node, ast.Attribute):
            owner = self.resolve(node.value)
            if not isinstance(owner, types.ModuleType):
                raise self.refuse(f"attribute {node.attr!r} of a {_kind(owner)}: only modules are supported", node)
            try:
                return vars(owner)[node.attr]
            except KeyError:
                raise self.refuse(f"module {owner.__name__!r} has no attribute {node.attr!r}", node) from None
        raise self.refuse(f"{construct(node)} cannot be called or looked into", node)


def _kind(value: object) -> str:
    return type(value).__name__


_CONSTRUCTS = {
    ast.Subscript: "indexing",
    ast.Dict: "a dict",
    ast.List: "a list",
    ast.Tuple: "a tuple",
    ast.Set: "a set",
    ast.ListComp: "a list comprehension",
    ast.SetComp: "a set comprehension",
    ast.DictComp: "a dict comprehension",
    ast.GeneratorExp: "a generator expression",
    ast.JoinedStr: "an f-string",
    ast.NamedExpr: "an assignment expression (:=)",
    ast.Lambda: "a lambda",
    ast.FunctionDef: "a nested function",
    ast.ClassDef: "a class",
    ast.Try: "try",
    ast.TryStar: "try",
    ast.With: "with",
    ast.Match: "match",
    ast.Delete: "del",
    ast.Import: "import",
    ast.ImportFrom: "import",
    ast.Global: "global",
    ast.Nonlocal: "nonlocal",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.Await: "await",
    ast.Starred: "a starred expression",
    ast.Attribute: "an attribute",
}


def construct(node: ast.AST) -> str:
    """What a person calls a piece of syntax."""
    return _CONSTRUCTS.get(type(node), type(node).__name__)
