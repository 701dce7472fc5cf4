"""The kernels of a cluster, as its manager keeps them: each is compiled once, and given to who asks for it later.

The machine code itself is kept here: a kernel has 3 to 12 KiB, less than many a message. That the manager only knows
which worker has it was the rejected way: the holder could be gone, slow, or without it by now, and all of that would
need its answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pyfora.cluster.events import DropKernel, KeepKernel
from pyfora.cluster.outbox import Outbox
from pyfora.limits import KERNEL_LIMIT_BYTES, KERNEL_WAIT_S, KERNELS_LIMIT_BYTES, KERNELS_UNDER_WAY_LIMIT
from pyfora.values.sealing import unsealed
from pyfora.wire.messages import KernelAnswered, KernelBuilt


def size_bytes(key: str, payload: bytes) -> int:
    """What a kernel counts of KERNELS_LIMIT_BYTES, so that not even empty ones are without number."""
    return len(key) + len(payload)


@dataclass
class UnderWay:
    """A kernel that some worker was told to compile."""

    until: float
    """When nobody waits for it any more, whatever has become of its builder."""
    waiting: dict[str, None] = field(default_factory=dict)
    """Ids of the workers that want it, too, in the order in which they asked."""


class Kernels:
    """Answers who asks for a kernel: here it is, or compile it; who asks while another compiles it waits a while.

    All of it is best effort, by messages outside the channels: who gets no answer compiles.
    """

    def __init__(self, outbox: Outbox) -> None:
        self.kept: dict[str, bytes] = {}
        """By key; that which was not used for longest is the first."""
        self.kept_bytes = 0
        self.under_way: dict[str, UnderWay] = {}
        self._outbox = outbox

    def wanted(self, worker_id: str, key: str, now: float) -> None:
        """A worker lacks this kernel."""
        payload = self.kept.pop(key, None)
        if payload is not None:
            self.kept[key] = payload
            self._answer(worker_id, key, payload)
        elif key in self.under_way:
            self.under_way[key].waiting[worker_id] = None
        else:
            if len(self.under_way) < KERNELS_UNDER_WAY_LIMIT:
                self.under_way[key] = UnderWay(now + KERNEL_WAIT_S)
            self._answer(worker_id, key, b"")

    def built(self, message: KernelBuilt) -> None:
        """A worker has compiled a kernel, or could not.

        One that is kept already is replaced: its like was waited for in vain, or could not be used.
        """
        payload = message.payload
        if len(payload) > KERNEL_LIMIT_BYTES or unsealed(payload) is None:
            payload = b""
        if payload and payload != self.kept.get(message.key):
            self._keep(message.key, payload)
            self._outbox.emit(KeepKernel(message.key, payload))
        self._tell_waiting(message.key, payload)

    def read(self, kernels: dict[str, bytes]) -> None:
        """Go on with what the last manager kept; the first of them go first."""
        for key, payload in kernels.items():
            self._keep(key, payload)

    def sweep(self, now: float) -> None:
        """Have those who have waited long enough compile for themselves."""
        for key in [key for key, one in self.under_way.items() if one.until <= now]:
            self._tell_waiting(key, b"")

    def _keep(self, key: str, payload: bytes) -> None:
        self.kept_bytes -= size_bytes(key, self.kept.pop(key)) if key in self.kept else 0
        self.kept[key] = payload
        self.kept_bytes += size_bytes(key, payload)
        while self.kept_bytes > KERNELS_LIMIT_BYTES:
            oldest = next(iter(self.kept))
            self.kept_bytes -= size_bytes(oldest, self.kept.pop(oldest))
            self._outbox.emit(DropKernel(oldest))

    def _tell_waiting(self, key: str, payload: bytes) -> None:
        under_way = self.under_way.pop(key, None)
        for worker_id in under_way.waiting if under_way is not None else ():
            self._answer(worker_id, key, payload)

    def _answer(self, worker_id: str, key: str, payload: bytes) -> None:
        self._outbox.send_aside(worker_id, "worker", KernelAnswered(key, payload))
