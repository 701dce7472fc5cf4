"""From the frame that entered a block to the block's node in the source text."""

from __future__ import annotations

import ast
import dis
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

from pyfora.errors import BadWithBlockError, CantGetSourceTextError, InvalidPyforaOperation
from pyfora.language.bindings import Bindings, bindings, mangled
from pyfora.language.collection import without_collection
from pyfora.language.rules import check_block
from pyfora.language.sources import ParsedSegment, Segment, SourceFile, parsed, source_file

_OPTIMIZED = 0x1  # inspect.CO_OPTIMIZED: a function's own code, with fast locals


@dataclass(frozen=True)
class Block:
    """One `with` block: where it stands, and what its statements do with names."""

    segment: Segment
    number: int
    """The number of its `with` among those of the segment."""
    item: int
    """Which of the `with`'s items is ours; the items after it belong to the body."""
    line: int
    function: str
    """The `co_name` of the code around it: `<module>` or a function's name."""
    qualname: str
    in_function: bool
    class_name: str | None
    target: str | None
    """The name in `with … as name`, where it is a plain name."""
    bindings: Bindings
    own_names: tuple[str, ...]
    """The local variables of the function around it, in its order; a method's `self` comes first."""
    outer_names: tuple[str, ...]
    """The names of functions further out that the function around it uses."""
    first_argument: str | None

    @property
    def filename(self) -> str:
        """The file of the block, as its code object names it."""
        return self.segment.filename

    def names(self) -> list[str]:
        """The names that the block may bind or delete, in order."""
        return list(self.bindings.bound)


_BLOCKS_LIMIT = 1024
# A block in a loop is entered many times. By the code's identity, and holding it: code objects compare by value.
_blocks: dict[tuple[int, int], tuple[CodeType, Block]] = {}


def capture_block(frame: FrameType) -> Block:
    """The block that `frame` is about to enter; to be called from within its context manager's `__enter__`.

    Raises CantGetSourceTextError where there is no text that is surely what is running, BadWithBlockError where
    the block breaks a rule, InvalidPyforaOperation where it assigns a name of another scope; all name file and line.
    """
    code = frame.f_code
    in_function = bool(code.co_flags & _OPTIMIZED)
    if not in_function and frame.f_locals is not frame.f_globals:
        raise BadWithBlockError(f"{code.co_filename}:{frame.f_lineno}: {_why_not_here(frame)}")
    known = _blocks.get((id(code), frame.f_lasti))
    if known is not None:
        return known[1]
    with without_collection():
        block = _find_block(frame, in_function)
    if len(_blocks) >= _BLOCKS_LIMIT:
        _blocks.clear()
    _blocks[id(code), frame.f_lasti] = (code, block)
    return block


def _find_block(frame: FrameType, in_function: bool) -> Block:
    code = frame.f_code
    try:
        segment = _checked_segment(source_file(code, frame.f_globals), frame, in_function)
    except CantGetSourceTextError:
        # Perhaps the cached text is older than what is running; the file's own text decides.
        segment = _checked_segment(source_file(code, frame.f_globals, fresh=True), frame, in_function)
    form = parsed(segment)
    node, item = _with_node(form, code, frame.f_lasti)
    statements = block_statements(node, item)
    check_block(statements, segment.filename)
    class_name = form.class_around(node)
    found = bindings(statements, class_name)
    _check_targets(found, code, in_function, segment.filename)
    target = node.items[item].optional_vars
    return Block(
        segment=segment,
        number=form.withs.index(node),
        item=item,
        line=node.lineno,
        function=code.co_name,
        qualname=code.co_qualname,
        in_function=in_function,
        class_name=class_name,
        target=mangled(target.id, class_name) if isinstance(target, ast.Name) else None,
        bindings=found,
        own_names=tuple(dict.fromkeys((*code.co_varnames, *code.co_cellvars))) if in_function else (),
        outer_names=code.co_freevars,
        first_argument=code.co_varnames[0] if code.co_argcount else None,
    )


