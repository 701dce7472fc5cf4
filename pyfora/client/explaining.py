"""What would become of a program's loops: the rewritten text, and for each loop whether it is compiled."""

from __future__ import annotations

import ast
import builtins
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any

from pyfora.client.loops import LoopReport
from pyfora.client.meanings import TextMeanings, Variable
from pyfora.client.verdicts import AskedLoop, LoopVerdict, verdict_of
from pyfora.compile import FunctionSource
from pyfora.errors import CantGetSourceTextError
from pyfora.language.explain import Explained, Found, explain_source
from pyfora.language.rewriter import LoopNode
from pyfora.language.rules import is_remote_block
from pyfora.language.sources import function_reference, parse_text, parsed, source_file


def explain_text(text: str, filename: str) -> str:
    """What becomes of a program's text, without running any of it. Raises CantGetSourceTextError."""
    explained = explain_source(text, filename)
    tree = parse_text(text, filename)
    names, sent = TextMeanings(tree, filename), _sent_loops(tree)
    asked = [
        AskedLoop(found, node, names.lookup_at(node), names.source, filename, text)
        for found, node in _loops(explained, tree)
        if node in sent
    ]
    verdicts = [verdict_of(loop) for loop in asked]
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
    local = {*code.co_varnames, *code.co_cellvars}

    def lookup(name: str) -> object:
        if name in local:
            raise Variable(name)
        return found.lookup(name)

    verdicts = [
        verdict_of(AskedLoop(loop, node, lookup, _live_source, segment.filename, text))
        for loop, node in _loops(explained, tree)
        if first <= node.lineno <= last
    ]
    return f"{explained.text.strip()}\n\n{_said(verdicts)}\n"


def explain_run(loops: Sequence[LoopReport], left_out: int) -> str:
    """How these loops of a block were run, of which so many are left out."""
    if not loops and not left_out:
        return "No loop of the last block was long enough to be worth a decision.\n"
    lines = [loop.explained() for loop in loops]
    if left_out:
        lines.append(f"{left_out:,} more {'loop is' if left_out == 1 else 'loops are'} not told of: there was no room.")
    return "".join(f"{line}\n" for line in lines)


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


def _loops(explained: Explained, tree: ast.Module) -> list[tuple[Found, LoopNode]]:
    """The loops, each with its node as the user wrote it."""
    written = {
        (node.lineno, node.col_offset, type(node)): node for node in ast.walk(tree) if isinstance(node, LoopNode)
    }
    return [(found, written[found.place]) for found in explained.loops]


def _sent_loops(tree: ast.Module) -> set[ast.AST]:
    """What is within functions and blocks, and holds no block: all else stays with the client."""
    inner: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) or _is_block(node):
            inner.update(ast.walk(node))
    blocks = {node for node in inner if _is_block(node)}
    return {node for node in inner if isinstance(node, LoopNode) and blocks.isdisjoint(ast.walk(node))}


def _is_block(node: ast.AST) -> bool:
    return isinstance(node, ast.With) and any(is_remote_block(item.context_expr) for item in node.items)


def _blocks(explained: Explained, filename: str) -> Iterator[str]:
    """The rewritten text of every remote block, and of the functions and classes of the file that blocks reach."""
    tree = parse_text(explained.text, filename)
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.With) and _is_block(node)]
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


def _said(verdicts: list[LoopVerdict]) -> str:
    if not verdicts:
        return "There is no loop here that could be spread over the cores."
    return "\n".join([*map(str, verdicts), "A loop that is over within a few milliseconds runs where it stands."])
