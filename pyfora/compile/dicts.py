"""Dicts, counters and sets that a function makes, fills and drops, and captured ones: of one type of key and of value.

A dict goes through its keys in the order in which they came. A set of CPython's goes through its elements in an order
that is a matter of its table, so here no set is gone through that a function makes: what does not depend on the order
is all that there is. A captured one is as it is, and so is its order.
"""

from __future__ import annotations

import ast
import collections
import dataclasses
import re

from pyfora.compile import numpy_numbers, optionals, scalars, texts
from pyfora.compile.frozen import can_be_key
from pyfora.compile.functions import Function
from pyfora.compile.kinds import DictOf, InMemory, Kind, Known, ListOf, Optional, SetOf, Shape, ViewOf, is_runtime
from pyfora.compile.learning import ElementLearned, agree, learned, resolved
from pyfora.compile.lists import LONGEST
from pyfora.compile.refusal import Unlearned
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_int, made
from pyfora.compile.words import ARENA, arena, can_be_kept, from_word, leaves, word_of

_LOOK = re.compile(r"\bcall_\w*\(|_dict\(|\bload_word\(")
"""What may look at a dict, or change one."""
_NO_KEY = "a dict whose keys are not known here"


def new(scope: Scope, python: type, makes: Kind | None, node: ast.expr) -> Term:
    """An empty dict or set."""
    origin = scope.place_of(node)
    text = f"new_dict({arena(scope)})"
    key = learned(scope.unit, (origin, "key"))
    if python is set:
        return Term(SetOf(key, origin), text)
    value = learned(scope.unit, (origin, "value"))
    if python is collections.Counter:
        value = "int"
    if makes is not None:
        value = _new_of(scope, makes, origin)
        makes = value
    return Term(DictOf(python, key, value, makes, origin), text)


def _new_of(scope: Scope, kind: Kind, origin: object) -> Kind:
    """The kind of a list, dict or set that a `defaultdict` makes, as far as it is known."""
    inner = (origin, "made")
    return (
        resolved(scope.unit, dataclasses.replace(kind, origin=inner))
        if isinstance(kind, DictOf | ListOf | SetOf)
        else kind
    )


def _key(scope: Scope, held: Term, key: Term, node: ast.AST) -> tuple[str, int]:
    """A key as the primitives take it, and its width. Its type is learned where it was not known."""
    kind = (
        held.type.element if isinstance(held.type, SetOf) else held.type.key if isinstance(held.type, DictOf) else None
    )
    if kind is not None and texts.is_letter(kind) and texts.is_text(key.type):
        key = texts.as_letter(scope, key, node)
    if is_frozen(held.type):
        key = _as_equal(key, kind)
    if not can_be_key(key.type):
        raise scope.refuse(f"a {key.type} as a key", node)
    if kind is None:
        _learn(scope, held, "key", key.type, node)
    if kind != key.type:
        raise scope.refuse(f"a {key.type} as a key beside those of type {kind}", node)
    if isinstance(key.type, Shape) and "float" in key.type.parts:
        raise scope.refuse("a tuple of floats as a key", node)
    text = f"key_float({key.text})" if key.type == "float" else word_of(scope, key)
    return text, _width(key.type)


def is_frozen(kind: Kind) -> bool:
    """Whether it was captured, so that nobody changes it."""
    return isinstance(kind, DictOf | SetOf) and kind.is_frozen


def _must_be_own(scope: Scope, held: Term, node: ast.AST) -> None:
    if is_frozen(held.type):
        raise scope.refuse(f"a change of a captured {held.type}", node)


def _as_equal(key: Term, kind: Kind | None) -> Term:
    """A number that is only looked for, as the equal one of the type of the keys."""
    key = numpy_numbers.as_index(key)
    if kind == "int" and key.type == "bool":
        return as_int(key)
    return scalars.exact_float(key) if kind == "float" and key.type in ("int", "bool") else key


def _width(kind: Kind | None) -> int:
    return 1 if kind is None else len(leaves(kind, ""))


def _learn(scope: Scope, held: Term, part: str, kind: Kind, node: ast.AST) -> None:
    assert isinstance(held.type, DictOf | SetOf)
    place = (held.type.origin, part)
    if held.type.origin is None or place in scope.unit.elements:
        raise scope.refuse(_NO_KEY, node)
    scope.unit.elements[place] = kind
    raise ElementLearned


def _known(scope: Scope, kind: Kind | None, node: ast.AST) -> Kind:
    if kind is None:
        raise Unlearned.at(scope.refuse(_NO_KEY, node))
    return kind


