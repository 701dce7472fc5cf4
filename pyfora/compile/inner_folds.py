"""A fold such as `all(p % x for x in range(2, n))` within the loop, as a function of the generated module."""

from __future__ import annotations

import ast
import builtins
import math
import sys

from pyfora.compile import closures, dicts, intervals, lists, numpy_numbers, optionals, orders
from pyfora.compile.clauses import clauses
from pyfora.compile.complexes import is_complex
from pyfora.compile.expressions import Expressions
from pyfora.compile.functions import Function, bound_names
from pyfora.compile.kinds import Kind, Optional, Shape, give_up_text, is_runtime
from pyfora.compile.numpy_kinds import is_complex_number, is_number
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_bool, as_int
from pyfora.compile.turns import RangeReader
from pyfora.compile.variables import Mixed
from pyfora.compile.words import arena

INNER_FOLDS = {
    id(builtins.sum): "sum",
    id(builtins.any): "any",
    id(builtins.all): "all",
    id(builtins.min): "min",
    id(builtins.max): "max",
    id(builtins.len): "len",
    id(math.prod): "prod",
}


def each_of(source: ast.expr) -> ast.GeneratorExp:
    """`(element for element in source)`."""
    element, target = ast.Name("each element", ast.Load()), ast.Name("each element", ast.Store())
    made = ast.GeneratorExp(element, [ast.comprehension(target, source, [], 0)])
    for node in (element, target, made):
        ast.copy_location(node, source)
    return made


def inner_fold(
    scope: Scope,
    expressions: Expressions,
    read_range: RangeReader,
    fold: str,
    node: ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp,
    default: Term | None = None,
    start: Term | None = None,
    *,
    call: ast.Call | None = None,
) -> Term:
    """The value of a fold over a comprehension over ranges. Raises NotCompiled.

    `default`: what `min` and `max` give where there are no elements, a literal or None. `start`: of `sum`. `call`: the
    fold as it is written, where it is.
    """
    if fold == "len" and not isinstance(node, ast.ListComp):
        raise scope.refuse("len() of a generator", node)
    if isinstance(node, ast.ListComp) and fold in ("any", "all"):
        raise scope.refuse(f"{fold}() of a list", node)
    known = scope.variables or {}
    read = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    targets = bound_names([clause.target for clause in node.generators])
    inside = Scope(scope.unit, scope.filename, scope.lookup, scope.bound | targets, owner=scope.owner)
    inside.shows_places = scope.shows_places
    # A target hides the function's own variable of that name, yet the first range is evaluated outside of it.
    for name in ast.walk(node.generators[0].iter):
        if isinstance(name, ast.Name) and name.id in targets:
            raise scope.refuse(f"{name.id!r} is both a variable of the comprehension and part of its range", name)
    inside.variables = {}
    inside.bound_once = set(inside.bound)
    inside.on_binding = lambda name: closures.forget(inside, name)
    parameters, arguments = [], []
    for variable in sorted(read & known.keys() - targets):
        kind = known[variable]
        if not isinstance(kind, Mixed):
            parameter = inside.bind(variable, kind)
            parameters += [(parameter, kind)] if is_runtime(kind) else []
            arguments.append(Term(kind, scope.variable(variable, kind)))
            if (interval := scope.intervals.get((variable, kind))) is not None:
                inside.intervals[variable, kind] = interval
    function = Function(scope.unit.name(f"call_{fold}"), parameters)
    inside.function = function
    inside.leaves_early = fold in ("any", "all")

    def element() -> tuple[Term, list[str]]:
        if isinstance(node, ast.DictComp):
            return dicts.collected(
                inside, expressions.value(inside, node.key), expressions.value(inside, node.value), node
            )
        if fold == "Counter":
            return dicts.counted(inside, expressions.value(inside, node.elt), node)
        if fold == "set":
            return dicts.collected(inside, expressions.value(inside, node.elt), None, node)
        if fold == "list":
            term = expressions.value(inside, node.elt)
            return term, lists.collected(inside, term, node)[1]
        term = expressions.value(inside, node.elt)
        if is_number(term.type):
            return term, _step_of_numpy(inside, fold, term, node)
        if fold == "sum" and _is_complex(term.type):
            return term, _step_of_complex(inside, expressions, term, node)
        if not isinstance(term.type, str) and not (fold in ("min", "max") and orders.is_ordered(term.type)):
            term = expressions.scalar(inside, node.elt)
        return term, _step(inside, fold, term, node)

    result: list[Term] = []

    def innermost() -> list[str]:
        # What is gone through for an element is gone through to its end.
        with inside.left_early(False):
            term, lines = element()
        result.append(term)
        return lines

    loops = clauses(inside, expressions, read_range, node, innermost, first=None)
    before, after, returned = _frame(fold, result[0], inside, node)
    if start is not None:
        begin = inside.fresh("start")
        before, after = _started(scope, Term(start.type, begin), result[0], before, after, node)
        function.interval = None
        function.parameters.append((begin, start.type))
        arguments.append(start)
    if default is not None:
        after, returned = with_default(inside, after, returned, default, node)
    function.lines = scope.mark([*before, *loops, *after], call or node)
    function.returns = returned.type
    if closures.all_in(returned.type):
        # Each would see the variables as they are after the last turn.
        raise scope.refuse("a collection of functions", node)
    function.captured = dict(inside.used)
    function.complete = True
    scope.unit.functions[object()] = function
    scope.use(function.captured)
    return function.call(arguments, depth="")


