"""Which calls and comprehensions are loops that may be shared out, as far as their text tells."""

from __future__ import annotations

import ast

from pyfora.language.brief import NO_CONSTANTS, Constants, is_brief
from pyfora.language.dividing import KEEPS_SCOPE
from pyfora.language.in_order import Brief, InOrder
from pyfora.language.sources import ComprehensionNode
from pyfora.language.trees import all_nodes, names_in

FOLDED_CALLEES = frozenset(
    ("sum", "min", "max", "any", "all", "list", "tuple", "set", "frozenset", "dict", "sorted", "next")
)
FOLDED_ATTRIBUTES = frozenset(("fsum", "prod", "mean", "fmean", "Counter", "join"))
"""Callees written `math.fsum(…)`, `statistics.mean(…)`, `", ".join(…)` and so on."""
SOURCE_MAKERS = frozenset(("zip", "enumerate", "reversed"))
SOURCE_MAKERS |= frozenset(("chain", "islice", "pairwise", "product", "combinations", "accumulate"))
"""What makes an iterator of other sources, as a name or as an attribute (of itertools)."""
CALLING_MAKERS = frozenset(("map", "filter", "starmap"))
"""The same, but that they call a function for each element; as names only, but for `itertools.starmap`."""
_KEYED_CALLEES = frozenset(("sorted", "min", "max"))
"""Callees that call their `key` for each element."""
_TINY_SOURCE_ELEMENTS = 8
_STAYS = frozenset((ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await))
"""What has an effect on the function that it stands in."""


def check_can_split(node: ComprehensionNode, constants: Constants = NO_CONSTANTS) -> None:
    """Raises InOrder where `node` would mean something else in a function of its source, or is not worth it.

    `constants` are values of names that it may read.
    """
    source = node.generators[0].iter
    if isinstance(source, (ast.List, ast.Tuple, ast.Set)) and len(source.elts) <= _TINY_SOURCE_ELEMENTS:
        raise InOrder("it is over a few elements", source)
    if is_brief(node, constants):
        raise Brief("it is over within a millisecond, as its text tells", node)
    within = all_nodes(node)
    for child in within:
        kind = type(child)
        if kind in _STAYS:
            raise InOrder("this has an effect on the function that it stands in", child)
        if isinstance(child, ast.comprehension) and child.is_async:
            raise InOrder("it is asynchronous", child.target)
        if isinstance(child, ast.Name) and child.id in KEEPS_SCOPE:
            raise InOrder(f"`{child.id}` means the very scope that it is read in", child)
    keeper = _keeper_of_variables(node, within)
    if keeper is not None:
        raise InOrder("a function that may outlive its element sees the variables of later ones", keeper)


def _keeper_of_variables(node: ComprehensionNode, within: list[ast.AST]) -> ast.AST | None:
    """A function or generator that may outlive the element that made it, and see its variables change.

    All of `[lambda: i for i in s]` see the last i: they share one variable, which parts would not.
    """
    used_up: set[ast.AST] = set()
    makers: list[ast.Lambda | ast.GeneratorExp] = []
    for child in within:
        if isinstance(child, ast.Call) and is_folded(child.func):
            used_up.update(child.args)
            used_up.update(keyword.value for keyword in child.keywords)
        elif isinstance(child, ast.Call) and child in used_up and makes_a_source(child.func):
            used_up.update(child.args)
        elif isinstance(child, (ast.Lambda, ast.GeneratorExp)) and child is not node:
            makers.append(child)
    kept = [maker for maker in makers if maker not in used_up]
    if not kept:
        return None
    variables = names_in(clause.target for clause in node.generators)
    return next((maker for maker in kept if not variables.isdisjoint(names_in([maker]))), None)


def is_named(callee: ast.expr, names: frozenset[str]) -> bool:
    if isinstance(callee, ast.Name):
        return callee.id in names
    return isinstance(callee, ast.Attribute) and callee.attr in names


def makes_a_source(callee: ast.expr) -> bool:
    if isinstance(callee, ast.Name) and callee.id in CALLING_MAKERS:
        return True
    return is_named(callee, SOURCE_MAKERS | {"starmap"})


def calls_functions(node: ast.expr) -> bool:
    """Whether this is a call of `map` or its like, or of `zip` or its like over such."""
    if not isinstance(node, ast.Call) or not makes_a_source(node.func):
        return False
    return not is_named(node.func, SOURCE_MAKERS) or any(map(calls_functions, node.args))


def calls_a_key(node: ast.Call) -> bool:
    """Whether this is `sorted(xs, key=f)` or its like, where only what is constant is evaluated before the key."""
    if not isinstance(node.func, ast.Name) or node.func.id not in _KEYED_CALLEES or len(node.args) != 1:
        return False
    if isinstance(node.args[0], (ast.Starred, ast.GeneratorExp)) or calls_functions(node.args[0]):
        return False
    return _has_a_key(node.keywords)


def _has_a_key(keywords: list[ast.keyword]) -> bool:
    names = [keyword.arg for keyword in keywords]
    if "key" not in names or None in names or "at" in names:
        return False
    return all(isinstance(keyword.value, ast.Constant) for keyword in keywords[: names.index("key")])


def sorts_by_a_key(node: ast.Call) -> bool:
    """Whether this is `xs.sort(key=f)`, where only what is constant is evaluated before the key."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr != "sort" or node.args:
        return False
    return _has_a_key(node.keywords)


def accumulation_in(node: ast.Call) -> ast.Call | None:
    """The `accumulate(…)` in `sum(accumulate(…))` or its like."""
    match node:
        case ast.Call(func=callee, args=[ast.Call(func=maker, args=[_, *_]) as found], keywords=[]):
            starred = any(isinstance(one, ast.Starred) for one in found.args)
            if starred or any(one.arg in (None, "at") for one in found.keywords):
                return None
            return found if is_folded(callee) and is_named(maker, frozenset(("accumulate",))) else None
    return None


def may_consume_a_generator(node: ast.Call) -> bool:
    """Whether this is `sum(x)` or its like: an argument that is a name may be a generator that was made elsewhere."""
    match node:
        case ast.Call(
            func=(ast.Name() | ast.Attribute(value=ast.Name() | ast.Constant())) as callee,
            args=[ast.Name()],
            keywords=[],
        ):
            return is_folded(callee)
    return False


def is_folded(callee: ast.expr) -> bool:
    if isinstance(callee, ast.Name):
        return callee.id in FOLDED_CALLEES or callee.id in FOLDED_ATTRIBUTES
    return isinstance(callee, ast.Attribute) and callee.attr in FOLDED_ATTRIBUTES
