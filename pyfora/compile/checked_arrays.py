"""Elements of numpy's arrays where they lie, and numbers of numpy's types; gives up where numpy would warn or raise.

An array is a tuple: the address of its first element, then for each axis its length and its stride in bytes. It is
packed where the stride of its last axis is the size of an element, which LLVM is told.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from pyfora.compile.checked_ints import give_up_int, mul_int
from pyfora.compile.checked_lists import copy_words, data_list, length_list, load_word, take_words
from pyfora.compile.primitives import (
    DOUBLE,
    I1,
    I8,
    I64,
    Builder,
    Primitive,
    llvm_type,
    primitive,
    real,
    routine,
    whole,
)

_SINGLE = ir.FloatType()
_COMPLEX = ("float64", "float64")
_WORD_BYTES = 8
_AS_THEY_STAND = ("int64", "float64", "complex128")
_INT_BITS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64, "uint8": 8, "uint16": 16, "uint32": 32}
_TYPES: dict[str, tuple[Any, str]] = {
    **{name: (ir.IntType(bits), "int64") for name, bits in _INT_BITS.items()},
    "float64": (DOUBLE, "float64"),
    "float32": (_SINGLE, "float64"),
    "complex128": (llvm_type(_COMPLEX), "T2_float64_float64"),
    "bool": (I8, "boolean"),
}
"""Of numpy's types by their names: LLVM's type in memory, and the type of the value in a kernel."""
_ALIGNMENTS = {"float64": 8, "float32": 4, "complex128": 8, "bool": 1} | {
    name: bits // 8 for name, bits in _INT_BITS.items()
}
ARRAY = {1: "T3_int64_int64_int64", 2: "T5_int64_int64_int64_int64_int64"}
"""The types of arrays by how many axes they have."""
_INDEX = {1: "int64", 2: "T2_int64_int64"}


# ---- numbers ---------------------------------------------------------------------------------------------------------


@primitive("int64(int64, int64, int64)")
def within_int(b: Builder, value: Any, low: Any, high: Any) -> Any:
    """An int that numpy's type holds; gives up on others, of which numpy warns, or which it refuses."""
    b.give_up_if(b.ir.or_(b.ir.icmp_signed("<", value, low), b.ir.icmp_signed(">", value, high)))
    return value


@primitive("float64(float64)")
def finite_float(b: Builder, value: Any) -> Any:
    """The float itself; gives up on infinities and nan, which numpy may warn of."""
    return b.finite(value)


@primitive("float64(float64)")
def single_float(b: Builder, value: Any) -> Any:
    """Rounded to 32 bits; gives up where that is not finite."""
    return b.finite(b.ir.fpext(b.ir.fptrunc(value, _SINGLE), DOUBLE))


@primitive("float64(float64)")
def exact_single(b: Builder, value: Any) -> Any:
    """What a float of 32 bits holds as well; gives up on what it does not, NaN among it."""
    single = b.ir.fpext(b.ir.fptrunc(value, _SINGLE), DOUBLE)
    b.give_up_if(b.ir.fcmp_unordered("!=", single, value))
    return single


@primitive("float64(int64)")
def single_from_int(b: Builder, value: Any) -> Any:
    """An int of numpy's rounded to 32 bits, once: not to 64 first, as numpy rounds one of Python's."""
    return b.ir.fpext(b.ir.sitofp(value, _SINGLE), DOUBLE)


def _of_singles(operation: str) -> Primitive:
    def generate(b: Builder, left: Any, right: Any) -> Any:
        if operation == "fdiv":
            b.give_up_if(b.ir.fcmp_ordered("==", right, real(0.0)))
        singles = [b.ir.fptrunc(operand, _SINGLE) for operand in (left, right)]
        return b.finite(b.ir.fpext(getattr(b.ir, operation)(*singles), DOUBLE))

    generate.__name__ = f"{operation.removeprefix('f')}_single"
    made: Primitive = primitive("float64(float64, float64)")(generate)
    return made


@primitive("float64(float64)")
def sqrt_single(b: Builder, value: Any) -> Any:
    """numpy's square root of a float of 32 bits, which is correctly rounded."""
    b.give_up_if(b.ir.fcmp_unordered("<", value, real(0.0)))
    return b.finite(b.ir.fpext(b.call("llvm.sqrt", b.ir.fptrunc(value, _SINGLE)), DOUBLE))