def _started(
    scope: Scope, start: Term, element: Term, before: list[str], after: list[str], node: ast.expr
) -> tuple[list[str], list[str]]:
    """The lines before and after the loops of a sum that begins with a number, which is held in a variable."""
    if start.type == "float" == element.type:
        # The sum of no floats is what it begins with.
        return [f"total = {start.text}" if line == "total = 0.0" else line for line in before], after[2:]
    if start.type != "int" or element.type not in ("int", "bool"):
        raise scope.refuse(f"sum() of {element.type} elements that begins with a {start.type}", node)
    return before, [f"return add_int({start.text}, total)"]


def with_default(
    scope: Scope, after: list[str], returned: Term, default: Term, node: ast.AST
) -> tuple[list[str], Term]:
    """The lines after the loops of a fold that ends with `return …`, and before that gives up on no elements."""
    if default.type == returned.type and default.constant is not None:
        return [*after[:1], f"    return {default.text}", *after[2:]], returned
    kind = optionals.together(returned.type, default.type)
    if default.type != optionals.NOTHING or not isinstance(kind, Optional):
        raise scope.refuse("a default that is neither a literal of the elements' type nor None", node)
    found = Term(returned.type, after[-1].removeprefix("return "))
    nothing = optionals.as_optional(default, kind).text
    last = f"return {optionals.as_optional(found, kind).text}"
    return [*after[:1], f"    return {nothing}", *after[2:-1], last], Term(kind, "")


def _step(scope: Scope, fold: str, term: Term, node: ast.AST) -> list[str]:
    match fold:
        case "any":
            return [f"if {as_bool(term).text}:", "    return True"]
        case "all":
            return [f"if not {as_bool(term).text}:", "    return False"]
        case "len":
            return [f"element = {term.text}", "total = total + 1"]
        case "sum" if term.type != "float":
            total = intervals.of_sum(intervals.of(term), scope.most_turns)
            if intervals.fits(total):
                assert scope.function is not None
                scope.function.interval = total
                return [f"total = total + {as_int(term).text}"]
            return [f"total = add_int(total, {as_int(term).text})"]
        case "prod" if term.type == "float":
            return [f"total = total * {term.text}", "count = 1"]
        case "prod":
            return [f"total = mul_int(total, {as_int(term).text})"]
        case "sum" if sys.version_info < (3, 12):
            return [f"total = total + {term.text}", "count = 1"]
        case "sum":
            # The compensated sum of Python/bltinmodule.c.
            return [
                f"element = {term.text}",
                "summed = total + element",
                "if abs_float(total) >= abs_float(element):",
                "    lost = lost + ((total - summed) + element)",
                "else:",
                "    lost = lost + ((element - summed) + total)",
                "total = summed",
                "count = 1",
            ]
        case "min" | "max" if term.type != "bool":
            return [
                f"element = {term.text}",
                f"if count == 0 or {orders.stands_before(scope, fold, 'element', 'best', term.type, node)}:",
                "    best = element",
                "count = 1",
            ]
    raise scope.refuse(f"{fold}() of {term.type} elements", node)


