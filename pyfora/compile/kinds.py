"""What an expression evaluates to: a scalar, a value that is made of others, or something that is known beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pyfora.compile.loop import Element

TYPE_NAMES: dict[Element, str] = {"int": "int64", "float": "float64", "bool": "boolean"}
"""The types of the generated source by Python's."""


@dataclass(frozen=True)
class Known:
    """Something that is no value of the running kernel: a function, a class, a module, a text, None."""

    value: object

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Known):
            return NotImplemented
        if isinstance(self.value, str):
            return isinstance(other.value, str) and self.value == other.value
        return self.value is other.value

    def __hash__(self) -> int:
        return hash(self.value) if isinstance(self.value, str) else id(self.value)

    def __str__(self) -> str:
        return "None" if self.value is None else type(self.value).__name__


@dataclass(frozen=True)
class Shape:
    """A tuple, a complex number or an instance, none of which the kernel changes: it is what its parts are."""

    python: type
    """Its class, exactly."""
    names: tuple[str, ...]
    """Of its parts; empty texts for those of a tuple."""
    parts: tuple[Kind, ...]
    is_runtime: bool = field(init=False, compare=False)
    """Whether any of it is there while the kernel runs."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_runtime", any(map(is_runtime, self.parts)))

    def __str__(self) -> str:
        return self.python.__name__


class InMemory:
    """What is changed after it is made: its address is what is there of it at run time."""


@dataclass(frozen=True)
class ListOf(InMemory):
    """A list that the running kernel makes."""

    element: Kind | None
    """None of an empty one whose elements are not known yet."""
    origin: object = field(default=None, compare=False)
    """Where such a one is made."""
    is_frozen: bool = False
    """Whether it was captured, and is not to be changed."""

    def __str__(self) -> str:
        return "list" if self.element is None else f"list of {self.element}s"


@dataclass(frozen=True)
class DictOf(InMemory):
    """A dict, a `Counter` or a `defaultdict` that the running kernel makes."""

    python: type
    key: Kind | None
    """None of an empty one whose keys are not known yet; so for values."""
    value: Kind | None
    makes: Kind | None = None
    """Of a `defaultdict`: what it puts in for a key that is not there."""
    origin: object = field(default=None, compare=False)
    """Where it is made."""
    is_frozen: bool = False
    """Whether it was captured, and is not to be changed."""

    def __str__(self) -> str:
        return self.python.__name__


@dataclass(frozen=True)
class SetOf(InMemory):
    """A set that the running kernel makes, or one that was captured."""

    element: Kind | None
    origin: object = field(default=None, compare=False)
    is_frozen: bool = False
    """Whether it was captured, and is not to be changed: then its elements lie in the order in which it has them."""
    python: type = set

    def __str__(self) -> str:
        return self.python.__name__


@dataclass(frozen=True)
class ViewOf(InMemory):
    """The keys, values or items of a dict, whose address it has."""

    of: DictOf
    what: str

    def __str__(self) -> str:
        return f"view of a dict's {self.what}"


@dataclass(frozen=True)
class Record(InMemory):
    """An instance that is changed after it is made."""

    python: type
    names: tuple[str, ...]
    parts: tuple[Kind, ...]

    def __str__(self) -> str:
        return self.python.__name__


@dataclass(frozen=True)
class Optional:
    """A value of some kind, or None."""

    of: Kind

    def __str__(self) -> str:
        return f"{self.of} or None"


@dataclass(frozen=True)
class Becoming:
    """A number of numpy's; or one of Python's still, of the same value, to which none of numpy's was added yet."""

    of: Shape
    python: Kind
    """An int, a float, a bool, or a complex number where it becomes one."""

    def __str__(self) -> str:
        return f"{self.python} or {self.of}"


@dataclass(frozen=True)
class RandomState(InMemory):
    """A `random.Random` that was made of a seed."""

    def __str__(self) -> str:
        return "random.Random"


Kind = Element | Shape | Known | InMemory | Optional | Becoming


def is_runtime(kind: Kind) -> bool:
    """Whether a value of this kind is one of the running kernel."""
    return kind.is_runtime if isinstance(kind, Shape) else not isinstance(kind, Known)


def code_of(kind: Kind) -> str:
    """The type of the generated source, in one word: `T2_int64_float64` is a tuple of two."""
    if isinstance(kind, Shape):
        codes = [code_of(part) for part in kind.parts if is_runtime(part)]
        return "_".join([f"T{len(codes)}", *codes])
    if isinstance(kind, Optional | Becoming):
        return f"T2_boolean_{code_of(kind.of)}"
    if isinstance(kind, Known):
        # Of a function that gives None: something has to be returned.
        return "int64"
    return "int64" if isinstance(kind, InMemory) else TYPE_NAMES[kind]


def give_up_text(kind: Kind) -> str:
    """An expression of this kind that gives up."""
    if isinstance(kind, Shape):
        return display(give_up_text(part) for part in kind.parts if is_runtime(part))
    if isinstance(kind, Optional | Becoming):
        return f"(give_up_bool(), {give_up_text(kind.of)})"
    return "give_up_int()" if isinstance(kind, InMemory | Known) else f"give_up_{kind}()"


def display(texts: Iterable[str]) -> str:
    """A tuple of expressions."""
    texts = [*texts]
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"


def position(shape: Shape, number: int) -> int:
    """Where part `number`, which is a runtime one, stands in the generated tuple."""
    return sum(map(is_runtime, shape.parts[:number]))


def names_of(kinds: Sequence[Kind]) -> str:
    """Kinds as a person reads them."""
    return ", ".join(map(str, kinds))
