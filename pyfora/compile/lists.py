"""Lists that a function makes, fills and drops: of one type, in memory that each element of the loop has anew."""

from __future__ import annotations

import ast
import dataclasses

from pyfora.compile import intervals
from pyfora.compile.functions import Function
from pyfora.compile.kinds import Kind, Known, ListOf, is_runtime
from pyfora.compile.refusal import NotCompiled
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_int

LONGEST = 2**40
"""No list of a kernel has as many elements: there is not the memory for it."""
ARENA = "captured_arena"
"""The kernel's argument from which all memory is taken."""


class ElementLearned(Exception):
    """An empty list has turned out to be one of elements of some type: all is translated again, with that known."""


def arena(scope: Scope) -> str:
    """The memory, as an expression."""
    scope.unit.takes_memory = True
    scope.used[ARENA] = Term("int", ARENA)
    return ARENA


def _own(kind: Kind) -> Kind:
    """The type of a new list with the elements of one of this type."""
    return dataclasses.replace(kind, is_frozen=False) if isinstance(kind, ListOf) else kind


def _word_of(term: Term) -> str:
    """What is kept of an element: one word."""
    if term.type == "float":
        return f"word_float({term.text})"
    return f"int_from_bool({term.text})" if term.type == "bool" else term.text


def _verb(word: str, element: Kind) -> str:
    return f"{word}_{element if isinstance(element, str) else 'int'}"


def _getter(held: Term) -> str:
    assert isinstance(held.type, ListOf) and held.type.element is not None
    return _verb("get_frozen" if held.type.is_frozen else "get", held.type.element)


def _length_of(held: Term) -> str:
    return "length_frozen_list" if isinstance(held.type, ListOf) and held.type.is_frozen else "length_list"


def _can_be_kept(scope: Scope, kind: Kind, node: ast.AST) -> Kind:
    if not isinstance(kind, str | ListOf):
        raise scope.refuse(f"a list of elements of type {kind}", node)
    return kind


def display(scope: Scope, terms: list[Term], node: ast.List) -> Term:
    """`[a, b, c]`."""
    if not terms:
        origin = scope.place_of(node)
        return Term(ListOf(scope.unit.elements.get(origin), origin), f"new_list({arena(scope)}, 0)")
    element = _can_be_kept(scope, terms[0].type, node)
    if any(term.type != element for term in terms):
        raise scope.refuse("a list of elements of several types", node)
    key = ("a list of", element, len(terms))
    if key not in scope.unit.functions:
        names = [f"element_{number}" for number in range(len(terms))]
        function = Function(scope.unit.name("call_list"), [(name, element) for name in names], ListOf(element))
        words = [f"set_word(data_list(result), {n}, {_word_of(Term(element, name))})" for n, name in enumerate(names)]
        first = [f"result = new_list({ARENA}, {len(terms)})", f"set_length(result, {len(terms)})"]
        function.lines = [*first, *words, "return result"]
        function.captured = {ARENA: Term("int", ARENA)}
        function.complete = True
        scope.unit.functions[key] = function
    arena(scope)
    return scope.unit.functions[key].call(terms, depth="")


def repeated(scope: Scope, left: Term, right: Term, node: ast.AST) -> Term:
    """`left * right`, one of which is a list and the other an int."""
    held, times = (left, right) if isinstance(left.type, ListOf) else (right, left)
    if times.type not in ("int", "bool"):
        raise scope.refuse(f"a list times a {times.type}", node)
    return Term(_own(held.type), f"repeat_list({arena(scope)}, {held.text}, {as_int(times).text})")


def filled(scope: Scope, element: Term, times: Term, node: ast.AST) -> Term:
    """`[element] * times`."""
    kind = _can_be_kept(scope, element.type, node)
    return Term(ListOf(kind), f"filled_list({arena(scope)}, {_word_of(element)}, {as_int(times).text})")


def binary(scope: Scope, operator: ast.operator, left: Term, right: Term, node: ast.AST) -> Term:
    """`left operator right`, one of which is a list."""
    if isinstance(operator, ast.Mult):
        return repeated(scope, left, right, node)
    if isinstance(operator, ast.Add) and _own(left.type) == _own(right.type):
        return Term(_own(left.type), f"join_lists({arena(scope)}, {left.text}, {right.text})")
    raise scope.refuse(f"operator {type(operator).__name__} of {left.type} and {right.type}", node)


def _element_of(scope: Scope, held: Term, node: ast.AST) -> Kind:
    assert isinstance(held.type, ListOf)
    if held.type.element is None:
        raise scope.refuse("an empty list whose elements are not known here", node)
    return held.type.element


