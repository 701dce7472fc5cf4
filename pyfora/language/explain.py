"""The rewritten program as text that a person can read."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pyfora.errors import CantGetSourceTextError
from pyfora.language.in_order import InOrder
from pyfora.language.rewrite import RewrittenSegment
from pyfora.language.rewriter import LoopNode
from pyfora.language.rules import is_remote_block
from pyfora.language.sources import ComprehensionNode, Segment


@dataclass(frozen=True)
class Found:
    """One loop of a text."""

    node: LoopNode
    """It stands at the place that it has in the text; what is in it may be rewritten."""
    part: ComprehensionNode | ast.For | None = None
    """What the compiler is asked for: the comprehension, or the turns as they yield what they add.

    None: nothing, or of a call of `map` or its like the loop that it is.
    """
    streams: tuple[int, ...] = (0,)
    """As those of a PartLoop."""
    in_order: InOrder | None = None
    """Why it is left as it was written."""
    interpreted: InOrder | None = None
    """Why it is spread, but never compiled."""

    @property
    def place(self) -> tuple[int, int, type]:
        """By which the loop is found in the tree of the text as it was written."""
        return self.node.lineno, self.node.col_offset, type(self.node)


@dataclass(frozen=True)
class Explained:
    """A text after rewriting."""

    text: str
    loops: tuple[Found, ...]
    """All loops, in order of their places."""
    blocks: tuple[int, ...]
    """The lines of the remote blocks."""


def explain_source(text: str, filename: str = "<text>") -> Explained:
    """What the rewriting makes of `text`. Raises CantGetSourceTextError, with the line, where it is no Python."""
    try:
        form = RewrittenSegment(Segment(filename, 1, text))
    except SyntaxError as error:
        raise CantGetSourceTextError(f"{filename}:{error.lineno}: this is no Python: {error.msg}") from error
    blocks = [node.lineno for node in form.withs if any(is_remote_block(item.context_expr) for item in node.items)]
    return Explained(
        ast.unparse(_WithoutChoices(form.plain).visit(form.tree)) + "\n",
        tuple(sorted(_loops(form), key=lambda found: found.place[:2])),
        tuple(sorted(blocks)),
    )


def _loops(form: RewrittenSegment) -> Iterator[Found]:
    for part in form.parts.values():
        yield Found(part, part=part)
    for turns in form.loops.values():
        yield Found(turns.node, part=turns.node, streams=turns.streams)
    for call in form.called:
        yield Found(call)
    for node, reason in form.interpreted.items():
        yield Found(node, interpreted=reason)
    for node, reason in form.in_order.items():
        yield Found(node, in_order=reason)


class _WithoutChoices(ast.NodeTransformer):
    """Leaves out what short loops and calls do, for a person to read."""

    def __init__(self, plain: Mapping[ast.AST, list[ast.AST]]) -> None:
        """`plain` as of a RewrittenSegment."""
        self._plain = plain

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        (plain,) = self._plain.get(node, [node])
        # Of a division the original itself, in which there may be more of them.
        return self.generic_visit(plain) if plain is node else self.visit(plain)

    def _visit_statement(self, node: ast.If | ast.Assign) -> ast.AST | list[ast.AST]:
        plain = self._plain.get(node)
        return self.generic_visit(node) if plain is None else [self.generic_visit(one) for one in plain]

    visit_If = _visit_statement
    visit_Assign = _visit_statement
