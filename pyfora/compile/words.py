"""How a value of any kind is kept in one word of memory: as it stands, by its address, or by that of its parts."""

from __future__ import annotations

from pyfora.compile.functions import Function
from pyfora.compile.kinds import InMemory, Kind, Known, Optional, Shape, ViewOf, code_of, display, is_runtime
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term

ARENA = "captured_arena"
"""The kernel's argument from which all memory is taken."""
KEPT_WORDS = 2048
"""Beyond what is taken: zeros before the first element, and afterwards what primitives left there."""


def arena(scope: Scope) -> str:
    """The memory, as an expression."""
    scope.unit.takes_memory = True
    scope.used[ARENA] = Term("int", ARENA)
    return ARENA


def can_be_kept(kind: Kind | None) -> bool:
    """Whether a value of this kind, put into memory and taken out, is the same to everybody who looks at it."""
    if isinstance(kind, Shape):
        return all(map(can_be_kept, kind.parts))
    return isinstance(kind, str | Known) or (isinstance(kind, InMemory) and not isinstance(kind, ViewOf))


def leaves(kind: Kind, text: str) -> list[tuple[Kind, str]]:
    """The words that a value is made of: scalars and addresses, each as an expression."""
    if isinstance(kind, Shape):
        runtime = [part for part in kind.parts if is_runtime(part)]
        return [leaf for number, part in enumerate(runtime) for leaf in leaves(part, f"{text}[{number}]")]
    if isinstance(kind, Optional):
        return [("bool", f"{text}[0]"), *leaves(kind.of, f"{text}[1]")]
    return [(kind, text)] if is_runtime(kind) else []


def word_of(scope: Scope, term: Term) -> str:
    """What is kept of a value."""
    found = leaves(term.type, term.text)
    if len(found) > 1:
        return keeper(scope, term.type).call([term], depth="").text
    return _word(*found[0]) if found else "0"


def from_word(scope: Scope, kind: Kind, text: str) -> Term:
    """The value of which `text` was kept."""
    found = leaves(kind, "")
    if len(found) > 1:
        return _taker(scope, kind).call([Term("int", text)], depth="")
    return Term(kind, _built(kind, [_from_word(leaf, text) for leaf, _ in found]))


def part_in_memory(kind: Kind, address: str, first: int) -> Term:
    """A value whose words begin with word `first` at an address."""
    found = leaves(kind, "")
    words = [_from_word(leaf, f"load_word({address}, {first + number})") for number, (leaf, _) in enumerate(found)]
    return Term(kind, _built(kind, words))


def stored(term: Term, address: str, first: int) -> list[str]:
    """Lines that put the words of a value, which is held in a variable, at an address."""
    found = leaves(term.type, term.text)
    return [f"set_word({address}, {first + number}, {_word(*leaf)})" for number, leaf in enumerate(found)]


def _word(kind: Kind, text: str) -> str:
    if kind == "float":
        return f"word_float({text})"
    return f"int_from_bool({text})" if kind == "bool" else text


def _from_word(kind: Kind, text: str) -> str:
    if kind == "float":
        return f"float_of_word({text})"
    return f"({text} != 0)" if kind == "bool" else text


def _built(kind: Kind, words: list[str]) -> str:
    """A value of the generated source from the words that it is made of."""
    if isinstance(kind, Optional):
        return display([words.pop(0), _built(kind.of, words)])
    if not isinstance(kind, Shape):
        return words.pop(0) if is_runtime(kind) else ""
    return display(_built(part, words) for part in kind.parts if is_runtime(part)) if kind.is_runtime else ""


def keeper(scope: Scope, kind: Kind) -> Function:
    """The function that puts the parts of a value into memory."""
    arena(scope)
    key = ("keep", code_of(kind), kind)
    if key not in scope.unit.functions:
        function = Function(scope.unit.name("call_keep"), [("value", kind)], "int")
        size = len(leaves(kind, ""))
        lines = [f"address = take_words({ARENA}, {size})", *stored(Term(kind, "value"), "address", 0)]
        function.lines = [*lines, "return address"]
        function.captured = {ARENA: Term("int", ARENA)}
        function.complete = True
        scope.unit.functions[key] = function
    return scope.unit.functions[key]


def _taker(scope: Scope, kind: Kind) -> Function:
    key = ("take", code_of(kind), kind)
    if key not in scope.unit.functions:
        function = Function(scope.unit.name("call_take"), [("address", "int")], kind)
        function.lines = [f"return {part_in_memory(kind, 'address', 0).text}"]
        function.complete = True
        scope.unit.functions[key] = function
    return scope.unit.functions[key]