def _value_word(scope: Scope, held: Term, value: Term, node: ast.AST) -> str:
    """What is kept of a value."""
    assert isinstance(held.type, DictOf)
    if not can_be_kept(value.type) or not is_runtime(value.type):
        raise scope.refuse(f"a {value.type} as a value of a dict", node)
    if held.type.value is None:
        _learn(scope, held, "value", value.type, node)
    agree(scope.unit, _known(scope, held.type.value, node), value.type)
    if held.type.value != value.type:
        raise scope.refuse(f"a {value.type} as a value beside those of type {held.type.value}", node)
    return word_of(scope, value)


def item(scope: Scope, held: Term, key: Term, node: ast.AST) -> Term:
    """`held[key]`."""
    assert isinstance(held.type, DictOf)
    word, width = _key(scope, held, key, node)
    kind = _known(scope, held.type.value, node)
    # (What a captured defaultdict would make of a key that is not there, it would keep.)
    makes = held.type.makes
    if makes is not None:
        given = f"{arena(scope)}, {held.text}, {word}, {width}"
        verb = "default_list_dict" if isinstance(makes, ListOf) else "default_dict_dict"
        if isinstance(makes, InMemory):
            return from_word(scope, kind, f"{verb}({given})")
        zero = "word_float(0.0)" if makes == "float" else "0"
        return from_word(scope, kind, f"default_dict({arena(scope)}, {held.text}, {word}, {zero}, {width})")
    if held.type.python is collections.Counter and kind == "int":
        return from_word(scope, kind, f"item_or_dict({held.text}, {word}, 0, {width})")
    return from_word(scope, kind, f"item_dict({held.text}, {word}, {width})")


def _at(scope: Scope, held: Term, number: str, node: ast.AST) -> Term:
    """The value of the entry that was found, where it need not be put in."""
    assert isinstance(held.type, DictOf)
    kind = _known(scope, held.type.value, node)
    if held.type.python is collections.Counter:
        return from_word(scope, kind, f"value_or_dict({held.text}, {number}, 0)")
    return from_word(scope, kind, f"value_dict({held.text}, {number})")


def set_item(scope: Scope, held: Term, key: Term, value: Term, node: ast.AST) -> str:
    """`held[key] = value`, as a line."""
    _must_be_own(scope, held, node)
    word, width = _key(scope, held, key, node)
    return f"put_dict({arena(scope)}, {held.text}, {word}, {_value_word(scope, held, value, node)}, {width})"


def change_item(scope: Scope, held: Term, key: Term, node: ast.AST, change: Term) -> tuple[list[str], Term, str]:
    """For `held[key] += change`: lines before it, the value as it was, and the line that puts the new one."""
    assert isinstance(held.type, DictOf)
    _must_be_own(scope, held, node)
    word, width = _key(scope, held, key, node)
    names = scope.fresh("key"), scope.fresh("entry")
    lines = [f"{names[0]} = {word}", f"{names[1]} = find_dict({held.text}, {names[0]}, {width})"]
    if held.type.makes is not None:
        kind = _known(scope, held.type.value, node)
        if kind not in ("int", "float"):
            raise scope.refuse("an operator that changes a list in place", node)
        if _LOOK.search(change.text):
            # It would see that the dict has put the key in by then.
            lines.insert(1, f"default_dict({arena(scope)}, {held.text}, {names[0]}, 0, {width})")
        # A float of zero is the word 0.
        before = from_word(scope, kind, f"value_or_dict({held.text}, {names[1]}, 0)")
    else:
        before = _at(scope, held, names[1], node)
    return lines, before, f"put_near_dict({arena(scope)}, {held.text}, {names[0]}, VALUE, {width}, {names[1]})"


def changed(scope: Scope, held: Term, value: Term, line: str, node: ast.AST) -> str:
    """That line, with the new value in it."""
    return line.replace("VALUE", _value_word(scope, held, value, node))


def contains(scope: Scope, held: Term, key: Term, node: ast.AST) -> Term:
    """`key in held`."""
    if not held.text.isidentifier() and not key.text.replace("_", "").isalnum():
        # Python evaluates the key first.
        raise scope.refuse("'in' of two values neither of which is held in a variable", node)
    key_text, width = _key(scope, held, key, node)
    return Term("bool", f"(find_dict({held.text}, {key_text}, {width}) >= 0)")


def delete(scope: Scope, held: Term, key: Term, node: ast.AST) -> str:
    """`del held[key]`, as a line."""
    _must_be_own(scope, held, node)
    word, width = _key(scope, held, key, node)
    return f"take_dict({held.text}, {word}, {width})"


def length(held: Term) -> Term:
    """`len(held)`, of a view too."""
    return Term("int", f"load_word({held.text}, 3)", interval=(0, LONGEST))


