"""A whole loop -> the generated source of its kernel."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from pyfora.compile import intervals, numpy_numbers
from pyfora.compile.calls import Calls
from pyfora.compile.clauses import First, clauses
from pyfora.compile.frozen import FrozenOnes, layout_of
from pyfora.compile.functions import DEPTH_LIMIT, bound_names
from pyfora.compile.kinds import TYPE_NAMES, InMemory, Kind, ListOf, code_of
from pyfora.compile.learning import ElementLearned
from pyfora.compile.loop import ComprehensionNode, Element, Loop, Output
from pyfora.compile.numpy_kinds import ArrayOf, axes_of, is_number, name_of
from pyfora.compile.own_names import OWN_NAMES
from pyfora.compile.refusal import NotCompiled, refuse
from pyfora.compile.rows import RowWriter, said, without_functions
from pyfora.compile.scope import Captured, Scope, Unit
from pyfora.compile.sites import Site, with_give_up, without_marks
from pyfora.compile.sources import POSITION, SourceReader
from pyfora.compile.statements import Statements, indented
from pyfora.compile.terms import Interval, Term, as_bool, as_int
from pyfora.compile.turns import bind_target
from pyfora.compile.words import ARENA
from pyfora.fold.rows import Spec

_EMPTY_LISTS_LIMIT = 64
FRAMES_WITHOUT_FUNCTION = 2
"""The loop's own, and one such as that of a dataclass' `__init__`, for which no function is generated."""


@dataclass(frozen=True)
class Generated:
    """A kernel before it is compiled."""

    source: str
    """Readable Python in which everything that is not exact as it stands is the call of a checked primitive."""
    entry: str
    signature: tuple[str, ...]
    """Types of the entry's arguments: start, step, count, buffer, capacity, captured values."""
    element: Element
    output: Output
    rows: tuple[tuple[int, Spec], ...]
    """Of ROWS: the streams and their shapes, in the order of their columns."""
    streams: int
    """Of ROWS: how many there are, those that nothing reaches included."""
    captured_types: tuple[str, ...]
    """Names of types; of lists, those of their elements with an `s`; of arrays with the number of their axes."""
    captured: tuple[Captured, ...]
    counted: bool
    """Whether there are never more terms than indices, so that the buffer need not be watched."""
    takes_memory: bool
    """Whether the last argument is memory for lists."""
    indices: Interval | None
    """Between which ints all indices must lie; None: anywhere in 64 bits."""
    lengths: tuple[int, ...]
    """How many elements each captured value must have, where it is a list."""
    by_position: bool
    """Whether it is called with positions of its source, in the place of indices."""
    deepest: int
    """Frames that CPython would have at most above the loop's own."""
    sites: tuple[Site | None, ...]
    """Where each call in the source comes from; no part of what a kernel is known by."""


def generate(loop: Loop, output: Output) -> Generated:
    """Translate a loop. Needs no LLVM. Raises NotCompiled."""
    try:
        generated = _generate_until_known(loop, output)
        # CPython's own parser has limits for parentheses within parentheses.
        ast.parse(generated.source)
        return generated
    except (RecursionError, SyntaxError, MemoryError):
        raise refuse("the code is nested too deeply", loop.filename, loop.node) from None


def _generate_until_known(loop: Loop, output: Output) -> Generated:
    elements: dict[object, Kind] = {}
    taken = FrozenOnes(sample=loop.sample)
    for _ in range(_EMPTY_LISTS_LIMIT):
        try:
            return _generate(loop, output, elements, taken)
        except ElementLearned:
            continue
    raise refuse("too many empty lists", loop.filename, loop.node)


def _generate(loop: Loop, output: Output, list_elements: dict[object, Kind], taken: FrozenOnes) -> Generated:
    unit = Unit(loop.filename, loop.function_source, elements=list_elements, frozen=taken)
    try:
        generated = _generate_unit(loop, output, unit)
    except NotCompiled as refusal:
        raise unit.unlearned or refusal from None
    if unit.unlearned is not None:
        raise unit.unlearned
    return generated


