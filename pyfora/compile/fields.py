"""The fields of dataclasses and named tuples: what a new one is given for each."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from typing import Any

from pyfora.compile.functions import must_keep_their_order
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term


def of_dataclass(scope: Scope, node: ast.AST, cls: Any) -> tuple[list[str], dict[str, object]]:
    """The names of the fields of a dataclass, and their defaults. Raises NotCompiled."""
    fields = dataclasses.fields(cls)
    names = [one.name for one in fields]
    # An InitVar is asked for, and no field.
    simple = [*inspect.signature(cls.__init__).parameters][1:] == names
    simple = simple and all(
        one.init and not one.kw_only and one.default_factory is dataclasses.MISSING for one in fields
    )
    if not simple or hasattr(cls, "__post_init__"):
        raise scope.refuse(f"a new {cls.__name__}, a dataclass of more than plain fields", node)
    defaults = {one.name: one.default for one in fields if one.default is not dataclasses.MISSING}
    return names, defaults


def of_named_tuple(cls: Any) -> tuple[list[str], dict[str, object]]:
    """The same of a class that `namedtuple` has made."""
    return list(cls._fields), cls._field_defaults


def filled(
    scope: Scope,
    node: ast.AST,
    cls: type,
    fields: list[str],
    defaults: dict[str, object],
    positional: list[Term],
    keywords: dict[str, Term],
) -> list[Term]:
    """The values of the fields, in their order. Raises NotCompiled."""
    if len(positional) > len(fields) or set(keywords) - set(fields[len(positional) :]):
        raise scope.refuse(f"{cls.__name__}() is given arguments that it does not take", node)
    must_keep_their_order(scope, node, [*keywords], fields, keywords)
    given = {**dict(zip(fields, positional, strict=False)), **keywords}
    for name in fields:
        if name not in given:
            if name not in defaults:
                raise scope.refuse(f"{cls.__name__}() is made without {name!r}", node)
            given[name] = scope.captured((id(cls), "default", name), name, defaults[name], node)
    return [given[name] for name in fields]


def has_made_init(cls: Any) -> bool:
    """Whether `dataclass` wrote this class' `__init__`."""
    owner = next((base for base in cls.__mro__ if "__init__" in vars(base)), object)
    parameters = vars(owner).get("__dataclass_params__")
    return parameters is not None and parameters.init and vars(owner)["__init__"].__code__.co_filename == "<string>"