def item(scope: Scope, held: Term, index: Term, node: ast.AST) -> Term:
    """`held[index]`."""
    element = _element_of(scope, held, node)
    if index.type not in ("int", "bool"):
        raise scope.refuse(f"a list is indexed by a {index.type}", node)
    interval = intervals.of(index)
    if held.length is not None and interval is not None and interval[0] >= 0 and interval[1] < held.length:
        scope.unit.needs_length(held.text, interval[1] + 1)
        return Term(element, f"{_verb('get_known', element)}({held.text}, {as_int(index).text})")
    return Term(element, f"{_getter(held)}({held.text}, {as_int(index).text})")


def part(scope: Scope, held: Term, bounds: list[Term | None], node: ast.AST) -> Term:
    """`held[low:high]`."""
    texts = [f"slice_bound({held.text}, {as_int(bound).text})" if bound else "" for bound in bounds]
    low, high = texts[0] or "0", texts[1] or f"length_list({held.text})"
    if not held.text.replace("_", "").isalnum():
        raise scope.refuse("a slice of a list that is not held in a variable", node)
    if any(bound is not None and bound.may_change for bound in bounds):
        # Negative bounds are counted from the end that the list has once both are there.
        raise scope.refuse("a slice whose bounds call something", node)
    return Term(_own(held.type), f"slice_list({arena(scope)}, {held.text}, {low}, {high})")


def set_item(scope: Scope, held: Term, index: Term, value: Term, node: ast.AST) -> str:
    """`held[index] = value`, as a line."""
    element = _learn(scope, held, value, node)
    if index.type not in ("int", "bool"):
        raise scope.refuse(f"a list is indexed by a {index.type}", node)
    return f"{_verb('set', element)}({held.text}, {as_int(index).text}, {value.text})"


def append(scope: Scope, held: Term, value: Term, node: ast.AST) -> str:
    """`held.append(value)`, as a line."""
    element = _learn(scope, held, value, node)
    return f"{_verb('append', element)}({arena(scope)}, {held.text}, {value.text})"


def _learn(scope: Scope, held: Term, value: Term, node: ast.AST) -> Kind:
    assert isinstance(held.type, ListOf)
    if held.type.is_frozen:
        raise scope.refuse("a change of a captured list", node)
    kind = _can_be_kept(scope, value.type, node)
    if held.type.element is None:
        if held.type.origin is None or held.type.origin in scope.unit.elements:
            raise scope.refuse("an empty list whose elements are not known here", node)
        scope.unit.elements[held.type.origin] = kind
        raise ElementLearned
    if held.type.element != kind:
        raise scope.refuse(f"a {kind} for a {held.type}", node)
    return kind


def method(scope: Scope, held: Term, name: str, terms: list[Term], node: ast.AST) -> Term:
    """`held.name(…)`, where that gives a value."""
    own = _own(held.type)
    if name == "pop" and not terms and held.type == own:
        element = _element_of(scope, held, node)
        return Term(element, f"{_verb('pop', element)}({held.text})")
    if name == "copy" and not terms:
        return Term(own, f"copy_list({arena(scope)}, {held.text})")
    raise scope.refuse(f"the method {name!r} of a list", node)


def iteration(scope: Scope, held: Term, node: ast.AST) -> tuple[list[str], str, list[str], Term]:
    """A loop over a list as it is by then: lines before it, its first line, what a turn begins with, its element."""
    element = _element_of(scope, held, node)
    name, position = scope.fresh("held"), scope.fresh("position")
    if isinstance(held.type, ListOf) and held.type.is_frozen:
        head = f"for {position} in range(length_frozen_list({name})):"
        return [f"{name} = {held.text}"], head, [], Term(element, f"{_getter(held)}({name}, {position})")
    before = [f"{name} = {held.text}", f"{position} = -1"]
    head = f"while {position} + 1 < length_list({name}):"
    return before, head, [f"{position} = {position} + 1"], Term(element, f"{_verb('get', element)}({name}, {position})")


def element_at(scope: Scope, held: Term, position: str, node: ast.AST) -> Term:
    """The element at a position that is counted from the beginning."""
    return Term(_element_of(scope, held, node), f"{_getter(held)}({held.text}, {position})")


def length(held: Term) -> Term:
    """`len(held)`."""
    return Term("int", f"{_length_of(held)}({held.text})", interval=(0, LONGEST))


def truth(held: Term) -> Term:
    """Whether it has elements."""
    return Term("bool", f"({_length_of(held)}({held.text}) != 0)")


def collected(scope: Scope, term: Term, node: ast.AST) -> tuple[str, list[str], ListOf]:
    """For a comprehension: the line before its loops, what a turn does with its element, and what it makes."""
    kind = _can_be_kept(scope, term.type, node)
    memory = arena(scope)
    if not is_runtime(kind) or isinstance(kind, Known):
        raise NotCompiled("a list of what is known beforehand")
    return f"result = new_list({memory}, 0)", [f"{_verb('append', kind)}({memory}, result, {term.text})"], ListOf(kind)
