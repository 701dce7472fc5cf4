"""Captured dicts and sets whose keys are texts: asked for keys that are known beforehand, nothing of them is left."""

from __future__ import annotations

import ast
import collections
from typing import Any

from pyfora.compile import optionals, texts
from pyfora.compile.frozen import CONTAINERS
from pyfora.compile.kinds import Kind, Known
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, constant


def is_namespace(kind: Kind) -> bool:
    """Whether this is one of them."""
    return isinstance(kind, Known) and type(kind.value) in CONTAINERS


def _asked(scope: Scope, held: Term, key: Term, node: ast.AST) -> tuple[Any, str]:
    assert isinstance(held.type, Known)
    if not texts.is_text(key.type):
        what = "a letter" if texts.is_letter(key.type) else f"a {key.type}"
        raise scope.refuse(f"{what} as a key of a {type(held.type.value).__name__} whose keys are texts", node)
    assert isinstance(key.type, Known) and isinstance(key.type.value, str)
    return held.type.value, key.type.value


def item(scope: Scope, held: Term, key: Term, node: ast.AST) -> Term:
    """`held[key]`."""
    value, word = _asked(scope, held, key, node)
    if word not in value:
        if type(value) is collections.Counter:
            return constant(0)
        raise scope.refuse(f"the key {word!r}, which is not there", node)
    return scope.captured((id(value), "item", word), word, value[word], node)


def contains(scope: Scope, held: Term, key: Term, node: ast.AST) -> Term:
    """`key in held`."""
    value, word = _asked(scope, held, key, node)
    return constant(word in value)


def length(held: Term) -> Term:
    """`len(held)`."""
    assert isinstance(held.type, Known) and isinstance(held.type.value, CONTAINERS)
    return constant(len(held.type.value))


def method(scope: Scope, held: Term, name: str, terms: list[Term], node: ast.AST) -> Term:
    """`held.name(…)`."""
    assert isinstance(held.type, Known)
    if name != "get" or not 1 <= len(terms) <= 2 or not isinstance(held.type.value, dict):
        raise scope.refuse(f"the method {name!r} of a {held.type} whose keys are texts", node)
    value, word = _asked(scope, held, terms[0], node)
    if word not in value:
        return terms[1] if len(terms) == 2 else Term(optionals.NOTHING, "")
    for term in terms[1:]:
        scope.must_not_act(term, node)
    return item(scope, held, terms[0], node)
