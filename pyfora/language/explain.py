"""The rewritten program as text that a person can read."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pyfora.errors import CantGetSourceTextError
from pyfora.language.rewrite import RewrittenSegment
from pyfora.language.rules import is_remote_block
from pyfora.language.sources import ComprehensionNode, Segment


@dataclass(frozen=True)
class Explained:
    """A text after rewriting."""

    text: str
    loops: tuple[ComprehensionNode, ...]
    """The comprehensions that became parts, in order of their lines, with the positions of the file."""
    blocks: tuple[int, ...]
    """The lines of the remote blocks."""


def explain_source(text: str, filename: str = "<text>") -> Explained:
    """What the rewriting makes of `text`. Raises CantGetSourceTextError, with the line, where it is no Python."""
    try:
        form = RewrittenSegment(Segment(filename, 1, text))
    except SyntaxError as error:
        raise CantGetSourceTextError(f"{filename}:{error.lineno}: this is no Python: {error.msg}") from error
    loops = sorted(form.parts.values(), key=lambda node: (node.lineno, node.col_offset))
    blocks = [node.lineno for node in form.withs if any(is_remote_block(item.context_expr) for item in node.items)]
    return Explained(
        ast.unparse(_WithoutChoices(form.plain).visit(form.tree)) + "\n", tuple(loops), tuple(sorted(blocks))
    )


def explain_file(path: str | Path) -> Explained:
    """What the rewriting makes of the file at `path`. Raises OSError where it cannot be read."""
    return explain_source(Path(path).read_text(), str(path))


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
