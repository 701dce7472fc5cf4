"""The description of one loop that the compiler is asked for."""

from __future__ import annotations

import ast
import enum
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

ComprehensionNode = ast.GeneratorExp | ast.ListComp | ast.SetComp | ast.DictComp
Element = Literal["int", "float", "bool"]
"""The Python type of a value in a kernel; an int is one of 64 bits."""


@dataclass(frozen=True)
class FunctionSource:
    """A function that the loop reaches: its syntax tree, and the values of the names that it does not bind itself."""

    filename: str
    node: ast.FunctionDef | ast.Lambda
    """With the positions of the user's own file."""
    lookup: Callable[[str], object]
    """Free name -> live value: closure, then globals, then builtins. Raises NameError."""
    is_the_users: bool = True
    """Whether a place in it says something to the user; none does in what pyfora or Python's library has written."""


@dataclass(frozen=True)
class Loop:
    """A comprehension, or a `for` loop that yields, whose first clause runs over what has been evaluated already."""

    filename: str
    node: ComprehensionNode | ast.For
    """The iterable of its first generator is ignored: `Kernel.run` gives the indices, or positions of the source.

    Where a `for` loop yields at several places, it yields `(number of the place, value)`.
    """
    lookup: Callable[[str], object]
    """Free name of the loop -> live value. Raises NameError."""
    function_source: Callable[[types.FunctionType], FunctionSource | None]
    """The source of a function that the loop reaches, None where there is none."""
    indices: tuple[int, int] | None = None
    """Between which two all indices lie that the kernel will be given, these included; None where that is not known."""
    source: Any = None
    """What the first clause runs over, as `pyfora.fold.columns.typed` gives it; None: a range, given to the kernel."""
    streams: tuple[int, ...] = (0,)
    """For each place at which a `for` loop yields: the stream of rows that it writes."""
    sample: bool = False
    """Whether the first elements of captured dicts and lists may stand for all, as no kernel is asked for."""


class Output(enum.Enum):
    """What a kernel makes of the elements."""

    TERMS = "terms"
    """Every element in order, written into an array."""
    TOTAL = "total"
    """The exact sum of int or bool elements, an int."""
    ANY = "any"
    """Whether one is true; stops at the first one, as Python does."""
    ALL = "all"
    """Whether all are true; stops at the first that is not, as Python does."""
    MIN = "min"
    """The first smallest element, None if there is no element."""
    MAX = "max"
    """The first largest element, None if there is no element."""
    FIRST = "first"
    """The first element, None if there is none; stops there, as Python does."""
    ROWS = "rows"
    """Values that are more than scalars, in streams of one shape each."""
    COUNT = "count"
    """How many elements there are, each of them evaluated."""
