"""What a driver offers to its worker, and what comes back for each offer: several may be open at a time."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable

from pyfora.execute.conversation import Conversation
from pyfora.execute.spool import Spool
from pyfora.language.running import LoadedProgram
from pyfora.values.parcels import Parcel
from pyfora.wire.messages import FoldClosed, FoldOffered, Message


class Offering:
    """The open offers of one driver."""

    def __init__(self, conversation: Conversation, spool: Spool, prefix: str) -> None:
        self.spool = spool
        self.program: LoadedProgram | None = None
        """Set before anything is offered."""
        self._conversation = conversation
        self._prefix = prefix
        self._numbers = itertools.count(1)
        self._arrived: dict[str, deque[Message]] = {}
        """What has come for each open offer and was not asked for yet."""

    def open(
        self, environment: Parcel, leaves: int, leaf_s: float, *, holds_terms: bool = False, compile_s: float = 0.0
    ) -> str:
        """Offer the leaves of this environment; returns the id of the offer. Raises OSError where there is no room."""
        name = self.spool.write(environment.pieces())
        fold_id = f"{self._prefix}.{next(self._numbers)}"
        size_bytes = self.spool.path(name).stat().st_size
        self._arrived[fold_id] = deque()
        self._conversation.send(FoldOffered(fold_id, leaves, leaf_s, holds_terms, name, size_bytes, compile_s))
        return fold_id

    def close(self, fold_id: str) -> None:
        """Nothing more of this offer is wanted."""
        del self._arrived[fold_id]
        self._conversation.send(FoldClosed(fold_id))

    def send(self, message: Message) -> None:
        """Say something about an open offer."""
        self._conversation.send(message)

    def receive(self, fold_id: str) -> Message:
        """What comes next for this offer; waits for it."""
        while not self._arrived[fold_id]:
            self._sort(self._conversation.receive())
        return self._arrived[fold_id].popleft()

    def poll(self, fold_id: str, timeout_s: float = 0.0) -> Message | None:
        """What comes next for this offer, where it comes within that time."""
        deadline = time.perf_counter() + timeout_s
        while not self._arrived[fold_id]:
            left_s = deadline - time.perf_counter()
            message = self._conversation.poll(max(left_s, 0.0))
            if message is not None:
                self._sort(message)
            elif left_s <= 0:
                return None
        return self._arrived[fold_id].popleft()

    def wait_for(self, wanted: Callable[[Message], bool], timeout_s: float) -> Message | None:
        """The first message that is `wanted`, of those that come within that time and are about no offer."""
        deadline = time.perf_counter() + timeout_s
        while (left_s := deadline - time.perf_counter()) > 0:
            message = self._conversation.poll(left_s)
            if message is not None and wanted(message):
                return message
            if message is not None:
                self._sort(message)
        return None

    def _sort(self, message: Message) -> None:
        arrived = self._arrived.get(getattr(message, "fold_id", ""))
        if arrived is not None:  # else it is late
            arrived.append(message)
