"""Loops over `enumerate`, `zip` and `reversed` of ranges, lists and texts within a kernel: read by their positions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyfora.compile import lists, texts
from pyfora.compile.kinds import Known, ListOf
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_int, constant, made

if TYPE_CHECKING:
    from pyfora.compile.expressions import Expressions

RangeReader = Callable[[Scope, ast.expr], list[Term] | None]


@dataclass
class _Indexed:
    """Something with a length, whose elements can be read in any order."""

    length: str
    at: Callable[[str], Term]
    before: list[str] = field(default_factory=list)
    """Lines before the loop."""
    every_turn: list[str] = field(default_factory=list)
    """Lines that each turn begins with."""


def iteration(
    scope: Scope, expressions: Expressions, read_range: RangeReader, source: ast.expr
) -> tuple[list[str], str, list[str], Term] | None:
    """As `statements.iteration`, of such a call; None for anything else. Raises NotCompiled."""
    if _maker(scope, expressions, source) is None:
        return None
    found = _indexed(scope, expressions, read_range, source)
    position, length = scope.fresh("position"), scope.fresh("length")
    head = f"for {position} in range({length}):"
    return [*found.before, f"{length} = {found.length}"], head, found.every_turn, found.at(position)


def _maker(scope: Scope, expressions: Expressions, source: ast.expr) -> object:
    if not isinstance(source, ast.Call) or not isinstance(source.func, ast.Name):
        return None
    callee = expressions.value(scope, source.func).type
    made_by = callee.value if isinstance(callee, Known) else None
    return made_by if any(made_by is one for one in (enumerate, zip, reversed)) else None


def _indexed(scope: Scope, expressions: Expressions, read_range: RangeReader, source: ast.expr) -> _Indexed:
    maker = _maker(scope, expressions, source)
    if maker is None:
        return _of_sequence(scope, expressions, read_range, source)
    assert isinstance(source, ast.Call)
    if any(isinstance(argument, ast.Starred) for argument in source.args):
        raise scope.refuse("a call with *arguments", source)
    if maker is enumerate:
        return _enumerated(scope, expressions, read_range, source)
    if source.keywords or not source.args:
        raise scope.refuse(f"{ast.unparse(source.func)}() with keyword arguments, or without others", source)
    bases = [_indexed(scope, expressions, read_range, argument) for argument in source.args]
    before = [line for base in bases for line in base.before]
    every_turn = [line for base in bases for line in base.every_turn]
    if maker is reversed:
        if len(bases) > 1 or _maker(scope, expressions, source.args[0]) is not None:
            raise scope.refuse("reversed() of something else than a range, a list or a text", source)
        (base,), last = bases, scope.fresh("last")
        before.append(f"{last} = {base.length} - 1")
        return _Indexed(base.length, lambda position: base.at(f"({last} - {position})"), before, every_turn)
    shortest = bases[0].length
    for base in bases[1:]:
        shortest = f"min_int({shortest}, {base.length})"
    return _Indexed(
        shortest,
        lambda position: made(tuple, [""] * len(bases), [base.at(position) for base in bases]),
        before,
        every_turn,
    )


def _enumerated(scope: Scope, expressions: Expressions, read_range: RangeReader, source: ast.Call) -> _Indexed:
    starts = [*source.args[1:], *(keyword.value for keyword in source.keywords if keyword.arg == "start")]
    if not source.args or len(starts) != len(source.args) - 1 + len(source.keywords) or len(starts) > 1:
        raise scope.refuse("enumerate() with such arguments", source)
    base = _indexed(scope, expressions, read_range, source.args[0])
    start = expressions.scalar(scope, starts[0]) if starts else constant(0)
    if start.type not in ("int", "bool"):
        raise scope.refuse(f"enumerate() from a {start.type}", source)
    first = scope.fresh("first")
    before = [*base.before, f"{first} = {as_int(start).text}"]

    def at(position: str) -> Term:
        number = Term("int", f"add_int({first}, {position})" if starts else position)
        return made(tuple, ["", ""], [number, base.at(position)])

    return _Indexed(base.length, at, before, base.every_turn)


def _of_sequence(scope: Scope, expressions: Expressions, read_range: RangeReader, source: ast.expr) -> _Indexed:
    bounds = read_range(scope, source)
    if bounds is not None:
        return _of_range(scope, bounds)
    term = expressions.value(scope, source)
    if texts.is_text(term.type):
        letters = _of_list(scope, texts.letters(scope, term, source), source)
        letters_at = letters.at
        letters.at = lambda position: made(str, [""], [letters_at(position)])
        return letters
    if not isinstance(term.type, ListOf):
        raise scope.refuse("a loop over something else than ranges, lists and texts", source)
    return _of_list(scope, term, source)


def _of_range(scope: Scope, bounds: list[Term]) -> _Indexed:
    if len(bounds) == 1:
        stop = scope.fresh("stop")
        return _Indexed(f"max_int({stop}, 0)", lambda position: Term("int", position), [f"{stop} = {bounds[0].text}"])
    first, stride, length = scope.fresh("first"), scope.fresh("stride"), scope.fresh("length")
    step = bounds[2].text if len(bounds) == 3 else "1"
    before = [
        f"{first} = {bounds[0].text}",
        f"{stride} = {step}",
        f"{length} = range_count({first}, {bounds[1].text}, {stride})",
    ]
    # Within the range by construction: neither can overflow.
    return _Indexed(length, lambda position: Term("int", f"({first} + {position} * {stride})"), before)


def _of_list(scope: Scope, term: Term, source: ast.expr) -> _Indexed:
    held, length = scope.fresh("held"), scope.fresh("length")
    known = Term(term.type, held)
    before = [f"{held} = {term.text}", f"{length} = {lists.length(known).text}"]
    # A list that grows or shrinks on the way is left to CPython.
    is_own = isinstance(term.type, ListOf) and not term.type.is_frozen
    every_turn = [f"must_be_same({lists.length(known).text}, {length})"] if is_own else []
    return _Indexed(length, lambda position: lists.element_at(scope, known, position, source), before, every_turn)
