"""`min` and `max` by a key."""

from __future__ import annotations

import ast

from pyfora.compile import closures, optionals, orders
from pyfora.compile.clauses import clauses
from pyfora.compile.expressions import Expressions
from pyfora.compile.frozen import can_be_changed
from pyfora.compile.functions import Function
from pyfora.compile.inner_folds import each_of, inner_fold, with_default
from pyfora.compile.kinds import give_up_text, is_runtime
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term
from pyfora.compile.turns import MADE_BY, RangeReader, called


def has_key(node: ast.Call) -> bool:
    """Whether it has one, and arguments that are understood."""
    words = [keyword.arg for keyword in node.keywords]
    understood = {"key", "default"} if len(node.args) == 1 else {"key"}
    return "key" in words and set(words) <= understood and len(node.args) > 0


def by_key(scope: Scope, expressions: Expressions, read_range: RangeReader, word: str, node: ast.Call) -> Term:
    """`min(over, key=…, default=…)`, or that of several arguments; so `max`. Raises NotCompiled."""
    words = {keyword.arg: keyword.value for keyword in node.keywords}
    over = node.args[0]
    if len(node.args) > 1:
        over = ast.copy_location(ast.List(node.args, ast.Load()), node)
    key = expressions.value(scope, words["key"])
    held = _gone_through(scope, expressions, read_range, over, key, node)
    if key.may_change:
        raise scope.refuse(f"{word}() with a key that is made by what changes something", node)
    default = expressions.value(scope, words["default"]) if "default" in words else None
    function = Function(scope.unit.name(f"call_{word}"), [])
    inside = Scope(scope.unit, scope.filename, scope.lookup, {"given", "key", "each element"}, owner=scope.owner)
    inside.shows_places = scope.shows_places
    inside.function = function
    bound = [(inside.bind(name, term.type), term) for name, term in (("given", held), ("key", key))]
    function.parameters = [(name, term.type) for name, term in bound if name]
    mark, best_mark, best = inside.fresh("mark"), inside.fresh("best_mark"), inside.fresh("best_one")
    made: list[tuple[Term, Term]] = []

    def innermost() -> list[str]:
        each = source.elt
        element = inside.read(each) if isinstance(each, ast.Name) else None
        called_ = ast.Call(ast.copy_location(ast.Name("key", ast.Load()), node), [each], [])
        found = expressions.value(inside, ast.copy_location(called_, node))
        if element is None or not is_runtime(element.type) or closures.all_in(element.type):
            raise scope.refuse(f"{word}() of what is known beforehand", node)
        if not orders.is_ordered(found.type):
            raise scope.refuse(f"{word}() by keys that are {found.type}", node)
        made.append((element, found))
        test = orders.stands_before(inside, word, mark, best_mark, found.type, node)
        lines = [f"{mark} = {found.text}", f"if count == 0 or {test}:"]
        return [*lines, f"    {best} = {element.text}", f"    {best_mark} = {mark}", "count = 1"]

    source = each_of(ast.copy_location(ast.Name("given", ast.Load()), over))
    loops = clauses(inside, expressions, read_range, source, innermost, first=None)
    ((element, found),) = made
    before = ["count = 0", f"{best} = {optionals.zero(element.type)}", f"{best_mark} = {optionals.zero(found.type)}"]
    after = ["if count == 0:", f"    return {give_up_text(element.type)}", f"return {best}"]
    returned = Term(element.type, "")
    if default is not None:
        after, returned = with_default(scope, after, returned, default, node)
    function.lines = [*before, *loops, *after]
    function.returns, function.captured, function.complete = returned.type, dict(inside.used), True
    scope.unit.functions[object()] = function
    scope.use(function.captured)
    return function.call([held, key], depth="")


def _gone_through(
    scope: Scope, expressions: Expressions, read_range: RangeReader, over: ast.expr, key: Term, node: ast.Call
) -> Term:
    """What is gone through: as it is; where it makes its elements meanwhile, a list of them."""
    scope.gone_through = over
    is_lazy = isinstance(over, ast.GeneratorExp) or read_range(scope, over) is not None
    if not is_lazy and called(scope, expressions, over) not in MADE_BY:
        return expressions.value(scope, over)
    listed = inner_fold(
        scope, expressions, read_range, "list", over if isinstance(over, ast.GeneratorExp) else each_of(over)
    )
    # Python calls the key between one element and the next.
    if can_be_changed(key.type) or can_be_changed(getattr(listed.type, "element", None)):
        raise scope.refuse("a key that may change what the elements are made of meanwhile", node)
    return listed
