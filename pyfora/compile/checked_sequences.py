"""What lists do beyond being indexed and appended to: searching, moving and sorting, on their words."""

from __future__ import annotations

from typing import Any

from pyfora.compile.checked_floats import number_float
from pyfora.compile.checked_ints import add_int, give_up_int, min_int
from pyfora.compile.checked_lists import (
    append_int,
    copy_words,
    data_list,
    float_of_word,
    length_list,
    load_word,
    new_list,
    room_list,
    set_header,
    set_length,
    set_word,
    shr_bits,
    take_words,
)
from pyfora.compile.primitives import routine


@routine("int64(int64, int64)")
def find_word_list(address: Any, word: Any) -> Any:
    """Where the first such word is, -1 if there is none."""
    data = data_list(address)
    for number in range(length_list(address)):
        if load_word(data, number) == word:
            return number
    return -1


@routine("int64(int64, float64)")
def find_float_list(address: Any, value: Any) -> Any:
    """Where the first such float is; gives up on nan, which is found where it is the same object."""
    value = number_float(value)
    data = data_list(address)
    for number in range(length_list(address)):
        if float_of_word(load_word(data, number)) == value:
            return number
    return -1


@routine("int64(int64, int64)")
def count_word_list(address: Any, word: Any) -> Any:
    data = data_list(address)
    count = 0
    for number in range(length_list(address)):
        if load_word(data, number) == word:
            count = count + 1
    return count


@routine("int64(int64, float64)")
def count_float_list(address: Any, value: Any) -> Any:
    value = number_float(value)
    data = data_list(address)
    count = 0
    for number in range(length_list(address)):
        if float_of_word(load_word(data, number)) == value:
            count = count + 1
    return count


@routine("int64(int64, int64)")
def order_list(one: Any, other: Any) -> Any:
    """Below 0, 0, or above: which of two lists of ints comes first, element by element."""
    left, right = length_list(one), length_list(other)
    for number in range(min_int(left, right)):
        difference = load_word(data_list(one), number) - load_word(data_list(other), number)
        if difference != 0:
            return difference
    return left - right


@routine("int64(int64)")
def there_list(number: Any) -> Any:
    """The place that was found; gives up where there is none."""
    if number < 0:
        return give_up_int()
    return number


@routine("int64(int64, int64)")
def take_out_list(address: Any, index: Any) -> Any:
    """`xs.pop(index)`."""
    length = length_list(address)
    if index < 0:
        index = index + length
    if index < 0 or index >= length:
        return give_up_int()
    data = data_list(address)
    word = load_word(data, index)
    for number in range(index, length - 1):
        set_word(data, number, load_word(data, number + 1))
    set_length(address, length - 1)
    return word


@routine("int64(int64, int64)")
def remove_word_list(address: Any, word: Any) -> Any:
    """`xs.remove(word)`."""
    return take_out_list(address, there_list(find_word_list(address, word)))


@routine("int64(int64, float64)")
def remove_float_list(address: Any, value: Any) -> Any:
    return take_out_list(address, there_list(find_float_list(address, value)))


@routine("void(int64, int64, int64, int64)")
def put_in_list(arena: Any, address: Any, index: Any, word: Any) -> Any:
    """`xs.insert(index, word)`."""
    length = length_list(address)
    if index < 0:
        index = index + length if index + length > 0 else 0
    if index > length:
        index = length
    append_int(arena, address, word)
    data = data_list(address)
    number = length
    while number > index:
        set_word(data, number, load_word(data, number - 1))
        number = number - 1
    set_word(data, index, word)


@routine("void(int64, int64, int64)")
def extend_list(arena: Any, address: Any, other: Any) -> Any:
    """`xs.extend(other)`, which may be itself."""
    length, more = length_list(address), length_list(other)
    if add_int(length, more) > room_list(address):
        room = 2 * (length + more)
        data = take_words(arena, room)
        copy_words(data, data_list(address), length)
        set_header(address, data, length, room)
    copy_words(data_list(address) + length * 8, data_list(other), more)
    set_length(address, length + more)


