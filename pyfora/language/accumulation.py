"""`for` loops whose turns have nothing in common but what they add to: rewritten so that turns can be jumped.

    for t in s:                     def pyfora_loop_1(source):
        x = f(t)                        for t in source:
        total += x                          x = f(t)
                                            yield x
                        becomes     pyfora_loop_1 = pyfora_loop(s, pyfora_loop_1, (("+=", (0,)),), ("total",), …)
                                    for t in pyfora_loop_1:
                                        if pyfora_loop_1.ready:
                                            try:
                                                (total,), t = pyfora_loop_1.jump(total)
                                            except pyfora_loop_1.unbound:
                                                pass
                                        x = f(t)
                                        total += x

The loop itself runs in order and in place. Where it takes long, turns up to the last one, or up to one that raises,
are run elsewhere by the *part*, which yields what each would have added; `jump` adds it, in order, and gives the turn
to go on with. The last turn runs in place, so that it leaves the variables, and nothing is ever raised by a jump.
(A loop that is run elsewhere as a whole would have to bring back every variable, and the traceback of what it raises.)
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from pyfora.language.flow import bound_names, carried_over, sure_names
from pyfora.language.in_order import InOrder
from pyfora.language.primitives import LOOP
from pyfora.language.steps import ADDING_METHODS, Step, go_together, step_of
from pyfora.language.trees import all_nodes, copied, names_in, placed

FEW_TURNS = 100
"""So many turns that do no work are over before a clock could be looked at."""

_QUICK_METHODS = ADDING_METHODS | {"get", "setdefault"}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_REFUSED = (
    *(ast.Return, ast.Yield, ast.YieldFrom, ast.Await, ast.AsyncFor, ast.AsyncWith, ast.Delete, ast.Global),
    *(ast.Nonlocal, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Match),
    *(ast.NamedExpr, ast.AnnAssign),
)
"""What no turn may hold: it leaves the loop, or binds or keeps variables in ways that are not followed here."""
_HELD = (ast.Name, ast.Attribute, ast.Subscript)
"""What gives an array that is there already."""
_SEES_SCOPE = frozenset(("locals", "vars", "dir", "eval", "exec", "globals", "super"))
_SEES_GLOBALS = frozenset(("globals",))
_CARRIED = "a turn may need what an earlier one has bound"


@dataclass
class Accumulation:
    """A loop whose turns can be jumped."""

    steps: list[Step] = field(default_factory=list)
    works: bool = True
    """Whether a turn may take longer than to look at the clock does."""
    part_body: list[ast.stmt] = field(default_factory=list)
    """The turn, with a `yield` in the place of every step: of its number and what it adds; of one alone, of this."""

    @property
    def streams(self) -> tuple[int, ...] | None:
        """For each step the number of what it adds to; None where to one of these turns add in more ways than one.

        What is added to one variable, or to several at once, must be added in order.
        """
        names = list(dict.fromkeys(step.names for step in self.steps))
        ways = {(step.names, step.kind) for step in self.steps}
        return tuple(names.index(step.names) for step in self.steps) if len(ways) == len(names) else None

    @property
    def names(self) -> list[str]:
        """The variables that are added to."""
        return list(dict.fromkeys(name for step in self.steps for name in step.names))


def accumulation_of(loop: ast.For, scope: ast.AST | None, *, in_with: bool) -> Accumulation:
    """How the turns of `loop` add to variables. Raises InOrder where they have anything else in common.

    `scope` is the function around it; None: its variables are seen from outside. `in_with`: it stands in a `with`, and
    in no loop there.
    """
    _check_turn(loop, in_with=in_with)
    found = Accumulation(works=_does_work(loop.body))
    targets = bound_names([loop.target])
    local = _local_names(loop.body, targets)
    for node in all_nodes(*loop.body):
        if isinstance(node, ast.Lambda) and local & names_in([node]):
            raise InOrder("a function that outlives its turn sees the variables of the last one", node)
    found.part_body = _Splitter(found, local).statements([copied(statement) for statement in loop.body])
    names = set(found.names)
    carried = carried_over(found.part_body, targets)
    if not names and carried is not None:
        raise InOrder(_CARRIED, carried)
    if not names:
        raise InOrder("its turns add to no variable, so they are run for what else they do", loop)
    if not go_together(found.steps):
        raise InOrder("its turns add to one variable in ways that see each other", loop)
    for node in all_nodes(*found.part_body):
        if isinstance(node, ast.Name) and node.id in names:
            # Whatever a turn mentions of what it adds to, beside the adding, it would see too early.
            raise InOrder(f"a turn uses `{node.id}` in another way than to add to it", node)
    if len(found.steps) == 1:
        found.part_body = [_Unnumbered().visit(statement) for statement in found.part_body]
    if carried is not None:
        raise InOrder(_CARRIED, carried)
    doubtful = local - names - sure_names(found.part_body, targets)
    outside = _mentioned_outside(scope, loop) if doubtful and scope is not None else doubtful
    if doubtful & outside:
        named = min(doubtful & outside)
        raise InOrder(f"not every turn binds `{named}`, which is seen after the loop", loop)
    shared = names & _declared(scope) if scope is not None else set()
    if shared:
        raise InOrder(f"`{min(shared)}` is a variable of several scopes", loop)
    return found


def _check_turn(loop: ast.For, *, in_with: bool) -> None:
    """Raises InOrder for what no turn may hold."""
    if loop.orelse:
        raise InOrder("it has an `else`", loop.orelse[0])
    end = _break_in(loop.body)
    if end is not None:
        raise InOrder("a turn may end the loop", end)
    for node in all_nodes(*loop.body):
        if isinstance(node, _REFUSED):
            raise InOrder("a turn may leave the loop here, or bind or keep variables in a way not followed", node)
        if isinstance(node, ast.Name) and node.id in _SEES_SCOPE:
            raise InOrder(f"`{node.id}` sees the variables of the very scope", node)
    if not _is_plain_target(loop.target):
        raise InOrder("its target is more than names", loop.target)
    # A loop that runs once may be looked at before it does.
    may_be_long = is_long_range(loop.iter) or (in_with and isinstance(loop.iter, _HELD))
    if not (_does_work(loop.body) or may_be_long):
        raise InOrder("its turns are over before a clock could be looked at", loop)


def lists_its_variables(space: ast.AST) -> bool:
    """Whether code of a function or module, or `globals()` in a function within it, may list all its variables.

    It would list ours, too.
    """
    nodes = [(child, _SEES_SCOPE) for child in ast.iter_child_nodes(space)]
    while nodes:
        node, seen = nodes.pop()
        if isinstance(node, ast.Name) and node.id in seen:
            return True
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            seen = _SEES_GLOBALS
        nodes.extend((child, seen) for child in ast.iter_child_nodes(node))
    return False


def jumping(
    loop: ast.For, found: Accumulation, name: str, argument: str, source: ast.expr, at: ast.Constant
) -> list[ast.stmt]:
    """The statements in the place of `loop`, whose body is rewritten already; `source` is what it runs over.

    `name` is the one variable that they need, `argument` that of the part.
    """
    target = loop.target
    over = ast.For(copied(target), ast.Name(argument, ast.Load()), found.part_body, [])
    definition = ast.FunctionDef(name=name, args=_argument(argument), body=[over], decorator_list=[])
    if hasattr(ast, "TypeAlias"):
        definition.type_params = []  # type: ignore[attr-defined,unused-ignore]
    names = found.names
    steps = tuple((step.kind, tuple(map(names.index, step.names))) for step in found.steps)
    made = ast.Call(
        ast.Name(LOOP, ast.Load()),
        [source, ast.Name(name, ast.Load()), _constant(steps), _constant(tuple(names))],
        [ast.keyword("unpacks", ast.Constant(isinstance(target, ast.Tuple))), ast.keyword("at", at)],
    )
    jumped = ast.Call(_of(name, "jump"), [ast.Name(one, ast.Load()) for one in names], [])
    values = ast.Tuple([ast.Name(one, ast.Store()) for one in names], ast.Store())
    rebound = ast.Assign([ast.Tuple([values, copied(target)], ast.Store())], jumped)
    unbound = ast.ExceptHandler(_of(name, "unbound"), None, [ast.Pass()])
    entry = ast.If(_of(name, "ready"), [ast.Try([rebound], [unbound], [], [])], [])
    assigned = ast.Assign([ast.Name(name, ast.Store())], made)
    loop.iter = ast.copy_location(ast.Name(name, ast.Load()), source)
    for statement in (definition, assigned, entry):
        placed(ast.copy_location(statement, loop))
    loop.body = [entry, *loop.body]
    return [definition, assigned, loop]


def _argument(name: str) -> ast.arguments:
    return ast.arguments(posonlyargs=[], args=[ast.arg(name)], kwonlyargs=[], kw_defaults=[], defaults=[])


def _constant(value: tuple[Any, ...]) -> ast.expr:
    return ast.Constant(value)  # type: ignore[arg-type,unused-ignore]  # the stubs know of no tuples


def _of(name: str, attribute: str) -> ast.Attribute:
    return ast.Attribute(ast.Name(name, ast.Load()), attribute, ast.Load())


# ---- what a turn adds ----------------------------------------------------------------------------------------------


class _Splitter:
    """Puts a `yield` in the place of every statement that adds to something older than the turn."""

    def __init__(self, found: Accumulation, local: set[str]) -> None:
        self._found = found
        self._local = local

    def statements(self, body: list[ast.stmt]) -> list[ast.stmt]:
        return [self._statement(statement) for statement in body]

    def _statement(self, node: ast.stmt) -> ast.stmt:
        step = step_of(node)
        if step is not None and not self._local & set(step.names):
            number = len(self._found.steps)
            self._found.steps.append(step)
            pair = ast.Tuple([ast.Constant(number), step.yielded], ast.Load())
            return placed(ast.copy_location(ast.Expr(ast.Yield(pair)), node))
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(node, name, None)
            if isinstance(inner, list):
                setattr(node, name, self.statements(inner))
        for handler in getattr(node, "handlers", []):
            handler.body = self.statements(handler.body)
        return node


class _Unnumbered(ast.NodeTransformer):
    """Takes the number out of what is yielded."""

    def visit_Yield(self, node: ast.Yield) -> ast.AST:
        assert isinstance(node.value, ast.Tuple)
        return ast.copy_location(ast.Yield(node.value.elts[1]), node)


# ---- what turns have in common -------------------------------------------------------------------------------------


def _local_names(body: list[ast.stmt], targets: set[str]) -> set[str]:
    """The names that a turn binds itself, beside the `targets` of the loop, and not as a step does."""
    local, before = set(targets), set[str]()
    while local != before:
        before = set(local)
        local |= _bound_in(body, local)
    return local


def _bound_in(body: list[ast.stmt], local: set[str]) -> set[str]:
    bound: set[str] = set()
    for node in body:
        step = step_of(node)
        if step is not None and not local & set(step.names):
            continue
        if isinstance(node, ast.Assign):
            bound |= bound_names(node.targets)
        elif isinstance(node, ast.For):
            bound |= bound_names([node.target])
        elif isinstance(node, ast.With):
            bound |= bound_names([item.optional_vars for item in node.items if item.optional_vars])
        for name in ("body", "orelse", "finalbody"):
            bound |= _bound_in(getattr(node, name, []), local)
        for handler in getattr(node, "handlers", []):
            bound |= _bound_in(handler.body, local) | ({handler.name} if handler.name else set())
    return bound


def _is_plain_target(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple):
        return all(isinstance(one, ast.Name) for one in target.elts)
    return isinstance(target, ast.Name)


def _does_work(body: list[ast.stmt]) -> bool:
    """Whether a turn may take longer than to look at the clock does."""
    if any(isinstance(node, (ast.For, ast.While, *_COMPREHENSIONS)) for node in all_nodes(*body)):
        return True
    calls = (node.func for node in all_nodes(*body) if isinstance(node, ast.Call))
    return not all(isinstance(callee, ast.Attribute) and callee.attr in _QUICK_METHODS for callee in calls)


def is_long_range(source: ast.expr) -> bool:
    """Whether `source` is spelled as a range, and not as one of a few elements."""
    match source:
        case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]):
            bounds = [one.value for one in args if isinstance(one, ast.Constant) and type(one.value) is int]
            return len(bounds) < len(args) or max(map(abs, bounds), default=0) > FEW_TURNS
    return False


def _break_in(body: list[ast.stmt]) -> ast.Break | None:
    """A `break` that may end this loop."""
    for statement in body:
        if isinstance(statement, ast.Break):
            return statement
        inner = [] if isinstance(statement, (ast.For, ast.While)) else getattr(statement, "body", [])
        blocks = [inner, getattr(statement, "orelse", []), getattr(statement, "finalbody", [])]
        blocks += [handler.body for handler in getattr(statement, "handlers", [])]
        found = next(filter(None, map(_break_in, blocks)), None)
        if found is not None:
            return found
    return None


def _mentioned_outside(scope: ast.AST, loop: ast.For) -> set[str]:
    inside = {id(node) for node in all_nodes(loop)}
    return {node.id for node in all_nodes(scope) if isinstance(node, ast.Name) and id(node) not in inside}


def _declared(scope: ast.AST) -> set[str]:
    """Names that `scope`, or a scope within it, shares with others by declaration."""
    declarations = (node for node in all_nodes(scope) if isinstance(node, (ast.Global, ast.Nonlocal)))
    return {name for node in declarations for name in node.names}
