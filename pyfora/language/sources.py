"""Source text as segments: the top-level statement that holds a piece of code, and the nodes within it."""

from __future__ import annotations
import __future__

import ast
import functools
import io
import linecache
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType
from typing import Any
from weakref import WeakKeyDictionary

from pyfora.errors import CantGetSourceTextError
from pyfora.language.parts import part_argument, with_parts_named
from pyfora.language.trees import all_nodes, all_statements

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
ComprehensionNode = ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp
_NUMBERED = frozenset(
    (
        *(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda),
        *(ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp),
    )
)
_FUTURE_FLAGS = functools.reduce(
    lambda mask, name: mask | getattr(__future__, name).compiler_flag, __future__.all_feature_names, 0
)


@dataclass(frozen=True)
class Segment:
    """The whole lines of one top-level statement (or of several that share a line), as they stand in a file."""

    filename: str
    first_line: int
    text: str
    flags: int = 0
    """The `__future__` flags that the statement was compiled with."""


@dataclass(frozen=True)
class CodeReference:
    """A function's place in source text: its segment and the number of its node there."""

    segment: Segment
    number: int


_parsing = threading.Lock()


def parse_text(text: str, filename: str) -> ast.Module:
    """The syntax tree of `text`. Raises SyntaxError.

    One thread at a time: before 3.13 the interpreter counts the depth of a tree that it makes in a variable of all
    threads, and a switch in the midst of it ends in a SystemError.
    """
    with _parsing, warned_before():
        return ast.parse(text, filename)


CodesByPlace = dict[tuple[str, int], list[CodeType]]
"""Code objects by (name, first line)."""


class ParsedSegment:
    """A segment's tree, with the positions of its file; its numbered nodes and every node's parent."""

    def __init__(self, segment: Segment, tree: ast.Module | None = None) -> None:
        """`tree`, where the segment was parsed before."""
        self.segment = segment
        self.tree = parse_segment(segment) if tree is None else tree

    @functools.cached_property
    def nodes(self) -> list[ast.AST]:
        """The nodes that are known by their numbers."""
        return [node for node in all_nodes(self.tree) if type(node) in _NUMBERED]

    @functools.cached_property
    def withs(self) -> list[ast.With]:
        """The `with` statements, which have numbers of their own: they are found without a look at any expression."""
        return [node for node in all_statements(self.tree) if isinstance(node, ast.With)]

    @functools.cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Every node's parent."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around `node`, from the inside out."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    def class_around(self, node: ast.AST) -> str | None:
        """The name of the innermost class around `node`: it decides how private names are mangled."""
        if "class" not in self.segment.text:
            return None  # looking around costs as much as parsing does
        for around in self.ancestors(node):
            if isinstance(around, ast.ClassDef):
                return around.name
        return None

    def find_function(self, code: CodeType) -> int | None:
        """The number of the function or lambda that `code` was compiled from, by its position; None if none."""
        found = find_function_node(self.nodes, code)
        return None if found is None else self.nodes.index(found)

    @functools.cached_property
    def codes(self) -> CodesByPlace:
        """The code objects of the segment, compiled as it stands alone."""
        return _codes_by_place(compile_module(self.tree, self.segment))


def parse_segment(segment: Segment) -> ast.Module:
    """A fresh tree of `segment`, with the line numbers of its file."""
    # Empty lines before it are sooner parsed than the line of each node is changed.
    return parse_text("\n" * (segment.first_line - 1) + segment.text, segment.filename)


_cut_from_files: WeakKeyDictionary[Segment, ast.Module] = WeakKeyDictionary()
"""The trees of segments whose files were parsed here."""


@functools.lru_cache(maxsize=512)
def parsed(segment: Segment) -> ParsedSegment:
    """The parsed form of `segment`; shared, so nobody may change its tree."""
    return ParsedSegment(segment, _cut_from_files.get(segment))


def compile_module(tree: ast.Module | ast.Interactive, segment: Segment) -> CodeType:
    """`tree` compiled with the filename and the `__future__` flags of `segment`."""
    mode = "single" if isinstance(tree, ast.Interactive) else "exec"
    with warned_before():
        code = compile(tree, segment.filename, mode, flags=segment.flags, dont_inherit=True)
    assert isinstance(code, CodeType)
    return with_parts_named(code, part_argument(segment.text))


