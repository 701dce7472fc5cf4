"""What a loop inside compiled code runs over: ranges, lists, dicts, texts, tuples, what builtins make of these."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from pyfora.compile import arrays, dicts, intervals, lists, octets, texts
from pyfora.compile.frozen import can_be_changed
from pyfora.compile.functions import Function
from pyfora.compile.itineraries import ITERTOOLS, Cursor, Pool, all_steady, any_calls, made_by
from pyfora.compile.kinds import DictOf, Known, ListOf, SetOf, Shape, ViewOf, is_runtime
from pyfora.compile.lazies import LAZY, Turns, turns_by
from pyfora.compile.numpy_kinds import ArrayOf
from pyfora.compile.scope import Scope, construct
from pyfora.compile.terms import Term, as_int, constant, made, part_of
from pyfora.compile.words import ARENA, arena

if TYPE_CHECKING:
    from pyfora.compile.expressions import Expressions

RangeReader = Callable[[Scope, ast.expr], list[Term] | None]
_MOST_TURNS = 2**62
"""No loop takes as many: there is not the time for it."""
MADE_BY = (builtins.reversed, builtins.enumerate, builtins.zip, *LAZY, *ITERTOOLS)
"""What gives something that is no list, but can be gone through once."""


def called(scope: Scope, expressions: Expressions, node: ast.expr) -> object:
    """The builtin of which this is the call, None if it is another expression."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
        return None
    if isinstance(node.func, ast.Attribute) and not isinstance(expressions.value(scope, node.func.value).type, Known):
        return None
    kind = expressions.value(scope, node.func).type
    return kind.value if isinstance(kind, Known) else None


def iteration(scope: Scope, expressions: Expressions, read_range: RangeReader, source: ast.expr) -> Turns:
    """A loop over `source`."""
    bounds = read_range(scope, source)
    if bounds is not None:
        before, head, index = range_loop(scope, bounds)
        return before, head, [], Term("int", index, interval=intervals.of_range(bounds), each_once=True)
    maker = called(scope, expressions, source)
    if maker in MADE_BY and isinstance(source, ast.Call):
        return _made(scope, expressions, read_range, maker, source)
    scope.gone_through = source
    held = expressions.value(scope, source)
    if texts.is_text(held.type):
        return texts.iteration(scope, held, source)
    if isinstance(held.type, DictOf | ViewOf | SetOf):
        return dicts.iteration(scope, held, source)
    if octets.is_bytes(held.type):
        return octets.iteration(scope, held, source)
    if isinstance(held.type, ArrayOf):
        return arrays.iteration(scope, held, source)
    if isinstance(held.type, Shape) and held.type.python is tuple:
        held = _list_of_parts(scope, held, source)
    if not isinstance(held.type, ListOf):
        raise scope.refuse("a loop over something else than a range or a list", source)
    return lists.iteration(scope, held, source)


def _list_of_parts(scope: Scope, held: Term, node: ast.expr) -> Term:
    """A tuple as a list: nobody can tell, as it is only gone through."""
    kind = held.type
    assert isinstance(kind, Shape)
    if not is_runtime(kind):
        raise scope.refuse("a loop over a tuple of what is known beforehand", node)
    key = ("list of parts", kind)
    if key not in scope.unit.functions:
        whole = Term(kind, "value")
        listed = ast.copy_location(ast.List([], ast.Load()), node)
        made_ = lists.display(scope, [part_of(whole, number) for number in range(len(kind.parts))], listed)
        function = Function(scope.unit.name("call_parts"), [("value", kind)], made_.type, {ARENA: Term("int", ARENA)})
        function.lines, function.complete = [f"return {made_.text}"], True
        scope.unit.functions[key] = function
    arena(scope)
    return scope.unit.functions[key].call([held], depth="")


def _made(scope: Scope, expressions: Expressions, read_range: RangeReader, maker: object, node: ast.Call) -> Turns:
    """A loop over what a builtin makes of something else."""
    if maker in LAZY:
        return turns_by(
            *(scope, expressions, maker, node),
            lambda over: iteration(scope, expressions, read_range, over),
            lambda together: _zipped(scope, expressions, read_range, together),
        )
    if maker is builtins.enumerate and node.args:
        turns = iteration(scope, expressions, read_range, node.args[0])
        return _counted(scope, turns, _start(scope, expressions, node))
    cursor = _cursor(scope, expressions, read_range, node)
    return cursor.before, f"while {cursor.more}:", cursor.advance, cursor.element


def _start(scope: Scope, expressions: Expressions, node: ast.Call) -> Term:
    """Where `enumerate` begins to count."""
    given = [*node.args[1:], *(keyword.value for keyword in node.keywords if keyword.arg == "start")]
    if len(given) > 1 or len(node.args) + len(node.keywords) != 1 + len(given):
        raise scope.refuse("enumerate() of these arguments", node)
    start = as_int(expressions.scalar(scope, given[0])) if given else constant(0)
    if start.type != "int":
        raise scope.refuse("enumerate() that begins with something else than an int", node)
    return start