def _generate_unit(loop: Loop, output: Output, unit: Unit) -> Generated:
    unit.names |= OWN_NAMES | {"kernel"} | {f"written_{number}" for number in loop.streams}
    calls, node = Calls(), loop.node
    targets = [node] if isinstance(node, ast.For) else [clause.target for clause in node.generators]
    scope = Scope(unit, loop.filename, loop.lookup, bound_names(targets), owner="loop")
    indices = intervals.rung(loop.indices)
    first: First = ("for k in range(count):", [], Term("int", "start + k * step", interval=indices, each_once=True))
    checks: list[str] = []
    if loop.source is not None:
        reader = SourceReader(scope)
        element = reader.element(loop.source)
        first, checks = (first[0], [f"{POSITION} = start + k"], element), reader.checks
    maker = _Elements(loop, scope, calls, output)
    loops = maker.loops(first)
    before, after = maker.frame()
    after = scope.mark(after, node if isinstance(node, ast.For) else _yielded_by(node))
    if checks:
        before += ["if count > 0:", *(f"    {check}" for check in checks)]
    captured = list(unit.captured.values())
    arguments = [argument for key in unit.captured for argument in unit.arguments(key)]
    parameters = ["start", "step", "count", "buffer", "capacity", *arguments]
    if unit.takes_memory:
        parameters.append(ARENA)
        # What one element has taken is free for the next: nothing but a number is left of it.
        loops.insert(1, f"    reset_arena({ARENA})")
    lines = [f"def kernel({', '.join(parameters)}):", *(f"    {line}" for line in [*before, *loops, *after])]
    sources = ["\n".join(with_give_up(line, "give_up_int()") for line in lines) + "\n"]
    for function in reversed(unit.functions.values()):
        # A body that was translated again may have left a function that nobody calls.
        if any(f"{function.name}(" in source for source in sources):
            sources.insert(0, function.source())
    source, sites = without_marks("\n\n".join(sources), unit.sites)
    types_ = ["int64", "int64", "int64", f"{TYPE_NAMES[maker.pointer]}*", "int64"]
    for _, kind, _ in captured:
        types_ += ["int64"] * len(kind.parts) if isinstance(kind, ArrayOf) else [code_of(kind)]
    types_ += ["int64"] if unit.takes_memory else []
    return Generated(
        source=source,
        entry="kernel",
        signature=tuple(types_),
        element=maker.element,
        output=maker.output,
        rows=maker.rows.specs(),
        streams=len(set(loop.streams)),
        captured_types=tuple(_captured_type(kind) for _, kind, _ in captured),
        captured=tuple(value for _, _, value in captured),
        counted=maker.counted,
        takes_memory=unit.takes_memory,
        indices=indices,
        lengths=tuple(unit.lengths.get(name, 0) for name, _, _ in captured),
        by_position=loop.source is not None,
        deepest=_deepest(unit),
        sites=sites,
    )


def _deepest(unit: Unit) -> int:
    """Each function once, as none calls itself by way of another; those that call themselves as often as they may."""
    recursive = sum(function.recursive for function in unit.functions.values())
    return len(unit.functions) + recursive * DEPTH_LIMIT + FRAMES_WITHOUT_FUNCTION


class _Elements:
    """The loops around the elements, and what is done with each."""

    def __init__(self, loop: Loop, scope: Scope, calls: Calls, output: Output) -> None:
        self._loop = loop
        self._scope = scope
        self._calls = calls
        self.output = output
        self.rows = RowWriter(scope, loop.streams)
        self._yields = 0
        node = loop.node
        self.counted = not isinstance(node, ast.For) and len(node.generators) == 1
        self.element: Element = "int"

    def loops(self, first: First) -> list[str]:
        """All lines but those before and after the loops."""
        node, calls = self._loop.node, self._calls
        if isinstance(node, ast.For):
            return self._turns(node, first)
        yielded = _yielded_by(node)
        return clauses(
            self._scope, calls.expressions, calls.read_range, node, lambda: self._yielded(yielded), first=first
        )

    def _turns(self, node: ast.For, first: First) -> list[str]:
        head, first_lines, element = first
        calls = self._calls
        statements = Statements(
            self._scope, calls.expressions, calls.read_range, calls.init_above, self._yielded_by_a_turn
        )
        lines = [*first_lines, *bind_target(self._scope, node.target, element), *statements.body(node.body)]
        if not self._yields:
            raise self._scope.refuse("the loop adds nothing that is ever reached", node)
        return [head, *indented(lines)]

    def _yielded_by_a_turn(self, node: ast.expr) -> list[str]:
        if len(self._loop.streams) == 1:
            return self._yielded(node)
        match node:
            case ast.Tuple(elts=[ast.Constant(value=int() as number), value]):
                return self._yielded(value, number)
        raise AssertionError(ast.dump(node))

    def _yielded(self, node: ast.expr, step: int = 0) -> list[str]:
        self._yields += 1
        scope, term = self._scope, self._calls.expressions.value(self._scope, node)
        if self.output in (Output.TERMS, Output.FIRST) and not isinstance(term.type, str) and self._yields == 1:
            self.output = Output.ROWS
        if self.output is Output.ROWS:
            return scope.mark(self.rows.write(step, without_functions(scope, term, node), node), node)
        if self.output in (Output.ANY, Output.ALL) and is_number(term.type):
            term = numpy_numbers.truth(term)
        if not isinstance(term.type, str):
            term = self._calls.expressions.scalar(scope, node)
        assert isinstance(term.type, str)
        if self._yields > 1 and term.type != self.element:
            raise scope.refuse(f"the loop yields {self.element} at one place and {term.type} at another", node)
        self.element = term.type
        return scope.mark(_step(scope, self.output, term, node, self.counted), node)

    def frame(self) -> tuple[list[str], list[str]]:
        """The lines before and after the loops, once these are known."""
        return self.rows.frame() if self.output is Output.ROWS else _frame(self.output, self.element)

    @property
    def pointer(self) -> Element:
        """The type of what the buffer holds."""
        words = (Output.TOTAL, Output.ANY, Output.ALL, Output.COUNT, Output.ROWS)
        return "int" if self.output in words else self.element