def _whole_float(name: str, intrinsic: str) -> Primitive:
    def generate(b: Builder, value: Any) -> Any:
        return b.call(intrinsic, value)

    generate.__name__ = name
    made: Primitive = primitive("float64(float64)")(generate)
    return made


# ---- elements --------------------------------------------------------------------------------------------------------


def _index(b: Builder, index: Any, length: Any) -> Any:
    """An index, a negative one counted from the end; gives up where there is no such element."""
    negative = b.ir.icmp_signed("<", index, whole(0))
    index = b.ir.select(negative, b.ir.add(index, length), index)
    b.give_up_if(b.ir.icmp_unsigned(">=", index, length))
    return index


def _place(b: Builder, array: Any, indices: list[Any], name: str, *, packed: bool) -> Any:
    """Where an element lies."""
    kind = _TYPES[name][0]
    first = b.ir.inttoptr(b.ir.extract_value(array, 0), I8.as_pointer())
    places = [_index(b, index, b.ir.extract_value(array, 1 + 2 * axis)) for axis, index in enumerate(indices)]
    strides = [b.ir.extract_value(array, 2 + 2 * axis) for axis in range(len(indices))]
    for place, stride in zip(places[:-1], strides, strict=False):
        first = b.ir.gep(first, [b.ir.mul(place, stride)])
    if packed:
        return b.ir.gep(b.ir.bitcast(first, kind.as_pointer()), [places[-1]])
    return b.ir.bitcast(b.ir.gep(first, [b.ir.mul(places[-1], strides[-1])]), kind.as_pointer())


def _indices(b: Builder, index: Any, axes: int) -> list[Any]:
    return [index] if axes == 1 else [b.ir.extract_value(index, axis) for axis in range(axes)]


def _as_value(b: Builder, loaded: Any, name: str) -> Any:
    if name == "bool":
        return b.ir.icmp_unsigned("!=", loaded, ir.Constant(I8, 0))
    if name == "float32":
        return b.ir.fpext(loaded, DOUBLE)
    if name in _AS_THEY_STAND:
        return loaded
    return (b.ir.zext if name.startswith("u") else b.ir.sext)(loaded, I64)


def _getter(name: str, axes: int, *, frozen: bool, packed: bool) -> Primitive:
    def generate(b: Builder, array: Any, index: Any) -> Any:
        place = _place(b, array, _indices(b, index, axes), name, packed=packed)
        return _as_value(b, b.load_frozen(place) if frozen else b.ir.load(place, align=_ALIGNMENTS[name]), name)

    generate.__name__ = f"get_{'frozen' if frozen else 'own'}_{'packed' if packed else 'spread'}_{name}_{axes}"
    made: Primitive = primitive(f"{_TYPES[name][1]}({ARRAY[axes]}, {_INDEX[axes]})")(generate)
    return made


def _setter(name: str, axes: int, *, packed: bool) -> Primitive:
    def generate(b: Builder, array: Any, index: Any, value: Any) -> None:
        kind = _TYPES[name][0]
        if name == "bool":
            value = b.ir.zext(value, I8)
        elif name == "float32":
            value = b.ir.fptrunc(value, _SINGLE)
        elif name not in _AS_THEY_STAND:
            value = b.ir.trunc(value, kind)
        b.ir.store(value, _place(b, array, _indices(b, index, axes), name, packed=packed), align=_ALIGNMENTS[name])

    generate.__name__ = f"set_{'packed' if packed else 'spread'}_{name}_{axes}"
    made: Primitive = primitive(f"void({ARRAY[axes]}, {_INDEX[axes]}, {_TYPES[name][1]})")(generate)
    return made


set_packed_bool_1: Any = _setter("bool", 1, packed=True)
set_packed_int64_1: Any = _setter("int64", 1, packed=True)


# ---- views -----------------------------------------------------------------------------------------------------------


@routine("T3_int64_int64_int64(T5_int64_int64_int64_int64_int64, int64)")
def row_array(array: Any, index: Any) -> Any:
    """`array[index]`."""
    length = array[1]
    if index < 0:
        index = index + length
    if index < 0 or index >= length:
        index = give_up_int()
    return (array[0] + index * array[2], array[3], array[4])


@routine("T5_int64_int64_int64_int64_int64(T5_int64_int64_int64_int64_int64)")
def turned_array(array: Any) -> Any:
    """`array.T`."""
    return (array[0], array[3], array[4], array[1], array[2])


@routine("int64(int64, int64)")
def bound_array(length: Any, bound: Any) -> Any:
    """Where a bound of a slice stands."""
    if bound < 0:
        bound = bound + length
    if bound < 0:
        return 0
    return bound if bound < length else length