def _counted(scope: Scope, turns: Turns, start: Term) -> Turns:
    before, head, first_lines, element = turns
    counter = scope.fresh("counter")
    low = start.constant
    if type(low) is int and 0 <= low <= _MOST_TURNS // 2:
        count, interval = f"{counter} = {counter} + 1", (low, low + _MOST_TURNS)
        first = f"{counter} = {low - 1}"
    else:
        count, interval, first = f"{counter} = add_int({counter}, 1)", None, f"{counter} = sub_int({start.text}, 1)"
    number = Term("int", counter, interval=interval)
    return [*before, first], head, [*first_lines, count], made(tuple, ["", ""], [number, element])


def _cursor(scope: Scope, expressions: Expressions, read_range: RangeReader, node: ast.expr) -> Cursor:
    """`node` as something that can be gone through together with others."""
    bounds = read_range(scope, node)
    if bounds is not None:
        return _range_cursor(scope, bounds, down=False)
    maker = called(scope, expressions, node)
    if isinstance(node, ast.Call) and maker in MADE_BY:
        if maker is builtins.zip and not node.keywords and node.args:
            return _zipped(scope, expressions, read_range, node)
        if maker is builtins.reversed and not node.keywords and len(node.args) == 1:
            return _backwards(scope, expressions, read_range, node.args[0])
        if maker is builtins.enumerate and node.args:
            inner = _inner_cursor(scope, expressions, read_range, node.args[0])
            start = _start(scope, expressions, node)
            before, _, advance, element = _counted(scope, (inner.before, "", inner.advance, inner.element), start)
            return Cursor(before, inner.more, advance, element, is_steady=inner.is_steady, calls=inner.calls)
        if maker in ITERTOOLS:
            return made_by(
                *(scope, expressions, maker, node),
                lambda inner: _inner_cursor(scope, expressions, read_range, inner),
                lambda inner: _pool(scope, expressions, read_range, inner),
            )
        raise scope.refuse(f"{getattr(maker, '__name__', 'map')}() beside something else that is gone through", node)
    # Some other may end before it does.
    with scope.left_early(True):
        before, head, advance, element = iteration(scope, expressions, read_range, node)
    # Nobody else has a list that is written out here.
    is_steady = isinstance(node, ast.List | ast.ListComp) or maker in (builtins.sorted, builtins.list)
    if isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Constant | ast.Tuple):
        is_steady = not can_be_changed(expressions.value(scope, node).type)
    if head.startswith("for "):
        # Of a list that nobody changes.
        position, _, rest = head.removeprefix("for ").partition(" in range(")
        count = scope.fresh("count")
        before = [*before, f"{count} = {rest.removesuffix('):')}", f"{position} = -1"]
        more, advance = f"{position} + 1 < {count}", [f"{position} = {position} + 1", *advance]
        return Cursor(before, more, advance, element, is_steady=is_steady)
    return Cursor(before, head.removeprefix("while ").removesuffix(":"), advance, element, is_steady=is_steady)


def _inner_cursor(scope: Scope, expressions: Expressions, read_range: RangeReader, node: ast.expr) -> Cursor:
    """The same within another: what it takes ahead may change before it is asked for."""
    inner = _cursor(scope, expressions, read_range, node)
    if inner.takes_ahead:
        raise scope.refuse(f"{ast.unparse(node)} within something else that is gone through", node)
    return inner


def _pool(scope: Scope, expressions: Expressions, read_range: RangeReader, node: ast.expr) -> Pool:
    """`node` as something whose elements are there at once: lists are copied, as Python copies them."""
    bounds = read_range(scope, node)
    if bounds is not None:
        before, head, element = range_loop(scope, bounds)
        position, _, rest = head.removeprefix("for ").partition(" in range(")
        count = scope.fresh("count")
        before = [*before, f"{count} = {rest.removesuffix('):')}"]
        # An element is an expression of the position.
        return Pool(before, count, lambda place: Term("int", re.sub(rf"\b{position}\b", place, f"({element})")))
    held = expressions.value(scope, node)
    if not isinstance(held.type, ListOf):
        raise scope.refuse("a pool of itertools that is neither a range nor a list", node)
    name, count = scope.fresh("pool"), scope.fresh("count")
    pool = Term(held.type, name)
    copied = [] if held.type.is_frozen else [f"{name} = {lists.method(scope, pool, 'copy', [], node).text}"]
    taken = [*copied, f"{count} = {lists.length(pool).text}"]
    return Pool(
        [f"{name} = {held.text}"], count, lambda place: lists.item(scope, pool, Term("int", place), node), taken
    )


