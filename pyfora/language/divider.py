"""Goes through a tree, and divides what stands in it side by side: operands, arguments, statements in a row."""

from __future__ import annotations

import ast

from pyfora.language.dividing import (
    Thunks,
    can_be_moved,
    divided_call,
    divided_display,
    divided_operation,
    divided_row,
    may_be_long,
    rows,
)
from pyfora.language.scopes import ScopedTransformer

_DEEPEST = 2
"""Divisions nested deeper are none: each doubles the code."""


class Divider(ScopedTransformer):
    """`argument` is a name that the text does not use: that of a lambda's own parameter."""

    def __init__(self, root: ast.AST, argument: str) -> None:
        super().__init__(root)
        self._thunks = Thunks(argument)
        self.plain: dict[ast.AST, list[ast.AST]] = {}
        """What a person reads in the place of a choice between that and the original."""

    def visit_body(self, body: list[ast.stmt], target: ast.expr | None = None) -> None:
        """As ever; and statements in a row that may be divided are."""
        made: list[ast.stmt] = []
        in_loop = target is not None
        with self.within(runs_once=self.scope.runs_once and not in_loop, in_with=self.scope.in_with and not in_loop):
            if target is not None:
                self.bind(target)
            for row in [[one] for one in body] if self.scope.in_class_body else rows(body, self.scope.name):
                bound = self.scope.bound
                thunks = [self._thunks.of(one.value, bound) for one in row[1:] if isinstance(one, ast.Assign)]
                visited: list[ast.stmt] = []
                for statement in row:
                    found = self.visit(statement)
                    visited += found if isinstance(found, list) else [found]
                    if isinstance(statement, ast.Assign):
                        self.bind(*(target for target in statement.targets if isinstance(target, ast.Name)))
                if thunks:
                    choice = divided_row([one for one in visited if isinstance(one, ast.Assign)], thunks)
                    self.plain[choice] = [*choice.body]
                    visited = [choice]
                made += visited
        body[:] = made

    def _thunks_of(self, node: ast.expr, values: list[ast.expr]) -> list[ast.Lambda | None]:
        """For each of the values of `node` that may be long, after the first such: its lambda."""
        none: list[ast.Lambda | None] = [None for _ in values]
        if self.scope.in_class_body or self.scope.in_comprehension or self.scope.divided >= _DEEPEST:
            return none
        long = [number for number, value in enumerate(values) if self._may_be_long(value)]
        if len(long) > 1 and can_be_moved(node):
            for number in long[1:]:
                none[number] = self._thunks.of(values[number], self.scope.bound)
        return none

    def _may_be_long(self, value: ast.expr) -> bool:
        return may_be_long(value, self.scope.name)

    def _visit_divided(self, node: ast.expr) -> None:
        with self.within(divided=self.scope.divided + 1):
            self.generic_visit(node)

    def _divided(self, choice: ast.IfExp) -> ast.IfExp:
        self.plain[choice] = [choice.body]
        return choice

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        # Without recursion: sums of hundreds of terms are nested as deeply.
        around, inner = None, node
        while True:
            thunk = self._thunk_of_right(inner)
            if thunk is not None:
                self._visit_divided(inner)
                divided = self._divided(divided_operation(inner, thunk))
                if around is None:
                    return divided
                around.left = divided
                return node
            if not isinstance(inner.left, ast.BinOp):
                self.generic_visit(inner)
                return node
            inner.right = self.visit(inner.right)
            around, inner = inner, inner.left

    def _thunk_of_right(self, node: ast.BinOp) -> ast.Lambda | None:
        return self._thunks_of(node, [node.left, node.right])[1] if self._may_be_long(node.right) else None

    def _visit_display(self, node: ast.Tuple | ast.List) -> ast.AST:
        thunks = self._thunks_of(node, node.elts) if isinstance(node.ctx, ast.Load) else []
        if not any(thunks):
            return self.generic_visit(node)
        self._visit_divided(node)
        return self._divided(divided_display(node, thunks))

    visit_Tuple = _visit_display
    visit_List = _visit_display

    def visit_other_call(self, node: ast.Call) -> ast.AST:
        """A call that is nothing but one."""
        starred = any(isinstance(argument, ast.Starred) for argument in node.args)
        thunks = [] if starred else self._thunks_of(node, node.args)
        if not any(thunks):
            return self.generic_visit(node)
        self._visit_divided(node)
        return self._divided(divided_call(node, thunks))
