"""Dicts in memory, in the order in which their keys came; gives up where CPython would raise.

A dict is the address of seven words: where its entries are, how many there are, how many there is room for, how many of
them are still in it, where its table is, the table's size less one, and how often a key came or went. An entry is key,
value and whether it is still in it. The table is open (Knuth, The Art of Computer Programming 6.4, algorithm L): each
word is the number of an entry, from 1, or 0. A key is one word, or the address of `width` words.
"""

from __future__ import annotations

from typing import Any

from pyfora.compile.checked_ints import give_up_int
from pyfora.compile.checked_lists import append_int, load_word, new_list, set_word, shr_bits, take_words
from pyfora.compile.primitives import I64, Builder, primitive, real, routine, whole


@primitive("int64(float64)")
def key_float(b: Builder, value: Any) -> Any:
    """A float as a key: gives up on nan and -0.0, each of which is equal to another than its own bits."""
    b.give_up_if(b.ir.fcmp_unordered("uno", value, value))
    word = b.ir.bitcast(value, I64)
    b.give_up_if(b.ir.and_(b.ir.fcmp_ordered("==", value, real(0.0)), b.ir.icmp_signed("!=", word, whole(0))))
    return word


@routine("int64(int64, int64)")
def hash_dict(key: Any, width: Any) -> Any:
    """Where to look first: Knuth's multiplication by the golden ratio, word by word.

    `frozen._hashes` has the same, of many. (The lower half of most floats is zero.)
    """
    if width == 1:
        return shr_bits((key ^ shr_bits(key, 32)) * -7046029254386353131, 32)
    mixed = 0
    for number in range(width):
        mixed = (mixed ^ load_word(key, number)) * -7046029254386353131
        mixed = mixed ^ shr_bits(mixed, 32)
    return mixed


@routine("boolean(int64, int64, int64)")
def same_key(one: Any, other: Any, width: Any) -> Any:
    if width == 1:
        return one == other
    number = 0
    while number < width and load_word(one, number) == load_word(other, number):
        number = number + 1
    return number == width


@routine("void(int64, int64, int64)")
def room_dict(arena: Any, address: Any, room: Any) -> Any:
    """New entries and a new table, both empty; `room` is half of a power of two."""
    set_word(address, 0, take_words(arena, room * 3))
    set_word(address, 1, 0)
    set_word(address, 2, room)
    table = take_words(arena, 2 * room)
    for number in range(2 * room):
        set_word(table, number, 0)
    set_word(address, 4, table)
    set_word(address, 5, 2 * room - 1)


@routine("int64(int64)")
def new_dict(arena: Any) -> Any:
    address = take_words(arena, 7)
    set_word(address, 3, 0)
    set_word(address, 6, 0)
    room_dict(arena, address, 8)
    return address


@routine("int64(int64, int64, int64)")
def find_dict(address: Any, key: Any, width: Any) -> Any:
    """The number of the entry with this key, -1 if there is none."""
    entries, table, mask = load_word(address, 0), load_word(address, 4), load_word(address, 5)
    slot = hash_dict(key, width) & mask
    while True:
        number = load_word(table, slot) - 1
        if number < 0:
            return -1
        entry = entries + number * 24
        if same_key(load_word(entry, 0), key, width) and load_word(entry, 2) != 0:
            return number
        slot = (slot + 1) & mask


@routine("int64(int64, int64, int64, int64)")
def enter_dict(address: Any, key: Any, value: Any, width: Any) -> Any:
    """One entry more, of a key that is not in it, where there is room."""
    number, table, mask = load_word(address, 1), load_word(address, 4), load_word(address, 5)
    entry = load_word(address, 0) + number * 24
    set_word(entry, 0, key)
    set_word(entry, 1, value)
    set_word(entry, 2, 1)
    slot = hash_dict(key, width) & mask
    while load_word(table, slot) != 0:
        slot = (slot + 1) & mask
    set_word(table, slot, number + 1)
    set_word(address, 1, number + 1)
    return number


@routine("int64(int64, int64, int64, int64, int64)")
def add_dict(arena: Any, address: Any, key: Any, value: Any, width: Any) -> Any:
    """A key that is not in it yet; the number of its entry."""
    count = load_word(address, 1)
    live = load_word(address, 3)
    if count == load_word(address, 2):
        entries = load_word(address, 0)
        room = 8
        while room < 2 * live + 2:
            room = room * 2
        room_dict(arena, address, room)
        for number in range(count):
            entry = entries + number * 24
            if load_word(entry, 2) != 0:
                enter_dict(address, load_word(entry, 0), load_word(entry, 1), width)
    set_word(address, 3, live + 1)
    set_word(address, 6, load_word(address, 6) + 1)
    return enter_dict(address, key, value, width)


@routine("void(int64, int64, int64, int64, int64)")
def put_dict(arena: Any, address: Any, key: Any, value: Any, width: Any) -> Any:
    """`d[key] = value`."""
    number = find_dict(address, key, width)
    if number < 0:
        add_dict(arena, address, key, value, width)
    else:
        set_word(load_word(address, 0) + number * 24, 1, value)


