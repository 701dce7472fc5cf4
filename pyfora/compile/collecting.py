"""New lists, sets, dicts and counters of what is gone through; and sorting."""

from __future__ import annotations

import ast
import builtins
import collections

from pyfora.compile import dicts, lists
from pyfora.compile.expressions import Expressions
from pyfora.compile.functions import Function
from pyfora.compile.inner_folds import each_of, inner_fold
from pyfora.compile.kinds import DictOf, Kind, Known, ListOf, SetOf, Shape, ViewOf, is_runtime
from pyfora.compile.numpy_kinds import ArrayOf
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, constant
from pyfora.compile.turns import MADE_BY, RangeReader, called

COMPREHENSIONS: dict[type[ast.expr], str] = {ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict"}
_TYPES: dict[str, type] = {"list": list, "set": set, "dict": dict, "Counter": collections.Counter}
_COLLECTIONS = {id(python): word for word, python in _TYPES.items()} | {id(collections.defaultdict): "defaultdict"}
_DEFAULTS: dict[Kind, Kind] = {
    Known(int): "int",
    Known(float): "float",
    Known(list): ListOf(None),
    Known(set): SetOf(None),
    Known(dict): DictOf(dict, None, None),
}


class Collecting:
    """Translates calls that make a collection, or go through one."""

    def __init__(self, expressions: Expressions, read_range: RangeReader) -> None:
        self._expressions = expressions
        self._read_range = read_range

    def is_gone_through(self, scope: Scope, node: ast.expr) -> bool:
        """Whether this is a list, a dict, a tuple, or what can be gone through only."""
        scope.gone_through = node
        if self._read_range(scope, node) is not None or called(scope, self._expressions, node) in MADE_BY:
            return True
        kind = self._expressions.value(scope, node).type
        return (
            isinstance(kind, ListOf | DictOf | ViewOf | ArrayOf)
            or dicts.is_frozen(kind)
            or (isinstance(kind, Shape) and kind.python in (tuple, bytes) and is_runtime(kind))
        )

    def collection(self, scope: Scope, node: ast.Call, target: object) -> Term | None:
        """A new list, set or dict of what is given; None where it is none of these calls."""
        if target is builtins.sorted and len(node.args) == 1:
            return self._sorted(scope, node)
        fold = _COLLECTIONS.get(id(target))
        if fold is None or node.keywords:
            return None
        if target is collections.defaultdict and len(node.args) == 1:
            made_kind = _DEFAULTS.get(self._expressions.value(scope, node.args[0]).type)
            if made_kind is None:
                raise scope.refuse("a defaultdict of something else than int, float, list, set or dict", node)
            return dicts.new(scope, collections.defaultdict, made_kind, node)
        if not node.args and target is not builtins.list:
            return dicts.new(scope, _TYPES[fold], None, node)
        if not node.args:
            return lists.display(scope, [], ast.copy_location(ast.List([], ast.Load()), node))
        if len(node.args) != 1 or fold == "dict":
            raise scope.refuse(f"{fold}() of these arguments", node)
        (over,) = node.args
        if isinstance(over, ast.GeneratorExp):
            return inner_fold(scope, self._expressions, self._read_range, fold, over)
        scope.gone_through = over
        if fold == "list" and not self.is_lazy(scope, over):
            held = self._expressions.value(scope, over)
            if isinstance(held.type, ListOf):
                return lists.method(scope, held, "copy", [], node)
        return inner_fold(scope, self._expressions, self._read_range, fold, each_of(over))

    def is_lazy(self, scope: Scope, node: ast.expr) -> bool:
        """Whether this is a range, or what can be gone through only."""
        return self._read_range(scope, node) is not None or called(scope, self._expressions, node) in MADE_BY

    def _sorted(self, scope: Scope, node: ast.Call) -> Term:
        """`sorted(over, key=…, reverse=…)`."""
        words = {keyword.arg: keyword.value for keyword in node.keywords}
        (over,) = node.args
        if set(words) - {"key", "reverse"}:
            raise scope.refuse("sorted() with these arguments", node)
        listed: Term
        if isinstance(over, ast.GeneratorExp) or self.is_lazy(scope, over):
            source = over if isinstance(over, ast.GeneratorExp) else each_of(over)
            listed = inner_fold(scope, self._expressions, self._read_range, "list", source)
        else:
            scope.gone_through = over
            held = self._expressions.value(scope, over)
            is_keyed = "key" in words and self._expressions.value(scope, words["key"]).type != Known(None)
            if isinstance(held.type, SetOf) and not held.type.is_frozen and is_keyed:
                # Those of equal keys stay in the order of the set.
                raise scope.refuse("sorted() by a key of a set, whose order is a matter of CPython's table", node)
            of_items = isinstance(held.type, ViewOf) and held.type.what == "items"
            if isinstance(held.type, DictOf | SetOf | ViewOf) and not of_items:
                listed = dicts.column(scope, held, node)
            elif isinstance(held.type, ListOf):
                listed = lists.method(scope, held, "copy", [], node)
            elif self.is_gone_through(scope, over):
                listed = inner_fold(scope, self._expressions, self._read_range, "list", each_of(over))
            else:
                raise scope.refuse(f"sorted() of a {held.type}", node)
        return self._in_order(scope, listed, words.get("key"), words.get("reverse"), node)

    def _in_order(
        self, scope: Scope, listed: Term, key: ast.expr | None, reverse: ast.expr | None, node: ast.AST
    ) -> Term:
        """A function that sorts the list that it is given, and gives it back."""
        down = constant(False) if reverse is None else self._expressions.truth(scope, reverse)
        given = [listed, down]
        kind = None if key is None else self._expressions.value(scope, key)
        if down.may_change or (kind is not None and kind.may_change):
            # Python evaluates them before it looks at the elements, of which there is a list here by then.
            raise scope.refuse("sorting by a key or in a direction that is told by what changes something", node)
        if kind is not None and kind.type != Known(None):
            given.append(kind)
        function = Function(scope.unit.name("call_sorted"), [])
        inside = Scope(scope.unit, scope.filename, scope.lookup, {"given", "down", "key"}, owner=scope.owner)
        inside.shows_places = scope.shows_places
        inside.function = function
        names = [inside.bind(name, term.type) for name, term in zip(("given", "down", "key"), given, strict=False)]
        function.parameters = [(name, term.type) for name, term in zip(names, given, strict=True) if name]
        held = keys = Term(listed.type, names[0])
        if len(given) == 3:
            element = ast.Name("each element", ast.Load())
            one = ast.Call(ast.Name("key", ast.Load()), [element], [])
            over = ast.comprehension(ast.Name("each element", ast.Store()), ast.Name("given", ast.Load()), [], 0)
            made_keys = ast.ListComp(one, [over])
            for inner in ast.walk(made_keys):
                ast.copy_location(inner, node)
            keys = inner_fold(inside, self._expressions, self._read_range, "list", made_keys)
            function.lines.append(f"keys = {keys.text}")
            keys = Term(keys.type, "keys")
        function.lines.append(lists.ordered(inside, held, keys, down=names[1], node=node).text)
        function.lines.append(f"return {held.text}")
        function.returns, function.captured, function.complete = listed.type, dict(inside.used), True
        scope.unit.functions[object()] = function
        scope.use(function.captured)
        return function.call(given, depth="")

    def sort(self, scope: Scope, node: ast.Call, owner: Term) -> Term:
        """`owner.sort(key=…, reverse=…)`."""
        words = {keyword.arg: keyword.value for keyword in node.keywords}
        if set(words) - {"key", "reverse"} or (isinstance(owner.type, ListOf) and owner.type.is_frozen):
            raise scope.refuse("sort() of a captured list, or with these arguments", node)
        if "key" in words:
            kind = self._expressions.value(scope, words["key"]).type
            if is_runtime(kind):
                # CPython empties the list meanwhile, and the key may look at it.
                raise scope.refuse("sort() with a key that has values of its own", node)
        return Term(Known(None), self._in_order(scope, owner, words.get("key"), words.get("reverse"), node).text)
