"""A compute process after its fork: says who it is, then becomes a driver or a leaf process."""

from __future__ import annotations

import sys
from pathlib import Path

from pyfora.execute import traced
from pyfora.execute.ambient import leave_out_own_frames
from pyfora.execute.anew import begin_anew, wanted_hash_seed
from pyfora.execute.conversation import Conversation, WorkerGone
from pyfora.execute.driver import Driver
from pyfora.execute.identity import GUARDED_BUILTINS
from pyfora.execute.in_place import PRIMITIVES_IN_PLACE
from pyfora.execute.interpreter_facts import hide_facts
from pyfora.execute.keyboard import NoKeyboard
from pyfora.execute.leaves import LeafProcess
from pyfora.execute.rehearsal import rehearse
from pyfora.execute.spool import Spool
from pyfora.values.hash_seed import fixed_hash_seed
from pyfora.wire.messages import DriveProgram, Message, ProcessReady


def serve(process_id: str, socket_path: str, spool_directory: Path, cache: Path) -> None:
    """The process' whole life; returns when the worker is gone or the program has ended."""
    conversation = Conversation.to(socket_path)
    spool = Spool(spool_directory)
    try:
        rehearse()
        conversation.send(ProcessReady(process_id))
        message = conversation.receive()
    except WorkerGone:
        return
    seed = wanted_hash_seed(message, spool)
    if seed not in (None, fixed_hash_seed()):
        begin_anew(seed, message, conversation, spool_directory, cache)
    work(message, conversation, spool, cache)


def work(message: Message, conversation: Conversation, spool: Spool, cache: Path) -> None:
    """Serve the program whose first message this is."""
    sys.stdin = NoKeyboard()
    leave_out_own_frames()
    hide_facts()
    traced.watch()
    try:
        if isinstance(message, DriveProgram):
            Driver(message, conversation, spool, cache).drive()
            # The worker ends this process once it has taken the answer and the parcels in the spool.
            while True:
                conversation.receive()
        leaves = LeafProcess(conversation, spool, cache, {**PRIMITIVES_IN_PLACE, **GUARDED_BUILTINS})
        leaves.serve(message)
    except WorkerGone:
        return