def truth(held: Term) -> Term:
    """Whether there is anything in it."""
    return Term("bool", f"(load_word({held.text}, 3) != 0)")


def method(scope: Scope, held: Term, name: str, terms: list[Term], node: ast.AST) -> Term:
    """`held.name(…)`."""
    if isinstance(held.type, SetOf):
        return _set_method(scope, held, name, terms, node)
    assert isinstance(held.type, DictOf)
    if name in ("setdefault", "pop", "clear"):
        _must_be_own(scope, held, node)
    match name, len(terms):
        case (("keys" | "values" | "items"), 0):
            return Term(ViewOf(held.type, name), held.text)
        case "__getitem__", 1:
            return item(scope, held, terms[0], node)
        case "get", 1:
            return _got(scope, held, terms[0], node)
        case "get", 2 if terms[1].type == optionals.NOTHING:
            return _got(scope, held, terms[0], node)
        case "get", 2:
            word, width = _key(scope, held, terms[0], node)
            other = _value_word(scope, held, terms[1], node)
            text = f"item_or_dict({held.text}, {word}, {other}, {width})"
            return from_word(scope, _known(scope, held.type.value, node), text)
        case "setdefault", 2:
            word, width = _key(scope, held, terms[0], node)
            other = _value_word(scope, held, terms[1], node)
            text = f"default_dict({arena(scope)}, {held.text}, {word}, {other}, {width})"
            return from_word(scope, _known(scope, held.type.value, node), text)
        case "pop", (1 | 2):
            word, width = _key(scope, held, terms[0], node)
            kind = _known(scope, held.type.value, node)
            if len(terms) == 1:
                return from_word(scope, kind, f"take_dict({held.text}, {word}, {width})")
            other = _value_word(scope, held, terms[1], node)
            return from_word(scope, kind, f"take_or_dict({held.text}, {word}, {other}, {width})")
        case "clear", 0:
            return Term(Known(None), f"clear_dict({arena(scope)}, {held.text})")
        case "copy", 0 if _can_be_copied(held.type):
            return Term(own(held.type), f"copy_dict({arena(scope)}, {held.text}, {_width(held.type.key)})")
    raise scope.refuse(f"the method {name!r} of a {held.type}", node)


def _can_be_copied(kind: DictOf) -> bool:
    """Of a captured one it must be known what it makes of a key that is not there."""
    return not kind.is_frozen or kind.python is dict or (kind.python is collections.Counter and kind.value == "int")


def _got(scope: Scope, held: Term, key: Term, node: ast.AST) -> Term:
    """`held.get(key)`: None where it is not there."""
    assert isinstance(held.type, DictOf)
    word, width = _key(scope, held, key, node)
    value = _known(scope, held.type.value, node)
    if not is_runtime(value):
        raise scope.refuse(f"get() of a dict of {value}s", node)
    kind = Optional(value)
    key_ = ("got", kind, width)
    if key_ not in scope.unit.functions:
        function = Function(scope.unit.name("call_get"), [("held", "int"), ("key", "int")], kind)
        nothing = optionals.as_optional(Term(optionals.NOTHING, ""), kind).text
        found = optionals.as_optional(from_word(scope, value, "value_dict(held, number)"), kind).text
        function.lines = [f"number = find_dict(held, key, {width})", "if number < 0:", f"    return {nothing}"]
        function.lines, function.complete = [*function.lines, f"return {found}"], True
        scope.unit.functions[key_] = function
    return scope.unit.functions[key_].call([Term("int", held.text), Term("int", word)], depth="")


def _set_method(scope: Scope, held: Term, name: str, terms: list[Term], node: ast.AST) -> Term:
    assert isinstance(held.type, SetOf)
    if name != "copy":
        _must_be_own(scope, held, node)
    match name, len(terms):
        case "add", 1:
            word, width = _key(scope, held, terms[0], node)
            return Term(Known(None), f"put_dict({arena(scope)}, {held.text}, {word}, 0, {width})")
        case (("discard" | "remove"), 1):
            word, width = _key(scope, held, terms[0], node)
            given = f"take_dict({held.text}, {word}, {width})"
            return Term(Known(None), given if name == "remove" else f"take_or_dict({held.text}, {word}, 0, {width})")
        case "clear", 0:
            return Term(Known(None), f"clear_dict({arena(scope)}, {held.text})")
        case "copy", 0 if held.type.python is set:
            return Term(own(held.type), f"copy_dict({arena(scope)}, {held.text}, {_width(held.type.element)})")
    raise scope.refuse(f"the method {name!r} of a set", node)


