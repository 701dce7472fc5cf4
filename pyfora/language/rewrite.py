"""Rewriting: comprehensions and folded generator expressions become calls of the parallel primitives.

`sum(e for t in s)` becomes `pyfora_fold(sum, lambda source: (e for t in source), s, at=(line, column))`, and
`[e for t in s]` becomes `pyfora_comprehension("list", lambda source: [e for t in source], s, at=(line, column))`;
`reduce(f, (e for t in s))` becomes `pyfora_reduce(reduce, f, lambda …)`, and a source `zip(a, b)`, which no other code
can see, becomes `pyfora_source(at, zip, a, b)`. So `sum(map(f, s))` is `pyfora_fold(sum, None, pyfora_source(at, map,
f, s), at=…)`: None is the part that gives its source as it is. And `sorted(s, key=f)` is `pyfora_keyed(sorted, s, f,
at=…)`.
The lambda is the *part*: of a part of the source it makes what the whole would have made of it (of a set: its
elements, one after the other). The callee is evaluated first, then the source, as in the original; every name means
what it meant.

A loop that is run more than once, and known to be short by then, costs hardly more than where it was never rewritten,
since the original stands beside the call:
`[e for t in pyfora_kept()] if pyfora_is_short(at, s) else pyfora_comprehension("list", …, pyfora_kept())`.
The test evaluates the source and keeps it for whichever of the two is run, at once. (A name to hold it would be one
more variable of the user's; and making the lambda, calling the primitive and calling the part takes longer than most
short loops.)

A `for` loop that accumulates is made one that can be jumped (pyfora.language.accumulation). Where its turns are so
quick that only a kernel is worth a jump, the original stands beside it, too, for all but ranges of some length. The
test is spelled out: a call of one of ours would take as long as such a loop.
Independent calls are made such that a later one can be begun before its turn (pyfora.language.dividing).
"""

from __future__ import annotations

import ast

from pyfora.language.brief import Constants
from pyfora.language.rewriter import Rewriter
from pyfora.language.sources import ParsedSegment, Segment
from pyfora.language.trees import Node, copied, placed


class RewrittenSegment:
    """A segment's rewritten tree beside its numbered nodes; node `n` is the same node as in the parsed segment."""

    def __init__(self, segment: Segment) -> None:
        form = ParsedSegment(segment)
        self.segment = segment
        self.nodes, self.withs = form.nodes, form.withs
        self.class_names = [form.class_around(node) for node in form.nodes]
        rewriter = Rewriter(segment, form.tree)
        self.tree = rewriter.visit(form.tree)
        placed(self.tree)
        self.parts = rewriter.parts
        self.loops = rewriter.loops
        self.called = rewriter.called
        self.plain = rewriter.plain
        self.in_order, self.interpreted = rewriter.in_order, rewriter.interpreted


def rewritten_function(segment: Segment, node: Node) -> Node:
    """The rewritten form of a function's node of `parsed(segment)`, and of it alone.

    Mostly only a little of a long statement is run.
    """
    made = copied(node)
    Rewriter(segment, made).visit(made)
    return placed(made)


def rewritten_block(segment: Segment, number: int, constants: Constants) -> ast.With:
    """The rewritten form of this one of the segment's `with`s, and of it alone, where names have these values."""
    # Of a tree of its own: to parse the text takes less time than to copy the tree of a long block.
    node = ParsedSegment(segment).withs[number]
    rewriter = Rewriter(segment, node, constants)
    rewriter.visit(node)
    return placed(node) if rewriter.has_changed else node


def rewrite_text(text: str, filename: str) -> ast.Module:
    """The rewritten tree of a whole text. Raises SyntaxError where it is no Python."""
    tree: ast.Module = RewrittenSegment(Segment(filename, 1, text)).tree
    return tree