@contextmanager
def warned_before() -> Iterator[None]:
    """Around the compiling of text that Python has compiled before: what it warns of, the user has been told.

    The filters are changed in place: `warnings.catch_warnings` would also make Python forget which warnings of the
    user's it has shown, and show them again.
    """
    filters: Any = warnings.filters
    own = [("ignore", None, category, None, 0) for category in (SyntaxWarning, DeprecationWarning)]
    filters[:0] = own
    try:
        yield
    finally:
        # By identity: equal ones may be the user's.
        filters[:] = [item for item in filters if not any(item is mine for mine in own)]


def nested_codes(code: CodeType) -> Iterator[CodeType]:
    """`code` and every code object within it, in order."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from nested_codes(constant)


def same_code(one: CodeType, other: CodeType) -> bool:
    """Whether two code objects do the same at the same positions.

    Not `==`: on 3.11 that compares the caches within the bytecode too, which change as the code runs.
    """
    return (
        one.co_code == other.co_code
        and one.co_names == other.co_names
        and one.co_varnames == other.co_varnames
        and one.co_freevars == other.co_freevars
        and one.co_cellvars == other.co_cellvars
        and one.co_flags == other.co_flags
        and (one.co_argcount, one.co_posonlyargcount, one.co_kwonlyargcount)
        == (other.co_argcount, other.co_posonlyargcount, other.co_kwonlyargcount)
        and len(one.co_consts) == len(other.co_consts)
        and all(_same_constant(*pair) for pair in zip(one.co_consts, other.co_consts, strict=True))
        and _same_positions(one, other)
    )


def _same_positions(one: CodeType, other: CodeType) -> bool:
    as_packed = one.co_firstlineno == other.co_firstlineno and one.co_linetable == other.co_linetable
    return as_packed or list(one.co_positions()) == list(other.co_positions())


def _same_constant(one: object, other: object) -> bool:
    if isinstance(one, CodeType) and isinstance(other, CodeType):
        return same_code(one, other)
    # By their text, as 0.0 equals -0.0 and 1 equals True; a frozenset's order is no matter.
    return type(one) is type(other) and (repr(one) == repr(other) or (isinstance(one, frozenset) and one == other))


def _codes_by_place(module: CodeType) -> CodesByPlace:
    found: CodesByPlace = {}
    for code in nested_codes(module):
        found.setdefault((code.co_name, code.co_firstlineno), []).append(code)
    return found


def find_function_node(nodes: list[ast.AST], code: CodeType) -> FunctionNode | None:
    """The function or lambda among `nodes` whose body holds all positions of `code`; None where none does."""
    if code.co_name != "<lambda>":
        for node in nodes:
            if (
                isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
                and code.co_name == node.name
                and code.co_firstlineno == first_line_of(node)
            ):
                return node
        return None
    on_line = [n for n in nodes if isinstance(n, ast.Lambda) and n.lineno == code.co_firstlineno]
    if len(on_line) == 1:
        return on_line[0]
    if not _code_spans(code):
        # 3.12 gives a lambda that returns a constant no position at all; equal ones are the same to us.
        return next((node for node in on_line if _is_constant(node.body, code)), None)
    holding = [node for node in on_line if holds_code(node.body, code)]
    # Of nested lambdas the innermost that holds all of the code is meant.
    return max(holding, key=lambda node: (node.lineno, node.col_offset), default=None)


def source_lines(text: str) -> list[str]:
    """The lines of a source text with their ends, as Python's parser counts them.

    `str.splitlines` counts more: it ends lines also at form feeds, which may stand between functions, and at some
    characters that may stand in texts and comments.
    """
    return io.StringIO(text, newline=None).readlines()


def first_line_of(node: ast.stmt) -> int:
    """The line on which `node` begins, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


