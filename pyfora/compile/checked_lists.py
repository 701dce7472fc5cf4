"""Lists of one type in memory that is given back whole when an element is done; gives up where CPython would raise.

A list is the address of three words: where its elements are, how many there are, how many there is room for. Every
element takes one word. The arena begins with two words: the address of what is free, and the address of its end.
"""

from __future__ import annotations

from typing import Any

from pyfora.compile.checked_ints import mul_int
from pyfora.compile.primitives import DOUBLE, I1, I64, Builder, primitive, routine, whole

_WORD_BYTES = 8
_DATA, _LENGTH, _ROOM = 0, 1, 2
_FREE, _END = 0, 1
_HEADER_WORDS = 3


def _word(b: Builder, address: Any, number: Any) -> Any:
    """The place of word `number` after `address`."""
    base = b.ir.inttoptr(address, I64.as_pointer())
    return b.ir.gep(base, [number if not isinstance(number, int) else whole(number)])


def _load(b: Builder, address: Any, number: Any) -> Any:
    return b.ir.load(_word(b, address, number))


def _store(b: Builder, address: Any, number: Any, value: Any) -> None:
    b.ir.store(value, _word(b, address, number))


@primitive("void(int64)")
def reset_arena(b: Builder, arena: Any) -> None:
    """Nothing in it is in use."""
    _store(b, arena, _FREE, b.ir.add(arena, whole(2 * _WORD_BYTES)))


@primitive("int64(int64, int64)")
def take_words(b: Builder, arena: Any, words: Any) -> Any:
    """The address of so many words that are free; gives up where there are not as many."""
    free, end = _load(b, arena, _FREE), _load(b, arena, _END)
    left = b.ir.sdiv(b.ir.sub(end, free), whole(_WORD_BYTES))
    b.give_up_if(b.ir.icmp_unsigned(">", words, left))
    _store(b, arena, _FREE, b.ir.add(free, b.ir.mul(words, whole(_WORD_BYTES))))
    return free


@primitive("void(int64, int64, int64, int64)")
def set_header(b: Builder, address: Any, data: Any, length: Any, room: Any) -> None:
    for number, value in ((_DATA, data), (_LENGTH, length), (_ROOM, room)):
        _store(b, address, number, value)


@primitive("int64(int64)")
def length_list(b: Builder, address: Any) -> Any:
    return _load(b, address, _LENGTH)


@primitive("int64(int64)")
def room_list(b: Builder, address: Any) -> Any:
    return _load(b, address, _ROOM)


@primitive("void(int64, int64)")
def set_length(b: Builder, address: Any, length: Any) -> None:
    _store(b, address, _LENGTH, length)


@primitive("int64(int64)")
def data_list(b: Builder, address: Any) -> Any:
    return _load(b, address, _DATA)


@primitive("void(int64, int64, int64)")
def copy_words(b: Builder, into: Any, source: Any, words: Any) -> None:
    """`words` words, one after the other: the two do not overlap."""
    before, inside = b.ir.append_basic_block("copy"), b.ir.append_basic_block("word")
    after = b.ir.append_basic_block("copied")
    start = b.ir.block
    b.ir.branch(before)
    b.ir.position_at_end(before)
    number = b.ir.phi(I64)
    number.add_incoming(whole(0), start)
    b.ir.cbranch(b.ir.icmp_signed("<", number, words), inside, after)
    b.ir.position_at_end(inside)
    _store(b, into, number, _load(b, source, number))
    number.add_incoming(b.ir.add(number, whole(1)), b.ir.block)
    b.ir.branch(before)
    b.ir.position_at_end(after)


@routine("int64(int64, int64)")
def new_list(arena: Any, room: Any) -> Any:
    """An empty list."""
    address = take_words(arena, 3)
    set_header(address, take_words(arena, room), 0, room)
    return address


@routine("int64(int64, int64)")
def copy_list(arena: Any, source: Any) -> Any:
    length = length_list(source)
    made = new_list(arena, length)
    copy_words(data_list(made), data_list(source), length)
    set_length(made, length)
    return made


@routine("void(int64, int64)")
def grow_list(arena: Any, address: Any) -> Any:
    """Room for one more."""
    length = length_list(address)
    if length == room_list(address):
        room = 2 * length + 4
        data = take_words(arena, room)
        copy_words(data, data_list(address), length)
        set_header(address, data, length, room)


