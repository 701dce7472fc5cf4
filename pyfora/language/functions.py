"""Functions made from source text, and the source text of functions so made."""

from __future__ import annotations

import ast
import copy
import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from pyfora.errors import CantGetSourceTextError
from pyfora.language.bindings import mangled
from pyfora.language.in_order import InOrder
from pyfora.language.parts import is_lambda_of, part_argument, takes_source
from pyfora.language.read_checks import ReadChecker
from pyfora.language.rewrite import RewrittenSegment, rewritten_function
from pyfora.language.sources import (
    CodeReference,
    ComprehensionNode,
    Segment,
    compile_module,
    first_line_of,
    holds_code,
    is_code_of,
    nested_codes,
    parsed,
    source_lines,
)
from pyfora.language.trees import copied, placed
from pyfora.language.unconvertible import Unconvertible

FACTORY = "pyfora_factory"


@dataclass(frozen=True)
class FunctionSource:
    """A function as its source: the file, the node as the user wrote it, and what its names mean."""

    filename: str
    node: ast.FunctionDef | ast.Lambda
    lookup: Callable[[str], object]
    """What a free or global name of the function means now; raises NameError where it means nothing."""


@dataclass(frozen=True)
class LoopSource:
    """A part as its source: the comprehension that the user wrote, or a loop that yields; and what its names mean."""

    filename: str
    node: ComprehensionNode | ast.For
    lookup: Callable[[str], object]
    """As FunctionSource.lookup."""
    streams: tuple[int, ...] = (0,)
    """As those of a PartLoop."""


# Code objects compare by value, so that two equal lambdas of two files would share an entry: keyed by identity,
# and held so that the identity stays theirs.
_segments: dict[int, tuple[CodeType, Segment]] = {}


@functools.lru_cache(maxsize=512)
def rewritten(segment: Segment) -> RewrittenSegment:
    """The rewritten form of `segment`; shared, so nobody may change its tree."""
    return RewrittenSegment(segment)


def register(code: CodeType, segment: Segment) -> None:
    """Remember that `code` and all code within it came from `segment`."""
    for inner in nested_codes(code):
        _segments[id(inner)] = (inner, segment)


def registered_segment(code: CodeType) -> Segment | None:
    """The segment that `code` was made from, or None."""
    found = _segments.get(id(code))
    return None if found is None else found[1]


def registered_lines(filename: str, first: int, last: int) -> list[str]:
    """Those lines of a file of which code was made here; none where they are not known, or may be several.

    What is typed at a prompt has one filename, and every input begins at line 1.
    """
    segments = {segment for _, segment in _segments.values() if segment.filename == filename}
    found = {
        tuple(source_lines(segment.text)[first - segment.first_line : last + 1 - segment.first_line])
        for segment in segments
        if first >= segment.first_line
    }
    texts = {tuple(map(str.rstrip, lines)) for lines in found if len(lines) == last + 1 - first}
    return list(texts.pop()) if len(texts) == 1 else []


def registered_reference(code: CodeType) -> CodeReference | None:
    """Where the function of `code` stands in the segment that it was made from, or None."""
    segment = registered_segment(code)
    if segment is None or is_part(code):
        return None
    number = parsed(segment).find_function(code)
    return None if number is None else CodeReference(segment, number)


def is_part(code: CodeType) -> bool:
    """Whether `code` is that of a part but of a `for` loop's: the lambda that the rewriting made of a comprehension."""
    segment = registered_segment(code)
    return segment is not None and is_lambda_of(code, part_argument(segment.text))


def is_set_comprehension(code: CodeType) -> bool:
    """Whether `code` is that of a generator expression that the rewriting made of a set comprehension."""
    segment = registered_segment(code)
    if segment is None or code.co_name != "<genexpr>":
        return False
    return any(isinstance(node, ast.SetComp) and is_code_of(node, code) for node in rewritten(segment).parts.values())


def function_code(
    reference: CodeReference,
    free_names: Sequence[str],
    qualname: str,
    *,
    rewrite: bool = True,
    checked: Iterable[str] = (),
) -> CodeType:
    """The code object of the function at `reference`, with its own filename, lines and qualified name.

    `free_names` are those that closure cells will be given for. Reads of `checked` names raise where the value
    could not be sent. Raises CantGetSourceTextError where the reference names no function.
    """
    segment, number = reference.segment, reference.number
    form = parsed(segment)
    node = form.nodes[number] if number < len(form.nodes) else None
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        raise CantGetSourceTextError(f"{segment.filename}: there is no function number {number} in its text")
    class_name = form.class_around(node)
    node = rewritten_function(segment, node) if rewrite else copied(node)
    names = frozenset(checked)
    if names:
        node = placed(ReadChecker(names).visit(node))
    code = compile_in_scope(_bare(node), free_names, class_name, segment)
    code = with_qualname(code, qualname)
    if rewrite:
        register(code, segment)
    return code


