"""What calls a function, or asks for its truth, for each element of something else: `map`, `filter` and their like."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import itertools
from collections.abc import Callable

from pyfora.compile import closures
from pyfora.compile.expressions import Expressions
from pyfora.compile.itineraries import Cursor
from pyfora.compile.kinds import Known, Shape
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, part_of

_TESTS = (builtins.filter, itertools.filterfalse, itertools.takewhile, itertools.dropwhile)
LAZY: tuple[object, ...] = (builtins.map, itertools.starmap, itertools.compress, *_TESTS)
Turns = tuple[list[str], str, list[str], Term]
"""The lines before the loop, its first line, what a turn begins with, and its element."""
TurnsOf = Callable[[ast.expr], Turns]
ZippedOf = Callable[[ast.Call], Cursor]


def turns_by(
    scope: Scope, expressions: Expressions, maker: object, node: ast.Call, turns: TurnsOf, zipped: ZippedOf
) -> Turns:
    """A loop over one of these: what is called is called once in every turn, at its beginning. Raises NotCompiled."""
    name = getattr(maker, "__name__", "map")
    fits = len(node.args) >= 2 if maker is builtins.map else len(node.args) == 2
    if node.keywords or not fits or any(isinstance(argument, ast.Starred) for argument in node.args):
        raise scope.refuse(f"{name}() of these arguments", node)
    if maker is itertools.compress:
        return _compressed(scope, expressions, zipped(node))
    function = expressions.value(scope, node.args[0])
    closures.must_stay(scope, function.type, node)
    lines, held = scope.hold(function)
    if len(node.args) == 2:
        with scope.left_early(scope.leaves_early or maker is itertools.takewhile):
            before, head, first_lines, element = turns(node.args[1])
        taken, argument = scope.hold(element)
        arguments: list[ast.expr] = [argument]
    else:
        cursor = zipped(ast.copy_location(ast.Call(node.func, node.args[1:], []), node))
        before, head, first_lines = cursor.before, f"while {cursor.more}:", cursor.advance
        taken, arguments = _held_parts(scope, cursor.element)
    if maker is itertools.starmap:
        if not isinstance(element.type, Shape) or not issubclass(element.type.python, tuple):
            raise scope.refuse("starmap() over what are no tuples", node)
        taken, arguments = _held_parts(scope, element)
    call = ast.copy_location(ast.Call(held, arguments, []), node)
    before, first_lines = [*lines, *before], [*first_lines, *taken]
    if maker not in _TESTS:
        # How many turns there are is told from where the elements of a range lie; these are none.
        made = dataclasses.replace(expressions.value(scope, call), interval=None, each_once=False)
        return before, head, first_lines, made
    is_plain = maker is builtins.filter or maker is itertools.filterfalse
    test = expressions.truth(scope, arguments[0] if is_plain and function.type == Known(None) else call)
    element = scope.read(argument)
    match maker:
        case itertools.filterfalse:
            first_lines += [f"if {test.text}:", "    continue"]
        case itertools.takewhile:
            first_lines += [f"if not {test.text}:", "    break"]
        case itertools.dropwhile:
            dropping = scope.fresh("dropping")
            before = [*before, f"{dropping} = True"]
            first_lines += [f"if {dropping} and {test.text}:", "    continue", f"{dropping} = False"]
        case _:
            first_lines += [f"if not {test.text}:", "    continue"]
    return before, head, first_lines, element


def _held_parts(scope: Scope, element: Term) -> tuple[list[str], list[ast.expr]]:
    """The parts of a tuple, each in a variable."""
    assert isinstance(element.type, Shape)
    taken, whole = scope.hold(element)
    arguments: list[ast.expr] = []
    for number in range(len(element.type.parts)):
        one, argument = scope.hold(part_of(scope.read(whole), number))
        taken, arguments = [*taken, *one], [*arguments, argument]
    return taken, arguments


def _compressed(scope: Scope, expressions: Expressions, cursor: Cursor) -> Turns:
    """`itertools.compress(data, selectors)`: the one is asked for an element first, as `zip` does."""
    taken, arguments = _held_parts(scope, cursor.element)
    element, selector = arguments
    assert isinstance(element, ast.Name)
    test = expressions.truth(scope, selector)
    first_lines = [*cursor.advance, *taken, f"if not {test.text}:", "    continue"]
    return cursor.before, f"while {cursor.more}:", first_lines, scope.read(element)


def may_break(first_lines: list[str]) -> bool:
    """Whether a turn may be none, and the loop has ended."""
    return any(line.strip() == "break" for line in first_lines)