def _yielded_by(node: ComprehensionNode) -> ast.expr:
    """The element of a comprehension."""
    if isinstance(node, ast.DictComp):
        # Evaluated in this order.
        return ast.copy_location(ast.Tuple([node.key, node.value], ast.Load()), node)
    return node.elt


def _captured_type(kind: Kind) -> str:
    if isinstance(kind, ArrayOf):
        return f"{name_of(kind.element)}:{axes_of(kind)}"
    if isinstance(kind, InMemory) and not (isinstance(kind, ListOf) and isinstance(kind.element, str)):
        return f"frozen {layout_of(kind)}"
    return f"{kind.element}s" if isinstance(kind, ListOf) else str(kind)


def analyse(loop: Loop) -> str:
    """The type of the loop's elements, or their shape. Needs no LLVM and compiles nothing. Raises NotCompiled."""
    generated = generate(loop, Output.TERMS if len(loop.streams) == 1 else Output.ROWS)
    if generated.output is Output.ROWS:
        return " and ".join(said(spec) for _, spec in generated.rows)
    return generated.element


def _step(scope: Scope, output: Output, term: Term, node: ast.expr, counted: bool) -> list[str]:
    match output:
        case Output.TERMS:
            room = [] if counted else ["if written >= capacity:", "    return no_room_int()"]
            if term.type != "float":
                return [*room, f"store_{term.type}(buffer, written, {term.text})", "written = written + 1"]
            # Whether one was a nan is asked at the end: a branch for each would keep LLVM from doing several at once.
            watched = ["odd = odd_float(odd, element)", "put_float(buffer, written, element)"]
            return [*room, f"element = {term.text}", *watched, "written = written + 1"]
        case Output.TOTAL:
            if term.type == "float":
                raise scope.refuse("a sum of floats is not taken as a total, but from its terms in order", node)
            return [f"add_total(buffer, {as_int(term).text})"]
        case Output.ANY:
            return [f"if {as_bool(term).text}:", "    return 1"]
        case Output.ALL:
            return [f"if not {as_bool(term).text}:", "    return 0"]
        case Output.FIRST:
            # Of numbers only: no nan is among them.
            value = f"number_float({term.text})" if term.type == "float" else term.text
            return [_store(term.type, value), "return 1"]
        case Output.COUNT:
            return [f"element = {term.text}", "written = written + 1"]
    order = "<" if output is Output.MIN else ">"
    value = f"number_float({term.text})" if term.type == "float" else as_int(term).text
    return [
        f"element = {value}",
        f"if written == 0 or element {order} best:",
        "    best = element",
        "written = 1",
    ]


def _frame(output: Output, element: Element) -> tuple[list[str], list[str]]:
    match output:
        case Output.TERMS if element == "float":
            return ["written = 0", "odd = False"], ["if odd:", "    return odd_terms_int()", "return written"]
        case Output.TERMS | Output.COUNT:
            return ["written = 0"], ["return written"]
        case Output.TOTAL:
            return [], ["return 0"]
        case Output.ANY | Output.FIRST:
            return [], ["return 0"]
        case Output.ALL:
            return [], ["return 1"]
    zero = "0.0" if element == "float" else "0"
    store = _store(element, "best != 0" if element == "bool" else "best")
    return ["written = 0", f"best = {zero}"], ["if written != 0:", f"    {store}", "return written"]


def _store(element: Kind, text: str) -> str:
    """A line that keeps the one element that is yielded; no nan."""
    return f"{'put_float' if element == 'float' else f'store_{element}'}(buffer, 0, {text})"