@routine("void(int64, int64, int64, int64, int64, int64)")
def put_near_dict(arena: Any, address: Any, key: Any, value: Any, width: Any, number: Any) -> Any:
    """`d[key] = value` of a key that was found in this entry a moment ago."""
    if number >= 0 and number < load_word(address, 1):
        entry = load_word(address, 0) + number * 24
        if load_word(entry, 2) != 0 and same_key(load_word(entry, 0), key, width):
            set_word(entry, 1, value)
            return
    put_dict(arena, address, key, value, width)


@routine("int64(int64, int64)")
def value_dict(address: Any, number: Any) -> Any:
    """The value of an entry; gives up where there is none."""
    if number < 0:
        return give_up_int()
    return load_word(load_word(address, 0) + number * 24, 1)


@routine("int64(int64, int64, int64)")
def value_or_dict(address: Any, number: Any, other: Any) -> Any:
    """The value of an entry, another where there is none."""
    if number < 0:
        return other
    return load_word(load_word(address, 0) + number * 24, 1)


@routine("int64(int64, int64, int64)")
def item_dict(address: Any, key: Any, width: Any) -> Any:
    """`d[key]`."""
    return value_dict(address, find_dict(address, key, width))


@routine("int64(int64, int64, int64, int64)")
def item_or_dict(address: Any, key: Any, other: Any, width: Any) -> Any:
    """`d.get(key, other)`."""
    return value_or_dict(address, find_dict(address, key, width), other)


@routine("int64(int64, int64, int64)")
def take_dict(address: Any, key: Any, width: Any) -> Any:
    """`d.pop(key)`."""
    return drop_dict(address, find_dict(address, key, width))


@routine("int64(int64, int64, int64, int64)")
def take_or_dict(address: Any, key: Any, other: Any, width: Any) -> Any:
    """`d.pop(key, other)`."""
    return drop_or_dict(address, find_dict(address, key, width), other)


@routine("int64(int64, int64, int64, int64, int64)")
def default_dict(arena: Any, address: Any, key: Any, value: Any, width: Any) -> Any:
    """`d.setdefault(key, value)`."""
    number = find_dict(address, key, width)
    if number < 0:
        add_dict(arena, address, key, value, width)
        return value
    return load_word(load_word(address, 0) + number * 24, 1)


@routine("int64(int64, int64, int64, int64)")
def default_list_dict(arena: Any, address: Any, key: Any, width: Any) -> Any:
    """`d[key]` of a `defaultdict(list)`."""
    number = find_dict(address, key, width)
    if number < 0:
        number = add_dict(arena, address, key, new_list(arena, 0), width)
    return load_word(load_word(address, 0) + number * 24, 1)


@routine("int64(int64, int64, int64, int64)")
def default_dict_dict(arena: Any, address: Any, key: Any, width: Any) -> Any:
    """`d[key]` of a `defaultdict(dict)` or one of sets."""
    number = find_dict(address, key, width)
    if number < 0:
        number = add_dict(arena, address, key, new_dict(arena), width)
    return load_word(load_word(address, 0) + number * 24, 1)


@routine("int64(int64, int64)")
def drop_dict(address: Any, number: Any) -> Any:
    """Take an entry out; its value. Gives up where there is none."""
    if number < 0:
        return give_up_int()
    entry = load_word(address, 0) + number * 24
    set_word(entry, 2, 0)
    set_word(address, 3, load_word(address, 3) - 1)
    set_word(address, 6, load_word(address, 6) + 1)
    return load_word(entry, 1)


@routine("int64(int64, int64, int64)")
def drop_or_dict(address: Any, number: Any, other: Any) -> Any:
    if number < 0:
        return other
    return drop_dict(address, number)


@routine("void(int64, int64)")
def clear_dict(arena: Any, address: Any) -> Any:
    room_dict(arena, address, 8)
    set_word(address, 3, 0)
    set_word(address, 6, load_word(address, 6) + 1)


@routine("int64(int64, int64, int64)")
def next_dict(address: Any, number: Any, changes: Any) -> Any:
    """The first entry after `number`, -1 if there is none; gives up where a key came or went meanwhile."""
    if load_word(address, 6) != changes:
        return give_up_int()
    entries, count = load_word(address, 0), load_word(address, 1)
    number = number + 1
    while number < count:
        if load_word(entries + number * 24, 2) != 0:
            return number
        number = number + 1
    return -1


@routine("int64(int64, int64, int64)")
def entry_dict(address: Any, number: Any, part: Any) -> Any:
    """Key (0) or value (1) of an entry."""
    return load_word(load_word(address, 0) + number * 24, part)


@routine("int64(int64, int64, int64)")
def copy_dict(arena: Any, source: Any, width: Any) -> Any:
    made = new_dict(arena)
    for number in range(load_word(source, 1)):
        entry = load_word(source, 0) + number * 24
        if load_word(entry, 2) != 0:
            add_dict(arena, made, load_word(entry, 0), load_word(entry, 1), width)
    return made


@routine("int64(int64, int64, int64)")
def column_dict(arena: Any, address: Any, part: Any) -> Any:
    """A list of the keys (0) or values (1)."""
    made = new_list(arena, load_word(address, 3))
    for number in range(load_word(address, 1)):
        entry = load_word(address, 0) + number * 24
        if load_word(entry, 2) != 0:
            append_int(arena, made, load_word(entry, part))
    return made


DICT_PRIMITIVES = {
    name: value
    for name, value in dict(globals()).items()
    if name.endswith("_dict") or name in ("key_float", "same_key")
}
