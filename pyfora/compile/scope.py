"""One function or loop body while it is translated: its names, what is known of its variables, what it captures."""

from __future__ import annotations

import ast
import keyword
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pyfora.compile.classes import is_known_beforehand, parts_from_outside
from pyfora.compile.frozen import CONTAINERS, Frozen, FrozenOnes, is_of_texts
from pyfora.compile.kinds import Kind, Known, ListOf, display, is_runtime
from pyfora.compile.learning import lasting
from pyfora.compile.loop import Element, FunctionSource
from pyfora.compile.numpy_kinds import ArrayOf, captured_array
from pyfora.compile.refusal import NotCompiled, refuse
from pyfora.compile.sites import Site, has_unmarked, marked
from pyfora.compile.terms import FloatInterval, Interval, Term, made
from pyfora.compile.variables import Mixed, Variables

if TYPE_CHECKING:
    from pyfora.compile.closures import Inner
    from pyfora.compile.functions import Function

CAPTURED_HERE = "\0captured"
"""Stands for the captured arguments of a function that calls itself, until all of them are known."""
INT_BOUND = 2**63
LIST_LIMIT = 10_000_000
"""Elements of a captured list."""
Captured = Any
"""An int, a float, a bool; a list of some is an array of words: of int64 (bools, too), or float64; an array."""
WORDS: dict[type, str] = {int: "int64", bool: "int64", float: "float64"}
"""Types of the arrays that lists of such elements become."""
DEEPEST = 6
"""How deep values are made of others, and these of others, until they are none of compiled code's."""
PARTS_LIMIT = 64
"""Parts of one of them."""


@dataclass
class Unit:
    """What all bodies of one kernel share: the functions that it reaches and the values that it captures."""

    filename: str
    function_source: Callable[[types.FunctionType], FunctionSource | None]
    frozen: FrozenOnes = field(default_factory=FrozenOnes)
    captured: dict[object, tuple[str, Kind, Captured]] = field(default_factory=dict)
    """Where it was found (scope and name) -> parameter, type, value."""
    functions: dict[object, Function] = field(default_factory=dict)
    """Function object and argument types -> its translation, in the order in which they must stand."""
    names: set[str] = field(default_factory=set)
    elements: dict[object, Kind] = field(default_factory=dict)
    """Place of an empty list -> type of what is put into it later."""
    lengths: dict[str, int] = field(default_factory=dict)
    """Parameter of a captured list -> how many elements it must have."""
    laid_out: dict[str, list[str]] = field(default_factory=dict)
    """Parameter of a captured array -> the arguments that it is given as."""
    unlearned: NotCompiled | None = None
    """Why it cannot be compiled if nothing further down shows what an empty list or dict holds."""
    takes_memory: bool = False
    """Whether it makes lists."""
    inner: dict[object, Inner] = field(default_factory=dict)
    """Functions inside others, by their syntax and the translation of what is around them."""
    sites: list[Site] = field(default_factory=list)
    """What the marks in the generated source name."""
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
        """The parameter for a captured scalar, or a list of some; None if the value is none.

        A subclass of int is none, nor is None. Raises NotCompiled for lists, dicts and sets that cannot be laid out;
        the reason says what they are ones of.
        """
        if key not in self.captured:
            kind: Kind | None = scalar_kind(value)
            if kind is None and type(value) is list and 0 < len(value) <= LIST_LIMIT:
                words = words_of(value)
                if words is not None:
                    kind, value = ListOf(words[0], is_frozen=True), words[1]
            if kind is None and (array := captured_array(value)) is not None:
                kind, value = array
            if kind is None and type(value) in CONTAINERS:
                try:
                    kind, value = self.frozen.laid_out(value)
                except NotCompiled:
                    if not is_of_texts(value):
                        raise
            if kind is None:
                return None
            parameter = self.name(f"captured_{plain(wanted)}")
            self.captured[key] = (parameter, kind, value)
            if isinstance(kind, ArrayOf):
                self.laid_out[parameter] = [self.name(f"{parameter}_{number}") for number in range(len(kind.parts))]
        parameter, kind, taken = self.captured[key]
        if isinstance(kind, ArrayOf):
            return Term(kind, display(self.laid_out[parameter]))
        in_words = isinstance(kind, ListOf) and not isinstance(taken, Frozen)
        return Term(kind, parameter, length=len(taken) if in_words else None)

    def arguments(self, key: object) -> list[str]:
        """The names of the arguments that a captured value is given as."""
        parameter = self.captured[key][0]
        return self.laid_out.get(parameter, [parameter])

    def needs_length(self, parameter: str, length: int) -> None:
        """Note that what is compiled reads a captured list up to there unasked."""
        self.lengths[parameter] = max(length, self.lengths.get(parameter, 0))

    def capture_words(self, key: object, wanted: str, words: Any, element: Element) -> Term:
        """The parameter for a list that is laid out as an array of words already."""
        self.captured[key] = (self.name(f"captured_{wanted}"), ListOf(element, is_frozen=True), words)
        parameter, kind, _ = self.captured[key]
        return Term(kind, parameter)


