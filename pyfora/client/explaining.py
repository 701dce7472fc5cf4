"""What would become of a program's loops: the rewritten text, and for each loop whether it is compiled."""

from __future__ import annotations

import ast
import builtins
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

from pyfora.client.meanings import TextMeanings, Variable
from pyfora.compile import FunctionSource, Loop, NotCompiled, analyse
from pyfora.errors import CantGetSourceTextError
from pyfora.language.explain import Explained, explain_source
from pyfora.language.rules import is_remote_block
from pyfora.language.sources import function_reference, parse_text, parsed, source_file

_COMPREHENSIONS = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)


@dataclass(frozen=True)
class LoopVerdict:
    """What is known of one loop before it runs."""

    filename: str
    line: int
    text: str
    verdict: str
    """"compiled", "interpreted" or "decided when it runs"."""
    reason: str
    construct: str = ""
    """The line of the construct that refused, and a caret below the construct; empty where there is none."""

    def __str__(self) -> str:
        said = f"{self.filename}:{self.line}: {self.verdict}: {self.text}\n    {self.reason}"
        return said + (f"\n{textwrap.indent(self.construct, ' ' * 8)}" if self.construct else "")


def _pointed_at(refusal: NotCompiled, filename: str, text: str) -> str:
    """The line that a refusal names, with a caret, where it is one of this text."""
    lines = text.splitlines()
    if refusal.filename != filename or not 0 < refusal.line <= len(lines):
        return ""
    line = lines[refusal.line - 1]
    # Columns are counted in bytes of UTF-8.
    before = line.encode()[: refusal.column].decode(errors="ignore")
    indent = len(line) - len(line.lstrip())
    return f"{line.strip()}\n{' ' * (len(before) - indent)}^"


def explain_text(text: str, filename: str) -> str:
    """What becomes of a program's text, without running any of it. Raises CantGetSourceTextError."""
    explained = explain_source(text, filename)
    tree = parse_text(text, filename)
    names = TextMeanings(tree, filename)
    verdicts = [_verdict(loop, names.lookup_at(loop), names.source, filename, text) for loop in _loops(explained, tree)]
    return "\n\n".join([*_blocks(explained, filename), _said(verdicts)]) + "\n"


