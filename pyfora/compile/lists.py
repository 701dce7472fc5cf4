"""Lists that a function makes, fills and drops: of one type, in memory that each element of the loop has anew."""

from __future__ import annotations

import ast
import dataclasses

from pyfora.compile import intervals, orders
from pyfora.compile.functions import Function
from pyfora.compile.kinds import Kind, Known, ListOf, Shape, is_runtime
from pyfora.compile.learning import ElementLearned, agree, learned
from pyfora.compile.refusal import NotCompiled, Unlearned
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_int, part_of
from pyfora.compile.words import ARENA, arena, can_be_kept, from_word, leaves, word_of

LONGEST = 2**40
"""No list of a kernel has as many elements: there is not the memory for it."""

_MOST_PARTS = 32
"""Words of what lists are sorted by."""


def _own(kind: Kind) -> Kind:
    """The type of a new list with the elements of one of this type."""
    return dataclasses.replace(kind, is_frozen=False) if isinstance(kind, ListOf) else kind


def _verb(word: str, element: Kind) -> str:
    return f"{word}_{element if isinstance(element, str) else 'int'}"


def _kept(scope: Scope, term: Term) -> str:
    """What the primitives for a list of such elements are given for one."""
    return term.text if isinstance(term.type, str) else word_of(scope, term)


def _loaded(scope: Scope, kind: Kind, text: str) -> Term:
    """The element that such a primitive gives."""
    return Term(kind, text) if isinstance(kind, str) else from_word(scope, kind, text)


def _getter(held: Term) -> str:
    assert isinstance(held.type, ListOf) and held.type.element is not None
    return _verb("get_frozen" if held.type.is_frozen else "get", held.type.element)


def _length_of(held: Term) -> str:
    return "length_frozen_list" if isinstance(held.type, ListOf) and held.type.is_frozen else "length_list"


def _can_be_kept(scope: Scope, kind: Kind, node: ast.AST) -> Kind:
    if not can_be_kept(kind) or not is_runtime(kind):
        raise scope.refuse(f"a list of elements of type {kind}", node)
    return kind


def display(scope: Scope, terms: list[Term], node: ast.List | ast.Tuple) -> Term:
    """`[a, b, c]`."""
    if not terms:
        origin = scope.place_of(node)
        return Term(ListOf(learned(scope.unit, origin), origin), f"new_list({arena(scope)}, 0)")
    element = _can_be_kept(scope, terms[0].type, node)
    if any(term.type != element for term in terms):
        raise scope.refuse("a list of elements of several types", node)
    if isinstance(element, Shape):
        in_words = display(scope, [Term("int", word_of(scope, term)) for term in terms], node)
        return Term(ListOf(element), in_words.text)
    key = ("a list of", element, len(terms))
    if key not in scope.unit.functions:
        names = [f"element_{number}" for number in range(len(terms))]
        function = Function(scope.unit.name("call_list"), [(name, element) for name in names], ListOf(element))
        words = [
            f"set_word(data_list(result), {n}, {word_of(scope, Term(element, name))})" for n, name in enumerate(names)
        ]
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
    if held is right and ((left.may_change and right.may_act) or (right.may_change and left.may_act)):
        # The primitive is given the list first.
        raise scope.refuse("a number times a list, where both call something", node)
    return Term(_own(held.type), f"repeat_list({arena(scope)}, {held.text}, {as_int(times).text})")


def filled(scope: Scope, element: Term, times: Term, node: ast.AST) -> Term:
    """`[element] * times`."""
    kind = _can_be_kept(scope, element.type, node)
    return Term(ListOf(kind), f"filled_list({arena(scope)}, {word_of(scope, element)}, {as_int(times).text})")


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
        raise Unlearned.at(scope.refuse("an empty list whose elements are not known here", node))
    return held.type.element


def item(scope: Scope, held: Term, index: Term, node: ast.AST) -> Term:
    """`held[index]`."""
    element = _element_of(scope, held, node)
    if index.type not in ("int", "bool"):
        raise scope.refuse(f"a list is indexed by a {index.type}", node)
    interval = intervals.of(index)
    if held.length is not None and interval is not None and interval[0] >= 0 and interval[1] < held.length:
        scope.unit.needs_length(held.text, interval[1] + 1)
        return _loaded(scope, element, f"{_verb('get_known', element)}({held.text}, {as_int(index).text})")
    return _loaded(scope, element, f"{_getter(held)}({held.text}, {as_int(index).text})")


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
    return f"{_verb('set', element)}({held.text}, {as_int(index).text}, {_kept(scope, value)})"


def append(scope: Scope, held: Term, value: Term, node: ast.AST) -> str:
    """`held.append(value)`, as a line."""
    element = _learn(scope, held, value, node)
    return f"{_verb('append', element)}({arena(scope)}, {held.text}, {_kept(scope, value)})"


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
    agree(scope.unit, held.type.element, kind)
    if held.type.element != kind:
        raise scope.refuse(f"a {kind} for a {held.type}", node)
    return kind


