"""Arrays of numpy, of one axis or two: captured ones, which are only read, views of them, and local ones."""

from __future__ import annotations

import ast
import builtins
import functools
import sys

from pyfora.compile import lists, numpy_complexes, numpy_numbers
from pyfora.compile.functions import Function
from pyfora.compile.kinds import Known, ListOf, Shape, display, is_runtime
from pyfora.compile.numpy_kinds import AXES, ArrayOf, array_of, axes_of, element_of, is_complex_number, name_of
from pyfora.compile.scope import Scope
from pyfora.compile.terms import Term, as_int, constant, made, part_of
from pyfora.compile.words import arena

_ONES = {"int": "1", "float": "1.0", "bool": "True"}
_WHOLE = 2**62
"""Where a slice ends that has no end of its own: no axis is as long."""


def _size(kind: ArrayOf) -> int:
    import numpy as np

    return np.dtype(kind.element.python).itemsize


def length(held: Term) -> Term:
    """`len(held)`."""
    return Term("int", part_of(held, 1).text, interval=(0, lists.LONGEST))


# ---- elements --------------------------------------------------------------------------------------------------------


def _place(scope: Scope, index: Term, node: ast.AST) -> tuple[str, int]:
    """An index as the primitives take it, and how many axes it is for."""
    kind = index.type
    if isinstance(kind, Shape) and kind.python is tuple:
        if not 0 < len(kind.parts) <= len(AXES) or not is_runtime(kind):
            raise scope.refuse("an array indexed by such a tuple", node)
        key = ("index of", kind)
        if key not in scope.unit.functions:
            parts = [numpy_numbers.as_index(part_of(Term(kind, "index"), n)) for n in range(len(kind.parts))]
            if any(part.type != "int" for part in parts):
                raise scope.refuse("an array indexed by something else than ints", node)
            texts = [part.text for part in parts]
            shape = Shape(tuple, ("",) * len(parts), tuple(part.type for part in parts))
            function = Function(scope.unit.name("call_index"), [("index", kind)], shape if len(parts) > 1 else "int")
            function.lines, function.complete = [f"return {display(texts) if len(parts) > 1 else texts[0]}"], True
            scope.unit.functions[key] = function
        return scope.unit.functions[key].call([index], depth="").text, len(kind.parts)
    index = numpy_numbers.as_index(index)
    if index.type != "int":
        # A bool is a mask.
        raise scope.refuse(f"an array indexed by a {index.type}", node)
    return index.text, 1


def _verb(kind: ArrayOf, verb: str) -> str:
    packed = "packed" if kind.is_packed else "spread"
    return f"{verb}_{packed}_{name_of(kind.element)}_{axes_of(kind)}"


def item(scope: Scope, held: Term, index: Term, node: ast.AST) -> Term:
    """`held[index]`: an element, or a row."""
    kind = held.type
    assert isinstance(kind, ArrayOf)
    place, axes = _place(scope, index, node)
    if axes > axes_of(kind):
        raise scope.refuse(f"an array of one axis indexed by {axes} ints", node)
    if axes < axes_of(kind):
        return Term(_with_axes(kind, 1), f"row_array({held.text}, {place})")
    verb = _verb(kind, "get_frozen" if kind.is_frozen else "get_own")
    text = f"{verb}({held.text}, {place})"
    if is_complex_number(kind.element):
        return Term(kind.element, text)
    return numpy_numbers.number(kind.element, Term(kind.element.parts[0], text))


def _with_axes(kind: ArrayOf, axes: int, *, is_packed: bool | None = None) -> ArrayOf:
    packed = kind.is_packed if is_packed is None else is_packed
    return array_of(kind.element, axes, is_frozen=kind.is_frozen, is_packed=packed)


def set_item(scope: Scope, held: Term, index: Term, value: Term, node: ast.AST) -> str:
    """`held[index] = value`, as a line."""
    kind = held.type
    assert isinstance(kind, ArrayOf)
    if kind.is_frozen:
        raise scope.refuse("a change of a captured array", node)
    place, axes = _place(scope, index, node)
    if axes != axes_of(kind):
        raise scope.refuse("a change of more than one element of an array", node)
    if kind.element.parts == ("bool",) and numpy_numbers.bare(value).type != "bool":
        raise scope.refuse(f"a {value.type} put into an {kind}", node)
    convert = numpy_complexes.converted if is_complex_number(kind.element) else numpy_numbers.converted
    taken = convert(scope, value, kind.element, node)
    return f"{_verb(kind, 'set')}({held.text}, {place}, {taken.text})"


def iteration(scope: Scope, held: Term, node: ast.AST) -> tuple[list[str], str, list[str], Term]:
    """A loop over an array, as `lists.iteration`."""
    name, position = scope.fresh("held"), scope.fresh("position")
    element = item(scope, Term(held.type, name), Term("int", position), node)
    return [f"{name} = {held.text}"], f"for {position} in range({name}[1]):", [], element


# ---- views -----------------------------------------------------------------------------------------------------------


def part(scope: Scope, held: Term, bounds: list[Term | None], node: ast.AST) -> Term:
    """`held[low:high]`."""
    kind = held.type
    assert isinstance(kind, ArrayOf)
    low, high = (as_int(bound).text if bound else str(other) for bound, other in zip(bounds, (0, _WHOLE), strict=True))
    verb = "part_array" if axes_of(kind) == 1 else "part_rows_array"
    return Term(kind, f"{verb}({held.text}, {low}, {high})")


def row(scope: Scope, held: Term, index: Term, node: ast.AST) -> Term:
    """`held[index, :]`."""
    kind, place = _across(scope, held, index, node)
    return Term(_with_axes(kind, 1), f"row_array({held.text}, {place})")