def display(scope: Scope, keys: list[Term], values: list[Term] | None, node: ast.expr) -> Term:
    """`{key: value, …}`, or a set."""
    empty = new(scope, set if values is None else dict, None, node)
    if not keys:
        return empty
    # In Python's order: each key, then its value.
    given = [*keys] if values is None else [term for pair in zip(keys, values, strict=True) for term in pair]
    names = [scope.fresh("given") for _ in given]
    parameters = [(name, term.type) for name, term in zip(names, given, strict=True)]
    if not all(is_runtime(term.type) for term in given):
        raise scope.refuse("a dict or set of what is known beforehand", node)
    function = Function(scope.unit.name("call_dict"), parameters, empty.type, {ARENA: Term("int", ARENA)})
    held, inside = Term(empty.type, "result"), [Term(kind, name) for name, kind in parameters]
    function.lines = [f"result = {empty.text}"]
    for number in range(len(keys)):
        key, value = (inside[number], None) if values is None else inside[2 * number : 2 * number + 2]
        function.lines.append(_entered(scope, held, key, value, node))
    function.lines.append("return result")
    function.complete = True
    scope.unit.functions[object()] = function
    return function.call(given, depth="")


def _entered(scope: Scope, held: Term, key: Term, value: Term | None, node: ast.AST) -> str:
    if value is None:
        return method(scope, held, "add", [key], node).text
    return set_item(scope, held, key, value, node)


def collected(scope: Scope, key: Term, value: Term | None, node: ast.expr) -> tuple[Term, list[str]]:
    """For a comprehension, as `lists.collected`: what it makes, and what a turn does with its element."""
    held = Term(new(scope, set if value is None else dict, None, node).type, "result")
    if value is None:
        return held, [_entered(scope, held, key, None, node)]
    names = scope.fresh("given_key"), scope.fresh("given_value")
    lines = [f"{names[0]} = {key.text}", f"{names[1]} = {value.text}"]
    key, value = Term(key.type, names[0]), Term(value.type, names[1])
    if not is_runtime(key.type) or not is_runtime(value.type):
        raise scope.refuse("a dict of what is known beforehand", node)
    return held, [*lines, _entered(scope, held, key, value, node)]


def counted(scope: Scope, key: Term, node: ast.expr) -> tuple[Term, list[str]]:
    """For `Counter(…)`: what it makes, and what a turn does with its element."""
    held = Term(new(scope, collections.Counter, None, node).type, "result")
    lines, before, line = change_item(scope, held, key, node, Term("int", "1", 1))
    return held, [*lines, changed(scope, held, Term("int", f"add_int({before.text}, 1)"), line, node)]


def iteration(scope: Scope, held: Term, node: ast.AST) -> tuple[list[str], str, list[str], Term]:
    """A loop over a dict or a view of one, as `lists.iteration`."""
    of = held.type.of if isinstance(held.type, ViewOf) else held.type
    if isinstance(of, SetOf) and of.is_frozen:
        of = DictOf(dict, of.element, None, is_frozen=True)
    if not isinstance(of, DictOf):
        raise scope.refuse("a loop over a set, whose order is a matter of CPython's table", node)
    what = held.type.what if isinstance(held.type, ViewOf) else "keys"
    name, number, changes = scope.fresh("held"), scope.fresh("entry"), scope.fresh("changes")
    following = f"next_dict({name}, {number}, {changes})"
    before = [f"{name} = {held.text}", f"{number} = -1", f"{changes} = load_word({name}, 6)"]
    parts = []
    if what != "values":
        parts.append(from_word(scope, _known(scope, of.key, node), f"entry_dict({name}, {number}, 0)"))
    if what != "keys":
        parts.append(from_word(scope, _known(scope, of.value, node), f"entry_dict({name}, {number}, 1)"))
    element = parts[0] if len(parts) == 1 else made(tuple, ["", ""], parts)
    return before, f"while {following} >= 0:", [f"{number} = {following}"], element


def column(scope: Scope, held: Term, node: ast.AST) -> Term:
    """The elements of a set, in any order, or those of a dict or of a view of one, as a list."""
    kind = held.type
    if isinstance(kind, SetOf):
        return Term(ListOf(_known(scope, kind.element, node)), f"column_dict({arena(scope)}, {held.text}, 0)")
    of, what = (kind.of, kind.what) if isinstance(kind, ViewOf) else (kind, "keys")
    assert isinstance(of, DictOf)
    if what == "items":
        raise scope.refuse("a list of a dict's items", node)
    part = _known(scope, of.key if what == "keys" else of.value, node)
    return Term(ListOf(part), f"column_dict({arena(scope)}, {held.text}, {0 if what == 'keys' else 1})")


def own(kind: Kind) -> Kind:
    """The type of a copy."""
    return dataclasses.replace(kind, is_frozen=False) if isinstance(kind, DictOf | SetOf) else kind
