"""A small block run before the first real one, so that what it touches is there when it counts."""

from __future__ import annotations

import ast
import os

from pyfora.execute.in_place import PRIMITIVES_IN_PLACE
from pyfora.language.bindings import bindings
from pyfora.language.capture import Block
from pyfora.language.program import build_block_program
from pyfora.language.results import pack_results
from pyfora.language.running import load_program
from pyfora.language.sources import Segment, parsed
from pyfora.wire.codec import decode_message, encode_message
from pyfora.wire.messages import DriveProgram, Link, ProgramEnded

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
    program = build_block_program(_block(), {"__name__": "rehearsal"}, {})
    loaded = load_program(program.to_bytes(), PRIMITIVES_IN_PLACE)
    end = loaded.run()
    results = pack_results(end.names, loaded).to_bytes()
    order = DriveProgram("", 0, "", "all", 0, {}, 1)
    decode_message(encode_message(order), Link.WORKER_TO_PROCESS)
    ended = ProgramEnded("", 0, "completed", "", {"results": {"names": [], "bytes": 0}}, [], results)
    decode_message(encode_message(ended), Link.PROCESS_TO_WORKER)


def _block() -> Block:
    # Of another file in each process: what was rewritten in the server would be found there, and nothing rehearsed.
    segment = Segment(f"<rehearsal {os.getpid()}>", 1, _TEXT)
    form = parsed(segment)
    (node,) = form.tree.body
    assert isinstance(node, ast.With)
    return Block(
        segment=segment,
        number=form.nodes.index(node),
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