def _place(b: Builder, address: Any, index: Any) -> Any:
    """The place of an element, negative ones counted from the end; gives up where there is none."""
    length = _load(b, address, _LENGTH)
    negative = b.ir.icmp_signed("<", index, whole(0))
    index = b.ir.select(negative, b.ir.add(index, length), index)
    b.give_up_if(b.ir.icmp_unsigned(">=", index, length))
    return _word(b, _load(b, address, _DATA), index)


@primitive("int64(int64, int64)")
def get_int(b: Builder, address: Any, index: Any) -> Any:
    return b.ir.load(_place(b, address, index))


@primitive("float64(int64, int64)")
def get_float(b: Builder, address: Any, index: Any) -> Any:
    return b.ir.load(b.ir.bitcast(_place(b, address, index), DOUBLE.as_pointer()))


@primitive("boolean(int64, int64)")
def get_bool(b: Builder, address: Any, index: Any) -> Any:
    return b.ir.trunc(b.ir.load(_place(b, address, index)), I1)


def _frozen_place(b: Builder, address: Any, index: Any) -> Any:
    length = b.load_frozen(_word(b, address, _LENGTH))
    index = b.ir.select(b.ir.icmp_signed("<", index, whole(0)), b.ir.add(index, length), index)
    b.give_up_if(b.ir.icmp_unsigned(">=", index, length))
    return _word(b, b.load_frozen(_word(b, address, _DATA)), index)


@primitive("int64(int64)")
def length_frozen_list(b: Builder, address: Any) -> Any:
    return b.load_frozen(_word(b, address, _LENGTH))


@primitive("int64(int64, int64)")
def get_frozen_int(b: Builder, address: Any, index: Any) -> Any:
    return b.load_frozen(_frozen_place(b, address, index))


@primitive("float64(int64, int64)")
def get_frozen_float(b: Builder, address: Any, index: Any) -> Any:
    return b.load_frozen(b.ir.bitcast(_frozen_place(b, address, index), DOUBLE.as_pointer()))


@primitive("boolean(int64, int64)")
def get_frozen_bool(b: Builder, address: Any, index: Any) -> Any:
    return b.ir.trunc(b.load_frozen(_frozen_place(b, address, index)), I1)


def _known_place(b: Builder, address: Any, index: Any) -> Any:
    """The place of an element that is known to be there."""
    return _word(b, b.load_frozen(_word(b, address, _DATA)), index)


@primitive("int64(int64, int64)")
def get_known_int(b: Builder, address: Any, index: Any) -> Any:
    return b.load_frozen(_known_place(b, address, index))


@primitive("float64(int64, int64)")
def get_known_float(b: Builder, address: Any, index: Any) -> Any:
    return b.load_frozen(b.ir.bitcast(_known_place(b, address, index), DOUBLE.as_pointer()))


@primitive("boolean(int64, int64)")
def get_known_bool(b: Builder, address: Any, index: Any) -> Any:
    return b.ir.trunc(b.load_frozen(_known_place(b, address, index)), I1)


@primitive("void(int64, int64)")
def must_reach(b: Builder, address: Any, position: Any) -> None:
    """Gives up where a list that nobody writes has no element at this position."""
    b.give_up_if(b.ir.icmp_unsigned(">=", position, b.load_frozen(_word(b, address, _LENGTH))))


@primitive("void(int64, int64)")
def must_be_same(b: Builder, one: Any, other: Any) -> None:
    b.give_up_if(b.ir.icmp_signed("!=", one, other))


@primitive("void(int64, int64, int64)")
def set_int(b: Builder, address: Any, index: Any, value: Any) -> None:
    b.ir.store(value, _place(b, address, index))


@primitive("void(int64, int64, float64)")
def set_float(b: Builder, address: Any, index: Any, value: Any) -> None:
    b.ir.store(value, b.ir.bitcast(_place(b, address, index), DOUBLE.as_pointer()))


@primitive("void(int64, int64, boolean)")
def set_bool(b: Builder, address: Any, index: Any, value: Any) -> None:
    b.ir.store(b.ir.zext(value, I64), _place(b, address, index))