@routine("void(int64)")
def reverse_list(address: Any) -> Any:
    data, length = data_list(address), length_list(address)
    for number in range(length // 2):
        word = load_word(data, number)
        set_word(data, number, load_word(data, length - 1 - number))
        set_word(data, length - 1 - number, word)


@routine("boolean(int64, int64, boolean, boolean)")
def before_list(one: Any, other: Any, floats: Any, down: Any) -> Any:
    """Whether `one` must stand before `other`, which stood before it."""
    if floats:
        if down:
            return float_of_word(one) > float_of_word(other)
        return float_of_word(one) < float_of_word(other)
    if down:
        return one > other
    return one < other


@routine("void(int64, int64, int64, boolean, boolean)")
def sort_list(arena: Any, keys: Any, values: Any, floats: Any, down: Any) -> Any:
    """Sort both lists, which are of one length and may be one, by the first; equal ones stay as they were.

    Runs of eight by insertion, then merged in pairs (Knuth, The Art of Computer Programming 5.2.4). Gives up on nan.
    """
    length, key, value = length_list(keys), data_list(keys), data_list(values)
    both = keys != values
    if floats:
        for number in range(length):
            number_float(float_of_word(load_word(key, number)))
    for number in range(length):
        one, with_it = load_word(key, number), load_word(value, number)
        place, first = number, number - number % 8
        while place > first and before_list(one, load_word(key, place - 1), floats, down):
            set_word(key, place, load_word(key, place - 1))
            if both:
                set_word(value, place, load_word(value, place - 1))
            place = place - 1
        set_word(key, place, one)
        if both:
            set_word(value, place, with_it)
    if length > 8:
        spare_key = take_words(arena, length)
        spare_value = spare_key
        if both:
            spare_value = take_words(arena, length)
        width = 8
        while width < length:
            start = 0
            while start < length:
                middle = min_int(start + width, length)
                end = min_int(start + 2 * width, length)
                left, right, place = start, middle, start
                while place < end:
                    if left < middle and (
                        right >= end or not before_list(load_word(key, right), load_word(key, left), floats, down)
                    ):
                        chosen = left
                        left = left + 1
                    else:
                        chosen = right
                        right = right + 1
                    set_word(spare_key, place, load_word(key, chosen))
                    if both:
                        set_word(spare_value, place, load_word(value, chosen))
                    place = place + 1
                start = end
            key, spare_key = spare_key, key
            if both:
                value, spare_value = spare_value, value
            width = 2 * width
    set_header(keys, key, length, length)
    if both:
        set_header(values, value, length, length)


@routine("void(int64, int64, int64, int64, int64, boolean)")
def sort_rows_list(arena: Any, rows: Any, values: Any, width: Any, floats: Any, down: Any) -> Any:
    """Sort `values` by `rows`, which are the addresses of `width` words each; of floats where `floats` has a bit.

    By the last word first, and so on to the first: equal ones stay as the words behind have put them.
    """
    length = length_list(rows)
    column, places, ordered = new_list(arena, length), new_list(arena, length), take_words(arena, length)
    set_length(column, length)
    set_length(places, length)
    for number in range(length):
        set_word(data_list(places), number, number)
    part = width - 1
    while part >= 0:
        for number in range(length):
            row = load_word(data_list(rows), load_word(data_list(places), number))
            set_word(data_list(column), number, load_word(row, part))
        sort_list(arena, column, places, shr_bits(floats, part) & 1 != 0, down)
        part = part - 1
    for number in range(length):
        set_word(ordered, number, load_word(data_list(values), load_word(data_list(places), number)))
    set_header(values, ordered, length, length)


SEQUENCE_PRIMITIVES = {name: value for name, value in dict(globals()).items() if name.endswith("_list")}
