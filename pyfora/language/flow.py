"""Which names a loop's turn binds for sure, and whether it may read one that an earlier turn has bound."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from pyfora.language.trees import all_nodes, children_of

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def bound_names(targets: Iterable[ast.AST]) -> set[str]:
    """The names that an assignment to these targets binds."""
    return {
        node.id
        for target in targets
        for node in all_nodes(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def carried_over(body: list[ast.stmt], targets: set[str]) -> ast.AST | None:
    """Where a turn may read a variable that only an earlier turn has bound. `targets`: what the loop itself binds."""
    flow = _Flow(targets | bound_names(body))
    flow.block(body, set(targets))
    return flow.carried


def sure_names(body: list[ast.stmt], targets: set[str]) -> set[str]:
    """The names that are bound whichever way a turn goes."""
    flow = _Flow(targets | bound_names(body))
    flow.sure_until_skipped = None
    bound = flow.block(body, set(targets))
    return bound if flow.sure_until_skipped is None else flow.sure_until_skipped & bound


class _Flow:
    """Follows statements in order, with the names that are bound for sure by then."""

    def __init__(self, variables: set[str]) -> None:
        self._variables = variables
        self.carried: ast.AST | None = None
        """The first place that may read what only an earlier turn has bound."""
        self.sure_until_skipped: set[str] | None = None
        """What was bound where a `continue` may first have ended the turn."""

    def block(self, body: list[ast.stmt], bound: set[str]) -> set[str]:
        """The names bound for sure after these statements."""
        for statement in body:
            if self.sure_until_skipped is None and _may_continue([statement]):
                self.sure_until_skipped = set(bound)
            bound = self._statement(statement, bound)
        return bound

    def _statement(self, node: ast.stmt, bound: set[str]) -> set[str]:
        match node:
            case ast.Assign(targets=targets, value=value):
                self._read([value, *targets], bound)
                return bound | bound_names(targets)
            case ast.AugAssign(target=target, value=value):
                # The target is read, too, though it is written as a store.
                if isinstance(target, ast.Name) and target.id not in bound:
                    self.carried = self.carried or target
                self._read([target, value], bound)
                return bound
            case ast.If(test=test, body=body, orelse=orelse):
                self._read([test], bound)
                return self.block(body, set(bound)) & self.block(orelse, set(bound))
            case ast.For(target=target, iter=source, body=body, orelse=orelse):
                self._read([source, target], bound)
                self.block(body, bound | bound_names([target]))
                self.block(orelse, set(bound))
                return bound
            case ast.While(test=test, body=body, orelse=orelse):
                self._read([test], bound)
                self.block(body, set(bound))
                self.block(orelse, set(bound))
                return bound
            case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                self.block(orelse, self.block(body, set(bound)))
                for handler in handlers:
                    # A handler's name is unbound at its end, as if it had never been bound.
                    own = {handler.name} if handler.name else set()
                    self._read([handler.type] if handler.type else [], bound)
                    self.block(handler.body, bound | own)
                return self.block(finalbody, set(bound)) - {handler.name for handler in handlers if handler.name}
            case ast.With(items=items, body=body):
                inner = set(bound)
                for item in items:
                    self._read([item.context_expr], inner)
                    inner |= bound_names([item.optional_vars] if item.optional_vars else [])
                self.block(body, inner)
                return bound
            case ast.Expr() | ast.Assert() | ast.Raise() | ast.Pass() | ast.Continue() | ast.Break():
                self._read([node], bound)
                return bound
        self.carried = self.carried or node  # a statement of another kind: nothing is known of it
        return bound

    def _read(self, nodes: Iterable[ast.AST], bound: set[str]) -> None:
        for node in nodes:
            unsure = (_free_reads(node) & self._variables) - bound
            if unsure and self.carried is None:
                self.carried = next(one for one in all_nodes(node) if isinstance(one, ast.Name) and one.id in unsure)


def _may_continue(body: list[ast.stmt]) -> bool:
    """Whether a `continue` within may end the turn."""
    for statement in body:
        if isinstance(statement, ast.Continue):
            return True
        inner = [] if isinstance(statement, (ast.For, ast.While)) else getattr(statement, "body", [])
        blocks = [inner, getattr(statement, "orelse", []), getattr(statement, "finalbody", [])]
        blocks += [handler.body for handler in getattr(statement, "handlers", [])]
        if any(map(_may_continue, blocks)):
            return True
    return False


def _free_reads(node: ast.AST) -> set[str]:
    """The names that `node` reads and does not bind itself, as a comprehension or lambda does."""
    if isinstance(node, ast.Lambda):
        given = node.args
        own = {arg.arg for arg in all_nodes(given) if isinstance(arg, ast.arg)}
        return (_free_reads(node.body) - own) | _free_reads(given)
    if isinstance(node, _COMPREHENSIONS):
        inner: set[str] = set().union(*map(_free_reads, children_of(node)))
        targets = bound_names(clause.target for clause in node.generators)
        return (inner - targets) | _free_reads(node.generators[0].iter)
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    return set().union(*map(_free_reads, children_of(node)))