def method(scope: Scope, held: Term, name: str, terms: list[Term], node: ast.AST) -> Term:
    """`held.name(…)`."""
    own = _own(held.type)
    if name == "copy" and not terms:
        return Term(own, f"copy_list({arena(scope)}, {held.text})")
    if name in ("index", "count") and len(terms) == 1:
        place = _searched(scope, "find" if name == "index" else "count", held, terms[0], node)
        return Term("int", f"there_list({place})" if name == "index" else place)
    if held.type != own:
        raise scope.refuse(f"the method {name!r} of a captured list", node)
    ints = [as_int(term).text for term in terms if term.type in ("int", "bool")]
    match name, len(terms):
        case "pop", 0:
            element = _element_of(scope, held, node)
            return _loaded(scope, element, f"{_verb('pop', element)}({held.text})")
        case "pop", 1 if ints:
            return from_word(scope, _element_of(scope, held, node), f"take_out_list({held.text}, {ints[0]})")
        case "append", 1:
            return Term(Known(None), append(scope, held, terms[0], node))
        case "insert", 2 if terms[0].type in ("int", "bool"):
            _learn(scope, held, terms[1], node)
            word = word_of(scope, terms[1])
            return Term(Known(None), f"put_in_list({arena(scope)}, {held.text}, {ints[0]}, {word})")
        case "extend", 1 if isinstance(terms[0].type, ListOf):
            _element_of(scope, terms[0], node)
            _learn(scope, held, Term(_element_of(scope, terms[0], node), ""), node)
            return Term(Known(None), f"extend_list({arena(scope)}, {held.text}, {terms[0].text})")
        case "reverse", 0:
            return Term(Known(None), f"reverse_list({held.text})")
        case "clear", 0:
            return Term(Known(None), f"set_length({held.text}, 0)")
        case "remove", 1:
            return Term(Known(None), _searched(scope, "remove", held, terms[0], node))
    raise scope.refuse(f"the method {name!r} of a list", node)


def _searched(scope: Scope, verb: str, held: Term, value: Term, node: ast.AST) -> str:
    """Where a value is in a list, or how often."""
    element = _element_of(scope, held, node)
    if value.type != element or not _is_its_word(element):
        raise scope.refuse(f"a search for a {value.type} in a {held.type}", node)
    if element == "float":
        return f"{verb}_float_list({held.text}, {value.text})"
    return f"{verb}_word_list({held.text}, {word_of(scope, value)})"


def _is_its_word(kind: Kind) -> bool:
    """Whether values of this kind are equal where their words are; or floats, which are compared as such.

    Instances are equal where their class says so, and else where they are the same one.
    """
    if isinstance(kind, Shape):
        return kind.python in (str, tuple) and len(kind.parts) == 1 and kind.parts[0] in ("int", "bool")
    return isinstance(kind, str)


def contains(scope: Scope, held: Term, value: Term, node: ast.AST) -> Term:
    """`value in held`."""
    if not held.text.isidentifier() and not value.text.replace("_", "").isalnum():
        # Python evaluates the value first.
        raise scope.refuse("'in' of two values neither of which is held in a variable", node)
    return Term("bool", f"({_searched(scope, 'find', held, value, node)} >= 0)")


def one_of(scope: Scope, value: Term, held: Term, node: ast.AST) -> Term:
    """`value in held`, which is a tuple of such values."""
    kind = held.type
    assert isinstance(kind, Shape)
    if not isinstance(value.type, str) or not all(isinstance(part, str) for part in kind.parts):
        raise scope.refuse("'in' of a tuple, but for numbers in one of numbers, and texts in one of texts", node)
    key = ("one of", value.type, kind)
    if key not in scope.unit.functions:
        function = Function(scope.unit.name("call_in"), [("value", value.type), ("held", kind)], "bool")
        parts = [part_of(Term(kind, "held"), number) for number in range(len(kind.parts))]
        pairs = [orders.as_compared(Term(value.type, "value"), part) for part in parts]
        function.lines = [f"return {' or '.join(f'{one} == {other}' for one, other in pairs) or 'False'}"]
        function.complete = True
        scope.unit.functions[key] = function
    return scope.unit.functions[key].call([value, held], depth="")


def ordered(scope: Scope, held: Term, keys: Term, *, down: str, node: ast.AST) -> Term:
    """`held`, sorted in place by the list of its keys, which may be itself; a call that gives None."""
    element = _element_of(scope, keys, node)
    found = leaves(element, "")
    if not orders.is_ordered(element) or len(found) > _MOST_PARTS:
        raise scope.refuse(f"an order of elements that are {element}", node)
    given, floats = f"{arena(scope)}, {keys.text}, {held.text}", [kind == "float" for kind, _ in found]
    if len(found) == 1:
        return Term(Known(None), f"sort_list({given}, {floats[0]}, {down})")
    bits = sum(is_float << number for number, is_float in enumerate(floats))
    return Term(Known(None), f"sort_rows_list({given}, {len(found)}, {bits}, {down})")


def iteration(scope: Scope, held: Term, node: ast.AST) -> tuple[list[str], str, list[str], Term]:
    """A loop over a list as it is by then: lines before it, its first line, what a turn begins with, its element."""
    element = _element_of(scope, held, node)
    name, position = scope.fresh("held"), scope.fresh("position")
    if isinstance(held.type, ListOf) and held.type.is_frozen:
        head = f"for {position} in range(length_frozen_list({name})):"
        return [f"{name} = {held.text}"], head, [], _loaded(scope, element, f"{_getter(held)}({name}, {position})")
    before = [f"{name} = {held.text}", f"{position} = -1"]
    head = f"while {position} + 1 < length_list({name}):"
    loaded = _loaded(scope, element, f"{_verb('get', element)}({name}, {position})")
    return before, head, [f"{position} = {position} + 1"], loaded


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
    return (
        f"result = new_list({memory}, 0)",
        [f"{_verb('append', kind)}({memory}, result, {_kept(scope, term)})"],
        ListOf(kind),
    )