def _zipped(scope: Scope, expressions: Expressions, read_range: RangeReader, node: ast.Call) -> Cursor:
    """`zip(…)`: it ends with the first that does.

    In Python those before it have then gone one further; here they have not, which nobody sees as nothing is called.
    """
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        raise scope.refuse("zip() with *arguments", node)
    cursors = [_inner_cursor(scope, expressions, read_range, argument) for argument in node.args]
    if any_calls(cursors[:-1]):
        raise scope.refuse("itertools.accumulate by a function, with others after it", node)
    return Cursor(
        [line for cursor in cursors for line in cursor.before],
        " and ".join(f"({cursor.more})" for cursor in cursors),
        [line for cursor in cursors for line in cursor.advance],
        made(tuple, [""] * len(cursors), [cursor.element for cursor in cursors]),
        is_steady=all_steady(cursors),
        calls=any_calls(cursors),
    )


def _range_cursor(scope: Scope, bounds: list[Term], *, down: bool) -> Cursor:
    before, head, element = range_loop(scope, bounds)
    position, _, rest = head.removeprefix("for ").partition(" in range(")
    count = scope.fresh("count")
    before = [*before, f"{count} = {rest.removesuffix('):')}"]
    interval = intervals.of_range(bounds)
    if down:
        before.append(f"{position} = {count}")
        more, advance = f"0 < {position}", f"{position} = {position} - 1"
    else:
        before.append(f"{position} = -1")
        more, advance = f"{position} + 1 < {count}", f"{position} = {position} + 1"
    return Cursor(before, more, [advance], Term("int", f"({element})", interval=interval), is_steady=True)


def _backwards(scope: Scope, expressions: Expressions, read_range: RangeReader, node: ast.expr) -> Cursor:
    """`reversed(node)`: of a list it stops where the list has become shorter than where it is."""
    bounds = read_range(scope, node)
    if bounds is not None:
        return _range_cursor(scope, bounds, down=True)
    held = expressions.value(scope, node)
    if not isinstance(held.type, ListOf):
        raise scope.refuse("reversed() of something else than a range or a list", node)
    name, position = scope.fresh("held"), scope.fresh("position")
    length = lists.length(Term(held.type, name)).text
    return Cursor(
        [f"{name} = {held.text}", f"{position} = {length}"],
        f"0 < {position} and {position} - 1 < {length}",
        [f"{position} = {position} - 1"],
        lists.item(scope, Term(held.type, name), Term("int", position), node),
        is_steady=held.type.is_frozen,
    )


def bind_target(scope: Scope, target: ast.expr, element: Term) -> list[str]:
    """Lines that bind the variables of a comprehension's clause."""
    if isinstance(target, ast.Name):
        text = scope.bind(target.id, element.type)
        return [f"{text} = {element.text}"] if text else []
    kind = element.type
    if not isinstance(target, ast.Tuple | ast.List) or any(isinstance(one, ast.Starred) for one in target.elts):
        raise scope.refuse(f"{construct(target)} as the variable of a loop over a range", target)
    if not isinstance(kind, Shape) or not issubclass(kind.python, tuple) or len(kind.parts) != len(target.elts):
        raise scope.refuse("a tuple as the variable of a loop over something else than tuples of its length", target)
    lines, held = scope.hold(element)
    whole = scope.read(held)
    return [*lines, *(line for n, one in enumerate(target.elts) for line in bind_target(scope, one, part_of(whole, n)))]


def at_most_few(head: str) -> str | None:
    """The first line of such a loop over a range, giving up where it would turn very often; None of one over a list."""
    position, _, count = head.removeprefix("for ").removesuffix("):").partition(" in range(")
    return f"for {position} in range(few_turns({count})):" if count else None


def turns_of(element: Term, around: int | None) -> int | None:
    """How often the body of a loop over such elements runs at most, which is in one that runs so often."""
    interval = intervals.of(element) if element.each_once else None
    return None if interval is None or around is None else around * (interval[1] - interval[0] + 1)


def range_loop(scope: Scope, bounds: list[Term]) -> tuple[list[str], str, str]:
    """A loop over `range(*bounds)`: the lines before it, its first line, and the element as an expression."""
    position = scope.fresh("position")
    if len(bounds) == 1:
        return [], f"for {position} in range({bounds[0].text}):", position
    start, stop = bounds[0], bounds[1]
    first = scope.fresh("first")
    before = [f"{first} = {start.text}"]
    end, stride = stop.text, "1"
    if len(bounds) == 3:
        # In Python's order, should they call something.
        end, stride = scope.fresh("stop"), scope.fresh("stride")
        before += [f"{end} = {stop.text}", f"{stride} = {bounds[2].text}"]
    head = f"for {position} in range(range_count({first}, {end}, {stride})):"
    # Within the range by construction: neither can overflow.
    return before, head, f"{first} + {position}" if stride == "1" else f"{first} + {position} * {stride}"
