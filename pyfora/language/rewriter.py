"""The transformer that puts calls of the parallel primitives in the place of loops (pyfora.language.rewrite)."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable
from dataclasses import dataclass

from pyfora.language.accumulation import (
    FEW_TURNS,
    Accumulation,
    accumulation_of,
    is_long_range,
    jumping,
    lists_its_variables,
)
from pyfora.language.brief import NO_CONSTANTS, Constants
from pyfora.language.divider import Divider
from pyfora.language.foldable import (
    accumulation_in,
    calls_a_key,
    calls_functions,
    check_can_split,
    is_folded,
    is_named,
    makes_a_source,
    may_consume_a_generator,
    sorts_by_a_key,
)
from pyfora.language.in_order import OF_KEYS, Brief, InOrder
from pyfora.language.parts import part_argument
from pyfora.language.primitives import (
    ACCUMULATE,
    COMPREHENSION,
    CONSUME,
    FOLD,
    GENERATOR,
    GENERATOR_TYPE,
    HIDDEN,
    IS_LONG_ARRAY,
    IS_SHORT,
    IS_SHORT_FOLD,
    IS_SHORT_KEYED,
    KEPT,
    KEYED,
    RANGE,
    REDUCE,
    SORT,
    SOURCE,
    TYPE,
)
from pyfora.language.sources import ComprehensionNode, Segment
from pyfora.language.trees import all_nodes, copied

LoopNode = ComprehensionNode | ast.For | ast.While | ast.Call
_DEEPEST = 2
"""Comprehensions nested deeper are only rewritten, and stand beside no original: each such pair doubles the code."""
_IS_LONG = f"{TYPE}({{held}}) is {RANGE} and not -{FEW_TURNS} <= {{held}}.stop - {{held}}.start <= {FEW_TURNS}"
"""Of what is a range in truth, and so of ints in truth; there may be more of them than `len` can tell."""
_IS_ARRAY = f"{IS_LONG_ARRAY}({{held}})"
_KINDS: dict[type[ast.expr], str] = {ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict"}


@dataclass(frozen=True)
class PartLoop:
    """The loop of a part that was made of a `for` loop, in the words of the user."""

    node: ast.For
    """Its turns yield what they add; where they do so at several places: the number of the place, and this."""
    streams: tuple[int, ...]
    """For each of these places the number of what is added to."""
    class_name: str | None
    """Of the class around it."""


class Rewriter(Divider):
    """Rewrites a tree of this segment, in its place. `constants` are of names that a block reads."""

    def __init__(self, segment: Segment, root: ast.AST, constants: Constants = NO_CONSTANTS) -> None:
        self._constants = constants
        self._argument = part_argument(segment.text)
        super().__init__(root, self._argument)
        self._filename = segment.filename
        self._depth = 0
        """Comprehensions around that are rewritten."""
        self._listing: dict[ast.AST, bool] = {}
        """Whether a function or module lists its variables."""
        self._made_loops = 0
        self.loops: dict[int, PartLoop] = {}
        """Each `for` loop that has a part, by its line, for the compiler."""
        self.parts: dict[ast.Lambda, ComprehensionNode] = {}
        """Each part's lambda with the comprehension that it came from (its first source replaced)."""
        self.called: list[ast.Call] = []
        """Each call of `map` or its like that goes through what it is given when it is folded."""
        self.in_order: dict[LoopNode, InOrder] = {}
        """Each loop that is left as it was written, and why."""
        self.interpreted: dict[LoopNode, InOrder] = {}
        """Each loop that is spread but never compiled, and why."""

    # ---- loops that accumulate --------------------------------------------------------------------------

    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        try:
            found = self._accumulation(node)
        except InOrder as refusal:
            self.in_order[node] = refusal
            return self.generic_visit(node)
        streams = found.streams
        self._made_loops += 1
        name, at = f"{HIDDEN}{self._made_loops}", self._at(node)
        if streams is None:
            self.interpreted[node] = InOrder("its turns add to one variable in more ways than one", node)
        else:
            self.loops[node.lineno] = PartLoop(_part_loop(node, found.part_body), streams, self.scope.class_name)
        source = self._visit_source(node.iter, at)
        self.visit_body(node.body, node.target)

        def jumped(source: ast.expr) -> list[ast.stmt]:
            return jumping(copy.copy(node), found, name, self._argument, source, at)

        if found.works:
            return jumped(source)
        held = f"{name}_{self._argument}"
        over = ast.copy_location(ast.Name(held, ast.Load()), source)
        short = copy.copy(node)
        short.iter = over
        is_long = _IS_LONG if is_long_range(node.iter) else _IS_ARRAY
        test = ast.parse(is_long.format(held=held), mode="eval").body
        holding = ast.copy_location(ast.Assign([ast.Name(held, ast.Store())], source), node)
        # What it runs over goes when the loop has ended, as ever.
        let_go = ast.copy_location(ast.Assign([ast.Name(held, ast.Store())], ast.Constant(None)), node)
        choice = ast.copy_location(ast.If(_placed(test, node), jumped(over), [short, let_go]), node)
        self.plain[holding], self.plain[choice] = [], [*jumped(source)]
        return [holding, choice]

    def _accumulation(self, node: ast.For) -> Accumulation:
        """Raises InOrder."""
        if self.scope.in_class_body:
            raise InOrder("it stands in the body of a class", node)
        found = accumulation_of(node, self.scope.function, in_with=self.scope.in_with)
        if found.streams is None and not found.works:
            raise InOrder("its turns do little, and add to one variable in more ways than one", node)
        if self._lists_its_variables():
            raise InOrder("code around it may list all variables", node)
        return found

    def visit_While(self, node: ast.While) -> ast.AST:
        self.in_order[node] = InOrder("a turn of a `while` depends on those before it", node)
        return super().visit_While(node)

    def _lists_its_variables(self) -> bool:
        space = self.scope.space
        if space not in self._listing:
            self._listing[space] = lists_its_variables(space)
        return self._listing[space]

    # ---- comprehensions and calls --------------------------------------------------------------------------------

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if is_named(node.func, frozenset(("reduce",))) and len(node.args) >= 2 and not node.keywords:
            return self._visit_reduction(node)
        generator = node.args[0] if node.args else None
        if calls_a_key(node):
            return self._visit_keyed(node)
        if sorts_by_a_key(node):
            return self._visit_sorting(node)
        accumulation = accumulation_in(node)
        if accumulation is not None and self._can_be_folded(accumulation.args[0]):
            return self._visit_accumulation(node, accumulation)
        if may_consume_a_generator(node) and not self.scope.in_comprehension and not self.scope.in_class_body:
            return self._visit_consumption(node)
        if (
            generator is None
            or not is_folded(node.func)
            or any(isinstance(argument, ast.Starred) for argument in node.args)
            or any(keyword.arg in (None, "at") for keyword in node.keywords)
            or not self._can_be_folded(generator)
        ):
            return self.visit_other_call(node)
        callee = self.visit(node.func)
        at = self._at(node)
        part, source = self._split_folded(generator, at)
        rest = [self.visit(argument) for argument in node.args[1:]]
        keywords = [self.visit(keyword) for keyword in node.keywords]

        def fold(callee: ast.expr, source: ast.expr) -> ast.Call:
            return _call(FOLD, callee, part, source, *rest, keywords=[*keywords, ast.keyword("at", at)])

        if not self._may_be_known():
            return ast.copy_location(fold(callee, source), node)
        elements = _over_kept(generator) if isinstance(generator, ast.GeneratorExp) else _call(KEPT)
        short = ast.copy_location(ast.Call(_call(KEPT), [elements, *rest], keywords), node)
        choice = ast.IfExp(_call(IS_SHORT_FOLD, at, callee, source), short, fold(_call(KEPT), _call(KEPT)))
        return self._choice(choice, fold(callee, source), node)

    def _visit_keyed(self, node: ast.Call) -> ast.AST:
        callee, source, at = self.visit(node.func), self.visit(node.args[0]), self._at(node)
        (key,) = [self.visit(keyword.value) for keyword in node.keywords if keyword.arg == "key"]
        others = [self.visit(keyword) for keyword in node.keywords if keyword.arg != "key"]
        self.interpreted[node] = InOrder(OF_KEYS, node)

        def keyed(callee: ast.expr, source: ast.expr, key: ast.expr) -> ast.Call:
            return _call(KEYED, callee, source, key, keywords=[*others, ast.keyword("at", at)])

        if not self._may_be_known():
            return ast.copy_location(keyed(callee, source, key), node)
        short = ast.Call(_call(KEPT), [_call(KEPT)], [ast.keyword("key", _call(KEPT)), *others])
        is_short = _call(IS_SHORT_KEYED, at, callee, source, key)
        choice = ast.IfExp(is_short, ast.copy_location(short, node), keyed(_call(KEPT), _call(KEPT), _call(KEPT)))
        return self._choice(choice, keyed(callee, source, key), node)

    def _visit_sorting(self, node: ast.Call) -> ast.AST:
        callee, at = self.visit(node.func), self._at(node)
        (key,) = [self.visit(keyword.value) for keyword in node.keywords if keyword.arg == "key"]
        others = [self.visit(keyword) for keyword in node.keywords if keyword.arg != "key"]
        self.interpreted[node] = InOrder(OF_KEYS, node)
        return ast.copy_location(_call(SORT, callee, key, keywords=[*others, ast.keyword("at", at)]), node)

    def _visit_accumulation(self, node: ast.Call, accumulated: ast.Call) -> ast.AST:
        callee, maker, at = self.visit(node.func), self.visit(accumulated.func), self._at(node)
        part, source = self._split_folded(accumulated.args[0], at)
        rest = [self.visit(argument) for argument in accumulated.args[1:]]
        keywords = [*(self.visit(keyword) for keyword in accumulated.keywords), ast.keyword("at", at)]
        return ast.copy_location(_call(ACCUMULATE, callee, maker, part, source, *rest, keywords=keywords), node)

    def _visit_consumption(self, node: ast.Call) -> ast.AST:
        # A name is evaluated twice with no more effect than once; and `sum` of a short list costs hardly more.
        type_of = _call(TYPE, node.args[0])
        is_other = ast.Compare(type_of, [ast.IsNot()], [ast.Name(GENERATOR_TYPE, ast.Load())])
        consumed = ast.copy_location(_call(CONSUME, node.func, node.args[0]), node)
        choice = ast.copy_location(ast.IfExp(is_other, node, consumed), node)
        self.plain[choice] = [node]
        return choice

    def _visit_reduction(self, node: ast.Call) -> ast.AST:
        function, generator, *rest = node.args
        starred = any(isinstance(argument, ast.Starred) for argument in node.args)
        if starred or not self._can_be_folded(generator):
            return self.generic_visit(node)
        callee, function = self.visit(node.func), self.visit(function)
        at = self._at(node)
        part, source = self._split_folded(generator, at)
        rest = [self.visit(argument) for argument in rest]
        call = _call(REDUCE, callee, function, part, source, *rest, keywords=[ast.keyword("at", at)])
        return ast.copy_location(call, node)

    def _visit_comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp) -> ast.AST:
        if not self._can_split(node):
            return self._visit_whole(node)
        at = self._at(node)
        part, source = self._split(node, at)
        if isinstance(node, ast.SetComp):
            # A set's order tells in what order it was filled, and an element that cannot be hashed ends the loop there
            # and then: a part gives its elements one by one, neither a set nor a list of them.
            part.body = ast.copy_location(ast.GeneratorExp(node.elt, node.generators), node)
        kind = ast.Constant(_KINDS[type(node)])

        def comprehension(source: ast.expr) -> ast.Call:
            return _call(COMPREHENSION, kind, part, source, keywords=[ast.keyword("at", at)])

        if not self._may_be_known():
            return ast.copy_location(comprehension(source), node)
        choice = ast.IfExp(_call(IS_SHORT, at, source), _over_kept(node), comprehension(_call(KEPT)))
        return self._choice(choice, comprehension(source), node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        if self.scope.in_comprehension:
            self.in_order[node] = InOrder("it is given out within another loop, and not to `sum` or its like", node)
        elif len(node.generators) > 1:
            self.in_order[node] = InOrder("it has several loops, and is not given to `sum` or its like", node)
        else:
            self._can_split(node)
        if node in self.in_order:
            return self._visit_whole(node)
        at = self._at(node)
        part, source = self._split(node, at)

        def generator(source: ast.expr) -> ast.Call:
            return _call(GENERATOR, part, source, keywords=[ast.keyword("at", at)])

        if not self._may_be_known():
            return ast.copy_location(generator(source), node)
        choice = ast.IfExp(_call(IS_SHORT, at, source), _over_kept(node), generator(_call(KEPT)))
        return self._choice(choice, generator(source), node)

    def _visit_whole(self, node: ComprehensionNode) -> ast.AST:
        """Of what is not split; there may be others within."""
        return node if isinstance(self.in_order[node], Brief) else self._visit_elements(node)

    def _visit_elements(self, node: ComprehensionNode) -> ast.AST:
        with self.within(in_comprehension=True):
            return self.generic_visit(node)

    visit_ListComp = _visit_comprehension
    visit_SetComp = _visit_comprehension
    visit_DictComp = _visit_comprehension

    def _split(self, node: ComprehensionNode, at: ast.Constant) -> tuple[ast.Lambda, ast.expr]:
        first = node.generators[0]
        source = self._visit_source(first.iter, at)
        first.iter = ast.copy_location(ast.Name(self._argument, ast.Load()), first.iter)
        self._depth += 1
        self._visit_elements(node)
        self._depth -= 1
        argument = ast.copy_location(ast.arg(self._argument), node)
        arguments = ast.arguments(posonlyargs=[], args=[argument], kwonlyargs=[], kw_defaults=[], defaults=[])
        part = ast.copy_location(ast.Lambda(arguments, node), node)
        self.parts[part] = node
        return part, source

    def _may_be_known(self) -> bool:
        """Whether a loop here may be run when it is known to be short: not where it is run once."""
        return self._depth < _DEEPEST and not self._runs_once()

    def _runs_once(self) -> bool:
        return self.scope.runs_once and not self.scope.in_comprehension

    def _can_be_folded(self, elements: ast.expr) -> bool:
        if isinstance(elements, ast.GeneratorExp):
            return self._can_split(elements)
        return calls_functions(elements)

    def _split_folded(self, elements: ast.expr, at: ast.Constant) -> tuple[ast.expr, ast.expr]:
        """Part and source. What `map` makes is its own source: its part is None."""
        if isinstance(elements, ast.GeneratorExp):
            return self._split(elements, at)
        assert isinstance(elements, ast.Call)
        self.called.append(elements)
        return ast.Constant(None), self._visit_source(elements, at)

    def _visit_source(self, node: ast.expr, at: ast.Constant) -> ast.expr:
        found: ast.expr
        if not isinstance(node, ast.Call) or not makes_a_source(node.func):
            found = self.visit(node)
            return found
        maker = self.visit(node.func)
        arguments = [self._visit_source(argument, at) for argument in node.args]
        keywords = [self.visit(keyword) for keyword in node.keywords]
        return ast.copy_location(_call(SOURCE, at, maker, *arguments, keywords=keywords), node)

    def _choice(self, choice: ast.IfExp, plain: ast.expr, node: ast.expr) -> ast.IfExp:
        self.plain[choice] = [ast.copy_location(plain, node)]
        return ast.copy_location(choice, node)

    def _at(self, node: ast.expr | ast.stmt) -> ast.Constant:
        return ast.Constant(f"{node.lineno}:{node.col_offset} {self._filename}")

    def _can_split(self, node: ComprehensionNode) -> bool:
        try:
            if self.scope.in_class_body:
                raise InOrder("it stands in the body of a class", node)
            # What is run more than once learns by running how long it takes.
            check_can_split(node, self._constants if self._runs_once() else NO_CONSTANTS)
        except InOrder as refusal:
            self.in_order[node] = refusal
            return False
        self.in_order.pop(node, None)
        return True


def _call(name: str, *arguments: ast.expr, keywords: Iterable[ast.keyword] = ()) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), list(keywords))


def _placed(made: ast.expr, node: ast.stmt) -> ast.expr:
    for part in all_nodes(made):
        if isinstance(part, ast.expr):
            ast.copy_location(part, node)
    return made


def _part_loop(node: ast.For, body: list[ast.stmt]) -> ast.For:
    made = ast.For(node.target, node.iter, body, [])
    return copied(ast.copy_location(made, node))


def _over_kept(node: ComprehensionNode) -> ComprehensionNode:
    """`node` as it stands, but over what is kept; all else is shared with it."""
    first, *others = node.generators
    first = copy.copy(first)
    first.iter = ast.copy_location(_call(KEPT), first.iter)
    found = copy.copy(node)
    found.generators = [first, *others]
    return found