def block_statements(node: ast.With, item: int) -> list[ast.stmt]:
    """The statements that run inside the item: `with a, ours, b: …` has the body `with b: …`."""
    rest = node.items[item + 1 :]
    if not rest:
        return node.body
    inner = ast.With(items=rest, body=node.body, type_comment=None)
    return [ast.copy_location(inner, node)]


def _checked_segment(file: SourceFile, frame: FrameType, in_function: bool) -> Segment:
    code = frame.f_code
    segment = file.segment_at(frame.f_lineno)
    if segment is not None:
        if in_function:
            # pytest rewrites the asserts of test modules, so their code never equals that of their text.
            running = file.is_running(code, segment) or "@pytest_ar" in frame.f_globals
        else:
            running = file.is_module(code, segment) or "@pytest_ar" in frame.f_globals
        if running:
            return segment
    raise CantGetSourceTextError(
        f"{code.co_filename}:{frame.f_lineno}: the file was changed since it was imported, so its text is not "
        "what is running. Start the program (or the notebook's cell) again."
    )


def _with_node(form: ParsedSegment, code: CodeType, lasti: int) -> tuple[ast.With, int]:
    positions = next(itertools.islice(code.co_positions(), lasti // 2, None))
    line = positions[0]
    candidates = []
    for node in form.withs:
        if _position(node) == positions:
            # 3.11 gives the whole `with` as the position of each of its items.
            entered = _entered_before(code, lasti) if len(node.items) > 1 else 0
            candidates.append((node, entered % len(node.items)))
        for item, part in enumerate(node.items):
            if _position(part.context_expr) == positions:
                candidates.append((node, item))
    if not candidates and positions[2] is None:
        candidates = [(node, 0) for node in form.withs if node.lineno == line and len(node.items) == 1]
    if len(candidates) == 1:
        return candidates[0]
    raise BadWithBlockError(
        f"{form.segment.filename}:{line}: a remote block has to be entered by a `with` statement of its own"
        + ("; here two of them cannot be told apart." if candidates else ".")
    )


def _position(node: ast.stmt | ast.expr) -> tuple[int, int | None, int, int | None]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _entered_before(code: CodeType, lasti: int) -> int:
    """How many context managers of the same `with` were entered before the instruction at `lasti`."""
    ours = list(code.co_positions())[lasti // 2]
    return sum(
        1
        for instruction in dis.get_instructions(code)
        if instruction.opname == "BEFORE_WITH" and instruction.offset < lasti and instruction.positions == ours
    )


def _why_not_here(frame: FrameType) -> str:
    if "__qualname__" in frame.f_locals:
        return "a remote block cannot stand directly in a class body; put it into a function or at module level."
    return "a remote block cannot stand in code executed with separate globals and locals; put it into a function."


def _check_targets(found: Bindings, code: CodeType, in_function: bool, filename: str) -> None:
    if not in_function:
        return
    own = {*code.co_varnames, *code.co_cellvars}
    for name, line in [*found.declared.items(), *found.bound.items()]:
        if name in found.declared or name not in own:
            kind = "a name of a function around it" if name in code.co_freevars else "a global name"
            raise InvalidPyforaOperation(
                f"{filename}:{line}: a remote block in a function cannot assign `{name}`, {kind}. "
                f"Assign a name of the function itself inside the block, and `{name}` after it."
            )


def captured_names(block: Block, local_names: Mapping[str, Any]) -> tuple[list[str], list[str], list[str]]:
    """What of the enclosing functions' names the block sees: (own and bound, own and unbound, of outer functions).

    Own names are in the function's order, so that `self` stays first, where `super()` looks for it.
    """
    wanted = {*block.bindings.mentioned}
    if block.bindings.uses_super:
        wanted.update({"__class__", *filter(None, [block.first_argument])})
    own = [name for name in block.own_names if name in wanted]
    sent = [name for name in own if name in local_names and name not in block.bindings.written]
    unbound = [name for name in own if name not in sent]
    return sent, unbound, [name for name in block.outer_names if name in wanted]