def scalar_kind(value: object) -> Element | None:
    """The type of a scalar that a kernel can take."""
    if type(value) is bool:
        return "bool"
    if type(value) is float:
        return "float"
    return "int" if type(value) is int and -INT_BOUND <= value < INT_BOUND else None


def words_of(values: list[Any]) -> tuple[Element, Any] | None:
    """A list of scalars of one type that a kernel can take: their type, and an array of words; None for any other."""
    import numpy as np

    kinds = set(map(type, values))
    kind = kinds.pop()
    if kinds or kind not in WORDS:
        return None
    try:
        words = np.array(values, WORDS[kind])
    except OverflowError:
        return None
    return ("bool" if kind is bool else "int" if kind is int else "float"), words


def plain(name: str) -> str:
    """A user's name as an ASCII identifier."""
    return "".join(letter if letter.isascii() and letter != " " else f"u{ord(letter):x}" for letter in name)


@dataclass(frozen=True)
class Instance:
    """An instance that is being made by its `__init__`."""

    name: str
    """The name of the first argument."""
    cls: type
    init: types.FunctionType


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
        shows_places: bool = True,
    ) -> None:
        """`shows_places`: whether its text is the user's own."""
        self.unit = unit
        self.filename = filename
        self.lookup = lookup
        self.bound = bound
        """Names that the body binds somewhere: never looked up outside."""
        self.owner = owner
        """Whose lookup it is, by identity: two scopes may give one name two values."""
        self.shows_places = shows_places
        self.variables: Variables | None = {}
        """None where the translation has come to a point that is never reached."""
        self.used: dict[str, Term] = {}
        """Captured values used here or by what is called from here: parameter -> term."""
        self.function: Function | None = None
        self.instance: Instance | None = None
        """Where this is an `__init__`. Its attributes are variables that are called `self.x`."""
        self._ever_bound: set[str] = set()
        self.bound_once: set[str] = set()
        """Names that one statement only binds."""
        self.intervals: dict[tuple[str, Kind], Interval | FloatInterval] = {}
        """Between which numbers variables lie that one statement binds, while they have this type."""
        self.most_turns: int | None = 1
        """How often the innermost loop's body runs at most, where that is known."""
        self.on_mixed: Callable[[str, Mixed], None] = lambda name, mixed: None
        """Told of every variable that is read and is of one type on one path and of another on another."""
        self.on_binding: Callable[[str], None] = lambda name: None
        """Told of every name that is bound."""
        self.within: Inner | None = None
        """What it is the body of, where that is a function inside another one."""
        self.place: object = None
        """The function, for arguments of these types; None where no variable of it can become one that may be None."""
        self.yielded: Term | None = None
        """In a generator function: the list of what it has yielded."""
        self.gone_through: ast.AST | None = None
        """The expression that is gone through at once, to its end."""
        self.leaves_early = False
        """Whether whoever goes through it may stop before its end after all."""
        self.statement: ast.AST | None = None
        """The expression that is a statement by itself: nobody asks for its value."""
        self.counters: dict[str, int] = {}
        """Variables that only count, and by how much one turn changes them."""
        self._texts: dict[tuple[str, Kind], str] = {}
        self._taken: set[str] = set()

    @contextmanager
    def left_early(self, may_be: bool) -> Iterator[None]:
        """While what a loop runs over is translated: whether the loop may stop before its end."""
        around, self.leaves_early = self.leaves_early, may_be
        try:
            yield
        finally:
            self.leaves_early = around

    def refuse(self, reason: str, node: ast.AST) -> NotCompiled:
        return refuse(reason, self.filename, node)

    def mark(self, lines: list[str], node: ast.AST) -> list[str]:
        """The lines, where what is called in them comes from this construct, unless from a narrower one."""
        if not self.shows_places or not hasattr(node, "lineno") or not any(map(has_unmarked, lines)):
            return lines
        self.unit.sites.append(Site(self.filename, node))
        return [marked(line, len(self.unit.sites) - 1) for line in lines]

    def mark_term(self, term: Term, node: ast.AST) -> Term:
        """The same for an expression."""
        texts = [term.text, term.zero_text]
        found = self.mark(texts, node)
        return term if found is texts else replace(term, text=found[0], zero_text=found[1])

    def place_of(self, node: ast.expr) -> object:
        """Where `node` stands, in a function for arguments of these types."""
        kinds = () if self.function is None else tuple(lasting(kind) for _, kind in self.function.parameters)
        return self.filename, node.lineno, node.col_offset, kinds

    def variable(self, name: str, kind: Kind) -> str:
        """The name in the generated source of a variable while it has this type."""
        if not is_runtime(kind):
            return ""
        if (name, kind) not in self._texts:
            name_ = name.replace(".", "_")
            self._texts[name, kind] = self.fresh(name_ if not self._has(name) else f"{name_}_{kind}")
        return self._texts[name, kind]

    def hold(self, term: Term) -> tuple[list[str], ast.Name]:
        """Keep a value in a variable that the user's code cannot name: the lines that do, and how it is read."""
        name = f"held {len(self._ever_bound)}"
        self.bound.add(name)
        text = self.bind(name, term.type)
        return [f"{text} = {term.text}"] if text else [], ast.Name(name, ast.Load())

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

    def bind(self, name: str, kind: Kind) -> str:
        """Note that a variable is bound from here on."""
        assert self.variables is not None
        self.variables[name] = kind
        self.on_binding(name)
        self._ever_bound.add(name)
        return self.variable(name, kind)

    def note_interval(self, name: str, kind: Kind, interval: Interval | FloatInterval | None) -> None:
        """Note where the values lie that the only statement which binds this variable gives it."""
        if name in self.counters:
            return
        if interval is not None and name in self.bound_once:
            self.intervals[name, kind] = interval
        else:
            self.intervals.pop((name, kind), None)

    def must_not_be_private(self, node: ast.Attribute) -> None:
        """Refuse names that mean another one in each class."""
        if node.attr.startswith("__") and not node.attr.endswith("__"):
            raise self.refuse(f"the private name {node.attr!r}", node)

    def must_not_act(self, term: Term, node: ast.AST) -> None:
        """Refuse a term that is about to be left out, as all that is asked of it is known: it may raise in Python."""
        if term.may_act:
            raise self.refuse("a value that is computed only to be asked for what is known of it beforehand", node)

    def read(self, node: ast.Name) -> Term:
        """A variable of the body, or a value from outside."""
        if self.instance is not None and node.id == self.instance.name:
            raise self.refuse("an instance that is used before its __init__ has ended", node)
        if node.id in self.bound:
            return self.variable_of(node.id, node)
        try:
            value = self.lookup(node.id)
        except NameError:
            raise self.refuse(f"{node.id!r} has no value", node) from None
        return self.captured((self.owner, node.id), node.id, value, node)

    def attributes(self, node: ast.AST) -> dict[str, Term]:
        """Those that the instance has by now. Raises NotCompiled where one was not set on every path."""
        assert self.instance is not None
        before = f"{self.instance.name}."
        # Where it was not set, the class may have another one of that name.
        names = sorted(name for name in self._ever_bound if name.startswith(before))
        return {name.removeprefix(before): self.variable_of(name, node) for name in names}

    def variable_of(self, name: str, node: ast.AST) -> Term:
        """A variable that the body binds."""
        known = (self.variables or {}).get(name)
        if known is None:
            raise self.refuse(f"{name!r} may be read before it has a value", node)
        if isinstance(known, Mixed):
            self.on_mixed(name, known)
            raise self.refuse(f"{name!r} is {known.first} on one path and {known.second} on another", node)
        interval = self.intervals.get((name, known)) if isinstance(known, str) else None
        return Term(known, self.variable(name, known), interval=interval)

    def captured(self, key: object, name: str, value: object, node: ast.AST, depth: int = 0) -> Term:
        """A value from outside: a scalar as an argument of the kernel, others as what they are made of."""
        try:
            term = self.unit.capture(key, name, value)
        except NotCompiled as refusal:
            raise self.refuse(f"the loop uses {name!r}, a {_kind(value)} {refusal.reason}", node) from None
        if term is not None:
            for argument in self.unit.arguments(key):
                self.used[argument] = Term("int" if isinstance(term.type, ArrayOf) else term.type, argument)
            return term
        found = None if depth > DEEPEST else parts_from_outside(value)
        if found is not None and len(found[2]) <= PARTS_LIMIT:
            self.unit.held.append(value)
            cls, names, values = found
            parts = [
                self.captured((key, number), f"{name}_{names[number] or number}", part, node, depth + 1)
                for number, part in enumerate(values)
            ]
            return made(cls, names, parts)
        if is_known_beforehand(value) or type(value) in CONTAINERS:
            self.unit.held.append(value)
            return Term(Known(value), "")
        what = f"an int beyond 64 bits: {name!r}" if type(value) is int else f"{name!r}, a {_kind(value)}"
        raise self.refuse(f"the loop uses {what}; compiled code takes int, float and bool values from outside", node)

    def use(self, terms: dict[str, Term]) -> None:
        self.used.update(terms)


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