def _step_of_numpy(scope: Scope, fold: str, term: Term, node: ast.AST) -> list[str]:
    """With a number of numpy's."""
    if fold == "prod":
        raise scope.refuse(f"a product of {term.type} elements", node)
    value = numpy_numbers.bare(term)
    if fold == "sum":
        plus = numpy_numbers.summed(scope, term, node)[1]
        return [f"total = {plus('total')}", "count = 1"]
    return _step(scope, fold, value, node)


def _is_complex(kind: Kind) -> bool:
    # Since 3.14 `sum` compensates for what rounding loses of these, too.
    return is_complex_number(kind) or (is_complex(kind) and sys.version_info < (3, 14))


def _step_of_complex(scope: Scope, expressions: Expressions, term: Term, node: ast.AST) -> list[str]:
    """One of them more, from left to right."""
    return [f"total = {expressions.binary(scope, ast.Add(), Term(term.type, 'total'), term, node).text}", "count = 1"]


def _frame(fold: str, term: Term, scope: Scope, node: ast.expr) -> tuple[list[str], list[str], Term]:
    if is_number(term.type) and fold in ("sum", "min", "max"):
        return _frame_of_numpy(fold, term, scope, node)
    if fold == "sum" and _is_complex(term.type):
        # The sum of none is the int 0, and that is what the first is added to.
        after = ["if count == 0:", f"    return {give_up_text(term.type)}", "return total"]
        return ["count = 0", "total = (0.0, 0.0)"], after, Term(term.type, "")
    give_up = ["if count == 0:", f"    return {give_up_text(term.type)}"]
    match fold:
        case "list":
            before, _, kind = lists.collected(scope, term, node)
            return [before], ["return result"], Term(kind, "")
        case "dict" | "set" | "Counter":
            return [f"result = new_dict({arena(scope)})"], ["return result"], term
        case "any":
            return [], ["return False"], Term("bool", "")
        case "all":
            return [], ["return True"], Term("bool", "")
        case "sum" if term.type == "float":
            # The sum of no floats is the int 0.
            start = ["count = 0", "total = 0.0"]
            if sys.version_info < (3, 12):
                return start, [*give_up, "return total"], Term("float", "")
            end = ["if lost != 0.0 and isfinite_float(lost):", "    total = total + lost", "return total"]
            return [*start, "lost = 0.0"], [*give_up, *end], Term("float", "")
        case "prod" if term.type == "float":
            # That of none is the int 1.
            return ["count = 0", "total = 1.0"], [*give_up, "return total"], Term("float", "")
        case "prod":
            return ["total = 1"], ["return total"], Term("int", "")
        case "sum" | "len":
            return ["total = 0"], ["return total"], Term("int", "")
    return ["count = 0", f"best = {optionals.zero(term.type)}"], [*give_up, "return best"], Term(term.type, "")


def _frame_of_numpy(fold: str, term: Term, scope: Scope, node: ast.expr) -> tuple[list[str], list[str], Term]:
    kind = numpy_numbers.summed(scope, term, node)[0] if fold == "sum" else term.type
    assert isinstance(kind, Shape)
    name = "total" if fold == "sum" else "best"
    # Of no elements it is Python's 0, or an error.
    after = ["if count == 0:", f"    return {give_up_text(kind)}", f"return ({name},)"]
    return ["count = 0", f"{name} = {'0' if kind.parts[0] == 'int' else '0.0'}"], after, Term(kind, "")
