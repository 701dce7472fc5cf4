"""A small program run before the first real one, so that what it touches is there when it counts."""

from __future__ import annotations

import operator

from pyfora.execute.in_place import PRIMITIVES_IN_PLACE
from pyfora.language.program import build_call_program
from pyfora.language.results import pack_results
from pyfora.language.running import load_program
from pyfora.wire.codec import decode_message, encode_message
from pyfora.wire.messages import DriveProgram, Link, ProgramEnded


def rehearse() -> None:
    """Make, load and run a program, pack its results, encode its messages: in the fork server, then in each fork.

    In the server it imports what is imported late; in a fork, while nobody waits for it yet, it makes the copies of
    the memory pages that running a program writes to. Together they save some milliseconds of a block's time.
    """
    program = build_call_program(operator.add, ([1], [2]), {})
    loaded = load_program(program.to_bytes(), PRIMITIVES_IN_PLACE)
    end = loaded.run()
    results = pack_results(end.names, loaded).to_bytes()
    order = DriveProgram("", 0, "", "all", 0, {}, 1)
    decode_message(encode_message(order), Link.WORKER_TO_PROCESS)
    ended = ProgramEnded("", 0, "completed", "", {"results": {"names": [], "bytes": 0}}, [], results)
    decode_message(encode_message(ended), Link.PROCESS_TO_WORKER)