def explain_path(path: str) -> str:
    """As `explain_text`, for the file at `path`. Raises CantGetSourceTextError where it cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CantGetSourceTextError(f"{path} cannot be read: {error}. Give the path of a Python file.") from None
    return explain_text(text, path)


def explain_function(function: Callable[..., Any]) -> str:
    """What becomes of the loops of a live function, whose globals are known. Raises CantGetSourceTextError."""
    if not isinstance(function, FunctionType):
        raise CantGetSourceTextError(f"{function!r} is no function written in Python; give one that is.")
    code = function.__code__
    segment = source_file(code, function.__globals__).segment_at(code.co_firstlineno)
    found = _live_source(function)
    if segment is None or found is None:
        raise CantGetSourceTextError(
            f"{code.co_filename}:{code.co_firstlineno}: the source text of {function.__name__} is not what is running. "
            "Start the program (or the notebook's cell) again."
        )
    # The empty lines before it keep the lines of the file.
    text = "\n" * (segment.first_line - 1) + segment.text
    explained = explain_source(text, segment.filename)
    tree = parse_text(text, segment.filename)
    first, last = found.node.lineno, found.node.end_lineno or found.node.lineno
    loops = [loop for loop in _loops(explained, tree) if first <= loop.lineno <= last]
    local = {*code.co_varnames, *code.co_cellvars}

    def lookup(name: str) -> object:
        if name in local:
            raise Variable(name)
        return found.lookup(name)

    verdicts = [_verdict(loop, lookup, _live_source, segment.filename, text) for loop in loops]
    return f"{explained.text.strip()}\n\n{_said(verdicts)}\n"


def _live_source(function: FunctionType) -> FunctionSource | None:
    reference = function_reference(function.__code__, function.__globals__)
    if reference is None:
        return None
    node = parsed(reference.segment).nodes[reference.number]
    if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
        return None
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))

    def lookup(name: str) -> object:
        if name in cells:
            try:
                return cells[name].cell_contents
            except ValueError:
                raise NameError(name) from None
        return _global_name(function.__globals__, name)

    return FunctionSource(reference.segment.filename, node, lookup)


def _global_name(names: dict[str, Any], name: str) -> object:
    if name in names:
        return names[name]
    try:
        return getattr(builtins, name)
    except AttributeError:
        raise NameError(name) from None


def _loops(explained: Explained, tree: ast.Module) -> list[Any]:
    """The spread comprehensions as the user wrote them."""
    places = {(loop.lineno, loop.col_offset, type(loop)) for loop in explained.loops}
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, _COMPREHENSIONS) and (node.lineno, node.col_offset, type(node)) in places
    ]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _blocks(explained: Explained, filename: str) -> Iterator[str]:
    """The rewritten text of every remote block, and of the functions and classes of the file that blocks reach."""
    tree = parse_text(explained.text, filename)
    blocks = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.With) and any(is_remote_block(item.context_expr) for item in node.items)
    ]
    blocks.sort(key=lambda node: node.lineno)
    for node, line in zip(blocks, explained.blocks, strict=True):
        yield f"{filename}:{line}: the block\n{textwrap.indent(ast.unparse(node), '    ')}"
    defined = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    reached: list[str] = []
    waiting: list[ast.AST] = list(blocks)
    while waiting:
        for inner in ast.walk(waiting.pop(0)):
            if isinstance(inner, ast.Name) and inner.id in defined and inner.id not in reached:
                reached.append(inner.id)
                waiting.append(defined[inner.id])
    for name in reached:
        yield f"reached by it: {name}\n{textwrap.indent(ast.unparse(defined[name]), '    ')}"


def _verdict(
    node: Any,
    lookup: Callable[[str], object],
    source: Callable[[FunctionType], FunctionSource | None],
    filename: str,
    program: str,
) -> LoopVerdict:
    text = ast.unparse(node)
    text = text if len(text) <= 80 else text[:77] + "…"

    def verdict(word: str, reason: str, construct: str = "") -> LoopVerdict:
        return LoopVerdict(filename, node.lineno, text, word, reason, construct)

    over = node.generators[0].iter
    over_range = isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and over.func.id == "range"
    tried = [_analysed(filename, node, lookup, source, assumed) for assumed in (1, 1.0)]
    for element, (taken, unknown), refusal in tried:
        assumption = f", taking {_listed(taken)} to be {'an int' if len(set(taken)) == 1 else 'ints'}" if taken else ""
        if element is not None and over_range:
            return verdict("compiled", f"its elements are of type {element}{assumption}")
        if element is not None:
            return verdict("decided when it runs", f"it is compiled where `{ast.unparse(over)}` gives ints{assumption}")
        if unknown or (taken and str(refusal) != str(tried[1][2])):
            wanted = unknown or taken
            return verdict("decided when it runs", f"it depends on what {_listed(wanted)} is when the block runs")
        break
    refusal = tried[0][2]
    assert refusal is not None
    if not over_range:
        return verdict("decided when it runs", f"where `{ast.unparse(over)}` gives ints, it is not compiled: {refusal}")
    return verdict("interpreted", str(refusal), _pointed_at(refusal, filename, program))


def _analysed(
    filename: str,
    node: Any,
    lookup: Callable[[str], object],
    source: Callable[[FunctionType], FunctionSource | None],
    assumed: int | float,
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
        found = source(function)
        return None if found is None else FunctionSource(found.filename, found.node, noting(found.lookup))

    names = (taken, unknown)
    try:
        return analyse(Loop(filename, node, noting(lookup), noting_source)), names, None
    except NotCompiled as refusal:
        return None, names, refusal


def _listed(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in dict.fromkeys(names))


def _said(verdicts: list[LoopVerdict]) -> str:
    if not verdicts:
        return "There is no loop here that could be spread over the cores."
    return "\n".join([*map(str, verdicts), "A loop that is over within a few milliseconds runs where it stands."])
