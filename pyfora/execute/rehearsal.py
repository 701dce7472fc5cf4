"""A small block run before the first real one, so that what it touches is there when it counts."""

from __future__ import annotations

import ast
import functools

from pyfora.execute.in_place import PRIMITIVES_IN_PLACE
from pyfora.language.bindings import bindings
from pyfora.language.capture import Block
from pyfora.language.program import build_block_program
from pyfora.language.results import pack_results
from pyfora.language.running import load_program
from pyfora.language.settings import changed_settings, current_settings, make_settings
from pyfora.language.sources import Segment, parsed
from pyfora.wire.codec import decode_message, encode_message
from pyfora.wire.links import Link
from pyfora.wire.messages import DriveProgram, ProgramEnded

_TEXT = """\
with here:
    squares = [number * number for number in range(3)]
    total = sum(square for square in squares)
    for number in squares:
        total += number
"""


def rehearse() -> None:
    """Make, load and run a block, pack its results, encode its messages: in the fork server, then in each fork.

    In the server it imports what is imported late; in a fork, while nobody waits for it yet, it makes the copies of
    the memory pages that running a program writes to. Together they save some milliseconds of a block's time.
    """
    parsed.cache_clear()  # what the server has parsed would not be parsed again
    loaded = load_program(_program(), PRIMITIVES_IN_PLACE)
    make_settings(loaded.header["settings"])
    before = current_settings()
    end = loaded.run()
    changed_settings(before, current_settings())
    results = pack_results(end.names, loaded).to_bytes()
    order = DriveProgram("rehearsal", 0, "rehearsal", "all", 0, {}, 1)
    decode_message(encode_message(order), Link.WORKER_TO_PROCESS)
    ended = ProgramEnded(
        "rehearsal", 0, "completed", "", {"results": {"names": [], "caches": 0, "bytes": 0}}, [], results
    )
    decode_message(encode_message(ended), Link.PROCESS_TO_WORKER)


@functools.cache
def _program() -> bytes:
    """Made once, in the server: a compute process makes none."""
    segment = Segment("<rehearsal>", 1, _TEXT)
    form = parsed(segment)
    (node,) = form.tree.body
    assert isinstance(node, ast.With)
    block = Block(
        segment=segment,
        number=form.withs.index(node),
        item=0,
        line=1,
        function="<module>",
        qualname="<module>",
        in_function=False,
        class_name=None,
        target=None,
        bindings=bindings(node.body, None),
        own_names=(),
        outer_names=(),
        first_argument=None,
    )
    return build_block_program(block, {"__name__": "rehearsal"}, {}).to_bytes()
