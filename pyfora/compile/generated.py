"""A whole loop -> the generated source of its kernel."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from pyfora.compile.calls import Calls
from pyfora.compile.clauses import clauses
from pyfora.compile.kinds import NUMBA_TYPES, Kind, ListOf, code_of
from pyfora.compile.learning import ElementLearned
from pyfora.compile.loop import Element, Loop, Output
from pyfora.compile.own_names import OWN_NAMES
from pyfora.compile.refusal import NotCompiled, refuse
from pyfora.compile.scope import Captured, Scope, Unit
from pyfora.compile.terms import Term, as_bool, as_int
from pyfora.compile.words import ARENA

_EMPTY_LISTS_LIMIT = 64


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
    captured_types: tuple[str, ...]
    """Names of types; of lists, those of their elements with an `s`."""
    captured: tuple[Captured, ...]
    counted: bool
    """Whether there are never more terms than indices, so that the buffer need not be watched."""
    takes_memory: bool
    """Whether the last argument is memory for lists."""


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
    for _ in range(_EMPTY_LISTS_LIMIT):
        try:
            return _generate(loop, output, elements)
        except ElementLearned:
            continue
    raise refuse("too many empty lists", loop.filename, loop.node)


def _generate(loop: Loop, output: Output, list_elements: dict[object, Kind]) -> Generated:
    unit = Unit(loop.filename, loop.function_source, elements=list_elements)
    try:
        generated = _generate_unit(loop, output, unit)
    except NotCompiled as refusal:
        raise unit.unlearned or refusal from None
    if unit.unlearned is not None:
        raise unit.unlearned
    return generated


def _generate_unit(loop: Loop, output: Output, unit: Unit) -> Generated:
    unit.names |= OWN_NAMES | {"kernel"}
    calls = Calls()
    node = loop.node
    targets = {clause.target.id for clause in node.generators if isinstance(clause.target, ast.Name)}
    scope = Scope(unit, loop.filename, loop.lookup, targets, owner="loop")
    counted = len(node.generators) == 1
    elements: list[Term] = []

    def innermost() -> list[str]:
        term = calls.expressions.scalar(scope, node.elt)
        elements.append(term)
        return _step(scope, output, term, node.elt, counted)

    outer = ("for k in range(count):", "start + k * step")
    loops = clauses(scope, calls.expressions, calls.read_range, node, innermost, first=outer)
    element = elements[0].type
    assert isinstance(element, str)
    before, after = _frame(output, element)
    captured = list(unit.captured.values())
    parameters = ["start", "step", "count", "buffer", "capacity", *(name for name, _, _ in captured)]
    if unit.takes_memory:
        parameters.append(ARENA)
        # What one element has taken is free for the next: nothing but a number is left of it.
        loops.insert(1, f"    reset_arena({ARENA})")
    lines = [f"def kernel({', '.join(parameters)}):", *(f"    {line}" for line in [*before, *loops, *after])]
    sources = ["\n".join(lines) + "\n"]
    for function in reversed(unit.functions.values()):
        # A body that was translated again may have left a function that nobody calls.
        if any(f"{function.name}(" in source for source in sources):
            sources.insert(0, function.source())
    pointer: Element = "int" if output in (Output.TOTAL, Output.ANY, Output.ALL, Output.COUNT) else element
    types_ = ["int64", "int64", "int64", f"{NUMBA_TYPES[pointer]}*", "int64"]
    types_ += [code_of(kind) for _, kind, _ in captured]
    types_ += ["int64"] if unit.takes_memory else []
    return Generated(
        source="\n\n".join(sources),
        entry="kernel",
        signature=tuple(types_),
        element=element,
        output=output,
        captured_types=tuple(_captured_type(kind) for _, kind, _ in captured),
        captured=tuple(value for _, _, value in captured),
        counted=counted,
        takes_memory=unit.takes_memory,
    )


def _captured_type(kind: Kind) -> str:
    return f"{kind.element}s" if isinstance(kind, ListOf) else str(kind)


def analyse(loop: Loop) -> Element:
    """The type of the loop's elements. Needs no numba and compiles nothing. Raises NotCompiled."""
    return generate(loop, Output.TERMS).element


def _step(scope: Scope, output: Output, term: Term, node: ast.expr, counted: bool) -> list[str]:
    match output:
        case Output.TERMS:
            room = [] if counted else ["if written >= capacity:", "    return give_up_int()"]
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
            return ["written = 0", "odd = False"], ["if odd:", "    return give_up_int()", "return written"]
        case Output.TERMS | Output.COUNT:
            return ["written = 0"], ["return written"]
        case Output.TOTAL:
            return [], ["return 0"]
        case Output.ANY:
            return [], ["return 0"]
        case Output.ALL:
            return [], ["return 1"]
    zero = "0.0" if element == "float" else "0"
    store = {
        "bool": "store_bool(buffer, 0, best != 0)",
        "int": "store_int(buffer, 0, best)",
        # Of numbers only: no nan is among them.
        "float": "put_float(buffer, 0, best)",
    }[element]
    return ["written = 0", f"best = {zero}"], ["if written != 0:", f"    {store}", "return written"]
