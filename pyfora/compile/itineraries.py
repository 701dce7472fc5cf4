"""What a loop runs over that `itertools` makes of something else: as cursors made of cursors."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pyfora.compile import closures, optionals
from pyfora.compile.expressions import Expressions
from pyfora.compile.kinds import Optional, is_runtime
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_int, constant, made

MAKERS = (itertools.chain, itertools.islice, itertools.pairwise, itertools.accumulate, itertools.repeat)
MAKERS_OF_POOLS = (itertools.product, itertools.combinations)
"""These take what they run over whole before they begin."""
REFUSED = (itertools.groupby, *([itertools.batched] if hasattr(itertools, "batched") else []))
"""What these give is gone through again, or is of several lengths."""
ITERTOOLS: tuple[object, ...] = (
    *(*MAKERS, *MAKERS_OF_POOLS, *REFUSED),
    *(itertools.count, itertools.cycle, itertools.zip_longest),
)
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
    is_steady: bool = False
    """Whether it does not matter when an element is taken: nothing is called for it, and nobody changes where it is."""
    calls: bool = False
    """Whether something is called when an element is taken, which may fail or change something."""


@dataclass(frozen=True)
class Pool:
    """Something whose elements are there at once, and stay as they are."""

    before: list[str]
    length: str
    at: Callable[[str], Term]
    """The element at a position."""
    taken: list[str] = field(default_factory=list)
    """Lines that take its elements, once what all pools run over has been evaluated: that may still change this one."""


CursorOf = Callable[[ast.expr], Cursor]
PoolOf = Callable[[ast.expr], Pool]


def all_steady(cursors: Iterable[Cursor]) -> bool:
    """Whether it does not matter when an element of any of these is taken."""
    return all(cursor.is_steady for cursor in cursors)


def any_calls(cursors: Iterable[Cursor]) -> bool:
    """Whether something is called when an element of any of these is taken."""
    return any(cursor.calls for cursor in cursors)


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
    if maker is itertools.accumulate and 1 <= count <= 2 and set(words) <= {"func", "initial"}:
        function = node.args[1] if count == 2 else words.get("func")
        return _accumulate(scope, expressions, cursor(node.args[0]), function, words.get("initial"), node)
    if maker is itertools.zip_longest and count and set(words) <= {"fillvalue"}:
        cursors = [cursor(argument) for argument in node.args]
        filling = expressions.value(scope, words["fillvalue"]) if words else Term(optionals.NOTHING, "")
        return _longest(scope, cursors, filling, node)
    if maker in REFUSED:
        raise scope.refuse(f"itertools.{getattr(maker, '__name__', '')}", node)
    if words:
        raise scope.refuse("a function of itertools with keyword arguments", node)
    if maker is itertools.chain and count:
        return _chain(scope, [cursor(argument) for argument in node.args], node)
    if maker is itertools.pairwise and count == 1:
        return _pairwise(scope, cursor(node.args[0]))
    if maker is itertools.cycle and count == 1:
        return _cycle(scope, cursor(node.args[0]), pool(node.args[0]), node)
    if maker is itertools.islice and 2 <= count <= 4:
        bounds = [_bound(scope, expressions.value(scope, argument), node) for argument in node.args[1:]]
        return _islice(scope, cursor(node.args[0]), bounds, node)
    if maker is itertools.repeat and count == 2:
        lines, element = _held(scope, "repeated", expressions.value(scope, node.args[0]))
        times = as_int(expressions.scalar(scope, node.args[1]))
        return _repeat(scope, lines, element, times, node)
    if maker is itertools.count and count <= 2:
        numbers = [as_int(expressions.scalar(scope, argument)) for argument in node.args]
        return _count(scope, numbers, node)
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
    before = [*(line for cursor in cursors for line in cursor.before), f"{stage} = 0"]
    made_ = Term(cursors[0].element.type, element)
    return Cursor(
        before, f"({' or '.join(tests)})", advance, made_, is_steady=all_steady(cursors), calls=any_calls(cursors)
    )


def _pairwise(scope: Scope, inner: Cursor) -> Cursor:
    kind, older, newer = inner.element.type, scope.fresh("older"), scope.fresh("newer")
    take = [*inner.advance, f"{newer} = {inner.element.text}"]
    before = [*inner.before, f"if {inner.more}:", *(f"    {line}" for line in take)]
    pair = made(tuple, ["", ""], [Term(kind, older), Term(kind, newer)])
    advance = [f"{older} = {newer}", *take]
    steady = inner.is_steady
    return Cursor(before, inner.more, advance, pair, takes_ahead=not steady, is_steady=steady, calls=inner.calls)


def _bound(scope: Scope, term: Term, node: ast.AST) -> str | None:
    """A bound of `islice`, None where it is."""
    if term.type == optionals.NOTHING:
        scope.must_not_act(term, node)
        return None
    if as_int(term).type != "int":
        raise scope.refuse("itertools.islice by what is neither an int nor None", node)
    return as_int(term).text


def _islice(scope: Scope, inner: Cursor, bounds: list[str | None], node: ast.AST) -> Cursor:
    """`itertools.islice(…, stop)` or `(…, start, stop, step)`; what it is a slice of was evaluated first."""
    first, last, step = [None, *bounds, None] if len(bounds) == 1 else [*bounds, None][:3]
    left = scope.fresh("left")
    limit = str(_LONGEST) if last is None else f"within_int({last}, 0, {_LONGEST})"
    if first is None and step is None:
        before = [*inner.before, f"{left} = {limit}"]
        advance = [f"{left} = {left} - 1", *inner.advance]
        more = f"(0 < {left} and {inner.more})"
        return Cursor(before, more, advance, inner.element, is_steady=inner.is_steady, calls=inner.calls)
    if step is not None and not inner.is_steady:
        raise scope.refuse("itertools.islice in steps of what may change meanwhile", node)
    skipped, stride, taken = scope.fresh("skipped"), scope.fresh("stride"), scope.fresh("taken")
    lines = [
        *(*inner.before, f"{skipped} = " + ("0" if first is None else f"within_int({first}, 0, {_LONGEST})")),
        f"{left} = {limit}",
        f"{stride} = " + ("1" if step is None else f"within_int({step}, 1, {_LONGEST})"),
        # How many there are, if there are enough of those that it is a slice of.
        f"{left} = range_count({skipped}, {left}, {stride})",
    ]
    skip = [f"while 0 < {skipped} and {inner.more}:", f"    {skipped} = {skipped} - 1"]
    skip += [f"    {line}" for line in inner.advance]
    if step is None:
        # Python skips when the first element is asked for.
        advance = [f"{left} = {left} - 1", *inner.advance]
        more = f"(0 < {left} and {inner.more})"
        before, ahead = [*lines, *skip], not inner.is_steady
        return Cursor(before, more, advance, inner.element, takes_ahead=ahead, is_steady=not ahead, calls=inner.calls)
    if not is_runtime(inner.element.type):
        raise scope.refuse("itertools.islice in steps of what is known beforehand", node)
    advance = [*inner.advance, f"{taken} = {inner.element.text}", f"{left} = {left} - 1"]
    advance += [f"{skipped} = {stride} - 1", *skip]
    more = f"(0 < {left} and {inner.more})"
    return Cursor([*lines, *skip], more, advance, Term(inner.element.type, taken), is_steady=True)


def _cycle(scope: Scope, cursor: Cursor, pool: Pool, node: ast.AST) -> Cursor:
    """`itertools.cycle(…)`, which takes its elements one by one in the first round, and remembers them."""
    if not cursor.is_steady:
        raise scope.refuse("itertools.cycle of what may change meanwhile", node)
    place = scope.fresh("place")
    before = [*pool.before, *pool.taken, f"{place} = -1"]
    advance = [f"{place} = {place} + 1 if {place} + 1 < {pool.length} else 0"]
    return Cursor(before, f"0 < {pool.length}", advance, pool.at(place), is_steady=True)


def _longest(scope: Scope, cursors: list[Cursor], filling: Term, node: ast.AST) -> Cursor:
    """`itertools.zip_longest(…)`: what has ended is not asked again."""
    before, filled = [line for cursor in cursors for line in cursor.before], filling
    if is_runtime(filling.type):
        name = scope.fresh("filling")
        before, filled = [*before, f"{name} = {filling.text}"], Term(filling.type, name)
    tests, advance, parts = [], [], []
    for cursor in cursors:
        kind = optionals.together(cursor.element.type, filling.type)
        if cursor.element.type != filling.type and not isinstance(kind, Optional):
            raise scope.refuse(f"itertools.zip_longest of {cursor.element.type} filled up with {filling.type}", node)
        ended, part = scope.fresh("ended"), scope.fresh("part")
        before.append(f"{ended} = False")
        tests.append(f"(not {ended} and {cursor.more})")
        element = cursor.element
        if isinstance(kind, Optional) and element.type != filling.type:
            element, fill = optionals.as_optional(element, kind), optionals.as_optional(filled, kind)
        else:
            fill = filled
        if not is_runtime(element.type):
            raise scope.refuse("itertools.zip_longest of what is known beforehand", node)
        taken = [f"    {line}" for line in [*cursor.advance, f"{part} = {element.text}"]]
        advance += [f"if {tests[-1]}:", *taken, "else:", f"    {ended} = True", f"    {part} = {fill.text}"]
        parts.append(Term(element.type, part))
    whole = made(tuple, [""] * len(parts), parts)
    return Cursor(
        before, f"({' or '.join(tests)})", advance, whole, is_steady=all_steady(cursors), calls=any_calls(cursors)
    )


def _repeat(scope: Scope, before: list[str], element: Term, times: Term, node: ast.AST) -> Cursor:
    if times.type != "int":
        raise scope.refuse("itertools.repeat so often as no int tells", node)
    left = scope.fresh("left")
    before = [*before, f"{left} = {times.text}"]
    return Cursor(before, f"0 < {left}", [f"{left} = {left} - 1"], element, is_steady=True)


def _count(scope: Scope, bounds: list[Term], node: ast.AST) -> Cursor:
    if any(bound.type != "int" for bound in bounds):
        raise scope.refuse("itertools.count of what is no int", node)
    first, step = [*bounds, *[constant(0), constant(1)][len(bounds) :]]
    number, by, begun = scope.fresh("number"), scope.fresh("by"), scope.fresh("begun")
    before = [f"{number} = {first.text}", f"{by} = {step.text}", f"{begun} = False"]
    advance = [f"if {begun}:", f"    {number} = add_int({number}, {by})", f"{begun} = True"]
    return Cursor(before, "True", advance, Term("int", number), is_steady=True)


def _accumulate(
    scope: Scope,
    expressions: Expressions,
    inner: Cursor,
    function: ast.expr | None,
    initial: ast.expr | None,
    node: ast.Call,
) -> Cursor:
    lines: list[str] = []
    called: ast.expr | None = None
    value = Term(optionals.NOTHING, "") if function is None else expressions.value(scope, function)
    if value.type != optionals.NOTHING:
        closures.must_stay(scope, value.type, node)
        lines, called = scope.hold(value)
    begin = Term(optionals.NOTHING, "") if initial is None else expressions.value(scope, initial)
    if begin.type not in (optionals.NOTHING, inner.element.type):
        raise scope.refuse("itertools.accumulate whose values become of another type", node)
    if value.may_change or begin.may_change:
        raise scope.refuse("itertools.accumulate with arguments that change something", node)
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
    before = [*inner.before, *lines, f"{begun} = False"]
    if begin.type == optionals.NOTHING:
        first, then = f"    {text} = {scope.read(element).text}", f"    {text} = {following.text}"
        advance = [*inner.advance, *taken, f"if not {begun}:", first, "else:", then, f"{begun} = True"]
        more = inner.more
    else:
        held = scope.fresh("initial")
        before.append(f"{held} = {begin.text}")
        then_ = [f"    {line}" for line in [*inner.advance, *taken, f"{text} = {following.text}"]]
        advance = [f"if not {begun}:", f"    {text} = {held}", f"    {begun} = True", "else:", *then_]
        more = f"(not {begun} or {inner.more})"
    calls = called is not None or not isinstance(following.type, str)
    is_steady = inner.is_steady and not calls
    return Cursor(before, more, advance, Term(following.type, text), is_steady=is_steady, calls=calls or inner.calls)


def _product(scope: Scope, pools: list[Pool], repeat: int) -> Cursor:
    """The last one changes fastest."""
    rank, count = scope.fresh("rank"), scope.fresh("count")
    before = [line for pool in pools for line in pool.before] + [line for pool in pools for line in pool.taken]
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
    return Cursor(before, f"{rank} + 1 < {count}", advance, made(tuple, [""] * len(parts), parts), is_steady=True)


def _pairs(scope: Scope, pool: Pool) -> Cursor:
    """`itertools.combinations(pool, 2)`."""
    one, other = scope.fresh("one"), scope.fresh("other")
    before = [*pool.before, *pool.taken, f"{one} = 0", f"{other} = 0"]
    more = f"({other} + 1 < {pool.length} or {one} + 2 < {pool.length})"
    advance = [f"if {other} + 1 < {pool.length}:", f"    {other} = {other} + 1", "else:"]
    advance += [f"    {one} = {one} + 1", f"    {other} = {one} + 1"]
    return Cursor(before, more, advance, made(tuple, ["", ""], [pool.at(one), pool.at(other)]), is_steady=True)