def column(scope: Scope, held: Term, index: Term, node: ast.AST) -> Term:
    """`held[:, index]`."""
    kind, place = _across(scope, held, index, node)
    return Term(_with_axes(kind, 1, is_packed=False), f"row_array(turned_array({held.text}), {place})")


def _across(scope: Scope, held: Term, index: Term, node: ast.AST) -> tuple[ArrayOf, str]:
    kind = held.type
    if not isinstance(kind, ArrayOf) or axes_of(kind) != 2:
        raise scope.refuse(f"a slice of two axes of a {kind}", node)
    place, axes = _place(scope, index, node)
    if axes != 1:
        raise scope.refuse("an array indexed by a tuple and a slice", node)
    return kind, place


def attribute(scope: Scope, held: Term, name: str, node: ast.AST) -> Term:
    """`held.name`."""
    kind = held.type
    assert isinstance(kind, ArrayOf)
    match name, axes_of(kind):
        case "ndim", axes:
            scope.must_not_act(held, node)
            return constant(axes)
        case "size", 1:
            return length(held)
        case "size", _:
            return Term("int", f"size_array({held.text})")
        case "shape", 1:
            return made(tuple, [""], [length(held)])
        case "shape", _:
            return Term(Shape(tuple, ("", ""), ("int", "int")), f"shape_array({held.text})")
        case "T", 1:
            return held
        case "T", _:
            return Term(_with_axes(kind, 2, is_packed=False), f"turned_array({held.text})")
    raise scope.refuse(f"attribute {name!r} of an array", node)


# ---- new ones --------------------------------------------------------------------------------------------------------


@functools.cache
def _makers() -> dict[int, str]:
    import numpy as np

    return {id(getattr(np, name)): name for name in ("zeros", "empty", "ones", "arange", "array")}


def is_maker(value: object) -> bool:
    """Whether this is a function of numpy's that makes an array."""
    return "numpy" in sys.modules and id(value) in _makers()


def new(scope: Scope, target: object, terms: list[Term], keywords: dict[str, Term], node: ast.AST) -> Term:
    """`numpy.zeros(…)` and its like."""
    name = _makers()[id(target)]
    given = {"dtype": terms[1], **keywords} if len(terms) == 2 and name != "arange" else keywords
    if set(given) - {"dtype"} or len(terms) > 2 or not terms:
        raise scope.refuse(f"numpy.{name} of these arguments", node)
    element = _dtype(scope, given["dtype"], node) if given else None
    if name == "array":
        return _of_list(scope, terms[0], element, node)
    if name == "arange":
        return _range(scope, terms, element, node)
    kind = element or _dtype(scope, Term(Known(builtins.float), ""), node)
    lengths, axes = _place(scope, terms[0], node)
    whole = array_of(kind, axes, is_frozen=False)
    text = f"{'zeros_array' if axes == 1 else 'zeros_rows_array'}({arena(scope)}, {lengths}, {_size(whole)})"
    if name != "ones":
        # What is in an array of `empty` is anything.
        return Term(whole, text)
    if axes != 1:
        raise scope.refuse("numpy.ones of two axes", node)
    key = ("ones", whole)
    if key not in scope.unit.functions:
        function = Function(scope.unit.name("call_ones"), [("result", whole)], whole)
        one = "(1.0, 0.0)" if is_complex_number(kind) else _ONES[str(kind.parts[0])]
        function.lines = ["for number in range(result[1]):", f"    {_verb(whole, 'set')}(result, number, {one})"]
        function.lines, function.complete = [*function.lines, "return result"], True
        scope.unit.functions[key] = function
    return scope.unit.functions[key].call([Term(whole, text)], depth="")


def _dtype(scope: Scope, term: Term, node: ast.AST) -> Shape:
    import numpy as np

    named = term.type.value if isinstance(term.type, Known) else None
    try:
        found = element_of(np.dtype(named).type) if isinstance(named, type | str) else None
    except TypeError:
        found = None
    if found is None or (isinstance(named, str) and not np.dtype(named).isnative):
        raise scope.refuse("an array of elements of a type that is not compiled", node)
    return found


def _of_list(scope: Scope, held: Term, element: Shape | None, node: ast.AST) -> Term:
    kind = held.type
    if not isinstance(kind, ListOf) or kind.element not in ("int", "float", "bool"):
        raise scope.refuse(f"numpy.array of a {kind}", node)
    own = _dtype(scope, Term(Known({"int": int, "float": float, "bool": bool}[str(kind.element)]), ""), node)
    if element not in (None, own):
        raise scope.refuse(f"numpy.array of a {kind} with another dtype", node)
    verb = "bytes_array" if kind.element == "bool" else "words_array"
    return Term(array_of(own, 1, is_frozen=False), f"{verb}({arena(scope)}, {held.text})")


def _range(scope: Scope, terms: list[Term], element: Shape | None, node: ast.AST) -> Term:
    own = _dtype(scope, Term(Known(builtins.int), ""), node)
    bounds = [numpy_numbers.as_index(term) for term in terms]
    if element not in (None, own) or any(bound.type != "int" for bound in bounds):
        raise scope.refuse("numpy.arange of these arguments", node)
    first = bounds[0] if len(bounds) == 2 else constant(0)
    count = f"range_count({first.text}, {bounds[-1].text}, 1)"
    if len(bounds) == 2 and (first.may_act or not first.text.replace("_", "").isalnum()):
        # It stands twice.
        raise scope.refuse("numpy.arange that begins with what is not held in a variable", node)
    return Term(array_of(own, 1, is_frozen=False), f"range_array({arena(scope)}, {first.text}, {count})")