def _bare(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> ast.stmt:
    """`node` as a statement, without what is evaluated around it and could be mistaken for it."""
    bare = copy.copy(node)
    bare.args = copy.copy(node.args)
    bare.args.defaults = []
    bare.args.kw_defaults = [None for _ in node.args.kwonlyargs]
    if isinstance(bare, ast.Lambda):
        return ast.copy_location(ast.Expr(bare), node)
    if hasattr(bare, "type_params"):
        bare.type_params = []
    return bare


def compile_in_scope(
    statement: ast.stmt, free_names: Sequence[str], class_name: str | None, segment: Segment
) -> CodeType:
    """The code of the one function that `statement` makes, compiled where `free_names` are free variables.

    All nodes within `statement` have their place in the text.
    `class_name` is that of the class around it: private names are mangled for it, and `super()` finds it.
    """
    body = [statement]
    # The factory must not make the name that its statement binds a variable of its own: a call of that name within
    # means the global, unless it is free.
    name = class_name or getattr(statement, "name", None)
    unbinding = [ast.Global([name])] if name is not None and name not in free_names else []
    for one in unbinding:
        ast.copy_location(one, statement)
    parameters = list(free_names)
    if class_name is not None:
        around = ast.ClassDef(name=class_name, bases=[], keywords=[], body=body, decorator_list=[])
        if hasattr(statement, "type_params") or hasattr(ast, "TypeAlias"):
            around.type_params = []  # type: ignore[attr-defined,unused-ignore]
        body = [ast.copy_location(around, statement)]
        parameters = [name for name in parameters if name != "__class__"]
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.copy_location(ast.arg(name), statement) for name in parameters],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    factory = ast.FunctionDef(name=FACTORY, args=arguments, body=[*unbinding, *body], decorator_list=[])
    if hasattr(ast, "TypeAlias"):
        factory.type_params = []  # type: ignore[attr-defined,unused-ignore]
    tree = ast.Module([ast.copy_location(factory, statement)], [])
    scope = _only_code(compile_module(tree, segment), FACTORY)
    if class_name is not None:
        scope = _only_code(scope, class_name)
    if isinstance(statement, ast.Expr):
        return _only_code(scope, "<lambda>")
    assert isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef))
    return _only_code(scope, statement.name, first_line_of(statement))


def _only_code(scope: CodeType, name: str, line: int | None = None) -> CodeType:
    for constant in scope.co_consts:
        if (
            isinstance(constant, CodeType)
            and constant.co_name == name
            and (line is None or constant.co_firstlineno == line)
        ):
            return constant
    raise CantGetSourceTextError(f"{scope.co_filename}: the text holds no function {name}")


def with_qualname(code: CodeType, qualname: str) -> CodeType:
    """`code` under another qualified name; all code within it follows."""
    before = code.co_qualname

    def renamed(inner: CodeType) -> CodeType:
        constants = tuple(renamed(c) if isinstance(c, CodeType) else c for c in inner.co_consts)
        return inner.replace(co_qualname=qualname + inner.co_qualname.removeprefix(before), co_consts=constants)

    return renamed(code)


# ---- sources for the compiler ----------------------------------------------------------------------------------


def function_source(function: FunctionType) -> FunctionSource | None:
    """The source of a function that was made here; None for any other, and for a part."""
    reference = registered_reference(function.__code__)
    if reference is None:
        return None
    node = parsed(reference.segment).nodes[reference.number]
    if not isinstance(node, (ast.FunctionDef, ast.Lambda)):
        return None
    lookup = _lookup(function, parsed(reference.segment).class_around(node))
    return FunctionSource(reference.segment.filename, node, lookup)


def loop_source(part: FunctionType) -> LoopSource | None:
    """The source of a part, given the part; None for any other function."""
    code = part.__code__
    segment = registered_segment(code)
    if segment is None:
        return None
    form = rewritten(segment)
    if not is_part(code):
        # The part of a `for` loop goes by the name of the function around it.
        is_made = takes_source(code, part_argument(segment.text))
        made = form.loops.get(code.co_firstlineno) if is_made else None
        if made is None:
            return None
        return LoopSource(segment.filename, made.node, _lookup(part, made.class_name), made.streams)
    found = [node for node in form.parts.values() if holds_code(node, code)]
    if not found:
        return None
    number = form.nodes.index(max(found, key=lambda node: (node.lineno, node.col_offset)))
    node = parsed(segment).nodes[number]
    assert isinstance(node, ComprehensionNode)
    return LoopSource(segment.filename, node, _lookup(part, form.class_names[number]))


def never_compiled(part: FunctionType) -> tuple[str, InOrder] | None:
    """Why the compiler is not asked about a part, as the file and what in it is the reason; None for any other."""
    segment = registered_segment(part.__code__)
    if segment is None:
        return None
    for node, why in rewritten(segment).interpreted.items():
        if isinstance(node, ast.For) and node.lineno == part.__code__.co_firstlineno:
            return segment.filename, why
    return None


def _lookup(function: FunctionType, class_name: str | None) -> Callable[[str], object]:
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    builtins = function.__builtins__  # type: ignore[attr-defined, unused-ignore]

    def lookup(name: str) -> object:
        name = mangled(name, class_name)
        value: Any
        if name in cells:
            try:
                value = cells[name].cell_contents
            except ValueError:
                raise NameError(f"cannot access free variable '{name}'") from None
        elif name in function.__globals__:
            value = function.__globals__[name]
        elif name in builtins:
            value = builtins[name]
        else:
            raise NameError(f"name '{name}' is not defined")
        if type(value) is Unconvertible:
            raise NameError(f"'{name}' could not be sent")
        return value

    return lookup
