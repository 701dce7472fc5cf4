"""What is known of one loop before it runs: compiled, interpreted, in order, or decided when it runs; and why."""

from __future__ import annotations

import ast
import linecache
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import FunctionType

from pyfora.client.meanings import Variable
from pyfora.compile import FunctionSource, Loop, NotCompiled, Site, analyse
from pyfora.language.excerpts import excerpt
from pyfora.language.explain import Found
from pyfora.language.in_order import InOrder
from pyfora.language.rewriter import LoopNode
from pyfora.language.sources import source_lines

_TEXT_CHARACTERS = 80


@dataclass(frozen=True)
class LoopVerdict:
    """What is said of one loop."""

    filename: str
    line: int
    text: str
    verdict: str
    """"compiled", "interpreted", "in order" or "decided when it runs"."""
    reason: str
    construct: str = ""
    """The line of the construct that refused, and a caret below the construct; empty where there is none."""

    def __str__(self) -> str:
        said = f"{self.filename}:{self.line}: {self.verdict}: {self.text}\n    {self.reason}"
        return said + (f"\n{textwrap.indent(self.construct, ' ' * 8)}" if self.construct else "")


@dataclass(frozen=True)
class AskedLoop:
    """A loop of a text, with all that tells what becomes of it."""

    found: Found
    node: LoopNode
    """As it was written."""
    lookup: Callable[[str], object]
    """What a name means there. Raises Variable, or NameError where nobody can tell."""
    source: Callable[[FunctionType], FunctionSource | None]
    filename: str
    program: str
    """The whole text."""
    text: str = ""
    """The loop as it is shown, where that is not its node."""

    def verdict(self, word: str, reason: str, construct: str = "") -> LoopVerdict:
        """What is said of it."""
        text = self.text or _on_one_line(self.node)
        return LoopVerdict(self.filename, self.node.lineno, text, word, reason, construct)

    def because(self, word: str, reason: InOrder) -> LoopVerdict:
        """The same, pointing at a construct in the text."""
        node = reason.construct if hasattr(reason.construct, "lineno") else self.node
        site = Site(self.filename, node)
        return self.verdict(word, f"{reason.reason} (line {site.line})", self.shown(site))

    def shown(self, site: Site | None) -> str:
        """The line of a construct, with carets below it; empty where its text is not known."""
        if site is None or not site.line:
            return ""
        is_here = site.filename == self.filename
        text = source_lines(self.program) if is_here else linecache.getlines(site.filename)
        last, end_column = site.end
        lines = text[site.line - 1 : last]
        return str(excerpt(lines, site.column, end_column)) if lines else ""


def _on_one_line(node: ast.AST) -> str:
    """A loop, or what stands before its colon."""
    text = ast.unparse(node).partition("\n")[0]
    return text if len(text) <= _TEXT_CHARACTERS else f"{text[: _TEXT_CHARACTERS - 3]}…"


def _called(call: ast.Call) -> ast.GeneratorExp | None:
    """The loop that a call of `map` or `filter` is; None of any other, and of those over several sources."""
    match call:
        case ast.Call(func=ast.Name(id="map" | "filter" as maker), args=[function, source], keywords=[]):
            element = ast.Name("each element", ast.Load())
            made: ast.expr = ast.Call(function, [element], [])
            if isinstance(function, ast.Constant):
                made = element  # `filter(None, …)` asks for the truth of each
            tests: list[ast.expr] = [made] if maker == "filter" else []
            clause = ast.comprehension(ast.Name("each element", ast.Store()), source, tests, 0)
            loop = ast.GeneratorExp(made if maker == "map" else element, [clause])
            for node in (loop, element, made, clause.target):
                ast.copy_location(node, call)
            return loop
    return None


def verdict_of(loop: AskedLoop) -> LoopVerdict:
    """What becomes of a loop."""
    found = loop.found
    if found.in_order is not None:
        return loop.because("in order", found.in_order)
    if found.interpreted is not None:
        return loop.because("interpreted", found.interpreted)
    node = _called(loop.node) if isinstance(loop.node, ast.Call) else loop.node
    if node is None:
        return loop.verdict("decided when it runs", f"it depends on what `{ast.unparse(loop.node)}` goes through")
    assert not isinstance(node, (ast.While, ast.Call))
    loop = replace(loop, node=node, text=_on_one_line(loop.node))
    over = node.iter if isinstance(node, ast.For) else node.generators[0].iter
    target = node.target if isinstance(node, ast.For) else node.generators[0].target
    if not isinstance(target, ast.Name):
        return loop.verdict("decided when it runs", f"it depends on what `{ast.unparse(over)}` gives")
    over_range = isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and over.func.id == "range"
    elements = "its turns add" if isinstance(node, ast.For) else "its elements are of type"
    tried = [_analysed(loop, assumed) for assumed in (1, 1.0)]
    for element, (taken, unknown), refusal in tried:
        assumption = f", taking {_listed(taken)} to be {'an int' if len(set(taken)) == 1 else 'ints'}" if taken else ""
        if element is not None and over_range:
            return loop.verdict("compiled", f"{elements} {element}{assumption}")
        if element is not None:
            reason = f"it is compiled where `{ast.unparse(over)}` gives ints{assumption}"
            return loop.verdict("decided when it runs", reason)
        if unknown or (taken and str(refusal) != str(tried[1][2])):
            wanted = unknown or taken
            return loop.verdict("decided when it runs", f"it depends on what {_listed(wanted)} is when the block runs")
        break
    refusal = tried[0][2]
    assert refusal is not None
    construct = loop.shown(refusal.site)
    if not over_range:
        reason = f"where `{ast.unparse(over)}` gives ints, it is not compiled: {refusal}"
        return loop.verdict("decided when it runs", reason, construct)
    return loop.verdict("interpreted", str(refusal), construct)


def _analysed(
    loop: AskedLoop, assumed: int | float
) -> tuple[str | None, tuple[list[str], list[str]], NotCompiled | None]:
    """The elements' type where variables are of the type of `assumed`; (variables, unknown names); the refusal."""
    taken: list[str] = []
    unknown: list[str] = []

    def noting(find: Callable[[str], object]) -> Callable[[str], object]:
        def found(name: str) -> object:
            try:
                return find(name)
            except Variable:
                taken.append(name)
                return assumed
            except NameError:
                unknown.append(name)
                raise

        return found

    def noting_source(function: FunctionType) -> FunctionSource | None:
        found = loop.source(function)
        return None if found is None else FunctionSource(found.filename, found.node, noting(found.lookup))

    names = (taken, unknown)
    streams = loop.found.streams
    part = loop.found.part if isinstance(loop.node, ast.For) else loop.node
    assert part is not None and not isinstance(part, (ast.While, ast.Call))
    try:
        return analyse(Loop(loop.filename, part, noting(loop.lookup), noting_source, streams=streams)), names, None
    except NotCompiled as refusal:
        return None, names, refusal


def _listed(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in dict.fromkeys(names))
