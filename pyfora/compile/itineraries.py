"""What a loop runs over that `itertools` makes of something else: as cursors made of cursors."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from pyfora.compile import closures
from pyfora.compile.expressions import Expressions
from pyfora.compile.kinds import is_runtime
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_int, constant, made

MAKERS = (itertools.chain, itertools.islice, itertools.pairwise, itertools.accumulate, itertools.repeat)
MAKERS_OF_POOLS = (itertools.product, itertools.combinations)
"""These take what they run over whole before they begin."""
ITERTOOLS: tuple[object, ...] = (*MAKERS, *MAKERS_OF_POOLS, itertools.count)
_LONGEST = 2**62


@dataclass(frozen=True)
class Cursor:
    """Something that can be gone through together with others."""

    before: list[str]
    more: str
    """Whether there is an element more; looking changes nothing."""
    advance: list[str]
    element: Term
    takes_ahead: bool = False
    """Whether an element is taken in `before` that Python takes when the first is asked for."""


@dataclass(frozen=True)
class Pool:
    """Something whose elements are there at once, and stay as they are."""

    before: list[str]
    length: str
    at: Callable[[str], Term]
    """The element at a position."""


CursorOf = Callable[[ast.expr], Cursor]
PoolOf = Callable[[ast.expr], Pool]


def _held(scope: Scope, word: str, term: Term) -> tuple[list[str], Term]:
    """A value kept in a variable of the generated source."""
    if not is_runtime(term.type):
        return [], term
    name = scope.fresh(word)
    return [f"{name} = {term.text}"], Term(term.type, name, interval=term.interval)


def made_by(
    scope: Scope, expressions: Expressions, maker: object, node: ast.Call, cursor: CursorOf, pool: PoolOf
) -> Cursor:
    """The cursor of a call of one of these. Raises NotCompiled."""
    words = {keyword.arg: keyword.value for keyword in node.keywords}
    if any(isinstance(argument, ast.Starred) for argument in node.args):
        raise scope.refuse("a function of itertools with *arguments", node)
    count = len(node.args)
    if maker is itertools.product and count and set(words) <= {"repeat"}:
        repeat = expressions.value(scope, words["repeat"]).constant if words else 1
        if type(repeat) is not int or not 0 < repeat * count <= 4:
            raise scope.refuse("itertools.product of more than four pools, or of a number that is no literal", node)
        return _product(scope, [pool(argument) for argument in node.args], repeat)
    if maker is itertools.accumulate and count == 1 and set(words) <= {"func"}:
        return _accumulate(scope, expressions, cursor(node.args[0]), words.get("func"), node)
    if maker is itertools.accumulate and count == 2 and not words:
        return _accumulate(scope, expressions, cursor(node.args[0]), node.args[1], node)
    if words:
        raise scope.refuse("a function of itertools with keyword arguments", node)
    if maker is itertools.chain and count:
        return _chain(scope, [cursor(argument) for argument in node.args], node)
    if maker is itertools.pairwise and count == 1:
        return _pairwise(scope, cursor(node.args[0]))
    if maker is itertools.islice and count == 2:
        return _islice(scope, cursor(node.args[0]), as_int(expressions.scalar(scope, node.args[1])), node)
    if maker is itertools.repeat and count == 2:
        lines, element = _held(scope, "repeated", expressions.value(scope, node.args[0]))
        times = as_int(expressions.scalar(scope, node.args[1]))
        return _repeat(scope, lines, element, times, node)
    if maker is itertools.count and count <= 2:
        bounds = [as_int(expressions.scalar(scope, argument)) for argument in node.args]
        return _count(scope, bounds, node)
    if maker is itertools.combinations and count == 2:
        if expressions.value(scope, node.args[1]).constant != 2:
            raise scope.refuse("itertools.combinations of others than two", node)
        return _pairs(scope, pool(node.args[0]))
    raise scope.refuse("a function of itertools of these arguments", node)


def _chain(scope: Scope, cursors: list[Cursor], node: ast.AST) -> Cursor:
    """One that has ended is not asked again, whatever becomes of what it ran over."""
    kinds = {cursor.element.type for cursor in cursors}
    if len(kinds) > 1 or not is_runtime(cursors[0].element.type):
        raise scope.refuse("itertools.chain of elements of several types", node)
    stage, element = scope.fresh("stage"), scope.fresh("chained")
    tests = [f"({stage} <= {number} and {cursor.more})" for number, cursor in enumerate(cursors)]
    advance: list[str] = []
    for number, cursor in reversed([*enumerate(cursors)]):
        taken = [f"{stage} = {number}", *cursor.advance, f"{element} = {cursor.element.text}"]
        if not advance:
            advance = taken
            continue
        inner = [f"    {line}" for line in advance]
        advance = [f"if {tests[number]}:", *(f"    {line}" for line in taken), "else:", *inner]
    before = [line for cursor in cursors for line in cursor.before]
    return Cursor([*before, f"{stage} = 0"], f"({' or '.join(tests)})", advance, Term(cursors[0].element.type, element))


def _pairwise(scope: Scope, inner: Cursor) -> Cursor:
    kind, older, newer = inner.element.type, scope.fresh("older"), scope.fresh("newer")
    take = [*inner.advance, f"{newer} = {inner.element.text}"]
    before = [*inner.before, f"if {inner.more}:", *(f"    {line}" for line in take)]
    pair = made(tuple, ["", ""], [Term(kind, older), Term(kind, newer)])
    return Cursor(before, inner.more, [f"{older} = {newer}", *take], pair, takes_ahead=True)


def _islice(scope: Scope, inner: Cursor, stop: Term, node: ast.AST) -> Cursor:
    if stop.type != "int":
        raise scope.refuse("itertools.islice up to what is no int", node)
    left = scope.fresh("left")
    # What it is a slice of was evaluated first.
    before = [*inner.before, f"{left} = within_int({stop.text}, 0, {_LONGEST})"]
    advance = [f"{left} = {left} - 1", *inner.advance]
    return Cursor(before, f"(0 < {left} and {inner.more})", advance, inner.element)


def _repeat(scope: Scope, before: list[str], element: Term, times: Term, node: ast.AST) -> Cursor:
    if times.type != "int":
        raise scope.refuse("itertools.repeat so often as no int tells", node)
    left = scope.fresh("left")
    return Cursor([*before, f"{left} = {times.text}"], f"0 < {left}", [f"{left} = {left} - 1"], element)


def _count(scope: Scope, bounds: list[Term], node: ast.AST) -> Cursor:
    if any(bound.type != "int" for bound in bounds):
        raise scope.refuse("itertools.count of what is no int", node)
    first, step = [*bounds, *[constant(0), constant(1)][len(bounds) :]]
    number, by, begun = scope.fresh("number"), scope.fresh("by"), scope.fresh("begun")
    before = [f"{number} = {first.text}", f"{by} = {step.text}", f"{begun} = False"]
    advance = [f"if {begun}:", f"    {number} = add_int({number}, {by})", f"{begun} = True"]
    return Cursor(before, "True", advance, Term("int", number))


def _accumulate(
    scope: Scope, expressions: Expressions, inner: Cursor, function: ast.expr | None, node: ast.Call
) -> Cursor:
    lines: list[str] = []
    called: ast.expr | None = None
    if function is not None:
        value = expressions.value(scope, function)
        closures.must_stay(scope, value.type, node)
        lines, called = scope.hold(value)
    taken, element = scope.hold(inner.element)
    total = scope.hold(inner.element)[1]
    text = scope.read(total).text
    if called is None:
        joined: ast.expr = ast.BinOp(total, ast.Add(), element)
    else:
        joined = ast.Call(called, [total, element], [])
    for one in ast.walk(joined):
        ast.copy_location(one, node)
    following = expressions.value(scope, joined)
    if following.type != inner.element.type or not is_runtime(following.type):
        raise scope.refuse("itertools.accumulate whose values become of another type", node)
    begun = scope.fresh("begun")
    first, then = f"    {text} = {scope.read(element).text}", f"    {text} = {following.text}"
    advance = [*inner.advance, *taken, f"if not {begun}:", first, "else:", then, f"{begun} = True"]
    return Cursor([*lines, *inner.before, f"{begun} = False"], inner.more, advance, Term(following.type, text))


def _product(scope: Scope, pools: list[Pool], repeat: int) -> Cursor:
    """The last one changes fastest."""
    rank, count = scope.fresh("rank"), scope.fresh("count")
    before = [line for pool in pools for line in pool.before]
    before += [f"{rank} = -1", f"{count} = 1"]
    parts: list[Term] = []
    advance, below = [f"{rank} = {rank} + 1"], ""
    for pool in reversed(pools * repeat):
        before.append(f"{count} = mul_int({count}, {pool.length})")
        place = scope.fresh("place")
        above = f"floordiv_natural({rank}, {below})" if below else rank
        advance.append(f"{place} = mod_natural({above}, {pool.length})")
        parts.insert(0, pool.at(place))
        following = scope.fresh("below")
        before.append(f"{following} = {count}")
        below = following
    return Cursor(before, f"{rank} + 1 < {count}", advance, made(tuple, [""] * len(parts), parts))


def _pairs(scope: Scope, pool: Pool) -> Cursor:
    """`itertools.combinations(pool, 2)`."""
    one, other = scope.fresh("one"), scope.fresh("other")
    before = [*pool.before, f"{one} = 0", f"{other} = 0"]
    more = f"({other} + 1 < {pool.length} or {one} + 2 < {pool.length})"
    advance = [f"if {other} + 1 < {pool.length}:", f"    {other} = {other} + 1", "else:"]
    advance += [f"    {one} = {one} + 1", f"    {other} = {one} + 1"]
    return Cursor(before, more, advance, made(tuple, ["", ""], [pool.at(one), pool.at(other)]))