@routine("T3_int64_int64_int64(T3_int64_int64_int64, int64, int64)")
def part_array(array: Any, low: Any, high: Any) -> Any:
    """`array[low:high]`."""
    first = bound_array(array[1], low)
    last = bound_array(array[1], high)
    return (array[0] + first * array[2], last - first if last > first else 0, array[2])


@routine("T5_int64_int64_int64_int64_int64(T5_int64_int64_int64_int64_int64, int64, int64)")
def part_rows_array(array: Any, low: Any, high: Any) -> Any:
    """`array[low:high]` of rows."""
    first = bound_array(array[1], low)
    last = bound_array(array[1], high)
    return (array[0] + first * array[2], last - first if last > first else 0, array[2], array[3], array[4])


@routine("T2_int64_int64(T5_int64_int64_int64_int64_int64)")
def shape_array(array: Any) -> Any:
    return (array[1], array[3])


@routine("int64(T5_int64_int64_int64_int64_int64)")
def size_array(array: Any) -> Any:
    return array[1] * array[3]


# ---- new ones --------------------------------------------------------------------------------------------------------


@routine("T3_int64_int64_int64(int64, int64, int64)")
def zeros_array(arena: Any, length: Any, size: Any) -> Any:
    """`length` elements of `size` bytes, all bits of which are 0."""
    if length < 0:
        length = give_up_int()
    words = (mul_int(length, size) + 7) >> 3
    data = take_words(arena, words)
    clear_words(data, words)
    return (data, length, size)


@routine("T5_int64_int64_int64_int64_int64(int64, T2_int64_int64, int64)")
def zeros_rows_array(arena: Any, lengths: Any, size: Any) -> Any:
    if lengths[0] < 0 or lengths[1] < 0:
        give_up_int()
    flat = zeros_array(arena, mul_int(lengths[0], lengths[1]), size)
    return (flat[0], lengths[0], lengths[1] * size, lengths[1], size)


@primitive("void(int64, int64)")
def clear_words(b: Builder, address: Any, words: Any) -> None:
    place = b.ir.inttoptr(address, I8.as_pointer())
    kinds = [I8.as_pointer(), I64]
    kind = ir.FunctionType(ir.VoidType(), [I8.as_pointer(), I8, I64, I1])
    fill = b.ir.module.declare_intrinsic("llvm.memset", kinds, kind)
    size = b.ir.mul(words, whole(_WORD_BYTES))
    b.ir.call(fill, [place, ir.Constant(I8, 0), size, ir.Constant(I1, 0)])


@routine("T3_int64_int64_int64(int64, int64)")
def words_array(arena: Any, held: Any) -> Any:
    """A new array of the words of a list."""
    length = length_list(held)
    data = take_words(arena, length)
    copy_words(data, data_list(held), length)
    return (data, length, 8)


@routine("T3_int64_int64_int64(int64, int64)")
def bytes_array(arena: Any, held: Any) -> Any:
    """A new array of bools, of the words of a list of them."""
    length = length_list(held)
    made = zeros_array(arena, length, 1)
    for number in range(length):
        set_packed_bool_1(made, number, load_word(data_list(held), number) != 0)
    return made


@routine("T3_int64_int64_int64(int64, int64, int64)")
def range_array(arena: Any, first: Any, length: Any) -> Any:
    """`numpy.arange(first, first + length)`."""
    made = zeros_array(arena, length, 8)
    for number in range(length):
        set_packed_int64_1(made, number, first + number)
    return made


ARRAY_PRIMITIVES: dict[str, Any] = {
    name: value
    for name, value in dict(globals()).items()
    if name.endswith("_array")
    or name
    in ("within_int", "finite_float", "single_float", "exact_single", "single_from_int", "sqrt_single", "clear_words")
}
_MADE = [_of_singles(operation) for operation in ("fadd", "fsub", "fmul", "fdiv")]
_MADE += [_whole_float(f"{word}_same", f"llvm.{word}") for word in ("floor", "ceil", "trunc")]
_MADE += [
    _getter(name, axes, frozen=frozen, packed=packed)
    for name in _TYPES
    for axes in ARRAY
    for frozen in (True, False)
    for packed in (True, False)
]
_MADE += [_setter(name, axes, packed=packed) for name in _TYPES for axes in ARRAY for packed in (True, False)]
ARRAY_PRIMITIVES.update({one.generate.__name__: one for one in _MADE})