@routine("void(int64, int64, int64)")
def append_int(arena: Any, address: Any, value: Any) -> Any:
    grow_list(arena, address)
    length = length_list(address)
    set_length(address, length + 1)
    set_int(address, length, value)


@routine("void(int64, int64, float64)")
def append_float(arena: Any, address: Any, value: Any) -> Any:
    grow_list(arena, address)
    length = length_list(address)
    set_length(address, length + 1)
    set_float(address, length, value)


@routine("void(int64, int64, boolean)")
def append_bool(arena: Any, address: Any, value: Any) -> Any:
    grow_list(arena, address)
    length = length_list(address)
    set_length(address, length + 1)
    set_bool(address, length, value)


@routine("int64(int64)")
def pop_int(address: Any) -> Any:
    value = get_int(address, -1)
    set_length(address, length_list(address) - 1)
    return value


@routine("float64(int64)")
def pop_float(address: Any) -> Any:
    value = get_float(address, -1)
    set_length(address, length_list(address) - 1)
    return value


@routine("boolean(int64)")
def pop_bool(address: Any) -> Any:
    value = get_bool(address, -1)
    set_length(address, length_list(address) - 1)
    return value


@primitive("void(int64, int64, int64)")
def set_word(b: Builder, data: Any, number: Any, word: Any) -> None:
    _store(b, data, number, word)


@primitive("int64(int64, int64)")
def load_word(b: Builder, address: Any, number: Any) -> Any:
    return _load(b, address, number)


@primitive("float64(int64)")
def float_of_word(b: Builder, word: Any) -> Any:
    return b.ir.bitcast(word, DOUBLE)


@primitive("int64(int64, int64)")
def shr_bits(b: Builder, value: Any, places: Any) -> Any:
    """Of 64 bits without a sign, by fewer than 64 places."""
    return b.ir.lshr(value, places)


@primitive("int64(int64, int64)")
def shl_bits(b: Builder, value: Any, places: Any) -> Any:
    """Of 64 bits without a sign, by fewer than 64 places; what is shifted out is lost."""
    return b.ir.shl(value, places)


@primitive("int64(float64)")
def word_float(b: Builder, value: Any) -> Any:
    return b.ir.bitcast(value, I64)


@routine("int64(int64, int64, int64)")
def filled_list(arena: Any, word: Any, times: Any) -> Any:
    """`[element] * times`."""
    count = times if times > 0 else 0
    made = new_list(arena, count)
    data = data_list(made)
    for number in range(count):
        set_word(data, number, word)
    set_length(made, count)
    return made


@routine("int64(int64, int64)")
def slice_bound(address: Any, bound: Any) -> Any:
    """Where a bound of a slice stands, as CPython has it."""
    length = length_list(address)
    if bound < 0:
        bound = bound + length
    if bound < 0:
        return 0
    return bound if bound < length else length


@routine("int64(int64, int64, int64, int64)")
def slice_list(arena: Any, source: Any, low: Any, high: Any) -> Any:
    """`source[low:high]`, of bounds within it."""
    count = high - low if high > low else 0
    made = new_list(arena, count)
    copy_words(data_list(made), data_list(source) + low * 8, count)
    set_length(made, count)
    return made


@routine("int64(int64, int64, int64)")
def repeat_list(arena: Any, source: Any, times: Any) -> Any:
    """`source * times`."""
    length = length_list(source)
    count = times if times > 0 and length > 0 else 0
    made = new_list(arena, mul_int(length, count))
    for number in range(count):
        copy_words(data_list(made) + number * length * 8, data_list(source), length)
    set_length(made, length * count)
    return made


@routine("int64(int64, int64, int64)")
def join_lists(arena: Any, left: Any, right: Any) -> Any:
    """`left + right`."""
    first, second = length_list(left), length_list(right)
    made = new_list(arena, first + second)
    copy_words(data_list(made), data_list(left), first)
    copy_words(data_list(made) + first * 8, data_list(right), second)
    set_length(made, first + second)
    return made


LIST_PRIMITIVES = {
    name: value
    for name, value in dict(globals()).items()
    if (name.endswith(("_list", "_lists", "_words", "_word", "_bound", "_bits")) and name != "_word")
    or name in ("reset_arena", "set_header", "set_length", "word_float", "must_reach", "must_be_same")
    or name.startswith(("get_", "set_", "append_", "pop_"))
}