class SourceFile:
    """One file's text cut into top-level statements."""

    def __init__(self, filename: str, text: str, flags: int) -> None:
        self.filename = filename
        self.flags = flags
        self.tree = parse_text(text, filename)
        self._lines = source_lines(text)
        self._spans: list[tuple[int, int, list[ast.stmt]]] = []
        for statement in self.tree.body:
            first, last = first_line_of(statement), statement.end_lineno or statement.lineno
            if self._spans and first <= self._spans[-1][1]:
                first, before, statements = self._spans[-1]
                self._spans[-1] = (first, max(last, before), [*statements, statement])
            else:
                self._spans.append((first, last, [statement]))
        self._segments: dict[int, Segment] = {}

    def segment_at(self, line: int) -> Segment | None:
        """The segment that covers `line` (counted from 1), or None."""
        for first, last, statements in self._spans:
            if first <= line <= last:
                if first not in self._segments:
                    text = "".join(self._lines[first - 1 : last])
                    segment = self._segments[first] = Segment(self.filename, first, text, self.flags)
                    _cut_from_files[segment] = ast.Module(statements, [])
                return self._segments[first]
        return None

    @functools.cached_property
    def _codes(self) -> CodesByPlace:
        return _codes_by_place(compile_module(self.tree, Segment(self.filename, 1, "", self.flags)))

    def is_running(self, code: CodeType, segment: Segment) -> bool:
        """Whether `code`, a function's, is what the text of `segment` compiles to.

        The whole file is tried too: on 3.11 a module's imports change how its functions call what they import.
        """
        place = (code.co_name, code.co_firstlineno)
        alone = any(same_code(candidate, code) for candidate in parsed(segment).codes.get(place, []))
        return alone or any(same_code(candidate, code) for candidate in self._codes.get(place, []))

    def is_module(self, code: CodeType, segment: Segment) -> bool:
        """Whether `code`, a module's or a cell's, is what this text (or just `segment`) compiles to."""
        statements = parsed(segment).tree.body
        candidates: list[ast.Module | ast.Interactive] = [
            ast.Module(statements, []),
            ast.Interactive(list(statements)),
            self.tree,
            ast.Interactive(self.tree.body),
        ]
        return any(same_code(compile_module(candidate, segment), code) for candidate in candidates)


@functools.lru_cache(maxsize=128)
def _source_file(filename: str, text: str, flags: int) -> SourceFile:
    return SourceFile(filename, text, flags)


def source_file(code: CodeType, namespace: Mapping[str, Any], *, fresh: bool = False) -> SourceFile:
    """The file that `code` came from, from Python's line cache (`fresh`: as it is on disk now).

    `namespace` is the globals of the code: a loader named there may know the text.
    Raises CantGetSourceTextError where there is no text, or it is no Python.
    """
    filename = code.co_filename
    if fresh:
        linecache.checkcache(filename)
    lines = linecache.getlines(filename, dict(namespace))
    if not lines:
        # 3.13 keeps what was typed at the plain interactive interpreter by code object.
        by_code = getattr(linecache, "_getlines_from_code", None)
        lines = by_code(code) if by_code is not None else []
    if not lines:
        raise CantGetSourceTextError(
            f"the source text of {filename!r} cannot be found, and a block is sent to the cluster as source. "
            "Put the code into a file, a notebook, or the interactive interpreter of Python 3.13."
        )
    try:
        return _source_file(filename, "".join(lines), code.co_flags & _FUTURE_FLAGS)
    except SyntaxError as error:
        raise CantGetSourceTextError(
            f"the text of {filename!r} is not what is running ({error}). Save the file, then start again."
        ) from error


def function_reference(code: CodeType, namespace: Mapping[str, Any]) -> CodeReference | None:
    """Where the function of `code` stands in source text; None where no text compiles to just this code."""
    try:
        file = source_file(code, namespace)
    except CantGetSourceTextError:
        return None
    segment = file.segment_at(code.co_firstlineno)
    if segment is None or not file.is_running(code, segment):
        return None
    number = parsed(segment).find_function(code)
    return None if number is None else CodeReference(segment, number)


def holds_code(node: ast.expr, code: CodeType) -> bool:
    """Whether all positions of `code` lie within `node`."""
    return all(_holds(node, span) for span in _code_spans(code))


def is_code_of(node: ast.expr, code: CodeType) -> bool:
    """Whether the positions of `code` are just those of `node`, which is a function of its own."""
    place = (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)
    return place in _code_spans(code) and holds_code(node, code)


def _code_spans(code: CodeType) -> list[tuple[int, int, int, int]]:
    spans = []
    for line, end_line, column, end_column in code.co_positions():
        if line is None or end_line is None or column is None or end_column is None:
            continue
        if (line, column) != (end_line, end_column):
            spans.append((line, end_line, column, end_column))
    return spans


def _holds(node: ast.expr, span: tuple[int, int, int, int]) -> bool:
    line, end_line, column, end_column = span
    assert node.end_lineno is not None and node.end_col_offset is not None
    after_start = (line, column) >= (node.lineno, node.col_offset)
    return after_start and (end_line, end_column) <= (node.end_lineno, node.end_col_offset)


def _is_constant(node: ast.expr, code: CodeType) -> bool:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return False
    return any(repr(value) == repr(constant) for constant in code.co_consts)
